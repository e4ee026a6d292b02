//! The launcher: the one static worker. It is connected to no database, keeps the other workers running
//!  while the database is there, and does nothing else. A standby starts it when it is promoted.

use std::time::Duration;

use pgrx::bgworkers::{
    BackgroundWorker, BackgroundWorkerBuilder, BgWorkerStartTime, DynamicBackgroundWorker,
    SignalWakeFlags,
};
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::server::transaction;
use crate::settings::Settings;
use crate::worker::session::is_wanted;
use crate::worker::state::{self, State};
use starsink_core::time::backoff::{Backoff, jitter};

const ROUND: Duration = Duration::from_millis(500);
const LIBRARY: &str = "starsink";

/// Registers the launcher. Called from `_PG_init` while the server preloads the library.
pub fn register() {
    BackgroundWorkerBuilder::new("starsink launcher")
        .set_type("starsink launcher")
        .set_library(LIBRARY)
        .set_function("starsink_launcher_main")
        .enable_spi_access()
        .set_start_time(BgWorkerStartTime::RecoveryFinished)
        .set_restart_time(Some(Duration::from_secs(1)))
        .load();
}

#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn starsink_launcher_main(_argument: pg_sys::Datum) {
    BackgroundWorker::attach_signal_handlers(SignalWakeFlags::SIGHUP);
    crate::worker::session::die_on_sigterm();
    BackgroundWorker::connect_worker_to_spi(None, None);
    crate::worker::session::pin();
    let mut places: Vec<Place> = (0..state::MAX_WORKERS as i32).map(Place::new).collect();
    loop {
        let settings = Settings::current();
        let is_there = database_exists(&settings.database);
        if !is_there {
            miss(&settings);
        }
        for place in &mut places {
            let is_needed = place.number != state::WATCH || state::steward_is_late();
            place.keep(
                is_there && is_needed && is_wanted(place.number, &settings),
                &settings,
            );
        }
        crate::worker::session::wait(ROUND);
    }
}

/// Says, once, why nobody works: for the board, and for the log.
fn miss(settings: &Settings) {
    let reason = format!(
        "starsink.database is '{}': there is no such database",
        settings.database
    );
    let idle = (1..=settings.workers).filter(|&worker| state::pid_of(worker) == 0);
    let news = idle.filter(|&worker| state::report(worker, State::Waiting, &reason));
    if news.count() > 0 {
        warning!(
            "starsink: {reason}: create it, or set starsink.database to the one with the warehouse"
        );
    }
}

/// One worker's place, by its slot on the board.
struct Place {
    number: i32,
    started: Option<DynamicBackgroundWorker>,
    backoff: Backoff,
}

impl Place {
    fn new(number: i32) -> Place {
        Place {
            number,
            started: None,
            backoff: Backoff::default(),
        }
    }

    /// Starts the worker if it is wanted and not there. One that is not wanted leaves by itself.
    fn keep(&mut self, is_wanted: bool, settings: &Settings) {
        if state::pid_of(self.number) != 0 {
            return;
        }
        if let Some(worker) = &self.started {
            use pgrx::bgworkers::BackgroundWorkerStatus as Status;
            match worker.pid() {
                Ok(_) | Err(Status::NotYetStarted) => return,
                Err(_) => {
                    self.started = None;
                    // The watch comes and goes.
                    let most = match self.number {
                        state::WATCH => settings.retry_backoff,
                        _ => settings.retry_backoff_max,
                    };
                    self.backoff.fail(settings.retry_backoff, most, jitter());
                }
            }
        }
        if !is_wanted || self.backoff.remaining().is_some() {
            return;
        }
        match self.start() {
            Some(worker) => self.started = Some(worker),
            None => {
                if state::report(
                    self.number,
                    State::Waiting,
                    "no free background worker: raise max_worker_processes",
                ) {
                    warning!(
                        "starsink: no free background worker for {}; raise max_worker_processes and restart the server",
                        self.name()
                    );
                }
                self.backoff.fail(
                    settings.retry_backoff_max,
                    settings.retry_backoff_max,
                    jitter(),
                );
            }
        }
    }

    fn name(&self) -> String {
        match self.number {
            0 => "starsink steward".to_owned(),
            state::CRAWLER => "starsink crawler".to_owned(),
            state::WATCH => "starsink watch".to_owned(),
            number => format!("starsink ingest {number}"),
        }
    }

    fn start(&self) -> Option<DynamicBackgroundWorker> {
        let name = self.name();
        BackgroundWorkerBuilder::new(&name)
            .set_type(&name)
            .set_library(LIBRARY)
            .set_function(match self.number {
                0 => "starsink_steward_main",
                state::CRAWLER => "starsink_crawler_main",
                state::WATCH => "starsink_watch_main",
                _ => "starsink_ingest_main",
            })
            .set_argument(self.number.into_datum())
            .enable_spi_access()
            .set_restart_time(None)
            // SAFETY: a plain global of this process.
            .set_notify_pid(unsafe { pg_sys::MyProcPid })
            .load_dynamic()
            .ok()
    }
}

/// Looks the database up by reading pg_database from end to end: without a database there are no catalog caches to
/// rely on.
fn database_exists(name: &str) -> bool {
    transaction::run_as_superuser(c"looking for the database", || {
        // SAFETY: a catalog scan inside a transaction; a tuple is read before the next one is asked for.
        unsafe {
            let databases = pg_sys::table_open(
                pg_sys::DatabaseRelationId,
                pg_sys::AccessShareLock as pg_sys::LOCKMODE,
            );
            let scan = pg_sys::table_beginscan_catalog(databases, 0, std::ptr::null_mut());
            let mut exists = false;
            loop {
                let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
                if tuple.is_null() {
                    break;
                }
                let row = pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_database>();
                exists |= std::ffi::CStr::from_ptr((*row).datname.data.as_ptr()).to_bytes()
                    == name.as_bytes();
            }
            pg_sys::heap_endscan(scan);
            pg_sys::table_close(databases, pg_sys::AccessShareLock as pg_sys::LOCKMODE);
            Ok(exists)
        }
    })
    .unwrap_or(false)
}
