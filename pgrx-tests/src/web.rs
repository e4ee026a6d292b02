//! A web server of a folder, Python's own: it tells when a file was changed, and answers 304 when it was not.

use std::fs::{self, File};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::consuming::SOON;
use crate::port::Port;
use crate::process::Process;

pub struct Web {
    folder: tempfile::TempDir,
    port: Port,
    process: Process,
}

impl Web {
    pub fn start() -> Web {
        let (folder, port) = (tempfile::tempdir().expect("a folder"), Port::reserve());
        let mut command = Command::new("python3");
        command
            .args(["-u", "-m", "http.server", "--bind", "127.0.0.1"])
            .arg(port.number().to_string())
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("log")).expect("a log"));
        let process = Process::spawn(command, libc::SIGKILL).expect("python3 starts");
        let deadline = Instant::now() + SOON;
        while TcpStream::connect(("127.0.0.1", port.number())).is_err() {
            assert!(Instant::now() < deadline, "the web server did not start");
            thread::sleep(Duration::from_millis(20));
        }
        Web {
            folder,
            port,
            process,
        }
    }

    pub fn url(&self, file: &str) -> String {
        format!("http://127.0.0.1:{}/{file}", self.port.number())
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How many requests were answered so.
    pub fn answered(&self, status: u16) -> usize {
        let log = fs::read_to_string(self.file("log")).expect("a log");
        log.matches(&format!("\" {status} ")).count()
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.process.kill();
    }
}
