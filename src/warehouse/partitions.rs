//! Partitions of the fact table: there before a row needs them, made in a transaction of their own, so that no lock
//! taken for them is held while a batch is written.

use std::collections::HashSet;

use chrono::{DateTime, Datelike};
use pgrx::pg_sys;

use super::facts::timestamp;
use super::statement::Statement;
use crate::error::Failure;
use crate::event::batch::Batch;

pub struct Partitions {
    ensure: Statement,
    /// Months (year times 12 plus month) known to have their partition.
    known: HashSet<i32>,
}

impl Partitions {
    pub fn new() -> Partitions {
        Partitions {
            ensure: Statement::new(
                "SELECT starsink.ensure_partition($1)",
                &[pg_sys::TIMESTAMPTZOID],
            ),
            known: HashSet::new(),
        }
    }

    /// Event times, one for each month of the batch that may lack its partition.
    pub fn missing(&self, batch: &Batch) -> Vec<i64> {
        let Some((first, last)) = batch.event_times else {
            return Vec::new();
        };
        if month(first) == month(last) {
            return if self.known.contains(&month(first)) {
                Vec::new()
            } else {
                vec![first]
            };
        }
        let mut seen = HashSet::new();
        batch
            .rows
            .iter()
            .map(|row| row.event_time)
            .filter(|&time| !self.known.contains(&month(time)) && seen.insert(month(time)))
            .collect()
    }

    /// Makes the partitions of these times.
    pub fn ensure(&self, times: &[i64]) -> Result<(), Failure> {
        times
            .iter()
            .try_for_each(|&time| self.ensure.run(&[timestamp(time)?.into()]))
    }

    /// To be told after the transaction of [`Partitions::ensure`] has committed.
    pub fn made(&mut self, times: &[i64]) {
        self.known.extend(times.iter().map(|&time| month(time)));
    }

    /// Forgets what is known, as when a write found a partition missing.
    pub fn forget(&mut self) {
        self.known.clear();
    }
}

fn month(time: i64) -> i32 {
    DateTime::from_timestamp_micros(time).map_or(0, |time| time.year() * 12 + time.month0() as i32)
}
