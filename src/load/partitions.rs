//! Partitions of the fact table: there before a row needs them, made in a transaction of their own, so that no lock
//! taken for them is held while a batch is written. What is attached is known by its bounds, never by its name.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, Datelike};
use pgrx::pg_sys;

use crate::server::failure::Failure;
use crate::server::process;
use crate::server::statement::Statement;
use crate::server::time::timestamp;
use crate::server::transaction;
use starsink_core::batch::Batch;

/// Least time that others may block it before that is an error.
const PATIENCE: Duration = Duration::from_secs(4);
/// More than a round of tries takes, so that of two that are in each other's way one gives up and the other tries again.
const APART: Duration = Duration::from_millis(1_500);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// A helper that can commit: makes the partitions of these times outside a transaction that cannot. False where no
/// helper is available.
pub type Helper = fn(&[i64]) -> Result<bool, Failure>;

pub struct Partitions {
    look: Statement,
    ensure: Statement,
    known: Option<Held>,
    helper: Option<Helper>,
}

/// Times that partitions hold, in microseconds since the Unix epoch: from, up to.
#[derive(Debug, Default)]
struct Held {
    /// In order, and apart.
    ranges: Vec<(i64, i64)>,
    /// A default partition holds the rest.
    holds_all: bool,
}

impl Held {
    fn holds(&self, time: i64) -> bool {
        let after = self.ranges.partition_point(|&(from, _)| from <= time);
        self.holds_all
            || after
                .checked_sub(1)
                .is_some_and(|place| time < self.ranges[place].1)
    }

    /// Whether one partition, or a default one, holds both and so what is between.
    fn holds_between(&self, first: i64, last: i64) -> bool {
        let place = |time| self.ranges.partition_point(|&(from, _)| from <= time);
        self.holds_all || (place(first) == place(last) && self.holds(first) && self.holds(last))
    }
}

impl Partitions {
    /// `helper`: for a process whose transaction is its caller's.
    pub fn new(helper: Option<Helper>) -> Partitions {
        Partitions {
            look: Statement::of_snapshot(
                "SELECT CASE WHEN first_time > '-infinity' THEN (EXTRACT(epoch FROM first_time) * 1000000)::bigint ELSE (-9223372036854775808)::bigint END, \
                 CASE WHEN next_time < 'infinity' THEN (EXTRACT(epoch FROM next_time) * 1000000)::bigint ELSE 9223372036854775807 END, \
                 first_time IS NULL FROM starsink_internal.fact_partitions()",
                &[],
            ),
            ensure: Statement::new(
                "SELECT starsink_internal.ensure_partition($1)",
                &[pg_sys::TIMESTAMPTZOID],
            ),
            known: None,
            helper,
        }
    }

    /// Forgets what is known, as when a write found a partition missing.
    pub fn forget(&mut self) {
        self.known = None;
    }

    /// Makes what the batch lacks in transactions of its own: a worker's way. Whether it lacked anything.
    pub fn prepare(&mut self, batch: &Batch) -> Result<bool, Failure> {
        if self.has_all(batch) {
            return Ok(false);
        }
        let give_up_at = Instant::now() + patience();
        let mut lacked = false;
        loop {
            let missing = transaction::run(c"looking for partitions", || self.missing(batch))?;
            let Some(&first) = missing.first() else {
                return Ok(lacked);
            };
            lacked = true;
            // One at a time: each is there for all as soon as it is made.
            let made = transaction::run(c"making partitions", || self.ensure(first));
            self.forget();
            match made {
                Ok(()) => {}
                Err(failure) if failure.is_about_locks() && Instant::now() < give_up_at => pause(),
                Err(failure) => return Err(explained(failure, first)),
            }
        }
    }

    /// The same inside the caller's transaction, by the helper, so that the caller holds no lock for it; where there is no help
    /// to be had, here.
    pub fn prepare_within(&mut self, batch: &Batch) -> Result<bool, Failure> {
        let give_up_at = Instant::now() + patience();
        let mut lacked = false;
        while !self.has_all(batch) {
            let missing = self.missing(batch)?;
            let Some(&first) = missing.first() else {
                break;
            };
            lacked = true;
            let is_helped = self.helper.map_or(Ok(false), |helper| helper(&missing))?;
            self.forget();
            let still = self.missing(batch)?;
            if still.len() < missing.len() || still.first() != missing.first() {
                continue;
            }
            // Without help, and as the last try that says what is wrong.
            if !is_helped || Instant::now() >= give_up_at {
                let made = transaction::sub(|| self.ensure(first));
                self.forget();
                match made {
                    Ok(()) => {}
                    Err(failure) if failure.is_about_locks() && Instant::now() < give_up_at => {
                        transaction::sub(|| {
                            pause();
                            Ok(())
                        })?;
                    }
                    Err(failure) => return Err(explained(failure, first)),
                }
            } else {
                transaction::sub(|| {
                    pause();
                    Ok(())
                })?;
            }
        }
        Ok(lacked)
    }

    /// Whether every row is known to have its partition.
    fn has_all(&self, batch: &Batch) -> bool {
        let Some((first, last)) = batch.event_times else {
            return true;
        };
        self.known.as_ref().is_some_and(|held| {
            held.holds_between(first, last)
                || batch.rows.iter().all(|row| held.holds(row.event_time))
        })
    }

    /// Event times, one for each month of the batch in which some have no partition.
    fn missing(&mut self, batch: &Batch) -> Result<Vec<i64>, Failure> {
        let held = match self.known.take() {
            Some(held) => held,
            None => self.held()?,
        };
        let held = self.known.insert(held);
        let mut months = HashSet::new();
        let times = batch.rows.iter().map(|row| row.event_time);
        Ok(times
            .filter(|&time| !held.holds(time) && months.insert(month(time)))
            .collect())
    }

    /// What is committed now, also where the transaction looks at an older moment.
    fn held(&self) -> Result<Held, Failure> {
        let mut held = Held::default();
        // SAFETY: inside a transaction; an error unwinds to its guard, which lets go of the snapshot.
        unsafe {
            pg_sys::AcceptInvalidationMessages();
            pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot());
        }
        self.look.each(&[], |row| {
            if row.bool(3) {
                held.holds_all = true;
            } else {
                held.ranges.push((row.big(1), row.big(2)));
            }
            Ok(())
        })?;
        // SAFETY: the snapshot from above.
        unsafe { pg_sys::PopActiveSnapshot() };
        held.ranges.sort_unstable();
        Ok(held)
    }

    /// Makes the partition of this time; its locks last as long as the transaction.
    pub fn ensure(&self, time: i64) -> Result<(), Failure> {
        self.ensure.run(&[timestamp(time)?.into()])
    }
}

/// What is to be said when others are in the way for too long.
fn explained(failure: Failure, time: i64) -> Failure {
    if failure.is_about_locks() {
        let month = DateTime::from_timestamp_micros(time)
            .map_or_else(String::new, |time| time.format("%Y-%m").to_string());
        Failure::partition_locked(&month)
    } else {
        failure
    }
}

/// This process's own patience: others, started before and after it, have another.
fn patience() -> Duration {
    PATIENCE + APART * (std::process::id() % 4)
}

/// Waits a little; a cancelled or ended session does not.
pub fn pause() {
    process::rest(PAUSE);
    pgrx::check_for_interrupts!();
}

fn month(time: i64) -> i32 {
    DateTime::from_timestamp_micros(time).map_or(0, |time| time.year() * 12 + time.month0() as i32)
}
