//! The JSON of an order's lines, taken apart without copying.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{MAX_LINES, Value};

/// What a line says, as raw JSON.
#[derive(Default)]
pub(super) struct Fields<'a> {
    pub product_id: Option<&'a str>,
    pub amount: Option<&'a str>,
    pub price: Option<&'a str>,
    pub currency: Option<&'a str>,
    pub option: Option<&'a str>,
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a line of an order")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Fields<'de>, M::Error> {
        let mut fields = Fields::default();
        while let Some((Name(name), raw)) = object.next_entry::<Name<'de>, &'de RawValue>()? {
            let field = match &*name {
                "product_id" => &mut fields.product_id,
                "amount" => &mut fields.amount,
                "price" => &mut fields.price,
                "currency" => &mut fields.currency,
                "option" => &mut fields.option,
                _ => continue,
            };
            *field = Some(raw.get());
        }
        Ok(fields)
    }
}

/// An object's key.
#[derive(PartialEq, Eq, Hash, Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The entries of an array or object.
#[derive(Default)]
pub(super) struct Entries<'a> {
    /// Those that are objects, by position from 1.
    pub objects: Vec<(i32, &'a str)>,
    /// There are others too, that say something.
    pub others: bool,
}

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the lines of an order")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut array: S) -> Result<Entries<'de>, S::Error> {
        let mut entries = Vec::new();
        while let Some(raw) = array.next_element::<&'de RawValue>()? {
            entries.push(raw.get());
        }
        Ok(numbered(entries))
    }

    /// The last of duplicate keys wins.
    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Entries<'de>, M::Error> {
        let mut places: HashMap<Name<'de>, usize> = HashMap::new();
        let mut entries: Vec<&'de str> = Vec::new();
        while let Some((name, raw)) = object.next_entry::<Name<'de>, &'de RawValue>()? {
            let place = *places.entry(name).or_insert(entries.len());
            match entries.get_mut(place) {
                Some(entry) => *entry = raw.get(),
                None => entries.push(raw.get()),
            }
        }
        Ok(numbered(entries))
    }
}

fn numbered(entries: Vec<&str>) -> Entries<'_> {
    let others = entries
        .iter()
        .any(|raw| !raw.starts_with('{') && Value::of(raw) != Value::Absent);
    let objects = (1..).zip(entries).filter(|(_, raw)| raw.starts_with('{'));
    Entries {
        objects: objects.take(MAX_LINES + 1).collect(),
        others,
    }
}
