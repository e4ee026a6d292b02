//! Times as the server has them.

use pgrx::datum::TimestampWithTimeZone;
use starsink_core::time::POSTGRES_EPOCH;

use super::failure::Failure;

/// Microseconds since the Unix epoch as the server's type.
pub fn timestamp(micros: i64) -> Result<TimestampWithTimeZone, Failure> {
    TimestampWithTimeZone::try_from(micros - POSTGRES_EPOCH)
        .map_err(|_| Failure::sql("converting a time", "out of range"))
}
