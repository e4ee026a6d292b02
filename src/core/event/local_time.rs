//! The visitor's own clock, kept as it was said and never reckoned with.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

/// Reads `yyyy-MM-dd HH:mm:ss`; month, day, hour, minute and second may lack their leading zero.
pub fn parse(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim().as_bytes();
    let (year, text) = number(text, 4)?;
    let (month, text) = number(after(text, b"-")?, 2)?;
    let (day, text) = number(after(text, b"-")?, 2)?;
    let (hour, text) = number(after(text, b" T")?.trim_ascii_start(), 2)?;
    let (minute, text) = number(after(text, b":")?, 2)?;
    let (second, rest) = number(after(text, b":")?, 2)?;
    if !rest.is_empty() || year < 1000 {
        return None;
    }
    let year = i32::try_from(year).ok()?;
    NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second)
}

/// The clock of a time in microseconds since the Unix epoch, in UTC as nothing else is said.
pub fn of(micros: i64) -> Option<NaiveDateTime> {
    let time = DateTime::from_timestamp_micros(micros)?.naive_utc();
    (1000..=9999).contains(&time.year()).then_some(time)
}

/// One to `most` digits, and what follows them.
fn number(text: &[u8], most: usize) -> Option<(u32, &[u8])> {
    let length = text
        .iter()
        .take(most)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (digits, rest) = text.split_at_checked(length).filter(|_| length > 0)?;
    let number = digits
        .iter()
        .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    Some((number, rest))
}

/// What follows one of these separators.
fn after<'a>(text: &'a [u8], separators: &[u8]) -> Option<&'a [u8]> {
    let (first, rest) = text.split_first()?;
    separators.contains(first).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn padded_and_unpadded_clocks_are_read() {
        for (text, expected) in [
            ("2020-06-04 08:20:04", "2020-06-04 08:20:04"),
            ("2020-06-04 8:20:4", "2020-06-04 08:20:04"),
            ("2020-6-4 8:2:4", "2020-06-04 08:02:04"),
            (" 2020-06-04T08:20:04 ", "2020-06-04 08:20:04"),
            ("2020-06-04  8:20:04", "2020-06-04 08:20:04"),
            ("2020-02-29 23:59:59", "2020-02-29 23:59:59"),
        ] {
            assert_eq!(
                parse(text).map(|time| time.to_string()).as_deref(),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_no_clock_shows_is_refused() {
        for text in [
            "",
            "2020-06-04",
            "08:20:04",
            "2019-02-29 08:20:04",
            "2020-13-04 08:20:04",
            "2020-06-04 24:00:00",
            "2020-06-04 08:60:04",
            "2020-06-04 08:20:60",
            "2020-06-04 08:20",
            "2020-06-04 08:20:04 PM",
            "2020-06-04 08:20:04.5",
            "0000-01-01 00:00:00",
            "04-06-2020 08:20:04",
            "20200-1-1 0:0:0",
            "2020-06-04 +8:20:04",
            "2020-06--4 08:20:04",
            "2020-06-04 ٠٨:20:04",
            "Invalid date",
            "1591266092",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
