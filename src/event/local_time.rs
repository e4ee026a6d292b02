//! The visitor's own clock, kept as it was said and never reckoned with.

use chrono::{NaiveDate, NaiveDateTime};

/// Reads `yyyy-MM-dd HH:mm:ss`; month, day, hour, minute and second may lack their leading zero.
pub fn parse(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = text.trim().split_once([' ', 'T'])?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time.trim_start(), ':')?;
    if date.find('-') != Some(4) || year == 0 {
        return None;
    }
    let year = i32::try_from(year).ok()?;
    NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second)
}

/// Three numbers of one to four digits.
fn numbers(text: &str, separator: char) -> Option<[u32; 3]> {
    let mut parts = text.split(separator).map(|part| {
        let is_number = (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| is_number)
    });
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
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
            assert_eq!(parse(text).map(|time| time.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_no_clock_shows_is_refused() {
        for text in [
            "", "2020-06-04", "08:20:04", "2019-02-29 08:20:04", "2020-13-04 08:20:04", "2020-06-04 24:00:00", "2020-06-04 08:60:04",
            "2020-06-04 08:20:60", "2020-06-04 08:20", "2020-06-04 08:20:04 PM", "2020-06-04 08:20:04.5", "0000-01-01 00:00:00",
            "04-06-2020 08:20:04", "20200-1-1 0:0:0", "2020-06-04 +8:20:04", "2020-06--4 08:20:04", "2020-06-04 ٠٨:20:04",
            "Invalid date", "1591266092",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
