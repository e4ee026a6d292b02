//! The steward: what time brings, away from the workers that ingest. It runs the jobs of `starsink.job` that are due,
//! one after another, each in a transaction of its own; one that fails is tried again and stops no other. Frequent ones go
//! first, and again after each that took long. And it sends alerts; while one long job keeps it, [`crate::worker::steward::watch`] does.
//!
//! # Layout
//! - [`jobs`] its account of the jobs
//! - [`watch`] looks after alerts while a long job keeps the steward
//! - [`webhook`] alerts to an address outside, from either

mod jobs;
pub mod watch;
mod webhook;

use std::ffi::CString;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::server::failure::Failure;
use crate::server::statement::Statement;
use crate::server::time::timestamp;
use crate::server::transaction;
use crate::settings::{self, Settings};
use crate::worker::job_board::{self, Note};
use crate::worker::session::{Presence, Session};
use crate::worker::state::{self, State};
use crate::worker::steward::jobs::{Done, JobRow, Jobs, Past, explain};
use crate::worker::steward::webhook::Webhook;
use starsink_core::time::backoff::{Backoff, jitter};

/// How often it looks around; a job that takes longer than that ends the round.
pub(super) const ROUND: Duration = Duration::from_secs(1);

#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn starsink_steward_main(argument: pg_sys::Datum) {
    let session = Session::open(argument.value() as i32);
    yield_to_ingestion();
    plan_as_usual();
    let mut steward = Steward {
        session,
        jobs: Jobs::default(),
        table: Table::new(),
        webhook: Webhook::new(),
        backoff: Backoff::default(),
    };
    loop {
        steward.round();
        steward.session.wait(ROUND);
    }
}

/// A worker's session looks single keys up; jobs read much, and plan as everybody does.
pub(super) fn plan_as_usual() {
    for (name, value) in [
        (c"plan_cache_mode", c"auto"),
        (c"enable_hashjoin", c"on"),
        (c"enable_mergejoin", c"on"),
        (c"enable_seqscan", c"on"),
    ] {
        // SAFETY: known settings with valid values.
        unsafe {
            pg_sys::SetConfigOption(
                name.as_ptr(),
                value.as_ptr(),
                pg_sys::GucContext::PGC_SUSET,
                pg_sys::GucSource::PGC_S_OVERRIDE,
            );
        }
    }
}

struct Steward {
    session: Session,
    jobs: Jobs,
    table: Table,
    webhook: Webhook,
    backoff: Backoff,
}

impl Steward {
    fn round(&mut self) {
        if self.backoff.remaining().is_some() {
            return;
        }
        state::begin_round();
        let settings = Settings::current();
        match self.work(&settings) {
            Ok(()) => self.backoff.succeed(),
            Err(failure) => {
                state::report_error(self.session.worker, &failure.message);
                self.session.report(State::Retrying, &failure.to_string());
                self.backoff
                    .fail(settings.retry_backoff, settings.retry_backoff_max, jitter());
            }
        }
    }

    fn work(&mut self, settings: &Settings) -> Result<(), Failure> {
        if self.is_without_warehouse(settings)? {
            return Ok(());
        }
        // Runs by hand that failed: their own history was rolled back.
        for note in job_board::take() {
            let Note {
                name,
                began,
                error,
                triggered_by,
            } = note;
            if let Err(unwritten) = self.table.note(&name, began, &error, &triggered_by) {
                log!("starsink: history of jobs: {unwritten}");
            }
        }
        let rows = self.table.rows()?;
        let table = &self.table;
        self.jobs
            .update(rows, settings::report_time_zone(), |name| table.past(name))?;
        while let Some(place) = self.jobs.next() {
            let began = Instant::now();
            self.run(place);
            // A job may have taken long: somebody may want the database or the extension gone by now.
            if self.is_without_warehouse(settings)? {
                return Ok(());
            }
            // Then what is frequent, the table and the alerts come first again.
            if began.elapsed() > ROUND && !self.jobs.job(place).is_frequent() {
                break;
            }
        }
        self.jobs.settle();
        // What the watch is sending would be sent twice.
        let is_watched = state::pid_of(state::WATCH) != 0;
        if !is_watched && let Err(failure) = self.webhook.round() {
            // The jobs go on.
            state::report_error(self.session.worker, &failure.message);
            self.session.report(State::Retrying, &failure.to_string());
            return Ok(());
        }
        let failing = self.jobs.failing();
        if failing.is_empty() {
            self.session.report(State::Running, "");
        } else {
            self.session
                .report(State::Retrying, &format!("jobs that fail: {failing}"));
        }
        Ok(())
    }

    /// Whether the extension or the warehouse is not there.
    fn is_without_warehouse(&mut self, settings: &Settings) -> Result<bool, Failure> {
        let presence = self.session.look_around(settings)?;
        if presence == Presence::Ready {
            return Ok(false);
        }
        self.jobs.clear();
        if presence == Presence::NoExtension {
            self.session
                .report(State::Waiting, "the extension is not in the database");
        }
        Ok(true)
    }

    fn run(&mut self, place: usize) {
        let began = Utc::now();
        let job = self.jobs.job(place);
        let (trigger, noted) = (job.trigger(), job.notes_idle());
        let result = self.table.perform(&job.row, trigger, noted);
        if let Err(failure) = &result
            && failure.code != PgSqlErrorCode::ERRCODE_OBJECT_IN_USE
        {
            state::report_error(
                self.session.worker,
                &format!("{}: {}", job.row.name, failure.message),
            );
            let (at, error) = (began.timestamp_micros(), explain(failure));
            if let Err(unwritten) = self.table.note(&job.row.name, at, &error, trigger) {
                log!("starsink: history of jobs: {unwritten}");
            }
        }
        let (job, zone) = self.jobs.job_mut(place);
        match result {
            Ok(done) => job.succeed(began, done, noted, zone),
            Err(failure) if failure.code == PgSqlErrorCode::ERRCODE_OBJECT_IN_USE => job.leave(),
            Err(failure) => job.fail(began, &failure),
        }
    }
}

/// The statements.
pub(super) struct Table {
    rows: Statement,
    past: Statement,
    /// Whoever lays the tables out anew waits for the job under way, and jobs for them: both lock many tables.
    no_layout: Statement,
    perform: Statement,
    note: Statement,
}

impl Table {
    pub(super) fn new() -> Table {
        Table {
            rows: Statement::new(
                "SELECT name, schedule, depends_on, enabled, (EXTRACT(epoch FROM timeout) * 1000)::bigint FROM starsink.job ORDER BY ordinal, name",
                &[],
            ),
            past: Statement::new(
                "SELECT (EXTRACT(epoch FROM pg_catalog.max(started_at)) * 1000000)::bigint, pg_catalog.bool_or(state = 'succeeded') \
                 FROM starsink.job_run WHERE name = $1",
                &[pg_sys::TEXTOID],
            ),
            no_layout: Statement::new(
                "SELECT pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtext('starsink.create_warehouse'))",
                &[],
            ),
            perform: Statement::new(
                "SELECT p.rows, COALESCE(pg_catalog.current_setting('starsink_job.goes_on', true), '') <> '' \
                 FROM (SELECT starsink_internal.perform_job($1, $2, $3) AS rows OFFSET 0) AS p",
                &[pg_sys::TEXTOID, pg_sys::TEXTOID, pg_sys::BOOLOID],
            ),
            note: Statement::new(
                "INSERT INTO starsink.job_run (name, started_at, state, error, triggered_by) VALUES ($1, $2, 'failed', $3, $4)",
                &[
                    pg_sys::TEXTOID,
                    pg_sys::TIMESTAMPTZOID,
                    pg_sys::TEXTOID,
                    pg_sys::TEXTOID,
                ],
            ),
        }
    }

    pub(super) fn rows(&self) -> Result<Vec<JobRow>, Failure> {
        transaction::run(c"looking for jobs", || {
            let mut rows = Vec::new();
            self.rows.each(&[], |row| {
                rows.push(JobRow {
                    name: row.get(1)?,
                    schedule: row.get(2)?,
                    depends_on: row.get(3)?,
                    enabled: row.get(4)?,
                    timeout: Duration::from_millis(row.get::<i64>(5)?.max(1) as u64),
                });
                Ok(())
            })?;
            Ok(rows)
        })
    }

    pub(super) fn past(&self, name: &str) -> Result<Past, Failure> {
        transaction::run(c"looking for jobs", || {
            let mut past = Past::default();
            self.past.each(&[name.into()], |row| {
                past = Past {
                    last_run: row
                        .optional::<i64>(1)?
                        .and_then(DateTime::from_timestamp_micros),
                    has_succeeded: row.optional::<bool>(2)?.unwrap_or_default(),
                };
                Ok(())
            })?;
            Ok(past)
        })
    }

    pub(super) fn perform(
        &self,
        job: &JobRow,
        trigger: &str,
        notes_idle: bool,
    ) -> Result<Done, Failure> {
        let activity = CString::new(format!("job {}", job.name)).unwrap_or_default();
        within(job.timeout, || {
            transaction::run(&activity, || {
                self.no_layout.run(&[])?;
                let mut done = Done::default();
                let values = [job.name.as_str().into(), trigger.into(), notes_idle.into()];
                self.perform.each(&values, |row| {
                    done = Done {
                        rows: row.get(1)?,
                        goes_on: row.get(2)?,
                    };
                    Ok(())
                })?;
                Ok(done)
            })
        })
    }

    pub(super) fn note(
        &self,
        name: &str,
        began: i64,
        error: &str,
        trigger: &str,
    ) -> Result<(), Failure> {
        transaction::run(c"writing the history of jobs", || {
            let began = timestamp(began)?;
            self.note
                .run(&[name.into(), began.into(), error.into(), trigger.into()])
        })
    }
}

/// Where the processors are busy, ingestion goes first: reports are right without the steward, only slower.
fn yield_to_ingestion() {
    const NICE: i32 = 10;
    // SAFETY: lowers this process's own priority; where that is refused, it stays as it is.
    let _ = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
    // Every process of the server leads a session of its own. Where Linux groups processes by session, that is what
    // it weighs against one another, by the group's niceness: the process's counts within the group alone.
    let _ = std::fs::write("/proc/self/autogroup", NICE.to_string());
}

/// Runs `body` under the server's own statement timeout, which else only begins with a client's message.
fn within<R>(limit: Duration, body: impl FnOnce() -> R) -> R {
    // `STATEMENT_TIMEOUT` of the server's TimeoutId.
    const STATEMENT_TIMEOUT: i32 = 3;
    unsafe extern "C" {
        fn enable_timeout_after(id: i32, delay_ms: i32);
        fn disable_timeout(id: i32, keep_indicator: bool);
    }
    let millis = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: main thread of a connected worker, whose start registered this timeout.
    unsafe { enable_timeout_after(STATEMENT_TIMEOUT, millis) };
    let result = body();
    // SAFETY: as above; one that came too late must not cancel what follows.
    unsafe {
        disable_timeout(STATEMENT_TIMEOUT, false);
        pg_sys::QueryCancelPending = 0;
    }
    result
}
