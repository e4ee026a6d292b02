//! Words that programs write where they have no value: `undefined`, `null`, `[object Object]`, a UUID of zeros.

/// What says nothing wherever a name or an id should stand, in lower case.
const WORDS: [&str; 17] = [
    "(none)",
    "(not set)",
    "(null)",
    "<nil>",
    "<null>",
    "[object null]",
    "[object object]",
    "[object undefined]",
    "false",
    "n/a",
    "nan",
    "nil",
    "none",
    "not set",
    "null",
    "true",
    "undefined",
];

/// Longest of what is looked at: a UUID in braces.
const MAX_BYTES: usize = 40;

/// Whether the trimmed text is no name of anything. Zero may be one: stores and events are counted from there.
pub fn is_word(text: &str) -> bool {
    let unquoted = text.trim_matches(['"', '\'']);
    if unquoted.len() < text.len() {
        return unquoted.is_empty() || is_word(unquoted.trim());
    }
    // Few names begin as these do, and fewer are as short.
    let may_be = matches!(
        text.as_bytes().first(),
        Some(
            b'(' | b'<'
                | b'['
                | b'{'
                | b'0'
                | b'f'
                | b'F'
                | b'n'
                | b'N'
                | b't'
                | b'T'
                | b'u'
                | b'U'
        )
    );
    may_be && text.len() <= MAX_BYTES && (is_one_of(text, &WORDS) || is_blank_uuid(text))
}

/// Whether the trimmed text is no device's, visitor's or order's id: zero, minus one and several words in a row are none.
pub fn is_nobody(text: &str) -> bool {
    const PARTS: [&str; 6] = ["false", "nan", "nil", "none", "null", "undefined"];
    // Nearly every id ends the search here, at its first or second byte.
    if text.len() > MAX_BYTES || text.bytes().any(|byte| matches!(byte, b'2'..=b'9')) {
        return false;
    }
    // What programs write for an empty object or list, and what people write for nothing.
    if !text.is_empty() && text.bytes().all(|byte| b"-{}[]".contains(&byte)) {
        return true;
    }
    let mut parts = text
        .split(['.', '-', '_', ':', ' '])
        .filter(|part| !part.is_empty())
        .peekable();
    let is_without =
        parts.peek().is_some() && parts.all(|part| is_zero(part) || is_one_of(part, &PARTS));
    is_without
        || text == "-1"
        || text.eq_ignore_ascii_case("unknown")
        || text.eq_ignore_ascii_case("(unknown)")
        || is_word(text)
}

fn is_one_of(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|digit| digit == b'0')
}

/// The UUID of zeros, and the one of all ones, with or without hyphens and braces.
fn is_blank_uuid(text: &str) -> bool {
    let bare = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .unwrap_or(text);
    let Some(digit @ (b'0' | b'f' | b'F')) = bare.bytes().next() else {
        return false;
    };
    let hyphens = match bare.len() {
        32 => 0,
        36 => 4,
        _ => return false,
    };
    let is_alike = |byte: u8| byte == b'-' || byte.eq_ignore_ascii_case(&digit);
    bare.bytes().all(is_alike) && bare.bytes().filter(|byte| *byte == b'-').count() == hyphens
}

#[cfg(test)]
mod tests {
    use super::{is_nobody, is_word};

    #[test]
    fn words_for_no_value_are_no_ids() {
        for text in [
            "undefined",
            "UNDEFINED",
            "null",
            "Null",
            "nil",
            "none",
            "None",
            "[object Object]",
            "NaN",
            "false",
            "true",
            "(not set)",
            "N/A",
            "00000000-0000-0000-0000-000000000000",
            "{00000000-0000-0000-0000-000000000000}",
            "00000000000000000000000000000000",
            "FFFFFFFF-ffff-ffff-ffff-ffffffffffff",
            "<nil>",
            "\"undefined\"",
            "''",
        ] {
            assert!(is_word(text) && is_nobody(text), "{text}");
        }
        for text in [
            "0",
            "00",
            "-1",
            "0.0",
            "-0",
            "0000-0000",
            "unknown",
            "undefined.undefined",
            "null-null",
            "NaN.0",
            "-",
            "--",
            "{}",
            "[]",
        ] {
            assert!(is_nobody(text) && !is_word(text), "{text}");
        }
        for text in [
            "",
            "1",
            "10",
            "-10",
            "d-0",
            "nullable",
            "nilsson",
            "anonymous",
            "null1",
            "object",
            "00000000-0000-4000-8000-000000000001",
            "00000000-0000-0000-0000-000000000001",
            "ffffffff",
            "0x0",
            "GA1.2.undefined",
            "é",
        ] {
            assert!(!is_nobody(text) && !is_word(text), "{text}");
        }
    }
}
