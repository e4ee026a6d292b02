//! Which IP addresses a crawler may connect to: those of the Internet, and no other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is this machine's, a network's own, a cloud's metadata service, reserved, or hides one that is.
pub fn is_internal(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_internal_v4(v4),
        IpAddr::V6(v6) => is_internal_v6(v6),
    }
}

fn is_internal_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol = a == 192 && b == 0 && c == 0;
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_documentation()
        || is_shared
        || is_protocol
        || is_benchmark
        || a == 0
        || a >= 224
}

fn is_internal_v6(v6: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b) {
        // NAT64 and IPv4-compatible, 6to4: what is connected to in the end is an IPv4 address.
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => is_internal_v4(v4(g, h)),
        (0x64, 0xff9b) => true,
        (0, 0) if (c, d, e, f) == (0, 0, 0, 0) => true,
        (0x2002, _) => is_internal_v4(v4(b, c)),
        // Teredo, benchmarks, ORCHID and documentation.
        (0x2001, 0..=0x1ff | 0xdb8) => true,
        _ => a & 0xe000 != 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::is_internal;

    #[test]
    fn only_the_internet_is_outside() {
        for (address, expected) in [
            ("127.0.0.1", true),
            ("127.8.9.10", true),
            ("0.0.0.0", true),
            ("10.1.2.3", true),
            ("172.16.0.1", true),
            ("192.168.1.1", true),
            ("169.254.169.254", true),
            ("100.100.100.200", true),
            ("192.0.0.192", true),
            ("198.18.0.1", true),
            ("224.0.0.1", true),
            ("255.255.255.255", true),
            ("::1", true),
            ("::", true),
            ("::ffff:127.0.0.1", true),
            ("::ffff:169.254.169.254", true),
            ("::127.0.0.1", true),
            ("64:ff9b::7f00:1", true),
            ("64:ff9b::a9fe:a9fe", true),
            ("2002:7f00:1::", true),
            ("fe80::1", true),
            ("fec0::1", true),
            ("fd00:ec2::254", true),
            ("ff02::1", true),
            ("2001:db8::1", true),
            ("2001::1", true),
            ("8.8.8.8", false),
            ("93.184.215.14", false),
            ("172.32.0.1", false),
            ("100.128.0.1", false),
            ("64:ff9b::808:808", false),
            ("2002:808:808::1", false),
            ("::ffff:8.8.8.8", false),
            ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", false),
            ("2a00:1450:4001:830::200e", false),
        ] {
            assert_eq!(is_internal(address.parse().unwrap()), expected, "{address}");
        }
    }
}
