//! Which hosts may be visited, and the addresses of pages.

use url::{Host, Url};

/// Longer addresses are no product's.
const MAX_URL_BYTES: usize = 2000;
/// Parameters that say where a visitor came from or what was chosen, not which page it is.
const NOT_THE_PAGE: [&str; 20] = [
    "gclid", "gbraid", "wbraid", "msclkid", "fbclid", "ttclid", "dclid", "yclid", "mc_cid",
    "mc_eid", "_ga", "alloy", "diamond", "stone", "stone2", "stone3", "stone4", "pearl", "quality",
    "srsltid",
];

/// Parameters that name a page where its path does not.
const THE_PAGE: [&str; 14] = [
    "id",
    "p",
    "page",
    "path",
    "pid",
    "product",
    "product_id",
    "productid",
    "item",
    "sku",
    "article",
    "artikel",
    "lang",
    "language",
];

/// The address of a page that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub url: String,
    /// Host, with the port unless it is the scheme's own: what gets one request at a time.
    pub host: String,
}

impl Place {
    /// Reads an address, leaving out what does not make it another page: fragment, user, campaign, choices.
    pub fn parse(text: &str) -> Option<Place> {
        Place::of(text, makes_a_page)
    }

    /// Reads an address that a visitor was seen at: of its query only what names a page is kept, as the rest may be the
    /// visitor's own.
    pub fn seen(text: &str) -> Option<Place> {
        Place::of(text, names_a_page)
    }

    /// The address that a link leads to, as it stands: a redirect without a part of it might lead back.
    pub fn linked(base: &str, link: &str) -> Option<Place> {
        let url = Url::parse(base).ok()?.join(link.trim()).ok()?;
        Place::of(url.as_str(), |_| true)
    }

    /// An address with those parameters for which `keep` is true of the name, in lower case.
    fn of(text: &str, keep: fn(&str) -> bool) -> Option<Place> {
        let mut url = Url::parse(text.trim()).ok()?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str()?.is_empty() {
            return None;
        }
        url.set_fragment(None);
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        if let Some(query) = url.query() {
            let name = |pair: &str| {
                pair.split('=')
                    .next()
                    .unwrap_or_default()
                    .to_ascii_lowercase()
            };
            let kept: Vec<&str> = query.split('&').filter(|pair| keep(&name(pair))).collect();
            let kept = kept.join("&");
            url.set_query((!kept.is_empty()).then_some(kept.as_str()));
        }
        let host = key(&url)?;
        (url.as_str().len() <= MAX_URL_BYTES).then(|| Place {
            url: url.into(),
            host,
        })
    }

    /// Path and query: what robots.txt speaks of.
    pub fn path(&self) -> &str {
        let authority = self.url.find("://").map_or(0, |at| at + 3);
        let rest = self.url.get(authority..).unwrap_or_default();
        rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
    }
}

fn makes_a_page(name: &str) -> bool {
    !(name.is_empty()
        || name.starts_with("utm_")
        || name.starts_with("itm_")
        || NOT_THE_PAGE.contains(&name))
}

fn names_a_page(name: &str) -> bool {
    THE_PAGE.contains(&name)
}

fn key(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.');
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// One entry: a domain with all below it, or an IP address; at the usual ports, or at one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Allowed {
    host: Host,
    port: Option<u16>,
    /// The page to begin with where nothing else is known of the host.
    home: Option<String>,
}

/// The hosts that may be visited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Allowed>);

impl AllowedHosts {
    /// Domains of the stores, and what `starsink.crawl_allowed_hosts` adds: names and addresses, separated by commas,
    /// with a port where it is not the usual one, and `http://` where it is not `https://`. The error is the entry
    /// that is none.
    pub fn new<'a>(
        stores: impl IntoIterator<Item = &'a str>,
        setting: &str,
    ) -> Result<AllowedHosts, String> {
        let mut entries: Vec<Allowed> = stores.into_iter().filter_map(entry).collect();
        for text in setting
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            entries.push(entry(text).ok_or_else(|| text.to_owned())?);
        }
        Ok(AllowedHosts(entries))
    }

    pub fn permit(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| self.0.iter().any(|entry| entry.covers(&url)))
    }

    /// Pages to begin with: the homes of the entries that are single hosts.
    pub fn homes(&self) -> impl Iterator<Item = Place> {
        self.0
            .iter()
            .filter_map(|entry| Place::parse(entry.home.as_deref()?))
    }
}

fn entry(text: &str) -> Option<Allowed> {
    let url = match text.contains("://") {
        true => Url::parse(text).ok()?,
        false => Url::parse(&format!("https://{text}")).ok()?,
    };
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.username().is_empty();
    if !bare || !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    Some(Allowed {
        host: url.host()?.to_owned(),
        port: url.port(),
        home: Some(url.into()),
    })
}

impl Allowed {
    fn covers(&self, url: &Url) -> bool {
        let same_host = match (&self.host, url.host()) {
            (Host::Domain(allowed), Some(Host::Domain(host))) => {
                let host = host.trim_end_matches('.');
                host.strip_suffix(allowed.as_str())
                    .is_some_and(|before| before.is_empty() || before.ends_with('.'))
            }
            (Host::Ipv4(allowed), Some(Host::Ipv4(host))) => *allowed == host,
            (Host::Ipv6(allowed), Some(Host::Ipv6(host))) => *allowed == host,
            _ => false,
        };
        same_host && matches!(url.scheme(), "http" | "https") && url.port() == self.port
    }
}

#[cfg(test)]
mod tests {
    use super::{AllowedHosts, Place};

    #[test]
    fn a_page_is_the_same_however_one_came_to_it() {
        for (text, expected) in [
            (
                "https://Shop.DE/ring.html?alloy=white-375&diamond=sapphire#x",
                "https://shop.de/ring.html",
            ),
            (
                "https://shop.de/p?id=7&utm_source=x&gclid=y",
                "https://shop.de/p?id=7",
            ),
            ("https://u:p@shop.de:443/a", "https://shop.de/a"),
            ("http://127.0.0.2:8080/a b", "http://127.0.0.2:8080/a%20b"),
        ] {
            assert_eq!(Place::parse(text).unwrap().url, expected, "{text}");
        }
        for text in [
            "ftp://shop.de/",
            "shop.de/a",
            "https:///",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "",
        ] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
        let page = Place::parse("https://shop.de:8443/a/b?c=d").unwrap();
        assert_eq!(
            (page.host.as_str(), page.path()),
            ("shop.de:8443", "/a/b?c=d")
        );
        assert_eq!(
            Place::linked(&page.url, "../x?alloy=y#z").unwrap().url,
            "https://shop.de:8443/x?alloy=y"
        );
        assert_eq!(
            Place::seen("https://shop.de/p?ID=7&email=a@b.c&token=x")
                .unwrap()
                .url,
            "https://shop.de/p?ID=7"
        );
        assert_eq!(
            Place::linked(&page.url, "//other.de").unwrap().host,
            "other.de"
        );
    }

    #[test]
    fn a_domain_covers_what_is_below_it_at_the_usual_ports() {
        let hosts = AllowedHosts::new(
            ["shop.de", "shop.co.uk"],
            "127.0.0.2:8080, http://dev.example:81, [::1]",
        )
        .unwrap();
        for (url, expected) in [
            ("https://shop.de/a", true),
            ("http://www.shop.de/a", true),
            ("https://shop.de./a", true),
            ("https://a.b.shop.co.uk/", true),
            ("https://workshop.de/", false),
            ("https://shop.de.evil.example/", false),
            ("https://shop.de:22/", false),
            ("http://127.0.0.2:8080/", true),
            ("http://127.0.0.2/", false),
            ("http://2130706434:8080/", true),
            ("http://127.0.0.3:8080/", false),
            ("http://dev.example:81/", true),
            ("https://[::1]/", true),
            ("ftp://shop.de/", false),
        ] {
            assert_eq!(hosts.permit(url), expected, "{url}");
        }
        assert_eq!(AllowedHosts::new([], "a.de, b c"), Err("b c".to_owned()));
        assert_eq!(
            AllowedHosts::new([], "https://a.de/path"),
            Err("https://a.de/path".to_owned())
        );
        assert_eq!(hosts.homes().count(), 5);
    }
}
