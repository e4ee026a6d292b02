//! The country of a host name, by its top-level domain.

use crate::text::host::registrable_domain;

use super::countries::country;
use super::rows;

/// National top-level domains that the world registers names in, as search engines see it: a name directly below
/// them says nothing of a country, one below a second level of theirs (`com.co`) does.
const GENERIC: [&str; 20] = [
    "ad", "ai", "as", "bz", "cc", "cd", "co", "dj", "fm", "io", "la", "me", "ms", "nu", "sc", "sr",
    "su", "tk", "tv", "ws",
];

/// The alpha-2 code of the country that a host name in lower case belongs to; `None` for generic and regional ones.
pub fn country_of_domain(host: &str) -> Option<&'static str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let (_, suffix) = registrable_domain(host)?.split_once('.')?;
    let top = suffix.rsplit('.').next()?;
    if GENERIC.contains(&suffix) {
        return None;
    }
    if top.len() > 2 {
        return rows(include_str!("domains.tsv"))
            .find_map(|[domain, country]| (domain == top).then_some(country));
    }
    let code = match top {
        "uk" => "GB".to_owned(),
        _ => top.to_ascii_uppercase(),
    };
    Some(country(&code)?.alpha2)
}

#[cfg(test)]
mod tests {
    use super::super::countries::country;
    use super::super::rows;
    use super::{GENERIC, country_of_domain};

    #[test]
    fn the_suffix_of_a_host_tells_its_country() {
        for (host, expected) in [
            ("glamira.de", Some("DE")),
            ("www.glamira.cl", Some("CL")),
            ("www.glamira.co.uk", Some("GB")),
            ("glamira.com.au", Some("AU")),
            ("glamira.com.mx", Some("MX")),
            ("glamira.rs", Some("RS")),
            ("glamira.bg.", Some("BG")),
            ("shop.glamira.co.za", Some("ZA")),
            ("glamira.xn--p1ai", Some("RU")),
            ("glamira.xn--90a3ac", Some("RS")),
            ("glamira.com.co", Some("CO")),
            ("glamira.co", None),
            ("glamira.me", None),
            ("glamira.tv", None),
            ("glamira.su", None),
            ("glamira.com", None),
            ("glamira.africa", None),
            ("glamira.eu", None),
            ("glamira.xn--e1a4c", None),
            ("glamira.xn--11b4c3d", None),
            ("glamira.ac", None),
            ("shop.github.io", None),
            ("192.0.2.1", None),
            ("[2001:db8::1]", None),
            ("localhost", None),
            ("glamira.zz", None),
            ("co.uk", None),
            ("de", None),
            (".de", None),
            ("a..de", None),
            ("..", None),
            ("", None),
        ] {
            assert_eq!(country_of_domain(host), expected, "{host}");
        }
    }

    #[test]
    fn domains_in_other_scripts_lead_to_countries() {
        let mut count = 0;
        for [domain, code] in rows(include_str!("domains.tsv")) {
            assert!(country(code).is_some() && domain.starts_with("xn--"));
            assert_eq!(
                country_of_domain(&format!("glamira.{domain}")),
                Some(code),
                "{domain}"
            );
            count += 1;
        }
        assert!(count > 60);
        assert!(GENERIC.is_sorted());
    }
}
