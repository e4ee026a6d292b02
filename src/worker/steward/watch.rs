//! The watch: a job of the steward is one transaction, and may take its half hour; alerts must not wait for it. While
//! the steward is late, the launcher keeps this worker: it does the steward's job `alerts` on its schedule and sends
//! what fires, and ends when the steward is back. So alerts cost a background worker no longer than a long job takes.

use chrono::{DateTime, Utc};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::server::failure::Failure;
use crate::settings::{self, Settings};
use crate::worker::session::{Presence, Session};
use crate::worker::state::{self, State};
use crate::worker::steward::jobs::{JobRow, explain};
use crate::worker::steward::webhook::Webhook;
use crate::worker::steward::{ROUND, Table, plan_as_usual};
use starsink_core::schedule::Schedule;

/// The one job that it does.
const JOB: &str = "alerts";

#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn starsink_watch_main(argument: pg_sys::Datum) {
    let session = Session::open(argument.value() as i32);
    plan_as_usual();
    let mut watch = Watch {
        session,
        table: Table::new(),
        webhook: Webhook::new(),
        last_run: None,
    };
    loop {
        if let Err(failure) = watch.work() {
            state::report_error(watch.session.worker, &failure.message);
            watch.session.report(State::Retrying, &failure.to_string());
        }
        if !state::steward_is_late() && watch.webhook.is_idle() {
            // SAFETY: an orderly end of the process.
            unsafe { pg_sys::proc_exit(0) };
        }
        watch.session.wait(ROUND);
    }
}

struct Watch {
    session: Session,
    table: Table,
    webhook: Webhook,
    last_run: Option<DateTime<Utc>>,
}

impl Watch {
    fn work(&mut self) -> Result<(), Failure> {
        if self.session.look_around(&Settings::current())? != Presence::Ready {
            return Ok(());
        }
        let is_alerts = |row: &JobRow| row.name == JOB && row.enabled;
        if let Some(job) = self.table.rows()?.into_iter().find(is_alerts)
            && self.is_due(&job)?
        {
            self.run(&job)?;
        }
        self.webhook.round()?;
        self.session
            .report(State::Running, "in place of the steward");
        Ok(())
    }

    fn is_due(&self, job: &JobRow) -> Result<bool, Failure> {
        let last = match self.last_run {
            Some(last) => Some(last),
            None => self.table.past(JOB)?.last_run,
        };
        let Ok(schedule) = Schedule::parse(&job.schedule) else {
            return Ok(false);
        };
        let next = last.map(|last| schedule.next_after(last, settings::report_time_zone()));
        Ok(next.is_none_or(|next| next.is_some_and(|next| next <= Utc::now())))
    }

    fn run(&mut self, job: &JobRow) -> Result<(), Failure> {
        let began = Utc::now();
        self.last_run = Some(began);
        match self.table.perform(job, "schedule", false) {
            // It is this job that keeps the steward.
            Err(failure) if failure.code == PgSqlErrorCode::ERRCODE_OBJECT_IN_USE => Ok(()),
            Err(failure) => {
                let (at, error) = (began.timestamp_micros(), explain(&failure));
                self.table.note(JOB, at, &error, "schedule")?;
                Err(failure)
            }
            Ok(_) => Ok(()),
        }
    }
}
