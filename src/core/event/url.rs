//! URLs as browsers and apps send them: what is one, and which host it names.

use ::url::{Host, Url};

use crate::text::host::registrable_domain;

/// A URL that names a host, or `about:`.
#[derive(Clone, Debug)]
pub struct Location {
    url: Url,
}

impl Location {
    /// Reads a URL; where the scheme is missing (`//host/…`, `host.tld/…`, `host:443/…`) it is taken for `https:`.
    pub fn parse(text: &str) -> Option<Location> {
        let text = text.trim();
        let url = match Url::parse(text) {
            Ok(url) if is_scheme(&url) => url,
            _ if text.starts_with("//") => Url::parse(&["https:", text].concat()).ok()?,
            _ => Url::parse(&["https://", text].concat())
                .ok()
                .filter(|url| names_a_place(url, text))?,
        };
        let location = Location { url };
        (location.url.scheme() == "about" || !location.host().is_empty()).then_some(location)
    }

    /// The host name or address without a final dot; empty where there is none.
    pub fn host(&self) -> &str {
        self.url
            .host_str()
            .unwrap_or_default()
            .trim_end_matches('.')
    }

    /// Whether the host is a name in the DNS; of an app's URL (`android-app://…`) it is not.
    pub fn is_web(&self) -> bool {
        matches!(self.url.scheme(), "http" | "https")
            && matches!(self.url.host(), Some(Host::Domain(_)))
    }

    /// Scheme, host, port and path: no query, no fragment, no user and password.
    pub fn place(&self) -> String {
        let mut place = String::from(self.url.scheme());
        place.push(':');
        if self.url.has_host() {
            place.push_str("//");
            place.push_str(self.host());
        }
        if let Some(port) = self.url.port() {
            place.push(':');
            place.push_str(&port.to_string());
        }
        place.push_str(self.url.path());
        place
    }
}

/// `shop.example:8080/x` and `localhost:3000` parse as if the host were a scheme.
fn is_scheme(url: &Url) -> bool {
    let is_port = url.path().starts_with(|c: char| c.is_ascii_digit());
    url.has_host() || !is_port
}

/// Without a scheme, only a name in the DNS, an address or a host with a port tells a URL from a word.
fn names_a_place(url: &Url, text: &str) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            registrable_domain(name.trim_end_matches('.')).is_some() || url.port().is_some()
        }
        // A mere number is an address to the standard.
        Some(Host::Ipv4(address)) => text.contains(&address.to_string()),
        Some(Host::Ipv6(_)) => true,
        None => false,
    }
}

/// The part of a web URL that settles whether it is one: scheme and authority. The rest can hold anything.
pub fn origin(text: &str) -> Option<&str> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let start = text.len() - rest.len();
    let end = memchr::memchr3(b'/', b'?', b'#', rest.as_bytes()).unwrap_or(rest.len());
    text.get(..start + end)
}

#[cfg(test)]
mod tests {
    use super::{Location, origin};

    #[test]
    fn what_browsers_and_apps_send_is_read() {
        let cases: &[(&str, Option<(&str, &str)>)] = &[
            (
                "https://www.example.com/a?b=c#d",
                Some(("www.example.com", "https://www.example.com/a")),
            ),
            (
                " HTTP://Example.COM ",
                Some(("example.com", "http://example.com/")),
            ),
            (
                "https://user:secret@example.com:8443/a",
                Some(("example.com", "https://example.com:8443/a")),
            ),
            (
                "https://example.com./",
                Some(("example.com", "https://example.com/")),
            ),
            (
                "https://example.com/%ZZ?%",
                Some(("example.com", "https://example.com/%ZZ")),
            ),
            (
                "https://münchen.example/ä",
                Some((
                    "xn--mnchen-3ya.example",
                    "https://xn--mnchen-3ya.example/%C3%A4",
                )),
            ),
            (
                "//example.com/a",
                Some(("example.com", "https://example.com/a")),
            ),
            (
                "example.com/a?b",
                Some(("example.com", "https://example.com/a")),
            ),
            (
                "www.example.co.uk",
                Some(("www.example.co.uk", "https://www.example.co.uk/")),
            ),
            (
                "example.com:8080/p",
                Some(("example.com", "https://example.com:8080/p")),
            ),
            (
                "localhost:3000/x",
                Some(("localhost", "https://localhost:3000/x")),
            ),
            (
                "http://192.0.2.1/x",
                Some(("192.0.2.1", "http://192.0.2.1/x")),
            ),
            ("192.0.2.1/x", Some(("192.0.2.1", "https://192.0.2.1/x"))),
            (
                "https://[2001:db8::1]:8443/",
                Some(("[2001:db8::1]", "https://[2001:db8::1]:8443/")),
            ),
            ("about:blank", Some(("", "about:blank"))),
            (
                "android-app://com.example.app",
                Some(("com.example.app", "android-app://com.example.app")),
            ),
            (
                "android-app://com.example.app/a",
                Some(("com.example.app", "android-app://com.example.app/a")),
            ),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("file:///C:/x.html", None),
            ("mailto:someone", None),
            ("https://", None),
            ("https://./", None),
            ("https://exa mple.com/", None),
            ("https://example.com:99999/", None),
            ("/relative/path", None),
            ("null", None),
            ("(direct)", None),
            ("undefined.html", None),
            ("1591266092", None),
            ("", None),
            ("://", None),
        ];
        for (text, expected) in cases {
            let read = Location::parse(text).map(|found| (found.host().to_owned(), found.place()));
            let expected = expected.map(|(host, place)| (host.to_owned(), place.to_owned()));
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn only_names_belong_to_the_web() {
        for (text, expected) in [
            ("https://example.com/", true),
            ("https://192.0.2.1/", false),
            ("https://[2001:db8::1]/", false),
            ("android-app://com.example.app", false),
        ] {
            assert_eq!(
                Location::parse(text).map(|found| found.is_web()),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn an_origin_is_as_good_as_the_whole() {
        for (text, expected) in [
            ("https://example.com/a", Some("https://example.com")),
            ("http://example.com?a", Some("http://example.com")),
            ("https://u@example.com:1#a", Some("https://u@example.com:1")),
            ("https://", Some("https://")),
            ("HTTPS://example.com", None),
            ("example.com", None),
        ] {
            assert_eq!(origin(text), expected, "{text}");
            if let Some(origin) = expected {
                let hosts = [text, origin]
                    .map(|url| Location::parse(url).map(|found| found.host().to_owned()));
                assert_eq!(hosts[0], hosts[1], "{text}");
            }
        }
    }
}
