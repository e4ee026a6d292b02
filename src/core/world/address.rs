//! IP addresses by the registries of IANA (RFC 6890): those of the Internet, and those for special purposes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The IPv4 address that is meant in the end: mapped into IPv6, translated (NAT64) or tunnelled (6to4); else the address itself.
pub fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)).into();
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => v4(g, h),
        [0x2002, high, low, ..] => v4(high, low),
        _ => address,
    }
}

/// Whether this is no address of the Internet: a machine's or a network's own, shared, reserved, for documentation or
/// benchmarks, a group's, or one that hides such an address.
pub fn is_special(address: IpAddr) -> bool {
    match meant(address) {
        IpAddr::V4(v4) => is_special_v4(v4),
        IpAddr::V6(v6) => is_special_v6(v6),
    }
}

fn is_special_v4(v4: Ipv4Addr) -> bool {
    match v4.octets() {
        // This network, private, loopback; groups and what is reserved, broadcast with it.
        [0 | 10 | 127 | 224.., ..] => true,
        // Shared by a provider's customers, link-local, private.
        [100, 64..=127, ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..] => true,
        // Protocols but for two anycast addresses, 6to4 relays.
        [192, 0, 0, last] => !matches!(last, 9 | 10),
        [192, 88, 99, _] => true,
        // Benchmarks and documentation.
        [198, 18 | 19, ..] | [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        _ => false,
    }
}

fn is_special_v6(v6: Ipv6Addr) -> bool {
    match v6.segments() {
        // Protocols: Teredo, benchmarks, ORCHID; documentation, the old and the new.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => true,
        // Nothing else is given out but 2000::/3.
        [first, ..] => first & 0xe000 != 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_special, meant};

    #[test]
    fn only_the_internet_is_not_special() {
        for (address, expected) in [
            ("0.0.0.0", true),
            ("10.1.2.3", true),
            ("100.64.0.1", true),
            ("100.100.100.200", true),
            ("100.127.255.255", true),
            ("127.0.0.1", true),
            ("127.8.9.10", true),
            ("169.254.169.254", true),
            ("172.16.0.1", true),
            ("172.31.9.9", true),
            ("192.0.0.192", true),
            ("192.0.2.1", true),
            ("192.88.99.1", true),
            ("192.168.1.1", true),
            ("198.18.0.1", true),
            ("198.19.255.255", true),
            ("198.51.100.7", true),
            ("203.0.113.9", true),
            ("224.0.0.1", true),
            ("240.0.0.1", true),
            ("255.255.255.255", true),
            ("::1", true),
            ("::", true),
            ("::ffff:127.0.0.1", true),
            ("::ffff:169.254.169.254", true),
            ("::127.0.0.1", true),
            ("::8.8.8.8", true),
            ("64:ff9b::7f00:1", true),
            ("64:ff9b::a00:1", true),
            ("64:ff9b::a9fe:a9fe", true),
            ("64:ff9b:1::1", true),
            ("64:ff9b:1::808:808", true),
            ("100::1", true),
            ("100:0:0:1::1", true),
            ("2001::1", true),
            ("2001:0:4136:e378:8000:63bf:f7f7:f7f7", true),
            ("2001:2::1", true),
            ("2001:10::1", true),
            ("2001:db8::1", true),
            ("2002:7f00:1::", true),
            ("2002:a00:1::1", true),
            ("3fff::1", true),
            ("3fff:fff:ffff::1", true),
            ("5f00::1", true),
            ("fc00::1", true),
            ("fd00:ec2::254", true),
            ("fe80::1", true),
            ("fec0::1", true),
            ("ff02::1", true),
            ("1.1.1.1", false),
            ("8.8.8.8", false),
            ("93.184.215.14", false),
            ("100.63.0.1", false),
            ("100.128.0.1", false),
            ("172.32.0.1", false),
            ("192.0.0.9", false),
            ("192.0.1.1", false),
            ("192.88.98.1", false),
            ("192.175.48.1", false),
            ("198.20.0.1", false),
            ("223.255.255.1", false),
            ("64:ff9b::808:808", false),
            ("2001:200::1", false),
            ("2001:4860:4860::8888", false),
            ("2002:808:808::1", false),
            ("::ffff:8.8.8.8", false),
            ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", false),
            ("2a00:1450:4001:830::200e", false),
            ("3fff:1000::1", false),
        ] {
            assert_eq!(is_special(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn an_address_within_another_is_the_one_that_is_meant() {
        for (address, expected) in [
            ("8.8.8.8", "8.8.8.8"),
            ("::ffff:8.8.8.8", "8.8.8.8"),
            ("64:ff9b::808:808", "8.8.8.8"),
            ("2002:808:808:1::5", "8.8.8.8"),
            ("64:ff9b:1::808:808", "64:ff9b:1::808:808"),
            ("2001:4860::8.8.8.8", "2001:4860::808:808"),
            ("::8.8.8.8", "::8.8.8.8"),
        ] {
            let found = meant(address.parse().unwrap());
            assert_eq!(
                found,
                expected.parse::<std::net::IpAddr>().unwrap(),
                "{address}"
            );
        }
    }
}
