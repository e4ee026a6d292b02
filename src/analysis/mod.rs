//! What events add up to: sessions, funnels, durations, orders, attribution, and the aggregates of them all. Pure: rows
//! in, differences out. The same code folds committed batches for good and, in memory, what is not folded yet.
//!
//! # Layout
//! - [`hit`]         one event of a device, as sessions see it; [`path`] packs a session's hits into bytes
//! - [`session`]     cutting hits into sessions, and what one says: funnel, engagement, durations
//! - [`order`]       the first success of an order, and what it is worth
//! - [`attribution`] six models over the touches of an order
//! - [`cells`]       differences of aggregates, by key; [`contribution`] what each thing adds to them
//! - [`tally`], [`devices`]  counts by key and sets of devices, as the aggregates store them; [`varint`] below both;
//!   [`union`] makes one of many sets
//! - [`uncommitted`] which batches were not there yet when a fold ran

pub mod attribution;
pub mod cells;
pub mod contribution;
pub mod devices;
pub mod hit;
pub mod order;
pub mod path;
pub mod session;
pub mod tally;
pub mod uncommitted;
pub mod union;
pub mod varint;

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;

/// Whole seconds of a duration, half up.
pub fn rounded_seconds(micros: i64) -> i64 {
    (micros + SECOND / 2).div_euclid(SECOND)
}
