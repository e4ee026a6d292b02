//! A message without the e-mail addresses that stand where nobody looks for them: in links, searches, options, names.
//!
//! Works on JSON text that parses, before anything is made of it, so that nothing can be forgotten: whatever is read of
//! the message is read of what is left. The address of the customer and the user agent are left to those who read them.

use super::attribute::{Attribute, Known};
use super::mailbox::{Mailbox, at_signs, replaced};
use super::policy::{KeepEmail, Policy};
use super::privacy::hash_email;
use super::value::text;
use crate::text::depth::string_end;
use crate::text::hash::hex;

/// What stands in place of an address that is not kept at all.
pub const REDACTED: &str = "(redacted)";

/// Read by rules of their own.
const LEFT_ALONE: [Attribute; 3] = [
    Attribute::Email,
    Attribute::EmailAddress,
    Attribute::UserAgent,
];

/// Attributes whose distinct values must stay distinct: an address in them is hashed even where others are removed.
const KEYS: [Attribute; 7] = [
    Attribute::Id,
    Attribute::UnderscoreId,
    Attribute::OrderId,
    Attribute::ProductId,
    Attribute::StoreId,
    Attribute::DeviceId,
    Attribute::UserIdDb,
];

/// Whether there are at signs outside the customer's address: hardly ever.
pub fn may_be_needed(message: &str, known: &Known<'_>, policy: &Policy) -> bool {
    if policy.keep_email == KeepEmail::Full {
        return false;
    }
    let all = at_signs(message.as_bytes());
    all > 0
        && all
            > LEFT_ALONE
                .iter()
                .filter_map(|attribute| known.get(*attribute))
                .filter(|raw| raw.starts_with('"'))
                .map(|raw| at_signs(raw.as_bytes()))
                .sum()
}

/// The message without addresses; `None` where there is none. Not for a policy that keeps them.
pub fn masked(message: &str, policy: &Policy) -> Option<String> {
    let bytes = message.as_bytes();
    let mut out = String::new();
    let (mut copied, mut depth, mut at) = (0, 0_usize, 0);
    let mut value_of = None;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = string_end(bytes, at + 1);
                let string = message.get(at + 1..end).unwrap_or_default();
                if let Some(string) = masked_value(value_of, string, policy) {
                    out.push_str(message.get(copied..at + 1).unwrap_or_default());
                    out.push_str(&string);
                    copied = end;
                }
                value_of = (depth == 1).then(|| named(message, at, end)).flatten();
                at = end + 1;
                continue;
            }
            b':' | b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            _ => {}
        }
        value_of = None;
        at += 1;
    }
    (copied > 0).then(|| out + message.get(copied..).unwrap_or_default())
}

/// The attribute that the string from `start` to `end` names, if a value follows it.
fn named(message: &str, start: usize, end: usize) -> Option<Attribute> {
    let rest = message.get(end + 1..)?.trim_start();
    let name = message.get(start..=end).filter(|_| rest.starts_with(':'))?;
    Attribute::from_name(&text(name)?)
}

fn masked_value(of: Option<Attribute>, text: &str, policy: &Policy) -> Option<String> {
    match of {
        Some(attribute) if LEFT_ALONE.contains(&attribute) => None,
        Some(attribute) if KEYS.contains(&attribute) && at_signs(text.as_bytes()) > 0 => {
            replaced(text, |mailbox| Some(hash(mailbox, policy)))
        }
        _ => masked_text(text, policy),
    }
}

/// One text without addresses; `None` where there is none, or where they are kept.
pub fn masked_text(text: &str, policy: &Policy) -> Option<String> {
    if policy.keep_email == KeepEmail::Full || at_signs(text.as_bytes()) == 0 {
        return None;
    }
    replaced(text, |mailbox| Some(kept(mailbox, policy)))
}

/// What may be kept of an address: the hash that it would have as a customer's.
fn kept(mailbox: &Mailbox, policy: &Policy) -> String {
    match policy.keep_email {
        KeepEmail::Hash => hash(mailbox, policy),
        KeepEmail::None | KeepEmail::Full => REDACTED.to_owned(),
    }
}

fn hash(mailbox: &Mailbox, policy: &Policy) -> String {
    hex(&hash_email(&policy.email_key, &mailbox.address))
}

#[cfg(test)]
mod tests {
    use super::{masked, masked_text, may_be_needed};
    use crate::event::decode::attributes;
    use crate::event::policy::{KeepEmail, Policy};
    use crate::event::privacy::hash_email;
    use crate::text::hash::hex;

    fn policy(keep_email: KeepEmail) -> Policy {
        Policy {
            keep_email,
            email_key: b"key".to_vec(),
            ..Policy::default()
        }
    }

    #[test]
    fn an_address_becomes_what_may_be_kept_of_it() {
        let hash = hex(&hash_email(b"key", "anna.b@example.com"));
        let message = r#"{"a":["x Anna.B%40example.com y"],"b\u0040b.de":"no","email" : "anna.b@example.com", "c":{"email":"anna.b@example.com"}}"#;
        let hashed = masked(message, &policy(KeepEmail::Hash)).unwrap_or_default();
        let other = hex(&hash_email(b"key", "b@b.de"));
        assert_eq!(
            hashed,
            format!(
                r#"{{"a":["x {hash} y"],"{other}":"no","email" : "anna.b@example.com", "c":{{"email":"{hash}"}}}}"#
            )
        );
        let none = masked_text(
            "utm_content=anna.b%40example.com&x",
            &policy(KeepEmail::None),
        );
        assert_eq!(none.as_deref(), Some("utm_content=(redacted)&x"));
        let keys = masked(
            r#"{"device_id":"anna.b@example.com","x":{"device_id":"anna.b@example.com"}}"#,
            &policy(KeepEmail::None),
        );
        assert_eq!(
            keys,
            Some(format!(
                r#"{{"device_id":"{hash}","x":{{"device_id":"(redacted)"}}}}"#
            ))
        );
    }

    #[test]
    fn a_message_is_looked_through_only_where_it_may_hold_one() {
        let hash = policy(KeepEmail::Hash);
        for (message, expected) in [
            (r#"{"email":"a@b.de","x":"100%"}"#, false),
            (
                r#"{"email_address":"a%40b.de","user_agent":"bot@b.de"}"#,
                false,
            ),
            (r#"{"email":"a@b.de","x":"a@b.de"}"#, true),
            (r#"{"x":"a%40b.de"}"#, true),
            (r#"{"x":1}"#, false),
        ] {
            let known = attributes(message).unwrap_or_default().known;
            assert_eq!(may_be_needed(message, &known, &hash), expected, "{message}");
            assert!(!may_be_needed(message, &known, &policy(KeepEmail::Full)));
        }
    }

    #[test]
    fn what_is_left_alone_is_text() {
        let hash = policy(KeepEmail::Hash);
        for message in [
            r#"{"user_agent":["bot@b.de"]}"#,
            r#"{"user_agent":{"x":"bot@b.de"}}"#,
            r#"{"email":7,"x":"bot@b.de"}"#,
            r#"{"x":"email","y":"bot@b.de"}"#,
            r#"{"x":{"email":"bot@b.de"}}"#,
        ] {
            let masked = masked(message, &hash).unwrap_or_default();
            assert!(!masked.is_empty() && !masked.contains('@'), "{message}");
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(&masked);
            assert!(parsed.is_ok(), "{masked}");
        }
        for message in [
            r#"{"user_\u0061gent":"bot@b.de"}"#,
            r#"{"email":"bot@b.de"}"#,
        ] {
            assert_eq!(masked(message, &hash), None, "{message}");
        }
    }
}
