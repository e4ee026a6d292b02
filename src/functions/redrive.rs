//! Messages out of quarantine, through the same path, exactly once: a message leaves in the transaction that loads it.

use std::time::{SystemTime, UNIX_EPOCH};

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::pg_sys;
use pgrx::prelude::*;

use super::loader::{Call, with_loader};
use crate::error::Failure;
use crate::event::batch::row::POSTGRES_EPOCH;
use crate::event::batch::span::Span;
use crate::event::batch::{Batch, Origin};
use crate::event::code::Code;
use crate::warehouse::layout;
use crate::warehouse::load::Counts;
use crate::warehouse::statement::{Statement, get};
use crate::warehouse::transaction;

/// Messages tried at one go.
const CHUNK: i64 = 2_000;

/// Tries the messages in quarantine again, all or those with one code. What loads leaves the quarantine; what does not
/// stays, with the reasons of now.
#[pg_extern(security_definer, volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn redrive(
    code: default!(Option<&str>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(tried, i64),
        name!(loaded, i64),
        name!(duplicates, i64),
        name!(dropped, i64),
        name!(quarantined, i64),
    ),
> {
    match transaction::without_triggers(|| redrive_all(code)) {
        Ok(sum) => TableIterator::once(sum.row()),
        Err(failure) => failure.raise(),
    }
}

struct Message {
    id: i64,
    topic: String,
    partition: i32,
    offset: i64,
    time_ms: i64,
    key: Option<Vec<u8>>,
    payload: Option<Vec<u8>>,
}

fn redrive_all(code: Option<&str>) -> Result<Counts, Failure> {
    if let Some(code) = code.filter(|code| Code::ALL.iter().all(|known| known.name() != *code)) {
        return Err(Failure::unknown_code(code));
    }
    if !layout::exists() {
        return Err(Failure::warehouse_missing());
    }
    // Another redrive under way keeps its messages locked: they are skipped here.
    let waiting = Statement::new(
        "SELECT quarantine_id, topic, partition, kafka_offset, kafka_time, key, payload FROM starsink.quarantine \
         WHERE state = 'quarantined' AND quarantine_id > $1 AND ($2 IS NULL OR $2 = ANY (codes)) AND stage <> 'merge' \
         ORDER BY quarantine_id LIMIT $3 FOR UPDATE SKIP LOCKED",
        &[pg_sys::INT8OID, pg_sys::TEXTOID, pg_sys::INT8OID],
    );
    let (mut sum, mut last) = (Counts::default(), 0);
    loop {
        let messages = read(&waiting, &[last.into(), code.into(), CHUNK.into()])?;
        let Some(end) = messages.last() else {
            return Ok(sum);
        };
        last = end.id;
        for group in messages.chunk_by(|one, next| one.topic == next.topic) {
            pgrx::check_for_interrupts!();
            sum.add(&redrive_group(group)?);
        }
    }
}

fn read(waiting: &Statement, values: &[DatumWithOid<'_>]) -> Result<Vec<Message>, Failure> {
    let mut messages = Vec::new();
    waiting.each(values, |row| {
        let time: Option<TimestampWithTimeZone> = row.get(5)?;
        messages.push(Message {
            id: get(row, 1)?,
            topic: get(row, 2)?,
            partition: get(row, 3)?,
            offset: get(row, 4)?,
            time_ms: time.map_or(-1, |time| (i64::from(time) + POSTGRES_EPOCH) / 1000),
            key: row.get(6)?,
            payload: row.get(7)?,
        });
        Ok(())
    })?;
    Ok(messages)
}

fn redrive_group(messages: &[Message]) -> Result<Counts, Failure> {
    let Some(first) = messages.first() else {
        return Ok(Counts::default());
    };
    let mut call = Call::new(&first.topic)?;
    let mut batch = Batch::new();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_micros() as i64);
    for message in messages {
        batch
            .spans
            .push(Span::new(message.partition, message.offset));
        let span = batch.spans.len() - 1;
        let origin = Origin {
            partition: message.partition,
            offset: message.offset,
            time_ms: message.time_ms,
            key: message.key.as_deref(),
            payload: message.payload.as_deref(),
        };
        batch.add(&mut call.frame, &mut call.reader, span, &origin, now);
    }
    let ids: Vec<i64> = messages.iter().map(|message| message.id).collect();
    with_loader(|loader| loader.redrive_within(&mut batch, &first.topic, &ids))
}
