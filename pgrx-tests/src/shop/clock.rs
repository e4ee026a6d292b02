//! The time of an event, as a reader has to tell it: `time_stamp` in four units, `local_time` in no known zone.

use chrono::{DateTime, Datelike, Timelike};

use super::event::Writer;
use super::fault::Fault;
use super::origin::put;
use super::page::number;
use super::visitor::Visitor;

const SECOND: i64 = 1_000_000;

impl Writer<'_> {
    /// Mostly whole seconds; the other units are a minority that a reader must tell apart.
    pub(super) fn time(&mut self) {
        let now = match self.fault {
            Some(Fault::NoTime) => return,
            Some(Fault::UnreadableTime) => return put(self.json, "\"time_stamp\":\"yesterday\","),
            Some(Fault::FutureTime) => self.now_micros + 86_400 * SECOND,
            // The seventies: before the web.
            Some(Fault::AncientTime) => 123_456_789 * SECOND,
            _ => self.now_micros,
        }
        .cast_unsigned();
        let (value, quote) = match self.dice.below(100) {
            0..82 => (now / 1_000_000, ""),
            82..90 => (now / 1_000, ""),
            90..93 => (now, ""),
            93..97 => (now / 1_000_000, "\""),
            _ => (now / 1_000, "\""),
        };
        put(self.json, "\"time_stamp\":");
        put(self.json, quote);
        number(self.json, value);
        put(self.json, quote);
        put(self.json, ",");
    }

    /// A wall clock that no reader may trust: on twelve hours, unpadded, or missing.
    pub(super) fn local_time(&mut self, visitor: &Visitor) {
        let seconds =
            self.now_micros.div_euclid(SECOND) + self.stores.get(visitor.store).offset * 3_600;
        let Some(now) = DateTime::from_timestamp(seconds, 0) else {
            return;
        };
        let (hour, pad) = match self.dice.below(100) {
            0..2 => return put(self.json, "\"local_time\":null,"),
            2..22 => (now.hour12().1, 1),
            _ => (now.hour(), 2),
        };
        put(self.json, "\"local_time\":\"");
        number(self.json, u64::from(now.year().unsigned_abs()));
        let parts = [
            ("-", now.month(), 2),
            ("-", now.day(), 2),
            (" ", hour, pad),
            (":", now.minute(), pad),
            (":", now.second(), pad),
        ];
        for (mark, part, width) in parts {
            put(self.json, mark);
            if width == 2 && part < 10 {
                put(self.json, "0");
            }
            number(self.json, u64::from(part));
        }
        put(self.json, "\",");
    }
}
