//! Messages out of quarantine, through the same path, exactly once: a message leaves in the transaction that loads it.
//! And their mending: bytes that would be loaded take the place of those that were not, which are kept beside them.

use starsink_core::time::POSTGRES_EPOCH;
use std::time::{SystemTime, UNIX_EPOCH};

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::functions::loader::{Call, with_loader};
use crate::functions::quarantined;
use crate::layout;
use crate::load::account::Counts;
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use crate::server::transaction;
use starsink_core::batch::span::Span;
use starsink_core::batch::{Batch, Origin};
use starsink_core::event::code::Code;

/// Messages tried at one go.
const CHUNK: i64 = 2_000;

/// Tries the messages in quarantine again: all, those with one code, or those with these numbers. What loads leaves the
/// quarantine; what does not stays, with the reasons of now, which a notice tells.
#[pg_extern(security_definer, volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn redrive(
    code: default!(Option<&str>, "NULL"),
    ids: default!(Option<Vec<Option<i64>>>, "NULL"),
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
    match transaction::without_triggers(|| redrive_all(code, ids)) {
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

fn redrive_all(code: Option<&str>, ids: Option<Vec<Option<i64>>>) -> Result<Counts, Failure> {
    if let Some(code) = code.filter(|code| Code::ALL.iter().all(|known| known.name() != *code)) {
        return Err(Failure::unknown_code(code));
    }
    if !layout::exists() {
        return Err(Failure::warehouse_missing());
    }
    let ids: Option<Vec<i64>> = ids.map(|ids| ids.into_iter().flatten().collect());
    if let Some(ids) = &ids {
        require_waiting(ids)?;
    }
    // Another redrive under way keeps its messages locked: they are skipped here.
    let waiting = Statement::new(
        "SELECT quarantine_id, topic, partition, kafka_offset, kafka_time, key, payload FROM starsink.quarantine \
         WHERE state = 'quarantined' AND quarantine_id > $1 AND ($2 IS NULL OR $2 = ANY (codes)) \
         AND ($4 IS NULL OR quarantine_id = ANY ($4)) AND stage <> 'merge' \
         ORDER BY quarantine_id LIMIT $3 FOR UPDATE SKIP LOCKED",
        &[
            pg_sys::INT8OID,
            pg_sys::TEXTOID,
            pg_sys::INT8OID,
            pg_sys::INT8ARRAYOID,
        ],
    );
    let (mut sum, mut last, mut tried) = (Counts::default(), 0, Vec::new());
    loop {
        let values = [last.into(), code.into(), CHUNK.into(), ids.clone().into()];
        let messages = read(&waiting, &values)?;
        let Some(end) = messages.last() else {
            if sum.quarantined > 0 {
                quarantined::tell_of_these(tried)?;
            }
            return Ok(sum);
        };
        last = end.id;
        tried.extend(messages.iter().map(|message| message.id));
        for group in messages.chunk_by(|one, next| one.topic == next.topic) {
            pgrx::check_for_interrupts!();
            sum.add(&redrive_group(group)?);
        }
    }
}

fn read(waiting: &Statement, values: &[DatumWithOid<'_>]) -> Result<Vec<Message>, Failure> {
    let mut messages = Vec::new();
    waiting.each(values, |row| {
        let time: Option<TimestampWithTimeZone> = row.optional(5)?;
        messages.push(Message {
            id: row.get(1)?,
            topic: row.get(2)?,
            partition: row.get(3)?,
            offset: row.get(4)?,
            time_ms: time.map_or(-1, |time| (i64::from(time) + POSTGRES_EPOCH) / 1000),
            key: row.optional(6)?,
            payload: row.optional(7)?,
        });
        Ok(())
    })?;
    Ok(messages)
}

fn redrive_group(messages: &[Message]) -> Result<Counts, Failure> {
    let Some(first) = messages.first() else {
        return Ok(Counts::default());
    };
    let mut batch = decode(messages, &first.topic)?;
    let ids: Vec<i64> = messages.iter().map(|message| message.id).collect();
    with_loader(|loader| loader.redrive_within(&mut batch, &first.topic, &ids))
}

/// A batch with a span for each message.
fn decode(messages: &[Message], topic: &str) -> Result<Batch, Failure> {
    let mut call = Call::new(topic)?;
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
    Ok(batch)
}

/// An error that names the first of these numbers that no message waiting to be tried again has.
fn require_waiting(ids: &[i64]) -> Result<(), Failure> {
    let mut missing = None;
    Statement::new(
        "SELECT i.id FROM pg_catalog.unnest($1) AS i (id) WHERE NOT EXISTS (SELECT FROM starsink.quarantine AS q \
         WHERE q.quarantine_id = i.id AND q.state = 'quarantined' AND q.stage <> 'merge') ORDER BY i.id LIMIT 1",
        &[pg_sys::INT8ARRAYOID],
    )
    .each(&[ids.to_vec().into()], |row| {
        missing = row.optional(1)?;
        Ok(())
    })?;
    missing.map_or(Ok(()), |id| Err(Failure::not_waiting(id)))
}

/// Puts other bytes in the place of a message's that waits in quarantine, if they would be loaded; keeps the first ones
/// beside them and notes who did it. It does not load them: that is starsink.redrive(ids => …).
#[pg_extern(security_definer, volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn mend(id: i64, payload: &str, note: default!(Option<&str>, "NULL")) {
    if let Err(failure) = transaction::without_triggers(|| mend_one(id, payload, note)) {
        failure.raise();
    }
}

fn mend_one(id: i64, payload: &str, note: Option<&str>) -> Result<(), Failure> {
    if !layout::exists() {
        return Err(Failure::warehouse_missing());
    }
    let waiting = Statement::new(
        "SELECT quarantine_id, topic, partition, kafka_offset, kafka_time, key, NULL::pg_catalog.bytea FROM starsink.quarantine \
         WHERE quarantine_id = $1 AND state = 'quarantined' AND stage <> 'merge' FOR UPDATE",
        &[pg_sys::INT8OID],
    );
    let Some(mut message) = read(&waiting, &[id.into()])?.pop() else {
        return Err(Failure::not_waiting(id));
    };
    message.payload = Some(payload.as_bytes().to_vec());
    let topic = message.topic.clone();
    let batch = decode(&[message], &topic)?;
    if let Some(rejected) = batch.rejected.first() {
        let codes: Vec<&str> = rejected.codes.iter().map(Code::name).collect();
        return Err(Failure::not_mended(id, &codes.join(", "), &rejected.detail));
    }
    if batch.rows.is_empty() {
        return Err(Failure::mended_away(id));
    }
    Statement::new(
        "WITH mended AS (UPDATE starsink.quarantine SET original_payload = COALESCE(original_payload, payload), payload = $2 WHERE quarantine_id = $1) \
         INSERT INTO starsink.quarantine_log (action, quarantine_id, note) VALUES ('mend', $1, $3)",
        &[pg_sys::INT8OID, pg_sys::BYTEAOID, pg_sys::TEXTOID],
    )
    .run(&[id.into(), payload.as_bytes().into(), note.into()])
}
