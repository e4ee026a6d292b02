//! HTTP: one request, within limits of size and time, to an address that was checked. Redirects are handed back, not
//! followed: where they lead is a request of its own, with its own host's rules and turn.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use flate2::read::MultiGzDecoder;
use ureq::Agent;
use ureq::config::AutoHeaderValue;
use ureq::http::HeaderMap;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::transport::DefaultConnector;

use super::resolver::{Guard, InternalAddress, Names};
use super::retry::retry_after;

/// What one request may cost, and who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For the whole request, from the name's look-up to the last byte.
    pub timeout: Duration,
    /// Of a body, before and after decompression.
    pub max_bytes: usize,
    pub allow_internal: bool,
    pub user_agent: String,
}

/// A request. With validators it asks for what has changed since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub url: String,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

/// What a server answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub location: Option<String>,
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The host has no address on the Internet.
    Internal,
    NoSuchHost,
    Timeout,
    Tls,
    TooLarge,
    /// The body does not decompress.
    Encoding,
    Connection,
    /// What came is no HTTP.
    Protocol,
}

impl Trouble {
    pub fn name(self) -> &'static str {
        match self {
            Trouble::Internal => "internal address",
            Trouble::NoSuchHost => "no such host",
            Trouble::Timeout => "timeout",
            Trouble::Tls => "TLS",
            Trouble::TooLarge => "too large",
            Trouble::Encoding => "encoding",
            Trouble::Connection => "connection",
            Trouble::Protocol => "no HTTP",
        }
    }

    /// Whether another try may end better.
    pub fn may_pass(self) -> bool {
        !matches!(
            self,
            Trouble::Internal | Trouble::TooLarge | Trouble::Encoding
        )
    }
}

pub struct Fetcher {
    agent: Agent,
    max_bytes: usize,
}

impl Fetcher {
    pub fn new(limits: &Limits, names: Arc<dyn Names>) -> Fetcher {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::NativeTls)
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // A proxy could connect to an address that was not checked.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(limits.timeout))
            .user_agent(AutoHeaderValue::from(limits.user_agent.as_str()))
            .accept(AutoHeaderValue::from(
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5",
            ))
            .accept_encoding(AutoHeaderValue::from("gzip"))
            .max_response_header_size(64 * 1024)
            // A kept-alive connection would outlive the check of its address.
            .max_idle_connections(0)
            .tls_config(tls)
            .build();
        let guard = Guard {
            names,
            allow_internal: limits.allow_internal,
        };
        Fetcher {
            agent: Agent::with_parts(config, DefaultConnector::default(), guard),
            max_bytes: limits.max_bytes,
        }
    }

    pub fn get(&self, request: &Request) -> Result<Answer, Trouble> {
        let mut get = self.agent.get(&request.url);
        if let Some(etag) = &request.etag {
            get = get.header("If-None-Match", etag);
        }
        if let Some(last_modified) = &request.last_modified {
            get = get.header("If-Modified-Since", last_modified);
        }
        let response = get.call().map_err(|error| trouble(&error))?;
        let headers = response.headers();
        let mut answer = Answer {
            status: response.status().as_u16(),
            content_type: text(headers, "content-type")
                .unwrap_or_default()
                .to_ascii_lowercase(),
            etag: text(headers, "etag"),
            last_modified: text(headers, "last-modified"),
            location: text(headers, "location"),
            retry_after: text(headers, "retry-after")
                .and_then(|value| retry_after(&value, Utc::now())),
            body: Vec::new(),
        };
        let encoding = text(headers, "content-encoding")
            .unwrap_or_default()
            .to_ascii_lowercase();
        if answer.status == 200 {
            let length =
                text(headers, "content-length").and_then(|length| length.parse::<u64>().ok());
            if length.is_some_and(|length| length > self.max_bytes as u64) {
                return Err(Trouble::TooLarge);
            }
            // ureq's own bound is the global timeout, which holds for the body too.
            let body = self.limited(response.into_body().into_reader())?;
            answer.body = match encoding.trim() {
                "" | "identity" => body,
                "gzip" | "x-gzip" => self.unzipped(&body)?,
                _ => return Err(Trouble::Encoding),
            };
        }
        Ok(answer)
    }

    /// What a gzip file holds, within the limit of size.
    pub fn unzipped(&self, bytes: &[u8]) -> Result<Vec<u8>, Trouble> {
        self.limited(MultiGzDecoder::new(bytes))
            .map_err(|trouble| match trouble {
                Trouble::TooLarge => Trouble::TooLarge,
                _ => Trouble::Encoding,
            })
    }

    fn limited(&self, reader: impl Read) -> Result<Vec<u8>, Trouble> {
        let mut bytes = Vec::new();
        let limit = self.max_bytes as u64 + 1;
        match reader.take(limit).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() > self.max_bytes => Err(Trouble::TooLarge),
            Ok(_) => Ok(bytes),
            Err(error) => Err(io_trouble(&error)),
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty() && value.len() <= 2048).then(|| value.to_owned())
}

fn trouble(error: &ureq::Error) -> Trouble {
    match error {
        ureq::Error::Timeout(_) => Trouble::Timeout,
        ureq::Error::HostNotFound => Trouble::NoSuchHost,
        ureq::Error::Other(error) if error.is::<InternalAddress>() => Trouble::Internal,
        ureq::Error::Tls(_) | ureq::Error::NativeTls(_) => Trouble::Tls,
        ureq::Error::Io(error) => io_trouble(error),
        ureq::Error::ConnectionFailed => Trouble::Connection,
        ureq::Error::BodyExceedsLimit(_) => Trouble::TooLarge,
        _ => Trouble::Protocol,
    }
}

fn io_trouble(error: &std::io::Error) -> Trouble {
    if let Some(inner) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<ureq::Error>())
    {
        return trouble(inner);
    }
    match error.kind() {
        std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => Trouble::Timeout,
        _ => Trouble::Connection,
    }
}
