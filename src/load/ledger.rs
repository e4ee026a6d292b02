//! The ledger: what became of the messages, and where each partition stands. Insert-only. A batch's row begins at
//! the position the row before it left; a second owner of the partition would insert the same beginning and fail on
//! the unique index, with everything it wrote. A row of kind reset begins an epoch at a chosen position.

use pgrx::pg_sys;

use crate::load::quarantine::kafka_time;
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use starsink_core::batch::span::Span;

/// What wrote a row.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where a partition stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub partition: i32,
    pub epoch: i32,
    pub next_offset: i64,
    /// Kafka's id of the topic when the epoch began; empty if unknown.
    pub topic_id: String,
}

/// What a ledger row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Messages from Kafka: the position moves.
    Batch,
    /// Messages that left quarantine: no position moves.
    Redrive,
    /// Messages from SQL: no position moves.
    Sql,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Batch => "batch",
            Kind::Redrive => "redrive",
            Kind::Sql => "sql",
        }
    }
}

/// One row to write: a span of the batch with its final counts.
pub struct LedgerRow {
    pub span: Span,
    pub epoch: i32,
    /// Milliseconds from the Kafka timestamp to the commit: p50, p99, maximum.
    pub latency: Option<[f64; 3]>,
}

pub struct Ledger {
    insert: Statement,
    positions: Statement,
    reset: Statement,
}

impl Ledger {
    pub fn new() -> Ledger {
        use pg_sys::{
            FLOAT8ARRAYOID, INT4ARRAYOID, INT4OID, INT8ARRAYOID, INT8OID, TEXTOID,
            TIMESTAMPTZARRAYOID,
        };
        Ledger {
            insert: Statement::new(
                format!(
                    "INSERT INTO starsink.ledger (audit_key, last_audit_key, kind, worker, reason, topic, partition, epoch, first_offset, next_offset, \
                 received, loaded, duplicates, dropped, quarantined, latest_kafka_time, latency_p50_ms, latency_p99_ms, latency_max_ms, \
                 started_at, committed_at, software_version) \
                 SELECT $1, $1, $2, $3, $4, $5, i.*, pg_catalog.statement_timestamp(), pg_catalog.clock_timestamp(), $19 \
                 FROM ROWS FROM ({}) AS i",
                    (6..=18)
                        .map(|n| format!("pg_catalog.unnest(${n})"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
                &[
                    INT8OID,
                    TEXTOID,
                    INT4OID,
                    TEXTOID,
                    TEXTOID,
                    INT4ARRAYOID,
                    INT4ARRAYOID,
                    INT8ARRAYOID,
                    INT8ARRAYOID,
                    INT8ARRAYOID,
                    INT8ARRAYOID,
                    INT8ARRAYOID,
                    INT8ARRAYOID,
                    INT8ARRAYOID,
                    TIMESTAMPTZARRAYOID,
                    FLOAT8ARRAYOID,
                    FLOAT8ARRAYOID,
                    FLOAT8ARRAYOID,
                    TEXTOID,
                ],
            ),
            positions: Statement::new(
                "SELECT p.partition, l.epoch, l.next_offset, COALESCE(r.topic_id, '') \
                 FROM pg_catalog.unnest($2) AS p (partition) \
                 CROSS JOIN LATERAL (SELECT l.epoch, l.next_offset FROM starsink.ledger AS l \
                     WHERE l.topic = $1 AND l.partition = p.partition AND l.first_offset IS NOT NULL \
                     ORDER BY l.epoch DESC, l.first_offset DESC LIMIT 1) AS l \
                 LEFT JOIN starsink.ledger AS r ON r.topic = $1 AND r.partition = p.partition AND r.epoch = l.epoch AND r.first_offset = -1",
                &[TEXTOID, INT4ARRAYOID],
            ),
            reset: Statement::new(
                "INSERT INTO starsink.ledger (audit_key, last_audit_key, kind, worker, topic, partition, epoch, first_offset, next_offset, \
                 lost, topic_id, reason, started_at, committed_at, software_version) \
                 SELECT k, k, 'reset', $1, $2, $3, $4, -1, $5, $6, $7, $8, pg_catalog.statement_timestamp(), pg_catalog.clock_timestamp(), $9 \
                 FROM pg_catalog.nextval('starsink.audit_key') AS k",
                &[
                    INT4OID, TEXTOID, INT4OID, INT4OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID,
                ],
            ),
        }
    }

    /// Writes the rows of one batch.
    pub fn insert(
        &self,
        audit_key: i64,
        kind: Kind,
        worker: Option<i32>,
        reason: Option<&str>,
        topic: &str,
        entries: &[LedgerRow],
    ) -> Result<(), Failure> {
        let moves = kind == Kind::Batch;
        let latest = entries
            .iter()
            .map(|entry| kafka_time(entry.span.latest_ms))
            .collect::<Result<Vec<_>, _>>()?;
        let counts = |count: fn(&Span) -> i64| {
            entries
                .iter()
                .map(|entry| count(&entry.span))
                .collect::<Vec<i64>>()
        };
        let offsets = |offset: fn(&Span) -> i64| {
            entries
                .iter()
                .map(|entry| moves.then(|| offset(&entry.span)))
                .collect::<Vec<Option<i64>>>()
        };
        let latency = |which: usize| {
            entries
                .iter()
                .map(|entry| entry.latency.map(|latency| latency[which]))
                .collect::<Vec<Option<f64>>>()
        };
        self.insert.run(&[
            audit_key.into(),
            kind.name().into(),
            worker.into(),
            reason.into(),
            topic.into(),
            entries
                .iter()
                .map(|entry| entry.span.partition)
                .collect::<Vec<i32>>()
                .into(),
            entries
                .iter()
                .map(|entry| entry.epoch)
                .collect::<Vec<i32>>()
                .into(),
            offsets(|span| span.first).into(),
            offsets(|span| span.next).into(),
            counts(|span| span.received).into(),
            counts(Span::loaded).into(),
            counts(|span| span.duplicates).into(),
            counts(|span| span.dropped).into(),
            counts(|span| span.quarantined).into(),
            latest.into(),
            latency(0).into(),
            latency(1).into(),
            latency(2).into(),
            VERSION.into(),
        ])
    }

    /// Where these partitions of a topic stand; those never begun are left out.
    pub fn positions(&self, topic: &str, partitions: &[i32]) -> Result<Vec<Position>, Failure> {
        let mut positions = Vec::new();
        self.positions
            .each(&[topic.into(), partitions.to_vec().into()], |row| {
                positions.push(Position {
                    partition: row.get(1)?,
                    epoch: row.get(2)?,
                    next_offset: row.get(3)?,
                    topic_id: row.get(4)?,
                });
                Ok(())
            })?;
        Ok(positions)
    }

    /// The highest position that batches of a partition reached since the topic has this id.
    pub fn furthest(&self, topic: &str, partition: i32, topic_id: &str) -> Result<i64, Failure> {
        let mut furthest = 0;
        Statement::new(
            "SELECT COALESCE(pg_catalog.max(next_offset), 0) FROM starsink.ledger \
             WHERE topic = $1 AND partition = $2 AND kind = 'batch' AND epoch >= (\
                 SELECT COALESCE(pg_catalog.min(epoch), 0) FROM starsink.ledger \
                 WHERE topic = $1 AND partition = $2 AND kind = 'reset' AND topic_id = $3)",
            &[pg_sys::TEXTOID, pg_sys::INT4OID, pg_sys::TEXTOID],
        )
        .each(&[topic.into(), partition.into(), topic_id.into()], |row| {
            furthest = row.get(1)?;
            Ok(())
        })?;
        Ok(furthest)
    }

    /// Begins an epoch at `position`. `lost`: offsets that are skipped because they are gone.
    pub fn reset(
        &self,
        worker: Option<i32>,
        topic: &str,
        position: &Position,
        lost: i64,
        reason: &str,
    ) -> Result<(), Failure> {
        self.reset.run(&[
            worker.into(),
            topic.into(),
            position.partition.into(),
            position.epoch.into(),
            position.next_offset.into(),
            lost.into(),
            position.topic_id.as_str().into(),
            reason.into(),
            VERSION.into(),
        ])
    }
}
