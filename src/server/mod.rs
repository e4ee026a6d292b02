//! The server: what everything else needs of PostgreSQL, said once.
//!
//! # Layout
//! - [`failure`]     failures, and how they become the server's errors
//! - [`transaction`] begin, commit, abort; sub-transactions; the role that writes
//! - [`statement`]   prepared SQL
//! - [`catalog`]     whether a relation is there
//! - [`copy`]        PostgreSQL's COPY machinery fed from memory
//! - [`time`]        times as the server has them
//! - [`shared`]      plain data in shared memory
//! - [`process`]     this process: its postmaster, waiting, threads beside it

pub mod catalog;
pub mod copy;
pub mod failure;
pub mod process;
pub mod shared;
pub mod statement;
pub mod time;
pub mod transaction;
