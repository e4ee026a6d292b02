//! When an event happened, from an epoch number of unknown unit.

use super::value::Value;

/// Below these magnitudes a number counts seconds, milli-, microseconds; above, nanoseconds.
/// Seconds reach to the year 5138; milliseconds begin in 1973.
const SECONDS_BELOW: u64 = 100_000_000_000;
const MILLISECONDS_BELOW: u64 = SECONDS_BELOW * 1_000;
const MICROSECONDS_BELOW: u64 = MILLISECONDS_BELOW * 1_000;
const NANOSECONDS_BELOW: u64 = i64::MAX as u64;

/// A time that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeStamp {
    /// Microseconds since the Unix epoch.
    pub micros: i64,
    /// It was not written as documented: as a number of milliseconds.
    pub was_fixed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    Missing,
    Unparseable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

/// Reads the raw JSON value of `time_stamp`.
pub fn read(raw: Option<&str>) -> Result<TimeStamp, Unread> {
    let (micros, unit, was_text) = match raw.map(Value::of) {
        None | Some(Value::Absent) => return Err(Unread::Missing),
        Some(Value::Other) => return Err(Unread::Unparseable),
        // Nothing was guessed. A time before the epoch is no more one of an event than a number below zero.
        Some(Value::Time(micros)) if micros > 0 => {
            return Ok(TimeStamp {
                micros,
                was_fixed: false,
            });
        }
        Some(Value::Time(_)) => return Err(Unread::Unparseable),
        Some(Value::Number(number)) => micros(number).map(|(micros, unit)| (micros, unit, false)),
        Some(Value::Text(text)) => micros(text.trim()).map(|(micros, unit)| (micros, unit, true)),
    }
    .ok_or(Unread::Unparseable)?;
    Ok(TimeStamp {
        micros,
        was_fixed: was_text || unit != Unit::Milliseconds,
    })
}

fn micros(number: &str) -> Option<(i64, Unit)> {
    if number.len() <= 19 && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return whole_micros(number.parse().ok()?);
    }
    let is_decimal = number.starts_with(|c: char| c.is_ascii_digit())
        && number
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    let value: f64 = number.parse().ok().filter(|_| is_decimal)?;
    // What lies below a whole unit is kept as far as a microsecond can tell.
    let unit = Unit::of(value as u64)?;
    let micros = match unit {
        Unit::Seconds => value * 1e6,
        Unit::Milliseconds => value * 1e3,
        Unit::Microseconds => value,
        Unit::Nanoseconds => value / 1e3,
    };
    Some((micros.round() as i64, unit))
}

fn whole_micros(value: u64) -> Option<(i64, Unit)> {
    let unit = Unit::of(value)?;
    let micros = match unit {
        Unit::Seconds => value * 1_000_000,
        Unit::Milliseconds => value * 1_000,
        Unit::Microseconds => value,
        Unit::Nanoseconds => value / 1_000,
    };
    Some((i64::try_from(micros).ok()?, unit))
}

impl Unit {
    fn of(value: u64) -> Option<Unit> {
        match value {
            1..SECONDS_BELOW => Some(Unit::Seconds),
            SECONDS_BELOW..MILLISECONDS_BELOW => Some(Unit::Milliseconds),
            MILLISECONDS_BELOW..MICROSECONDS_BELOW => Some(Unit::Microseconds),
            MICROSECONDS_BELOW..NANOSECONDS_BELOW => Some(Unit::Nanoseconds),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{TimeStamp, Unread, read};

    #[test]
    fn the_unit_is_told_from_the_magnitude() {
        let cases: &[(&str, i64, bool)] = &[
            ("1591266092", 1_591_266_092_000_000, true),
            ("1591266092123", 1_591_266_092_123_000, false),
            ("1591266092123456", 1_591_266_092_123_456, true),
            ("1591266092123456789", 1_591_266_092_123_456, true),
            (r#""1591266092123""#, 1_591_266_092_123_000, true),
            (r#"" 1591266092 ""#, 1_591_266_092_000_000, true),
            ("1591266092.5", 1_591_266_092_500_000, true),
            (r#""1591266092.123456""#, 1_591_266_092_123_456, true),
            ("1591266092123.0", 1_591_266_092_123_000, false),
            ("1.591266092e9", 1_591_266_092_000_000, true),
            ("1.591266092123e12", 1_591_266_092_123_000, false),
            ("1", 1_000_000, true),
            ("99999999999", 99_999_999_999_000_000, true),
            ("100000000000", 100_000_000_000_000, false),
            (r#"{"$date":1591266092123}"#, 1_591_266_092_123_000, false),
            (r#"{"$date":{"$numberLong":"5"}}"#, 5_000, false),
            (
                r#"{"$date":"2020-06-04T10:21:32Z"}"#,
                1_591_266_092_000_000,
                false,
            ),
            (
                r#"{"$numberInt":"1591266092"}"#,
                1_591_266_092_000_000,
                true,
            ),
            (
                r#"{"$numberDouble":"1591266092123.0"}"#,
                1_591_266_092_123_000,
                false,
            ),
        ];
        for (raw, micros, was_fixed) in cases {
            let expected = TimeStamp {
                micros: *micros,
                was_fixed: *was_fixed,
            };
            assert_eq!(read(Some(raw)), Ok(expected), "{raw}");
        }
    }

    #[test]
    fn blank_is_missing_and_nonsense_is_unparseable() {
        for raw in [
            None,
            Some("null"),
            Some("false"),
            Some(r#""""#),
            Some(r#""  ""#),
        ] {
            assert_eq!(read(raw), Err(Unread::Missing), "{raw:?}");
        }
        for raw in [
            "0",
            "-1",
            "0.0",
            "0.4",
            "-1591266092",
            r#""0""#,
            r#""-1""#,
            r#""yesterday""#,
            r#""NaN""#,
            r#""inf""#,
            r#""+1591266092""#,
            r#""2020-06-04T08:20:04Z""#,
            r#""0x5ed8""#,
            "1e300",
            "1e-300",
            "99999999999999999999",
            "9223372036854775807",
            "true",
            "[1591266092]",
            "{}",
            r#""1 591 266 092""#,
            r#""1e""#,
            r#"{"$date":"yesterday"}"#,
            r#"{"$date":-5}"#,
            r#"{"$numberLong":"-5"}"#,
        ] {
            assert_eq!(read(Some(raw)), Err(Unread::Unparseable), "{raw}");
        }
    }
}
