//! What a scalar attribute can hold, and texts of JSON.

use std::borrow::Cow;

use memchr::memchr;

/// What a scalar attribute holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`, `false` and blank strings say nothing.
    Absent,
    Text(Cow<'a, str>),
    Number(&'a str),
    /// Microseconds since the Unix epoch, where the message itself says that it is a time.
    Time(i64),
    /// `true`, an array or an object.
    Other,
}

impl<'a> Value<'a> {
    /// A JSON string.
    pub fn of_string(raw: &'a str) -> Value<'a> {
        match text(raw) {
            Some(text) if begins_plainly(&text) || !text.trim().is_empty() => Value::Text(text),
            Some(_) => Value::Absent,
            None => Value::Other,
        }
    }
}

/// The text of a JSON string, borrowed unless it has escapes.
pub fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    match memchr(b'\\', inner.as_bytes()) {
        None => Some(Cow::Borrowed(inner)),
        Some(_) => serde_json::from_str(raw).ok().map(Cow::Owned),
    }
}

/// Whether a glance tells that there is something and no space before it.
fn begins_plainly(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_graphic)
}

pub fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    let ends_plainly = text.as_bytes().last().is_some_and(u8::is_ascii_graphic);
    match text {
        text if ends_plainly && begins_plainly(&text) => text,
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// At most `limit` bytes of the text, cut between characters; says whether it was cut.
pub fn cut(text: Cow<'_, str>, limit: usize) -> (Cow<'_, str>, bool) {
    if text.len() <= limit {
        return (text, false);
    }
    let end = text.floor_char_boundary(limit);
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..end).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    };
    (text, true)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{cut, text};

    #[test]
    fn text_borrows_unless_it_has_escapes() {
        assert!(matches!(text(r#""a b""#), Some(Cow::Borrowed("a b"))));
        assert!(matches!(text(r#""a\/b""#), Some(Cow::Owned(text)) if text == "a/b"));
        assert_eq!(text("12"), None);
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut(Cow::Borrowed("abc"), 3), (Cow::Borrowed("abc"), false));
        assert_eq!(cut(Cow::Borrowed("aé"), 2), (Cow::Borrowed("a"), true));
        assert_eq!(
            cut(Cow::Owned("éé".to_owned()), 3),
            (Cow::Borrowed("é"), true)
        );
    }
}
