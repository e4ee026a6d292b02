//! Fixtures: what tests, bench and demo stand on.
//!
//! # Layout
//! - `cluster`: a throw-away PostgreSQL cluster and its standby.
//! - `kafka`: Apache Kafka, one node. `mock`: librdkafka's mock cluster.
//! - `producer`: messages and transactions. `bulk`: shop events in bulk. `shop`: the events themselves.
//! - `process`, `folder`, `port`: what a fixture holds and gives back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod bulk;
pub mod cluster;
mod folder;
pub mod kafka;
pub mod mock;
mod port;
mod process;
pub mod producer;
pub mod shop;
pub mod corpus;

#[path = "../../src/event/mod.rs"]
pub mod event;
pub mod event_claims;
