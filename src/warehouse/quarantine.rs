//! Messages that could not be loaded, kept with their bytes and the reasons.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;

use super::facts::timestamp;
use super::statement::Statement;
use crate::error::Failure;
use crate::event::batch::Rejected;
use crate::event::batch::span::Span;

/// At which stage a message failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Decode,
    Load,
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Stage::Decode => "decode",
            Stage::Load => "load",
        }
    }
}

pub struct Quarantine {
    insert: Statement,
    leave: Statement,
    stay: Statement,
}

impl Quarantine {
    pub fn new() -> Quarantine {
        use pg_sys::{
            BYTEAOID, INT4OID, INT8ARRAYOID, INT8OID, TEXTARRAYOID, TEXTOID, TIMESTAMPTZOID,
        };
        Quarantine {
            insert: Statement::new(
                "INSERT INTO starsink.quarantine (topic, partition, kafka_offset, kafka_time, key, payload, codes, detail, stage, audit_key) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING true",
                &[
                    TEXTOID,
                    INT4OID,
                    INT8OID,
                    TIMESTAMPTZOID,
                    BYTEAOID,
                    BYTEAOID,
                    TEXTARRAYOID,
                    TEXTOID,
                    TEXTOID,
                    INT8OID,
                ],
            ),
            leave: Statement::new(
                "UPDATE starsink.quarantine SET state = 'redriven', redriven_at = pg_catalog.clock_timestamp() WHERE quarantine_id = ANY ($1)",
                &[INT8ARRAYOID],
            ),
            stay: Statement::new(
                "UPDATE starsink.quarantine SET codes = $2, detail = $3, stage = $4, attempts = attempts + 1 WHERE quarantine_id = $1",
                &[INT8OID, TEXTARRAYOID, TEXTOID, TEXTOID],
            ),
        }
    }

    /// Puts a message aside; false if it is there already. One statement each: they are few, and large ones need not
    /// stand in memory twice.
    pub fn insert(
        &self,
        topic: &str,
        span: &Span,
        message: &Rejected,
        stage: Stage,
        audit_key: i64,
    ) -> Result<bool, Failure> {
        let mut is_new = false;
        let values = [
            topic.into(),
            span.partition.into(),
            message.offset.into(),
            kafka_time(message.time_ms)?.into(),
            message.key.as_deref().into(),
            message.payload.as_deref().into(),
            codes(message).into(),
            detail(message).into(),
            stage.name().into(),
            audit_key.into(),
        ];
        self.insert.each(&values, |_| {
            is_new = true;
            Ok(())
        })?;
        Ok(is_new)
    }

    /// These were loaded after all.
    pub fn leave(&self, ids: &[i64]) -> Result<(), Failure> {
        self.leave.run(&[ids.to_vec().into()])
    }

    /// This one was tried again in vain.
    pub fn stay(&self, id: i64, message: &Rejected, stage: Stage) -> Result<(), Failure> {
        self.stay.run(&[
            id.into(),
            codes(message).into(),
            detail(message).into(),
            stage.name().into(),
        ])
    }
}

fn codes(message: &Rejected) -> Vec<&'static str> {
    message.codes.iter().map(|code| code.name()).collect()
}

fn detail(message: &Rejected) -> String {
    message.detail.replace('\0', "")
}

/// A message's timestamp, if it has one that PostgreSQL can hold.
pub fn kafka_time(time_ms: i64) -> Result<Option<TimestampWithTimeZone>, Failure> {
    const LAST: i64 = 253_402_300_799_000;
    if (0..=LAST).contains(&time_ms) {
        timestamp(time_ms * 1000).map(Some)
    } else {
        Ok(None)
    }
}
