//! The visitor's IP address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::world::address::{is_special, meant};

/// Reads an address as proxies write it: of an X-Forwarded-For list, or of a Forwarded header, the first entry that is a
/// public address, else the first that is one at all; with or without a port, zone, quotes or brackets. An IPv4 address
/// within an IPv6 one (mapped, NAT64, 6to4) is IPv4.
pub fn parse(text: &str) -> Option<IpAddr> {
    if let Ok(plain) = text.parse::<Ipv4Addr>() {
        return Some(plain.into());
    }
    let mut entries = text.split(',').filter_map(entry);
    let first = entries.next()?;
    if !is_special(first) {
        return Some(first);
    }
    entries
        .find(|address| !is_special(*address))
        .or(Some(first))
}

/// One proxy's entry; `unknown`, `_hidden` and `-` are none.
fn entry(text: &str) -> Option<IpAddr> {
    let node = text.split(';').find_map(forwarded_for)?;
    let address = match node.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => match node.parse::<SocketAddr>() {
            Ok(with_port) => with_port.ip(),
            Err(_) => without_zone(node).parse().ok()?,
        },
    };
    Some(meant(address))
}

/// The address itself, or what stands behind `for=` (RFC 7239), without quotes; `None` of other parameters.
fn forwarded_for(parameter: &str) -> Option<&str> {
    let node = match parameter.split_once('=') {
        Some((name, node)) if name.trim().eq_ignore_ascii_case("for") => node,
        Some(_) => return None,
        None => parameter,
    };
    Some(node.trim().trim_matches(['"', '\'']).trim())
}

/// Without brackets, the port behind them, and the zone.
fn without_zone(text: &str) -> &str {
    let inner = text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map_or(text, |(address, _port)| address);
    inner.split_once('%').map_or(inner, |(address, _)| address)
}

/// Whether no visitor on the Internet can have this address.
pub fn is_private(address: IpAddr) -> bool {
    is_special(address)
}

#[cfg(test)]
mod tests {
    use super::{is_private, parse};

    #[test]
    fn addresses_are_read_as_proxies_write_them() {
        let cases: &[(&str, Option<&str>)] = &[
            ("192.0.2.1", Some("192.0.2.1")),
            (" 192.0.2.1 ", Some("192.0.2.1")),
            ("192.0.2.1:8080", Some("192.0.2.1")),
            ("192.0.2.1, 198.51.100.7", Some("192.0.2.1")),
            (", 192.0.2.1", Some("192.0.2.1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("::FFFF:C000:0201", Some("192.0.2.1")),
            ("unknown", None),
            ("192.0.2.256", None),
            ("192.0.2", None),
            ("192.0.2.01", None),
            ("3221225985", None),
            ("example.com", None),
            (",", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(
                parse(text).map(|ip| ip.to_string()).as_deref(),
                *expected,
                "{text}"
            );
        }
    }

    #[test]
    fn the_first_public_entry_of_a_list_is_the_visitor() {
        let cases: &[(&str, Option<&str>)] = &[
            ("8.8.8.8, 10.0.0.1", Some("8.8.8.8")),
            ("10.1.2.3, 8.8.8.8", Some("8.8.8.8")),
            ("127.0.0.1, 8.8.8.8, 1.1.1.1", Some("8.8.8.8")),
            ("100.64.1.1,8.8.8.8", Some("8.8.8.8")),
            ("unknown, 8.8.8.8", Some("8.8.8.8")),
            ("_hidden, 8.8.8.8", Some("8.8.8.8")),
            ("-, 8.8.8.8", Some("8.8.8.8")),
            ("nonsense, 192.168.0.1, 8.8.8.8:443", Some("8.8.8.8")),
            (
                "fe80::1%eth0, [2a00:1450:4001:830::200e]:443",
                Some("2a00:1450:4001:830::200e"),
            ),
            ("10.0.0.1, 192.168.0.1", Some("10.0.0.1")),
            ("unknown, 10.0.0.1", Some("10.0.0.1")),
            ("unknown, -", None),
            ("for=8.8.8.8", Some("8.8.8.8")),
            (
                "For=\"8.8.8.8:1234\";proto=https;by=1.1.1.1",
                Some("8.8.8.8"),
            ),
            ("proto=https;for=8.8.8.8", Some("8.8.8.8")),
            (
                "for=_hidden, for=unknown, for=\"[2a00:1450:4001:830::200e]:443\"",
                Some("2a00:1450:4001:830::200e"),
            ),
            ("for=10.0.0.1, for=8.8.8.8", Some("8.8.8.8")),
            ("by=8.8.8.8", None),
            ("\"8.8.8.8\"", Some("8.8.8.8")),
            ("[2a00:1450::1%25eth0]:8080", Some("2a00:1450::1")),
            ("64:ff9b::808:808", Some("8.8.8.8")),
            ("2002:808:808::1", Some("8.8.8.8")),
            ("2002:a00:1::1, 1.1.1.1", Some("1.1.1.1")),
        ];
        for (text, expected) in cases {
            assert_eq!(
                parse(text).map(|ip| ip.to_string()).as_deref(),
                *expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_visitor_s_address_is_none_for_special_purposes() {
        for (text, expected) in [
            ("10.0.0.1", true),
            ("198.18.0.1", true),
            ("100::1", true),
            ("8.8.8.8", false),
        ] {
            assert_eq!(parse(text).map(is_private), Some(expected), "{text}");
        }
    }
}
