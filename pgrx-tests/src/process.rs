//! A server process of a fixture: started so that it cannot outlive the test binary, signalled by its own pid only.
//!
//! Owns starting, signalling and reaping. Knows nothing of what the server is.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

type Request = (Command, Sender<io::Result<Child>>);

/// A child that gets `orphan_signal` from the kernel when this test binary ends, however it ends.
pub struct Process {
    child: Child,
}

impl Process {
    pub fn spawn(mut command: Command, orphan_signal: i32) -> io::Result<Process> {
        let parent = std::process::id().cast_signed();
        // SAFETY: prctl, getppid and _exit are async-signal-safe and touch no memory of the parent.
        unsafe {
            command.pre_exec(move || {
                if libc::prctl(libc::PR_SET_PDEATHSIG, orphan_signal) != 0 {
                    return Err(io::Error::last_os_error());
                }
                if libc::getppid() != parent {
                    libc::_exit(1);
                }
                Ok(())
            });
        }
        let (answer, child) = channel();
        keeper()
            .send((command, answer))
            .expect("the keeper thread lives as long as the process");
        child
            .recv()
            .expect("the keeper thread answers")
            .map(|child| Process { child })
    }

    pub fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Sends a signal unless the process has ended and been reaped (its id might be someone else's by then).
    pub fn signal(&mut self, signal: i32) {
        if self.exited().is_none() {
            signal_pid(self.pid(), signal);
        }
    }

    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// Waits for the end of the process; `None` when it is still there after `limit`.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            let status = self.exited();
            if status.is_some() || Instant::now() >= deadline {
                return status;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGKILL, and reaped when this returns.
    pub fn kill(&mut self) {
        self.signal(libc::SIGKILL);
        self.child.wait().expect("a killed child can be waited for");
    }
}

/// `PR_SET_PDEATHSIG` fires when the *thread* that forked ends. Tests run in threads that come and go,
/// so one thread that never ends forks for all of them.
fn keeper() -> &'static Sender<Request> {
    static KEEPER: OnceLock<Sender<Request>> = OnceLock::new();
    KEEPER.get_or_init(|| {
        let (requests, inbox) = channel::<Request>();
        thread::Builder::new()
            .name("fixture keeper".into())
            .spawn(move || {
                for (mut command, answer) in inbox {
                    // A requester that is gone has no use for its child; nobody waits, nothing to do.
                    let _ = answer.send(command.spawn());
                }
            })
            .expect("the keeper thread starts");
        requests
    })
}

pub(crate) fn signal_pid(pid: i32, signal: i32) {
    assert!(pid > 1, "{pid} is no process of a fixture");
    // SAFETY: kill takes two integers and has no memory effects.
    unsafe { libc::kill(pid, signal) };
}

/// A process seen in /proc, told apart from a later one of the same id by its start time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub pid: i32,
    parent: i32,
    state: char,
    threads: usize,
    started: u64,
}

impl Seen {
    pub fn of(pid: i32) -> Option<Seen> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may itself hold spaces and parentheses.
        let fields: Vec<&str> = stat.get(stat.rfind(')')? + 2..)?.split(' ').collect();
        Some(Seen {
            pid,
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            threads: fields.get(17)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }

    pub fn children_of(parent: i32) -> Vec<Seen> {
        let Ok(entries) = Path::new("/proc").read_dir() else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(Seen::of)
            .filter(|seen| seen.parent == parent)
            .collect()
    }

    /// Still running? A zombie has let go of its memory and files, once the last of its threads is gone too.
    pub fn is_running(&self) -> bool {
        Seen::of(self.pid)
            .is_some_and(|now| now.started == self.started && (now.state != 'Z' || now.threads > 1))
    }

    /// Stopped by SIGSTOP, which does not take effect at once.
    pub fn is_stopped(&self) -> bool {
        self.state == 'T'
    }
}
