//! What a page shows and says about itself without any vocabulary: canonical and hreflang links, breadcrumbs, heading,
//! the number of the product in its form, a price that is marked as one.

use super::Findings;
use super::offered::Offered;
use super::place::Place;
use super::place::way;
use super::text::{amount, clean, machine_amount};
use crate::crawl::markup::{Document, Node};

/// Longer trails are none.
const MAX_CRUMBS: usize = 20;

pub fn findings(document: &Document, place: &Place) -> Findings {
    let product_name = document
        .elements("h1")
        .find_map(|(at, _)| clean(&document.text(at)));
    let (price, beside) = price(document).unzip();
    Findings {
        product_id: product_id(document),
        product_name,
        canonical_url: links(document, "canonical")
            .find_map(|link| place.address(link.attribute("href")?)),
        price,
        currency: beside.flatten(),
        offered: Offered::of_forms(document),
        ..Findings::default()
    }
}

/// The page in other languages.
pub fn alternates(document: &Document, place: &Place) -> Vec<(String, String)> {
    links(document, "alternate")
        .filter_map(|link| {
            let language = link.attribute("hreflang")?.trim();
            let is_tag = !language.is_empty()
                && language.len() <= 35
                && language
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            is_tag.then(|| Some((language.to_owned(), place.address(link.attribute("href")?)?)))?
        })
        .collect()
}

fn links<'a>(document: &'a Document, relation: &'a str) -> impl Iterator<Item = &'a Node> {
    document
        .elements("link")
        .map(|(_, link)| link)
        .filter(move |link| link.has_word("rel", relation))
}

/// The hidden field that puts the product into the cart, or an element that bears its number.
fn product_id(document: &Document) -> Option<String> {
    let is_id = |text: &&str| {
        !text.is_empty()
            && text.len() <= 64
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let field = document.elements("input").filter(|(_, input)| {
        input
            .attribute("type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("hidden"))
            && matches!(
                input.attribute("name"),
                Some("product" | "product_id" | "productId")
            )
    });
    let field = field
        .map(|(_, input)| input.attribute("value").unwrap_or_default().trim())
        .find(is_id);
    let marked = || {
        let numbers = document
            .nodes
            .iter()
            .filter_map(|node| node.attribute("data-product-id"));
        let mut numbers = numbers.map(str::trim).filter(is_id);
        // Recommendations bear numbers too: only where all agree it is the page's.
        let first = numbers.next()?;
        numbers.all(|other| other == first).then_some(first)
    };
    field.or_else(marked).map(str::to_owned)
}

/// The first list that is called breadcrumbs.
pub fn breadcrumbs(document: &Document, place: &Place, product_name: Option<&str>) -> Vec<String> {
    let is_trail = |node: &Node| {
        ["class", "id", "aria-label"].iter().any(|attribute| {
            node.attribute(attribute).is_some_and(|value| {
                value
                    .split_whitespace()
                    .any(|word| word.to_ascii_lowercase().starts_with("breadcrumb"))
            })
        })
    };
    let Some(at) = document
        .nodes
        .iter()
        .position(|node| !node.name.is_empty() && node.name != "script" && is_trail(node))
    else {
        return Vec::new();
    };
    let inside = |name: &str| -> Vec<usize> {
        document
            .within(at)
            .filter(|place| {
                document
                    .nodes
                    .get(*place)
                    .is_some_and(|node| node.name == name)
            })
            .collect()
    };
    let items = inside("li");
    let items = if items.is_empty() { inside("a") } else { items };
    let crumbs = items.into_iter().take(MAX_CRUMBS).filter_map(|place| {
        let link = (place..document.within(place).end)
            .filter_map(|place| document.nodes.get(place))
            .find_map(|node| node.attribute("href"));
        let text = document.text(place);
        let name = clean(text.trim_matches(|c: char| {
            c.is_whitespace() || matches!(c, '>' | '›' | '»' | '/' | '|')
        }))?;
        Some((name, link.map(str::to_owned)))
    });
    way(crumbs.collect(), place, product_name)
}

/// A price that the page marks for its own scripts, in the page's notation.
fn price(document: &Document) -> Option<(rust_decimal::Decimal, Option<String>)> {
    document
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| {
            node.attribute("data-price-amount").is_some()
                || node
                    .attribute("id")
                    .is_some_and(|id| id.starts_with("product-price"))
        })
        .find_map(|(at, node)| {
            let shown = clean(&document.text(at)).and_then(|text| amount(&text));
            shown.or_else(|| machine_amount(node.attribute("data-price-amount")?))
        })
}
