//! A throw-away PostgreSQL cluster: built, started, crashed, restarted and removed by one test.
//!
//! Owns the server's life. The extension must have been installed beforehand (`cargo pgrx install`);
//! a cluster that only proves the fixtures starts without it: `Cluster::builder().preload("")`.
//!
//! Every method takes `&self`, so a test may crash the cluster from one thread and query it from another.

mod backup;
mod builder;
pub(crate) mod os;
mod session;
mod standby;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use std::{fs, thread};

pub use backup::Backup;
pub use builder::Builder;

use crate::folder::{self, Folder};
use crate::port::Port;
use crate::process::{Process, Seen, signal_pid};
use os::Owner;

/// How long a server may take to start, recovery included, or to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long children may outlive a killed postmaster: each notices when it next waits.
const ORPHANS: Duration = Duration::from_secs(10);

/// How `stop` asks: wait for clients, disconnect them, or crash on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Smart,
    Fast,
    Immediate,
}

pub struct Cluster {
    server: Mutex<Option<Process>>,
    database: String,
    /// Of the server's environment.
    env: Vec<(String, String)>,
    bin: PathBuf,
    owner: Owner,
    port: Port,
    // Removed when `drop` has stopped the server.
    folder: Folder,
}

impl Cluster {
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The database that `sql`, `one` and `wait_for` speak to.
    pub fn database(&self) -> &str {
        &self.database
    }

    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// The whole server log: for claims about what it says, and what it must not say.
    pub fn log_text(&self) -> String {
        fs::read(self.log())
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// Starts the server and waits until it accepts connections. A server that runs already is left as it is.
    pub fn start(&self) {
        self.start_with(&[]);
    }

    /// The same with options of the server program's own, such as `-b`, the mode that pg_upgrade uses.
    pub fn start_with(&self, options: &[&str]) {
        let mut server = self.server();
        if server
            .as_mut()
            .is_some_and(|process| process.exited().is_none())
        {
            return;
        }
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .expect("the server log");
        let mut command = self.owner.command(&self.bin.join("postgres"));
        command
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(self.folder.path())
            .args([
                "-p",
                &self.port().to_string(),
                "-c",
                "listen_addresses=127.0.0.1",
            ])
            .args(options)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the server log"))
            .stderr(log);
        // A test binary that dies takes its servers along: SIGQUIT is PostgreSQL's immediate shutdown.
        let process =
            server.insert(Process::spawn(command, libc::SIGQUIT).expect("postgres starts"));
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = self.try_connect("postgres", "postgres") {
            if let Some(status) = process.exited() {
                panic!("postgres did not start: {status}\n{}", self.log_tail());
            }
            assert!(
                Instant::now() < deadline,
                "postgres does not answer: {error}\n{}",
                self.log_tail()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops the server and waits until it is gone.
    pub fn stop(&self, how: Stop) {
        let Some(mut process) = self.server().take() else {
            return;
        };
        process.signal(match how {
            Stop::Smart => libc::SIGTERM,
            Stop::Fast => libc::SIGINT,
            Stop::Immediate => libc::SIGQUIT,
        });
        if process.wait(PATIENCE).is_none() {
            kill_with_children(&mut process);
            panic!(
                "postgres did not stop ({how:?}) within {PATIENCE:?}\n{}",
                self.log_tail()
            );
        }
    }

    /// Stops the server and puts its data aside, for [`Builder::data`].
    pub fn keep(&self, folder: &Path) {
        self.stop(Stop::Fast);
        fs::rename(self.data(), folder).expect("a folder of the same file system");
    }

    pub fn restart(&self) {
        self.stop(Stop::Fast);
        self.start();
    }

    /// SIGKILL to the postmaster, as by an out-of-memory killer; returns when its children are gone too,
    /// so that `start` finds the shared memory free. The pids returned are of children that had not noticed
    /// the postmaster's death in time and were killed as well: a well-behaved worker is never among them.
    pub fn kill_postmaster(&self) -> Vec<i32> {
        self.server()
            .take()
            .map(|mut process| kill_with_children(&mut process))
            .unwrap_or_default()
    }

    pub fn is_running(&self) -> bool {
        self.server()
            .as_mut()
            .is_some_and(|process| process.exited().is_none())
    }

    /// A client program of the same installation, aimed at this cluster: `pg_dump`, `pg_restore`, `psql`, `pgbench`.
    pub fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port().to_string())
            .env("PGUSER", "postgres")
            .env("PGDATABASE", &self.database);
        command
    }

    pub fn log_tail(&self) -> String {
        folder::tail(&self.log(), 40)
    }

    fn server(&self) -> MutexGuard<'_, Option<Process>> {
        // A test thread that failed while it held the lock does not keep the others from cleaning up.
        self.server
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.log_tail());
        }
        if let Some(mut process) = self.server().take() {
            process.signal(libc::SIGQUIT);
            if process.wait(PATIENCE).is_none() {
                kill_with_children(&mut process);
            }
        }
    }
}

fn kill_with_children(process: &mut Process) -> Vec<i32> {
    // Stopped first, so that it forks no further child between the listing and the kill.
    process.signal(libc::SIGSTOP);
    while process.exited().is_none()
        && Seen::of(process.pid()).is_some_and(|seen| !seen.is_stopped())
    {
        thread::sleep(Duration::from_millis(1));
    }
    let children = Seen::children_of(process.pid());
    process.kill();
    let deadline = Instant::now() + ORPHANS;
    while children.iter().any(Seen::is_running) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
    let late: Vec<i32> = children
        .iter()
        .filter(|child| child.is_running())
        .map(|child| child.pid)
        .collect();
    for pid in &late {
        let name = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        eprintln!("outlived the postmaster: {pid} {name} {:?}", Seen::of(*pid));
        signal_pid(*pid, libc::SIGKILL);
    }
    while children.iter().any(Seen::is_running) {
        thread::sleep(Duration::from_millis(5));
    }
    late
}
