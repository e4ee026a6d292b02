//! Prometheus, its exporter for PostgreSQL and Alertmanager around a cluster, configured by the files of
//! `docker/monitoring`, with other addresses and less patience.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::folder::{self, Folder};
use crate::port::Port;
use crate::process::Process;

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Watching {
    processes: Vec<Process>,
    exporter: Port,
    prometheus: Port,
    alertmanager: Port,
    // Removed when `drop` has stopped the processes.
    folder: Folder,
}

/// A file of `docker/monitoring`.
pub fn configuration(name: &str) -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.join("../docker/monitoring").join(name)
}

impl Watching {
    /// Starts all three; the exporter logs in as starsink_exporter, which must be there.
    pub fn start(pg: &Cluster) -> Watching {
        let mut watching = Watching {
            processes: Vec::new(),
            exporter: Port::reserve(),
            prometheus: Port::reserve(),
            alertmanager: Port::reserve(),
            folder: Folder::new("watch"),
        };
        watching.configure();
        watching.run_exporter(pg);
        watching.run_alertmanager();
        watching.run_prometheus();
        let (exporter, prometheus, alertmanager) = (
            watching.exporter.number(),
            watching.prometheus.number(),
            watching.alertmanager.number(),
        );
        watching.wait_for(exporter, "/metrics", |text| text.contains("pg_up 1"));
        watching.wait_for(prometheus, "/-/ready", |text| text.contains("Ready"));
        watching.wait_for(alertmanager, "/-/ready", |text| text.contains("OK"));
        watching
    }

    /// What the exporter serves.
    pub fn metrics(&self) -> String {
        get(self.exporter.number(), "/metrics").expect("the exporter answers")
    }

    /// Waits until an alert of this name is, or is not, active in Alertmanager; its labels, if it is.
    pub fn wait_for_alert(&self, name: &str, active: bool, limit: Duration) -> serde_json::Value {
        let path = format!("/api/v2/alerts?active=true&filter=alertname%3D%22{name}%22");
        let begin = Instant::now();
        loop {
            let answer = get(self.alertmanager.number(), &path).unwrap_or_default();
            let alerts: Vec<serde_json::Value> = serde_json::from_str(&answer).unwrap_or_default();
            match alerts.first() {
                Some(alert) if active => return alert["labels"].clone(),
                None if !active && !answer.is_empty() => return serde_json::Value::Null,
                _ => assert!(
                    begin.elapsed() < limit,
                    "{name} active {active}: not within {limit:?}: {answer}\n{}",
                    self.logs()
                ),
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn configure(&self) {
        let read = |name: &str| fs::read_to_string(configuration(name)).expect("a configuration");
        let write = |name: &str, text: String| {
            fs::write(self.folder.join(name), text).expect("a configuration is written");
        };
        let at = |port: &Port| format!("127.0.0.1:{}", port.number());
        write(
            "prometheus.yml",
            read("prometheus.yml")
                .replace("interval: 10s", "interval: 1s")
                .replace("alertmanager:9093", &at(&self.alertmanager))
                .replace("exporter:9187", &at(&self.exporter)),
        );
        write(
            "rules.yaml",
            read("rules.yaml").replace("for: 30s", "for: 3s"),
        );
        write(
            "alertmanager.yml",
            read("alertmanager.yml").replace("group_wait: 10s", "group_wait: 0s"),
        );
    }

    fn run_exporter(&mut self, pg: &Cluster) {
        let mut command = Command::new("prometheus-postgres-exporter");
        command
            .arg(format!(
                "--extend.query-path={}",
                configuration("queries.yaml").display()
            ))
            .arg("--disable-settings-metrics")
            .arg(format!(
                "--web.listen-address=127.0.0.1:{}",
                self.exporter.number()
            ))
            .env(
                "DATA_SOURCE_URI",
                format!("127.0.0.1:{}/{}?sslmode=disable", pg.port(), pg.database()),
            )
            .env("DATA_SOURCE_USER", "starsink_exporter")
            .env("DATA_SOURCE_PASS", "trusted");
        self.run(command, "exporter.log");
    }

    fn run_alertmanager(&mut self) {
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!(
                "--config.file={}",
                self.folder.join("alertmanager.yml").display()
            ))
            .arg(format!(
                "--storage.path={}",
                self.folder.join("alertmanager").display()
            ))
            .arg("--cluster.listen-address=")
            .arg(format!(
                "--web.listen-address=127.0.0.1:{}",
                self.alertmanager.number()
            ));
        self.run(command, "alertmanager.log");
    }

    fn run_prometheus(&mut self) {
        let mut command = Command::new("prometheus");
        command
            .arg(format!(
                "--config.file={}",
                self.folder.join("prometheus.yml").display()
            ))
            .arg(format!(
                "--storage.tsdb.path={}",
                self.folder.join("prometheus").display()
            ))
            .arg(format!(
                "--web.listen-address=127.0.0.1:{}",
                self.prometheus.number()
            ));
        self.run(command, "prometheus.log");
    }

    fn run(&mut self, mut command: Command, log: &str) {
        let log = File::create(self.folder.join(log)).expect("a log");
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log);
        let process = Process::spawn(command, libc::SIGKILL)
            .unwrap_or_else(|error| panic!("make setup installs what is missing: {error}"));
        self.processes.push(process);
    }

    fn wait_for(&self, port: u16, path: &str, seen: impl Fn(&str) -> bool) {
        let begin = Instant::now();
        while !get(port, path).is_some_and(|text| seen(&text)) {
            assert!(begin.elapsed() < PATIENCE, "{path}\n{}", self.logs());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn logs(&self) -> String {
        ["exporter.log", "prometheus.log", "alertmanager.log"]
            .map(|log| folder::tail(&self.folder.join(log), 10))
            .join("\n")
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        for process in &mut self.processes {
            process.kill();
        }
    }
}

/// The body of an answer that is 200; `None` for anything else.
fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    // HTTP 1.0: the answer ends with the connection, and comes in one piece.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.split(' ')
        .nth(1)
        .is_some_and(|status| status == "200")
        .then(|| body.to_owned())
}
