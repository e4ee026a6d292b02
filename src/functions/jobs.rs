//! What SQL asks of jobs: when a schedule comes next, how they stand, and what they look up.

use chrono::{DateTime, Utc};
use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;

use crate::server::failure::Failure;
use crate::settings;
use crate::worker::job_board::{self, Note};
use starsink_core::event::url::Location;
use starsink_core::schedule::Schedule;
use starsink_core::text::host;
use starsink_core::world::domain;

/// Microseconds from the Unix epoch to PostgreSQL's.
const EPOCH: i64 = 946_684_800_000_000;

/// When a schedule comes next after a time.
#[pg_extern(stable, strict)]
#[search_path(pg_catalog, pg_temp)]
fn next_run(schedule: &str, after: TimestampWithTimeZone) -> TimestampWithTimeZone {
    let micros = i64::from(after).saturating_add(EPOCH);
    let next = Schedule::parse(schedule)
        .map_err(|reason| Failure::bad_schedule(schedule, &reason))
        .and_then(|parsed| {
            DateTime::<Utc>::from_timestamp_micros(micros)
                .and_then(|after| parsed.next_after(after, settings::report_time_zone()))
                .and_then(time)
                .ok_or_else(|| Failure::never(schedule))
        });
    match next {
        Ok(next) => next,
        Err(failure) => failure.raise(),
    }
}

pub(super) fn time(time: DateTime<Utc>) -> Option<TimestampWithTimeZone> {
    TimestampWithTimeZone::try_from(time.timestamp_micros() - EPOCH).ok()
}

/// How the steward's jobs stand now; none without a steward.
#[pg_extern(volatile, parallel_safe, schema = "starsink_internal")]
fn job_states() -> TableIterator<
    'static,
    (
        name!(name, String),
        name!(state, &'static str),
        name!(last_run, Option<TimestampWithTimeZone>),
        name!(next_run, Option<TimestampWithTimeZone>),
        name!(attempts, i32),
        name!(last_error, String),
        name!(last_error_at, Option<TimestampWithTimeZone>),
    ),
> {
    TableIterator::new(job_board::all().into_iter().map(|entry| {
        (
            entry.name,
            entry.state.name(),
            entry.last_run.and_then(time),
            entry.next_run.and_then(time),
            entry.attempts,
            entry.last_error,
            entry.last_error_at.and_then(time),
        )
    }))
}

/// Leaves word with the steward that a job which somebody ran by hand has failed: what that transaction wrote goes with it.
#[pg_extern(volatile, parallel_unsafe, strict, schema = "starsink_internal")]
#[search_path(pg_catalog, pg_temp)]
fn note_failure(name: &str, began: TimestampWithTimeZone, error: &str, triggered_by: &str) {
    job_board::leave(&Note {
        name: name.to_owned(),
        began: i64::from(began).saturating_add(EPOCH),
        error: error.to_owned(),
        triggered_by: triggered_by.to_owned(),
    });
}

/// The registrable domain of an address's host.
#[pg_extern(immutable, parallel_safe, strict, schema = "starsink_internal")]
fn registrable_domain(address: &str) -> Option<String> {
    let location = Location::parse(address)?;
    host::registrable_domain(location.host()).map(str::to_owned)
}

/// The country that a host's suffix belongs to.
#[pg_extern(immutable, parallel_safe, strict, schema = "starsink_internal")]
fn country_of_domain(host: &str) -> Option<&'static str> {
    domain::country_of_domain(host)
}
