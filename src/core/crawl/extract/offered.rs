//! Alloys and stones that a page lets its reader choose from.

use serde_json::Value;

use super::node::{all, string};
use super::text::clean;
use crate::crawl::markup::Document;
use crate::event::choice::label::Role;
use crate::event::choice::{alloy, stone};

/// Selections beyond this number are not looked at.
const MAX_FIELDS: usize = 100;

/// One alloy or stone on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    pub role: Role,
    /// As the page writes it, trimmed.
    pub value: String,
}

impl Offered {
    fn new(role: Role, value: &str) -> Option<Offered> {
        let value = clean(value).filter(|value| value.len() <= 255)?;
        (role != Role::Other).then_some(Offered { role, value })
    }

    /// What a word for a material means: an alloy, or a stone.
    pub fn of_material(text: &str) -> Vec<Offered> {
        text.split([',', ';', '/'])
            .filter_map(|part| {
                let role = if alloy::describe(part).metal.is_some() {
                    Role::Alloy
                } else if stone::describe(part, None).stone.is_some() {
                    Role::Diamond
                } else {
                    return None;
                };
                Offered::new(role, part)
            })
            .collect()
    }

    /// Of a schema.org Product: its materials, properties with a known label, and those of its variants.
    pub fn of_product(product: &Value) -> Vec<Offered> {
        let mut offered = Vec::new();
        for thing in std::iter::once(product).chain(all(product.get("hasVariant"))) {
            for material in all(thing.get("material")).filter_map(|value| string(Some(value))) {
                offered.extend(Offered::of_material(&material));
            }
            for property in all(thing.get("additionalProperty")) {
                let role = Role::of(&string(property.get("name")).unwrap_or_default());
                let values = all(property.get("value")).filter_map(|value| string(Some(value)));
                offered.extend(values.flat_map(|text| {
                    text.split(',')
                        .filter_map(|value| Offered::new(role, value))
                        .collect::<Vec<_>>()
                }));
            }
        }
        offered
    }

    /// Of a form: selections and radio buttons whose name is a known label.
    pub fn of_forms(document: &Document) -> Vec<Offered> {
        let mut offered = Vec::new();
        for (at, select) in document.elements("select").take(MAX_FIELDS) {
            let role = role_of(
                select
                    .attribute("data-label")
                    .or(select.attribute("name"))
                    .or(select.attribute("id")),
            );
            if role == Role::Other {
                continue;
            }
            for place in document.within(at) {
                let Some(option) = document
                    .nodes
                    .get(place)
                    .filter(|node| node.name == "option")
                else {
                    continue;
                };
                offered.extend(choice(role, option.attribute("value"), || {
                    document.text(place)
                }));
            }
        }
        for (_, input) in document.elements("input") {
            if input
                .attribute("type")
                .is_some_and(|kind| kind.eq_ignore_ascii_case("radio"))
            {
                let shown = || {
                    input
                        .attribute("data-label")
                        .or(input.attribute("title"))
                        .unwrap_or_default()
                        .to_owned()
                };
                offered.extend(choice(
                    role_of(input.attribute("name")),
                    input.attribute("value"),
                    shown,
                ));
            }
        }
        offered
    }
}

/// The name of a field, or what stands in its last brackets: `options[alloy]`.
fn role_of(name: Option<&str>) -> Role {
    let name = name.unwrap_or_default();
    let inner = name
        .trim_end_matches(']')
        .rsplit('[')
        .next()
        .unwrap_or_default();
    Role::of(inner)
}

/// A value that is only a number says nothing without what is shown for it.
fn choice(role: Role, value: Option<&str>, shown: impl FnOnce() -> String) -> Option<Offered> {
    match value {
        Some("") => None,
        Some(value) if !value.bytes().all(|byte| byte.is_ascii_digit()) => {
            Offered::new(role, value)
        }
        _ => Offered::new(role, &shown()),
    }
}
