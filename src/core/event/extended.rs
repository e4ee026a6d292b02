//! MongoDB's Extended JSON, as its connectors and exports write it: `{"$numberInt":"5"}`, `{"$date":…}`, `{"$oid":"…"}`.
//!
//! Knows all spellings (canonical, relaxed, strict of old) of what an attribute can hold, and no attribute: a wrapped
//! value is read as the plain one would be.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, NaiveDateTime};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::number::is_json_number;
use super::value::{Value, text};

/// What a JSON object stands for; [`Value::Other`] where it is none of MongoDB's.
pub fn read(object: &str) -> Value<'_> {
    serde_json::from_str(object)
        .ok()
        .and_then(|wrapper: Wrapper<'_>| wrapper.value())
        .unwrap_or(Value::Other)
}

/// The only member of an object, or both of a binary of old.
struct Wrapper<'a> {
    name: Cow<'a, str>,
    raw: &'a str,
    /// The value of `$type`, beside `$binary`.
    kind: Option<&'a str>,
}

impl<'a> Wrapper<'a> {
    fn value(&self) -> Option<Value<'a>> {
        if self.kind.is_some() && self.name != "$binary" {
            return None;
        }
        match &*self.name {
            "$numberInt" | "$numberLong" | "$numberDouble" | "$numberDecimal" => {
                number(self.raw).map(Value::Number)
            }
            "$oid" | "$uuid" | "$symbol" => match Value::of_string(self.raw) {
                Value::Other => None,
                said => Some(said),
            },
            "$date" => date(self.raw).map(Value::Time),
            "$timestamp" => seconds(self.raw)?.checked_mul(1_000_000).map(Value::Time),
            "$binary" => {
                let [base64, kind] = match self.kind {
                    Some(kind) => [self.raw, kind],
                    None => members(self.raw, ["base64", "subType"])?,
                };
                uuid(&text(base64)?, &text(kind)?).map(|uuid| Value::Text(Cow::Owned(uuid)))
            }
            "$undefined" => Some(Value::Absent),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Wrapper<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(WrapperVisitor)
    }
}

struct WrapperVisitor;

impl<'de> Visitor<'de> for WrapperVisitor {
    type Value = Wrapper<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a wrapped value")
    }

    /// Ends at the first member that no wrapper has, so that a large object costs nothing.
    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Wrapper<'de>, M::Error> {
        use serde::de::Error;
        let (mut wrapped, mut kind) = (None, None);
        while let Some(name) = object.next_key::<Cow<'de, str>>()? {
            if !name.starts_with('$') {
                return Err(M::Error::custom("no wrapper"));
            }
            let raw: &'de RawValue = object.next_value()?;
            match (&*name, &wrapped) {
                ("$type", _) => kind = Some(raw.get()),
                (_, None) => wrapped = Some((name, raw.get())),
                _ => return Err(M::Error::custom("two values")),
            }
        }
        let (name, raw) = wrapped.ok_or_else(|| M::Error::custom("nothing wrapped"))?;
        Ok(Wrapper { name, raw, kind })
    }
}

/// The raw values of exactly these members.
fn members<'a, const N: usize>(object: &'a str, names: [&str; N]) -> Option<[&'a str; N]> {
    let found: std::collections::BTreeMap<Cow<'a, str>, &'a RawValue> =
        serde_json::from_str(object).ok()?;
    if found.len() != N {
        return None;
    }
    let mut raws = [""; N];
    for (raw, name) in raws.iter_mut().zip(names) {
        *raw = found.get(name)?.get();
    }
    Some(raws)
}

/// A number, plain or as text; `NaN` and `Infinity` are none.
fn number(raw: &str) -> Option<&str> {
    let digits = match raw.strip_prefix('"') {
        Some(text) => text.strip_suffix('"')?,
        None => raw,
    };
    is_json_number(digits).then_some(digits)
}

/// Microseconds since the Unix epoch of a date: a number of milliseconds, plain or wrapped, or ISO 8601.
fn date(raw: &str) -> Option<i64> {
    let millis = match Value::of(raw) {
        Value::Number(millis) => millis.to_owned(),
        Value::Text(text) => match iso(text.trim()) {
            Some(micros) => return Some(micros),
            None => text.into_owned(),
        },
        _ => return None,
    };
    millis.parse::<i64>().ok()?.checked_mul(1_000)
}

/// With `Z`, an offset as `+02:00`, `+0200` or `+02`, or none, which is UTC.
fn iso(text: &str) -> Option<i64> {
    const WITH_OFFSET: &str = "%Y-%m-%dT%H:%M:%S%.f%#z";
    const WITHOUT: &str = "%Y-%m-%dT%H:%M:%S%.f";
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, WITH_OFFSET))
        .map(|time| time.timestamp_micros())
        .or_else(|_| {
            NaiveDateTime::parse_from_str(text, WITHOUT)
                .map(|time| time.and_utc().timestamp_micros())
        })
        .ok()
}

/// The seconds of an internal timestamp, `{"t":1591266086,"i":1}`.
fn seconds(raw: &str) -> Option<i64> {
    let [t, _] = members(raw, ["t", "i"])?;
    match Value::of(t) {
        Value::Number(seconds) => seconds.parse().ok(),
        _ => None,
    }
}

/// A UUID's sixteen bytes in base64; of subtype 3, too, in the order they stand in.
fn uuid(base64: &str, subtype: &str) -> Option<String> {
    let is_uuid = matches!(subtype.trim_start_matches('0'), "3" | "4");
    let bytes = is_uuid.then(|| sixteen(base64)).flatten()?;
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}")).ok()?;
    }
    Some(text)
}

fn sixteen(base64: &str) -> Option<[u8; 16]> {
    let digits = base64.trim_end_matches('=');
    if digits.len() != 22 {
        return None;
    }
    let mut bits: u128 = 0;
    for (place, digit) in digits.bytes().enumerate() {
        let six = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        // Of the last digit two bits count.
        bits = match place {
            21 => bits << 2 | u128::from(six >> 4),
            _ => bits << 6 | u128::from(six),
        };
    }
    Some(bits.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::event::scalar::Key;
    use crate::event::value::Value;

    #[test]
    fn a_wrapped_value_is_the_plain_one() {
        for (raw, expected) in [
            (r#"{"$numberInt":"96047"}"#, "96047"),
            (r#"{"$numberInt":"-1"}"#, "-1"),
            (r#"{ "$numberLong" : "1591266086000" }"#, "1591266086000"),
            (r#"{"$numberLong":1591266086000}"#, "1591266086000"),
            (r#"{"$numberDouble":"720251727.0"}"#, "720251727.0"),
            (r#"{"$numberDouble":"1.5E-5"}"#, "1.5E-5"),
            (r#"{"$numberDecimal":"880.00"}"#, "880.00"),
            (r#"{"\u0024numberInt":"1"}"#, "1"),
        ] {
            assert_eq!(read(raw), Value::Number(expected), "{raw}");
        }
        for (raw, expected) in [
            (
                r#"{"$oid":"5ed8cb25e73652372a131289"}"#,
                "5ed8cb25e73652372a131289",
            ),
            (
                r#"{"$uuid":"0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7"}"#,
                "0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7",
            ),
            (
                r#"{"$binary":{"base64":"AZChssPUfl+AkaKzxNXm9w==","subType":"04"}}"#,
                "0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7",
            ),
            (
                r#"{"$binary":{"subType":"4","base64":"AZChssPUfl-AkaKzxNXm9w"}}"#,
                "0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7",
            ),
            (
                r#"{"$binary":"AZChssPUfl+AkaKzxNXm9w==","$type":"03"}"#,
                "0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7",
            ),
        ] {
            assert_eq!(read(raw), Value::Text(expected.into()), "{raw}");
        }
        assert_eq!(read(r#"{"$undefined":true}"#), Value::Absent);
        assert_eq!(read(r#"{"$oid":" "}"#), Value::Absent);
        assert_eq!(
            Key::of(r#"{"$numberDouble":"96047.0"}"#),
            Key::Some("96047".into())
        );
        assert_eq!(Key::of(r#"{"$numberDouble":"96047.5"}"#), Key::Refused);
    }

    #[test]
    fn a_date_is_a_time_however_it_is_written() {
        for raw in [
            r#"{"$date":1591266086000}"#,
            r#"{"$date":"1591266086000"}"#,
            r#"{"$date":{"$numberLong":"1591266086000"}}"#,
            r#"{"$date":"2020-06-04T10:21:26Z"}"#,
            r#"{"$date":"2020-06-04T10:21:26.000Z"}"#,
            r#"{"$date":"2020-06-04T12:21:26.000+0200"}"#,
            r#"{"$date":"2020-06-04T12:21:26+02:00"}"#,
            r#"{"$date":"2020-06-04T12:21:26+02"}"#,
            r#"{"$date":"2020-06-04T10:21:26"}"#,
            r#"{"$timestamp":{"t":1591266086,"i":1}}"#,
            r#"{"$timestamp":{"i":1,"t":{"$numberLong":"1591266086"}}}"#,
        ] {
            assert_eq!(read(raw), Value::Time(1_591_266_086_000_000), "{raw}");
        }
        assert_eq!(
            read(r#"{"$date":{"$numberLong":"-1"}}"#),
            Value::Time(-1_000)
        );
        assert_eq!(
            read(r#"{"$date":"2020-06-04T10:21:26.25Z"}"#),
            Value::Time(1_591_266_086_250_000)
        );
    }

    #[test]
    fn what_is_not_mongodb_s_stays_an_object() {
        for raw in [
            "{}",
            r#"{"a":1}"#,
            r#"{"numberInt":"1"}"#,
            r#"{"$numberInt":"1","b":2}"#,
            r#"{"b":2,"$numberInt":"1"}"#,
            r#"{"$numberInt":"1","$numberLong":"2"}"#,
            r#"{"$numberInt":""}"#,
            r#"{"$numberInt":"0x1"}"#,
            r#"{"$numberInt":true}"#,
            r#"{"$numberInt":{"$numberInt":"1"}}"#,
            r#"{"$numberDouble":"NaN"}"#,
            r#"{"$numberDouble":"-Infinity"}"#,
            r#"{"$oid":1}"#,
            r#"{"$oid":null}"#,
            r#"{"$oid":"a","$type":"04"}"#,
            r#"{"$date":"yesterday"}"#,
            r#"{"$date":null}"#,
            r#"{"$date":"9223372036854775807"}"#,
            r#"{"$date":{"$numberLong":"9223372036854775807"}}"#,
            r#"{"$timestamp":{"t":9223372036854775807,"i":1}}"#,
            r#"{"$timestamp":5}"#,
            r#"{"$binary":{"base64":"AAAA","subType":"04"}}"#,
            r#"{"$binary":{"base64":"AZChssPUfl+AkaKzxNXm9w==","subType":"00"}}"#,
            r#"{"$minKey":1}"#,
            r#"{"$regularExpression":{"pattern":"a","options":""}}"#,
        ] {
            assert_eq!(read(raw), Value::Other, "{raw}");
        }
    }
}
