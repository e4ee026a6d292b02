//! The entries of an option, in whichever shape they came: a list, one alone, by index, or as name and value.

use std::borrow::Cow;

use super::MAX_CHOICES;
use super::node::Node;

type Text<'a> = Cow<'a, str>;
type Members<'a> = Vec<(Text<'a>, Node<'a>)>;

/// What one entry says; a blank text says nothing.
#[derive(Debug, Default)]
pub struct Entry<'a> {
    pub label: Text<'a>,
    pub option_id: Text<'a>,
    pub value: Text<'a>,
    pub value_id: Text<'a>,
    pub quality: Text<'a>,
    pub quality_label: Text<'a>,
}

pub fn entries(tree: Node<'_>) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    collect(tree, &mut entries);
    entries
}

/// A list may hold lists; texts outside of objects have no name and say nothing.
fn collect<'a>(node: Node<'a>, entries: &mut Vec<Entry<'a>>) {
    match node {
        Node::List(nodes) => {
            for node in nodes {
                collect(node, entries);
            }
        }
        Node::Object(members) if is_entry(&members) => push(entry("".into(), members), entries),
        Node::Object(members) => {
            for (name, node) in members {
                named(&name, node, entries);
            }
        }
        Node::Text(_) | Node::Nothing => {}
    }
}

/// `quality` alone may also be the name of an option.
fn is_entry(members: &Members<'_>) -> bool {
    members.iter().any(|(name, _)| {
        matches!(
            Field::of(name),
            Some(Field::Label | Field::OptionId | Field::Value | Field::ValueId)
        )
    })
}

/// One member of an object that is no entry itself: `"alloy":""`, `"alloy":{…}`, `"stone2":["…","…"]` or `"0":{…}`.
fn named<'a>(name: &Text<'a>, node: Node<'a>, entries: &mut Vec<Entry<'a>>) {
    let is_index = (1..=4).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_digit());
    match node {
        // A long name must not be copied for every node of a long list.
        _ if entries.len() >= MAX_CHOICES => {}
        Node::List(nodes) => {
            for node in nodes {
                named(name, node, entries);
            }
        }
        node @ Node::Object(_) if is_index => collect(node, entries),
        Node::Object(members) => push(entry(name.clone(), members), entries),
        Node::Text(value) => push(
            Entry {
                label: name.clone(),
                value,
                ..Entry::default()
            },
            entries,
        ),
        Node::Nothing => push(entry(name.clone(), Members::new()), entries),
    }
}

fn push<'a>(entry: Entry<'a>, entries: &mut Vec<Entry<'a>>) {
    if entries.len() < MAX_CHOICES {
        entries.push(entry);
    }
}

/// The entry that an object is; `label` is what it is called where it does not say itself.
fn entry<'a>(label: Text<'a>, members: Members<'a>) -> Entry<'a> {
    let mut entry = Entry::default();
    let (mut plain_value, mut plain_id) = (Text::default(), Text::default());
    for (name, node) in members {
        let Node::Text(text) = node else { continue };
        match Field::of(&name) {
            Some(Field::Label) => entry.label = text,
            Some(Field::OptionId) => entry.option_id = text,
            Some(Field::Value) => entry.value = text,
            Some(Field::ValueId) => entry.value_id = text,
            Some(Field::Quality) => entry.quality = text,
            Some(Field::QualityLabel) => entry.quality_label = text,
            None if is(&name, "value") || is(&name, "label") => plain_value = text,
            None if is(&name, "id") => plain_id = text,
            None => {}
        }
    }
    for (field, instead) in [
        (&mut entry.label, label),
        (&mut entry.value, plain_value),
        (&mut entry.value_id, plain_id),
    ] {
        if field.is_empty() {
            *field = instead;
        }
    }
    entry
}

enum Field {
    Label,
    OptionId,
    Value,
    ValueId,
    Quality,
    QualityLabel,
}

impl Field {
    fn of(name: &str) -> Option<Field> {
        let (expected, field) = match name.len() {
            12 => ("option_label", Field::Label),
            9 => ("option_id", Field::OptionId),
            11 => ("value_label", Field::Value),
            8 => ("value_id", Field::ValueId),
            7 => ("quality", Field::Quality),
            13 => ("quality_label", Field::QualityLabel),
            _ => return None,
        };
        (name == expected || is(name, expected)).then_some(field)
    }
}

fn is(name: &str, expected: &str) -> bool {
    name.eq_ignore_ascii_case(expected)
}
