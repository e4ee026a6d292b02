//! Sets of devices, as aggregates store them: keys in order, each as its distance from the one before. Device keys are
//! dense, so a union of many is made in a bitmap, and costs little more than reading them.

use std::iter;

use super::varint;

/// From so many members on, a set is a bitmap.
const BITMAP: usize = 1 << 13;
/// A key beyond this never makes a bitmap: 2^31 keys are 256 MB.
const MAX_KEY: u32 = i32::MAX as u32;
/// Bytes of stored sets that a union keeps before it reads them.
const KEPT: usize = 1 << 22;

/// A set that grows.
#[derive(Clone, Debug)]
pub enum Devices {
    /// In order and each once up to `.1`; what comes after is as it came.
    List(Vec<u32>, usize),
    Bitmap(Vec<u64>),
}

impl Default for Devices {
    fn default() -> Devices {
        Devices::List(Vec::new(), 0)
    }
}

impl Devices {
    /// Whether a set that was read has a device.
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
    fn settle(&mut self) {
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

/// Stored sets on their way to becoming one. They are read when that is asked for, one union at a time: a bitmap reaches
/// up to the last device, and one that is filled in turn with others has left the processor's cache when its turn comes.
#[derive(Clone, Debug, Default)]
pub struct Union {
    /// One set behind the other.
    sets: Vec<u8>,
    ends: Vec<usize>,
    /// What was read before they became too many.
    read: Vec<u64>,
}

impl Union {
    pub fn add(&mut self, set: &[u8]) {
        if set.is_empty() {
            return;
        }
        if self.sets.len() + set.len() > KEPT {
            let mut bits = std::mem::take(&mut self.read);
            self.read_into(&mut bits);
            *self = Union {
                read: bits,
                ..Union::default()
            };
        }
        self.sets.extend_from_slice(set);
        self.ends.push(self.sets.len());
    }

    pub fn united(&self) -> Devices {
        if self.read.is_empty() && self.sets().map(count).sum::<usize>() < BITMAP {
            let mut list: Vec<u32> = self.sets().flat_map(keys).collect();
            list.sort_unstable();
            list.dedup();
            let ordered = list.len();
            return Devices::List(list, ordered);
        }
        let mut bits = self.read.clone();
        self.read_into(&mut bits);
        Devices::Bitmap(bits)
    }

    pub fn count(&self) -> u64 {
        match self.only() {
            Some(set) => count(set) as u64,
            None => self.united().count(),
        }
    }

    pub fn stored(&self) -> Vec<u8> {
        match self.only() {
            Some(set) => set.to_vec(),
            None => self.united().stored(),
        }
    }

    fn sets(&self) -> impl Iterator<Item = &[u8]> {
        let starts = iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .filter_map(|(start, &end)| self.sets.get(start..end))
    }

    /// The set that it is the union of, if it is of one alone.
    fn only(&self) -> Option<&[u8]> {
        (self.ends.len() == 1 && self.read.is_empty()).then_some(&self.sets)
    }

    fn read_into(&self, bits: &mut Vec<u64>) {
        for keys in self.sets().map(keys) {
            keys.for_each(|key| set(bits, key));
        }
    }
}

fn set(bits: &mut Vec<u64>, key: u32) {
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

/// How many keys a stored set has, without reading them: each ends with a byte of its own kind.
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
        let (mut union, mut grown) = (Union::default(), Devices::default());
        for part in many.chunks(777) {
            union.add(&stored(part));
            part.iter().for_each(|&key| grown.add(key));
        }
        assert_eq!(union.count(), expected.len() as u64);
        assert!(keys(&union.stored()).eq(expected.iter().copied()));
        assert_eq!(grown.stored(), union.stored());
        let read = union.united();
        assert!((0..120_000).all(|key| read.contains(key) == expected.contains(&key)));
    }

    #[test]
    fn sets_that_are_too_many_to_be_kept_are_read_before() {
        let mut union = Union::default();
        let sets: Vec<Vec<u8>> = (0..10)
            .map(|n| stored(&(0..600_000).map(|key| key * 10 + n % 7).collect::<Vec<_>>()))
            .collect();
        for (n, set) in sets.iter().enumerate() {
            union.add(set);
            assert_eq!(union.count(), 600_000 * (n as u64 + 1).min(7));
        }
        assert!(!union.read.is_empty());
        let expected = (0..600_000).flat_map(|ten| (0..7).map(move |n| ten * 10 + n));
        assert!(keys(&union.stored()).eq(expected));
    }

    proptest! {
        #[test]
        fn sets_are_sets(first in prop::collection::vec(0_u32..300_000, 0..80), second in prop::collection::vec(0_u32..300, 0..80)) {
            let [one, two]: [BTreeSet<u32>; 2] = [&first, &second].map(|keys| keys.iter().copied().collect());
            let (first, second) = (stored(&first), stored(&second));
            let mut union = Union::default();
            prop_assert_eq!(union.count(), 0);
            union.add(&first);
            prop_assert_eq!((union.count(), union.stored()), (one.len() as u64, first.clone()));
            union.add(&second);
            prop_assert_eq!(union.count(), one.union(&two).count() as u64);
            prop_assert!(keys(&union.stored()).eq(one.union(&two).copied()));
            prop_assert_eq!(count(&first), one.len());
            prop_assert!(keys(&minus(&first, &second)).eq(one.difference(&two).copied()));
            let mut other = Union::default();
            other.add(&second);
            let second = other.united();
            prop_assert!(keys(&first).filter(|&key| second.contains(key)).eq(one.intersection(&two).copied()));
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            keys(&bytes).take(100).for_each(drop);
        }
    }
}
