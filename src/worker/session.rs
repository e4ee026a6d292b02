//! What every worker does: connect, pin its session down, follow the settings, notice what must make it leave, and
//! end without taking the server along.

use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::time::{Duration, Instant};

use pgrx::bgworkers::{BackgroundWorker, SignalWakeFlags};
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::layout;
use crate::layout::version::{self, Stand};
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use crate::server::transaction;
use crate::settings::Settings;
use crate::worker::state::{self, CRAWLER, WATCH};

/// Settings of a worker's session. Look-ups are by index whatever the statistics say; foreign keys were resolved in
/// the same transaction, so their triggers do not fire: triggers marked ALWAYS do.
const SESSION: &[(&CStr, &CStr)] = &[
    (c"search_path", c"pg_catalog, pg_temp"),
    (c"session_replication_role", c"replica"),
    (c"plan_cache_mode", c"force_generic_plan"),
    (c"enable_hashjoin", c"off"),
    (c"enable_mergejoin", c"off"),
    (c"enable_seqscan", c"off"),
    (c"jit", c"off"),
];

/// What a database, a role or the server's configuration sets for everybody, and no worker may inherit: how transactions
/// run, how long they may take, what statements mean and how values are written. What is left is for operators to set for
/// workers too: memory, tablespaces, compression, synchronous_commit.
const PINNED: &[(&CStr, &CStr)] = &[
    (c"role", c"none"),
    (c"default_transaction_isolation", c"read committed"),
    (c"default_transaction_read_only", c"off"),
    (c"default_transaction_deferrable", c"off"),
    (c"statement_timeout", c"0"),
    (c"lock_timeout", c"0"),
    (c"idle_in_transaction_session_timeout", c"0"),
    (c"idle_session_timeout", c"0"),
    (c"transaction_timeout", c"0"),
    (c"exit_on_error", c"off"),
    (c"row_security", c"off"),
    (c"standard_conforming_strings", c"on"),
    (c"transform_null_equals", c"off"),
    (c"array_nulls", c"on"),
    (c"quote_all_identifiers", c"off"),
    (c"check_function_bodies", c"on"),
    (c"client_encoding", c"UTF8"),
    (c"DateStyle", c"ISO, MDY"),
    (c"IntervalStyle", c"postgres"),
    (c"TimeZone", c"UTC"),
    (c"timezone_abbreviations", c"Default"),
    (c"extra_float_digits", c"1"),
    (c"bytea_output", c"hex"),
    (c"xmloption", c"content"),
    (c"xmlbinary", c"base64"),
    (c"gin_fuzzy_search_limit", c"0"),
];

/// Pins down what a session may inherit. Settings that this version of the server does not know are left out.
pub fn pin() {
    for (name, value) in PINNED.iter().chain(SESSION) {
        // SAFETY: terminated names; valid values.
        unsafe {
            // A database of another encoding is refused later, in words: see `look_around`.
            let is_foreign = *name == c"client_encoding"
                && pg_sys::GetDatabaseEncoding() != pg_sys::pg_enc::PG_UTF8 as i32;
            if is_foreign || pg_sys::GetConfigOption(name.as_ptr(), true, false).is_null() {
                continue;
            }
            pg_sys::SetConfigOption(
                name.as_ptr(),
                value.as_ptr(),
                pg_sys::GucContext::PGC_SUSET,
                pg_sys::GucSource::PGC_S_OVERRIDE,
            );
        }
    }
}

/// A worker's connection to the database.
pub struct Session {
    pub worker: i32,
    database: String,
    wanted_empty: Statement,
    extension: Statement,
    /// What lies there was looked at, and when something was in the way.
    trusts: Cell<bool>,
    obstructed_at: Cell<Option<Instant>>,
}

/// What a worker finds in its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Everything is there.
    Ready,
    /// The extension is not.
    NoExtension,
    /// What another role laid there is in the way; the worker's state says what.
    Obstructed,
}

/// How long a worker that found something in its way waits until it looks again.
const OBSTRUCTED: Duration = Duration::from_secs(2);

impl Session {
    /// Connects as the superuser the cluster was made with; writing is done as the warehouse's owner.
    pub fn open(worker: i32) -> Session {
        BackgroundWorker::attach_signal_handlers(SignalWakeFlags::SIGHUP);
        die_on_sigterm();
        die_with_the_postmaster();
        keep_the_heap_small();
        // SAFETY: a callback of ours, registered before all others so that it runs last.
        unsafe { pg_sys::on_proc_exit(Some(leave_at_once), pg_sys::Datum::from(0)) };
        let database = Settings::current().database;
        BackgroundWorker::connect_worker_to_spi(Some(&database), None);
        // SAFETY: a callback of ours, run while shared memory is still attached.
        unsafe { pg_sys::before_shmem_exit(Some(clear_state), pg_sys::Datum::from(worker)) };
        state::clear(worker, std::process::id() as i32);
        pin();
        Session {
            worker,
            database,
            // DROP DATABASE holds the first lock while it waits for connections to go, CREATE DATABASE … TEMPLATE the second.
            wanted_empty: Statement::new(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_database AS d ON d.oid = l.objid \
                 WHERE d.datname = pg_catalog.current_database() AND l.locktype = 'object' \
                 AND l.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND l.mode IN ('AccessExclusiveLock', 'ShareLock'))",
                &[],
            ),
            extension: Statement::new(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'starsink')",
                &[],
            ),
            trusts: Cell::new(false),
            obstructed_at: Cell::new(None),
        }
    }

    /// See [`wait`].
    pub fn wait(&self, timeout: Duration) {
        wait(timeout);
    }

    /// Ends the process if it has no place here any more; else says what is there. Lays the tables out when the
    /// extension is new.
    pub fn look_around(&self, settings: &Settings) -> Result<Presence, Failure> {
        if settings.database != self.database
            || !is_wanted(self.worker, settings)
            || self.is_wanted_empty()?
        {
            // SAFETY: an orderly end of the process; the launcher starts another one where one is wanted.
            unsafe { pg_sys::proc_exit(0) };
        }
        if self
            .obstructed_at
            .get()
            .is_some_and(|at| at.elapsed() < OBSTRUCTED)
        {
            return Ok(Presence::Obstructed);
        }
        let mut obstacle = None;
        let presence = transaction::run_as_superuser(c"looking for the extension", || {
            if !single(&self.extension)? {
                self.trusts.set(false);
                return Ok(Presence::NoExtension);
            }
            if layout::exists() && self.trusts.get() {
                return Ok(Presence::Ready);
            }
            let refusal = layout::require_utf8()
                .and_then(|()| layout::refuse_strangers())
                .and_then(|()| version::stand())
                .and_then(|stand| version::refuse_newer(stand).map(|()| stand));
            match refusal {
                Ok(Stand::Current) => {}
                Ok(_) => layout::create_once()?,
                Err(failure) => {
                    obstacle = Some(failure);
                    return Ok(Presence::Obstructed);
                }
            }
            self.trusts.set(true);
            Ok(Presence::Ready)
        })?;
        self.obstructed_at
            .set((presence == Presence::Obstructed).then(Instant::now));
        if let Some(failure) = obstacle {
            state::report_error(self.worker, &failure.message);
            self.report(state::State::Waiting, &failure.to_string());
        }
        Ok(presence)
    }

    /// Whether somebody waits for every connection to the database to end.
    fn is_wanted_empty(&self) -> Result<bool, Failure> {
        transaction::run_as_superuser(c"looking for locks", || single(&self.wanted_empty))
    }

    /// Says what the worker is doing, in shared memory, in pg_stat_activity, and once in the log.
    pub fn report(&self, state: state::State, reason: &str) {
        if !state::report(self.worker, state, reason) {
            return;
        }
        let title = CString::new(format!("{} {}", state.name(), reason).replace('\0', ""))
            .unwrap_or_default();
        // SAFETY: a terminated string, copied by the callee.
        unsafe { pg_sys::pgstat_report_appname(title.as_ptr()) };
        let separator = if reason.is_empty() { "" } else { ": " };
        log!("starsink: {}{separator}{reason}", state.name());
    }
}

fn single(statement: &Statement) -> Result<bool, Failure> {
    let answer = statement.first(&[], |row| row.get(1))?;
    Ok(answer.unwrap_or_default())
}

/// Waits for a wake-up, at most `timeout`; ends the process if it was told to; takes new settings in.
pub fn wait(timeout: Duration) {
    // SAFETY: main thread; MyLatch belongs to this process; settings are read outside a transaction, as every
    // backend does it.
    unsafe {
        let events = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
        let millis = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        // A latch that is set keeps the next call from looking for the postmaster: a busy worker would outlive it.
        pg_sys::WaitLatch(
            pg_sys::MyLatch,
            (pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH) as i32,
            0,
            pg_sys::PG_WAIT_EXTENSION,
        );
        pg_sys::WaitLatch(
            pg_sys::MyLatch,
            events as i32,
            millis,
            pg_sys::PG_WAIT_EXTENSION,
        );
        pg_sys::ResetLatch(pg_sys::MyLatch);
        pgrx::check_for_interrupts!();
        if BackgroundWorker::sighup_received() {
            pg_sys::ProcessConfigFile(pg_sys::GucContext::PGC_SIGHUP);
        }
    }
}

/// Messages are allocated in one thread and freed in another: with an arena for each, and large blocks kept for later,
/// the C library would hold several times of what is in use.
fn keep_the_heap_small() {
    #[cfg(target_env = "gnu")]
    // SAFETY: plain settings of the allocator, before any thread of ours begins.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 4);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 8 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 << 20);
    }
}

/// The server's own SIGTERM handler: it interrupts statements and lock waits, and ends the process at the next
/// check for interrupts.
pub fn die_on_sigterm() {
    // SAFETY: installs a handler before signals are unblocked by connecting.
    unsafe { libc::signal(libc::SIGTERM, terminate as *const () as libc::sighandler_t) };
}

/// The kernel tells by a signal that the postmaster has died; the server only notes it, for those that wait. A long
/// statement must not go on alone, either: it would keep the server from starting anew.
fn die_with_the_postmaster() {
    #[cfg(target_os = "linux")]
    // SAFETY: replaces the server's handler, which does nothing but the first of what ours does.
    unsafe {
        libc::signal(libc::SIGPWR, orphaned as *const () as libc::sighandler_t)
    };
}

#[cfg(target_os = "linux")]
extern "C" fn orphaned(signal: i32) {
    // SAFETY: a plain flag of the server, of the type that signal handlers may write.
    unsafe extern "C" {
        static mut postmaster_possibly_dead: libc::c_int;
    }
    unsafe { postmaster_possibly_dead = 1 };
    terminate(signal);
}

extern "C" fn terminate(signal: i32) {
    // SAFETY: async-signal-safe by the server's own design; the raw symbol, as a handler must not unwind.
    unsafe extern "C" {
        fn die(signal: i32);
    }
    unsafe { die(signal) }
}

/// Skips the C library's exit handlers: they would pull OpenSSL from under librdkafka's threads. PostgreSQL's own
/// have all run by now, as this one was registered first.
unsafe extern "C-unwind" fn leave_at_once(code: i32, _argument: pg_sys::Datum) {
    // SAFETY: ends the process.
    unsafe { libc::_exit(code) }
}

unsafe extern "C-unwind" fn clear_state(_code: i32, worker: pg_sys::Datum) {
    state::clear(worker.value() as i32, 0);
}

/// Whether the worker of this slot has something to do.
pub fn is_wanted(worker: i32, settings: &Settings) -> bool {
    match worker {
        CRAWLER => settings.crawl_enabled,
        WATCH => true,
        number => number <= settings.workers,
    }
}
