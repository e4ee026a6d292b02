//! Escapes that JSON can write and no PostgreSQL text can hold: `\u0000` and lone surrogates.
//!
//! Works on JSON text before it is parsed, inside strings only, so that what was not JSON does not become JSON.

use std::sync::LazyLock;

use memchr::memchr;
use memchr::memmem::Finder;

use super::depth::string_end;

static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\u"));

/// The text without NULs, each lone surrogate replaced by U+FFFD; `None` where there is nothing to mend.
pub fn mended(text: &str) -> Option<String> {
    if !may_need_it(text.as_bytes()) {
        return None;
    }
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let mut at = 0;
    while let Some(quote) = bytes.get(at..).and_then(|rest| memchr(b'"', rest)) {
        let start = at + quote + 1;
        let end = string_end(bytes, start);
        let mut inside = start;
        while let Some(step) = bytes.get(inside..end).and_then(|rest| memchr(b'\\', rest)) {
            let escape = inside + step;
            inside = match Escape::at(bytes, escape) {
                Escape::Malformed => return None,
                Escape::Whole(length) => escape + length,
                Escape::Bad(instead) => {
                    out.push_str(text.get(copied..escape).unwrap_or_default());
                    out.push_str(instead);
                    copied = escape + 6;
                    copied
                }
            };
        }
        at = end + 1;
    }
    if copied == 0 {
        return None;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Some(out)
}

/// A search that is nearly free on clean text; may say yes when nothing is wrong.
fn may_need_it(text: &[u8]) -> bool {
    ESCAPE.find_iter(text).any(|at| {
        matches!(
            text.get(at + 2..at + 6),
            Some(
                [b'0', b'0', b'0', b'0']
                | [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', _, _],
            )
        )
    })
}

/// What a backslash inside a string begins.
enum Escape {
    /// Not JSON, which the parser is to say: taking an escape out of `\u00\u000000` would make one.
    Malformed,
    /// Fine as it is, of so many bytes.
    Whole(usize),
    /// Six bytes to be replaced.
    Bad(&'static str),
}

impl Escape {
    fn at(text: &[u8], at: usize) -> Escape {
        if text.get(at + 1) != Some(&b'u') {
            return Escape::Whole(2);
        }
        match unit(text, at) {
            None => Escape::Malformed,
            Some(0) => Escape::Bad(""),
            Some(0xD800..=0xDBFF) => match unit(text, at + 6) {
                Some(0xDC00..=0xDFFF) => Escape::Whole(12),
                _ => Escape::Bad("\\ufffd"),
            },
            Some(0xDC00..=0xDFFF) => Escape::Bad("\\ufffd"),
            Some(_) => Escape::Whole(6),
        }
    }
}

/// The UTF-16 unit of a well-formed `\uXXXX` at this place.
fn unit(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| {
        Some(unit << 4 | char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::mended;

    #[test]
    fn nuls_go_and_lone_surrogates_are_replaced() {
        let cases: &[(&str, &str)] = &[
            (r#"{"a":"x\u0000y"}"#, r#"{"a":"xy"}"#),
            (r#"{"\u0000a":1}"#, r#"{"a":1}"#),
            (r#"["\ud83d"]"#, r#"["\ufffd"]"#),
            (r#"["\uDE00x"]"#, r#"["\ufffdx"]"#),
            (r#"["\ud83d\u0000\ude00"]"#, r#"["\ufffd\ufffd"]"#),
            (r#"["\ud83d\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#),
            (r#"["\\\u0000"]"#, r#"["\\"]"#),
            (r#"["\"\u0000\"", "é\u0000é"]"#, r#"["\"\"", "éé"]"#),
        ];
        for (text, expected) in cases {
            assert_eq!(mended(text).as_deref(), Some(*expected), "{text}");
        }
    }

    #[test]
    fn clean_text_is_left_alone() {
        let clean = [
            "",
            r#"{"a":"x"}"#,
            r#"["\u00e9\u0001"]"#,
            r#"["\ud83d\ude00"]"#,
            r#"["\\u0000"]"#,
            r#"["\\\\ud800"]"#,
            r#"{"a": \u0000 1}"#,
            r#"["\u00"#,
            r#"["\u000g"]"#,
            r#"["\u00\u000000"]"#,
            r#"["\"#,
        ];
        for text in clean {
            assert_eq!(mended(text), None, "{text}");
        }
    }
}
