//! What identifies an event.

use std::borrow::Cow;

use serde::Deserialize;

use super::value::{Key, text, trimmed};

/// Reads an `id` or `_id`: a string, a whole number, or what MongoDB writes, `{"$oid":"…"}`.
pub fn read(raw: &str) -> Key<'_> {
    match Key::of(raw) {
        Key::Refused if raw.starts_with('{') => object_id(raw),
        key => key,
    }
}

fn object_id(raw: &str) -> Key<'_> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct ObjectId<'a> {
        #[serde(rename = "$oid", borrow)]
        raw: &'a serde_json::value::RawValue,
    }
    match serde_json::from_str::<ObjectId<'_>>(raw) {
        Ok(id) => match text(id.raw.get()).map(trimmed) {
            Some(Cow::Borrowed("")) => Key::Absent,
            Some(id) => Key::Some(id),
            None => Key::Refused,
        },
        Err(_) => Key::Refused,
    }
}

/// Whether the text is a UUID, with or without hyphens.
pub fn is_uuid(text: &str) -> bool {
    match text.len() {
        32 => is_hex(text.as_bytes()),
        36 => {
            let groups = [0..8, 9..13, 14..18, 19..23, 24..36];
            let bytes = text.as_bytes();
            [8, 13, 18, 23]
                .iter()
                .all(|at| bytes.get(*at) == Some(&b'-'))
                && groups
                    .into_iter()
                    .all(|group| bytes.get(group).is_some_and(is_hex))
        }
        _ => false,
    }
}

/// Without an early end, which lets the compiler look at many bytes at once.
fn is_hex(digits: &[u8]) -> bool {
    digits
        .iter()
        .fold(true, |all, digit| all & digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::{is_uuid, read};
    use crate::event::value::Key;

    #[test]
    fn ids_are_strings_numbers_or_object_ids() {
        for (raw, expected) in [
            (r#"" a ""#, "a"),
            ("12", "12"),
            ("12.0", "12"),
            (
                r#"{"$oid":"5ed8b02f4a3f2c0001a1b2c3"}"#,
                "5ed8b02f4a3f2c0001a1b2c3",
            ),
        ] {
            assert_eq!(read(raw), Key::Some(expected.into()), "{raw}");
        }
        for raw in ["null", r#""""#, r#"{"$oid":""}"#, r#"{"$oid":" "}"#] {
            assert_eq!(read(raw), Key::Absent, "{raw}");
        }
        for raw in [
            "[]",
            "{}",
            "true",
            "1.5",
            r#"{"$oid":1}"#,
            r#"{"$oid":"a","b":1}"#,
            r#"{"oid":"a"}"#,
        ] {
            assert_eq!(read(raw), Key::Refused, "{raw}");
        }
    }

    #[test]
    fn uuids_are_recognised() {
        for text in [
            "0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7",
            "0190A1B2C3D47E5F8091A2B3C4D5E6F7",
        ] {
            assert!(is_uuid(text), "{text}");
        }
        for text in [
            "",
            "5ed8b02f4a3f2c0001a1b2c3",
            "0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6fg",
            "0190a1b2c-3d4-7e5f-8091-a2b3c4d5e6f7",
        ] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
