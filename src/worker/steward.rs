//! The steward: what time brings, away from the workers that ingest. Partitions are made before they are needed, and
//! the ledger is rolled up, by the minute and then by the day.

use std::time::{Duration, Instant};

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::backoff::{Backoff, jitter};
use super::session::{Presence, Session};
use super::state::{self, State};
use crate::error::Failure;
use crate::settings::{self, Settings};
use crate::warehouse::statement::Statement;
use crate::warehouse::transaction;

const ROUND: Duration = Duration::from_secs(1);
const ROLL_UP_EVERY: Duration = Duration::from_secs(10);
const PARTITIONS_EVERY: Duration = Duration::from_secs(3600);

#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn starsink_steward_main(argument: pg_sys::Datum) {
    let session = Session::open(argument.value() as i32);
    let jobs = [
        Job::new(
            "rolling up the ledger",
            ROLL_UP_EVERY,
            "SELECT starsink.roll_up_ledger($1)",
            &[pg_sys::INT4OID],
        ),
        Job::new(
            "making partitions",
            PARTITIONS_EVERY,
            "SELECT starsink.ensure_partition(pg_catalog.now() + n * interval '1 month') FROM pg_catalog.generate_series(0, 1 + 0 * $1) AS n",
            &[pg_sys::INT4OID],
        ),
    ];
    let mut steward = Steward {
        session,
        jobs,
        backoff: Backoff::default(),
    };
    loop {
        steward.round();
        steward.session.wait(ROUND);
    }
}

struct Job {
    name: &'static str,
    every: Duration,
    statement: Statement,
    done_at: Option<Instant>,
}

impl Job {
    fn new(name: &'static str, every: Duration, sql: &str, types: &[pg_sys::Oid]) -> Job {
        Job {
            name,
            every,
            statement: Statement::new(sql, types),
            done_at: None,
        }
    }
}

struct Steward {
    session: Session,
    jobs: [Job; 2],
    backoff: Backoff,
}

impl Steward {
    fn round(&mut self) {
        if self.backoff.remaining().is_some() {
            return;
        }
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
        if self.session.look_around(settings)? == Presence::NoExtension {
            self.session
                .report(State::Waiting, "the extension is not in the database");
            return Ok(());
        }
        for job in &mut self.jobs {
            if job.done_at.is_some_and(|at| at.elapsed() < job.every) {
                continue;
            }
            let detail = settings::ledger_detail();
            transaction::run(c"the steward's jobs", || {
                transaction::as_writer(|| job.statement.run(&[detail.into()]))
            })
            .map_err(|failure| Failure {
                message: format!("{}: {}", job.name, failure.message),
                ..failure
            })?;
            job.done_at = Some(Instant::now());
        }
        self.session.report(State::Running, "");
        Ok(())
    }
}
