//! Sets of devices, as aggregates store them: keys in order, each as its distance from the one before. Device keys are
//! dense, so a union of many is made in a bitmap, and costs little more than reading them.

use crate::varint;

/// From so many members on, a set is a bitmap.
pub const BITMAP: usize = 1 << 13;
/// A key beyond this never makes a bitmap: 2^31 keys are 256 MB.
const MAX_KEY: u32 = i32::MAX as u32;

/// A set that grows.
#[derive(Clone, Debug)]
pub enum Devices {
    /// The first `.1` keys are sorted and unique; those after them are in order of arrival.
    List(Vec<u32>, usize),
    Bitmap(Vec<u64>),
}

impl Default for Devices {
    fn default() -> Devices {
        Devices::List(Vec::new(), 0)
    }
}

impl Devices {
    /// Whether a settled set has a device.
    pub fn contains(&self, key: u32) -> bool {
        match self {
            Devices::List(list, _) => list.binary_search(&key).is_ok(),
            Devices::Bitmap(bits) => bits
                .get((key / 64) as usize)
                .is_some_and(|word| word & (1 << (key % 64)) != 0),
        }
    }

    pub fn add(&mut self, key: u32) {
        match self {
            Devices::List(list, ordered) => {
                list.push(key);
                if list.len() >= BITMAP.max(*ordered * 2) {
                    self.settle();
                }
            }
            Devices::Bitmap(bits) => set(bits, key),
        }
    }

    /// Orders a list, and makes a bitmap of a long one.
    pub fn settle(&mut self) {
        let Devices::List(list, ordered) = self else {
            return;
        };
        list.sort_unstable();
        list.dedup();
        *ordered = list.len();
        if list.len() >= BITMAP {
            let mut bits = Vec::new();
            list.iter().for_each(|&key| set(&mut bits, key));
            *self = Devices::Bitmap(bits);
        }
    }

    pub fn count(&mut self) -> u64 {
        self.settle();
        match self {
            Devices::List(list, _) => list.len() as u64,
            Devices::Bitmap(bits) => bits.iter().map(|word| u64::from(word.count_ones())).sum(),
        }
    }

    pub fn stored(&mut self) -> Vec<u8> {
        self.settle();
        match self {
            Devices::List(list, _) => store(list.iter().copied()),
            Devices::Bitmap(bits) => store(members(bits)),
        }
    }
}

/// Puts a key into a bitmap.
pub fn set(bits: &mut Vec<u64>, key: u32) {
    let place = (key.min(MAX_KEY) / 64) as usize;
    if bits.len() <= place {
        bits.resize((place + 1).max(bits.len() * 3 / 2), 0);
    }
    bits[place] |= 1 << (key % 64);
}

fn members(bits: &[u64]) -> impl Iterator<Item = u32> + '_ {
    bits.iter().enumerate().flat_map(|(place, &word)| {
        let mut left = word;
        std::iter::from_fn(move || {
            let bit = left.trailing_zeros();
            left &= left.checked_sub(1)?;
            Some(place as u32 * 64 + bit)
        })
    })
}

/// Stores keys that come in order.
pub fn store(keys: impl Iterator<Item = u32>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut before = 0;
    for key in keys {
        varint::put(&mut out, u64::from(key - before));
        before = key;
    }
    out
}

/// The keys of a stored set, in order.
pub fn keys(mut bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let mut key = 0_u64;
    std::iter::from_fn(move || {
        key = key.checked_add(varint::take(&mut bytes)?)?;
        u32::try_from(key).ok().filter(|&key| key <= MAX_KEY)
    })
}

/// Number of keys in a stored set, without decoding them: only the last byte of a key has its high bit clear.
pub fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| varint::is_last(byte)).count()
}

/// Members of the first set that are not in the second one.
pub fn minus(first: &[u8], second: &[u8]) -> Vec<u8> {
    let mut others = keys(second).peekable();
    store(keys(first).filter(|&key| {
        while others.next_if(|&other| other < key).is_some() {}
        others.peek() != Some(&key)
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn stored(keys: &[u32]) -> Vec<u8> {
        let mut set = Devices::default();
        keys.iter().for_each(|&key| set.add(key));
        set.stored()
    }

    #[test]
    fn a_large_set_is_as_exact_as_a_small_one() {
        let many: Vec<u32> = (0..60_000).map(|n| n * 7_919 % 100_003).collect();
        let expected: BTreeSet<u32> = many.iter().copied().collect();
        let mut grown = Devices::default();
        many.iter().for_each(|&key| grown.add(key));
        assert_eq!(grown.count(), expected.len() as u64);
        assert!(keys(&grown.stored()).eq(expected.iter().copied()));
        assert!((0..120_000).all(|key| grown.contains(key) == expected.contains(&key)));
    }

    proptest! {
        #[test]
        fn sets_are_sets(first in prop::collection::vec(0_u32..300_000, 0..80), second in prop::collection::vec(0_u32..300, 0..80)) {
            let [one, two]: [BTreeSet<u32>; 2] = [&first, &second].map(|keys| keys.iter().copied().collect());
            let (first, second) = (stored(&first), stored(&second));
            prop_assert!(keys(&first).eq(one.iter().copied()));
            prop_assert_eq!(count(&first), one.len());
            prop_assert!(keys(&minus(&first, &second)).eq(one.difference(&two).copied()));
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            keys(&bytes).take(100).for_each(drop);
        }
    }
}
