//! Counts by key, as aggregates store them: pairs in the order of their keys, each key as its distance from the one
//! before. Counts may be negative: rows of an aggregate are differences, and only their sum is a count.

use std::collections::BTreeMap;

use crate::varint;

/// Keys below this are counted in an array: surrogate keys and seconds mostly are.
const DENSE: usize = 1 << 20;

/// A sum of tallies.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    dense: Vec<i64>,
    sparse: BTreeMap<i64, i64>,
}

impl Tally {
    pub fn add(&mut self, key: i64, count: i64) {
        match usize::try_from(key) {
            Ok(place) if place < DENSE => {
                if self.dense.len() <= place {
                    // Small tallies stay small; one that grows does so in steps.
                    self.dense
                        .resize((place + 1).max(self.dense.len() * 2).min(DENSE), 0);
                }
                self.dense[place] += count;
            }
            _ => *self.sparse.entry(key).or_default() += count,
        }
    }

    /// Adds a stored tally. Of malformed bytes, the entries before the first error count.
    pub fn add_stored(&mut self, bytes: &[u8]) {
        for (key, count) in entries(bytes) {
            self.add(key, count);
        }
    }

    /// Keys with a count other than 0, in order.
    pub fn entries(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        let negative = self.sparse.range(..0);
        let rest = self.sparse.range(0..);
        let dense = self.dense.iter().enumerate();
        negative
            .map(|(&key, &count)| (key, count))
            .chain(dense.map(|(key, &count)| (key as i64, count)))
            .chain(rest.map(|(&key, &count)| (key, count)))
            .filter(|&(_, count)| count != 0)
    }

    pub fn stored(&self) -> Vec<u8> {
        store(self.entries())
    }
}

/// Counts that are few, or added up once: pairs as they came.
#[derive(Clone, Debug, Default)]
pub struct Pairs(Vec<(i64, i64)>);

impl Pairs {
    pub fn add(&mut self, key: i64, count: i64) {
        self.0.push((key, count));
    }

    /// The sum as it is stored; `None` where nothing is left.
    pub fn stored(&mut self) -> Option<Vec<u8>> {
        self.0.sort_unstable_by_key(|&(key, _)| key);
        self.0.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 += next.1;
            }
            is_same
        });
        self.0.retain(|&(_, count)| count != 0);
        (!self.0.is_empty()).then(|| store(self.0.iter().copied()))
    }
}

/// Stores entries that come in the order of their keys.
pub fn store(entries: impl Iterator<Item = (i64, i64)>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut before = 0_i64;
    for (key, count) in entries {
        varint::put_signed(&mut out, key.wrapping_sub(before));
        varint::put_signed(&mut out, count);
        before = key;
    }
    out
}

/// The entries of a stored tally.
pub fn entries(mut bytes: &[u8]) -> impl Iterator<Item = (i64, i64)> + '_ {
    let mut key = 0_i64;
    std::iter::from_fn(move || {
        key = key.wrapping_add(varint::take_signed(&mut bytes)?);
        Some((key, varint::take_signed(&mut bytes)?))
    })
}

/// The counts of keys that are named, each under its name. What is not named is left out.
fn named(bytes: &[u8], mut names: Vec<(i32, i32)>) -> impl Iterator<Item = (i64, i64)> + '_ {
    names.sort_unstable();
    let mut names = names.into_iter().peekable();
    let found = entries(bytes).map_while(move |(key, count)| {
        while names.next_if(|&(next, _)| i64::from(next) < key).is_some() {}
        let &(next, name) = names.peek()?;
        Some((i64::from(next) == key).then_some((i64::from(name), count)))
    });
    found.flatten()
}

/// The counts of these keys, those that are not 0, in the order of the keys.
pub fn pick(bytes: &[u8], keys: Vec<i32>) -> Vec<(i64, i64)> {
    named(bytes, keys.into_iter().map(|key| (key, key)).collect())
        .filter(|&(_, count)| count != 0)
        .collect()
}

/// The entries whose counts are among the `n` highest, highest first, with all that share the last place; all of them
/// for `None`. Counts of 0 and less are none.
pub fn top(bytes: &[u8], n: Option<usize>) -> Vec<(i64, i64)> {
    let mut found: Vec<(i64, i64)> = entries(bytes).filter(|&(_, count)| count > 0).collect();
    found.sort_unstable_by_key(|&(key, count)| (std::cmp::Reverse(count), key));
    match n {
        Some(0) => found.clear(),
        Some(n) if n < found.len() => {
            let least = found[n - 1].1;
            let end = n + found[n..].partition_point(|&(_, count)| count == least);
            found.truncate(end);
        }
        _ => {}
    }
    found
}

/// The tally by groups of keys: `groups` maps each key to its group; keys without a group are left out.
pub fn regroup(bytes: &[u8], groups: Vec<(i32, i32)>) -> Vec<u8> {
    let mut sum = Tally::default();
    named(bytes, groups).for_each(|(group, count)| sum.add(group, count));
    sum.stored()
}

/// The value at a fraction of the way through the keys in order, each as often as its count says, interpolated as
/// PostgreSQL's percentile_cont does. `None` of nothing.
pub fn percentile(entries: &[(i64, i64)], fraction: f64) -> Option<f64> {
    let total: i64 = entries.iter().map(|&(_, count)| count.max(0)).sum();
    if total == 0 {
        return None;
    }
    let place = fraction.clamp(0.0, 1.0) * (total - 1) as f64;
    let at = |wanted: i64| {
        let mut seen = 0;
        entries.iter().find_map(|&(key, count)| {
            seen += count.max(0);
            (seen > wanted).then_some(key as f64)
        })
    };
    let (low, high) = (at(place.floor() as i64)?, at(place.ceil() as i64)?);
    Some(low + (high - low) * (place - place.floor()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentiles_lie_between_the_values() {
        let of = |values: &[i64], fraction| {
            let mut tally = Tally::default();
            values.iter().for_each(|&value| tally.add(value, 1));
            percentile(&tally.entries().collect::<Vec<_>>(), fraction)
        };
        assert_eq!(of(&[], 0.5), None);
        assert_eq!(of(&[7], 0.5), Some(7.0));
        assert_eq!(of(&[1, 2], 0.5), Some(1.5));
        assert_eq!(of(&[1, 2, 10], 0.5), Some(2.0));
        assert_eq!(of(&[0, 10, 20, 30], 0.9), Some(27.0));
        assert_eq!(of(&[5, 5, 5, 9], 0.5), Some(5.0));
    }

    #[test]
    fn keys_are_picked_ranked_and_grouped() {
        let tally = store([(-3, 4), (1, 7), (2, 9), (5, 7), (9, -1), (40, 7)].into_iter());
        assert_eq!(pick(&tally, vec![40, 2, -3, 3]), [(-3, 4), (2, 9), (40, 7)]);
        assert_eq!(pick(&tally, Vec::new()), []);
        let ranked = [(2, 9), (1, 7), (5, 7), (40, 7), (-3, 4)];
        assert_eq!(top(&tally, None), ranked);
        assert_eq!(top(&tally, Some(0)), []);
        assert_eq!(top(&tally, Some(1)), ranked[..1]);
        assert_eq!(top(&tally, Some(2)), ranked[..4]);
        assert_eq!(top(&tally, Some(9)), ranked);
        let grouped = regroup(&tally, vec![(5, 1), (-3, 1), (1, 1), (2, 8)]);
        assert_eq!(entries(&grouped).collect::<Vec<_>>(), [(1, 18), (8, 9)]);
    }

    proptest! {
        #[test]
        fn sums_do_not_depend_on_how_they_are_stored(
            pairs in prop::collection::vec((prop_oneof![any::<i64>(), -5_i64..40, 1_048_570_i64..1_048_590], -3_i64..4), 0..60),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut whole = BTreeMap::new();
            for &(key, count) in &pairs {
                *whole.entry(key).or_insert(0) += count;
            }
            whole.retain(|_, count| *count != 0);
            let cut = if pairs.is_empty() { 0 } else { cut.index(pairs.len()) };
            let mut sum = Tally::default();
            for part in [&pairs[..cut], &pairs[cut..]] {
                let mut tally = Tally::default();
                part.iter().for_each(|&(key, count)| tally.add(key, count));
                sum.add_stored(&tally.stored());
            }
            prop_assert_eq!(sum.entries().collect::<Vec<_>>(), whole.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut tally = Tally::default();
            tally.add_stored(&bytes);
        }
    }
}
