//! Messages that could not be loaded, kept with their bytes and the reasons.

use std::collections::HashSet;

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;

use crate::server::failure::Failure;
use crate::server::statement::Statement;
use crate::server::time::timestamp;
use starsink_core::batch::Rejected;
use starsink_core::batch::span::Span;

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

/// Longest detail that is kept, in bytes: a table's error can quote a whole row.
const MAX_DETAIL: usize = 1000;
/// Most messages, and about as many bytes of theirs, that one statement writes.
const MAX_ROWS: usize = 1000;
const MAX_BYTES: usize = 8 << 20;

pub struct Quarantine {
    insert: Statement,
    leave: Statement,
    stay: Statement,
}

impl Quarantine {
    pub fn new() -> Quarantine {
        use pg_sys::{
            BYTEAARRAYOID, INT4ARRAYOID, INT8ARRAYOID, INT8OID, TEXTARRAYOID, TEXTOID,
            TIMESTAMPTZARRAYOID,
        };
        Quarantine {
            insert: Statement::new(
                "INSERT INTO starsink.quarantine (topic, partition, kafka_offset, kafka_time, key, payload, codes, detail, stage, audit_key) \
                 SELECT $1, m.partition, m.kafka_offset, m.kafka_time, m.key, m.payload, pg_catalog.string_to_array(m.codes, ','), m.detail, m.stage, $10 \
                 FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), \
                                 pg_catalog.unnest($7), pg_catalog.unnest($8), pg_catalog.unnest($9)) WITH ORDINALITY \
                      AS m (partition, kafka_offset, kafka_time, key, payload, codes, detail, stage, place) \
                 ORDER BY m.place ON CONFLICT DO NOTHING RETURNING partition, kafka_offset",
                &[
                    TEXTOID,
                    INT4ARRAYOID,
                    INT8ARRAYOID,
                    TIMESTAMPTZARRAYOID,
                    BYTEAARRAYOID,
                    BYTEAARRAYOID,
                    TEXTARRAYOID,
                    TEXTARRAYOID,
                    TEXTARRAYOID,
                    INT8OID,
                ],
            ),
            leave: Statement::new(
                "UPDATE starsink.quarantine SET state = 'redriven', redriven_at = pg_catalog.clock_timestamp() WHERE quarantine_id = ANY ($1)",
                &[INT8ARRAYOID],
            ),
            stay: Statement::new(
                "UPDATE starsink.quarantine AS q SET codes = pg_catalog.string_to_array(m.codes, ','), detail = m.detail, stage = m.stage, attempts = q.attempts + 1 \
                 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) AS m (id, codes, detail, stage) \
                 WHERE q.quarantine_id = m.id",
                &[INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID],
            ),
        }
    }

    /// Puts messages aside, many at a time; returns the spans of those that are there already, one for each.
    pub fn insert(
        &self,
        topic: &str,
        spans: &[Span],
        messages: &[(&Rejected, Stage)],
        audit_key: i64,
    ) -> Result<Vec<usize>, Failure> {
        let mut again = Vec::new();
        let mut rest = messages;
        while !rest.is_empty() {
            let (these, others) = rest.split_at(portion(rest));
            rest = others;
            let mut new = self.insert_portion(topic, spans, these, audit_key)?;
            again.extend(
                these
                    .iter()
                    .map(|(message, _)| message)
                    .filter_map(|message| {
                        let place = (spans[message.span].partition, message.offset);
                        (!new.remove(&place)).then_some(message.span)
                    }),
            );
        }
        Ok(again)
    }

    /// Partition and offset of those that are new.
    fn insert_portion(
        &self,
        topic: &str,
        spans: &[Span],
        messages: &[(&Rejected, Stage)],
        audit_key: i64,
    ) -> Result<HashSet<(i32, i64)>, Failure> {
        fn of<'m, T>(
            messages: &'m [(&'m Rejected, Stage)],
            what: impl Fn(&'m Rejected) -> T,
        ) -> Vec<T> {
            messages.iter().map(|(message, _)| what(message)).collect()
        }
        let times: Result<Vec<_>, Failure> = messages
            .iter()
            .map(|(message, _)| kafka_time(message.time_ms))
            .collect();
        let values = [
            topic.into(),
            of(messages, |message| spans[message.span].partition).into(),
            of(messages, |message| message.offset).into(),
            times?.into(),
            of(messages, |message| message.key.as_deref()).into(),
            of(messages, |message| message.payload.as_deref()).into(),
            of(messages, codes).into(),
            of(messages, detail).into(),
            stages(messages).into(),
            audit_key.into(),
        ];
        let mut new = HashSet::with_capacity(messages.len());
        self.insert.each(&values, |row| {
            new.insert((row.get(1)?, row.get(2)?));
            Ok(())
        })?;
        Ok(new)
    }

    /// These were loaded after all.
    pub fn leave(&self, ids: &[i64]) -> Result<(), Failure> {
        self.leave.run(&[ids.to_vec().into()])
    }

    /// These were tried again in vain: their ids, by their spans.
    pub fn stay(&self, ids: &[i64], messages: &[(&Rejected, Stage)]) -> Result<(), Failure> {
        let of = |what: fn(&Rejected) -> String| -> Vec<String> {
            messages.iter().map(|(message, _)| what(message)).collect()
        };
        let ids: Vec<i64> = messages
            .iter()
            .map(|(message, _)| ids[message.span])
            .collect();
        self.stay.run(&[
            ids.into(),
            of(codes).into(),
            of(detail).into(),
            stages(messages).into(),
        ])
    }
}

/// How many of these messages one statement writes: at least one.
fn portion(messages: &[(&Rejected, Stage)]) -> usize {
    let mut bytes = 0;
    let fitting = messages.iter().take(MAX_ROWS).take_while(|(message, _)| {
        let is_fitting = bytes < MAX_BYTES;
        bytes +=
            message.payload.as_ref().map_or(0, Vec::len) + message.key.as_ref().map_or(0, Vec::len);
        is_fitting
    });
    fitting.count()
}

fn stages(messages: &[(&Rejected, Stage)]) -> Vec<&'static str> {
    messages.iter().map(|(_, stage)| stage.name()).collect()
}

/// Their names, with commas between.
fn codes(message: &Rejected) -> String {
    let names: Vec<&str> = message.codes.iter().map(|code| code.name()).collect();
    names.join(",")
}

fn detail(message: &Rejected) -> String {
    let mut detail = message.detail.replace('\0', "");
    detail.truncate(detail.floor_char_boundary(MAX_DETAIL));
    detail
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
