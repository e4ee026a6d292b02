//! Values that people and programs wrote into links: trimmed, short, and only if they say something.

use std::borrow::Cow;

/// Longest value that is kept, in bytes.
pub const MAX_BYTES: usize = 255;

/// The value as written, `None` where it says nothing.
pub fn written(value: &str) -> Option<String> {
    said(value).map(|value| cut(value.into_owned()))
}

/// The value in lower case.
pub fn token(value: &str) -> Option<String> {
    said(value).map(|value| cut(value.to_lowercase()))
}

/// The trimmed value. What a page's script writes for a variable without a value is as good as blank, and so is GA4's name for that.
pub fn said(value: &str) -> Option<Cow<'_, str>> {
    const NOTHING: [&str; 9] = [
        "",
        "false",
        "null",
        "undefined",
        "(not set)",
        "nan",
        "nil",
        "[object object]",
        "(null)",
    ];
    let value = value.trim_matches(is_blank);
    if NOTHING
        .iter()
        .any(|nothing| value.eq_ignore_ascii_case(nothing))
    {
        None
    } else if value.contains(char::is_control) {
        Some(value.replace(char::is_control, " ").into())
    } else {
        Some(value.into())
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

fn cut(mut value: String) -> String {
    value.truncate(value.floor_char_boundary(MAX_BYTES));
    value.truncate(value.trim_end().len());
    value
}

#[cfg(test)]
mod tests {
    use super::{token, written};

    #[test]
    fn what_says_nothing_is_absent() {
        for value in [
            "",
            " ",
            "\u{a0}\0\n",
            "false",
            "NULL",
            " undefined ",
            "(Not Set)",
            "NaN",
            "[object Object]",
        ] {
            assert_eq!(written(value), None, "{value:?}");
            assert_eq!(token(value), None, "{value:?}");
        }
    }

    #[test]
    fn values_are_trimmed_clean_and_short() {
        let long = "é".repeat(200);
        let gap = format!("{} b", "a".repeat(254));
        for (value, expected) in [
            (" Spring Sale\t", "Spring Sale"),
            ("a\0b\nc\u{85}d", "a b c d"),
            ("falsehood", "falsehood"),
            (&*long, &*"é".repeat(127)),
            (&*gap, &*"a".repeat(254)),
        ] {
            assert_eq!(written(value).as_deref(), Some(expected));
            assert_eq!(token(value), Some(expected.to_lowercase()));
        }
    }
}
