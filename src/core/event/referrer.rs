//! Pages and referrers: which shop a page is of, which site a visit came from, and whether that is the shop itself.

use std::sync::Arc;

use memchr::memchr2;

use super::cache::Cache;
use super::limits::MAX_URL_BYTES;
use super::traffic::kind::Kind;
use super::traffic::referral::Referral;
use super::traffic::referral::Referrer;
use super::traffic::source::Sites;
use super::url::{Location, origin};
use crate::text::host;
use crate::world::domain::country_of_domain;

const MAX_ORIGINS: usize = 4096;
const MAX_REFERRERS: usize = 16_384;

/// Reads pages and referrers, and remembers what it read.
#[derive(Debug)]
pub struct Links {
    /// Labels of all stores.
    shops: Vec<String>,
    sites: Sites,
    pages: Cache<Option<Arc<Page>>>,
    referrers: Cache<Option<Arc<Known>>>,
}

/// Where an event happened.
#[derive(Debug)]
pub struct Page {
    host: String,
    label: Option<String>,
    /// Registrable domain; `None` where the host is no name of the web.
    pub domain: Option<String>,
    /// ISO 3166-1 alpha-2 of the host's suffix.
    pub country: Option<&'static str>,
}

/// A referrer as seen by a stranger and by the shop that has its label.
#[derive(Debug)]
struct Known {
    label: Option<String>,
    external: Arc<Referrer>,
    internal: Arc<Referrer>,
}

impl Default for Links {
    fn default() -> Links {
        Links {
            shops: Vec::new(),
            sites: Sites::default(),
            pages: Cache::new(MAX_ORIGINS),
            referrers: Cache::new(MAX_REFERRERS),
        }
    }
}

impl Links {
    /// `shops`: the labels before the public suffix of the stores' domains.
    pub fn new(shops: Vec<String>, sites: Sites) -> Links {
        Links {
            shops,
            sites,
            ..Links::default()
        }
    }

    pub fn sites(&self) -> &Sites {
        &self.sites
    }

    /// The page of a `current_url`; `None` when that is no URL.
    pub fn page(&mut self, url: &str) -> Option<Arc<Page>> {
        match origin(url) {
            Some(origin) => self.pages.get(origin, Page::parse),
            None => Page::parse(url),
        }
    }

    /// The parts of a referrer, internal when it is a store's or of the same shop as the page; `None` when it is no URL.
    pub fn referrer(&mut self, url: &str, page: Option<&Page>) -> Option<Arc<Referrer>> {
        let without_query = match memchr2(b'?', b'#', url.as_bytes()) {
            Some(end) => url.get(..end).unwrap_or(url),
            None => url,
        };
        let known = self
            .referrers
            .get(without_query, |url| Known::parse(url, &self.sites))?;
        let is_store = |label: &String| self.shops.contains(label);
        let is_internal = known.label.as_ref().is_some_and(is_store)
            || page.is_some_and(|page| known.is_of(page));
        Some(Arc::clone(if is_internal {
            &known.internal
        } else {
            &known.external
        }))
    }
}

impl Page {
    fn parse(url: &str) -> Option<Arc<Page>> {
        let location = Location::parse(url)?;
        let host = location.host();
        let domain = location
            .is_web()
            .then(|| host::registrable_domain(host))
            .flatten();
        let label = domain.and_then(|_| host::label(host));
        Some(Arc::new(Page {
            host: host.to_owned(),
            label: label.map(str::to_owned),
            domain: domain.map(str::to_owned),
            country: domain.and_then(|_| country_of_domain(host)),
        }))
    }
}

impl Known {
    fn parse(url: &str, sites: &Sites) -> Option<Arc<Known>> {
        let location = Location::parse(url)?;
        let host = location.host().to_owned();
        let domain = location
            .is_web()
            .then(|| host::registrable_domain(&host))
            .flatten();
        let mut place = location.place();
        place.truncate(place.floor_char_boundary(MAX_URL_BYTES));
        let registrable_domain = domain.unwrap_or(&host).to_owned();
        let from_elsewhere = Referral::from_site(&host, domain, sites);
        let from_the_shop = Referral::direct(Kind::Internal);
        let external = Referrer {
            url: place,
            host,
            registrable_domain,
            is_internal: false,
            kind: from_elsewhere.kind,
            source: from_elsewhere.source,
            medium: from_elsewhere.medium,
            channel: from_elsewhere.channel,
        };
        let internal = Referrer {
            is_internal: true,
            kind: from_the_shop.kind,
            source: from_the_shop.source,
            medium: from_the_shop.medium,
            channel: from_the_shop.channel,
            ..external.clone()
        };
        let label = location
            .is_web()
            .then(|| host::label(&external.host))
            .flatten();
        Some(Arc::new(Known {
            label: label.map(str::to_owned),
            external: Arc::new(external),
            internal: Arc::new(internal),
        }))
    }

    /// Whether the referrer has the page's label, in any country; without a label (IP address, `localhost`), the same
    /// host.
    fn is_of(&self, page: &Page) -> bool {
        match (&self.label, &page.label) {
            (Some(own), Some(shop)) => own == shop,
            _ => !page.host.is_empty() && self.external.host == page.host,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Links;

    #[test]
    fn every_store_is_internal_whatever_the_page() {
        let mut links = Links::new(vec!["glamira".to_owned()], Default::default());
        let other = links.page("https://www.example.it/ring");
        for page in [other.as_deref(), None] {
            let mut is_internal = |url| links.referrer(url, page).map(|found| found.is_internal);
            assert_eq!(is_internal("https://www.glamira.co.uk/a?b"), Some(true));
            assert_eq!(is_internal("https://glamira.another.com/"), Some(false));
            assert_eq!(
                is_internal("https://www.example.com/"),
                Some(page.is_some())
            );
        }
    }

    #[test]
    fn a_referrer_of_the_same_label_is_internal() {
        let cases: &[(&str, &str, bool)] = &[
            ("https://www.example.com/a", "https://example.com/b", true),
            (
                "https://www.example.com/a",
                "https://www.example.co.uk/b?c",
                true,
            ),
            (
                "https://www.example.com/a",
                "https://www.google.com/",
                false,
            ),
            (
                "https://www.example.com/a",
                "https://example.net.evil.org/",
                false,
            ),
            (
                "https://www.example.com/a",
                "android-app://com.example",
                false,
            ),
            ("http://192.0.2.1/a", "http://192.0.2.1/b", true),
            ("http://192.0.2.1/a", "http://192.0.2.2/b", false),
            ("about:blank", "about:blank", false),
            ("no url", "https://example.com/", false),
        ];
        let mut links = Links::default();
        for _ in ["fresh", "remembered"] {
            for (page, referrer, expected) in cases {
                let page = links.page(page);
                let found = links.referrer(referrer, page.as_deref());
                assert_eq!(
                    found.map(|found| found.is_internal),
                    Some(*expected),
                    "{referrer}"
                );
            }
        }
    }

    #[test]
    fn a_referrer_has_url_host_and_domain() {
        let cases = [
            (
                "https://u:p@www.google.co.uk/search?q=x",
                "https://www.google.co.uk/search",
                "www.google.co.uk",
                "google.co.uk",
            ),
            (
                "android-app://com.google.android.gm/",
                "android-app://com.google.android.gm/",
                "com.google.android.gm",
                "com.google.android.gm",
            ),
            (
                "http://192.0.2.1/#x",
                "http://192.0.2.1/",
                "192.0.2.1",
                "192.0.2.1",
            ),
            ("about:blank", "about:blank", "", ""),
            (
                "t.example.org/x",
                "https://t.example.org/x",
                "t.example.org",
                "example.org",
            ),
        ];
        let mut links = Links::default();
        for (text, url, host, domain) in cases {
            let found = links.referrer(text, None).unwrap_or_default();
            assert_eq!(
                (
                    found.url.as_str(),
                    found.host.as_str(),
                    found.registrable_domain.as_str()
                ),
                (url, host, domain)
            );
        }
        assert!(links.referrer("no url", None).is_none());
        assert!(links.page("no url").is_none());
    }

    #[test]
    fn a_long_referrer_is_cut() {
        let found =
            Links::default().referrer(&format!("https://example.com/{}", "x".repeat(9000)), None);
        assert_eq!(found.map(|found| found.url.len()), Some(8192));
    }
}
