//! Open Graph: meta elements, with the product's own among them.

use super::Findings;
use super::offered::Offered;
use super::place::Place;
use super::text::{clean, currency, gender, machine_amount, path, term};
use crate::crawl::markup::Document;

/// What the meta elements say, if they speak of a product.
pub fn product(document: &Document, place: &Place) -> Option<Findings> {
    let get = |names: &[&str]| {
        names.iter().find_map(|name| {
            document
                .elements("meta")
                .filter(|(_, meta)| {
                    let is_it = |attribute| {
                        meta.attribute(attribute)
                            .is_some_and(|value| value.trim().eq_ignore_ascii_case(name))
                    };
                    is_it("property") || is_it("name")
                })
                .find_map(|(_, meta)| clean(meta.attribute("content")?))
        })
    };
    let is_product =
        get(&["og:type"]).is_some_and(|kind| kind.to_ascii_lowercase().contains("product"));
    // Of a sale, the sale's price is the one to pay.
    let price = |kind: &str, unit: &str| {
        let (amount, beside) = machine_amount(&get(&[format!("{kind}:amount").as_str()])?)?;
        let named = get(&[format!("{kind}:currency").as_str(), unit]);
        Some((amount, named.and_then(|text| currency(&text)).or(beside)))
    };
    let price = price("product:sale_price", "product:price:currency")
        .or_else(|| price("product:price", "og:price:currency"))
        .or_else(|| price("og:price", "product:price:currency"));
    if !is_product && price.is_none() {
        return None;
    }
    let name =
        get(&["og:title"]).map(|title| without_site(&title, get(&["og:site_name"]).as_deref()));
    let (price, unit) = price.unzip();
    Some(Findings {
        product_id: get(&["product:retailer_item_id", "product:id"]),
        sku: get(&["product:sku", "product:retailer_part_no", "og:sku"]),
        product_name: name,
        product_type: get(&["product:type", "product:product_type"]),
        category: get(&["product:category", "og:category"])
            .map(|text| path(&text))
            .unwrap_or_default(),
        collection: get(&["product:collection"]),
        gender: get(&["product:target_gender", "product:gender"]).and_then(|text| gender(&text)),
        brand: get(&["product:brand", "og:brand"]),
        image_url: get(&["og:image:secure_url", "og:image", "og:image:url"])
            .and_then(|text| place.address(&text)),
        canonical_url: get(&["og:url"]).and_then(|text| place.address(&text)),
        currency: unit.flatten().or_else(|| {
            get(&["product:price:currency", "og:price:currency"]).and_then(|text| currency(&text))
        }),
        price,
        availability: get(&["product:availability", "og:availability"])
            .and_then(|text| term(&text)),
        offered: get(&["product:material"])
            .map(|text| Offered::of_material(&text))
            .unwrap_or_default(),
    })
}

/// A title without the site's name behind it.
fn without_site(title: &str, site: Option<&str>) -> String {
    let bare = site.and_then(|site| {
        let before = title.strip_suffix(site)?.trim_end();
        Some(
            before
                .strip_suffix(['|', '-', '–', '—', '·', ':'])?
                .trim_end(),
        )
    });
    bare.filter(|bare| !bare.is_empty())
        .unwrap_or(title)
        .to_owned()
}
