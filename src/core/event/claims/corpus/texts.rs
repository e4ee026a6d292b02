//! Text that JSON can write and PostgreSQL cannot hold.

use super::draft::Corpus;

pub fn add(corpus: &mut Corpus) {
    for (name, key, raw) in [
        (
            "NUL in an option's label",
            "option",
            r#"[{"option_label":"all\u0000oy"}]"#,
        ),
        (
            "NUL in a URL",
            "current_url",
            r#""https://www.example.de/\u0000ring""#,
        ),
        ("NUL in an unknown key", "no\\u0000te", "1"),
        ("NUL in a device", "device_id", r#""bad\u0000device""#),
        ("NUL deep inside", "note", r#"[[{"a":[{"b":"\u0000"}]}]]"#),
        ("lone high surrogate", "note", r#""\ud83d!""#),
        ("lone low surrogate", "note", r#""\uDE00""#),
        ("surrogates in the wrong order", "note", r#""\ude00\ud83d""#),
        (
            "surrogates parted by a NUL",
            "note",
            r#""\ud83d\u0000\ude00""#,
        ),
        ("lone surrogate in a key", "note\\ud800", "1"),
    ] {
        corpus.loaded(name, &["TEXT_MENDED"], |draft| draft.with(key, raw));
    }
    corpus.loaded(
        "device of NULs alone",
        &["TEXT_MENDED", "DEVICE_MISSING"],
        |draft| draft.with("device_id", r#""\u0000\u0000""#),
    );
    corpus.refused("id of NULs alone", &["ID_MISSING"], |draft| {
        draft.with("id", r#""\u0000""#)
    });
    for (name, raw) in [
        ("escaped backslash before u0000", r#""\\u0000""#),
        ("a proper pair", r#""\ud83d\ude00""#),
        ("control characters", r#""\u0001\u001f\u007f""#),
        ("the last of Unicode", r#""\uffff\udbff\udfff""#),
        ("direction marks", "\"\u{202e}\u{200f}\u{feff}\""),
        ("many scripts", "\"Þórður 指輪 кольцо ١٢٣ 💍\""),
    ] {
        corpus.loaded(name, &[], |draft| draft.with("note", raw));
    }
}
