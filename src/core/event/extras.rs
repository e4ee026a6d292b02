//! The JSON object of every attribute that has no column, written once from what came.

use std::borrow::Cow;
use std::fmt::Write;

use super::code::{Code, Codes};
use super::number;

/// Attributes on their way into a JSON object, borrowed from the payload.
#[derive(Debug, Default)]
pub struct Extras<'a> {
    kept: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Extras<'a> {
    /// A borrowed name was written without escapes, and needs none; an owned one may hold anything. `raw` is JSON.
    pub fn keep(&mut self, name: impl Into<Cow<'a, str>>, raw: impl Into<Cow<'a, str>>) {
        if self.kept.is_empty() {
            self.kept.reserve(24);
        }
        self.kept.push((name.into(), raw.into()));
    }

    /// The object, if anything was kept, and what had to be mended. Names are sorted as jsonb stores them, shorter ones
    /// first, which saves the server the sorting. Of equal names the last one wins.
    pub fn finish(mut self) -> (Option<String>, Codes) {
        let mut flags = Codes::EMPTY;
        if self.kept.is_empty() {
            return (None, flags);
        }
        self.kept
            .sort_by(|(a, _), (b, _)| (a.len(), a.as_bytes()).cmp(&(b.len(), b.as_bytes())));
        let bytes = self
            .kept
            .iter()
            .map(|(name, raw)| name.len() + raw.len() + 4);
        let mut object = String::with_capacity(bytes.sum::<usize>() + 1);
        for (place, (name, raw)) in self.kept.into_iter().enumerate() {
            object.push(if place == 0 { '{' } else { ',' });
            push_name(&mut object, name);
            object.push(':');
            match number::mended(&raw) {
                None => object.push_str(&raw),
                Some(mended) => {
                    flags.insert(Code::NumberMended);
                    object.push_str(&mended);
                }
            }
        }
        object.push('}');
        (Some(object), flags)
    }
}

fn push_name(object: &mut String, name: Cow<'_, str>) {
    object.push('"');
    match name {
        Cow::Borrowed(plain) => object.push_str(plain),
        Cow::Owned(name) => {
            for c in name.chars() {
                match c {
                    '"' | '\\' => object.extend(['\\', c]),
                    '\0'..='\x1f' => drop(write!(object, "\\u{:04x}", u32::from(c))),
                    _ => object.push(c),
                }
            }
        }
    }
    object.push('"');
}

#[cfg(test)]
mod tests {
    use super::Extras;
    use crate::event::code::{Code, Codes};

    #[test]
    fn nothing_kept_is_no_object() {
        assert_eq!(Extras::default().finish(), (None, Codes::EMPTY));
    }

    #[test]
    fn values_are_copied_and_keys_escaped() {
        let mut extras = Extras::default();
        extras.keep("a", "[1, 2]");
        extras.keep("b\"\\\n\u{1f}é".to_owned(), "\"x\"");
        extras.keep("n", "1e999999");
        let (object, flags) = extras.finish();
        assert!(flags.contains(Code::NumberMended));
        let object = object.unwrap_or_default();
        assert_eq!(
            object,
            r#"{"a":[1, 2],"n":"1e999999","b\"\\\u000a\u001fé":"x"}"#
        );
        let parsed: serde_json::Value = serde_json::from_str(&object).unwrap_or_default();
        assert_eq!(parsed["b\"\\\n\u{1f}é"], "x");
    }

    #[test]
    fn names_stand_as_jsonb_stores_them() {
        let mut extras = Extras::default();
        for (name, raw) in [("zz", "1"), ("b", "2"), ("é", "3"), ("b", "4"), ("a", "5")] {
            extras.keep(name, raw);
        }
        assert_eq!(
            extras.finish().0.as_deref(),
            Some(r#"{"a":5,"b":2,"b":4,"zz":1,"é":3}"#)
        );
    }
}
