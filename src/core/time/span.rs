//! Spans of time as people write them: numbers with units, for example `10 s`, `1 h 30 min`, `2 years`.

/// Seconds of a span whose units all have one length: up to weeks. `None` if it is no such span.
pub fn seconds(text: &str) -> Option<i64> {
    parts(text)?.iter().try_fold(0_i64, |sum, (number, unit)| {
        let length = match *unit {
            "s" | "sec" | "secs" | "second" | "seconds" => 1,
            "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            _ => return None,
        };
        sum.checked_add(number.checked_mul(length)?)
    })
}

/// Whether it is a span of whole days or longer units, months and years too, that PostgreSQL reads the same way.
pub fn is_days(text: &str) -> bool {
    parts(text).is_some_and(|parts| {
        parts.iter().all(|&(number, unit)| {
            (1..=36_500).contains(&number)
                && matches!(
                    unit,
                    "day" | "days" | "week" | "weeks" | "month" | "months" | "year" | "years"
                )
        })
    })
}

/// Numbers and their units, in order, at least one.
fn parts(text: &str) -> Option<Vec<(i64, &str)>> {
    let mut rest = text.trim();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number = rest[..digits].parse().ok()?;
        let unit = rest[digits..].trim_start();
        let end = unit
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(unit.len());
        found.push((number, &unit[..end]));
        rest = unit[end..].trim_start();
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_sums_of_numbers_with_units() {
        for (text, expected) in [
            ("10 s", Some(10)),
            ("10s", Some(10)),
            (" 1 h 30 min ", Some(5_400)),
            ("1 day", Some(86_400)),
            ("2 weeks", Some(1_209_600)),
            ("1 month", None),
            ("10", None),
            ("s", None),
            ("", None),
            ("-1 s", None),
            ("1.5 s", None),
            ("99999999999999999999 s", None),
            ("9999999999999999 weeks", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn retention_is_written_in_days_or_longer() {
        for (text, expected) in [
            ("400 days", true),
            ("2 years", true),
            ("1 year 6 months", true),
            ("3 weeks", true),
            ("0 days", false),
            ("5 hours", false),
            ("2 s", false),
            ("for ever", false),
            ("", false),
        ] {
            assert_eq!(is_days(text), expected, "{text}");
        }
    }
}
