//! Fixtures: what tests, bench and demo stand on.
//!
//! # Layout
//! - `cluster`: a throw-away PostgreSQL cluster and its standby.
//! - `kafka`: Apache Kafka, one node. `mock`: librdkafka's mock cluster.
//! - `container`: the server's container, without an engine.
//! - `consuming`: a cluster that consumes a topic.
//! - `producer`: messages and transactions. `bulk`: shop events in bulk. `shop`: the events themselves.
//! - `test_shop`: a shop whose pages can be crawled.
//! - `merging`: a warehouse to merge into.
//! - `feed`: shop events at a steady pace. `loading`: a cluster that loads a topic, and what must be true of it.
//! - `watching`: Prometheus, its exporter and Alertmanager around a cluster. `listener`: an address that takes what is posted. `web`: one that gives files.
//! - `process`, `folder`, `port`: what a fixture holds and gives back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod bulk;
pub mod cluster;
pub mod consuming;
pub mod container;
pub mod feed;
mod folder;
pub mod kafka;
pub mod listener;
pub mod loading;
pub mod merging;
pub mod mock;
pub mod port;
mod process;
pub mod producer;
pub mod shop;
pub mod test_shop;
pub mod watching;
pub mod web;
