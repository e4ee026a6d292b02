//! Rows into fact_event, each event once. Writing goes ahead at once; only when a key is there already are the rows
//! looked up. A row the table refuses is found by halving.

use starsink_core::time::POSTGRES_EPOCH;
use std::collections::HashSet;
use std::ops::Range;

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;

use super::copy::copy_in;
use super::dimensions::{Dimensions, Keys, put_keys};
use super::order_lines::OrderLines;
use super::statement::{Statement, get};
use super::transaction;
use crate::error::{Blame, Failure, sqlstate};
use starsink_core::batch::row::{COLUMNS, HEADER, TRAILER};
use starsink_core::batch::{Batch, Rejected, synthetic_detail};
use starsink_core::event::code::Code;

/// What became of rows that are not in the table now.
#[derive(Default)]
pub struct Verdict {
    /// Rows whose event is there already, with the same payload.
    pub duplicates: Vec<usize>,
    /// Rows that go to quarantine: at decode (another payload), or at load.
    pub synthetic: Vec<Rejected>,
    pub refused: Vec<Rejected>,
}

impl Verdict {
    fn append(&mut self, mut other: Verdict) {
        self.duplicates.append(&mut other.duplicates);
        self.synthetic.append(&mut other.synthetic);
        self.refused.append(&mut other.refused);
    }
}

/// Looks events up by id and time.
pub struct Probe(Statement);

impl Probe {
    pub fn new() -> Probe {
        Probe(Statement::new(
            "SELECT i.ord, f.payload_hash FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) WITH ORDINALITY AS i (event_time, event_id, ord) \
             JOIN warehouse.fact_event AS f ON f.event_time = i.event_time AND f.event_id = i.event_id COLLATE \"C\"",
            &[pg_sys::TIMESTAMPTZARRAYOID, pg_sys::TEXTARRAYOID],
        ))
    }

    /// Which of these rows are in the table: a duplicate, or another message under the same key.
    pub fn look_up(&self, batch: &Batch, rows: Range<usize>) -> Result<Verdict, Failure> {
        let times: Vec<TimestampWithTimeZone> = rows
            .clone()
            .map(|row| timestamp(batch.rows[row].event_time))
            .collect::<Result<_, _>>()?;
        let ids: Vec<&str> = rows.clone().map(|row| batch.event_id(row)).collect();
        let mut verdict = Verdict::default();
        self.0.each(&[times.into(), ids.into()], |found| {
            let (ordinal, hash): (i64, i64) = (get(found, 1)?, get(found, 2)?);
            let row = rows.start + ordinal as usize - 1;
            if batch.rows[row].payload_hash == hash {
                verdict.duplicates.push(row);
            } else {
                verdict.synthetic.push(batch.rejected_row(
                    row,
                    Code::DupSynthetic,
                    synthetic_detail(),
                ));
            }
            Ok(())
        })?;
        Ok(verdict)
    }
}

/// Microseconds since the Unix epoch as the server's type.
pub fn timestamp(micros: i64) -> Result<TimestampWithTimeZone, Failure> {
    TimestampWithTimeZone::try_from(micros - POSTGRES_EPOCH)
        .map_err(|_| Failure::sql("converting a time", "out of range"))
}

/// Writes all rows. A key that is there already fails it.
pub fn write(batch: &Batch) -> Result<(), Failure> {
    if !batch.rows.is_empty() {
        copy_in("fact_event", &COLUMNS, &[HEADER, &batch.image, TRAILER])?;
    }
    Ok(())
}

/// Writes the rows that were not found to be there.
pub fn write_new(batch: &Batch, rows: Range<usize>, verdict: &Verdict) -> Result<(), Failure> {
    let mut skip: Vec<usize> = verdict.duplicates.clone();
    if !verdict.synthetic.is_empty() {
        let synthetic = verdict.synthetic.iter();
        let synthetic: HashSet<(usize, i64)> = synthetic
            .map(|rejected| (rejected.span, rejected.offset))
            .collect();
        skip.extend(
            rows.clone()
                .filter(|&row| synthetic.contains(&(batch.rows[row].span, batch.rows[row].offset))),
        );
    }
    skip.sort_unstable();
    let mut pieces = vec![HEADER];
    let mut from = rows.start;
    for next in skip.into_iter().chain([rows.end]) {
        if next > from {
            pieces.push(&batch.image[batch.row_start(from)..batch.row_start(next)]);
        }
        from = next + 1;
    }
    if pieces.len() > 1 {
        pieces.push(TRAILER);
        copy_in("fact_event", &COLUMNS, &pieces)?;
    }
    Ok(())
}

/// Writes the rows half by half, each half in a sub-transaction with its dimension members, until the refused ones
/// stand alone. An error that is not the rows' fault ends it.
pub fn write_by_halves(
    batch: &mut Batch,
    rows: Range<usize>,
    keys: &mut Keys,
    dimensions: &mut Dimensions,
    probe: &Probe,
    order_lines: &OrderLines,
    audit_key: i64,
) -> Result<Verdict, Failure> {
    if rows.is_empty() {
        return Ok(Verdict::default());
    }
    let before = keys.clone();
    let outcome = transaction::sub(|| {
        dimensions.resolve(false, batch, rows.clone(), keys)?;
        put_keys(batch, rows.clone(), keys, audit_key);
        let verdict = probe.look_up(batch, rows.clone())?;
        order_lines.insert(batch, rows.clone(), keys, audit_key, &verdict)?;
        write_new(batch, rows.clone(), &verdict)?;
        Ok(verdict)
    });
    let failure = match outcome {
        Ok(verdict) => return Ok(verdict),
        Err(failure) if failure.blame() == Blame::Server => return Err(failure),
        Err(failure) => failure,
    };
    *keys = before;
    dimensions.abort();
    if rows.len() == 1 {
        let mut verdict = Verdict::default();
        verdict
            .refused
            .push(batch.rejected_row(rows.start, Code::LoadRefused, refusal(&failure)));
        return Ok(verdict);
    }
    let middle = rows.start + rows.len() / 2;
    let mut verdict = write_by_halves(
        batch,
        rows.start..middle,
        keys,
        dimensions,
        probe,
        order_lines,
        audit_key,
    )?;
    verdict.append(write_by_halves(
        batch,
        middle..rows.end,
        keys,
        dimensions,
        probe,
        order_lines,
        audit_key,
    )?);
    Ok(verdict)
}

/// The server's reason. Its detail is left out: it repeats the row, which stands in the payload.
fn refusal(failure: &Failure) -> String {
    format!("SQLSTATE {}: {}", sqlstate(failure.code), failure.message)
}
