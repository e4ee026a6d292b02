//! How a message goes bad, and the code it must be quarantined under.

use super::dice::Dice;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    Truncated,
    NotJson,
    NotObject,
    BadUtf8,
    TooDeep,
    NoId,
    NoCollection,
    NoTime,
    UnreadableTime,
    FutureTime,
    AncientTime,
    NoProduct,
    NoOrder,
}

impl Fault {
    pub const ALL: [Fault; 13] = [
        Fault::Truncated,
        Fault::NotJson,
        Fault::NotObject,
        Fault::BadUtf8,
        Fault::TooDeep,
        Fault::NoId,
        Fault::NoCollection,
        Fault::NoTime,
        Fault::UnreadableTime,
        Fault::FutureTime,
        Fault::AncientTime,
        Fault::NoProduct,
        Fault::NoOrder,
    ];

    pub(super) fn any(dice: &mut Dice) -> Fault {
        dice.pick(&Fault::ALL)
    }

    pub fn code(self) -> &'static str {
        match self {
            Fault::Truncated | Fault::NotJson => "PAYLOAD_NOT_JSON",
            Fault::NotObject => "PAYLOAD_NOT_OBJECT",
            Fault::BadUtf8 => "PAYLOAD_BAD_UTF8",
            Fault::TooDeep => "PAYLOAD_TOO_DEEP",
            Fault::NoId => "ID_MISSING",
            Fault::NoCollection => "COLLECTION_MISSING",
            Fault::NoTime => "TS_MISSING",
            Fault::UnreadableTime => "TS_UNPARSEABLE",
            Fault::FutureTime => "TS_FUTURE",
            Fault::AncientTime => "TS_TOO_OLD",
            Fault::NoProduct => "PRODUCT_MISSING",
            Fault::NoOrder => "ORDER_ID_MISSING",
        }
    }
}
