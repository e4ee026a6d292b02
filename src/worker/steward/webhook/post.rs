//! The thread that sends alerts: each once, in their order, with a limit of time. It never calls the server.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use crate::server::process::with_signals_blocked;

const TIMEOUT: Duration = Duration::from_secs(5);

/// What became of an alert that was sent.
pub struct Posted {
    pub event: i64,
    /// Why it was not received.
    pub error: Option<String>,
}

#[derive(Default)]
struct Desk {
    waiting: VecDeque<(i64, String)>,
    is_busy: bool,
    outcomes: Vec<Posted>,
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

    /// Whether nothing is being sent, and every outcome was taken.
    pub fn is_idle(&self) -> bool {
        let desk = self.shared.0.lock();
        desk.waiting.is_empty() && !desk.is_busy && desk.outcomes.is_empty()
    }

    pub fn send(&self, event: i64, body: String) {
        self.shared.0.lock().waiting.push_back((event, body));
        self.shared.1.notify_all();
    }

    pub fn take(&self) -> Vec<Posted> {
        std::mem::take(&mut self.shared.0.lock().outcomes)
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
                if let Some(next) = desk.waiting.pop_front() {
                    desk.is_busy = true;
                    break next;
                }
                signal.wait(&mut desk);
            }
        };
        let error = post(&agent, url, &body).err();
        let mut desk = desk.lock();
        desk.is_busy = false;
        desk.outcomes.push(Posted { event, error });
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

fn post(agent: &Agent, url: &str, body: &str) -> Result<(), String> {
    let answer = agent
        .post(url)
        .header("Content-Type", "application/json")
        .send(body);
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("answered {}", answer.status().as_u16())),
        Err(error) => Err(explain(&error)),
    }
}

/// The cause, in the words of the system or of the TLS library. The address may be a secret: what could repeat it is
/// left out.
fn explain(error: &ureq::Error) -> String {
    match error {
        ureq::Error::StatusCode(status) => format!("answered {status}"),
        ureq::Error::Timeout(_) => format!("no answer within {} s", TIMEOUT.as_secs()),
        ureq::Error::HostNotFound => "no such host".to_owned(),
        // The system's text: of what kind it is, Rust names for some alone.
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::NativeTls(error) => format!("TLS: {error}"),
        ureq::Error::Tls(error) => format!("TLS: {error}"),
        ureq::Error::Protocol(error) => format!("HTTP: {error}"),
        ureq::Error::ConnectProxyFailed(_) | ureq::Error::InvalidProxyUrl => {
            "the proxy of the server's environment refused".to_owned()
        }
        _ => "the request could not be made".to_owned(),
    }
}
