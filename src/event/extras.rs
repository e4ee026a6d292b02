//! The JSON object of every attribute that has no column, built by copying what came.

use std::fmt::Write;

use super::code::{Code, Codes};
use super::number;

/// A JSON object under construction.
#[derive(Debug, Default)]
pub struct Extras {
    object: String,
    /// What had to be mended on the way.
    pub flags: Codes,
}

impl Extras {
    /// `key` needs no escapes: it was written without any.
    pub fn keep_plain(&mut self, key: &str, raw: &str) {
        self.begin();
        self.object.push('"');
        self.object.push_str(key);
        self.object.push('"');
        self.value(raw);
    }

    /// `key` may hold anything.
    pub fn keep(&mut self, key: &str, raw: &str) {
        self.begin();
        self.object.push('"');
        for c in key.chars() {
            match c {
                '"' | '\\' => self.object.extend(['\\', c]),
                '\0'..='\x1f' => drop(write!(self.object, "\\u{:04x}", u32::from(c))),
                _ => self.object.push(c),
            }
        }
        self.object.push('"');
        self.value(raw);
    }

    pub fn finish(mut self) -> Option<String> {
        if self.object.is_empty() {
            return None;
        }
        self.object.push('}');
        Some(self.object)
    }

    fn begin(&mut self) {
        if self.object.is_empty() {
            self.object.reserve(512);
            self.object.push('{');
        } else {
            self.object.push(',');
        }
    }

    fn value(&mut self, raw: &str) {
        self.object.push(':');
        match number::mended(raw) {
            None => self.object.push_str(raw),
            Some(mended) => {
                self.flags.insert(Code::NumberMended);
                self.object.push_str(&mended);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Extras;
    use crate::event::code::Code;

    #[test]
    fn nothing_kept_is_no_object() {
        assert_eq!(Extras::default().finish(), None);
    }

    #[test]
    fn values_are_copied_and_keys_escaped() {
        let mut extras = Extras::default();
        extras.keep_plain("a", "[1, 2]");
        extras.keep("b\"\\\n\u{1f}é", "\"x\"");
        extras.keep_plain("n", "1e999999");
        assert!(extras.flags.contains(Code::NumberMended));
        let object = extras.finish().unwrap_or_default();
        assert_eq!(
            object,
            r#"{"a":[1, 2],"b\"\\\u000a\u001fé":"x","n":"1e999999"}"#
        );
        let parsed: serde_json::Value = serde_json::from_str(&object).unwrap_or_default();
        assert_eq!(parsed["b\"\\\n\u{1f}é"], "x");
    }
}
