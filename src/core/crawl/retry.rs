//! When to come back: what Retry-After says, and longer waits after each failure.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};

/// Longest wait; a longer Retry-After is cut to it.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Reads Retry-After: seconds, or a date in one of HTTP's three forms; one that has passed is no wait.
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let at = DateTime::parse_from_rfc2822(value)
        .map(|at| at.to_utc())
        .or_else(|_| {
            NaiveDateTime::parse_from_str(value, "%A, %d-%b-%y %H:%M:%S GMT").map(|at| at.and_utc())
        })
        .or_else(|_| {
            NaiveDateTime::parse_from_str(value, "%a %b %e %H:%M:%S %Y").map(|at| at.and_utc())
        })
        .ok()?;
    Some((at - now).to_std().unwrap_or_default().min(LONGEST))
}

/// The wait after so many failures in a row: the first one's, doubled each time.
pub fn backoff(first: Duration, failures: u32) -> Duration {
    first
        .saturating_mul(
            1u32.checked_shl(failures.saturating_sub(1).min(31))
                .unwrap_or(u32::MAX),
        )
        .min(LONGEST)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{TimeZone, Utc};

    use super::{backoff, retry_after};

    #[test]
    fn every_form_of_retry_after_is_read() {
        let now = Utc.with_ymd_and_hms(1994, 11, 6, 8, 49, 7).unwrap();
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(86_400)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(30)),
            ("Sun Nov  6 08:49:37 1994", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("Fri, 06 Nov 2099 08:00:00 GMT", Some(86_400)),
            ("", None),
            ("soon", None),
            ("-5", None),
            ("1.5", None),
        ] {
            assert_eq!(
                retry_after(value, now),
                seconds.map(Duration::from_secs),
                "{value}"
            );
        }
    }

    #[test]
    fn waits_double_up_to_a_day() {
        let first = Duration::from_secs(60);
        assert_eq!(backoff(first, 0), first);
        assert_eq!(backoff(first, 1), first);
        assert_eq!(backoff(first, 4), first * 8);
        assert_eq!(backoff(first, 40), Duration::from_secs(86_400));
    }
}
