//! The product of a page, by the standards pages follow: schema.org in JSON-LD, then in microdata, Open Graph, and at
//! last what the page shows. Each attribute comes from the first of them that has it, and that one is noted.
//!
//! # Layout
//! - [`json_ld`]    scripts of type application/ld+json; [`json_mend`] mends what is safe to mend
//! - [`microdata`]  itemscope and itemprop, in the same shape as JSON-LD
//! - [`node`]       a node of such data: its texts, types and values
//! - [`thing`]      a schema.org Product, its variants and breadcrumbs; [`offer`] what one pays for it
//! - [`open_graph`] meta elements
//! - [`shown`]      breadcrumbs, heading, price, canonical and hreflang links, hidden product number
//! - [`offered`]    alloys and stones to choose from
//! - [`place`]      the page's own address, and what relative ones are relative to
//! - [`text`]       one value, cleaned

pub mod json_ld;
pub mod json_mend;
pub mod microdata;
pub mod node;
pub mod offer;
pub mod offered;
pub mod open_graph;
pub mod place;
pub mod shown;
pub mod text;
pub mod thing;

use encoding_rs::{Encoding, UTF_8};
use rust_decimal::Decimal;

use super::markup::Document;
use offered::Offered;
use place::Place;

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundIn {
    JsonLd,
    Microdata,
    OpenGraph,
    Shown,
}

impl FoundIn {
    pub fn name(self) -> &'static str {
        match self {
            FoundIn::JsonLd => "json-ld",
            FoundIn::Microdata => "microdata",
            FoundIn::OpenGraph => "open graph",
            FoundIn::Shown => "page",
        }
    }
}

/// What one source says of the product.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    pub product_id: Option<String>,
    pub sku: Option<String>,
    pub product_name: Option<String>,
    pub product_type: Option<String>,
    /// From the widest to the narrowest.
    pub category: Vec<String>,
    pub collection: Option<String>,
    pub gender: Option<String>,
    pub brand: Option<String>,
    pub image_url: Option<String>,
    pub canonical_url: Option<String>,
    pub price: Option<Decimal>,
    /// ISO 4217, or what stands beside the price, normalised.
    pub currency: Option<String>,
    pub availability: Option<String>,
    pub offered: Vec<Offered>,
}

/// What a page says of its product.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub product: Findings,
    /// Attributes with their sources, in the order they were found.
    pub found: Vec<(&'static str, FoundIn)>,
    /// The page in other languages: language tag and address.
    pub alternates: Vec<(String, String)>,
}

/// Alternates and options beyond this number are left out.
const MAX_LIST: usize = 200;

/// Reads a page; `None` if it shows no product.
pub fn page(html: &str, url: &str) -> Option<Page> {
    let document = Document::parse(html);
    let place = Place::of(&document, url);
    let structured = [
        (json_ld::things(&document, &place), FoundIn::JsonLd),
        (microdata::things(&document), FoundIn::Microdata),
    ];
    let shown = shown::findings(&document, &place);
    let mut page = Page::default();
    let mut is_product = false;
    for (things, source) in &structured {
        if let Some(findings) = thing::product(things, &place, shown.canonical_url.as_deref()) {
            is_product = true;
            page.take(findings, *source);
        }
    }
    if let Some(findings) = open_graph::product(&document, &place) {
        is_product = true;
        page.take(findings, FoundIn::OpenGraph);
    }
    if !is_product && (shown.product_id.is_none() || shown.product_name.is_none()) {
        return None;
    }
    for (things, source) in &structured {
        let name = page
            .product
            .product_name
            .clone()
            .or_else(|| shown.product_name.clone());
        let category = thing::breadcrumbs(things, &place, name.as_deref());
        page.take(
            Findings {
                category,
                ..Findings::default()
            },
            *source,
        );
    }
    let name = page
        .product
        .product_name
        .as_deref()
        .or(shown.product_name.as_deref());
    let category = shown::breadcrumbs(&document, &place, name);
    page.take(Findings { category, ..shown }, FoundIn::Shown);
    page.alternates = shown::alternates(&document, &place);
    page.alternates.truncate(MAX_LIST);
    // The widest category is the kind of goods where nothing says so in words.
    if let (None, Some(widest)) = (&page.product.product_type, page.product.category.first()) {
        page.product.product_type = Some(widest.clone());
        let source = page
            .found
            .iter()
            .find(|(attribute, _)| *attribute == "category")
            .map(|(_, source)| *source);
        page.found
            .extend(source.map(|source| ("product_type", source)));
    }
    Some(page)
}

impl Page {
    /// Takes from a source what none before it had.
    fn take(&mut self, theirs: Findings, source: FoundIn) {
        let Page {
            product: mine,
            found,
            ..
        } = self;
        let mut note = |attribute| found.push((attribute, source));
        macro_rules! take {
            ($($attribute:ident)*) => {$(
                if mine.$attribute.is_none() && theirs.$attribute.is_some() {
                    mine.$attribute = theirs.$attribute;
                    note(stringify!($attribute));
                }
            )*};
        }
        take!(product_id sku product_name product_type collection gender brand image_url availability);
        // A link element is meant for machines; other addresses are a page's own idea of itself.
        if theirs.canonical_url.is_some()
            && (mine.canonical_url.is_none() || source == FoundIn::Shown)
        {
            mine.canonical_url = theirs.canonical_url;
            note("canonical_url");
        }
        // An amount and its currency belong together.
        if mine.price.is_none() && theirs.price.is_some() {
            mine.price = theirs.price;
            note("price");
            mine.currency = theirs.currency.or(mine.currency.take());
            if mine.currency.is_some() {
                note("currency");
            }
        } else if mine.currency.is_none()
            && mine.price.is_some()
            && theirs.price == mine.price
            && theirs.currency.is_some()
        {
            mine.currency = theirs.currency;
            note("currency");
        }
        if mine.category.is_empty() && !theirs.category.is_empty() {
            mine.category = theirs.category;
            note("category");
        }
        let known = mine.offered.len();
        for offered in theirs.offered {
            if mine.offered.len() < MAX_LIST && !mine.offered.contains(&offered) {
                mine.offered.push(offered);
            }
        }
        if mine.offered.len() > known {
            note("offered");
        }
    }

    /// The category's path, widest first.
    pub fn category_path(&self) -> Option<String> {
        (!self.product.category.is_empty()).then(|| self.product.category.join(" > "))
    }
}

/// The text of a page in the encoding it names: by a byte-order mark, its header, or a meta element; else UTF-8.
pub fn decoded(bytes: &[u8], content_type: &str) -> String {
    let named = charset(content_type).or_else(|| {
        let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(2048)).unwrap_or_default());
        let head = head.to_ascii_lowercase();
        let at = head.find("<meta").and_then(|at| head.get(at..))?;
        charset(at)
    });
    let encoding = named.unwrap_or(UTF_8);
    encoding.decode(bytes).0.into_owned()
}

fn charset(text: &str) -> Option<&'static Encoding> {
    let text = text.to_ascii_lowercase();
    let label = text
        .split("charset=")
        .nth(1)?
        .trim_start_matches(['"', '\'']);
    let end = label.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':')));
    Encoding::for_label(label.get(..end.unwrap_or(label.len()))?.as_bytes())
}

#[cfg(test)]
mod tests;
