//! The steward's account of its jobs: what the table says, what is due, what may run, and what became of it.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use pgrx::prelude::*;

use crate::server::failure::{Failure, sqlstate};
use crate::worker::job_board::{self, JobState, Standing};
use starsink_core::schedule::Schedule;
use starsink_core::time::backoff::{Backoff, jitter};
use starsink_core::time::clock::Clock;

/// Backoff after failures: the first wait, doubling up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A job that has a backlog rests this many times as long as it ran, so that others can run.
const LEAVES: i32 = 4;
/// Jobs with this interval or a shorter one go before all others.
const FREQUENT: TimeDelta = TimeDelta::seconds(10);
/// Runs that found nothing to do get a row of history this often.
const NOTE_EVERY: Duration = Duration::from_secs(60);

/// A row of `starsink.job`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    pub name: String,
    pub schedule: String,
    pub depends_on: Vec<String>,
    pub enabled: bool,
    pub timeout: Duration,
}

/// What history says of a job when the steward first meets it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Past {
    pub last_run: Option<DateTime<Utc>>,
    pub has_succeeded: bool,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    pub rows: i64,
    /// It left something to do that should not wait for the schedule.
    pub goes_on: bool,
}

/// One job and how it stands.
pub struct Job {
    pub row: JobRow,
    schedule: Result<Schedule, String>,
    has_succeeded: bool,
    was_tried: bool,
    backoff: Backoff,
    noted: Option<Instant>,
    /// It waits after a failure or a long run, not for its schedule.
    is_resting: bool,
    entry: Standing,
}

impl Job {
    fn new(row: JobRow, past: Past, zone: Tz) -> Job {
        let entry = Standing {
            name: row.name.clone(),
            state: JobState::Idle,
            last_run: past.last_run,
            next_run: None,
            attempts: 0,
            last_error: String::new(),
            last_error_at: None,
        };
        let mut job = Job {
            schedule: Schedule::parse(&row.schedule),
            row,
            has_succeeded: past.has_succeeded,
            was_tried: false,
            backoff: Backoff::default(),
            noted: None,
            is_resting: false,
            entry,
        };
        job.plan(past.last_run, zone);
        job.check();
        job
    }

    /// Sets the next run from the last one; without one, an interval begins now.
    fn plan(&mut self, last: Option<DateTime<Utc>>, zone: Tz) {
        let now = Utc::now();
        self.is_resting = false;
        self.entry.next_run = match &self.schedule {
            Ok(schedule @ Schedule::Every(_)) => {
                last.map_or(Some(now), |last| schedule.next_after(last.min(now), zone))
            }
            Ok(schedule) => schedule.next_after(last.unwrap_or(now).min(now), zone),
            Err(_) => None,
        };
    }

    /// A schedule that cannot be read is told once, and its job waits for a better one.
    fn check(&mut self) {
        self.entry.state = match (&self.schedule, self.row.enabled) {
            (_, false) => JobState::Disabled,
            (Ok(_), true) => JobState::Idle,
            (Err(reason), true) => {
                let failure = Failure::bad_schedule(&self.row.schedule, reason);
                warning!("starsink: job {}: {failure}", self.row.name);
                self.entry.last_error = failure.message;
                self.entry.last_error_at = Some(Utc::now());
                JobState::Failed
            }
        };
    }

    fn change(&mut self, row: JobRow, zone: Tz) {
        let (scheduled, enabled) = (
            row.schedule != self.row.schedule,
            row.enabled != self.row.enabled,
        );
        self.row = row;
        if enabled {
            let word = if self.row.enabled {
                "enabled"
            } else {
                "disabled"
            };
            log!("starsink: job {} is {word}", self.row.name);
        }
        if scheduled {
            log!(
                "starsink: job {} is scheduled: {}",
                self.row.name,
                self.row.schedule
            );
            self.schedule = Schedule::parse(&self.row.schedule);
        }
        if scheduled || enabled {
            self.backoff.succeed();
            self.entry.attempts = 0;
            // What fell due while it was disabled is not made up for.
            let last = matches!(self.schedule, Ok(Schedule::Every(_)))
                .then_some(self.entry.last_run)
                .flatten();
            self.plan(last, zone);
            self.check();
        }
    }

    /// The clock was set back: what is left to wait stays, and times of day are sought anew.
    fn move_back(&mut self, by: TimeDelta, zone: Tz) {
        match self.schedule {
            Ok(Schedule::Cron(_)) if !self.is_resting => self.plan(None, zone),
            _ => {
                let next = self.entry.next_run;
                self.entry.next_run = next.and_then(|next| next.checked_sub_signed(by));
            }
        }
    }

    pub fn is_failing(&self) -> bool {
        self.backoff.is_failing() || self.schedule.is_err()
    }

    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.row.enabled && !self.was_tried && self.entry.next_run.is_some_and(|next| next <= now)
    }

    /// Reports and alerts depend on it, so it goes before jobs that run seldom.
    pub fn is_frequent(&self) -> bool {
        matches!(self.schedule, Ok(Schedule::Every(interval)) if interval <= FREQUENT)
    }

    /// Who asked for the run, as history calls it.
    pub fn trigger(&self) -> &'static str {
        if self.backoff.is_failing() {
            "retry"
        } else {
            "schedule"
        }
    }

    /// Whether the run gets a row of history even if it finds nothing to do.
    pub fn notes_idle(&self) -> bool {
        self.is_failing() || self.noted.is_none_or(|noted| noted.elapsed() >= NOTE_EVERY)
    }

    pub fn succeed(&mut self, began: DateTime<Utc>, done: Done, noted: bool, zone: Tz) {
        if self.backoff.is_failing() {
            log!(
                "starsink: job {} works again after {} failures",
                self.row.name,
                self.entry.attempts
            );
        }
        if noted || done.rows != 0 {
            self.noted = Some(Instant::now());
        }
        self.backoff.succeed();
        self.has_succeeded = true;
        self.entry.attempts = 0;
        self.entry.state = JobState::Idle;
        self.entry.last_run = Some(began);
        // Of several times that passed meanwhile, one run makes up for all.
        let last = match self.schedule {
            Ok(Schedule::Every(_)) => began,
            _ => Utc::now(),
        };
        self.plan(Some(last), zone);
        if done.goes_on {
            self.entry.next_run = Some(after_a_rest(began, LEAVES));
            self.is_resting = true;
        }
    }

    pub fn fail(&mut self, began: DateTime<Utc>, failure: &Failure) {
        if !self.backoff.is_failing() {
            warning!(
                "starsink: job {} failed, is tried again with growing waits: {failure}",
                self.row.name
            );
        }
        let wait = self.backoff.fail(FIRST_WAIT, LONGEST_WAIT, jitter());
        self.entry.attempts += 1;
        self.entry.state = JobState::Failed;
        self.entry.last_run = Some(began);
        self.entry.last_error = explain(failure);
        self.entry.last_error_at = Some(Utc::now());
        // A job that fails late rests at least as long as it ran.
        self.entry.next_run = Some((Utc::now() + wait).max(after_a_rest(began, 1)));
        self.is_resting = true;
    }

    /// Somebody else runs it just now: that is no failure, and it is looked at again in the next round.
    pub fn leave(&mut self) {
        self.entry.state = if self.is_failing() {
            JobState::Failed
        } else {
            JobState::Idle
        };
    }
}

/// When a job that began at `began` may run again, if it rests `times` as long as it ran.
fn after_a_rest(began: DateTime<Utc>, times: i32) -> DateTime<Utc> {
    let now = Utc::now();
    now + (now - began).max(TimeDelta::zero()) * times
}

/// SQLSTATE and message, as history keeps them.
pub fn explain(failure: &Failure) -> String {
    format!("{}: {}", sqlstate(failure.code), failure.message)
}

/// All jobs, in the order they run.
#[derive(Default)]
pub struct Jobs {
    jobs: Vec<Job>,
    zone: Tz,
    clock: Clock,
}

impl Jobs {
    /// Takes the table in; `past` is asked about jobs not met before.
    pub fn update(
        &mut self,
        rows: Vec<JobRow>,
        zone: Tz,
        mut past: impl FnMut(&str) -> Result<Past, Failure>,
    ) -> Result<(), Failure> {
        let is_moved = zone != self.zone;
        self.zone = zone;
        if let Some(back) = self.clock.look(Utc::now(), Instant::now()) {
            log!(
                "starsink: the clock was set back by {} s: jobs wait no longer for it",
                back.num_seconds()
            );
            for job in &mut self.jobs {
                job.move_back(back, zone);
            }
        }
        let mut known = std::mem::take(&mut self.jobs);
        for row in rows {
            match known.iter().position(|job| job.row.name == row.name) {
                Some(place) => {
                    let mut job = known.swap_remove(place);
                    if job.row != row {
                        job.change(row, zone);
                    }
                    if is_moved && !job.backoff.is_failing() {
                        job.plan(job.entry.last_run, zone);
                    }
                    job.was_tried = false;
                    self.jobs.push(job);
                }
                None => {
                    let past = past(&row.name)?;
                    self.jobs.push(Job::new(row, past, zone));
                }
            }
        }
        Ok(())
    }

    /// The next job that is due and may run, marked as running: the frequent ones in their order, then the one that has
    /// waited longest. Each is tried once between two updates.
    pub fn next(&mut self) -> Option<usize> {
        let now = Utc::now();
        let place = (0..self.jobs.len())
            .filter(|&place| self.jobs[place].is_due(now) && self.may_run(place, now))
            .min_by_key(|&place| {
                let job = &self.jobs[place];
                let waits_since = job.entry.next_run.filter(|_| !job.is_frequent());
                (!job.is_frequent(), waits_since)
            })?;
        self.jobs[place].was_tried = true;
        self.jobs[place].entry.state = JobState::Running;
        self.show();
        Some(place)
    }

    /// Whether all that it depends on has succeeded, does not fail, and is not due itself.
    fn may_run(&self, place: usize, now: DateTime<Utc>) -> bool {
        self.jobs[place].row.depends_on.iter().all(|name| {
            self.jobs
                .iter()
                .filter(|other| other.row.name == *name)
                .all(|other| other.has_succeeded && !other.is_failing() && !other.is_due(now))
        })
    }

    /// What is due and was held back says so.
    pub fn settle(&mut self) {
        let now = Utc::now();
        for place in 0..self.jobs.len() {
            let is_held = self.jobs[place].is_due(now) && !self.may_run(place, now);
            let entry = &mut self.jobs[place].entry;
            if is_held && entry.state == JobState::Idle {
                entry.state = JobState::Waiting;
            } else if !is_held && entry.state == JobState::Waiting {
                entry.state = JobState::Idle;
            }
        }
        self.show();
    }

    pub fn job(&self, place: usize) -> &Job {
        &self.jobs[place]
    }

    pub fn job_mut(&mut self, place: usize) -> (&mut Job, Tz) {
        (&mut self.jobs[place], self.zone)
    }

    /// Names of the jobs that fail.
    pub fn failing(&self) -> String {
        let names: Vec<&str> = self
            .jobs
            .iter()
            .filter(|job| job.row.enabled && job.is_failing())
            .map(|job| job.row.name.as_str())
            .collect();
        names.join(", ")
    }

    /// Forgets everything: the extension is gone.
    pub fn clear(&mut self) {
        self.jobs.clear();
        self.show();
    }

    fn show(&self) {
        job_board::show(self.jobs.iter().map(|job| &job.entry));
    }
}
