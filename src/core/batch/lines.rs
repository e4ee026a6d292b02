//! The lines of orders in a batch, beside the rows of their events.

/// One line of an order. Figures are text: they go to the database as numeric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Index into the batch's rows.
    pub row: usize,
    /// Place in the order, from 1.
    pub number: i32,
    pub date_key: i32,
    pub time_key: i32,
    pub is_bot: bool,
    pub order_id: String,
    /// Member of the product dimension, or a special key.
    pub product: i32,
    /// Members of the first alloy, the first primary stone and the combination of all, or special keys.
    pub alloy: i32,
    pub stone: i32,
    pub combination: i32,
    pub quantity: Option<String>,
    pub unit_price: Option<String>,
    /// The currency's token, normalised.
    pub currency: Option<String>,
}

impl Line {
    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        const HEAP: usize = 16;
        let texts = [&self.quantity, &self.unit_price, &self.currency];
        let texts = texts.into_iter().flatten().chain([&self.order_id]);
        size_of::<Line>() + texts.map(|text| text.len() + HEAP).sum::<usize>()
    }
}
