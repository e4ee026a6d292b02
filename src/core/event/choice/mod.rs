//! The options that a shopper chose, one by one: whatever shape they came in, and with the page's URL where they are blank.
//!
//! # Layout
//! - [`node`]       JSON -> a small tree, borrowed; [`entry`] finds the entries in it, in all their shapes
//! - [`label`]      which part of the jewel an entry is about, however its label is spelt
//! - [`url_value`]  what the page's URL says where an entry is blank
//! - [`combination`]  the choices that make a jewel, independent of their order
//! - [`alloy`], [`stone`]  what a value says of metal and stones; [`word`] and [`colour`] help them across languages

pub mod alloy;
mod colour;
pub mod combination;
mod entry;
pub mod label;
mod node;
pub mod stone;
mod url_value;
mod word;

use std::borrow::Cow;

pub use combination::{canonical, combination};
pub use label::Role;

use self::entry::Entry;
use self::label::Label;
use self::node::Node;
use super::code::{Code, Codes};
use super::value::text;
use crate::text::mend;

/// More entries than this no jewel has; the rest is left out.
pub const MAX_CHOICES: usize = 64;
/// Longest value, in bytes; a longer one is cut between characters.
pub const MAX_VALUE_BYTES: usize = 255;
/// Longest label and quality, likewise cut, and longest id, which is none when it is longer.
pub const MAX_LABEL_BYTES: usize = 64;
/// How often JSON is taken out of a string.
const MAX_WRAPPINGS: usize = 4;

/// One option and the value chosen for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub role: Role,
    /// The canonical label of a part of the jewel; of anything else the label itself, trimmed and in lower case.
    pub label: String,
    pub option_id: Option<String>,
    pub value_id: Option<String>,
    /// As written, trimmed; never blank.
    pub value: String,
    /// What a person reads of the quality, else its code.
    pub quality: Option<String>,
    /// The value stood in the page's URL, not in the entry.
    pub from_url: bool,
}

/// All choices in the order of their entries, and what was odd about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    pub choices: Vec<Choice>,
    pub codes: Codes,
}

/// `raw` is the JSON of the attribute, `current_url` the page. An entry without a value anywhere is no choice.
pub fn expand(raw: Option<&str>, current_url: Option<&str>) -> Expanded {
    let mut codes = Codes::EMPTY;
    let choices = raw.map_or_else(Vec::new, |raw| {
        read(raw, 0, current_url.unwrap_or_default(), &mut codes)
    });
    Expanded { choices, codes }
}

/// Goes `wrappings` deep into strings that hold JSON.
fn read(raw: &str, wrappings: usize, url: &str, codes: &mut Codes) -> Vec<Choice> {
    let raw = raw.trim();
    let inner = match raw.as_bytes().first() {
        None if wrappings > 0 => return Vec::new(),
        Some(b'[' | b'{' | b'n') => None,
        Some(b'"') if wrappings < MAX_WRAPPINGS => text(raw),
        _ => return malformed(codes),
    };
    if let Some(inner) = inner {
        if !inner.trim().is_empty() {
            codes.insert(Code::OptionCoerced);
        }
        let mended = mend::mended(&inner);
        if mended.is_some() {
            codes.insert(Code::TextMended);
        }
        let inner = mended.map_or(inner, Cow::Owned);
        return read(&inner, wrappings + 1, url, codes);
    }
    let Some(tree) = Node::parse(raw) else {
        return malformed(codes);
    };
    if matches!(tree, Node::Object(_)) {
        codes.insert(Code::OptionCoerced);
    }
    choices(entry::entries(tree), url)
}

fn malformed(codes: &mut Codes) -> Vec<Choice> {
    *codes = Codes::of(Code::OptionMalformed);
    Vec::new()
}

fn choices(entries: Vec<Entry<'_>>, url: &str) -> Vec<Choice> {
    let mut from_url = Vec::new();
    if entries.iter().any(|entry| entry.value.trim().is_empty()) {
        let labels: Vec<Label<'_>> = entries
            .iter()
            .map(|entry| Label::of(&entry.label))
            .collect();
        from_url = url_value::values(url, &labels);
    }
    let mut choices = Vec::with_capacity(entries.len());
    for (place, entry) in entries.iter().enumerate() {
        let written = fitting(&entry.value, MAX_VALUE_BYTES);
        let is_written = !written.is_empty();
        let value = match from_url.get(place) {
            Some(Some(value)) if !is_written => fitting(value, MAX_VALUE_BYTES),
            _ => written,
        };
        if value.is_empty() {
            continue;
        }
        let label = Label::of(&entry.label);
        let mut quality = fitting(&entry.quality_label, MAX_LABEL_BYTES);
        if quality.is_empty() {
            quality = fitting(&entry.quality, MAX_LABEL_BYTES);
        }
        choices.push(Choice {
            role: label.role,
            label: label.canonical(),
            option_id: id(&entry.option_id),
            value_id: id(&entry.value_id),
            value: value.to_owned(),
            quality: (!quality.is_empty()).then(|| quality.to_owned()),
            from_url: !is_written,
        });
    }
    choices
}

/// Trimmed, and at most `limit` bytes long.
fn fitting(text: &str, limit: usize) -> &str {
    let text = text.trim();
    if text.len() <= limit {
        return text;
    }
    let end = text.floor_char_boundary(limit);
    text.get(..end).unwrap_or_default().trim_end()
}

/// A part of an id would be another id.
fn id(text: &str) -> Option<String> {
    let id = text.trim();
    (1..=MAX_LABEL_BYTES)
        .contains(&id.len())
        .then(|| id.to_owned())
}

#[cfg(test)]
mod tests;
