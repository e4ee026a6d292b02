//! When a job runs: every so long, or at the times of a cron expression on the clock of a time zone. Pure.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};

use crate::time::span;

/// The steward looks once a second.
const SHORTEST: TimeDelta = TimeDelta::seconds(1);

/// When a job runs.
#[derive(Clone, Debug)]
pub enum Schedule {
    Every(TimeDelta),
    /// Five fields: minute, hour, day of the month, month, day of the week.
    Cron(Box<Cron>),
}

impl Schedule {
    /// Reads a span or five fields of cron; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Schedule, String> {
        if text.split_whitespace().count() == 5 {
            return CronParser::builder()
                .seconds(Seconds::Disallowed)
                .build()
                .parse(text)
                .map(|cron| Schedule::Cron(Box::new(cron)))
                .map_err(|error| error.to_string());
        }
        let every = span::seconds(text)
            .and_then(TimeDelta::try_seconds)
            .ok_or("it is neither an interval nor five fields of cron")?;
        if every < SHORTEST {
            return Err("it is shorter than a second".to_owned());
        }
        Ok(Schedule::Every(every))
    }

    /// The first time after `last`; `None` for a day that never comes. Where clocks are put forward, what falls in
    /// the gap runs after it; where they are put back, a fixed time runs once.
    pub fn next_after(&self, last: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        match self {
            Schedule::Every(every) => last.checked_add_signed(*every),
            // Fractions of a second would be carried over into the answer.
            Schedule::Cron(cron) => cron
                .find_next_occurrence(&last.with_nanosecond(0)?.with_timezone(&zone), false)
                .ok()
                .map(|time| time.with_timezone(&Utc)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, last: &str, zone: Tz) -> String {
        Schedule::parse(schedule)
            .unwrap()
            .next_after(last.parse().unwrap(), zone)
            .map_or("never".to_owned(), |time| time.to_rfc3339())
    }

    #[test]
    fn intervals_and_cron_tell_the_next_time() {
        for (schedule, last, expected) in [
            ("10 s", "2026-03-01T00:00:00Z", "2026-03-01T00:00:10+00:00"),
            (
                "1 h 30 min",
                "2026-03-01T00:00:00Z",
                "2026-03-01T01:30:00+00:00",
            ),
            ("1 h 2 min 3", "2026-03-01T00:00:00Z", ""),
            (
                "*/5 * * * *",
                "2026-03-01T00:05:00Z",
                "2026-03-01T00:10:00+00:00",
            ),
            (
                "*/5 * * * *",
                "2026-03-01T00:05:00.6Z",
                "2026-03-01T00:10:00+00:00",
            ),
            (
                "30 3 * * *",
                "2026-03-01T03:30:00Z",
                "2026-03-02T03:30:00+00:00",
            ),
            (
                "0 0 1 1 *",
                "2026-03-01T00:00:00Z",
                "2027-01-01T00:00:00+00:00",
            ),
            (
                "0 9 * * mon-fri",
                "2026-11-20T09:00:00Z",
                "2026-11-23T09:00:00+00:00",
            ),
        ] {
            if expected.is_empty() {
                assert!(Schedule::parse(schedule).is_err(), "{schedule}");
            } else {
                assert_eq!(next(schedule, last, Tz::UTC), expected, "{schedule}");
            }
        }
    }

    #[test]
    fn the_clock_put_forward_or_back_neither_skips_a_run_nor_repeats_it() {
        let zone = Tz::Europe__Berlin;
        // On 29 March 2026, 02:00 to 03:00 does not exist; on 25 October 2026 it occurs twice.
        assert_eq!(
            next("30 2 * * *", "2026-03-28T12:00:00Z", zone),
            "2026-03-29T01:00:00+00:00"
        );
        let first = next("30 2 * * *", "2026-10-24T12:00:00Z", zone);
        assert_eq!(first, "2026-10-25T00:30:00+00:00");
        assert_eq!(
            next("30 2 * * *", &first, zone),
            "2026-10-26T01:30:00+00:00"
        );
        assert_eq!(
            next("0 4 * * *", "2026-07-01T12:00:00Z", zone),
            "2026-07-02T02:00:00+00:00"
        );
    }

    #[test]
    fn what_is_no_schedule_is_refused_and_says_why() {
        for text in [
            "",
            "soon",
            "0 s",
            "-5 s",
            "5 parsecs",
            "61 * * * *",
            "* * * *",
            "* * * * * *",
            "a b c d e",
            "5 3 32 1 *",
        ] {
            let refusal = Schedule::parse(text).map(|_| ()).unwrap_err();
            assert!(!refusal.is_empty(), "{text}");
        }
    }
}
