//! What holds of every payload whatsoever: asserted by property tests and by the fuzzer.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod corpus;
#[cfg(test)]
mod prices;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod traffic;

use serde_json::Value;

use crate::event::code::{Action, Code};
use crate::event::event::{Event, Outcome};
use crate::event::limits::{MAX_AGENT_BYTES, MAX_KEY_BYTES, MAX_URL_BYTES};
use crate::event::number::fits_numeric;
use crate::event::policy::{KeepEmail, KeepIp, Policy};
use crate::event::reader::Reader;
use crate::text::depth::string_end;

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
        let (before, token) = rest.split_at(start);
        out.push_str(before);
        let end = if token.starts_with('"') {
            let end = string_end(token.as_bytes(), 1) + 1;
            out.push_str(&token[..end]);
            end
        } else {
            let end = token
                .find(|c: char| !"+-.eE0123456789".contains(c))
                .unwrap_or(token.len());
            assert!(fits_numeric(&token[..end]), "{:.60}", &token[..end]);
            out.push('0');
            end
        };
        rest = &token[end..];
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
