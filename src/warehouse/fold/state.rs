//! How far the aggregates are, and which batches were in flight when they were folded.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use pgrx::pg_sys;

use super::query::{Query, argument};
use crate::analysis::uncommitted::{Folded, Gap};
use crate::error::Failure;
use crate::warehouse::statement::Statement;

/// The newest row of starsink.fold.
#[derive(Clone, Debug)]
pub struct State {
    pub fold_id: i64,
    pub folded: Folded,
    /// Zone that the aggregates are cut in.
    pub zone: Tz,
}

/// What a fold did, for its row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work {
    pub events: i64,
    pub sessions: i64,
    pub orders: i64,
    pub rows: i64,
    pub ms: f64,
}

/// Transactions in the snapshot of the moment: all below `xmin` have ended, `xmax` is the next one.
#[derive(Clone, Copy, Debug)]
pub struct Horizon {
    pub xmin: i64,
    pub xmax: i64,
}

/// What the ledger tells of the gaps.
#[derive(Clone, Debug, Default)]
pub struct Late {
    /// Batches of the gaps that have committed by now.
    pub batches: BTreeSet<i64>,
    /// Up to this number the ledger is rolled up, and does not tell single batches.
    pub rolled_up: i64,
}

pub struct States {
    newest: Query,
    late: Query,
    rolled_up: Query,
    horizon: Query,
    last_number: Query,
    insert: Statement,
}

impl States {
    pub fn new() -> States {
        States {
            newest: Query::new(
                "SELECT fold_id, high, gap_low, gap_high, gap_seen_at, time_zone FROM starsink.fold ORDER BY fold_id DESC LIMIT 1",
                &[],
            ),
            late: Query::new(
                "SELECT l.last_audit_key FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS g (low, high) \
                 JOIN starsink.ledger AS l ON l.rolled_up IS NULL AND l.last_audit_key BETWEEN g.low AND g.high",
                &[pg_sys::INT8ARRAYOID, pg_sys::INT8ARRAYOID],
            ),
            rolled_up: Query::new(
                "SELECT l.last_audit_key FROM pg_catalog.unnest(ARRAY['minute', 'day']) AS u (unit) \
                 CROSS JOIN LATERAL (SELECT l.last_audit_key FROM starsink.ledger AS l WHERE l.rolled_up = u.unit ORDER BY l.last_audit_key DESC LIMIT 1) AS l",
                &[],
            ),
            horizon: Query::new(
                "SELECT pg_catalog.pg_snapshot_xmin(s)::text::bigint, pg_catalog.pg_snapshot_xmax(s)::text::bigint FROM pg_catalog.pg_current_snapshot() AS s",
                &[],
            ),
            last_number: Query::new("SELECT last_value FROM starsink.audit_key", &[]),
            insert: Statement::new(
                "INSERT INTO starsink.fold (fold_id, high, gap_low, gap_high, gap_seen_at, time_zone, events, sessions, orders, rows_written, ms) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                &[
                    pg_sys::INT8OID,
                    pg_sys::INT8OID,
                    pg_sys::INT8ARRAYOID,
                    pg_sys::INT8ARRAYOID,
                    pg_sys::INT8ARRAYOID,
                    pg_sys::TEXTOID,
                    pg_sys::INT8OID,
                    pg_sys::INT8OID,
                    pg_sys::INT8OID,
                    pg_sys::INT8OID,
                    pg_sys::FLOAT8OID,
                ],
            ),
        }
    }

    /// `zone` is that of a warehouse where nothing is folded yet.
    pub fn newest(&self, zone: Tz) -> Result<State, Failure> {
        let mut state = State {
            fold_id: 0,
            folded: Folded::default(),
            zone,
        };
        self.newest.each(&[], |row| {
            let lows: Vec<i64> = row.get(2).unwrap_or_default();
            let highs: Vec<i64> = row.get(3).unwrap_or_default();
            let seen: Vec<i64> = row.get(4).unwrap_or_default();
            let gaps = lows.into_iter().zip(highs).zip(seen);
            state = State {
                fold_id: row.big(0),
                folded: Folded {
                    high: row.big(1),
                    gaps: gaps
                        .map(|((low, high), seen_at)| Gap { low, high, seen_at })
                        .collect(),
                },
                zone: row.text(5).parse().unwrap_or(zone),
            };
            Ok(())
        })?;
        Ok(state)
    }

    /// What of the gaps has committed since.
    pub fn late(&self, folded: &Folded) -> Result<Late, Failure> {
        let mut late = Late::default();
        if folded.gaps.is_empty() {
            return Ok(late);
        }
        let of = |value: fn(&Gap) -> i64| argument(numbers(folded, value));
        self.late
            .each(&[of(|gap| gap.low), of(|gap| gap.high)], |row| {
                late.batches.insert(row.big(0));
                Ok(())
            })?;
        self.rolled_up.each(&[], |row| {
            late.rolled_up = late.rolled_up.max(row.big(0));
            Ok(())
        })?;
        Ok(late)
    }

    pub fn horizon(&self) -> Result<Horizon, Failure> {
        let mut horizon = Horizon { xmin: 0, xmax: 0 };
        self.horizon.each(&[], |row| {
            horizon = Horizon {
                xmin: row.big(0),
                xmax: row.big(1),
            };
            Ok(())
        })?;
        Ok(horizon)
    }

    /// The number given to a batch last, committed or not.
    pub fn last_number(&self) -> Result<i64, Failure> {
        let mut number = 0;
        self.last_number.each(&[], |row| {
            number = row.big(0);
            Ok(())
        })?;
        Ok(number)
    }

    pub fn insert(&self, state: &State, work: &Work) -> Result<(), Failure> {
        let of = |value: fn(&Gap) -> i64| numbers(&state.folded, value);
        self.insert.run(&[
            state.fold_id.into(),
            state.folded.high.into(),
            of(|gap| gap.low).into(),
            of(|gap| gap.high).into(),
            of(|gap| gap.seen_at).into(),
            state.zone.name().into(),
            work.events.into(),
            work.sessions.into(),
            work.orders.into(),
            work.rows.into(),
            work.ms.into(),
        ])
    }
}

fn numbers(folded: &Folded, value: fn(&Gap) -> i64) -> Vec<i64> {
    folded.gaps.iter().map(value).collect()
}

/// Parameters for a range of batch numbers.
pub fn range(low: i64, high: i64) -> [Option<pg_sys::Datum>; 2] {
    [argument(low), argument(high)]
}
