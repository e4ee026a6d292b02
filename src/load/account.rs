//! The ledger's rows of a batch: its spans with what the tables said of its rows taken in, and what goes to quarantine.

use std::time::{SystemTime, UNIX_EPOCH};

use starsink_core::batch::latency::latencies;
use starsink_core::batch::span::Span;
use starsink_core::batch::{Batch, Rejected};

use crate::load::Source;
use crate::load::ledger::LedgerRow;
use crate::load::quarantine::Stage;
use crate::load::verdict::Verdict;

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

/// The ledger's rows: the spans with what the table said taken in.
pub fn entries(batch: &Batch, source: &Source<'_>, verdict: &Verdict) -> Vec<LedgerRow> {
    let now_ms = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_millis() as i64);
    let mut entries: Vec<LedgerRow> = batch
        .spans
        .iter()
        .zip(latencies(batch, now_ms))
        .map(|(span, latency)| LedgerRow {
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
pub fn rejected<'a>(
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
pub fn by_partition(entries: Vec<LedgerRow>) -> Vec<LedgerRow> {
    let mut sums: Vec<LedgerRow> = Vec::new();
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
            None => sums.push(LedgerRow {
                latency: None,
                ..entry
            }),
        }
    }
    sums
}

pub fn sum(entries: &[LedgerRow]) -> Counts {
    let total = |count: fn(&Span) -> i64| entries.iter().map(|entry| count(&entry.span)).sum();
    Counts {
        received: total(|span| span.received),
        loaded: total(Span::loaded),
        duplicates: total(|span| span.duplicates),
        dropped: total(|span| span.dropped),
        quarantined: total(|span| span.quarantined),
    }
}
