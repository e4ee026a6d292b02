//! Chance: seeded, fast, the same on every machine.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{RngCore, SeedableRng};

pub(super) struct Dice(Pcg64Mcg);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(Pcg64Mcg::seed_from_u64(seed))
    }

    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// 0 to `limit` - 1.
    pub fn below(&mut self, limit: u32) -> u32 {
        // The high word of a product: even enough for a shop, and without a division.
        (((self.bits() >> 32) * u64::from(limit)) >> 32) as u32
    }

    pub fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).expect("a short list")) as usize
    }

    pub fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    pub fn ratio(&mut self, chance: f64) -> bool {
        (self.bits() >> 11) as f64 * (-53f64).exp2() < chance
    }

    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.index(list.len())]
    }
}

/// A weighted choice among up to 65,536 things, drawn in one look-up.
pub(super) struct Weighted(Vec<u16>);

impl Weighted {
    const SLOTS: usize = 1 << 16;

    pub fn new(weights: impl IntoIterator<Item = f64>) -> Weighted {
        let weights: Vec<f64> = weights.into_iter().collect();
        let total: f64 = weights.iter().sum();
        let mut slots = Vec::with_capacity(Self::SLOTS);
        let mut before = 0.0;
        for (index, weight) in weights.iter().enumerate() {
            before += weight;
            let end = (before / total * Self::SLOTS as f64).round() as usize;
            slots.resize(end.max(slots.len()), index as u16);
        }
        Weighted(slots)
    }

    pub fn draw(&self, dice: &mut Dice) -> usize {
        usize::from(self.0[dice.index(self.0.len())])
    }
}
