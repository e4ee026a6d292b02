//! Bytes -> attributes, borrowed from the payload, or the reason why there are none.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::attribute::{Attribute, Known};
use super::code::Code;
use super::extras::Extras;
use super::policy::Policy;
use super::refusal::Refusal;
use crate::text::depth;

/// What a payload's object holds.
#[derive(Debug, Default)]
pub struct Attributes<'a> {
    pub known: Known<'a>,
    /// Everything else, so far.
    pub extras: Extras<'a>,
}

/// The payload as text, within the limits. Nothing is parsed yet.
pub fn text<'a>(payload: &'a [u8], policy: &Policy) -> Result<&'a str, Refusal> {
    if payload.len() > policy.max_bytes {
        let detail = format!("{} bytes, the limit is {}", payload.len(), policy.max_bytes);
        return Err(Refusal::new(Code::PayloadTooLarge, detail));
    }
    let text = std::str::from_utf8(payload).map_err(|error| {
        let detail = format!("not UTF-8 from byte {} on", error.valid_up_to());
        Refusal::new(Code::PayloadBadUtf8, detail)
    })?;
    if depth::exceeds(payload, policy.max_depth) {
        let detail = format!("nested deeper than {}", policy.max_depth);
        return Err(Refusal::new(Code::PayloadTooDeep, detail));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The attributes of one JSON object. Nested values are not looked into.
pub fn attributes(text: &str) -> Result<Attributes<'_>, Refusal> {
    if !text.trim_ascii_start().starts_with('{') {
        return Err(match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Refusal::new(Code::PayloadNotObject, "JSON, but no object"),
            Err(error) => not_json(&error),
        });
    }
    serde_json::from_str(text).map_err(|error| not_json(&error))
}

/// serde_json words its syntax errors without quoting the input.
fn not_json(error: &serde_json::Error) -> Refusal {
    Refusal::new(Code::PayloadNotJson, error.to_string())
}

impl<'de> Deserialize<'de> for Attributes<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Attributes<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Attributes<'de>, M::Error> {
        let mut attributes = Attributes::default();
        while let Some(Name(name)) = object.next_key()? {
            let raw: &'de RawValue = object.next_value()?;
            match Attribute::from_name(&name) {
                Some(attribute) => attributes.known.set(attribute, raw.get()),
                None => attributes.extras.keep(name, raw.get()),
            }
        }
        Ok(attributes)
    }
}

/// An attribute's name; borrowed when it was written without escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::{attributes, text};
    use crate::event::attribute::Attribute;
    use crate::event::code::{Code, Codes};
    use crate::event::policy::Policy;

    fn refusal(payload: &[u8]) -> Option<Codes> {
        let policy = Policy {
            max_bytes: 1000,
            max_depth: 4,
            ..Policy::default()
        };
        text(payload, &policy)
            .and_then(attributes)
            .err()
            .map(|refusal| refusal.codes)
    }

    #[test]
    fn every_kind_of_bad_payload_is_told_apart() {
        let large = vec![b' '; 1001];
        let cases: &[(&[u8], Code)] = &[
            (b"{", Code::PayloadNotJson),
            (b"   ", Code::PayloadNotJson),
            (b"{\"a\":1", Code::PayloadNotJson),
            (b"{\"a\":1}{\"a\":1}", Code::PayloadNotJson),
            (b"{\"a\":1,}", Code::PayloadNotJson),
            (b"{'a':1}", Code::PayloadNotJson),
            (b"{\"a\":NaN}", Code::PayloadNotJson),
            (b"{\"a\":01}", Code::PayloadNotJson),
            (b"{\"a\":\"\x01\"}", Code::PayloadNotJson),
            (b"{\"a\":\"\\x\"}", Code::PayloadNotJson),
            (b"not json", Code::PayloadNotJson),
            (b"[1", Code::PayloadNotJson),
            (b"[1]", Code::PayloadNotObject),
            (b"null", Code::PayloadNotObject),
            (b" \"{}\"", Code::PayloadNotObject),
            (b"{\"a\":\"\xff\"}", Code::PayloadBadUtf8),
            (b"{\"a\":\"\xed\xa0\x80\"}", Code::PayloadBadUtf8),
            (b"{\"a\":[[[[1]]]]}", Code::PayloadTooDeep),
            (&large, Code::PayloadTooLarge),
        ];
        for (payload, code) in cases {
            assert_eq!(
                refusal(payload),
                Some(Codes::of(*code)),
                "{:.40}",
                String::from_utf8_lossy(payload)
            );
        }
        for good in [&b"{}"[..], b" {\"a\":[[[1]]]} \n", b"\xef\xbb\xbf{}"] {
            assert_eq!(refusal(good), None, "{}", String::from_utf8_lossy(good));
        }
    }

    #[test]
    fn known_names_are_told_from_others_and_the_last_value_wins() {
        let object = r#"{"id":1,"x":[1, 2],"\u0069d":"2","y\"":null}"#;
        let found = attributes(object).expect("it is an object");
        assert_eq!(found.known.get(Attribute::Id), Some("\"2\""));
        assert_eq!(
            found.extras.finish().0.as_deref(),
            Some(r#"{"x":[1, 2],"y\"":null}"#)
        );
    }

    #[test]
    fn an_error_quotes_nothing_of_the_payload() {
        for payload in [
            &b"{\"email\":\"secret"[..],
            b"{\"email\":secret}",
            b"\"secret",
            b"{\"secret\"}",
        ] {
            let policy = Policy::default();
            let refusal = text(payload, &policy)
                .and_then(attributes)
                .expect_err("it is no object");
            assert!(!refusal.detail.contains("secret"), "{}", refusal.detail);
        }
    }
}
