//! Nodes of JSON-LD, and of microdata in its shape: one value or several, texts, types.

use serde_json::{Number, Value};

/// A value, or each of an array.
pub fn all(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let (one, many) = match value {
        Some(Value::Array(items)) => (None, items.as_slice()),
        other => (other, [].as_slice()),
    };
    one.into_iter().chain(many)
}

/// A text, number, or the name of a thing; of several the first.
pub fn string(value: Option<&Value>) -> Option<String> {
    let is_said = |text: &str| !text.trim().is_empty();
    match value? {
        Value::String(text) => Some(text.clone()).filter(|text| is_said(text)),
        Value::Number(number) => Some(Number::to_string(number)),
        Value::Array(items) => items.iter().find_map(|item| match item {
            // An array of arrays says nothing more, and would be a way to nest without end.
            Value::Array(_) => None,
            item => string(Some(item)),
        }),
        Value::Object(thing) => {
            ["@value", "name", "value"]
                .iter()
                .find_map(|key| match thing.get(*key)? {
                    Value::String(text) => Some(text.clone()).filter(|text| is_said(text)),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                })
        }
        _ => None,
    }
}

pub fn is_a(thing: &Value, types: &[&str]) -> bool {
    all(thing.get("@type"))
        .filter_map(Value::as_str)
        .filter_map(|name| name.rsplit(['/', '#', ':']).next())
        .any(|name| types.contains(&name))
}
