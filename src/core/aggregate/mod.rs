//! Differences of the aggregates, by key, and how their columns are stored.
//!
//! # Layout
//! - [`cells`]  differences of aggregates, by key; [`contribution`] what each thing adds to them
//! - [`tables`] the aggregates' tables, each column said once
//! - [`tally`], [`devices`] counts by key and sets of devices, as the aggregates store them; [`union`] makes one of many sets

pub mod cells;
pub mod contribution;
pub mod devices;
pub mod tables;
pub mod tally;
pub mod union;
