//! Values that people and programs wrote into links: trimmed, short, and only if they say something.

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

/// What a page's script writes for a variable without a value is as good as blank, and so is GA4's name for that.
fn said(value: &str) -> Option<std::borrow::Cow<'_, str>> {
    const NOTHING: [&str; 5] = ["", "false", "null", "undefined", "(not set)"];
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
