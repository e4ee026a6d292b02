//! The distinct members of one dimension in one batch.

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::dimension::table::Dimension;

/// Special members, the same in every dimension.
pub const UNKNOWN: i32 = -1;
pub const NOT_APPLICABLE: i32 = -2;
pub const BLANK: i32 = -3;

/// Members of one dimension, each once; attributes column by column, as the set-based statements take them.
pub struct Members {
    pub hashes: Vec<u128>,
    pub columns: Vec<Vec<Option<String>>>,
    index: HashMap<u128, i32>,
    bytes: usize,
}

/// What a text takes on the heap beside its letters, about.
const HEAP: usize = 16;
/// What an entry of a hash table takes beside key and value, with the room that is free.
const SLOT: usize = 12;

impl Members {
    pub fn new(dimension: Dimension) -> Members {
        Members {
            hashes: Vec::new(),
            columns: vec![Vec::new(); dimension.table().columns.len()],
            index: HashMap::new(),
            bytes: 0,
        }
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn clear(&mut self) {
        self.hashes.clear();
        self.columns.iter_mut().for_each(Vec::clear);
        self.index.clear();
        self.bytes = 0;
    }

    /// Index of the member with this hash; `attributes` are asked for only if it is new.
    pub fn intern<const N: usize>(
        &mut self,
        hash: u128,
        attributes: impl FnOnce() -> [Option<String>; N],
    ) -> i32 {
        *self.index.entry(hash).or_insert_with(|| {
            self.bytes += 2 * size_of::<(u128, i32)>() + SLOT + size_of::<u128>();
            for (column, attribute) in self.columns.iter_mut().zip(attributes()) {
                self.bytes += size_of::<Option<String>>()
                    + attribute.as_ref().map_or(0, |text| text.len() + HEAP);
                column.push(attribute);
            }
            self.hashes.push(hash);
            self.hashes.len() as i32 - 1
        })
    }

    /// A member that is its natural key.
    pub fn natural(&mut self, seed: u64, key: &str) -> i32 {
        self.intern(xxh3_128_with_seed(key.as_bytes(), seed), || {
            [Some(key.to_owned())]
        })
    }
}
