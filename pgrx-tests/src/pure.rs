//! Modules of the extension that need no server, compiled here so that their unit tests run.

#![allow(dead_code)]

#[path = "../../src/worker/backoff.rs"]
mod backoff;
#[path = "../../src/warehouse/earlier.rs"]
mod earlier;
#[path = "../../src/warehouse/key_cache.rs"]
mod key_cache;
#[path = "../../src/warehouse/latency.rs"]
mod latency;
#[path = "../../src/schedule/mod.rs"]
mod schedule;
#[path = "../../src/worker/share.rs"]
mod share;
#[path = "../../src/worker/verdict.rs"]
mod verdict;
