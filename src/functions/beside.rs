//! Work that waits for the network, in a thread beside the session: librdkafka's calls cannot be interrupted, the session must be.
//! A session that is cancelled leaves the thread to itself: it touches nothing of the server's, and ends after the call under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use crate::server::failure::Failure;
use crate::server::process;
use crate::server::process::{wake_main, with_signals_blocked};
use crate::server::transaction;

/// Between two looks whether it is done; its end wakes the session.
const LOOK: Duration = Duration::from_millis(100);

/// Threads at work, left to themselves or not.
static AT_WORK: AtomicUsize = AtomicUsize::new(0);

/// Whether somebody still waits for the work.
pub struct Wanted(Arc<Mutex<()>>);

impl Wanted {
    /// To be asked between two calls that may last.
    pub fn is_wanted(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

/// Counts a thread, to its very end.
struct AtWork;

impl AtWork {
    fn begin() -> AtWork {
        AT_WORK.fetch_add(1, Ordering::SeqCst);
        AtWork
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs `work` in a thread and waits for it, as long as the session is neither cancelled nor ended.
pub fn run<R: Send + 'static>(
    work: impl FnOnce(&Wanted) -> Result<R, Failure> + Send + 'static,
) -> Result<R, Failure> {
    leave_threads_behind();
    let waiting = Arc::new(Mutex::new(()));
    let wanted = Wanted(Arc::clone(&waiting));
    let answer: Arc<Mutex<Option<Result<R, Failure>>>> = Arc::default();
    let theirs = Arc::clone(&answer);
    let at_work = AtWork::begin();
    let thread = with_signals_blocked(|| {
        thread::Builder::new()
            .name("starsink lookup".to_owned())
            .spawn(move || {
                let _at_work = at_work;
                let found = work(&wanted);
                *theirs.lock() = Some(found);
                wake_main();
            })
    })
    .map_err(|error| Failure::sql("starting a thread", error))?;
    loop {
        if let Some(answer) = answer.lock().take() {
            let _ = thread.join();
            return answer;
        }
        if thread.is_finished() {
            return Err(Failure::sql("asking Kafka", "the thread has ended"));
        }
        process::rest(LOOK);
        transaction::interrupted()?;
    }
}

/// Where a thread is still at work as the process ends, skips the C library's exit handlers: they would pull OpenSSL from
/// under it, and a crash of one session restarts the server. PostgreSQL's own have all run by then.
fn leave_threads_behind() {
    #[cfg(target_env = "gnu")]
    {
        use std::ffi::{c_int, c_void};
        use std::sync::Once;

        unsafe extern "C" {
            fn on_exit(
                function: unsafe extern "C" fn(c_int, *mut c_void),
                argument: *mut c_void,
            ) -> c_int;
        }

        unsafe extern "C" fn leave(status: c_int, _argument: *mut c_void) {
            if AT_WORK.load(Ordering::SeqCst) > 0 {
                // SAFETY: ends the process.
                unsafe { libc::_exit(status) }
            }
        }

        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // SAFETY: registers a function that stays loaded.
            unsafe { on_exit(leave, std::ptr::null_mut()) };
        });
    }
}
