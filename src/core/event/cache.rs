//! A bounded cache by text: shop events repeat their user agents, pages and referrers.

use std::hash::{BuildHasher, Hasher, RandomState};

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Longest text that is worth remembering, in bytes.
const MAX_KEY: usize = 2048;
/// Most bytes of text that one cache remembers.
const MAX_BYTES: usize = 8 << 20;

/// What was made of a text, until there is too much of it: then everything is forgotten.
#[derive(Debug)]
pub struct Cache<V> {
    made: HashMap<Box<str>, V, Seed>,
    bytes: usize,
    max_entries: usize,
}

impl<V: Clone> Cache<V> {
    pub fn new(max_entries: usize) -> Cache<V> {
        let seed = Seed(RandomState::new().build_hasher().finish());
        Cache {
            made: HashMap::with_hasher(seed),
            bytes: 0,
            max_entries,
        }
    }

    /// What `make` makes of the text, now or earlier.
    pub fn get(&mut self, text: &str, make: impl FnOnce(&str) -> V) -> V {
        if let Some(value) = self.made.get(text) {
            return value.clone();
        }
        let value = make(text);
        if text.len() <= MAX_KEY {
            if self.made.len() >= self.max_entries || self.bytes + text.len() > MAX_BYTES {
                self.made.clear();
                self.bytes = 0;
            }
            self.bytes += text.len();
            self.made.insert(text.into(), value.clone());
        }
        value
    }
}

/// A random seed per cache, so that nobody can choose texts that collide.
#[derive(Clone, Debug)]
struct Seed(u64);

impl BuildHasher for Seed {
    type Hasher = OneText;

    fn build_hasher(&self) -> OneText {
        OneText(self.0)
    }
}

struct OneText(u64);

impl Hasher for OneText {
    fn write(&mut self, text: &[u8]) {
        self.0 = xxh3_64_with_seed(text, self.0);
    }

    /// The end mark that `str` writes: one text alone needs none.
    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Cache, MAX_KEY};

    #[test]
    fn a_text_is_made_once_until_the_cache_is_full() {
        let mut made = Vec::new();
        let mut cache = Cache::new(2);
        for text in ["a", "a", "b", "a", "c", "c", "a"] {
            let value = cache.get(text, |text| {
                made.push(text.to_owned());
                text.to_uppercase()
            });
            assert_eq!(value, text.to_uppercase());
        }
        assert_eq!(made, ["a", "b", "c", "a"]);
    }

    #[test]
    fn long_texts_and_many_bytes_do_not_pile_up() {
        let mut cache = Cache::new(usize::MAX);
        cache.get(&"x".repeat(MAX_KEY + 1), |_| ());
        assert_eq!(cache.made.len(), 0);
        for n in 0..10_000 {
            cache.get(&format!("{n:>0$}", MAX_KEY), |_| ());
        }
        assert!(cache.made.len() < 10_000 && !cache.made.is_empty());
    }
}
