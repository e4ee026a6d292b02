//! Unions of stored sets of devices. Sets are kept as they came and read when their union is asked for, one union at a
//! time: a bitmap reaches up to the last device, and one that is filled in turn with others has left the processor's
//! cache when its turn comes.

use std::{iter, mem};

use super::devices::{BITMAP, Devices, count, keys, set};

/// Bytes of sets that are kept before they are read.
const KEPT: usize = 1 << 22;

/// Stored sets on their way to becoming one.
#[derive(Clone, Debug, Default)]
pub struct Union {
    /// One set behind the other.
    sets: Vec<u8>,
    ends: Vec<usize>,
    /// Union of the sets read so far, when there were too many bytes to keep.
    read: Vec<u64>,
}

impl Union {
    pub fn add(&mut self, set: &[u8]) {
        if set.is_empty() {
            return;
        }
        if self.sets.len() + set.len() > KEPT {
            let mut bits = mem::take(&mut self.read);
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
            let mut devices = Devices::List(self.sets().flat_map(keys).collect(), 0);
            devices.settle();
            return devices;
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

    /// The stored set itself, where the union is of one set only.
    fn only(&self) -> Option<&[u8]> {
        (self.ends.len() == 1 && self.read.is_empty()).then_some(&self.sets)
    }

    fn read_into(&self, bits: &mut Vec<u64>) {
        for keys in self.sets().map(keys) {
            keys.for_each(|key| set(bits, key));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::devices::store;
    use super::*;

    #[test]
    fn many_sets_are_united_as_exactly_as_few() {
        let many: Vec<u32> = (0..60_000).map(|n| n * 7_919 % 100_003).collect();
        let expected: BTreeSet<u32> = many.iter().copied().collect();
        let mut union = Union::default();
        for part in many.chunks(777) {
            let part: BTreeSet<u32> = part.iter().copied().collect();
            union.add(&store(part.into_iter()));
        }
        assert_eq!(union.count(), expected.len() as u64);
        assert_eq!(union.stored(), store(expected.iter().copied()));
        let united = union.united();
        assert!((0..120_000).all(|key| united.contains(key) == expected.contains(&key)));
    }

    #[test]
    fn sets_that_are_too_many_to_be_kept_are_read_before() {
        let mut union = Union::default();
        for n in 0..10 {
            union.add(&store((0..600_000).map(|key| key * 10 + n % 7)));
            assert_eq!(union.count(), 600_000 * (u64::from(n) + 1).min(7));
        }
        assert!(!union.read.is_empty());
        let expected = (0..600_000).flat_map(|ten| (0..7).map(move |n| ten * 10 + n));
        assert!(keys(&union.stored()).eq(expected));
    }

    proptest! {
        #[test]
        fn a_union_has_the_members_of_all(sets in prop::collection::vec(prop::collection::btree_set(0_u32..300, 0..80), 0..5)) {
            let mut union = Union::default();
            sets.iter().for_each(|set| union.add(&store(set.iter().copied())));
            let expected: BTreeSet<u32> = sets.iter().flatten().copied().collect();
            prop_assert_eq!(union.count(), expected.len() as u64);
            prop_assert!(keys(&union.stored()).eq(expected.iter().copied()));
            let united = union.united();
            prop_assert!((0..310).all(|key| united.contains(key) == expected.contains(&key)));
        }
    }
}
