//! JSON-LD: every object in the page's scripts, those in arrays and graphs too, and what their @id refers to.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::json_mend;
use crate::crawl::markup::Document;

/// Objects beyond this number are left out.
const MAX_THINGS: usize = 2_000;
/// References beyond this number stay references, and so do those to larger things: copies would fill the memory.
const MAX_REFERENCES: usize = 200;
const MAX_REFERRED_BYTES: usize = 64 * 1024;

/// The objects that stand at the top, in the page's order; references within them are replaced by what they mean.
pub fn things(document: &Document) -> Vec<Value> {
    let mut things = Vec::new();
    for (at, script) in document.elements("script") {
        let media = script.attribute("type").unwrap_or_default();
        if media
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case("application/ld+json")
            && let Some(value) = json_mend::parse(&document.source(at))
        {
            collect(value, &mut things);
        }
    }
    resolve(things)
}

/// Arrays and graphs, however they are put into each other.
fn collect(value: Value, things: &mut Vec<Value>) {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items.into_iter().rev()),
            Value::Object(mut object) if things.len() < MAX_THINGS => {
                let graph = object.remove("@graph");
                if object.keys().any(|key| key != "@context" && key != "@id") {
                    things.push(Value::Object(object));
                }
                waiting.extend(graph);
            }
            _ => {}
        }
    }
}

/// One level of references: enough for the offers, brand and images that graphs set apart, and no circle.
fn resolve(mut things: Vec<Value>) -> Vec<Value> {
    let known: HashMap<String, Value> = things
        .iter()
        .filter_map(|thing| {
            let id = thing.get("@id")?.as_str()?;
            (thing.to_string().len() <= MAX_REFERRED_BYTES).then(|| (id.to_owned(), thing.clone()))
        })
        .collect();
    let mut budget = MAX_REFERENCES;
    if !known.is_empty() {
        for object in things.iter_mut().filter_map(Value::as_object_mut) {
            for value in object.values_mut() {
                match value {
                    Value::Array(items) => items
                        .iter_mut()
                        .for_each(|item| refer(item, &known, &mut budget)),
                    value => refer(value, &known, &mut budget),
                }
            }
        }
    }
    things
}

fn refer(value: &mut Value, known: &HashMap<String, Value>, budget: &mut usize) {
    if let Some(object) = value
        .as_object()
        .filter(|object| *budget > 0 && is_reference(object))
        && let Some(meant) = object
            .get("@id")
            .and_then(Value::as_str)
            .and_then(|id| known.get(id))
    {
        *budget -= 1;
        *value = meant.clone();
    }
}

fn is_reference(object: &Map<String, Value>) -> bool {
    object.len() == 1 && object.contains_key("@id")
}
