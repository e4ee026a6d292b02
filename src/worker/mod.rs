//! The processes: what runs beside PostgreSQL's own, and how it lives and ends.
//!
//! # Layout
//! - [`launcher`] static; keeps the others running
//! - [`ingest`]   the loop: take a ready batch, commit it, once more
//! - [`steward`]  what time brings: jobs and alerts
//! - [`crawler`]  product pages: claimed, fetched in threads of their own, merged
//! - [`partition_maker`] a worker for a moment: partitions for a session that cannot commit
//! - [`session`]  what every worker does: connect, be ended, follow the settings
//! - [`state`]    shared memory: what each worker is doing, for starsink.status
//! - [`job_board`] shared memory: how each job stands, for starsink.jobs

pub mod crawler;
pub mod ingest;
pub mod job_board;
pub mod launcher;
pub mod partition_maker;
pub mod session;
pub mod state;
pub mod steward;
