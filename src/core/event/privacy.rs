//! How much of a person is kept: the hash of an e-mail address, the front of an IP address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::policy::KeepIp;

/// Block of SHA-256: HMAC pads a shorter key with zeros and hashes a longer one.
const BLOCK: usize = 64;

/// The first half of HMAC-SHA-256 of a normalised address: without the key, nobody can tell whose it is by trying.
pub fn hash_email(key: &[u8], normalised: &str) -> [u8; 16] {
    let mut block = [0; BLOCK];
    let digest = Sha256::digest(key);
    let key = if key.len() > BLOCK {
        digest.as_slice()
    } else {
        key
    };
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(normalised.as_bytes());
    let full: [u8; 32] = mac.finalize().into_bytes().into();
    let mut half = [0; 16];
    half.iter_mut().zip(full).for_each(|(to, from)| *to = from);
    half
}

/// What may be stored of an address: truncated means the /24 of IPv4 and the /48 of IPv6.
pub fn kept_ip(ip: IpAddr, keep: KeepIp) -> Option<IpAddr> {
    match (keep, ip) {
        (KeepIp::None, _) => None,
        (KeepIp::Full, ip) => Some(ip),
        (KeepIp::Truncated, IpAddr::V4(v4)) => {
            Some(Ipv4Addr::from_bits(v4.to_bits() & !0 << 8).into())
        }
        (KeepIp::Truncated, IpAddr::V6(v6)) => {
            Some(Ipv6Addr::from_bits(v6.to_bits() & !0 << 80).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{hash_email, kept_ip};
    use crate::event::policy::KeepIp;

    fn hex(bytes: [u8; 16]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_hash_is_the_front_of_hmac_sha_256() {
        // RFC 4231, test cases 2 and 6.
        assert_eq!(
            hex(hash_email(b"Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c7"
        );
        let long = "Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            hex(hash_email(&[0xaa; 131], long)),
            "60e431591ee0b67f0d8a26aacbf5b77f"
        );
    }

    #[test]
    fn another_key_makes_another_hash() {
        assert_ne!(
            hash_email(b"a", "jane@example.com"),
            hash_email(b"b", "jane@example.com")
        );
    }

    #[test]
    fn addresses_are_kept_as_far_as_allowed() {
        let cases = [
            ("203.0.113.77", KeepIp::Truncated, Some("203.0.113.0")),
            (
                "2001:db8:1:2:3:4:5:6",
                KeepIp::Truncated,
                Some("2001:db8:1::"),
            ),
            ("203.0.113.77", KeepIp::Full, Some("203.0.113.77")),
            ("2001:db8::1", KeepIp::None, None),
        ];
        for (ip, keep, expected) in cases {
            let kept = ip.parse().ok().and_then(|ip| kept_ip(ip, keep));
            assert_eq!(
                kept.map(|ip| ip.to_string()).as_deref(),
                expected,
                "{ip} {keep:?}"
            );
        }
    }
}
