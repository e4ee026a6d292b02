//! Apache Kafka: one node, broker and controller in one JVM, with a folder and ports of its own.
//!
//! Owns the broker's life; topics are in `kafka/topics.rs`. `Kafka::shared()` is one broker per test binary for tests
//! that use topics of their own; a test that kills its broker starts a private one with `Kafka::start()`.
//!
//! Every method takes `&self`, so a test may kill the broker from one thread and produce from another.

mod admin;
mod jars;
mod properties;
mod tls;
mod topics;

use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};
use std::{fs, thread};

pub use admin::Watermarks;
pub use properties::Builder;
use rdkafka::config::ClientConfig;
pub use tls::{Mechanism, Secure};

use crate::folder::{self, Folder};
use crate::port::Port;
use crate::process::Process;

/// How long a broker may take to start; recovery of an unclean log included.
const PATIENCE: Duration = Duration::from_secs(90);

pub struct Kafka {
    server: Mutex<Option<Process>>,
    heap_mb: u32,
    plain: Port,
    // Held for the life of the broker: both stand in its configuration.
    controller: Port,
    secure: Option<(Port, Secure)>,
    admin: OnceLock<admin::Admin>,
    // Removed when `drop` has stopped the broker.
    folder: Folder,
}

impl Kafka {
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A private broker with a PLAINTEXT listener.
    pub fn start() -> Kafka {
        Builder::default().start()
    }

    /// The broker of this test binary. Never kill it: others use it at the same time.
    pub fn shared() -> &'static Kafka {
        static SHARED: OnceLock<Kafka> = OnceLock::new();
        extern "C" fn at_exit() {
            if let Some(kafka) = SHARED.get() {
                kafka.kill();
                kafka.folder.remove();
            }
        }
        SHARED.get_or_init(|| {
            // A static is never dropped. SAFETY: the handler is a plain function that does not unwind into C.
            unsafe { libc::atexit(at_exit) };
            Kafka::start()
        })
    }

    pub fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.plain.number())
    }

    /// A client's configuration for the PLAINTEXT listener.
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.bootstrap());
        config
    }

    /// The SASL_SSL listener of a broker built with `.secure()`.
    pub fn secure(&self) -> &Secure {
        let (_, secure) = self.secure.as_ref().expect("a broker built with .secure()");
        secure
    }

    /// SIGKILL, as by a power cut; `restart` finds the data.
    pub fn kill(&self) {
        if let Some(mut process) = self.server().take() {
            process.kill();
        }
    }

    /// An orderly stop: leaders resign, logs are closed.
    pub fn stop(&self) {
        if let Some(mut process) = self.server().take() {
            process.signal(libc::SIGTERM);
            if process.wait(PATIENCE).is_none() {
                process.kill();
                panic!(
                    "Kafka did not stop within {PATIENCE:?}\n{}",
                    self.log_tail()
                );
            }
        }
    }

    /// Starts the broker again, on the same ports and data, and waits until it serves.
    pub fn restart(&self) {
        self.stop();
        self.boot();
    }

    pub fn is_running(&self) -> bool {
        self.server()
            .as_mut()
            .is_some_and(|process| process.exited().is_none())
    }

    pub fn log_tail(&self) -> String {
        folder::tail(&self.folder.join("log"), 40)
    }

    fn boot(&self) {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.join("log"))
            .expect("the log");
        let mut command = self.java("kafka.Kafka");
        command
            .arg(self.folder.join("server.properties"))
            .stdin(Stdio::null());
        command
            .stdout(log.try_clone().expect("the log"))
            .stderr(log);
        *self.server() = Some(Process::spawn(command, libc::SIGKILL).expect("java starts"));
        let deadline = Instant::now() + PATIENCE;
        while !self.admin().answers() {
            assert!(
                self.is_running(),
                "Kafka did not start\n{}",
                self.log_tail()
            );
            assert!(
                Instant::now() < deadline,
                "Kafka does not answer\n{}",
                self.log_tail()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn java(&self, class: &str) -> Command {
        let mut command = Command::new("java");
        command.current_dir(self.folder.path());
        command
            .arg(format!("-Xmx{}m", self.heap_mb))
            .arg("-XX:+UseSerialGC");
        command.arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
        command.arg("-Dorg.slf4j.simpleLogger.showDateTime=true");
        command.arg("-cp").arg(jars::class_path()).arg(class);
        command
    }

    fn server(&self) -> MutexGuard<'_, Option<Process>> {
        // A test thread that failed while it held the lock does not keep the others from cleaning up.
        self.server
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn admin(&self) -> &admin::Admin {
        self.admin.get_or_init(|| admin::Admin::new(&self.client()))
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.log_tail());
        }
        // Its data go with it: nothing is worth an orderly stop.
        self.kill();
    }
}
