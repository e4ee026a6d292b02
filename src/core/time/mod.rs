//! Times: microseconds since the Unix epoch, unless a name says otherwise.
//!
//! # Layout
//! - [`span`]     spans as people write them: `10 s`, `1 h 30 min`, `2 years`
//! - [`calendar`] days and hours of the reporting time zone
//! - [`clock`]    a wall clock that may be set back
//! - [`backoff`]  waiting between retries

pub mod backoff;
pub mod calendar;
pub mod clock;
pub mod span;

/// Microseconds between the Unix epoch and PostgreSQL's, 2000-01-01.
pub const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;

/// Whole seconds of a duration, half up.
pub fn rounded_seconds(micros: i64) -> i64 {
    (micros + SECOND / 2).div_euclid(SECOND)
}
