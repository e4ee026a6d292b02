//! Every shape of an option, with and without the page's URL.

use super::{Expanded, MAX_CHOICES, MAX_LABEL_BYTES, MAX_VALUE_BYTES, canonical, expand};
use crate::event::code::{Code, Codes};
use crate::event::option::Shape;

const PAGE: &str = "https://www.glamira.de/ring-aria.html?alloy=white-375&diamond=sapphire&stone2=ruby&stone2=diamond-Brillant#top";

/// `label=value`, a `*` behind what stood in the URL, ids and quality in brackets.
fn shown(expanded: &Expanded) -> String {
    let choices = expanded.choices.iter().map(|choice| {
        let mut text = format!("{}={}", choice.label, choice.value);
        if choice.from_url {
            text.push('*');
        }
        let details = [&choice.option_id, &choice.value_id, &choice.quality];
        if details.iter().any(|detail| detail.is_some()) {
            let details = details.map(|detail| detail.as_deref().unwrap_or("-"));
            text.push_str(&format!("[{}]", details.join(" ")));
        }
        text
    });
    choices.collect::<Vec<_>>().join(" | ")
}

/// Raw option, page, choices, code.
type Case = (&'static str, &'static str, &'static str, Option<Code>);

const COERCED: Option<Code> = Some(Code::OptionCoerced);
const MALFORMED: Option<Code> = Some(Code::OptionMalformed);

const SHAPES: &[Case] = &[
    // Nothing
    ("null", PAGE, "", None),
    (r#""""#, PAGE, "", None),
    (r#""  ""#, PAGE, "", None),
    ("[]", PAGE, "", None),
    ("{}", PAGE, "", COERCED),
    ("[{}]", PAGE, "", None),
    ("[null,5,\"alloy\",true]", PAGE, "", None),
    (r#""null""#, PAGE, "", COERCED),
    // A list of entries
    (
        r#"[{"option_label":"alloy","option_id":"332084","value_label":"white-375","value_id":"3279318"}]"#,
        "",
        "alloy=white-375[332084 3279318 -]",
        None,
    ),
    (
        r#"[{"option_label":"alloy","option_id":332084,"value_label":"white-375","value_id":3279318.0}]"#,
        "",
        "alloy=white-375[332084 3279318 -]",
        None,
    ),
    (
        r#"[{"Option_Label":"Alloy","VALUE_LABEL":" a "}]"#,
        "",
        "alloy=a",
        None,
    ),
    (
        r#"[{"value_label":"a","option_label":"diamond"},{"option_label":"alloy","value_label":"b"}]"#,
        "",
        "diamond=a | alloy=b",
        None,
    ),
    (
        r#"[{"option_label":"alloy","value_label":"a"},{"option_label":"alloy","value_label":"a"}]"#,
        "",
        "alloy=a | alloy=a",
        None,
    ),
    (
        r#"[{"option_label":"stone 2","value_label":"a","quality":"AAA","quality_label":"Best quality"}]"#,
        "",
        "stone2=a[- - Best quality]",
        None,
    ),
    (
        r#"[{"option_label":"stone 2","value_label":"a","quality":"AAA","quality_label":" "}]"#,
        "",
        "stone2=a[- - AAA]",
        None,
    ),
    (
        r#"[{"option_label":"stone 2","value_label":"a","quality":null,"option_id":"","value_id":false}]"#,
        "",
        "stone2=a",
        None,
    ),
    (
        r#"[{"option_label":"stone/diamonds","value_label":"a"}]"#,
        "",
        "diamond=a",
        None,
    ),
    (
        r#"[{"option_label":"stonetow","value_label":"a"}]"#,
        "",
        "stone2=a",
        None,
    ),
    (
        r#"[{"option_label":" Kollektion ","value_label":"a"}]"#,
        "",
        "kollektion=a",
        None,
    ),
    (r#"[{"value_label":"a"}]"#, "", "=a", None),
    (
        r#"[{"option_label":"alloy","value_label":375}]"#,
        "",
        "alloy=375",
        None,
    ),
    (
        r#"[{"option_label":"alloy","value_label":["a"],"value":"b"}]"#,
        "",
        "alloy=b",
        None,
    ),
    (
        r#"[[{"option_label":"alloy","value_label":"a"}],{"option_label":"pearl","value_label":"b"}]"#,
        "",
        "alloy=a | pearl=b",
        None,
    ),
    (
        r#"[{"alloy":"a","diamond":"b"}]"#,
        "",
        "alloy=a | diamond=b",
        None,
    ),
    (
        r#"[{"option_label":"alloy","value_label":"a","value_label":"b"}]"#,
        "",
        "alloy=b",
        None,
    ),
    (
        r#"[{"option_label":"\u0061lloy","value_label":"Wei\u00dfgold 585"}]"#,
        "",
        "alloy=Weißgold 585",
        None,
    ),
    (
        r#"[{"option_label":"alloy","value_label":"a\u0000b"}]"#,
        "",
        "alloy=ab",
        None,
    ),
    (
        r#"[{"option_label":"alloy","value_label":"\u0000"}]"#,
        "",
        "",
        None,
    ),
    // Blank values
    (
        r#"[{"option_label":"alloy","option_id":1,"value_label":""}]"#,
        PAGE,
        "alloy=white-375*[1 - -]",
        None,
    ),
    (
        r#"[{"option_label":"alloy","value_label":null}]"#,
        PAGE,
        "alloy=white-375*",
        None,
    ),
    (
        r#"[{"option_label":"alloy","value_label":" "}]"#,
        PAGE,
        "alloy=white-375*",
        None,
    ),
    (
        r#"[{"option_label":"alloy"}]"#,
        PAGE,
        "alloy=white-375*",
        None,
    ),
    (
        r#"[{"option_label":"alloy","value_label":"red-585"}]"#,
        PAGE,
        "alloy=red-585",
        None,
    ),
    (r#"[{"option_label":"alloy"}]"#, "", "", None),
    (r#"[{"option_label":"alloy"}]"#, "/p?alloy=", "", None),
    (r#"[{"option_label":"alloy"}]"#, "/p?alloy=+%20", "", None),
    (r#"[{"option_label":"alloy"}]"#, "/p?alloy=%00", "", None),
    (r#"[{"option_label":"alloy"}]"#, "/p?diamond=a", "", None),
    (
        r#"[{"option_label":"alloy"}]"#,
        "/p?alloy=%ZZ+%C3%A9%ff+",
        "alloy=%ZZ é\u{fffd}*",
        None,
    ),
    (
        r#"[{"option_label":"alloy"},{"option_label":"alloy"}]"#,
        PAGE,
        "alloy=white-375*",
        None,
    ),
    (
        r#"[{"option_label":"stone2"},{"option_label":"stone2"}]"#,
        PAGE,
        "stone2=ruby* | stone2=diamond-Brillant*",
        None,
    ),
    (
        r#"[{"option_label":"stone2","value_label":"a"},{"option_label":"stone2"}]"#,
        PAGE,
        "stone2=a | stone2=diamond-Brillant*",
        None,
    ),
    (
        r#"[{"option_label":"stone 2"},{"option_label":"stonetow"}]"#,
        PAGE,
        "stone2=ruby* | stone2=diamond-Brillant*",
        None,
    ),
    (
        r#"[{"option_label":"stone/diamonds"}]"#,
        PAGE,
        "diamond=sapphire*",
        None,
    ),
    (
        r#"[{"option_label":"shapediamond"},{"option_label":"diamond"}]"#,
        PAGE,
        "diamond=sapphire*",
        None,
    ),
    (
        r#"[{"option_label":"Kollektion"}]"#,
        "/p?kollektion=love",
        "kollektion=love*",
        None,
    ),
    // An object of names and values
    (
        r#"{"alloy":"","diamond":""}"#,
        PAGE,
        "alloy=white-375* | diamond=sapphire*",
        COERCED,
    ),
    (r#"{"alloy":"","diamond":""}"#, "", "", COERCED),
    (
        r#"{"alloy":"a","diamond":""}"#,
        PAGE,
        "alloy=a | diamond=sapphire*",
        COERCED,
    ),
    (
        r#"{"alloy":null,"diamond":false}"#,
        PAGE,
        "alloy=white-375* | diamond=sapphire*",
        COERCED,
    ),
    (
        r#"{"alloy":"","diamond":"diamond-Brillant","shapediamond":"","price":""}"#,
        "",
        "diamond=diamond-Brillant",
        COERCED,
    ),
    (
        r#"{"stone 2":"a","Stone3":"b"}"#,
        "",
        "stone2=a | stone3=b",
        COERCED,
    ),
    (
        r#"{"stone2":["a","","c"]}"#,
        PAGE,
        "stone2=a | stone2=diamond-Brillant* | stone2=c",
        COERCED,
    ),
    (
        r#"{"alloy":{"value_label":"a","value_id":7,"option_id":"3"}}"#,
        "",
        "alloy=a[3 7 -]",
        COERCED,
    ),
    (
        r#"{"alloy":{"value":"a","id":7}}"#,
        "",
        "alloy=a[- 7 -]",
        COERCED,
    ),
    (r#"{"alloy":{"label":"a"}}"#, "", "alloy=a", COERCED),
    (r#"{"alloy":{}}"#, PAGE, "alloy=white-375*", COERCED),
    (
        r#"{"x":{"option_label":"alloy","value_label":"a"}}"#,
        "",
        "alloy=a",
        COERCED,
    ),
    (
        r#"{"alloy":"a","quality":"AAA"}"#,
        "",
        "alloy=a | quality=AAA",
        COERCED,
    ),
    (r#"{"alloy":"a","alloy":"b"}"#, "", "alloy=b", COERCED),
    // An object by index, and one entry alone
    (
        r#"{"0":{"option_label":"alloy","value_label":"a"},"1":{"option_label":"diamond","value_label":""}}"#,
        PAGE,
        "alloy=a | diamond=sapphire*",
        COERCED,
    ),
    (r#"{"0":{"alloy":"a"}}"#, "", "alloy=a", COERCED),
    (
        r#"{"option_label":"alloy","option_id":"5","value_label":"a","value_id":"6"}"#,
        "",
        "alloy=a[5 6 -]",
        COERCED,
    ),
    (
        r#"{"OPTION_LABEL":"alloy","value_label":""}"#,
        PAGE,
        "alloy=white-375*",
        COERCED,
    ),
    (
        r#"{"option_label":"alloy","value_label":"a","other":"x"}"#,
        "",
        "alloy=a",
        COERCED,
    ),
    // JSON in a string
    (
        r#""[{\"option_label\":\"alloy\",\"value_label\":\"a\"}]""#,
        "",
        "alloy=a",
        COERCED,
    ),
    (r#"" {\"alloy\":\"\"} ""#, PAGE, "alloy=white-375*", COERCED),
    (
        r#""\"[{\\\"option_label\\\":\\\"alloy\\\",\\\"value_label\\\":\\\"a\\\"}]\"""#,
        "",
        "alloy=a",
        COERCED,
    ),
    (r#""\"\"""#, PAGE, "", COERCED),
    // No shape at all
    ("5", PAGE, "", MALFORMED),
    ("true", PAGE, "", MALFORMED),
    (r#""alloy""#, PAGE, "", MALFORMED),
    (r#""[{""#, PAGE, "", MALFORMED),
    ("[{", PAGE, "", MALFORMED),
    ("nothing", PAGE, "", MALFORMED),
    ("", PAGE, "", MALFORMED),
];

#[test]
fn options_are_expanded_from_every_shape() {
    assert!(SHAPES.len() >= 60);
    for (raw, url, expected, code) in SHAPES {
        let expanded = expand(Some(raw), Some(url));
        assert_eq!(shown(&expanded), *expected, "{raw}");
        assert_eq!(
            expanded.codes,
            (*code).into_iter().collect::<Codes>(),
            "{raw}"
        );
    }
    assert_eq!(expand(None, Some(PAGE)), Expanded::default());
    assert!(expand(Some(r#"{"alloy":""}"#), None).choices.is_empty());
}

#[test]
fn the_finding_is_that_of_the_shape() {
    for (raw, _, _, code) in SHAPES {
        let is_wrapped_twice = raw.starts_with(r#""\""#);
        if serde_json::from_str::<serde_json::Value>(raw).is_ok() && !is_wrapped_twice {
            assert_eq!(Shape::of(raw, 100).code(), *code, "{raw}");
        }
    }
}

#[test]
fn wrapping_in_a_string_changes_nothing() {
    for (raw, url, expected, code) in SHAPES {
        if *code == MALFORMED {
            continue;
        }
        let mut wrapped = (*raw).to_owned();
        for _ in 0..2 {
            wrapped = serde_json::Value::from(wrapped).to_string();
            let expanded = expand(Some(&wrapped), Some(url));
            assert_eq!(shown(&expanded), *expected, "{wrapped}");
            assert!(!expanded.codes.contains(Code::OptionMalformed));
        }
    }
    let mut deep = "[]".to_owned();
    for _ in 0..8 {
        deep = serde_json::Value::from(deep).to_string();
    }
    assert_eq!(
        expand(Some(&deep), None).codes,
        Codes::of(Code::OptionMalformed)
    );
}

#[test]
fn what_a_text_cannot_hold_is_mended_in_a_string() {
    let expanded = expand(Some(r#""{\"alloy\":\"a\\u0000b\\ud800\"}""#), None);
    assert_eq!(shown(&expanded), "alloy=ab\u{fffd}");
    let codes = [Code::OptionCoerced, Code::TextMended];
    assert_eq!(expanded.codes, codes.into_iter().collect::<Codes>());
}

#[test]
fn sizes_are_bounded() {
    let long = "é".repeat(300);
    let raw = format!(
        r#"[{{"option_label":"x{long}","value_label":"x{long}","option_id":"{long}","value_id":"{}","quality":"{long}"}}]"#,
        "7".repeat(MAX_LABEL_BYTES)
    );
    let expanded = expand(Some(&raw), None);
    let [choice] = expanded.choices.as_slice() else {
        panic!("{expanded:?}");
    };
    assert_eq!(choice.value.len(), MAX_VALUE_BYTES);
    assert_eq!(choice.label.len(), MAX_LABEL_BYTES - 1);
    assert_eq!(
        choice.quality.as_ref().map(String::len),
        Some(MAX_LABEL_BYTES)
    );
    assert_eq!(choice.option_id, None);
    assert_eq!(
        choice.value_id.as_ref().map(String::len),
        Some(MAX_LABEL_BYTES)
    );

    let entry = r#"{"option_label":"stone2","value_label":""}"#;
    let list = format!("[{}]", vec![entry; 1000].join(","));
    let page = format!("/p?{}", "stone2=a&".repeat(1000));
    assert_eq!(expand(Some(&list), Some(&page)).choices.len(), MAX_CHOICES);
    let lists = format!(
        "{{{}}}",
        (0..60)
            .map(|n| format!("\"{n}\":{list}"))
            .collect::<Vec<_>>()
            .join(",")
    );
    assert_eq!(expand(Some(&lists), Some(&page)).choices.len(), MAX_CHOICES);
}

mod claims {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::event::choice::{alloy, combination, stone};

    fn label() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "alloy",
            "Alloy",
            "diamond",
            "stone/diamonds",
            "stone2",
            "stone 2",
            "pearl",
            "size",
            "",
        ])
    }

    fn entry() -> impl Strategy<Value = Value> {
        (label(), "[ab,;\\\\ é]{1,3}", "[12]{0,1}", prop::option::of("A{1,2}")).prop_map(
            |(label, value, id, quality)| {
                json!({"option_label": label, "option_id": id, "value_label": value, "value_id": id, "quality": quality})
            },
        )
    }

    /// Mostly JSON of the shapes, of any nesting.
    fn raw() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            entry(),
            "\\PC{0,8}".prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
        ];
        let key = prop_oneof![
            label().prop_map(str::to_owned),
            "[0-9]{1,2}",
            Just("value_label".to_owned())
        ];
        leaf.prop_recursive(5, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(key.clone(), inner.clone(), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
                inner.prop_map(|inner| Value::from(inner.to_string())),
            ]
        })
        .prop_map(|value| value.to_string())
    }

    fn check(raw: &str, url: &str) -> Result<(), TestCaseError> {
        let expanded = expand(Some(raw), Some(url));
        prop_assert!(expanded.choices.len() <= MAX_CHOICES);
        for choice in &expanded.choices {
            prop_assert!(!choice.value.is_empty() && choice.value == choice.value.trim());
            prop_assert!(
                choice.value.len() <= MAX_VALUE_BYTES && choice.label.len() <= MAX_LABEL_BYTES
            );
            let ids = [&choice.option_id, &choice.value_id, &choice.quality];
            for text in ids
                .into_iter()
                .flatten()
                .chain([&choice.value, &choice.label])
            {
                prop_assert!(!text.contains('\0'));
            }
            alloy::describe(&choice.value);
            stone::describe(&choice.value, choice.quality.as_deref());
        }
        let parts = combination(&expanded.choices);
        prop_assert_eq!(parts.is_empty(), canonical(&expanded.choices).is_none());
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        #[test]
        fn the_order_of_entries_does_not_change_the_combination(
            (entries, shuffled) in prop::collection::vec(entry(), 0..6)
                .prop_flat_map(|entries| (Just(entries.clone()), Just(entries).prop_shuffle())),
            again in any::<prop::sample::Index>(),
        ) {
            let mut shuffled = shuffled;
            if !shuffled.is_empty() {
                shuffled.push(again.get(&shuffled).clone());
            }
            let [first, second] = [entries, shuffled].map(|entries| expand(Some(&json!(entries).to_string()), None));
            prop_assert_eq!(canonical(&first.choices), canonical(&second.choices));
        }

        #[test]
        fn different_combinations_have_different_texts(first in entry(), second in entry()) {
            let key = |entry: &Value| {
                let raw = json!([entry]).to_string();
                let choices = expand(Some(&raw), None).choices;
                let parts = combination(&choices).into_iter().map(|part| {
                    (part.role, part.value.clone(), part.quality.clone())
                });
                (parts.collect::<Vec<_>>(), canonical(&choices))
            };
            let (first, second) = (key(&first), key(&second));
            prop_assert_eq!(first.0 == second.0, first.1 == second.1);
        }

        #[test]
        fn a_string_around_json_changes_nothing(raw in raw(), url in "/p\\?(alloy=a&|stone2=%C3|diamond=b\\+&){0,5}") {
            let wrapped = Value::from(raw.as_str()).to_string();
            let [plain, wrapped] = [&raw, &wrapped].map(|raw| expand(Some(raw), Some(&url)));
            prop_assert_eq!(plain.choices, wrapped.choices);
            check(&raw, &url)?;
        }

        #[test]
        fn no_text_makes_it_fail(raw in "\\PC{0,60}", url in "\\PC{0,60}", value in "\\PC{0,60}") {
            check(&raw, &url)?;
            check(r#"{"alloy":"","diamond":"","x":""}"#, &format!("?alloy={url}&diamond={value}&x={raw}"))?;
            alloy::describe(&value);
            stone::describe(&value, Some(&raw));
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            check(&String::from_utf8_lossy(&bytes), &String::from_utf8_lossy(&bytes))?;
            let mut spoilt = at.get(SHAPES).0.as_bytes().to_vec();
            if !spoilt.is_empty() {
                let place = at.index(spoilt.len());
                spoilt[place] = byte;
            }
            check(&String::from_utf8_lossy(&spoilt), PAGE)?;
        }
    }
}
