//! What the operator decides about messages: limits and privacy.

use std::path::PathBuf;

use chrono_tz::Tz;

use super::traffic::source;

/// How much of an e-mail address the warehouse keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepEmail {
    None,
    Hash,
    Full,
}

/// How much of an IP address the warehouse keeps. Truncated: IPv4 to /24, IPv6 to /48.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepIp {
    None,
    Truncated,
    Full,
}

/// Limits and privacy, fixed for the life of a decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Largest payload, in bytes; a longer one is `PAYLOAD_TOO_LARGE`.
    pub max_bytes: usize,
    /// Deepest nesting of objects and arrays; a deeper payload is `PAYLOAD_TOO_DEEP`.
    pub max_depth: usize,
    /// Most lines of an order; one with more is `LINES_TOO_MANY`.
    pub max_lines: usize,
    /// Oldest event time, microseconds since the Unix epoch; an older one is `TS_TOO_OLD`.
    pub oldest: i64,
    /// How far ahead of now an event time may lie, in microseconds, before it is `TS_FUTURE`.
    pub max_ahead: i64,
    pub keep_email: KeepEmail,
    pub keep_ip: KeepIp,
    /// Key of the e-mail hash (HMAC-SHA-256): the same address has the same hash in one warehouse only.
    pub email_key: Vec<u8>,
    /// Labels before the public suffix of the stores' domains (`glamira`): a referrer that has one is internal.
    pub store_labels: Vec<String>,
    /// Sites that were edited, as `Sites::of` reads them.
    pub sites: String,
    /// Database of countries by IP address; empty: none.
    pub geoip_database: PathBuf,
    /// Reporting time zone: decides the day and the minute an event belongs to.
    pub time_zone: Tz,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            max_bytes: 512 * 1024,
            max_depth: 128,
            max_lines: 1000,
            oldest: 946_684_800_000_000,
            max_ahead: 3_600_000_000,
            keep_email: KeepEmail::Hash,
            keep_ip: KeepIp::Truncated,
            email_key: Vec::new(),
            store_labels: Vec::new(),
            sites: source::seeded(),
            geoip_database: PathBuf::new(),
            time_zone: Tz::UTC,
        }
    }
}
