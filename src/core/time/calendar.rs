//! Day and minute of a moment in the reporting time zone.

use chrono::{DateTime, Datelike, Offset, TimeZone};
use chrono_tz::Tz;

/// Offsets change on quarters of an hour only, so one look-up serves a quarter.
const QUARTER: i64 = 900;
const SLOTS: usize = 64;
/// Days from 1970-01-01 to 2000-01-01.
const DAYS_TO_2000: i64 = 10_957;

/// Converts times; remembers the offsets of the quarters it met last.
pub struct Calendar {
    zone: Tz,
    /// (quarter, seconds east of UTC) by quarter modulo the number of slots.
    offsets: [(i64, i32); SLOTS],
}

impl Calendar {
    pub fn new(zone: Tz) -> Calendar {
        Calendar {
            zone,
            offsets: [(i64::MIN, 0); SLOTS],
        }
    }

    /// Seconds since 1970-01-01 on the zone's clock, of a time in microseconds since the Unix epoch.
    fn local(&mut self, time: i64) -> i64 {
        let seconds = time.div_euclid(1_000_000);
        let quarter = seconds.div_euclid(QUARTER);
        let slot = quarter.rem_euclid(SLOTS as i64) as usize;
        if self.offsets[slot].0 != quarter {
            self.offsets[slot] = (quarter, self.offset(seconds));
        }
        seconds + i64::from(self.offsets[slot].1)
    }

    /// The day, counted from 2000-01-01, of a time in microseconds since the Unix epoch.
    pub fn day(&mut self, time: i64) -> i32 {
        (self.local(time).div_euclid(86_400) - DAYS_TO_2000) as i32
    }

    /// The hour of the day, and the time it began, of such a time.
    pub fn hour(&mut self, time: i64) -> (u8, i64) {
        let local = self.local(time);
        let hour = local.rem_euclid(86_400) / 3_600;
        let start = time - local.rem_euclid(3_600) * 1_000_000 - time.rem_euclid(1_000_000);
        (hour as u8, start)
    }

    /// (yyyymmdd, minute of the day) of a time in microseconds since the Unix epoch.
    pub fn day_and_minute(&mut self, time: i64) -> (i32, i32) {
        let local = self.local(time);
        let minute = local.rem_euclid(86_400) / 60;
        let day = DateTime::from_timestamp(local, 0).map_or(-1, |day| {
            day.year() * 10_000 + day.month() as i32 * 100 + day.day() as i32
        });
        (day, minute as i32)
    }

    fn offset(&self, seconds: i64) -> i32 {
        DateTime::from_timestamp(seconds, 0).map_or(0, |moment| {
            self.zone
                .offset_from_utc_datetime(&moment.naive_utc())
                .fix()
                .local_minus_utc()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: Tz, seconds: i64) -> (i32, i32) {
        Calendar::new(zone).day_and_minute(seconds * 1_000_000)
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_zone() {
        assert_eq!(at(Tz::UTC, 0), (19_700_101, 0));
        assert_eq!(at(Tz::UTC, 86_399), (19_700_101, 1439));
        assert_eq!(at(Tz::Europe__Berlin, 1_606_777_200), (20_201_201, 0));
        assert_eq!(at(Tz::America__Santiago, 1_606_777_200), (20_201_130, 1200));
    }

    #[test]
    fn the_hour_that_comes_twice_and_the_one_that_never_comes() {
        assert_eq!(at(Tz::Europe__Berlin, 1_603_583_999), (20_201_025, 119));
        assert_eq!(at(Tz::Europe__Berlin, 1_603_591_200), (20_201_025, 180));
        assert_eq!(at(Tz::Europe__Berlin, 1_603_587_599), (20_201_025, 179));
        assert_eq!(at(Tz::Europe__Berlin, 1_603_587_600), (20_201_025, 120));
        assert_eq!(at(Tz::Europe__Berlin, 1_585_443_599), (20_200_329, 119));
        assert_eq!(at(Tz::Europe__Berlin, 1_585_443_600), (20_200_329, 180));
    }

    #[test]
    fn days_and_hours_are_those_of_the_zone() {
        let mut berlin = Calendar::new(Tz::Europe__Berlin);
        // 2020-10-25 02:30 comes twice: the hours are two, with one number.
        let (first, second) = (1_603_585_800_000_123, 1_603_589_400_000_123);
        assert_eq!(berlin.hour(first), (2, 1_603_584_000_000_000));
        assert_eq!(berlin.hour(second), (2, 1_603_587_600_000_000));
        assert_eq!(berlin.day(first), 7_603);
        assert_eq!(
            Calendar::new(Tz::Asia__Kolkata).hour(1_603_585_800_000_000),
            (6, 1_603_585_800_000_000)
        );
        assert_eq!(Calendar::new(Tz::UTC).day(946_684_799_999_999), -1);
    }

    #[test]
    fn remembered_offsets_change_nothing() {
        let mut calendar = Calendar::new(Tz::Europe__Berlin);
        for step in 0..200_000_i64 {
            let seconds = 1_577_836_800 + step * 317;
            assert_eq!(
                calendar.day_and_minute(seconds * 1_000_000),
                at(Tz::Europe__Berlin, seconds)
            );
        }
    }
}
