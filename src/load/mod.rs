//! Loading: dimension members, facts, quarantine and offsets of a batch commit together or not at all. Main thread only;
//! it gets batches that are ready and knows nothing of Kafka.
//!
//! # Layout, in the order of a transaction
//! - [`knowledge`]   what decoding needs to know of the warehouse, before
//! - [`control`]     the operator's commands, looked at first
//! - [`partitions`]  partitions of the fact table
//! - [`write`]       the one sequence: members, facts and their lines
//! - [`dimensions`]  natural keys -> surrogate keys
//! - [`versions`]    versions of members, as merges change them meanwhile
//! - [`facts`]       rows into fact_event, duplicates out; [`verdict`] what became of the others
//! - [`order_lines`] rows into fact_order_line
//! - [`quarantine`]  what could not be loaded
//! - [`ledger`]      offsets and counts; positions and epochs; [`account`] a batch's own

pub mod account;
pub mod control;
pub mod dimensions;
pub mod facts;
pub mod knowledge;
pub mod ledger;
pub mod order_lines;
pub mod partitions;
pub mod quarantine;
pub mod verdict;
pub mod versions;
pub mod write;

use std::collections::HashMap;

use self::account::{Counts, by_partition, entries, rejected, sum};
use self::control::{Commands, Control};
use self::ledger::{Kind, Ledger};
use self::partitions::{Helper, Partitions};
use self::quarantine::{Quarantine, Stage};
use self::write::{Way, Writer, Written};
use crate::server::failure::{Blame, Failure};
use crate::server::transaction;
use starsink_core::batch::{Batch, Rejected};

/// Where a batch comes from.
pub struct Source<'a> {
    pub topic: &'a str,
    pub kind: Kind,
    /// The worker's number; `None` for SQL.
    pub worker: Option<i32>,
    /// For the ledger's row: the file of SQL ingestion.
    pub reason: Option<&'a str>,
    /// Epoch by partition; 0 where it is not listed.
    pub epochs: &'a HashMap<i32, i32>,
}

/// How far an attempt came.
enum Progress {
    /// Written; whether there were duplicates.
    Done(bool),
    /// An operator said something meanwhile.
    CommandsChanged,
    /// A merge changed the versions of members meanwhile.
    VersionsChanged,
}

/// What became of a batch.
#[derive(Debug)]
pub enum Commit {
    Committed,
    /// An operator said something meanwhile: nothing was written, and everything is to be read anew.
    Stale,
}

/// What a process needs to write batches.
pub struct Loader {
    writer: Writer,
    quarantine: Quarantine,
    pub ledger: Ledger,
    pub commands: Commands,
    partitions: Partitions,
    /// Duplicates came lately: look events up before writing.
    expects_duplicates: bool,
    /// The last batch failed: what it minted is lost.
    has_failed: bool,
    /// Failures in a row that blame neither the rows nor the server.
    unclear: u32,
}

/// After this many of them, the rows are suspected.
const SUSPICION: u32 = 3;

/// How often a batch is tried again because members were merged meanwhile.
const MERGES: u32 = 20;

impl Loader {
    /// `helper`: see [`Partitions::new`].
    pub fn new(cache_entries: usize, helper: Option<Helper>) -> Loader {
        Loader {
            writer: Writer::new(cache_entries),
            quarantine: Quarantine::new(),
            ledger: Ledger::new(),
            commands: Commands::new(),
            partitions: Partitions::new(helper),
            expects_duplicates: false,
            has_failed: false,
            unclear: 0,
        }
    }

    /// Commits a batch in transactions of its own: a worker's way. `known`: the commands the batch was read under.
    pub fn commit(
        &mut self,
        batch: &mut Batch,
        source: &Source<'_>,
        known: Control,
    ) -> Result<Commit, Failure> {
        self.partitions.prepare(batch)?;
        let mut is_repaired = false;
        let mut merges = 0;
        if self.has_failed {
            self.mint(batch);
        }
        let mut way = if self.expects_duplicates {
            Way::Probing
        } else {
            Way::Straight
        };
        loop {
            let attempt = transaction::run(c"loading a batch", || {
                if self.commands.current()? != known {
                    return Ok(Progress::CommandsChanged);
                }
                let Some(written) = self.writer.write(batch, way)? else {
                    return Ok(Progress::VersionsChanged);
                };
                self.keep_books(batch, source, &written)?;
                let verdict = &written.verdict;
                let found = !verdict.duplicates.is_empty() || !verdict.synthetic.is_empty();
                Ok(Progress::Done(found))
            });
            match attempt {
                Ok(Progress::Done(found)) => {
                    self.writer.commit();
                    self.settle(way, found);
                    self.has_failed = false;
                    return Ok(Commit::Committed);
                }
                Ok(Progress::CommandsChanged) => return Ok(Commit::Stale),
                // What was committed is dimension members alone.
                Ok(Progress::VersionsChanged) if merges < MERGES => {
                    merges += 1;
                    self.forget_members();
                }
                Ok(Progress::VersionsChanged) => return Err(Failure::versions_keep_changing()),
                Err(failure) => {
                    self.writer.abort();
                    self.has_failed = true;
                    if !is_repaired && failure.is_refused_row() {
                        is_repaired = true;
                        self.partitions.forget();
                        if self.partitions.prepare(batch)? {
                            continue;
                        }
                    }
                    way = self.next_way(way, failure)?;
                    self.mint(batch);
                }
            }
        }
    }

    /// Commits the batch's members by themselves. Keys that an aborted transaction minted are gone for good, and there are two
    /// thousand million of them: a batch that fails must not take new ones with every try. If this fails, the batch itself will say
    /// what is wrong.
    fn mint(&mut self, batch: &Batch) {
        let minted = transaction::run(c"making members", || self.writer.mint(batch));
        match minted {
            Ok(()) => self.writer.commit(),
            Err(_) => self.writer.abort(),
        }
    }

    /// Loads a batch inside the caller's transaction: SQL's way. The caller commits.
    pub fn load_within(
        &mut self,
        batch: &mut Batch,
        source: &Source<'_>,
    ) -> Result<Counts, Failure> {
        self.attempt_within(batch, |loader, batch, written| {
            loader.keep_books(batch, source, written)
        })
    }

    /// Loads messages out of quarantine inside the caller's transaction. Message n of the batch has span n and the
    /// quarantine's id `ids[n]`.
    pub fn redrive_within(
        &mut self,
        batch: &mut Batch,
        topic: &str,
        ids: &[i64],
    ) -> Result<Counts, Failure> {
        self.attempt_within(batch, |loader, batch, Written { audit_key, verdict }| {
            let rejected: Vec<(&Rejected, Stage)> = rejected(batch, verdict).collect();
            let stay: Vec<usize> = rejected.iter().map(|(rejected, _)| rejected.span).collect();
            let leave: Vec<i64> = (0..ids.len())
                .filter(|span| !stay.contains(span))
                .map(|span| ids[span])
                .collect();
            loader.quarantine.leave(&leave)?;
            loader.quarantine.stay(ids, &rejected)?;
            let source = Source {
                topic,
                kind: Kind::Redrive,
                worker: None,
                reason: None,
                epochs: &HashMap::new(),
            };
            let entries = by_partition(entries(batch, &source, verdict));
            let counts = sum(&entries);
            let moved = entries.into_iter().map(|mut entry| {
                // They were received and quarantined before: now they only move from one column to the others.
                entry.span.quarantined -= entry.span.received;
                entry.span.received = 0;
                entry
            });
            loader.ledger.insert(
                *audit_key,
                source.kind,
                None,
                None,
                topic,
                &moved.collect::<Vec<_>>(),
            )?;
            Ok(counts)
        })
    }

    fn attempt_within<R>(
        &mut self,
        batch: &mut Batch,
        finish: impl Fn(&Loader, &Batch, &Written) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        self.partitions.prepare_within(batch)?;
        let mut is_repaired = false;
        let mut merges = 0;
        let mut way = Way::Probing;
        loop {
            let mut has_changed = false;
            let attempt = transaction::sub(|| {
                transaction::as_writer(|| {
                    match self.writer.write(batch, way)? {
                        Some(written) => finish(self, batch, &written),
                        // Undone as a whole, so that the lock on the versions is let go.
                        None => {
                            has_changed = true;
                            Err(Failure::versions_keep_changing())
                        }
                    }
                })
            });
            // The caller may yet roll back, so nothing found here is remembered.
            self.writer.abort();
            match attempt {
                Ok(result) => {
                    self.unclear = 0;
                    return Ok(result);
                }
                Err(_) if has_changed && merges < MERGES => {
                    merges += 1;
                    self.forget_members();
                }
                Err(failure) => {
                    if !is_repaired && failure.is_refused_row() {
                        is_repaired = true;
                        self.partitions.forget();
                        if self.partitions.prepare_within(batch)? {
                            continue;
                        }
                    }
                    way = self.next_way(way, failure)?;
                }
            }
        }
    }

    /// Forgets what is known of the tables.
    pub fn forget(&mut self) {
        self.forget_members();
        self.partitions.forget();
    }

    /// Forgets what is known of members. Of partitions, a write itself finds out that one is gone.
    pub fn forget_members(&mut self) {
        self.writer.forget_members();
    }

    fn settle(&mut self, way: Way, found_duplicates: bool) {
        self.unclear = 0;
        self.expects_duplicates = way != Way::Straight && found_duplicates;
    }

    /// The way to try after a failure; the failure itself where no other way helps.
    fn next_way(&mut self, way: Way, failure: Failure) -> Result<Way, Failure> {
        match (failure.blame(), way) {
            (Blame::Duplicate, Way::Straight) => Ok(Way::Probing),
            (Blame::Duplicate | Blame::Row, Way::Straight | Way::Probing) => Ok(Way::Halving),
            (Blame::Unclear, Way::Straight | Way::Probing) if self.unclear >= SUSPICION => {
                Ok(Way::Halving)
            }
            (Blame::Unclear, _) => {
                self.unclear += 1;
                Err(failure)
            }
            _ => Err(failure),
        }
    }

    /// Quarantine and ledger.
    fn keep_books(
        &self,
        batch: &Batch,
        source: &Source<'_>,
        Written { audit_key, verdict }: &Written,
    ) -> Result<Counts, Failure> {
        let rejected: Vec<(&Rejected, Stage)> = rejected(batch, verdict).collect();
        let again = self
            .quarantine
            .insert(source.topic, &batch.spans, &rejected, *audit_key)?;
        let mut entries = entries(batch, source, verdict);
        for span in again {
            // Read a second time, as after a seek: it is in quarantine already.
            entries[span].span.quarantined -= 1;
            entries[span].span.duplicates += 1;
        }
        self.ledger.insert(
            *audit_key,
            source.kind,
            source.worker,
            source.reason,
            source.topic,
            &entries,
        )?;
        Ok(sum(&entries))
    }
}
