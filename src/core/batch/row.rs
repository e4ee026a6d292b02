//! The row of `warehouse.fact_event` in PostgreSQL's binary COPY format: a field count, then length and bytes of each
//! field, big-endian. Columns of fixed width come first, so that the audit key and the dimension keys stand at the
//! same place in every row and can be put in when they are known.

use crate::time::POSTGRES_EPOCH;
use std::net::IpAddr;

use super::{Frame, Origin};
use crate::dimension::table::Dimension;
use crate::event::code::Codes;
use crate::event::event::Event;
use crate::event::policy::KeepIp;
use crate::event::privacy::kept_ip;

const BEFORE_KEYS: [&str; 4] = ["event_time", "audit_key", "date_key", "time_key"];
const AFTER_KEYS: [&str; 13] = [
    "kafka_partition",
    "kafka_offset",
    "quality_flags",
    "payload_hash",
    "is_bot",
    "event_id",
    "kafka_topic",
    "kafka_time",
    "current_url",
    "referrer_url",
    "ip",
    "local_time",
    "extras",
];

/// The columns, in the order of the image: the dimensions' keys stand in the middle.
pub const COLUMNS: [&str; BEFORE_KEYS.len() + Dimension::COUNT + AFTER_KEYS.len()] = {
    let mut columns = [""; BEFORE_KEYS.len() + Dimension::COUNT + AFTER_KEYS.len()];
    let mut at = 0;
    while at < columns.len() {
        let after = at.checked_sub(BEFORE_KEYS.len() + Dimension::COUNT);
        columns[at] = match after {
            Some(after) => AFTER_KEYS[after],
            None if at < BEFORE_KEYS.len() => BEFORE_KEYS[at],
            None => Dimension::ALL[at - BEFORE_KEYS.len()].table().key,
        };
        at += 1;
    }
    columns
};

/// What comes before the rows of a binary COPY, and after them.
pub const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
pub const TRAILER: &[u8] = &(-1_i16).to_be_bytes();

const COUNT: usize = 2;
const BIG: usize = 4 + 8;
const INT: usize = 4 + 4;
const AUDIT_KEY: usize = COUNT + BIG + 4;
const FIRST_DIMENSION: usize = COUNT + 2 * BIG + 2 * INT + 4;
const QUALITY_FLAGS: usize = COUNT + 2 * BIG + 2 * INT + Dimension::COUNT * INT + INT + BIG + 4;
const EVENT_ID: usize = QUALITY_FLAGS - 4 + 2 * BIG + (4 + 1);

/// Puts the keys in their places.
pub fn set_keys(image: &mut [u8], audit_key: i64, dimension_keys: &[i32; Dimension::COUNT]) {
    image[AUDIT_KEY..AUDIT_KEY + 8].copy_from_slice(&audit_key.to_be_bytes());
    for (dimension, key) in dimension_keys.iter().enumerate() {
        let at = FIRST_DIMENSION + dimension * INT;
        image[at..at + 4].copy_from_slice(&key.to_be_bytes());
    }
}

/// Sets these flags of the row to `found` and leaves the others.
pub fn set_flags(image: &mut [u8], these: Codes, found: Codes) {
    let mut bits = [0; 8];
    bits.copy_from_slice(&image[QUALITY_FLAGS..QUALITY_FLAGS + 8]);
    let others = u64::from_be_bytes(bits) & !these.bits();
    image[QUALITY_FLAGS..QUALITY_FLAGS + 8].copy_from_slice(&(others | found.bits()).to_be_bytes());
}

/// Reads the event id back.
pub fn event_id(image: &[u8]) -> &str {
    let mut length = [0; 4];
    length.copy_from_slice(&image[EVENT_ID..EVENT_ID + 4]);
    let start = EVENT_ID + 4;
    std::str::from_utf8(&image[start..start + u32::from_be_bytes(length) as usize])
        .unwrap_or_default()
}

/// Appends rows to a buffer.
pub struct RowWriter<'b> {
    out: &'b mut Vec<u8>,
}

impl<'b> RowWriter<'b> {
    pub fn new(out: &'b mut Vec<u8>) -> RowWriter<'b> {
        RowWriter { out }
    }

    pub fn write(
        &mut self,
        frame: &mut Frame,
        origin: &Origin<'_>,
        event: &Event<'_>,
        payload_hash: i64,
    ) {
        let (date_key, time_key) = frame.calendar.day_and_minute(event.time);
        self.out
            .extend_from_slice(&(COLUMNS.len() as i16).to_be_bytes());
        self.big(event.time - POSTGRES_EPOCH);
        self.big(0);
        self.int(date_key);
        self.int(time_key);
        for _ in Dimension::ALL {
            self.int(0);
        }
        self.int(origin.partition);
        self.big(origin.offset);
        self.big(event.flags.bits() as i64);
        self.big(payload_hash);
        self.bytes(&[u8::from(event.agent.is_bot)]);
        self.bytes(event.id.as_bytes());
        self.bytes(frame.topic.as_bytes());
        self.optional_big(kafka_time(origin.time_ms));
        self.optional(event.current_url.as_deref());
        self.optional(event.referrer_url.as_deref());
        self.address(event.ip, frame.policy.keep_ip);
        self.optional_big(
            event
                .local_time
                .map(|time| time.and_utc().timestamp_micros() - POSTGRES_EPOCH),
        );
        self.json(event.extras.as_deref());
    }

    fn int(&mut self, value: i32) {
        self.bytes(&value.to_be_bytes());
    }

    fn big(&mut self, value: i64) {
        self.bytes(&value.to_be_bytes());
    }

    fn length(&mut self, length: usize) {
        self.out.extend_from_slice(&(length as i32).to_be_bytes());
    }

    fn bytes(&mut self, value: &[u8]) {
        self.length(value.len());
        self.out.extend_from_slice(value);
    }

    fn null(&mut self) {
        self.out.extend_from_slice(&(-1_i32).to_be_bytes());
    }

    fn optional(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.bytes(value.as_bytes()),
            None => self.null(),
        }
    }

    fn optional_big(&mut self, value: Option<i64>) {
        match value {
            Some(value) => self.big(value),
            None => self.null(),
        }
    }

    /// inet: family, bits of the netmask, "is cidr", length, address.
    fn address(&mut self, ip: Option<IpAddr>, keep: KeepIp) {
        const IPV4: u8 = 2;
        const IPV6: u8 = 3;
        let truncated = keep == KeepIp::Truncated;
        match ip.and_then(|ip| kept_ip(ip, keep)) {
            None => self.null(),
            Some(IpAddr::V4(ip)) => {
                self.length(8);
                self.out
                    .extend_from_slice(&[IPV4, if truncated { 24 } else { 32 }, 0, 4]);
                self.out.extend_from_slice(&ip.octets());
            }
            Some(IpAddr::V6(ip)) => {
                self.length(20);
                self.out
                    .extend_from_slice(&[IPV6, if truncated { 48 } else { 128 }, 0, 16]);
                self.out.extend_from_slice(&ip.octets());
            }
        }
    }

    /// jsonb: a version, then the text.
    fn json(&mut self, value: Option<&str>) {
        match value {
            Some(value) => {
                self.length(1 + value.len());
                self.out.push(1);
                self.out.extend_from_slice(value.as_bytes());
            }
            None => self.null(),
        }
    }
}

/// A message's timestamp in PostgreSQL's terms, if it has one that a person could have meant.
fn kafka_time(time_ms: i64) -> Option<i64> {
    const LAST: i64 = 253_402_300_799_000;
    (0..=LAST)
        .contains(&time_ms)
        .then(|| time_ms * 1000 - POSTGRES_EPOCH)
}
