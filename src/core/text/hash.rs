//! Texts as hashes, and hashes as text.

use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Hash of several texts; where one ends and the next begins counts.
pub fn chained(seed: u64, texts: &[&str]) -> u128 {
    texts.iter().fold(u128::from(seed), |hash, text| {
        xxh3_128_with_seed(
            text.as_bytes(),
            (hash as u64).rotate_left(7) ^ (hash >> 64) as u64,
        )
    })
}

/// Bytes as hexadecimal digits, as PostgreSQL's `encode(…, 'hex')` writes them.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| {
            [
                DIGITS[usize::from(byte >> 4)] as char,
                DIGITS[usize::from(byte & 15)] as char,
            ]
        })
        .collect()
}
