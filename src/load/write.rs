//! The one sequence in which rows are written: keys of their members, which of them are there already, the lines of their
//! orders, the facts. A batch goes through it as a whole or, to find the rows that the table refuses, by halves.

use std::ops::Range;

use starsink_core::batch::Batch;
use starsink_core::event::code::Code;

use crate::load::dimensions::{Dimensions, Keys, put_keys};
use crate::load::facts::{self, Probe};
use crate::load::order_lines::OrderLines;
use crate::load::verdict::Verdict;
use crate::load::versions::Versions;
use crate::server::failure::{Blame, Failure, sqlstate};
use crate::server::statement::Statement;
use crate::server::transaction;

/// How to write: each way copes with more than the one before, and costs more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// All at once, in the belief that every event is new, and every dimension member that is not there yet.
    Straight,
    /// Looking up first which events are there.
    Probing,
    /// In halves, to find the rows that the table refuses.
    Halving,
}

/// What was written, in a transaction that is not committed yet.
pub struct Written {
    pub audit_key: i64,
    pub verdict: Verdict,
}

pub struct Writer {
    dimensions: Dimensions,
    versions: Versions,
    probe: Probe,
    order_lines: OrderLines,
    audit_key: Statement,
}

impl Writer {
    pub fn new(cache_entries: usize) -> Writer {
        Writer {
            dimensions: Dimensions::new(cache_entries),
            versions: Versions::new(),
            probe: Probe::new(),
            order_lines: OrderLines::new(),
            audit_key: Statement::new("SELECT pg_catalog.nextval('starsink.audit_key')", &[]),
        }
    }

    /// Writes a batch's members and rows; `None` where a merge changed the versions of members meanwhile: then the
    /// transaction must end.
    pub fn write(&mut self, batch: &mut Batch, way: Way) -> Result<Option<Written>, Failure> {
        let mut keys = Keys::unresolved(batch);
        let rows = 0..batch.rows.len();
        self.versions.begin()?;
        if way != Way::Halving {
            let is_optimistic = way == Way::Straight;
            self.dimensions
                .resolve(is_optimistic, batch, rows.clone(), &mut keys)?;
        }
        if !self.versions.hold()? {
            return Ok(None);
        }
        let audit_key = self.next_audit_key()?;
        let verdict = match way {
            Way::Straight => self.put(batch, rows, &keys, audit_key, Verdict::default())?,
            Way::Probing => self.put_new(batch, rows, &keys, audit_key)?,
            Way::Halving => self.halve(batch, rows, &mut keys, audit_key)?,
        };
        Ok(Some(Written { audit_key, verdict }))
    }

    /// Makes the batch's members alone.
    pub fn mint(&mut self, batch: &Batch) -> Result<(), Failure> {
        let mut keys = Keys::unresolved(batch);
        self.versions.begin()?;
        self.dimensions
            .resolve(false, batch, 0..batch.rows.len(), &mut keys)
    }

    /// What was written is committed.
    pub fn commit(&mut self) {
        self.dimensions.commit();
    }

    /// What was written is undone, or may yet be.
    pub fn abort(&mut self) {
        self.dimensions.abort();
    }

    /// Forgets what is known of members.
    pub fn forget_members(&mut self) {
        self.dimensions.forget();
        self.versions.forget();
    }

    /// Writes those of these rows that are not there yet.
    fn put_new(
        &self,
        batch: &mut Batch,
        rows: Range<usize>,
        keys: &Keys,
        audit_key: i64,
    ) -> Result<Verdict, Failure> {
        let verdict = self.probe.look_up(batch, rows.clone())?;
        self.put(batch, rows, keys, audit_key, verdict)
    }

    /// Writes those of these rows that the verdict does not leave out.
    fn put(
        &self,
        batch: &mut Batch,
        rows: Range<usize>,
        keys: &Keys,
        audit_key: i64,
        verdict: Verdict,
    ) -> Result<Verdict, Failure> {
        put_keys(batch, rows.clone(), keys, audit_key);
        self.order_lines
            .insert(batch, rows.clone(), keys, audit_key, &verdict)?;
        facts::write(batch, rows, &verdict)?;
        Ok(verdict)
    }

    /// Writes the rows half by half, each half in a sub-transaction with its dimension members, until the refused ones
    /// stand alone. An error that is not the rows' fault ends it.
    fn halve(
        &mut self,
        batch: &mut Batch,
        rows: Range<usize>,
        keys: &mut Keys,
        audit_key: i64,
    ) -> Result<Verdict, Failure> {
        if rows.is_empty() {
            return Ok(Verdict::default());
        }
        let before = keys.clone();
        let outcome = transaction::sub(|| {
            self.dimensions.resolve(false, batch, rows.clone(), keys)?;
            self.put_new(batch, rows.clone(), keys, audit_key)
        });
        let failure = match outcome {
            Ok(verdict) => return Ok(verdict),
            Err(failure) if failure.blame() == Blame::Server => return Err(failure),
            Err(failure) => failure,
        };
        *keys = before;
        self.dimensions.abort();
        let mut verdict = Verdict::default();
        if rows.len() == 1 {
            let reason = refusal(&failure);
            let refused = batch.rejected_row(rows.start, Code::LoadRefused, reason);
            verdict.refused.push(refused);
            return Ok(verdict);
        }
        let middle = rows.start + rows.len() / 2;
        for half in [rows.start..middle, middle..rows.end] {
            verdict.append(self.halve(batch, half, keys, audit_key)?);
        }
        Ok(verdict)
    }

    /// Assigns the transaction id before the number: a fold uses it to tell whether a missing number can still come.
    /// nextval() alone assigns one for every 32nd number only.
    fn next_audit_key(&self) -> Result<i64, Failure> {
        // SAFETY: inside a transaction that may write.
        unsafe { pgrx::pg_sys::GetTopTransactionId() };
        let key = self.audit_key.first(&[], |row| row.get(1))?;
        key.ok_or_else(|| Failure::sql("numbering a batch", "no number"))
    }
}

/// The server's reason. Its detail is left out: it repeats the row, which stands in the payload.
fn refusal(failure: &Failure) -> String {
    format!("SQLSTATE {}: {}", sqlstate(failure.code), failure.message)
}
