//! JSON-LD: every object in the page's scripts, those in arrays and graphs too, and what their @id refers to.
//!
//! Enough of the format to read what shops write, not all of it: names of schema.org lose their prefixes, aliases of
//! `@id` and `@type` are read, and a thing that is described in several places, in other scripts too, is one. No context
//! is ever fetched.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::json_mend;
use super::place::Place;
use crate::crawl::markup::Document;

/// Objects beyond this number are left out.
const MAX_THINGS: usize = 2_000;
/// References beyond this number stay references, and so do those to larger things: copies would fill the memory.
const MAX_REFERENCES: usize = 200;
const MAX_REFERRED_BYTES: usize = 64 * 1024;
/// All that references may refer to.
const MAX_KNOWN_BYTES: usize = 4 << 20;
/// References within what is referred to are followed so far: group, variant, offer, price.
const MAX_HOPS: usize = 4;
/// Ways to begin a name of schema.org.
const VOCABULARY: [&str; 5] = [
    "http://schema.org/",
    "https://schema.org/",
    "http://www.schema.org/",
    "https://www.schema.org/",
    "schema:",
];

/// The objects that stand at the top, in the page's order; references within them are replaced by what they mean.
pub fn things(document: &Document, place: &Place) -> Vec<Value> {
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
    resolve(things, place)
}

/// Arrays and graphs, however they are put into each other.
fn collect(value: Value, things: &mut Vec<Value>) {
    let mut waiting = vec![(value, Names::default())];
    while let Some((value, names)) = waiting.pop() {
        match value {
            Value::Array(items) => {
                let items = items.into_iter().rev();
                waiting.extend(items.map(|item| (item, names.clone())));
            }
            Value::Object(object) if things.len() < MAX_THINGS => {
                let names = names.within(object.get("@context"));
                // What stands in graphs has its turn, and its own context perhaps.
                let (inner, object): (Map<_, _>, Map<_, _>) = object
                    .into_iter()
                    .partition(|(key, _)| matches!(names.of(key), "@graph" | "@included"));
                if object
                    .keys()
                    .any(|key| !matches!(names.of(key), "@context" | "@id"))
                {
                    things.push(names.plain(Value::Object(object)));
                }
                let inner = inner.into_iter().map(|(_, inner)| inner);
                waiting.extend(inner.map(|inner| (inner, names.clone())));
            }
            _ => {}
        }
    }
}

/// What a context says about names: prefixes of schema.org, and aliases of keywords.
#[derive(Clone, Default)]
struct Names {
    prefixes: Vec<String>,
    aliases: Vec<(String, String)>,
}

impl Names {
    /// As these, with what a context adds.
    fn within(mut self, context: Option<&Value>) -> Names {
        let contexts = match context {
            Some(Value::Array(contexts)) => contexts.as_slice(),
            Some(context) => std::slice::from_ref(context),
            None => &[],
        };
        for (name, meant) in contexts.iter().filter_map(Value::as_object).flatten() {
            let meant = meant
                .as_str()
                .or_else(|| meant.get("@id").and_then(Value::as_str));
            let Some(meant) = meant.filter(|_| self.prefixes.len() + self.aliases.len() < 16)
            else {
                continue;
            };
            if VOCABULARY.contains(&meant) {
                self.prefixes.push(format!("{name}:"));
            } else if matches!(meant, "@id" | "@type" | "@graph" | "@value") {
                self.aliases.push((name.clone(), meant.to_owned()));
            }
        }
        self
    }

    fn of<'a>(&'a self, key: &'a str) -> &'a str {
        if let Some((_, meant)) = self.aliases.iter().find(|(name, _)| name == key) {
            return meant;
        }
        let prefixes = self.prefixes.iter().map(String::as_str);
        let bare = prefixes
            .chain(VOCABULARY)
            .find_map(|prefix| key.strip_prefix(prefix));
        bare.filter(|bare| !bare.is_empty()).unwrap_or(key)
    }

    /// A value whose names are schema.org's, without any prefix; lists and sets are arrays. No deeper than JSON that was
    /// read at all.
    fn plain(&self, value: Value) -> Value {
        match value {
            Value::Array(items) => items.into_iter().map(|item| self.plain(item)).collect(),
            Value::Object(object) => {
                let mut plain = Map::new();
                for (key, value) in object {
                    let name = self.of(&key);
                    let value = match name {
                        "@context" => value,
                        _ => self.plain(value),
                    };
                    // A name that stands there without a prefix goes before.
                    if name == key || !plain.contains_key(name) {
                        plain.insert(name.to_owned(), value);
                    }
                }
                match plain.remove("@list").or_else(|| plain.remove("@set")) {
                    Some(items) => items,
                    None => Value::Object(plain),
                }
            }
            value => value,
        }
    }
}

/// References are replaced by what they mean: what the page says of a thing of that name anywhere.
fn resolve(mut things: Vec<Value>, place: &Place) -> Vec<Value> {
    let mut known = Known {
        place,
        things: HashMap::new(),
        bytes: 0,
        looked: 0,
        references: 0,
    };
    for thing in &things {
        known.learn(thing);
    }
    if !known.things.is_empty() {
        for thing in &mut things {
            known.fill(thing, &mut Vec::new());
        }
    }
    things
}

struct Known<'a> {
    place: &'a Place,
    things: HashMap<String, Map<String, Value>>,
    /// Of all things.
    bytes: usize,
    /// Objects with a name that were looked at.
    looked: usize,
    /// References that were replaced.
    references: usize,
}

impl Known<'_> {
    fn name(&self, object: &Map<String, Value>) -> Option<String> {
        let id = object.get("@id")?.as_str()?;
        (!id.trim().is_empty()).then(|| self.place.name(id))
    }

    /// Remembers what is said of things with a name, wherever it is said; what is said first counts.
    fn learn(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Object(object) => {
                let says_more = object
                    .keys()
                    .any(|key| !matches!(key.as_str(), "@id" | "@type" | "@context"));
                if says_more
                    && self.looked < MAX_THINGS
                    && let Some(name) = self.name(object)
                {
                    self.looked += 1;
                    self.remember(name, object);
                }
                object.values().for_each(|value| self.learn(value));
            }
            _ => {}
        }
    }

    fn remember(&mut self, name: String, object: &Map<String, Value>) {
        let mut bytes = 0;
        for (key, value) in object {
            bytes += key.len() + size(value, MAX_REFERRED_BYTES.saturating_sub(bytes));
            if bytes > MAX_REFERRED_BYTES {
                return;
            }
        }
        if self.bytes + bytes > MAX_KNOWN_BYTES {
            return;
        }
        self.bytes += bytes;
        let known = self.things.entry(name).or_default();
        for (key, value) in object {
            known.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }

    /// Adds to every thing with a name what is known of it. `open` are the names of the things around it: of those only
    /// plain values are added, or a circle would never end.
    fn fill(&mut self, value: &mut Value, open: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill(item, open)),
            Value::Object(object) => {
                let name = self.name(object).filter(|_| open.len() <= MAX_HOPS);
                let mut is_open = false;
                if let Some(name) = name {
                    let is_circle = open.contains(&name);
                    self.add(object, &name, is_circle);
                    if !is_circle {
                        open.push(name);
                        is_open = true;
                    }
                }
                for value in object.values_mut() {
                    self.fill(value, open);
                }
                if is_open {
                    open.pop();
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, object: &mut Map<String, Value>, name: &str, only_plain: bool) {
        if self.references >= MAX_REFERENCES {
            return;
        }
        let Some(known) = self.things.get(name) else {
            return;
        };
        let own: HashSet<String> = object.keys().cloned().collect();
        let missing = known.iter().filter(|(key, value)| {
            !own.contains(*key) && !(only_plain && (value.is_object() || value.is_array()))
        });
        let before = object.len();
        object.extend(missing.map(|(key, value)| (key.clone(), value.clone())));
        self.references += usize::from(object.len() > before);
    }
}

/// About the bytes of a value; more than `limit` are not counted.
fn size(value: &Value, limit: usize) -> usize {
    let mut bytes = 8;
    match value {
        Value::String(text) => bytes += text.len(),
        Value::Array(items) => {
            for item in items {
                if bytes > limit {
                    break;
                }
                bytes += size(item, limit - bytes);
            }
        }
        Value::Object(object) => {
            for (key, value) in object {
                if bytes > limit {
                    break;
                }
                bytes += key.len();
                bytes += size(value, limit.saturating_sub(bytes));
            }
        }
        _ => {}
    }
    bytes
}
