//! Surrogate keys by the hash of the natural key: bounded, two generations, and honest about aborts. A key minted in
//! a transaction is only remembered when that transaction has committed.

use std::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashMap;

/// The keys are hashes already.
#[derive(Default)]
pub struct Prehashed(u64);

impl Hasher for Prehashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {}

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}

type Generation = HashMap<u128, Found, BuildHasherDefault<Prehashed>>;

/// The surrogate key of a member's current version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub key: i32,
    /// Start of the version's validity, microseconds since the Unix epoch; `i64::MIN` where it is open.
    pub valid_from: i64,
    /// Only events have named it so far. Set only for dimensions whose events are flagged for it.
    pub is_inferred: bool,
}

impl Found {
    pub const UNRESOLVED: Found = Found {
        key: i32::MIN,
        valid_from: i64::MIN,
        is_inferred: false,
    };

    pub fn is_resolved(self) -> bool {
        self.key != i32::MIN
    }
}

/// Keys of one dimension.
pub struct KeyCache {
    young: Generation,
    old: Generation,
    /// Entries of one generation at most.
    capacity: usize,
    /// Found or minted by the transaction under way.
    pending: Vec<(u128, Found)>,
}

impl KeyCache {
    pub fn new(capacity: usize) -> KeyCache {
        KeyCache {
            young: Generation::default(),
            old: Generation::default(),
            capacity,
            pending: Vec::new(),
        }
    }

    pub fn get(&mut self, hash: u128) -> Option<Found> {
        if let Some(&key) = self.young.get(&hash) {
            return Some(key);
        }
        let key = self.old.get(&hash).copied()?;
        self.remember(hash, key);
        Some(key)
    }

    pub fn add_pending(&mut self, hash: u128, key: Found) {
        self.pending.push((hash, key));
    }

    /// The transaction committed: what it found or minted stands.
    pub fn commit(&mut self) {
        for (hash, key) in std::mem::take(&mut self.pending) {
            self.remember(hash, key);
        }
    }

    /// The transaction failed: what it minted does not exist.
    pub fn abort(&mut self) {
        self.pending.clear();
    }

    /// Forgets everything: the tables may have changed under us.
    pub fn clear(&mut self) {
        *self = KeyCache::new(self.capacity);
    }

    fn remember(&mut self, hash: u128, key: Found) {
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(key: i32) -> Found {
        Found {
            key,
            valid_from: i64::MIN,
            is_inferred: false,
        }
    }

    #[test]
    fn an_aborted_key_is_forgotten_and_a_committed_one_kept() {
        let mut cache = KeyCache::new(10);
        cache.add_pending(1, found(100));
        cache.abort();
        cache.commit();
        assert_eq!(cache.get(1), None);
        cache.add_pending(2, found(200));
        cache.commit();
        assert_eq!(cache.get(2), Some(found(200)));
    }

    #[test]
    fn what_is_used_survives_and_the_rest_goes() {
        let mut cache = KeyCache::new(100);
        for hash in 0..10_000_u128 {
            cache.add_pending(hash, found(hash as i32));
            cache.commit();
            assert_eq!(cache.get(0), Some(found(0)));
            assert!(cache.young.len() <= 100 && cache.old.len() <= 100);
        }
        assert_eq!(cache.get(5), None);
    }
}
