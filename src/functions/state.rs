//! What the workers are doing, the settings and the codes, as rows for the views.

use chrono::DateTime;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;

use crate::functions::jobs::time;
use crate::settings::SETTINGS;
use crate::worker::state::{self, BOARD};
use starsink_core::event::code::{Code, Codes};

/// Whether the server preloaded the library, and so can run workers.
#[pg_extern(stable, parallel_safe, schema = "starsink_internal")]
fn is_preloaded() -> bool {
    state::is_attached()
}

/// Each worker that runs or should: 0 is the steward, 33 the crawler, 34 the watch.
#[pg_extern(volatile, parallel_safe, schema = "starsink_internal")]
fn worker_states() -> TableIterator<
    'static,
    (
        name!(worker, i32),
        name!(pid, i32),
        name!(state, String),
        name!(reason, String),
        name!(last_error, String),
        name!(last_error_at, Option<TimestampWithTimeZone>),
    ),
> {
    let mut rows = Vec::new();
    BOARD.read(|board| {
        for (number, slot) in board.workers.iter().enumerate() {
            if slot.pid != 0 || !slot.reason.get().is_empty() {
                let text = (
                    slot.state.name().to_owned(),
                    slot.reason.get().to_owned(),
                    slot.last_error.get().to_owned(),
                );
                let at = slot.last_error_at;
                rows.push((number as i32, slot.pid, text.0, text.1, text.2, at));
            }
        }
    });
    TableIterator::new(
        rows.into_iter()
            .map(|(worker, pid, state, reason, last_error, at)| {
                let at = DateTime::from_timestamp_micros(at)
                    .filter(|_| at != 0)
                    .and_then(time);
                (worker, pid, state, reason, last_error, at)
            }),
    )
}

/// Each partition that a worker has.
#[pg_extern(volatile, parallel_safe, schema = "starsink_internal")]
fn partition_states() -> TableIterator<
    'static,
    (
        name!(topic, String),
        name!(partition, i32),
        name!(worker, i32),
        name!(state, String),
        name!(reason, String),
        name!(high_watermark, Option<i64>),
    ),
> {
    let mut rows = Vec::new();
    BOARD.read(|board| {
        for slot in board.partitions.iter().filter(|slot| slot.in_use) {
            let high_watermark = (slot.high_watermark >= 0).then_some(slot.high_watermark);
            let (topic, reason) = (slot.topic.get().to_owned(), slot.reason.get().to_owned());
            rows.push((
                topic,
                slot.partition,
                slot.worker,
                slot.state.name().to_owned(),
                reason,
                high_watermark,
            ));
        }
    });
    TableIterator::new(rows)
}

/// Files being ingested now.
#[pg_extern(volatile, parallel_safe, schema = "starsink_internal")]
fn file_progress() -> TableIterator<
    'static,
    (
        name!(pid, i32),
        name!(path, String),
        name!(bytes_processed, i64),
        name!(bytes_total, i64),
        name!(received, i64),
        name!(loaded, i64),
        name!(quarantined, i64),
    ),
> {
    let mut rows = Vec::new();
    BOARD.read(|board| {
        for slot in board.files.iter().filter(|slot| slot.pid != 0) {
            let path = slot.path.get().to_owned();
            rows.push((
                slot.pid,
                path,
                slot.bytes_processed,
                slot.bytes_total,
                slot.received,
                slot.loaded,
                slot.quarantined,
            ));
        }
    });
    TableIterator::new(rows)
}

/// Every setting in the order of the manual; `is_set` only for secrets.
#[pg_extern(stable, parallel_restricted, schema = "starsink_internal")]
fn setting_notes() -> TableIterator<
    'static,
    (
        name!(ordinal, i32),
        name!(name, String),
        name!(is_secret, bool),
        name!(is_set, Option<bool>),
        name!(description, String),
    ),
> {
    let rows: Vec<_> = SETTINGS
        .iter()
        .enumerate()
        .map(|(ordinal, entry)| {
            let name = entry.name.to_string_lossy().into_owned();
            let is_set = entry.secret.map(|secret| secret.is_set());
            let description = format!(
                "{} {}",
                entry.short.to_string_lossy(),
                entry.long.to_string_lossy()
            );
            (ordinal as i32, name, is_set.is_some(), is_set, description)
        })
        .collect();
    TableIterator::new(rows)
}

/// Every validation code: its bit in quality_flags, what becomes of a message that bears it, and what to do.
#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn validation_codes() -> TableIterator<
    'static,
    (
        name!(code, &'static str),
        name!(bit, i32),
        name!(action, &'static str),
        name!(meaning, &'static str),
    ),
> {
    TableIterator::new(Code::ALL.iter().map(|&code| {
        (
            code.name(),
            code as i32,
            code.action().name(),
            code.meaning(),
        )
    }))
}

/// The codes in fact_event.quality_flags.
#[pg_extern(immutable, parallel_safe, strict)]
fn quality_codes(flags: i64) -> Vec<&'static str> {
    Codes::from_bits(flags as u64)
        .iter()
        .map(Code::name)
        .collect()
}
