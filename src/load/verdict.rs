//! What became of a batch's rows that are not in the table now.

use std::collections::HashSet;

use starsink_core::batch::{Batch, Rejected};

/// Rows that are not to be written.
#[derive(Default)]
pub struct Verdict {
    /// Rows whose event is there already, with the same payload.
    pub duplicates: Vec<usize>,
    /// Rows that go to quarantine: at decode (another payload), or at load.
    pub synthetic: Vec<Rejected>,
    pub refused: Vec<Rejected>,
}

impl Verdict {
    pub fn append(&mut self, mut other: Verdict) {
        self.duplicates.append(&mut other.duplicates);
        self.synthetic.append(&mut other.synthetic);
        self.refused.append(&mut other.refused);
    }

    /// Those of the given rows that are not to be written, in order.
    pub fn left_out(&self, batch: &Batch, rows: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut left_out = self.duplicates.clone();
        let rejected: HashSet<(usize, i64)> = self
            .synthetic
            .iter()
            .chain(&self.refused)
            .map(|rejected| (rejected.span, rejected.offset))
            .collect();
        if !rejected.is_empty() {
            left_out.extend(
                rows.filter(|&row| {
                    rejected.contains(&(batch.rows[row].span, batch.rows[row].offset))
                }),
            );
        }
        left_out.sort_unstable();
        left_out
    }
}
