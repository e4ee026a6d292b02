//! JSON numbers as text: which of them PostgreSQL's `numeric` can hold, and which of them are whole.

use std::borrow::Cow;

use crate::text::depth::string_end;

/// Digits that `numeric` holds before and after the point.
const MAX_BEFORE_POINT: i64 = 131_072;
const MAX_AFTER_POINT: i64 = 16_383;
/// An exponent of this size is a syntax error to `numeric`, even of zero.
const MAX_EXPONENT: i64 = 1_000_000_000;

/// The parts of a JSON number.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Parts<'a> {
    fn of(number: &'a str) -> Parts<'a> {
        let (negative, unsigned) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, saturating(exponent)),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        Parts {
            negative,
            whole,
            fraction,
            exponent,
        }
    }
}

fn saturating(exponent: &str) -> i64 {
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, exponent.strip_prefix('+').unwrap_or(exponent)),
    };
    let size = digits.bytes().fold(0i64, |size, digit| {
        size.saturating_mul(10)
            .saturating_add(i64::from(digit.wrapping_sub(b'0')))
    });
    sign * size.min(i64::from(i32::MAX))
}

/// Whether the text is a number as JSON writes it.
pub fn is_json_number(text: &str) -> bool {
    text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && serde_json::from_str::<&serde_json::value::RawValue>(text)
            .is_ok_and(|number| number.get().len() == text.len())
}

/// Whether `numeric` holds this JSON number.
pub fn fits_numeric(number: &str) -> bool {
    let Parts {
        whole,
        fraction,
        exponent,
        ..
    } = Parts::of(number);
    let digits = whole.bytes().chain(fraction.bytes());
    let zeros = digits.clone().take_while(|digit| *digit == b'0').count() as i64;
    let is_zero = zeros == digits.count() as i64;
    let before = whole.len() as i64 - zeros + exponent;
    let after = fraction.len() as i64 - exponent;
    exponent.abs() < MAX_EXPONENT
        && (is_zero || before <= MAX_BEFORE_POINT)
        && after <= MAX_AFTER_POINT
}

/// A whole number's digits as a key is written (`123.0` and `1.23e2` are `123`); `None` for any other number.
pub fn whole_digits(number: &str) -> Option<Cow<'_, str>> {
    if number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Cow::Borrowed(number));
    }
    let parts = Parts::of(number);
    let shift = usize::try_from(parts.exponent)
        .ok()
        .filter(|shift| *shift <= 30)?;
    let (kept, dropped) = match parts.fraction.split_at_checked(shift) {
        Some((kept, dropped)) => (kept, dropped),
        None => (parts.fraction, ""),
    };
    if dropped.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let padding = "0".repeat(shift - kept.len());
    let digits = [parts.whole, kept, &padding].concat();
    match digits.trim_start_matches('0') {
        "" => Some(Cow::Borrowed("0")),
        digits if parts.negative => Some(Cow::Owned(["-", digits].concat())),
        digits => Some(Cow::Owned(digits.to_owned())),
    }
}

/// Rewrites the numbers of a JSON value that `numeric` cannot hold as strings; `None` where there are none.
pub fn mended(value: &str) -> Option<String> {
    if !may_need_it(value.as_bytes()) {
        return None;
    }
    let bytes = value.as_bytes();
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at + 1) + 1,
            b'-' | b'0'..=b'9' => {
                let number = number_at(value, at);
                if !fits_numeric(number) {
                    out.push_str(value.get(copied..at).unwrap_or_default());
                    out.push('"');
                    out.push_str(number);
                    out.push('"');
                    copied = at + number.len();
                }
                at += number.len();
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(value.get(copied..).unwrap_or_default());
    Some(out)
}

fn number_at(value: &str, at: usize) -> &str {
    let rest = value.get(at..).unwrap_or_default();
    let end = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
    rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest)
}

/// Only an exponent or very many digits make a number too large; both are rare and cheap to look for.
fn may_need_it(value: &[u8]) -> bool {
    if value.first() == Some(&b'"') {
        return false;
    }
    value.len() as i64 > MAX_AFTER_POINT
        || value
            .iter()
            .zip(value.iter().skip(1))
            .fold(false, |found, (digit, next)| {
                found | (digit.is_ascii_digit() & (next | 0x20 == b'e'))
            })
}

#[cfg(test)]
mod tests {
    use super::{fits_numeric, mended, whole_digits};

    #[test]
    fn the_limits_are_those_of_numeric() {
        let cases: &[(&str, bool)] = &[
            ("0", true),
            ("-1.5e3", true),
            ("1e131071", true),
            ("1e131072", false),
            ("9.99e131071", true),
            ("0.001e131074", true),
            ("0.001e131075", false),
            ("1e-16383", true),
            ("1e-16384", false),
            ("0.1e-16382", true),
            ("0.1e-16383", false),
            ("0e200000", true),
            ("0e-200000", false),
            ("0e9999999999", false),
            ("1e99999999999999999999", false),
            ("-1E+400000", false),
        ];
        for (number, expected) in cases {
            assert_eq!(fits_numeric(number), *expected, "{number}");
        }
        assert!(fits_numeric(&"9".repeat(131_072)));
        assert!(!fits_numeric(&"9".repeat(131_073)));
    }

    #[test]
    fn whole_numbers_make_keys() {
        let cases: &[(&str, Option<&str>)] = &[
            ("96047", Some("96047")),
            ("123.0", Some("123")),
            ("123.000", Some("123")),
            ("1.23e2", Some("123")),
            ("1.2e3", Some("1200")),
            ("9007199254740993", Some("9007199254740993")),
            ("-1", Some("-1")),
            ("-0", Some("0")),
            ("0.0", Some("0")),
            ("1.5", None),
            ("1.234e2", None),
            ("1e-2", None),
            ("1e400", None),
        ];
        for (number, expected) in cases {
            assert_eq!(whole_digits(number).as_deref(), *expected, "{number}");
        }
    }

    #[test]
    fn only_numbers_beyond_numeric_become_strings() {
        let cases: &[(&str, Option<&str>)] = &[
            ("1e5", None),
            (r#""1e999999""#, None),
            ("1e999999", Some(r#""1e999999""#)),
            (
                r#"[1,-1e999999 ,"1e999999"]"#,
                Some(r#"[1,"-1e999999" ,"1e999999"]"#),
            ),
            (
                r#"{"1e999999":{"\"":2E+999999}}"#,
                Some(r#"{"1e999999":{"\"":"2E+999999"}}"#),
            ),
            (r#"{"a":[1,2.5,"white-375"]}"#, None),
        ];
        for (value, expected) in cases {
            assert_eq!(mended(value).as_deref(), *expected, "{value}");
        }
        let long = "7".repeat(140_000);
        assert_eq!(mended(&format!("[{long}]")), Some(format!("[\"{long}\"]")));
    }
}
