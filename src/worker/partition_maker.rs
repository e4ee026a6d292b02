//! A worker for a moment: makes partitions of the fact table for a session whose transaction cannot commit, so that the
//! session never holds the locks that takes. It needs no preloaded library, and ends when it is done.
//!
//! What the session's transaction has locked or changed stands in its way, as in everybody's: it gives up after short waits
//! for locks, and the session makes the partition itself. (As members of one lock group the two would not wait for each
//! other's locks; but then the worker would look for the end of a transaction that waits for it, and never be told.)

use std::time::Duration;

use pgrx::bgworkers::{
    BackgroundWorker, BackgroundWorkerBuilder, BackgroundWorkerStatus, BgWorkerStartTime,
    DynamicBackgroundWorker, SignalWakeFlags,
};
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::load::partitions::{Partitions, pause};
use crate::server::failure::Failure;
use crate::server::process;
use crate::server::transaction;
use crate::worker::session::{die_on_sigterm, pin};

/// Times that one worker is told: what it is told fits 127 bytes.
const AT_MOST: usize = 5;
/// Tries for each partition.
const TRIES: usize = 3;
/// Between two looks whether it has ended; its end wakes the session.
const LOOK: Duration = Duration::from_millis(100);

/// Has the partitions of these times made, and waits for that. False where no worker is to be had; whether they are there
/// then is for the caller to see: why not stands in the server's log.
pub fn ask(times: &[i64]) -> Result<bool, Failure> {
    for some in times.chunks(AT_MOST) {
        let Some(worker) = start(some) else {
            return Ok(false);
        };
        wait_for(worker)?;
    }
    Ok(true)
}

fn start(times: &[i64]) -> Option<DynamicBackgroundWorker> {
    // SAFETY: plain globals of this process.
    let (database, pid) = unsafe { (pg_sys::MyDatabaseId, pg_sys::MyProcPid) };
    let mut words = database.to_u32().to_string();
    for time in times {
        words.push_str(&format!(" {time}"));
    }
    BackgroundWorkerBuilder::new("starsink partitions")
        .set_type("starsink partitions")
        .set_library("starsink")
        .set_function("starsink_partitions_main")
        .set_extra(&words)
        .set_start_time(BgWorkerStartTime::RecoveryFinished)
        .enable_spi_access()
        .set_restart_time(None)
        .set_notify_pid(pid)
        .load_dynamic()
        .ok()
}

/// Waits until it has ended. A session that is cancelled or ended meanwhile ends it first.
fn wait_for(worker: DynamicBackgroundWorker) -> Result<(), Failure> {
    loop {
        match worker.pid() {
            Ok(_) | Err(BackgroundWorkerStatus::NotYetStarted) => {}
            Err(_) => return Ok(()),
        }
        // SAFETY: plain globals of the server.
        let is_over = unsafe { pg_sys::QueryCancelPending != 0 || pg_sys::ProcDiePending != 0 };
        if is_over {
            let _ = worker.terminate().wait_for_shutdown();
            return transaction::interrupted();
        }
        process::rest(LOOK);
    }
}

/// What it was told: the database and the times.
fn told(words: &str) -> Option<(pg_sys::Oid, Vec<i64>)> {
    let mut words = words.split(' ');
    let database: u32 = words.next()?.parse().ok()?;
    let times: Result<Vec<i64>, _> = words.map(str::parse).collect();
    Some((pg_sys::Oid::from(database), times.ok()?))
}

#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn starsink_partitions_main(_argument: pg_sys::Datum) {
    BackgroundWorker::attach_signal_handlers(SignalWakeFlags::SIGHUP);
    die_on_sigterm();
    let Some((database, times)) = told(BackgroundWorker::get_extra()) else {
        return;
    };
    BackgroundWorker::connect_worker_to_spi_by_oid(Some(database), None);
    pin();
    let partitions = Partitions::new(None);
    for time in times {
        for left in (0..TRIES).rev() {
            match transaction::run(c"making partitions", || partitions.ensure(time)) {
                Ok(()) => break,
                Err(failure) if failure.is_about_locks() && left > 0 => pause(),
                Err(failure) => {
                    log!("starsink: making a partition: {failure}");
                    break;
                }
            }
        }
    }
}
