//! Whether a message is about somebody: for messages in quarantine, of which no event was ever made.
//!
//! An id counts where an attribute that holds such ids says exactly it, by the rules of ingestion, at whatever depth and
//! inside JSON in strings too; of text that is no JSON, where the attribute's name and the whole value stand beside each
//! other. An address counts wherever it stands, in whatever spelling, and so does its hash.

use std::borrow::Cow;

use memchr::memmem;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::email;
use super::mailbox::{Mailbox, find, replaced, spellings};
use super::privacy::hash_email;
use super::scalar::Key;
use super::value::text;
use crate::text::depth::string_end;
use crate::text::hash::hex;

/// How often JSON is taken out of a string.
const MAX_WRAPPINGS: usize = 4;

/// Who is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// Attributes that hold ids.
    pub attributes: &'w [String],
    pub ids: &'w [String],
    /// Hashes of addresses, in hex.
    pub hashes: &'w [String],
    /// The key they were made with.
    pub key: &'w [u8],
}

impl Wanted<'_> {
    /// Whether the message is about one of them.
    pub fn is_in(&self, message: &[u8]) -> bool {
        let message = String::from_utf8_lossy(message);
        let is_json = serde_json::from_str::<IgnoredAny>(&message).is_ok();
        self.has_hash(&message)
            || self.has_mailbox(&message)
            || self.is_in_strings(&message, 0)
            || !is_json && self.has_loose_id(&message)
    }

    /// The text with these people's addresses and hashes replaced; `None` where it has none.
    pub fn without(&self, text: &str, instead: &str) -> Option<String> {
        let mut text = Cow::Borrowed(text);
        let mut was_found = false;
        if !self.hashes.is_empty()
            && let Some(rest) =
                replaced(&text, |it| self.is_mailbox(it).then(|| instead.to_owned()))
        {
            text = rest.into();
            was_found = true;
        }
        for hash in self.hashes {
            if text.contains(hash.as_str()) {
                text = text.replace(hash.as_str(), instead).into();
                was_found = true;
            }
        }
        was_found.then(|| text.into_owned())
    }

    fn has_hash(&self, message: &str) -> bool {
        let has = |hash: &String| memmem::find(message.as_bytes(), hash.as_bytes()).is_some();
        self.hashes.iter().any(has)
    }

    fn has_mailbox(&self, message: &str) -> bool {
        !self.hashes.is_empty() && find(message).iter().any(|it| self.is_mailbox(it))
    }

    fn is_mailbox(&self, mailbox: &Mailbox) -> bool {
        mailbox.readings().iter().any(|it| self.is_address(it))
    }

    /// `address` is normalised.
    fn is_address(&self, address: &str) -> bool {
        self.hashes.contains(&hex(&hash_email(self.key, address)))
    }

    /// Looks at every string: names with the values beside them, addresses of any kind, JSON inside.
    fn is_in_strings(&self, json: &str, wrappings: usize) -> bool {
        let bytes = json.as_bytes();
        let mut at = 0;
        while let Some(quote) = bytes.get(at..).and_then(|rest| memchr::memchr(b'"', rest)) {
            let start = at + quote;
            let end = string_end(bytes, start + 1);
            at = end + 1;
            let Some(string) = json.get(start..=end).and_then(text) else {
                continue;
            };
            if string.contains('@')
                && let Some(address) = email::normalised(string.as_ref().into())
                && !self.hashes.is_empty()
                && spellings(&address).any(|it| self.is_address(&it))
            {
                return true;
            }
            let is_wanted = || self.attributes.iter().any(|name| *name == string);
            let after = json.get(end + 1..).unwrap_or_default().trim_start();
            if let Some(value) = after.strip_prefix(':').filter(|_| is_wanted())
                && self.is_value(value)
            {
                return true;
            }
            if wrappings < MAX_WRAPPINGS
                && string.trim_start().starts_with(['{', '[', '"'])
                && self.is_in_strings(&string, wrappings + 1)
            {
                return true;
            }
        }
        false
    }

    /// Whether the JSON value at the front is one of the ids.
    fn is_value(&self, json: &str) -> bool {
        let mut values = serde_json::Deserializer::from_str(json).into_iter::<&RawValue>();
        let Some(Ok(raw)) = values.next() else {
            return false;
        };
        // What was cut may have been longer.
        let is_whole = values.byte_offset() < json.len();
        match Key::of(raw.get()) {
            Key::Some(key) => is_whole && self.ids.iter().any(|id| *id == key),
            _ => false,
        }
    }

    /// `name`, signs, one whole id: in forms, in other notations than JSON, in what is left of a message that was cut.
    fn has_loose_id(&self, message: &str) -> bool {
        self.attributes.iter().any(|name| {
            memmem::find_iter(message.as_bytes(), name.as_bytes()).any(|at| {
                let is_whole = !message.get(..at).unwrap_or_default().ends_with(is_word);
                let rest = message.get(at + name.len()..).unwrap_or_default();
                let value = rest.trim_start_matches(is_sign);
                let signs = rest.get(..rest.len() - value.len()).unwrap_or_default();
                is_whole && (1..=16).contains(&signs.len()) && self.begins_with_id(value, signs)
            })
        })
    }

    /// Followed by what ends it, the quote that began it: what was cut may have been longer.
    fn begins_with_id(&self, text: &str, signs: &str) -> bool {
        let quote = signs.chars().next_back().filter(|c| "\"'".contains(*c));
        let is_end = |next: char| match quote {
            Some(quote) => next == quote || next == '\\',
            None => !is_word(next),
        };
        self.ids.iter().any(|id| {
            text.strip_prefix(id.as_str())
                .and_then(|rest| rest.chars().next())
                .is_some_and(is_end)
        })
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "_-.@+".contains(c)
}

fn is_sign(c: char) -> bool {
    c.is_whitespace() || "\"'\\:=>".contains(c)
}

#[cfg(test)]
mod tests {
    use super::Wanted;
    use crate::event::privacy::hash_email;
    use crate::text::hash::hex;

    fn is_in(message: &str, ids: &[&str], addresses: &[&str]) -> bool {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let hashes: Vec<String> = addresses
            .iter()
            .map(|address| hex(&hash_email(b"key", address)))
            .collect();
        let wanted = Wanted {
            attributes: &["user_id_db".to_owned()],
            ids: &ids,
            hashes: &hashes,
            key: b"key",
        };
        wanted.is_in(message.as_bytes())
    }

    #[test]
    fn an_id_counts_where_it_is_a_customer_s() {
        for (message, expected) in [
            (r#"{"user_id_db":"42"}"#, true),
            (r#"{"user_id_db":42}"#, true),
            (r#"{"user_id_db" : 42.0 }"#, true),
            (r#"{"user_id_db":" 42 "}"#, true),
            (r#"{"user\u005fid_db":"\u0034\u0032"}"#, true),
            (r#"{"user_id_db":42,"user_id_db":43}"#, true),
            (r#"[{"x":1},{"user_id_db":"42"}]"#, true),
            (r#"{"data":{"user_id_db":"42"}}"#, true),
            (r#""{\"user_id_db\":\"42\"}""#, true),
            (r#"{"x":"{\"y\":\"{\\\"user_id_db\\\":42}\"}"}"#, true),
            (r#"{"user_id_db":"421"}"#, false),
            (r#"{"user_id_db":"142"}"#, false),
            (r#"{"user_id_db":[42]}"#, false),
            (r#"{"user_id_db":"42 "#, false),
            (r#"{"product_id":"42","device_id":42,"price":42}"#, false),
            (r#"{"user_id_db":null,"x":"42"}"#, false),
            (r#"{"x":"user_id_db","y":"42"}"#, false),
            (r#"{"user_id_db":"42","x":"#, true),
            (r#"{"user_id_db":42,"x":"y"#, true),
            (r#"{"product_id":"42","user_id_db":"77"#, false),
            (r#"{"user_id_db":42"#, false),
            ("{'user_id_db': '42'}", true),
            ("user_id_db=42&product_id=1", true),
            ("old_user_id_db=42&product_id=1", false),
            ("user_id_db=42.5&x", false),
            ("user_id_db,42", false),
            ("42", false),
            ("", false),
        ] {
            assert_eq!(is_in(message, &["42"], &[]), expected, "{message}");
        }
    }

    #[test]
    fn an_address_counts_wherever_it_stands() {
        for message in [
            r#"{"email":"Anna.B@Example.com"}"#,
            r#"{"email":"anna.b\u0040example.com"}"#,
            r#"{"current_url":"https://x.de/?email=anna.b%40example.com"}"#,
            r#"{"x":{"y":["mailto:anna.b@example.com"]}}"#,
            r#"{"x":"{\"e\":\"anna.b\\u0040example.com\"}"}"#,
            r#"{"email":"anna.b@example.com"#,
            r#"{"x":"?q=to+anna.b%40example.com"}"#,
            "anna.b@example.com",
            "no json: ANNA.B%40example.com!",
        ] {
            assert!(is_in(message, &[], &["anna.b@example.com"]), "{message}");
        }
        for message in [
            r#"{"email":"joanna.b@example.com"}"#,
            r#"{"email":"anna.b@example.com.mx"}"#,
            r#"{"email":"anna.b@example.comx"}"#,
            r#"{"email":"b@example.com"}"#,
        ] {
            assert!(!is_in(message, &[], &["anna.b@example.com"]), "{message}");
        }
        assert!(is_in(
            r#"{"email":"j\u00fcrgen@example.com"}"#,
            &[],
            &["jürgen@example.com"]
        ));
        assert!(is_in(
            r#"{"email":"a=b@example.com"}"#,
            &[],
            &["a=b@example.com"]
        ));
        let hash = hex(&hash_email(b"key", "anna.b@example.com"));
        assert!(is_in(
            &format!(r#"{{"x":"{hash}"}}"#),
            &[],
            &["anna.b@example.com"]
        ));
    }

    #[test]
    fn addresses_are_taken_out_of_text() {
        let hashes = [hex(&hash_email(b"key", "anna.b@example.com"))];
        let wanted = Wanted {
            attributes: &[],
            ids: &[],
            hashes: &hashes,
            key: b"key",
        };
        let text = format!("u={}&v=anna.b%40example.com&w=c@d.de", hashes[0]);
        assert_eq!(
            wanted.without(&text, "-").as_deref(),
            Some("u=-&v=-&w=c@d.de")
        );
        assert_eq!(wanted.without("c@d.de", "-"), None);
    }
}
