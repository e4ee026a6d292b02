//! Addresses on a page: which of them are the page's own, and what the relative ones are relative to.

use serde_json::Value;
use url::Url;

use super::node::all;
use super::text::address;
use crate::crawl::markup::Document;

/// Where a page stands.
#[derive(Clone, Debug)]
pub struct Place {
    /// What it was asked for by.
    pub url: String,
    /// What relative addresses on it are relative to, in its scripts too: its own address unless a base element says
    /// otherwise.
    pub base: String,
}

impl Place {
    pub fn of(document: &Document, url: &str) -> Place {
        let mut bases = document.elements("base");
        // The first that has an address counts, even where that is none for the web.
        let base = bases
            .find_map(|(_, base)| base.attribute("href"))
            .and_then(|href| address(href, url));
        Place {
            url: url.to_owned(),
            base: base.unwrap_or_else(|| url.to_owned()),
        }
    }

    /// An address on the page, made absolute.
    pub fn address(&self, text: &str) -> Option<String> {
        address(text, &self.base)
    }

    /// The name of a thing: an address made absolute, whatever its scheme; a blank node's as it stands.
    pub fn name(&self, id: &str) -> String {
        let id = id.trim();
        let is_blank = id.starts_with("_:");
        let url = Url::parse(&self.base).ok().filter(|_| !is_blank);
        let absolute = url.and_then(|url| url.join(id).ok());
        absolute.map_or_else(|| id.to_owned(), Into::into)
    }
}

/// How well this address is a page's own, the higher the better: with how many parameters in common, 0 where it has
/// others; `None` for another page.
pub fn likeness(its: &str, page: &str) -> Option<usize> {
    if !same_page(its, page) {
        return None;
    }
    let parameters = |url: &str| -> Vec<String> {
        let bare = url.split('#').next().unwrap_or_default();
        let query = bare.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs.map(str::to_owned).collect()
    };
    let (its, own) = (parameters(its), parameters(page));
    let has_all = its.iter().all(|pair| own.contains(pair));
    Some(if has_all { 1 + its.len() } else { 0 })
}

/// The same but for parameters and fragment.
pub fn same_page(a: &str, b: &str) -> bool {
    let bare = |url: &str| {
        url.split(['#', '?'])
            .next()
            .unwrap_or_default()
            .trim_end_matches('/')
            .to_owned()
    };
    bare(a) == bare(b)
}

/// The address in a value: a text, or the name or address of a thing.
pub fn link(value: &Value) -> Option<&str> {
    all(Some(value)).find_map(|value| match value {
        Value::String(text) => Some(text.as_str()),
        Value::Object(thing) => ["@id", "url", "@value"]
            .iter()
            .find_map(|key| thing.get(*key)?.as_str()),
        _ => None,
    })
}

/// Crumbs with their links: the home page is left out, and the page itself.
pub fn way(
    mut crumbs: Vec<(String, Option<String>)>,
    place: &Place,
    product_name: Option<&str>,
) -> Vec<String> {
    let leads_home = |link: &Option<String>| {
        let link = link
            .as_deref()
            .and_then(|link| url::Url::parse(&place.address(link)?).ok());
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
                .and_then(|link| place.address(link))
                .is_some_and(|link| same_page(&link, &place.url))
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

#[cfg(test)]
mod tests {
    use super::{Place, likeness};
    use crate::crawl::markup::Document;

    #[test]
    fn relative_addresses_stand_below_the_first_base() {
        let own = "https://shop.example/de/ring.html";
        for (html, base) in [
            ("", own),
            (r#"<base href="/static/">"#, "https://shop.example/static/"),
            (
                r#"<base target=_top><base href="x/"><base href="/y/">"#,
                "https://shop.example/de/x/",
            ),
            (
                r#"<base href="https://cdn.example/a/">"#,
                "https://cdn.example/a/",
            ),
            (
                r#"<base href="//cdn.example/a/">"#,
                "https://cdn.example/a/",
            ),
            (r#"<base href="">"#, own),
            (r#"<base href="javascript:x"><base href="/y/">"#, own),
            (r#"<base href="data:text/html,x">"#, own),
            (r#"<base href="file:///etc/">"#, own),
            (r#"<base href="http://[">"#, own),
        ] {
            assert_eq!(Place::of(&Document::parse(html), own).base, base, "{html}");
        }
        let nowhere = Place::of(&Document::parse("<base href='/x/'>"), "about:blank");
        assert_eq!(
            nowhere.address("https://a.de/b").as_deref(),
            Some("https://a.de/b")
        );
        assert_eq!(nowhere.address("b"), None);
    }

    #[test]
    fn an_address_is_the_page_s_by_its_parameters_too() {
        let page = "https://a.de/ring/?variant=2&lang=de";
        for (its, expected) in [
            ("https://a.de/ring?variant=2", Some(2)),
            ("https://a.de/ring?lang=de&variant=2#x", Some(3)),
            ("https://a.de/ring", Some(1)),
            ("https://a.de/ring?variant=1", Some(0)),
            ("https://a.de/other?variant=2", None),
        ] {
            assert_eq!(likeness(its, page), expected, "{its}");
        }
    }
}
