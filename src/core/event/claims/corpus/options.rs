//! Options in all their shapes, and attributes that have no column.

use super::draft::Corpus;

const ENTRY: &str =
    r#"{"option_label":"alloy","option_id":"332084","value_label":"white-375","value_id":3279318}"#;

pub fn add(corpus: &mut Corpus) {
    corpus.loaded("option an array", &[], |draft| {
        draft.with("option", format!("[{ENTRY}]"))
    });
    corpus.loaded("option an object", &["OPTION_COERCED"], |draft| {
        draft.with("option", r#"{"alloy":"","diamond":""}"#)
    });
    corpus.loaded("no option", &[], |draft| draft.without("option"));
    corpus.loaded("option blank", &[], |draft| draft.with("option", "\"\""));
    corpus.loaded("option null", &[], |draft| draft.with("option", "null"));
    let text = format!("[{ENTRY}]").replace('"', "\\\"");
    corpus.loaded("option JSON in a string", &["OPTION_COERCED"], |draft| {
        draft.with("option", format!("\"{text}\""))
    });
    corpus.loaded(
        "option JSON in a string with a NUL",
        &["OPTION_COERCED", "TEXT_MENDED"],
        |draft| draft.with("option", r#""[{\"value_label\":\"a\\u0000b\"}]""#),
    );
    let deep = format!("\"{}{}\"", "[".repeat(1000), "]".repeat(1000));
    for (name, raw) in [
        ("option a word", "\"alloy\""),
        ("option broken JSON in a string", "\"[{\""),
        ("option a number", "5"),
        ("option true", "true"),
        ("option deep in a string", &deep),
    ] {
        corpus.loaded(name, &["OPTION_MALFORMED"], |draft| {
            draft.with("option", raw)
        });
    }
    corpus.loaded("option labels that drift", &[], |draft| {
        let labels = [
            "stone2",
            "stone 2",
            "stonetow",
            "stone/diamonds",
            "shapediamond",
            "pearl",
            "Kollektion",
        ];
        let entries: Vec<String> = labels
            .iter()
            .map(|label| ENTRY.replace("alloy", label))
            .collect();
        draft.with("option", format!("[{}]", entries.join(",")))
    });
    corpus.loaded("utm_source false", &[], |draft| {
        draft
            .with("utm_source", "false")
            .with("utm_medium", "\"cpc\"")
    });
    corpus.loaded("a purchase", &[], |draft| {
        draft.with("collection", "\"checkout_success\"").with("order_id", "\"99200\"").with(
            "cart_products",
            r#"[{"product_id":96047,"amount":1,"price":"1 278,00","currency":"£","option":[]},{"product_id":96048,"amount":2,"price":"1'278.00","currency":"kr"}]"#,
        )
    });
    corpus.loaded("an attribute nobody knows", &[], |draft| {
        draft.with("später", r#"{"a":[1,{"b":null}]}"#)
    });
    corpus.loaded("an attribute without a name", &[], |draft| {
        draft.with("", "1")
    });
    for (name, raw) in [
        ("a number beyond numeric", "1e400000"),
        ("a number below numeric", "1e-20000"),
        (
            "a number beyond numeric in a list",
            "[1,[{\"a\":-2.5E+999999999999}]]",
        ),
    ] {
        corpus.loaded(name, &["NUMBER_MENDED"], |draft| draft.with("note", raw));
    }
    let digits = "7".repeat(131_073);
    corpus.loaded("a number of 131,073 digits", &["NUMBER_MENDED"], |draft| {
        draft.with("note", digits)
    });
    corpus.loaded("a number numeric holds", &[], |draft| {
        draft.with("note", "[1e131071,1e-16383,0e999]")
    });
}
