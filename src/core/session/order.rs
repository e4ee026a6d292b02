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
