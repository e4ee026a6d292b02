//! The visitor's IP address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Reads an address as proxies write it: the first of an X-Forwarded list, with or without a port, zone or brackets.
/// An IPv4 address mapped into IPv6 is IPv4.
pub fn parse(text: &str) -> Option<IpAddr> {
    if let Ok(plain) = text.parse::<Ipv4Addr>() {
        return Some(plain.into());
    }
    let first = text
        .split(',')
        .map(str::trim)
        .find(|entry| !entry.is_empty())?;
    let address = match first.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => match first.parse::<SocketAddr>() {
            Ok(with_port) => with_port.ip(),
            Err(_) => without_zone(first).parse().ok()?,
        },
    };
    Some(address.to_canonical())
}

fn without_zone(text: &str) -> &str {
    let inner = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    inner.split_once('%').map_or(inner, |(address, _)| address)
}

/// Whether no visitor on the Internet can have this address: private, local, shared or reserved.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => is_private_v6(v6),
    }
}

fn is_private_v4(v4: Ipv4Addr) -> bool {
    let [a, b, ..] = v4.octets();
    let shared = a == 100 && (64..128).contains(&b);
    v4.is_private() || v4.is_loopback() || v4.is_link_local() || shared || a == 0 || a >= 224
}

fn is_private_v6(v6: Ipv6Addr) -> bool {
    v6.is_unspecified()
        || v6.is_loopback()
        || v6.is_unique_local()
        || v6.is_unicast_link_local()
        || v6.is_multicast()
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
    fn private_addresses_are_told_from_public_ones() {
        for text in [
            "10.0.0.1",
            "172.16.0.1",
            "172.31.9.9",
            "192.168.1.1",
            "127.0.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert_eq!(parse(text).map(is_private), Some(true), "{text}");
        }
        for text in [
            "192.0.2.1",
            "203.0.113.9",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "2001:db8::1",
        ] {
            assert_eq!(parse(text).map(is_private), Some(false), "{text}");
        }
    }
}
