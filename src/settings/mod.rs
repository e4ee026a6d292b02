//! Every setting: its GUC, its bounds, its documentation, and the value a worker takes at one moment.
//!
//! # Layout
//! - [`table`]   a row for each setting; [`guc`] makes GUCs of them
//! - [`choices`] settings with a fixed set of values
//! - [`current`] the values of one moment
//! - [`kafka`]   the same in librdkafka's words
//! - [`crawl`]   those of the crawler, at one moment
//! - [`check`]   check hooks: what a value must be, and what the error says
//! - [`secret`]  settings whose value no view and no log line ever shows
//!
//! All settings are read from postgresql.conf or ALTER SYSTEM and change with pg_reload_conf(). A worker takes
//! [`Settings::current`] as a whole and compares wholes: where the way to Kafka changed, it starts its pipeline anew from
//! the committed offsets, which is always safe.

mod check;
mod choices;
mod crawl;
mod current;
mod guc;
mod kafka;
mod secret;
mod table;

use std::time::Duration;

pub use choices::{OffsetReset, OnReset};
pub use crawl::Crawl;
pub use current::{
    alert_webhook, exchange_rates_file, exchange_rates_url, report_time_zone, session_bounds,
    tail_memory,
};
pub use table::{SETTINGS, register};

use crate::server::failure::Failure;
use starsink_core::event::policy::Policy;

/// The settings of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub database: String,
    pub topic: String,
    /// librdkafka's properties, in its own words; secrets among them [`Settings::with_secrets`] only.
    pub kafka: Vec<(String, String)>,
    pub workers: i32,
    pub crawl_enabled: bool,
    pub batch_max_events: usize,
    pub batch_max_wait: Duration,
    /// Bytes of memory one worker may use for messages and batches.
    pub memory: usize,
    pub auto_offset_reset: OffsetReset,
    pub on_trimmed: OnReset,
    pub on_recreated: OnReset,
    pub metadata_refresh: Duration,
    pub retry_backoff: Duration,
    pub retry_backoff_max: Duration,
    /// Limits and privacy; the e-mail key is filled in from the warehouse.
    pub policy: Policy,
}

impl Settings {
    /// Whether there is something to consume from.
    pub fn has_source(&self) -> bool {
        !self.topic.is_empty()
            && self
                .kafka
                .iter()
                .any(|(name, value)| name == "bootstrap.servers" && !value.is_empty())
    }

    /// Whether these and those lead to the same messages in the same way: what differs is how messages are read, or when a
    /// batch ends.
    pub fn reaches_kafka_as(&self, other: &Settings) -> bool {
        let alike = Settings {
            crawl_enabled: other.crawl_enabled,
            batch_max_events: other.batch_max_events,
            batch_max_wait: other.batch_max_wait,
            policy: other.policy.clone(),
            ..self.clone()
        };
        alike == *other
    }

    pub fn current() -> Settings {
        current::current()
    }

    /// With what librdkafka needs to log in: some of it may stand in files.
    pub fn with_secrets(mut self) -> Result<Settings, Failure> {
        self.kafka.extend(kafka::secrets()?);
        Ok(self)
    }
}
