//! An order: its first success, and what its lines are worth.

use super::hit::Context;

/// Amounts are kept in ten-thousandths.
pub const SCALE: i128 = 10_000;
/// A line worth this much or more, in the base currency, is a mistake: it adds nothing and the order is not valued.
pub const MAX_AMOUNT: i128 = 10_000_000_000 * SCALE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub product: i32,
    /// First alloy, first primary stone, and all that is chosen.
    pub alloy: i32,
    pub diamond: i32,
    pub combination: i32,
    /// Ten-thousandths of a piece.
    pub quantity: i128,
    /// Ten-thousandths of the base currency; 0 without a rate.
    pub revenue: i128,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: Box<str>,
    pub time: i64,
    pub event_id: Box<str>,
    /// Negative where the event names none.
    pub device: i32,
    pub is_bot: bool,
    pub context: Context,
    pub geography: i32,
    /// Start of the session that holds it, and that session's source of traffic; `None` and -1 without a device.
    pub session: Option<i64>,
    pub campaign: i32,
    pub lines: Vec<Line>,
    /// Every line has an amount.
    pub is_valued: bool,
}

impl Order {
    pub fn quantity(&self) -> i128 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    pub fn revenue(&self) -> i128 {
        self.lines.iter().map(|line| line.revenue).sum()
    }

    /// Whether its success is earlier than another one of the same order.
    pub fn is_before(&self, other: &Order) -> bool {
        (self.time, &self.event_id) < (other.time, &other.event_id)
    }
}

/// A numeric in ten-thousandths, rounded half up; `None` where it is blank or no number that fits.
pub fn amount(text: &str) -> Option<i128> {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1, text), |digits| (-1, digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty()
        || !whole
            .bytes()
            .chain(decimals.bytes())
            .all(|digit| digit.is_ascii_digit())
    {
        return None;
    }
    let mut value: i128 = whole
        .parse()
        .ok()
        .filter(|whole| *whole < i128::MAX / SCALE / 10)?;
    let mut places = decimals.bytes().map(|digit| i128::from(digit - b'0'));
    for _ in 0..4 {
        value = value * 10 + places.next().unwrap_or(0);
    }
    Some(sign * (value + i128::from(places.next().is_some_and(|digit| digit >= 5))))
}
