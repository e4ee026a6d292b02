//! Microdata, in the shape of JSON-LD: an item is an object with `@type`, a property with several values an array.

use serde_json::{Map, Value, json};

use super::offer::SHOWN;
use crate::crawl::markup::{Document, Node};

/// Items within items beyond this depth are left out.
const MAX_DEPTH: usize = 16;
/// What marks a price as struck, so many elements up.
const STRUCK: [&str; 3] = ["del", "s", "strike"];
const MAX_ABOVE: usize = 4;
/// Items beyond this number are left out.
const MAX_ITEMS: usize = 2_000;

/// The items that are no other's property, in the page's order.
pub fn things(document: &Document) -> Vec<Value> {
    let mut budget = MAX_ITEMS;
    let mut things = Vec::new();
    for (at, node) in document.nodes.iter().enumerate() {
        if node.attribute("itemscope").is_some() && node.attribute("itemprop").is_none() {
            things.extend(item(document, at, 0, &mut budget));
        }
    }
    things
}

fn item(document: &Document, at: usize, depth: usize, budget: &mut usize) -> Option<Value> {
    if depth > MAX_DEPTH || *budget == 0 {
        return None;
    }
    *budget -= 1;
    let node = document.nodes.get(at)?;
    let mut object = Map::new();
    let types: Vec<Value> = node
        .attribute("itemtype")
        .unwrap_or_default()
        .split_whitespace()
        .map(Value::from)
        .collect();
    object.insert("@type".to_owned(), Value::Array(types));
    if let Some(id) = node.attribute("itemid") {
        object.insert("@id".to_owned(), id.into());
    }
    properties(document, document.within(at), &mut object, depth, budget);
    for id in node
        .attribute("itemref")
        .unwrap_or_default()
        .split_whitespace()
    {
        let referred = document
            .nodes
            .iter()
            .position(|node| node.attribute("id") == Some(id));
        if let Some(place) =
            referred.filter(|place| !(*place..document.within(*place).end).contains(&at))
        {
            properties(
                document,
                place..document.within(place).end,
                &mut object,
                depth,
                budget,
            );
        }
    }
    Some(Value::Object(object))
}

/// The properties among these nodes; those of items within are theirs.
fn properties(
    document: &Document,
    range: std::ops::Range<usize>,
    object: &mut Map<String, Value>,
    depth: usize,
    budget: &mut usize,
) {
    let mut at = range.start;
    while at < range.end {
        let Some(node) = document.nodes.get(at) else {
            return;
        };
        let is_item = node.attribute("itemscope").is_some();
        if let Some(names) = node.attribute("itemprop") {
            let value = if is_item {
                item(document, at, depth + 1, budget)
            } else {
                value(document, at, node)
            };
            for name in names.split_whitespace() {
                let name = name.rsplit('/').next().unwrap_or_default();
                let is_price = matches!(name, "price" | "lowPrice" | "minPrice");
                let value = value
                    .as_ref()
                    .filter(|_| !(is_price && is_struck(document, at)));
                match value {
                    Some(Value::Object(shown)) if !is_item && !is_price => add(
                        object,
                        name,
                        shown.get("@value").cloned().unwrap_or_default(),
                    ),
                    Some(value) => add(object, name, value.clone()),
                    None => {}
                }
            }
        }
        at = if is_item {
            node.end.max(at + 1)
        } else {
            at + 1
        };
    }
}

fn add(object: &mut Map<String, Value>, name: &str, value: Value) {
    match object.get_mut(name) {
        None => {
            object.insert(name.to_owned(), value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => {
            let before = first.take();
            *first = Value::Array(vec![before, value]);
        }
    }
}

/// Whether the page strikes an element through.
fn is_struck(document: &Document, at: usize) -> bool {
    let above = std::iter::successors(document.nodes.get(at), |node| {
        document.nodes.get(node.parent?)
    });
    above
        .take(MAX_ABOVE)
        .any(|node| STRUCK.contains(&node.name.as_str()))
}

/// What a property's element says: in an attribute made for it; else in its text, which is marked as shown to readers if
/// it is more than figures.
fn value(document: &Document, at: usize, node: &Node) -> Option<Value> {
    let attribute = match node.name.as_str() {
        "a" | "area" | "link" => node.attribute("href"),
        "img" | "audio" | "embed" | "iframe" | "source" | "track" | "video" => {
            node.attribute("src")
        }
        "object" => node.attribute("data"),
        "data" | "meter" => node.attribute("value"),
        "time" => node.attribute("datetime"),
        _ => None,
    };
    if let Some(said) = node.attribute("content").or(attribute) {
        return (!said.trim().is_empty()).then(|| said.into());
    }
    let text = document.text(at);
    let is_figures = text
        .trim()
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    match text.trim().is_empty() {
        true => None,
        false if is_figures => Some(text.into()),
        false => Some(json!({"@type": SHOWN, "@value": text})),
    }
}
