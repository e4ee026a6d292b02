//! The product options that a shopper chose, in the shapes they arrive in: array, object, nothing, or JSON in a string.

use serde::de::IgnoredAny;

use super::code::Code;
use super::value::text;
use crate::text::depth;
use crate::text::mend;

/// What `option` holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Shape {
    /// An array or nothing: fine as it is.
    AsItCame,
    /// An object: fine as it is, but not what is documented.
    Object,
    /// JSON that was written into a string, taken out of it; mended text says so.
    Unwrapped { json: String, was_mended: bool },
    /// Kept as it came; selects nothing.
    Malformed,
}

impl Shape {
    /// `raw` is one well-formed JSON value without surrounding space.
    pub fn of(raw: &str, max_depth: usize) -> Shape {
        match raw.as_bytes().first() {
            Some(b'[' | b'n') => Shape::AsItCame,
            Some(b'{') => Shape::Object,
            Some(b'"') => {
                text(raw).map_or(Shape::Malformed, |inner| unwrapped(inner.trim(), max_depth))
            }
            _ => Shape::Malformed,
        }
    }

    /// The finding, if the shape is one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Shape::AsItCame => None,
            Shape::Object | Shape::Unwrapped { .. } => Some(Code::OptionCoerced),
            Shape::Malformed => Some(Code::OptionMalformed),
        }
    }
}

fn unwrapped(inner: &str, max_depth: usize) -> Shape {
    if inner.is_empty() {
        return Shape::AsItCame;
    }
    let mended = mend::mended(inner);
    let was_mended = mended.is_some();
    let json = mended.unwrap_or_else(|| inner.to_owned());
    // It comes to lie one level deeper than it stands.
    let is_option = json.starts_with(['[', '{', 'n'])
        && !depth::exceeds(json.as_bytes(), max_depth.saturating_sub(1))
        && serde_json::from_str::<IgnoredAny>(&json).is_ok();
    if is_option {
        Shape::Unwrapped { json, was_mended }
    } else {
        Shape::Malformed
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;

    #[test]
    fn every_shape_is_told_from_the_others() {
        let unwrapped = |json: &str, was_mended| Shape::Unwrapped {
            json: json.to_owned(),
            was_mended,
        };
        let cases = [
            ("[]", Shape::AsItCame),
            (r#"[{"option_label":"alloy"}]"#, Shape::AsItCame),
            ("null", Shape::AsItCame),
            (r#""""#, Shape::AsItCame),
            (r#""  ""#, Shape::AsItCame),
            (r#"{"alloy":""}"#, Shape::Object),
            (
                r#""[{\"option_id\":1}]""#,
                unwrapped(r#"[{"option_id":1}]"#, false),
            ),
            (
                r#"" {\"alloy\":\"\"} ""#,
                unwrapped(r#"{"alloy":""}"#, false),
            ),
            (r#""null""#, unwrapped("null", false)),
            (r#""[\"a\\u0000\"]""#, unwrapped(r#"["a"]"#, true)),
            (r#""[[[[]]]]""#, Shape::Malformed),
            (r#""[{\"option_id\":1}""#, Shape::Malformed),
            (r#""alloy""#, Shape::Malformed),
            (r#""nothing""#, Shape::Malformed),
            (r#""5""#, Shape::Malformed),
            ("5", Shape::Malformed),
            ("true", Shape::Malformed),
            ("false", Shape::Malformed),
        ];
        for (raw, expected) in cases {
            assert_eq!(Shape::of(raw, 4), expected, "{raw}");
        }
    }
}
