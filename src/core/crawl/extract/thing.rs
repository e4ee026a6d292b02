//! schema.org: the Product among a page's things, with its offers, and the breadcrumbs.

use serde_json::Value;

use super::Findings;
use super::node::{all, is_a, string};
use super::offer;
use super::offered::Offered;
use super::place::{Place, likeness, link, way};
use super::text::{clean, gender, path};

/// Variants beyond this number are not looked at.
const MAX_VARIANTS: usize = 1_000;

/// The page's own product: the one whose address is the page's, else the first with an offer, else the first. Of a group
/// the variant that the page is about, where its address tells which.
pub fn product(things: &[Value], place: &Place, canonical: Option<&str>) -> Option<Findings> {
    let products: Vec<&Value> = things
        .iter()
        .flat_map(with_main_entity)
        .filter(|thing| is_product(thing))
        .collect();
    let pages = [Some(place.url.as_str()), canonical];
    let mut own: Option<(usize, &Value)> = None;
    for product in &products {
        let its = ["url", "@id", "mainEntityOfPage"]
            .iter()
            .filter_map(|key| product.get(*key))
            .filter_map(|value| place.address(link(value)?));
        let scores = its.flat_map(|its| {
            pages
                .into_iter()
                .flatten()
                .filter_map(move |page| likeness(&its, page))
        });
        // The first of equals.
        match scores.max() {
            Some(score) if own.is_none_or(|(best, _)| best < score) => {
                own = Some((score, *product))
            }
            _ => {}
        }
    }
    let own = own.map(|(_, product)| product);
    let chosen = own
        .or_else(|| {
            let of_the_page = |product: &&&Value| variant(product, place, canonical).is_some();
            products.iter().find(of_the_page).copied()
        })
        .or_else(|| {
            let mut products = products.iter();
            products
                .find(|thing| thing.get("offers").is_some())
                .copied()
        })
        .or(products.first().copied())?;
    let group = all(chosen.get("isVariantOf")).find(|group| group.is_object());
    Some(match (variant(chosen, place, canonical), group) {
        (Some(variant), _) => within(findings(variant, place), findings(chosen, place)),
        (None, Some(group)) => within(findings(chosen, place), findings(group, place)),
        (None, None) => with_variants(findings(chosen, place), chosen, place),
    })
}

/// The variant of a group that the page is about: the one that has the page's address, or the address of its offer, if
/// that is no other variant's.
fn variant<'a>(group: &'a Value, place: &Place, canonical: Option<&str>) -> Option<&'a Value> {
    let find = |page: &str| {
        let mut best: Option<(usize, &Value)> = None;
        let mut is_alone = false;
        for variant in all(group.get("hasVariant")).take(MAX_VARIANTS) {
            let offers = all(variant.get("offers")).filter_map(|offer| offer.get("url"));
            let urls = ["url", "@id", "mainEntityOfPage"]
                .iter()
                .filter_map(|key| variant.get(*key));
            let score = urls
                .chain(offers)
                .filter_map(link)
                // A link with a fragment tells nothing: every variant on a page may have one.
                .filter(|link| !link.contains('#'))
                .filter_map(|link| likeness(&place.address(link)?, page))
                .max()
                .filter(|score| *score > 0);
            match (score, best) {
                (Some(score), Some((known, _))) if score == known => is_alone = false,
                (Some(score), Some((known, _))) if score < known => {}
                (Some(score), _) => (best, is_alone) = (Some((score, variant)), true),
                (None, _) => {}
            }
        }
        best.filter(|_| is_alone).map(|(_, variant)| variant)
    };
    find(&place.url).or_else(|| find(canonical?))
}

/// A variant with what it has in common with its group.
fn within(variant: Findings, group: Findings) -> Findings {
    // An amount and its currency belong together.
    let (price, currency, availability) = match variant.price {
        Some(_) => (variant.price, variant.currency, variant.availability),
        None => (group.price, group.currency, group.availability),
    };
    let category = match variant.category.is_empty() {
        true => group.category,
        false => variant.category,
    };
    let mut offered = variant.offered;
    let others = group.offered.into_iter();
    let others: Vec<Offered> = others.filter(|other| !offered.contains(other)).collect();
    offered.extend(others);
    Findings {
        product_id: variant.product_id.or(group.product_id),
        sku: variant.sku.or(group.sku),
        product_name: variant.product_name.or(group.product_name),
        product_type: variant.product_type.or(group.product_type),
        category,
        collection: variant.collection.or(group.collection),
        gender: variant.gender.or(group.gender),
        brand: variant.brand.or(group.brand),
        image_url: variant.image_url.or(group.image_url),
        canonical_url: variant.canonical_url.or(group.canonical_url),
        price,
        currency,
        availability,
        offered,
    }
}

/// A thing, and what its page is about.
fn with_main_entity(thing: &Value) -> impl Iterator<Item = &Value> {
    std::iter::once(thing).chain(all(thing.get("mainEntity")))
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

/// What a thing says of itself.
fn findings(product: &Value, place: &Place) -> Findings {
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
            .and_then(|text| place.address(&text)),
        canonical_url: get("url").and_then(|text| place.address(&text)),
        offered: Offered::of_product(product),
        ..Findings::default()
    };
    offer::find(product, place, &mut found);
    found
}

/// Of a group, what is common stands with it, the rest with its variants.
fn with_variants(mut found: Findings, product: &Value, place: &Place) -> Findings {
    for variant in all(product.get("hasVariant")) {
        if found.price.is_none() {
            offer::find(variant, place, &mut found);
        }
        let get = |key: &str| string(variant.get(key)).and_then(|text| clean(&text));
        found.sku = found.sku.or_else(|| get("sku"));
        found.image_url = found.image_url.or_else(|| {
            all(variant.get("image"))
                .find_map(image)
                .and_then(|text| place.address(&text))
        });
    }
    found
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
pub fn breadcrumbs(things: &[Value], place: &Place, product_name: Option<&str>) -> Vec<String> {
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
        let found = way(crumbs, place, product_name);
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}
