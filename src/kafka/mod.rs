//! Kafka: the only place that names librdkafka. Knows nothing of PostgreSQL.
//!
//! # Layout
//! - [`properties`] the configuration, checked by librdkafka itself
//! - [`text`]       librdkafka's texts
//! - [`notices`]    what librdkafka has to say, queued for the main thread
//! - [`client`]     a connection: life and death
//! - [`topic`]      look-ups: partitions, topic id, watermarks, offsets by time
//! - [`consumer`]   assigned partitions, and their messages as borrowed records

pub mod client;
pub mod consumer;
pub mod notices;
pub mod properties;
mod text;
pub mod topic;
