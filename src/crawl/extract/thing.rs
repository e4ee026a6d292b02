//! schema.org: the Product among a page's things, with its offers, and the breadcrumbs.

use serde_json::{Number, Value};

use super::Findings;
use super::offered::Offered;
use super::text::{address, amount, clean, currency, gender, path, term};
use crate::event::price;

/// The page's own product: the one whose address is the page's, else the first with an offer, else the first.
pub fn product(things: &[Value], url: &str, canonical: Option<&str>) -> Option<Findings> {
    let products: Vec<&Value> = things
        .iter()
        .flat_map(with_main_entity)
        .filter(|thing| is_product(thing))
        .collect();
    let is_here = |thing: &&&Value| {
        ["url", "@id", "mainEntityOfPage"]
            .iter()
            .filter_map(|key| string(thing.get(key)))
            .filter_map(|text| address(&text, url))
            .any(|its| {
                same_page(&its, url)
                    || canonical.is_some_and(|canonical| same_page(&its, canonical))
            })
    };
    let chosen = products
        .iter()
        .find(is_here)
        .or_else(|| products.iter().find(|thing| thing.get("offers").is_some()))
        .or(products.first())?;
    Some(findings(chosen, url))
}

/// A thing, and what its page is about.
fn with_main_entity(thing: &Value) -> impl Iterator<Item = &Value> {
    std::iter::once(thing).chain(all(thing.get("mainEntity")))
}

fn same_page(a: &str, b: &str) -> bool {
    let bare = |url: &str| {
        url.split(['#', '?'])
            .next()
            .unwrap_or_default()
            .trim_end_matches('/')
            .to_owned()
    };
    bare(a) == bare(b)
}

fn is_product(thing: &Value) -> bool {
    is_a(
        thing,
        &[
            "Product",
            "ProductGroup",
            "IndividualProduct",
            "ProductModel",
        ],
    )
}

fn is_a(thing: &Value, types: &[&str]) -> bool {
    all(thing.get("@type"))
        .filter_map(Value::as_str)
        .filter_map(|name| name.rsplit(['/', '#', ':']).next())
        .any(|name| types.contains(&name))
}

fn findings(product: &Value, url: &str) -> Findings {
    let get = |key: &str| string(product.get(key)).and_then(|text| clean(&text));
    let property = |names: &[&str]| property(product, names);
    let mut found = Findings {
        product_id: get("productID")
            .or_else(|| property(&["product_id", "productid", "product id"]))
            .map(|id| id.trim_start_matches("sku:").to_owned()),
        sku: get("sku").or_else(|| get("productGroupID")),
        product_name: get("name"),
        product_type: property(&[
            "product type",
            "product_type",
            "type",
            "produkttyp",
            "type de produit",
            "tipo de producto",
            "tipo di prodotto",
            "jewelry type",
        ])
        .or_else(|| get("additionalType").filter(|text| !text.contains("://"))),
        category: all(product.get("category"))
            .filter_map(|value| string(Some(value)))
            .map(|text| path(&text))
            .find(|path| !path.is_empty())
            .unwrap_or_default(),
        collection: all(product.get("isPartOf"))
            .filter(|thing| {
                is_a(
                    thing,
                    &["Collection", "ProductCollection", "CreativeWorkSeries"],
                )
            })
            .find_map(|thing| string(Some(thing)))
            .and_then(|text| clean(&text))
            .or_else(|| get("collection"))
            .or_else(|| {
                property(&[
                    "collection",
                    "kollektion",
                    "colección",
                    "coleccion",
                    "collezione",
                    "collectie",
                    "coleção",
                ])
            }),
        gender: all(product.get("audience"))
            .find_map(|audience| string(audience.get("suggestedGender")))
            .or_else(|| get("gender"))
            .or_else(|| {
                property(&[
                    "gender",
                    "geschlecht",
                    "genre",
                    "género",
                    "genero",
                    "genere",
                    "geslacht",
                ])
            })
            .and_then(|text| gender(&text)),
        brand: get("brand").or_else(|| get("manufacturer")),
        image_url: all(product.get("image"))
            .find_map(image)
            .and_then(|text| address(&text, url)),
        canonical_url: get("url").and_then(|text| address(&text, url)),
        offered: Offered::of_product(product),
        ..Findings::default()
    };
    offer(product, &mut found);
    // Of a group, what is common stands with it, the rest with its variants.
    for variant in all(product.get("hasVariant")) {
        if found.price.is_none() {
            offer(variant, &mut found);
        }
        let get = |key: &str| string(variant.get(key)).and_then(|text| clean(&text));
        found.sku = found.sku.or_else(|| get("sku"));
        found.image_url = found.image_url.or_else(|| {
            all(variant.get("image"))
                .find_map(image)
                .and_then(|text| address(&text, url))
        });
    }
    found
}

/// The first offer with a price; of an aggregate the lowest.
fn offer(product: &Value, found: &mut Findings) {
    let offers = all(product.get("offers"))
        .flat_map(|offer| std::iter::once(offer).chain(all(offer.get("offers"))));
    for offer in offers {
        let specification = all(offer.get("priceSpecification"));
        for priced in std::iter::once(offer).chain(specification) {
            let Some((price, beside)) = ["price", "lowPrice", "minPrice"]
                .iter()
                .find_map(|key| money(priced.get(key)?))
            else {
                continue;
            };
            found.price = Some(price);
            found.currency = string(priced.get("priceCurrency"))
                .or_else(|| string(offer.get("priceCurrency")))
                .and_then(|text| currency(&text))
                .or(beside);
            found.availability = string(offer.get("availability")).and_then(|text| term(&text));
            return;
        }
    }
}

fn money(value: &Value) -> Option<(rust_decimal::Decimal, Option<String>)> {
    match value {
        Value::Number(number) => {
            let amount = price::number(&number.to_string())?;
            (amount > rust_decimal::Decimal::ZERO).then_some((amount, None))
        }
        other => amount(&clean(&string(Some(other))?)?),
    }
}

/// The value of an additionalProperty with one of these names.
fn property(product: &Value, names: &[&str]) -> Option<String> {
    all(product.get("additionalProperty"))
        .find(|property| {
            string(property.get("name"))
                .is_some_and(|name| names.contains(&name.trim().to_lowercase().as_str()))
        })
        .and_then(|property| string(property.get("value")))
        .and_then(|text| clean(&text))
}

fn image(value: &Value) -> Option<String> {
    match value {
        Value::Object(image) => ["contentUrl", "url"]
            .iter()
            .find_map(|key| string(image.get(*key))),
        other => string(Some(other)),
    }
}

/// The way to the product: without the home page before it, and itself behind it.
pub fn breadcrumbs(things: &[Value], url: &str, product_name: Option<&str>) -> Vec<String> {
    let lists = things
        .iter()
        .flat_map(|thing| std::iter::once(thing).chain(all(thing.get("breadcrumb"))))
        .filter(|thing| is_a(thing, &["BreadcrumbList"]));
    for list in lists {
        let mut crumbs: Vec<(f64, String, Option<String>)> = all(list.get("itemListElement"))
            .enumerate()
            .filter_map(|(index, element)| {
                let position = element.get("position").and_then(|position| {
                    position
                        .as_f64()
                        .or_else(|| position.as_str()?.trim().parse().ok())
                });
                let item = element.get("item");
                let name = string(element.get("name"))
                    .or_else(|| string(item.and_then(|item| item.get("name"))))?;
                let link = item.and_then(|item| {
                    string(item.get("@id"))
                        .or_else(|| string(item.get("url")))
                        .or_else(|| item.as_str().map(str::to_owned))
                });
                Some((position.unwrap_or(index as f64), clean(&name)?, link))
            })
            .collect();
        crumbs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let crumbs = crumbs
            .into_iter()
            .map(|(_, name, link)| (name, link))
            .collect();
        let found = way(crumbs, url, product_name);
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Crumbs with their links: the home page is left out, and the page itself.
pub fn way(
    mut crumbs: Vec<(String, Option<String>)>,
    url: &str,
    product_name: Option<&str>,
) -> Vec<String> {
    let leads_home = |link: &Option<String>| {
        let link = link
            .as_deref()
            .and_then(|link| url::Url::parse(&address(link, url)?).ok());
        link.is_some_and(|link| link.path().trim_matches('/').len() <= 2)
    };
    if crumbs
        .first()
        .is_some_and(|(name, link)| leads_home(link) || is_home(name))
    {
        crumbs.remove(0);
    }
    let is_itself = |name: &str, link: &Option<String>| {
        product_name.is_some_and(|product| product.eq_ignore_ascii_case(name))
            || link
                .as_deref()
                .and_then(|link| address(link, url))
                .is_some_and(|link| same_page(&link, url))
    };
    if crumbs
        .last()
        .is_some_and(|(name, link)| is_itself(name, link))
    {
        crumbs.pop();
    }
    crumbs.into_iter().map(|(name, _)| name).collect()
}

fn is_home(name: &str) -> bool {
    matches!(
        name.to_lowercase().as_str(),
        "home"
            | "homepage"
            | "start"
            | "startseite"
            | "accueil"
            | "inicio"
            | "início"
            | "página de inicio"
            | "pagina iniziale"
            | "strona główna"
            | "domů"
            | "hem"
            | "forside"
    )
}

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
