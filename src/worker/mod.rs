//! The processes: what runs beside PostgreSQL's own, and how it lives and ends.
//!
//! # Layout
//! - [`launcher`] static; keeps the others running
//! - [`ingest`]   the loop: take a ready batch, commit it, once more
//! - [`assignment`] which partitions, and from where
//! - [`share`]    which worker has which partition
//! - [`pipeline`] the threads of an ingest worker: fetch and decode, beside the main thread
//! - [`scout`]    the thread that looks at the topic: partitions, watermarks, id
//! - [`steward`]  what time brings: runs the jobs that are due
//! - [`jobs`]     its account of them
//! - [`job_board`] shared memory: how each job stands, for starsink.jobs
//! - [`partition_maker`] a worker for a moment: partitions for a session that cannot commit
//! - [`crawler`]  product pages: claimed, fetched in threads of their own, merged; [`crawl_queue`] its statements, [`verdict`] what follows from a visit
//! - [`watch`]    looks after alerts while a long job keeps the steward
//! - [`webhook`]  alerts to an address outside, from either
//! - [`session`]  what every worker does: connect, be ended, follow the settings
//! - [`backoff`]  waiting between retries
//! - [`state`]    shared memory: what each worker is doing, for starsink.status; [`shared`] its lock, and leaving when the postmaster has died

pub mod assignment;
pub mod crawl_queue;
pub mod crawler;
pub mod ingest;
pub mod job_board;
pub mod jobs;
pub mod launcher;
pub mod partition_maker;
pub mod pipeline;
pub mod scout;
pub mod session;
pub mod shared;
pub mod state;
pub mod steward;
pub mod watch;
mod webhook;
