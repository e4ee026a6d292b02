//! What a device's events add up to: sessions, funnels, durations, orders, attribution. Rows in, differences out: the
//! same code folds committed batches for good and, in memory, what is not folded yet.
//!
//! # Layout
//! - [`hit`]         one event of a device, as sessions see it; [`path`] packs a session's hits into bytes
//! - [`cut`]         cutting hits into sessions, and what one says: funnel, engagement, durations
//! - [`order`]       the first success of an order, and what it is worth
//! - [`attribution`] six models over the touches of an order
//! - [`uncommitted`] which batches were not there yet when a fold ran

pub mod attribution;
pub mod cut;
pub mod hit;
pub mod order;
pub mod path;
pub mod uncommitted;
