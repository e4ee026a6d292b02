//! The thread that sends alerts: one at a time, with a limit of time, again after longer and longer waits, for an hour
//! at most. It never calls the server.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use crate::worker::pipeline::with_signals_blocked;

const TIMEOUT: Duration = Duration::from_secs(5);
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const GIVE_UP: Duration = Duration::from_secs(3600);

/// What became of an alert.
pub struct Outcome {
    pub event: i64,
    pub attempts: i32,
    /// Why it was given up.
    pub error: Option<String>,
}

#[derive(Default)]
struct Desk {
    next: Option<(i64, String)>,
    is_busy: bool,
    outcome: Option<Outcome>,
    /// Why the first attempt failed.
    trouble: Option<String>,
    stop: bool,
}

type Shared = Arc<(Mutex<Desk>, Condvar)>;

/// The thread's handle; it ends when this is dropped, at the latest after the request under way.
pub struct Post {
    url: String,
    shared: Shared,
}

impl Post {
    pub fn start(url: String) -> std::io::Result<Post> {
        let shared = Shared::default();
        let (theirs, address) = (Arc::clone(&shared), url.clone());
        with_signals_blocked(|| {
            thread::Builder::new()
                .name("starsink webhook".to_owned())
                .spawn(move || run(&theirs, &address))
        })?;
        Ok(Post { url, shared })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn is_idle(&self) -> bool {
        let desk = self.shared.0.lock();
        desk.next.is_none() && !desk.is_busy && desk.outcome.is_none()
    }

    pub fn send(&self, event: i64, body: String) {
        self.shared.0.lock().next = Some((event, body));
        self.shared.1.notify_all();
    }

    pub fn take(&self) -> Option<Outcome> {
        self.shared.0.lock().outcome.take()
    }

    /// Why the alert under way was not received at once; told once.
    pub fn trouble(&self) -> Option<String> {
        self.shared.0.lock().trouble.take()
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.shared.0.lock().stop = true;
        self.shared.1.notify_all();
    }
}

fn run(shared: &Shared, url: &str) {
    let agent = agent();
    let (desk, signal) = &**shared;
    loop {
        let (event, body) = {
            let mut desk = desk.lock();
            loop {
                if desk.stop {
                    return;
                }
                if let Some(next) = desk.next.take() {
                    desk.is_busy = true;
                    break next;
                }
                signal.wait(&mut desk);
            }
        };
        let begin = Instant::now();
        let (mut attempts, mut wait) = (0, FIRST_WAIT);
        let error = loop {
            attempts += 1;
            let error = match post(&agent, url, &body) {
                Ok(()) => break None,
                Err(error) => error,
            };
            if begin.elapsed() > GIVE_UP {
                break Some(error);
            }
            let mut desk = desk.lock();
            if attempts == 1 {
                desk.trouble = Some(error);
            }
            if !desk.stop {
                signal.wait_for(&mut desk, wait);
            }
            if desk.stop {
                return;
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        };
        let mut desk = desk.lock();
        desk.is_busy = false;
        desk.outcome = Some(Outcome {
            event,
            attempts,
            error,
        });
    }
}

fn agent() -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::NativeTls)
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    Agent::config_builder()
        .http_status_as_error(true)
        .max_redirects(0)
        .timeout_global(Some(TIMEOUT))
        .user_agent(concat!("starsink/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .build()
        .into()
}

/// The address may be a secret: an error never repeats it.
fn post(agent: &Agent, url: &str, body: &str) -> Result<(), String> {
    let answer = agent
        .post(url)
        .header("Content-Type", "application/json")
        .send(body);
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("answered {}", answer.status().as_u16())),
        Err(ureq::Error::StatusCode(status)) => Err(format!("answered {status}")),
        Err(ureq::Error::Timeout(_)) => Err("no answer in time".to_owned()),
        Err(ureq::Error::HostNotFound) => Err("no such host".to_owned()),
        Err(ureq::Error::Io(error)) => Err(error.kind().to_string()),
        Err(_) => Err("TLS or HTTP failed".to_owned()),
    }
}
