//! Host names: registrable domains and the label that names a shop, by the ICANN part of the public suffix list.

use psl::{List, Psl, Type};

/// The registrable domain of a host name in lower case, `None` where its suffix is no ICANN one (an IP address, `localhost`).
pub fn registrable_domain(host: &str) -> Option<&str> {
    let suffix = icann_suffix(host)?;
    let before = host.get(..host.len().checked_sub(suffix.len() + 1)?)?;
    let label = before
        .rsplit('.')
        .next()
        .filter(|label| !label.is_empty())?;
    host.get(before.len() - label.len()..)
}

/// The label before the public suffix: `glamira` of `www.glamira.co.uk`.
pub fn label(host: &str) -> Option<&str> {
    registrable_domain(host)?.split('.').next()
}

/// Suffixes that companies registered for their customers (`github.io`) are not ICANN's: the one below them counts.
fn icann_suffix(host: &str) -> Option<&str> {
    let mut name = host;
    loop {
        let suffix = List.suffix(name.as_bytes())?;
        let text = name.get(name.len().checked_sub(suffix.as_bytes().len())?..)?;
        match suffix.typ()? {
            Type::Icann => return Some(text),
            Type::Private => name = text.split_once('.')?.1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{label, registrable_domain};

    #[test]
    fn domains_are_cut_at_icann_suffixes() {
        let cases: &[(&str, Option<&str>)] = &[
            ("www.example.com", Some("example.com")),
            ("example.com", Some("example.com")),
            ("a.b.example.co.uk", Some("example.co.uk")),
            ("example.com.au", Some("example.com.au")),
            ("shop.example.github.io", Some("github.io")),
            ("my.blogspot.com", Some("blogspot.com")),
            ("x.s3.eu-west-1.amazonaws.com", Some("amazonaws.com")),
            ("www.xn--e1afmkfd.xn--p1ai", Some("xn--e1afmkfd.xn--p1ai")),
            ("co.uk", None),
            ("com", None),
            ("localhost", None),
            ("192.0.2.1", None),
            ("shop.internal", None),
            (".com", None),
            ("a..com", None),
            ("", None),
        ];
        for (host, domain) in cases {
            assert_eq!(registrable_domain(host), *domain, "{host}");
        }
    }

    #[test]
    fn a_shop_has_one_label_in_every_country() {
        for host in [
            "www.example.com",
            "example.co.uk",
            "m.example.com.mx",
            "example.africa",
        ] {
            assert_eq!(label(host), Some("example"), "{host}");
        }
        assert_eq!(label("192.0.2.1"), None);
    }
}
