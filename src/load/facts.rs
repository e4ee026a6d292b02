//! Rows into fact_event, and which of them are there already.

use crate::server::time::timestamp;
use std::ops::Range;

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;

use crate::load::verdict::Verdict;
use crate::server::copy::copy_in;
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use starsink_core::batch::row::{COLUMNS, HEADER, TRAILER};
use starsink_core::batch::{Batch, synthetic_detail};
use starsink_core::event::code::Code;

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
            let (ordinal, hash): (i64, i64) = (found.get(1)?, found.get(2)?);
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

/// Writes the rows that the verdict does not leave out. Fails if a key is there already.
pub fn write(batch: &Batch, rows: Range<usize>, verdict: &Verdict) -> Result<(), Failure> {
    let mut pieces = vec![HEADER];
    let mut from = rows.start;
    for next in verdict
        .left_out(batch, rows.clone())
        .into_iter()
        .chain([rows.end])
    {
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
