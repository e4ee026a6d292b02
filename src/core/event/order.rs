//! The lines of an order, from `cart_products`: an array, an object keyed by position, or either as JSON in a string.

mod json;

use std::borrow::Cow;

use rust_decimal::Decimal;

use json::{Entries, Fields};

use super::code::{Code, Codes};
use super::limits::MAX_KEY_BYTES;
use super::nothing;
use super::price;
use super::scalar::Key;
use super::value::{Value, cut, text, trimmed};
use crate::text::mend;

/// Most lines that any policy allows; of an order with more, one more is read, so that it is seen.
pub const MAX_LINES: usize = 10_000;

/// One product of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine<'a> {
    /// Position in the JSON, from 1; entries that are no object have one too, but make no line.
    pub line: i32,
    /// Refused: the line names one that is no key.
    pub product_id: Key<'a>,
    /// 1 where the line does not say; `None` where it is no number.
    pub quantity: Option<Decimal>,
    /// `None` where there is no price, or one that cannot be read.
    pub unit_price: Option<Decimal>,
    /// As it was written: the line's own, else the one beside the price.
    pub currency: Option<Cow<'a, str>>,
    /// Raw JSON of any shape; out of a string, of any depth too.
    pub option: Option<Cow<'a, str>>,
}

/// The lines of one order, and what was odd about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines<'a> {
    pub lines: Vec<OrderLine<'a>>,
    pub codes: Codes,
}

/// Reads `cart_products`, a well-formed JSON value without surrounding space. What is no list of products has no lines.
pub fn lines(raw: Option<&str>) -> Lines<'_> {
    match raw {
        Some(raw) if raw.starts_with('"') => unwrapped(raw).unwrap_or_default(),
        Some(raw) => Lines::of(raw),
        None => Lines::default(),
    }
}

fn unwrapped(raw: &str) -> Option<Lines<'_>> {
    let json = match text(raw)? {
        Cow::Borrowed(json) => return Some(Lines::of(json)),
        Cow::Owned(json) => json,
    };
    let mended = mend::mended(&json);
    let mut lines = Lines::of(mended.as_deref().unwrap_or(&json));
    if mended.is_some() {
        lines.codes.insert(Code::TextMended);
    }
    Some(Lines {
        lines: lines.lines.into_iter().map(OrderLine::into_owned).collect(),
        codes: lines.codes,
    })
}

impl<'a> Lines<'a> {
    fn of(json: &'a str) -> Lines<'a> {
        let mut codes = Codes::EMPTY;
        let entries = match serde_json::from_str(json) {
            Ok(entries) => entries,
            Err(_) if says_nothing(json) => Entries::default(),
            Err(_) => {
                codes.insert(Code::LineProductInvalid);
                Entries::default()
            }
        };
        if entries.others {
            codes.insert(Code::LineProductInvalid);
        }
        let lines = entries
            .objects
            .into_iter()
            .map(|(line, raw)| OrderLine::of(line, raw, &mut codes))
            .collect();
        Lines { lines, codes }
    }
}

impl<'a> OrderLine<'a> {
    fn of(line: i32, raw: &'a str, codes: &mut Codes) -> OrderLine<'a> {
        let fields: Fields<'a> = serde_json::from_str(raw).unwrap_or_default();
        let (unit_price, beside) = match fields.price.map_or(Value::Absent, Value::of) {
            Value::Absent => (None, None),
            price => priced(price).unwrap_or_else(|| {
                codes.insert(Code::PriceUnparseable);
                (None, None)
            }),
        };
        OrderLine {
            line,
            product_id: product_id(fields.product_id, codes),
            quantity: quantity(fields.amount, codes),
            unit_price,
            currency: currency(fields.currency).or(beside),
            option: fields.option.map(Cow::Borrowed),
        }
    }

    fn into_owned(self) -> OrderLine<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        OrderLine {
            line: self.line,
            product_id: match self.product_id {
                Key::Some(id) => Key::Some(owned(id)),
                Key::Absent => Key::Absent,
                Key::Refused => Key::Refused,
            },
            quantity: self.quantity,
            unit_price: self.unit_price,
            currency: self.currency.map(owned),
            option: self.option.map(owned),
        }
    }
}

/// The amount, and the currency that stands beside it.
fn priced(price: Value<'_>) -> Option<(Option<Decimal>, Option<Cow<'_, str>>)> {
    match price {
        Value::Number(number) => Some((Some(price::number(number)?), None)),
        Value::Text(Cow::Borrowed(text)) => {
            let price = price::parse(text)?;
            Some((Some(price.amount), price.currency.map(Cow::Borrowed)))
        }
        Value::Text(Cow::Owned(text)) => {
            let price = price::parse(&text)?;
            let currency = price
                .currency
                .map(|currency| Cow::Owned(currency.to_owned()));
            Some((Some(price.amount), currency))
        }
        Value::Absent | Value::Time(_) | Value::Other => None,
    }
}

fn product_id<'a>(raw: Option<&'a str>, codes: &mut Codes) -> Key<'a> {
    match raw.map_or(Key::Absent, Key::of) {
        Key::Some(key) if key.len() > MAX_KEY_BYTES => {
            codes.insert(Code::KeyTooLong);
            Key::Refused
        }
        Key::Some(key) if !nothing::is_word(&key) => Key::Some(key),
        Key::Absent => Key::Absent,
        Key::Some(_) | Key::Refused => {
            codes.insert(Code::LineProductInvalid);
            Key::Refused
        }
    }
}

/// Shops write how many as programs do (`"1.000"` is one), or else as they write prices; some with a unit.
fn quantity(raw: Option<&str>, codes: &mut Codes) -> Option<Decimal> {
    let quantity = match raw.map_or(Value::Absent, Value::of) {
        Value::Absent => return Some(Decimal::ONE),
        Value::Number(number) => price::number(number),
        Value::Text(text) => match price::number(text.trim()) {
            None => match price::parse(&text) {
                Some(price) if price.currency.is_none() => Some(price.amount),
                _ => {
                    codes.insert(Code::AmountUnparseable);
                    price::measured(&text)
                }
            },
            number => number,
        },
        Value::Time(_) | Value::Other => None,
    };
    if quantity.is_none() {
        codes.insert(Code::AmountUnparseable);
    }
    quantity
}

/// Whether the JSON is no list because there is none.
fn says_nothing(json: &str) -> bool {
    let json = json.trim();
    let word = text(json).unwrap_or(Cow::Borrowed(json));
    word.trim().is_empty() || (json != "true" && nothing::is_word(word.trim()))
}

/// What is no text names a currency too: one that nobody knows.
fn currency(raw: Option<&str>) -> Option<Cow<'_, str>> {
    let raw = raw?;
    let name = match Value::of(raw) {
        Value::Absent => return None,
        Value::Text(text) => trimmed(text),
        Value::Number(_) | Value::Time(_) | Value::Other => Cow::Borrowed(raw),
    };
    Some(cut(name, MAX_KEY_BYTES).0)
}

#[cfg(test)]
mod tests;
