//! What starsink knows of shop events without a server: no PostgreSQL, no Kafka client, no threads of its own.
//! Everything here can be tested, fuzzed and timed alone: `cargo test -p starsink-core`.
//!
//! # Layout: each module uses only those listed above it
//! - [`text`]      text as bytes: JSON's depth and escapes, host names, lines of a file
//! - [`time`]      spans and clocks, the reporting zone's calendar, waiting between retries
//! - [`world`]     countries, currencies and rates; files and how they are compressed
//! - [`schedule`]  when a job runs: intervals and cron
//! - [`event`]     the message: decode, validate, make ready
//! - [`dimension`] surrogate keys that are remembered
//! - [`batch`]     events -> rows and dimension members, ready for the transaction
//! - [`session`]   what a device's events add up to: sessions, orders, attribution
//! - [`aggregate`] differences of the aggregates that sessions and facts make
//! - [`crawl`]     product pages: fetched, and read

pub mod aggregate;
pub mod batch;
pub mod crawl;
pub mod dimension;
pub mod event;
pub mod schedule;
pub mod session;
pub mod text;
pub mod time;
pub mod varint;
pub mod world;
