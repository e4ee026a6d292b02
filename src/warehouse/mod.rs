//! The warehouse: everything that is written to the database, and what is read back from it. Main thread only; it
//! gets batches that are ready and knows nothing of Kafka.
//!
//! # Layout, in the order of a transaction
//! - [`transaction`] begin, commit, abort; sub-transactions; the role that writes
//! - [`statement`]   prepared SQL
//! - [`load`]        the transaction as an outline
//! - [`dimensions`]  natural keys -> surrogate keys, through [`key_cache`]
//! - [`versions`]    versions of members, as merges change them meanwhile
//! - [`earlier`]     keys of earlier versions, for late events
//! - [`facts`]       rows into fact_event, duplicates out
//! - [`copy`]        PostgreSQL's COPY machinery fed from memory
//! - [`order_lines`] rows into fact_order_line
//! - [`quarantine`]  what could not be loaded
//! - [`latency`]     from Kafka's timestamp to the commit
//! - [`ledger`]      offsets and counts; positions and epochs
//! - [`fold`]        committed batches into sessions, orders and aggregates
//! - [`partitions`]  partitions of the fact table
//! - [`control`]     the operator's commands
//! - [`layout`]      the tables themselves; [`inventory`] their names

pub mod control;
pub mod copy;
pub mod dimensions;
pub mod facts;
pub mod fold;
pub mod inventory;
pub mod layout;
pub mod ledger;
pub mod load;
pub mod order_lines;
pub mod partitions;
pub mod quarantine;
pub mod statement;
pub mod transaction;
pub mod versions;
