//! This process: its postmaster, waiting, and the threads beside the main one.

use std::time::Duration;

use pgrx::pg_sys;

/// Ends the process if its postmaster is gone: what it would do next could not be supervised, and keeps the server from
/// starting anew. Returns false in a process that is ending already, true where there is a postmaster.
pub fn leave_without_postmaster() -> bool {
    // SAFETY: plain globals of the server, and a call that ends the process in order.
    unsafe {
        if !pg_sys::IsUnderPostmaster || libc::getppid() == pg_sys::PostmasterPid {
            return true;
        }
        if !pg_sys::proc_exit_inprogress {
            pg_sys::proc_exit(1);
        }
        false
    }
}

/// Waits for a wake-up, at most so long; what wakes it is for the caller to see. Ends with the postmaster.
pub fn rest(at_most: Duration) {
    let events = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
    // SAFETY: main thread; MyLatch belongs to this process.
    unsafe {
        pg_sys::WaitLatch(
            pg_sys::MyLatch,
            events as i32,
            at_most.as_millis() as _,
            pg_sys::PG_WAIT_EXTENSION,
        );
        pg_sys::ResetLatch(pg_sys::MyLatch);
    }
}

/// Wakes the main thread: the signal's handler sets its latch. Threads of ours have all signals blocked, so the
/// main thread takes it.
pub fn wake_main() {
    // SAFETY: a signal to ourselves that every PostgreSQL process handles.
    unsafe { libc::kill(libc::getpid(), libc::SIGUSR1) };
}

/// Runs `body` with all signals blocked: threads begun in it inherit that.
pub fn with_signals_blocked<R>(body: impl FnOnce() -> R) -> R {
    // SAFETY: plain sigset calls on locals.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        let result = body();
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut());
        result
    }
}
