//! One attribute's raw JSON: what it holds, as a value or as a natural key.

use std::borrow::Cow;

use super::extended;
use super::number::whole_digits;
use super::value::{Value, trimmed};

impl<'a> Value<'a> {
    /// `raw` is one well-formed JSON value without surrounding space. An object in which MongoDB wraps a value is that value.
    pub fn of(raw: &'a str) -> Value<'a> {
        match raw.as_bytes().first() {
            Some(b'"') => Value::of_string(raw),
            Some(b'-' | b'0'..=b'9') => Value::Number(raw),
            Some(b'n' | b'f') => Value::Absent,
            Some(b'{') => extended::read(raw),
            _ => Value::Other,
        }
    }
}

/// What a natural key's attribute holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    Absent,
    Some(Cow<'a, str>),
    /// Something that is no key: `true`, `1.5`, an array, an object.
    Refused,
}

impl<'a> Key<'a> {
    pub fn of(raw: &'a str) -> Key<'a> {
        match Value::of(raw) {
            Value::Absent => Key::Absent,
            Value::Text(text) => Key::Some(trimmed(text)),
            Value::Number(number) => whole_digits(number).map_or(Key::Refused, Key::Some),
            Value::Time(_) | Value::Other => Key::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Value};

    #[test]
    fn blank_values_are_absent() {
        for raw in ["null", "false", r#""""#, r#""  ""#, r#""\t\u00a0""#] {
            assert_eq!(Value::of(raw), Value::Absent, "{raw}");
            assert_eq!(Key::of(raw), Key::Absent, "{raw}");
        }
    }

    #[test]
    fn keys_are_trimmed_strings_or_whole_numbers() {
        let cases: &[(&str, Option<&str>)] = &[
            (r#"" 96047 ""#, Some("96047")),
            (r#""\u0041b\n""#, Some("Ab")),
            ("96047", Some("96047")),
            ("123.0", Some("123")),
            ("1.5", None),
            ("true", None),
            ("[1]", None),
            (r#"{"a":1}"#, None),
        ];
        for (raw, expected) in cases {
            match (Key::of(raw), expected) {
                (Key::Some(key), Some(expected)) => assert_eq!(key, *expected, "{raw}"),
                (Key::Refused, None) => {}
                (other, _) => panic!("{raw}: {other:?}"),
            }
        }
    }
}
