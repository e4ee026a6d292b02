//! A worker for a moment: makes partitions of the fact table for a session whose transaction cannot commit, so that the
//! session never holds the locks that takes. It needs no preloaded library, and ends when it is done.
//!
//! The session waits for it, so the two are one to the lock manager: what the session's transaction has locked, members of
//! dimensions above all, does not stand in the worker's way, and who waits for either is seen by the search for deadlocks.

use std::ffi::CStr;
use std::time::Duration;

use pgrx::bgworkers::{
    BackgroundWorker, BackgroundWorkerBuilder, BackgroundWorkerStatus, BgWorkerStartTime,
    DynamicBackgroundWorker, SignalWakeFlags,
};
use pgrx::pg_sys;
use pgrx::prelude::*;

use super::session::die_on_sigterm;
use crate::error::Failure;
use crate::warehouse::partitions::{Partitions, pause};
use crate::warehouse::transaction;

/// Times that one worker is told: what it is told fits 127 bytes.
const AT_MOST: usize = 5;
/// Tries for each partition.
const TRIES: usize = 3;
/// Between two looks whether it has ended; its end wakes the session.
const LOOK: Duration = Duration::from_millis(100);

/// Whatever a database sets for its sessions.
const SESSION: &[(&CStr, &CStr)] = &[
    (c"default_transaction_read_only", c"off"),
    (c"default_transaction_isolation", c"read committed"),
    (c"statement_timeout", c"0"),
    #[cfg(any(feature = "pg17", feature = "pg18"))]
    (c"transaction_timeout", c"0"),
];

/// Has the partitions of these times made, and waits for that. False where no worker is to be had; whether they are there
/// then is for the caller to see: why not stands in the server's log.
pub fn ask(times: &[i64]) -> Result<bool, Failure> {
    // SAFETY: plain globals of the server. A member of another group is a parallel query's worker, and leads none.
    unsafe {
        let group = (*pg_sys::MyProc).lockGroupLeader;
        if !group.is_null() && group != pg_sys::MyProc {
            return Ok(false);
        }
        pg_sys::BecomeLockGroupLeader();
    }
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
    let mut words = format!("{} {pid}", database.to_u32());
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
        // SAFETY: plain globals of the server; MyLatch belongs to this process.
        unsafe {
            if pg_sys::QueryCancelPending != 0 || pg_sys::ProcDiePending != 0 {
                let _ = worker.terminate().wait_for_shutdown();
                return transaction::interrupted();
            }
            let events = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
            let millis = LOOK.as_millis() as _;
            pg_sys::WaitLatch(
                pg_sys::MyLatch,
                events as i32,
                millis,
                pg_sys::PG_WAIT_EXTENSION,
            );
            pg_sys::ResetLatch(pg_sys::MyLatch);
        }
    }
}

/// What it was told: the database, who waits, and the times.
fn told(words: &str) -> Option<(pg_sys::Oid, i32, Vec<i64>)> {
    let mut words = words.split(' ');
    let database: u32 = words.next()?.parse().ok()?;
    let asker: i32 = words.next()?.parse().ok()?;
    let times: Result<Vec<i64>, _> = words.map(str::parse).collect();
    Some((pg_sys::Oid::from(database), asker, times.ok()?))
}

#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn starsink_partitions_main(_argument: pg_sys::Datum) {
    BackgroundWorker::attach_signal_handlers(SignalWakeFlags::SIGHUP);
    die_on_sigterm();
    let Some((database, asker, times)) = told(BackgroundWorker::get_extra()) else {
        return;
    };
    BackgroundWorker::connect_worker_to_spi_by_oid(Some(database), None);
    for (name, value) in SESSION {
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
    // SAFETY: the server checks that the process is still who led the group as it asked. Nothing is locked yet.
    let joined = unsafe {
        let leader = pg_sys::BackendPidGetProc(asker);
        !leader.is_null() && pg_sys::BecomeLockGroupMember(leader, asker)
    };
    if !joined {
        return;
    }
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
