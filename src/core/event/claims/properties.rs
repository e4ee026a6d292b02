//! The claims, tried on bytes, objects and events made by chance, and on the corpus.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::corpus::bad_messages;
use super::{NOW, check, policy};
use crate::event::attribute::Attribute;
use crate::event::event::Outcome;
use crate::event::policy::Policy;
use crate::event::reader::Reader;
use crate::event::{mailbox, nothing, number};
use crate::text::mend;

static SMALL: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let payloads = bad_messages(NOW / 1_000_000)
        .into_iter()
        .filter_map(|message| message.payload);
    payloads
        .filter(|payload| !payload.is_empty() && payload.len() < 4000)
        .collect()
});

/// Names that mean something, and others.
fn name() -> impl Strategy<Value = String> {
    let known: Vec<&str> = Attribute::ALL
        .iter()
        .map(|attribute| attribute.name())
        .collect();
    prop_oneof![
        8 => prop::sample::select(known).prop_map(|name| json!(name).to_string()),
        1 => "\\PC{0,8}".prop_map(|name| json!(name).to_string()),
        1 => r#"(\\u[0d][0-9a-f]{3}|[a-z"\\]){0,6}"#.prop_map(|name| format!("\"{name}\"")),
    ]
}

/// Raw JSON, mostly well-formed, of kinds that matter here.
fn value() -> impl Strategy<Value = String> {
    let telling = vec![
        "null",
        "false",
        "true",
        "\"\"",
        "\" \"",
        "1591266000",
        "1591266000000",
        "\"1591266000\"",
        "\"view_product_detail\"",
        "\"checkout_success\"",
        "\"Jane@Example.com\"",
        "\"203.0.113.7, 10.0.0.1\"",
        "\"2001:db8::1\"",
        "\"2020-06-04 8:2:4\"",
        "\"https://www.example.de/a?b#c\"",
        "\"android-app://x\"",
        "\"about:blank\"",
        "\"//example.com\"",
        "\"example.com:80\"",
        "{\"$oid\":\"5ed8b02f4a3f2c0001a1b2c3\"}",
        "\"[{\\\"a\\\":\\\"\\\\u0000\\\"}]\"",
        "1e400000",
        "[1e-20000]",
        "12.0",
        "-0",
        "\"bad00000-0000-4000-8000-000000000001\"",
    ];
    let leaf = prop_oneof![
        6 => prop::sample::select(telling).prop_map(str::to_owned),
        2 => any::<String>().prop_map(|text| json!(text).to_string()),
        2 => r#"(\\u[0dD][0-9a-f]{3}|\\\\|\\"|[ -!#-\[\]-~é]){0,40}"#.prop_map(|text| format!("\"{text}\"")),
        1 => any::<f64>().prop_map(|number| json!(number).to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => "-?[1-9][0-9]{0,3}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,7})?",
        1 => "[0-9]{200,400}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(6, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|values| format!("[{}]", values.join(", "))),
            prop::collection::vec((name(), inner), 0..4).prop_map(|fields| object(&fields)),
        ]
    })
}

fn object(fields: &[(String, String)]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name} :{value}"))
        .collect();
    format!("{{{}}}", fields.join(","))
}

/// An event that may be loaded, with anything else beside and over it.
fn payload() -> impl Strategy<Value = String> {
    prop::collection::vec((name(), value()), 0..20).prop_map(|fields| {
        let mut all: Vec<(String, String)> = [
            ("\"id\"", "\"bad00000-0000-4000-8000-000000000001\""),
            ("\"collection\"", "\"checkout\""),
            ("\"time_stamp\"", "1591266000"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        all.extend(fields);
        object(&all)
    })
}

fn reader() -> Reader {
    Reader::new(policy())
}

/// A key as the warehouse takes it: trimmed, neither blank nor a word for nothing, short enough.
fn key() -> impl Strategy<Value = String> {
    "\\PC{1,60}"
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("somebody's", |text| {
            !text.is_empty() && !nothing::is_nobody(text)
        })
        .prop_filter("nobody's", |text| {
            mailbox::find(&json!(text).to_string()).is_empty()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_have_an_outcome(payload in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&mut reader(), Some(&payload));
    }

    #[test]
    fn any_object_has_an_outcome(payload in payload()) {
        check(&mut reader(), Some(payload.as_bytes()));
    }

    #[test]
    fn a_spoilt_message_has_an_outcome(at in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut payload = at.get(&SMALL).clone();
        let place = cut.index(payload.len());
        payload[place] = byte;
        check(&mut reader(), Some(&payload));
        check(&mut reader(), Some(&payload[..place]));
    }

    #[test]
    fn what_is_well_formed_comes_back_as_it_was(
        product in key(), device in key(), user in key(), store in any::<u32>(), seconds in 946_684_800i64..1_591_266_092,
        ip in any::<std::net::Ipv4Addr>(), path in "[a-z/]{0,20}", note in any::<String>(),
    ) {
        let note = note.replace('\0', "");
        prop_assume!(mailbox::find(&json!(note).to_string()).is_empty());
        let url = format!("https://www.example.de/{path}?x=%ZZ");
        let event = json!({
            "id": "bad00000-0000-4000-8000-000000000001", "collection": "view_product_detail", "product_id": product, "device_id": device,
            "user_id_db": user, "store_id": store, "time_stamp": seconds * 1000, "ip": ip.to_string(), "current_url": url,
            "referer_url": url, "note": note, "local_time": "2020-06-04 08:20:04",
        });
        let payload = event.to_string();
        let mut reader = reader();
        let Outcome::Accepted(event) = reader.read(Some(payload.as_bytes()), NOW) else {
            return Err(TestCaseError::fail("refused"));
        };
        prop_assert_eq!(event.product_id.as_deref(), Some(product.as_str()));
        prop_assert_eq!(event.device_id.as_deref(), Some(device.as_str()));
        prop_assert_eq!(event.user_id.as_deref(), Some(user.as_str()));
        prop_assert_eq!(event.store_id.as_deref().map(str::to_owned), Some(store.to_string()));
        prop_assert_eq!(event.time, seconds * 1_000_000);
        prop_assert_eq!(event.ip, Some(ip.into()));
        prop_assert_eq!(event.current_url.as_deref(), Some(url.as_str()));
        prop_assert_eq!(event.referrer_url.as_deref(), Some(url.as_str()));
        prop_assert_eq!(event.referrer.as_ref().map(|referrer| referrer.is_internal), Some(true));
        prop_assert_eq!(event.local_time.map(|time| time.to_string()), Some("2020-06-04 08:20:04".to_owned()));
        let extras: Value = serde_json::from_str(event.extras.as_deref().unwrap_or_default()).unwrap();
        prop_assert_eq!(extras, json!({"note": note}));
    }

    #[test]
    fn mending_leaves_clean_text_alone(texts in prop::collection::vec("[^\u{0}]*", 0..4)) {
        let json = json!(texts).to_string();
        prop_assert_eq!(mend::mended(&json), None);
        prop_assert_eq!(number::mended(&json), None);
    }

    #[test]
    fn mending_is_done_once(text in r#"["\\ud80c-f{}:a\[\]]{0,60}"#) {
        if let Some(first) = mend::mended(&text) {
            prop_assert!(first.len() <= text.len());
            prop_assert_eq!(mend::mended(&first), None);
        }
    }

    #[test]
    fn a_message_is_read_the_same_by_a_reader_that_has_read_others(first in payload(), second in payload()) {
        let mut used = reader();
        check(&mut used, Some(first.as_bytes()));
        let mut fresh = reader();
        let again = format!("{:?}", used.read(Some(second.as_bytes()), NOW));
        prop_assert_eq!(again, format!("{:?}", fresh.read(Some(second.as_bytes()), NOW)));
    }
}

#[test]
fn the_worst_messages_keep_the_claims() {
    let mut reader = reader();
    for message in bad_messages(NOW / 1_000_000) {
        check(&mut reader, message.payload.as_deref());
    }
}

#[test]
fn personal_data_stays_out_of_extras_unless_kept_in_full() {
    use crate::event::policy::{KeepEmail, KeepIp};
    let payload = json!({
        "id": "1", "collection": "checkout", "time_stamp": 1_591_266_000, "email": "no address", "email_address": "b@example.com", "ip": "no ip",
    })
    .to_string();
    for (keep_email, keep_ip, expected) in [
        (KeepEmail::None, KeepIp::None, None),
        (KeepEmail::Hash, KeepIp::Truncated, None),
        (
            KeepEmail::Full,
            KeepIp::Truncated,
            Some(r#"{"email":"no address","email_address":"b@example.com"}"#),
        ),
        (KeepEmail::Hash, KeepIp::Full, Some(r#"{"ip":"no ip"}"#)),
    ] {
        let mut reader = Reader::new(Policy {
            keep_email,
            keep_ip,
            ..Policy::default()
        });
        match reader.read(Some(payload.as_bytes()), NOW) {
            Outcome::Accepted(event) => assert_eq!(event.extras.as_deref(), expected),
            other => panic!("{other:?}"),
        }
    }
}
