//! How far the aggregates are, and which batches were in flight when they were folded.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use pgrx::datum::DatumWithOid;
use pgrx::pg_sys;

use crate::server::failure::Failure;
use crate::server::statement::Statement;
use starsink_core::session::uncommitted::{Folded, Gap};

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

/// The numbers that folds are about to look at: what is given out later belongs to a later one.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// The number given to a batch last, committed or not.
    pub last: i64,
    /// The next transaction id to be given out after that: whoever holds a number has one below it.
    pub next_xid: i64,
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
    newest: Statement,
    late: Statement,
    rolled_up: Statement,
    loaded: Statement,
    xmin: Statement,
    last_number: Statement,
    insert: Statement,
}

impl States {
    pub fn new() -> States {
        States {
            newest: Statement::of_snapshot(
                "SELECT fold_id, high, gap_low, gap_high, gap_seen_at, time_zone, system_identifier FROM starsink.fold ORDER BY fold_id DESC LIMIT 1",
                &[],
            ),
            late: Statement::of_snapshot(
                "SELECT l.last_audit_key FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS g (low, high) \
                 JOIN starsink.ledger AS l ON l.rolled_up IS NULL AND l.last_audit_key BETWEEN g.low AND g.high",
                &[pg_sys::INT8ARRAYOID, pg_sys::INT8ARRAYOID],
            ),
            rolled_up: Statement::of_snapshot(
                "SELECT l.last_audit_key FROM pg_catalog.unnest(ARRAY['minute', 'day']) AS u (unit) \
                 CROSS JOIN LATERAL (SELECT l.last_audit_key FROM starsink.ledger AS l WHERE l.rolled_up = u.unit ORDER BY l.last_audit_key DESC LIMIT 1) AS l",
                &[],
            ),
            // Rows that are rolled up tell no single batch; nor does one whose events may have been dropped since.
            loaded: Statement::of_snapshot(
                "SELECT l.last_audit_key, pg_catalog.sum(l.loaded)::bigint FROM starsink.ledger AS l \
                 WHERE l.rolled_up IS NULL AND l.last_audit_key > $1 AND l.last_audit_key <= $2 \
                   AND l.committed_at > COALESCE((SELECT pg_catalog.max(r.deleted_at) FROM starsink.retention_log AS r WHERE r.source <> 'quarantine'), '-infinity') \
                 GROUP BY l.last_audit_key",
                &[pg_sys::INT8OID, pg_sys::INT8OID],
            ),
            xmin: Statement::of_snapshot(
                "SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::bigint",
                &[],
            ),
            // Of a new sequence it is the number that is still to come.
            last_number: Statement::of_snapshot(
                "SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM starsink.audit_key",
                &[],
            ),
            insert: Statement::new(
                "INSERT INTO starsink.fold (fold_id, high, gap_low, gap_high, gap_seen_at, time_zone, events, sessions, orders, rows_written, ms, system_identifier) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
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
                    pg_sys::INT8OID,
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
            let lows: Vec<i64> = row.optional(3)?.unwrap_or_default();
            let highs: Vec<i64> = row.optional(4)?.unwrap_or_default();
            let seen: Vec<i64> = row.optional(5)?.unwrap_or_default();
            let is_ours = row.big(7) == system_identifier();
            let next = next_xid();
            let gaps = lows.into_iter().zip(highs).zip(seen);
            state = State {
                fold_id: row.big(1),
                folded: Folded {
                    high: row.big(2),
                    gaps: gaps
                        .map(|((low, high), seen_at)| Gap {
                            low,
                            high,
                            seen_at: if is_ours && seen_at <= next {
                                seen_at
                            } else {
                                NOBODY
                            },
                        })
                        .collect(),
                },
                zone: row.text(6).parse().unwrap_or(zone),
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
        let of = |value: fn(&Gap) -> i64| numbers(folded, value).into();
        self.late
            .each(&[of(|gap| gap.low), of(|gap| gap.high)], |row| {
                late.batches.insert(row.big(1));
                Ok(())
            })?;
        self.rolled_up.each(&[], |row| {
            late.rolled_up = late.rolled_up.max(row.big(1));
            Ok(())
        })?;
        Ok(late)
    }

    /// How many events each batch in this range loaded, where its rows of the ledger still tell.
    pub fn loaded(&self, above: i64, to: i64) -> Result<BTreeMap<i64, i64>, Failure> {
        let mut loaded = BTreeMap::new();
        if above < to {
            self.loaded.each(&range(above, to), |row| {
                loaded.insert(row.big(1), row.big(2));
                Ok(())
            })?;
        }
        Ok(loaded)
    }

    /// The transaction id below which all had ended when the snapshot was taken.
    pub fn xmin(&self) -> Result<i64, Failure> {
        let mut xmin = 0;
        self.xmin.each(&[], |row| {
            xmin = row.big(1);
            Ok(())
        })?;
        Ok(xmin)
    }

    /// Before the snapshot: what is given out later belongs to a later fold.
    pub fn reach(&self) -> Result<Reach, Failure> {
        let mut last = 0;
        self.last_number.each(&[], |row| {
            last = row.big(1);
            Ok(())
        })?;
        // After the number: its holder took an id first.
        Ok(Reach {
            last,
            next_xid: next_xid(),
        })
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
            system_identifier().into(),
        ])
    }
}

/// In place of a gap's transaction id where that is of another cluster, or of a time that this one never had, as in a
/// dump that was restored: whoever ran there holds no number here, and what is not there never comes.
const NOBODY: i64 = 0;

/// Tells this cluster from every other one; a standby has its primary's.
fn system_identifier() -> i64 {
    // SAFETY: reads the control file's copy in shared memory.
    unsafe { pg_sys::GetSystemIdentifier() as i64 }
}

/// With its epoch, so that it never wraps.
fn next_xid() -> i64 {
    // SAFETY: reads shared memory under its lock.
    unsafe { pg_sys::ReadNextFullTransactionId().value as i64 }
}

fn numbers(folded: &Folded, value: fn(&Gap) -> i64) -> Vec<i64> {
    folded.gaps.iter().map(value).collect()
}

/// Parameters for a range of batch numbers.
pub fn range(low: i64, high: i64) -> [DatumWithOid<'static>; 2] {
    [low.into(), high.into()]
}
