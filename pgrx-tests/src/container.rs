//! The server's container without an engine: `docker/entrypoint.sh` as process 1 of a process namespace, with a volume,
//! secrets and a run folder of its own. To kill it kills all that it has started, as an engine does.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cluster::os::{Owner, bin};
use crate::folder::{self, Folder};
use crate::port::Port;
use crate::process::{Process, Seen, signal_pid};

/// First start or recovery, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

pub struct Container {
    process: Option<Process>,
    env: Vec<(String, String)>,
    owner: Owner,
    bin: PathBuf,
    port: Port,
    // Removed when `drop` has killed the processes.
    folder: Folder,
}

/// A file of `docker`.
pub fn docker(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docker")
        .join(name)
        .canonicalize()
        .expect("a file of docker")
}

impl Container {
    /// One that was never started, with the superuser's password in its secrets.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Container {
        let container = Container {
            process: None,
            env: Vec::new(),
            owner: Owner::find(),
            bin: bin(),
            port: Port::reserve(),
            folder: Folder::new("ct"),
        };
        for name in ["volume", "secrets", "run"] {
            fs::create_dir(container.folder.join(name)).expect("a folder");
            container.owner.gives(&container.folder.join(name));
        }
        container.secret("postgres_password", "opal-super-1");
        container
    }

    /// PGDATA, which is there and empty to begin with.
    pub fn volume(&self) -> PathBuf {
        self.folder.join("volume")
    }

    pub fn run_folder(&self) -> PathBuf {
        self.folder.join("run")
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// A variable of the environment, from the next start on.
    pub fn env(&mut self, name: &str, value: impl ToString) {
        self.without_env(name);
        self.env.push((name.into(), value.to_string()));
    }

    pub fn without_env(&mut self, name: &str) {
        self.env.retain(|(other, _)| other != name);
    }

    /// A file among the secrets.
    pub fn secret(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.join("secrets").join(name);
        fs::write(&path, content).expect("a secret is written");
        self.owner.gives(&path);
        path
    }

    /// A folder or file that the container's user owns, as in a volume.
    pub fn gives(&self, path: &Path) {
        self.owner.gives(path);
    }

    pub fn start(&mut self, arguments: &[&str]) {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.join("log"))
            .expect("a log");
        let mut command = self.as_process_one();
        command
            .arg(docker("entrypoint.sh"))
            .args(["-c", &format!("port={}", self.port())])
            .args(arguments)
            .env("PATH", self.path())
            .env("PGDATA", self.volume())
            .env("SECRETS", self.folder.join("secrets"))
            .env("SERVER_RUN", self.run_folder())
            .env("EXPORTER_ROLE", docker("monitoring/exporter_role.sql"))
            .env(
                "POSTGRES_PASSWORD_FILE",
                self.folder.join("secrets/postgres_password"),
            )
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log);
        self.process = Some(Process::spawn(command, libc::SIGKILL).expect("the container starts"));
    }

    /// A program of the image in the container's environment: `health.sh`, `psql`.
    pub fn exec(&self, program: &Path, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .owner
            .command(program)
            .args(arguments)
            .env("PATH", self.path())
            .env("SERVER_RUN", self.run_folder())
            .env("PGHOST", self.run_folder())
            .env("PGPORT", self.port().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a program of the image");
        let mut stdin = child.stdin.take().expect("its input");
        stdin.write_all(input.as_bytes()).expect("its input");
        drop(stdin);
        child.wait_with_output().expect("its output")
    }

    /// Statements as the superuser, on the socket; what psql printed, unaligned.
    pub fn sql(&self, statements: &str) -> String {
        let arguments = ["-qXAt", "-v", "ON_ERROR_STOP=1", "-d", "shop"];
        let output = self.exec(&self.bin.join("psql"), &arguments, statements);
        assert!(output.status.success(), "{statements}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// What a client elsewhere is told that logs in over TLS with a password.
    pub fn log_in(&self, role: &str, password: &str, query: &str) -> Result<String, String> {
        let output = Command::new(self.bin.join("psql"))
            .args(["-wqXAt", "-c", query])
            .arg(format!(
                "host=127.0.0.1 port={} user={role} dbname=shop sslmode=require",
                self.port()
            ))
            .env("PGPASSWORD", password)
            .output()
            .expect("psql runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    /// `health.sh`, and what it said.
    pub fn is(&self, state: &str) -> Result<(), String> {
        let output = self.exec(&docker("health.sh"), &[state], "");
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stdout).into_owned())
        }
    }

    pub fn wait_ready(&mut self) {
        self.wait_until("ready", |container| container.is("ready").is_ok());
    }

    /// Waits for a condition; panics when the container ends before.
    pub fn wait_until(&mut self, what: &str, condition: impl Fn(&Container) -> bool) {
        let begin = Instant::now();
        while !condition(self) {
            let exited = self.process.as_mut().and_then(Process::exited);
            assert!(
                exited.is_none() && begin.elapsed() < PATIENCE,
                "{what}: {exited:?} {:?}\n{}",
                self.is("ready"),
                folder::tail(&self.folder.join("log"), 40)
            );
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until it ends by itself.
    pub fn end(&mut self) -> ExitStatus {
        let status = self
            .process
            .take()
            .and_then(|mut process| process.wait(PATIENCE));
        status.unwrap_or_else(|| panic!("it goes on\n{}", self.log()))
    }

    /// What it does when the engine asks it to stop: SIGINT to process 1.
    pub fn stop(&mut self) {
        for one in self.first() {
            signal_pid(one.pid, libc::SIGINT);
        }
        self.end();
    }

    /// SIGKILL to all of it.
    pub fn kill(&mut self) {
        let first = self.first();
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
        // The first process of a namespace is gone when the others are.
        while first.iter().any(Seen::is_running) {
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// All that it has said, in all its starts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn first(&self) -> Vec<Seen> {
        self.process
            .as_ref()
            .map(|process| Seen::children_of(process.pid()))
            .unwrap_or_default()
    }

    fn path(&self) -> String {
        format!(
            "{}:{}",
            self.bin.display(),
            std::env::var("PATH").unwrap_or_default()
        )
    }

    /// Process 1 dies with `unshare`, which dies with the test.
    fn as_process_one(&self) -> Command {
        let mut command = Command::new("unshare");
        command.current_dir("/").args(["--pid", "--fork"]);
        match self.owner.ids() {
            None => command.args(["--user", "--map-current-user", "setpriv"]),
            Some((user, group)) => command
                .arg("setpriv")
                .arg(format!("--reuid={user}"))
                .arg(format!("--regid={group}"))
                .arg("--clear-groups"),
        };
        command.args(["--pdeathsig", "KILL"]);
        command
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", folder::tail(&self.folder.join("log"), 40));
        }
        self.kill();
    }
}

/// Every path below a folder with what tells a change: mode, length, time.
pub fn inventory(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(path) = folders.pop() {
        let meta = fs::symlink_metadata(&path).expect("a path");
        lines.push(format!(
            "{} {:o} {} {:?}",
            path.display(),
            meta.permissions().mode(),
            meta.len(),
            meta.modified().expect("a time")
        ));
        if meta.is_dir() {
            folders.extend(
                fs::read_dir(&path)
                    .expect("a folder")
                    .map(|entry| entry.expect("an entry").path()),
            );
        }
    }
    lines.sort();
    lines
}
