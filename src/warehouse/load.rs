//! The transaction: dimension members, facts, quarantine and offsets commit together or not at all.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use super::control::{Commands, Control};
use super::dimensions::{Dimensions, Keys, put_keys};
use super::facts::{self, Probe, Verdict};
use super::ledger::{Entry, Kind, Ledger};
use super::order_lines::OrderLines;
use super::partitions::{Helper, Partitions};
use super::quarantine::{Quarantine, Stage};
use super::statement::{Statement, get};
use super::transaction;
use super::versions::Versions;
use crate::error::{Blame, Failure};
use starsink_core::batch::latency::latencies;
use starsink_core::batch::span::Span;
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

/// How to write: each way copes with more than the one before, and costs more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// All at once, in the belief that every event is new, and every dimension member that is not there yet.
    Straight,
    /// Looking up first which events are there.
    Probing,
    /// In halves, to find the rows that the table refuses.
    Halving,
}

/// How far an attempt came.
enum Progress<R> {
    Done(R),
    /// An operator said something meanwhile.
    CommandsChanged,
    /// A merge changed the versions of members meanwhile.
    VersionsChanged,
}

/// What became of a batch.
#[derive(Debug)]
pub enum Outcome {
    Committed,
    /// An operator said something meanwhile: nothing was written, and everything is to be read anew.
    Stale,
}

/// Sums over a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub received: i64,
    pub loaded: i64,
    pub duplicates: i64,
    pub dropped: i64,
    pub quarantined: i64,
}

impl Counts {
    /// As SQL functions return them.
    pub fn row(self) -> (i64, i64, i64, i64, i64) {
        (
            self.received,
            self.loaded,
            self.duplicates,
            self.dropped,
            self.quarantined,
        )
    }

    pub fn add(&mut self, more: &Counts) {
        self.received += more.received;
        self.loaded += more.loaded;
        self.duplicates += more.duplicates;
        self.dropped += more.dropped;
        self.quarantined += more.quarantined;
    }
}

/// What a process needs to write batches.
pub struct Loader {
    dimensions: Dimensions,
    versions: Versions,
    probe: Probe,
    order_lines: OrderLines,
    quarantine: Quarantine,
    pub ledger: Ledger,
    pub commands: Commands,
    partitions: Partitions,
    audit_key: Statement,
    /// Duplicates came lately: look first.
    expects_duplicates: bool,
    /// The last batch failed: what it minted is lost.
    has_failed: bool,
    /// Failures of unclear blame in a row.
    unclear: u32,
}

/// After so many failures of unclear blame, the rows are suspected.
const SUSPICION: u32 = 3;

/// So often a batch begins again because members were merged meanwhile.
const MERGES: u32 = 20;

impl Loader {
    /// `helper`: see [`Partitions::new`].
    pub fn new(cache_entries: usize, helper: Option<Helper>) -> Loader {
        Loader {
            dimensions: Dimensions::new(cache_entries),
            versions: Versions::new(),
            probe: Probe::new(),
            order_lines: OrderLines::new(),
            quarantine: Quarantine::new(),
            ledger: Ledger::new(),
            commands: Commands::new(),
            partitions: Partitions::new(helper),
            audit_key: Statement::new("SELECT pg_catalog.nextval('starsink.audit_key')", &[]),
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
    ) -> Result<Outcome, Failure> {
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
                transaction::as_writer(|| {
                    if self.commands.current()? != known {
                        return Ok(Progress::CommandsChanged);
                    }
                    self.write_rows(batch, way, |loader, batch, audit_key, verdict| {
                        loader.keep_books(batch, source, audit_key, verdict)?;
                        Ok(!verdict.duplicates.is_empty() || !verdict.synthetic.is_empty())
                    })
                })
            });
            match attempt {
                Ok(Progress::Done(found)) => {
                    self.dimensions.commit();
                    self.settle(way, found);
                    self.has_failed = false;
                    return Ok(Outcome::Committed);
                }
                Ok(Progress::CommandsChanged) => return Ok(Outcome::Stale),
                // What was committed is dimension members alone.
                Ok(Progress::VersionsChanged) if merges < MERGES => {
                    merges += 1;
                    self.forget_members();
                }
                Ok(Progress::VersionsChanged) => return Err(Failure::versions_keep_changing()),
                Err(failure) => {
                    self.dimensions.abort();
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
        let minted = transaction::run(c"making members", || {
            transaction::as_writer(|| {
                let mut keys = Keys::unresolved(batch);
                self.versions.begin()?;
                self.dimensions
                    .resolve(false, batch, 0..batch.rows.len(), &mut keys)
            })
        });
        match minted {
            Ok(()) => self.dimensions.commit(),
            Err(_) => self.dimensions.abort(),
        }
    }

    /// Loads a batch inside the caller's transaction: SQL's way. The caller commits.
    pub fn load_within(
        &mut self,
        batch: &mut Batch,
        source: &Source<'_>,
    ) -> Result<Counts, Failure> {
        self.attempt_within(batch, |loader, batch, audit_key, verdict| {
            loader.keep_books(batch, source, audit_key, verdict)
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
        self.attempt_within(batch, |loader, batch, audit_key, verdict| {
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
                audit_key,
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
        finish: impl Fn(&Loader, &Batch, i64, &mut Verdict) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        self.partitions.prepare_within(batch)?;
        let mut is_repaired = false;
        let mut merges = 0;
        let mut way = Way::Probing;
        loop {
            let mut has_changed = false;
            let attempt = transaction::sub(|| {
                transaction::as_writer(|| {
                    let progress =
                        self.write_rows(batch, way, |loader, batch, audit_key, verdict| {
                            finish(loader, batch, audit_key, verdict)
                        })?;
                    match progress {
                        Progress::Done(result) => Ok(result),
                        // Undone as a whole, so that the lock on the versions is let go.
                        _ => {
                            has_changed = true;
                            Err(Failure::versions_keep_changing())
                        }
                    }
                })
            });
            // The caller may yet roll back, so nothing found here is remembered.
            self.dimensions.abort();
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
        self.dimensions.forget();
        self.versions.forget();
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

    /// Dimension members and facts, then what `finish` writes of them.
    fn write_rows<R>(
        &mut self,
        batch: &mut Batch,
        way: Way,
        finish: impl FnOnce(&Loader, &Batch, i64, &mut Verdict) -> Result<R, Failure>,
    ) -> Result<Progress<R>, Failure> {
        let mut keys = Keys::unresolved(batch);
        let rows = 0..batch.rows.len();
        self.versions.begin()?;
        if way != Way::Halving {
            let believes = way == Way::Straight;
            self.dimensions
                .resolve(believes, batch, rows.clone(), &mut keys)?;
        }
        if !self.versions.hold()? {
            return Ok(Progress::VersionsChanged);
        }
        let audit_key = self.next_audit_key()?;
        if way == Way::Halving {
            let (dimensions, probe) = (&mut self.dimensions, &self.probe);
            let lines = &self.order_lines;
            let mut verdict = facts::write_by_halves(
                batch, rows, &mut keys, dimensions, probe, lines, audit_key,
            )?;
            return finish(self, batch, audit_key, &mut verdict).map(Progress::Done);
        }
        put_keys(batch, rows.clone(), &keys, audit_key);
        let mut verdict = if way == Way::Straight {
            Verdict::default()
        } else {
            self.probe.look_up(batch, rows.clone())?
        };
        self.order_lines
            .insert(batch, rows.clone(), &keys, audit_key, &verdict)?;
        if way == Way::Straight {
            facts::write(batch)?;
        } else {
            facts::write_new(batch, rows, &verdict)?;
        }
        finish(self, batch, audit_key, &mut verdict).map(Progress::Done)
    }

    /// Quarantine and ledger.
    fn keep_books(
        &self,
        batch: &Batch,
        source: &Source<'_>,
        audit_key: i64,
        verdict: &mut Verdict,
    ) -> Result<Counts, Failure> {
        let rejected: Vec<(&Rejected, Stage)> = rejected(batch, verdict).collect();
        let again = self
            .quarantine
            .insert(source.topic, &batch.spans, &rejected, audit_key)?;
        let mut entries = entries(batch, source, verdict);
        for span in again {
            // Read a second time, as after a seek: it is in quarantine already.
            entries[span].span.quarantined -= 1;
            entries[span].span.duplicates += 1;
        }
        self.ledger.insert(
            audit_key,
            source.kind,
            source.worker,
            source.reason,
            source.topic,
            &entries,
        )?;
        Ok(sum(&entries))
    }

    /// The transaction's id first: a fold tells by it whether a number that it missed can still come. nextval() itself
    /// takes an id for every 32nd number only.
    fn next_audit_key(&self) -> Result<i64, Failure> {
        // SAFETY: inside a transaction that may write.
        unsafe { pgrx::pg_sys::GetTopTransactionId() };
        let mut key = 0;
        self.audit_key.each(&[], |row| {
            key = get(row, 1)?;
            Ok(())
        })?;
        Ok(key)
    }
}

/// The ledger's rows: the spans with what the table said taken in.
fn entries(batch: &Batch, source: &Source<'_>, verdict: &Verdict) -> Vec<Entry> {
    let now_ms = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_millis() as i64);
    let mut entries: Vec<Entry> = batch
        .spans
        .iter()
        .zip(latencies(batch, now_ms))
        .map(|(span, latency)| Entry {
            epoch: source.epochs.get(&span.partition).copied().unwrap_or(0),
            span: span.clone(),
            latency,
        })
        .collect();
    for &row in &verdict.duplicates {
        entries[batch.rows[row].span].span.duplicates += 1;
    }
    for rejected in verdict.synthetic.iter().chain(&verdict.refused) {
        entries[rejected.span].span.quarantined += 1;
    }
    entries
}

/// Everything that goes to quarantine, with the stage it failed at.
fn rejected<'a>(
    batch: &'a Batch,
    verdict: &'a Verdict,
) -> impl Iterator<Item = (&'a Rejected, Stage)> {
    let at_decode = batch
        .rejected
        .iter()
        .chain(&verdict.synthetic)
        .map(|rejected| (rejected, Stage::Decode));
    at_decode.chain(
        verdict
            .refused
            .iter()
            .map(|rejected| (rejected, Stage::Load)),
    )
}

/// One entry for each partition.
fn by_partition(entries: Vec<Entry>) -> Vec<Entry> {
    let mut sums: Vec<Entry> = Vec::new();
    for entry in entries {
        match sums
            .iter_mut()
            .find(|sum| sum.span.partition == entry.span.partition)
        {
            Some(sum) => {
                sum.span.received += entry.span.received;
                sum.span.duplicates += entry.span.duplicates;
                sum.span.dropped += entry.span.dropped;
                sum.span.quarantined += entry.span.quarantined;
            }
            None => sums.push(Entry {
                latency: None,
                ..entry
            }),
        }
    }
    sums
}

fn sum(entries: &[Entry]) -> Counts {
    let total = |count: fn(&Span) -> i64| entries.iter().map(|entry| count(&entry.span)).sum();
    Counts {
        received: total(|span| span.received),
        loaded: total(Span::loaded),
        duplicates: total(|span| span.duplicates),
        dropped: total(|span| span.dropped),
        quarantined: total(|span| span.quarantined),
    }
}
