//! What holds of every payload whatsoever: asserted by property tests and by the fuzzer.

use serde_json::Value;

use crate::event::code::{Action, Code};
use crate::event::event::{Event, MAX_AGENT_BYTES, MAX_KEY_BYTES, MAX_URL_BYTES, Outcome};
use crate::event::number::fits_numeric;
use crate::event::policy::{KeepEmail, KeepIp, Policy};
use crate::event::reader::Reader;

/// 2020-06-04, in microseconds.
pub const NOW: i64 = 1_591_266_092_000_000;

/// A policy whose depth serde_json can read back.
pub fn policy() -> Policy {
    Policy {
        max_bytes: 200_000,
        max_depth: 100,
        ..Policy::default()
    }
}

/// Reads a payload, and panics where a claim does not hold.
pub fn check(reader: &mut Reader, payload: Option<&[u8]>) {
    let policy = reader.policy().clone();
    match reader.read(payload, NOW) {
        Outcome::Dropped(code) => {
            assert_eq!(code, Code::PayloadTombstone);
            assert!(payload.is_none_or(<[u8]>::is_empty));
        }
        Outcome::Quarantined { codes, detail } => {
            assert!(!codes.is_empty() && !detail.is_empty());
            let is_reason =
                |code: Code| code.action() == Action::Quarantine || code == Code::IdInvalid;
            assert!(codes.iter().all(is_reason), "{codes:?}");
        }
        Outcome::Accepted(event) => check_event(&event, &policy),
    }
}

fn check_event(event: &Event<'_>, policy: &Policy) {
    let refusing = |code: &Code| matches!(code.action(), Action::Quarantine | Action::Drop);
    assert_eq!(event.flags.iter().find(refusing), None);
    assert!((policy.oldest..=NOW + policy.max_ahead).contains(&event.time));

    let keys = [
        &event.product_id,
        &event.store_id,
        &event.device_id,
        &event.user_id,
    ];
    for key in keys
        .into_iter()
        .flatten()
        .chain([&event.id, &event.collection])
    {
        assert!(
            !key.is_empty() && key.len() <= MAX_KEY_BYTES && is_clean(key),
            "{key:?}"
        );
    }
    assert!(event.id.trim() == event.id);
    for (text, limit) in [
        (&event.current_url, MAX_URL_BYTES),
        (&event.referrer_url, MAX_URL_BYTES),
        (&event.user_agent, MAX_AGENT_BYTES),
        (&event.email, 254 * 3),
    ] {
        let text = text.as_deref().unwrap_or("x");
        assert!(
            !text.trim().is_empty() && text.len() <= limit && is_clean(text),
            "{text:?}"
        );
    }
    if let Some(referrer) = &event.referrer {
        assert!(event.referrer_url.is_some() && referrer.url.len() <= MAX_URL_BYTES);
        assert!(
            is_clean(&referrer.url)
                && is_clean(&referrer.host)
                && is_clean(&referrer.registrable_domain)
        );
        assert!(!referrer.url.contains(['?', '#']), "{}", referrer.url);
        assert_eq!(
            referrer.host.is_empty(),
            referrer.registrable_domain.is_empty()
        );
    }
    assert_eq!(
        event.flags.contains(Code::UaEmpty),
        event.user_agent.is_none()
    );
    assert_eq!(event.flags.contains(Code::UaBot), event.agent.is_bot);
    if let Some(extras) = &event.extras {
        check_extras(extras, policy);
    }
}

fn check_extras(extras: &str, policy: &Policy) {
    let object: Value = serde_json::from_str(&shortened(extras)).expect("extras are JSON");
    let object = object.as_object().expect("extras are an object");
    assert!(!object.is_empty());
    for (key, value) in object {
        assert!(is_clean(key));
        check_strings(value);
    }
    if policy.keep_email != KeepEmail::Full {
        assert!(!object.contains_key("email") && !object.contains_key("email_address"));
    }
    if policy.keep_ip != KeepIp::Full {
        assert!(!object.contains_key("ip"));
    }
}

/// Numbers that `f64` cannot hold are no JSON to serde_json's `Value`: each is checked and becomes 0.
fn shortened(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(start) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = if rest.starts_with('"') {
            let mut is_escaped = false;
            let closes = |c: char| {
                let closes = c == '"' && !is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                closes
            };
            let end = rest[1..].find(closes).map_or(rest.len(), |at| at + 2);
            out.push_str(&rest[..end]);
            end
        } else {
            let end = rest
                .find(|c: char| !"+-.eE0123456789".contains(c))
                .unwrap_or(rest.len());
            assert!(fits_numeric(&rest[..end]), "{:.60}", &rest[..end]);
            out.push('0');
            end
        };
        rest = &rest[end..];
    }
    out + rest
}

fn check_strings(value: &Value) {
    match value {
        Value::String(text) => assert!(is_clean(text), "{text:?}"),
        Value::Array(values) => values.iter().for_each(check_strings),
        Value::Object(object) => {
            for (key, value) in object {
                assert!(is_clean(key), "{key:?}");
                check_strings(value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_clean(text: &str) -> bool {
    !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{NOW, check, policy};
    use crate::corpus::bad_messages;
    use crate::event::attribute::Attribute;
    use crate::event::event::Outcome;
    use crate::event::policy::Policy;
    use crate::event::reader::Reader;
    use crate::event::{mend, number};

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

    /// A key as the warehouse takes it: trimmed, not blank, short enough.
    fn key() -> impl Strategy<Value = String> {
        "\\PC{1,60}"
            .prop_map(|text| text.trim().to_owned())
            .prop_filter("not blank", |text| !text.is_empty())
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
                Some(r#"{"email_address":"b@example.com","email":"no address"}"#),
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
}
