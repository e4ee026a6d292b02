//! Integers of variable length (LEB128), and signed ones folded into unsigned (zigzag).

pub fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// Whether a number ends with this byte.
#[inline]
pub fn is_last(byte: u8) -> bool {
    byte < 0x80
}

/// Reads from the front of `bytes` and moves it on; `None` at their end or where no number stands.
#[inline]
pub fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    if is_last(first) {
        *bytes = rest;
        return Some(u64::from(first));
    }
    let mut value = u64::from(first & 0x7f);
    for (place, &byte) in rest.iter().enumerate() {
        let shift = 7 * (place as u32 + 1);
        if shift > 63 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if is_last(byte) {
            *bytes = &rest[place + 1..];
            return Some(value);
        }
    }
    None
}

pub fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    take(bytes).map(|value| (value >> 1) as i64 ^ -((value & 1) as i64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_is_taken(values in prop::collection::vec(any::<i64>(), 0..20)) {
            let mut out = Vec::new();
            for &value in &values {
                put_signed(&mut out, value);
                put(&mut out, value as u64);
            }
            let mut rest = out.as_slice();
            for value in values {
                prop_assert_eq!(take_signed(&mut rest), Some(value));
                prop_assert_eq!(take(&mut rest), Some(value as u64));
            }
            prop_assert_eq!(take(&mut rest), None);
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..30)) {
            let mut rest = bytes.as_slice();
            while take(&mut rest).is_some() {}
        }
    }
}
