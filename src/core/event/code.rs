//! The validation codes: what can be odd about a message, what becomes of it, and what a person can do.
//!
//! A code's number is stored (it is a bit position in a `bigint`), so numbers are never reused or moved.

use std::fmt;

/// What becomes of a message that bears a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Kept aside with its raw bytes, to be re-driven after a mend.
    Quarantine,
    /// Loaded, and counted as odd.
    Warn,
    /// Loaded after an unambiguous repair.
    Fix,
    /// Counted and let go.
    Drop,
}

impl Action {
    pub const fn name(self) -> &'static str {
        match self {
            Action::Quarantine => "quarantine",
            Action::Warn => "warn",
            Action::Fix => "fix",
            Action::Drop => "drop",
        }
    }
}

macro_rules! codes {
    ($($variant:ident = $number:literal, $name:literal, $action:ident, $meaning:literal;)*) => {
        /// One finding about a message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Code { $(#[doc = $meaning] $variant = $number,)* }

        impl Code {
            /// Every code, by number.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The name that people and reports use.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// What normally becomes of the message. (An `id` too long to store is `ID_INVALID` and quarantined.)
            pub const fn action(self) -> Action {
                match self { $(Code::$variant => Action::$action,)* }
            }

            /// What it means and what to do, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $meaning,)* }
            }
        }
    };
}

codes! {
    PayloadTombstone = 0, "PAYLOAD_TOMBSTONE", Drop,
        "The message has no payload (a Kafka tombstone); nothing to do.";
    PayloadNotJson = 1, "PAYLOAD_NOT_JSON", Quarantine,
        "The payload is not JSON, often because it was cut short; mend the producer, or the message with starsink.mend(), then re-drive.";
    PayloadNotObject = 2, "PAYLOAD_NOT_OBJECT", Quarantine,
        "The payload is JSON but no object; make it one with starsink.mend(), then re-drive.";
    PayloadBadUtf8 = 3, "PAYLOAD_BAD_UTF8", Quarantine,
        "The payload is not UTF-8; recode it with starsink.mend(), then re-drive.";
    PayloadTooLarge = 4, "PAYLOAD_TOO_LARGE", Quarantine,
        "The payload is longer than the setting allows; raise the limit if it is genuine, then re-drive.";
    PayloadTooDeep = 5, "PAYLOAD_TOO_DEEP", Quarantine,
        "Objects and arrays are nested deeper than the setting allows; raise the limit if it is genuine, then re-drive.";
    IdMissing = 6, "ID_MISSING", Quarantine,
        "Neither id nor _id holds a value, so a redelivery could not be told from a new event; mend the producer, then re-drive.";
    IdInvalid = 7, "ID_INVALID", Warn,
        "The id is not a UUID; it is used as it is, but quarantined when it is longer than 255 bytes.";
    IdReused = 8, "ID_REUSED", Warn,
        "The id stands on events of different times; both are kept, look at how the producer makes its ids.";
    DupNatural = 9, "DUP_NATURAL", Drop,
        "The same event came again (same id, time and payload); nothing to do.";
    DupSynthetic = 10, "DUP_SYNTHETIC", Quarantine,
        "An event with the same id and time but another payload was there first; compare the two, then starsink.discard() it, or give it an id of its own with starsink.mend() and re-drive.";
    CollectionMissing = 11, "COLLECTION_MISSING", Quarantine,
        "The event does not say what kind it is; mend the producer, then re-drive.";
    CollectionUnknown = 12, "COLLECTION_UNKNOWN", Warn,
        "The kind of event is new to the warehouse; it is kept and grouped by its name; nothing to do.";
    TsMissing = 13, "TS_MISSING", Quarantine,
        "The event has no time_stamp; mend the producer, then re-drive.";
    TsUnparseable = 14, "TS_UNPARSEABLE", Quarantine,
        "The time_stamp is not a positive number of seconds, milli-, micro- or nanoseconds; mend it with starsink.mend(), then re-drive.";
    TsFuture = 15, "TS_FUTURE", Quarantine,
        "The time_stamp lies further ahead of the clock than allowed; check the clocks, then re-drive once the time has come.";
    TsTooOld = 16, "TS_TOO_OLD", Quarantine,
        "The time_stamp lies before the oldest time allowed; lower the limit if it is genuine, then re-drive.";
    TsUnitFixed = 17, "TS_UNIT_FIXED", Fix,
        "The time_stamp was not a number of milliseconds; its unit was told from its magnitude.";
    LocaltimeBad = 18, "LOCALTIME_BAD", Warn,
        "The local_time is not a date and time; it is left blank, the event's time comes from time_stamp.";
    ProductMissing = 19, "PRODUCT_MISSING", Quarantine,
        "An event about a product does not name the product; mend the producer, then re-drive.";
    StoreMissing = 20, "STORE_MISSING", Warn,
        "The event names no store; its store is the blank member, -3.";
    StoreUnknown = 21, "STORE_UNKNOWN", Warn,
        "The store is new to the warehouse; complete it with starsink.merge_store().";
    DeviceMissing = 22, "DEVICE_MISSING", Warn,
        "The event names no device, so it belongs to no session.";
    UrlInvalid = 23, "URL_INVALID", Warn,
        "The current_url is no URL with a host; it is kept as text.";
    ReferrerInvalid = 24, "REFERRER_INVALID", Warn,
        "The referrer is no URL; it is kept as text.";
    IpInvalid = 25, "IP_INVALID", Warn,
        "The ip is no IP address; the visitor's country is unknown.";
    IpPrivate = 26, "IP_PRIVATE", Warn,
        "The ip is not a public address; the visitor's country is unknown, check the proxy in front of the shop.";
    EmailInvalid = 27, "EMAIL_INVALID", Warn,
        "The e-mail is no address; it does not identify the customer.";
    UaEmpty = 28, "UA_EMPTY", Warn,
        "The event has no user agent; browser and device are unknown.";
    UaBot = 29, "UA_BOT", Warn,
        "The user agent is a robot's; reports leave the event out unless asked.";
    OptionCoerced = 30, "OPTION_COERCED", Fix,
        "The option was an object or JSON in a string; it is read as if it had been written as an array.";
    OptionMalformed = 31, "OPTION_MALFORMED", Warn,
        "The option has none of the known shapes; it is kept as it came and selects nothing.";
    PriceUnparseable = 32, "PRICE_UNPARSEABLE", Warn,
        "A price is no number; the order line has no amount and adds no revenue.";
    CurrencyUnknown = 33, "CURRENCY_UNKNOWN", Warn,
        "A currency is not known; teach it with starsink.teach_currency() and the lines are priced.";
    FxMissing = 34, "FX_MISSING", Warn,
        "There is no exchange rate near the event's day; load rates with starsink.load_exchange_rates() and the amount is converted.";
    OrderIdMissing = 35, "ORDER_ID_MISSING", Quarantine,
        "A checkout_success has no order_id, so its order could be counted twice; mend it with starsink.mend(), then re-drive.";
    EnrichFailed = 36, "ENRICH_FAILED", Warn,
        "Something that should be looked up for the event could not be; the event is loaded without it.";
    KeyTooLong = 37, "KEY_TOO_LONG", Warn,
        "A key is longer than 255 bytes; it is left out of its column and kept in extras.";
    TextMended = 38, "TEXT_MENDED", Fix,
        "NUL characters were removed or lone surrogates replaced by U+FFFD, as no database text can hold them.";
    NumberMended = 39, "NUMBER_MENDED", Fix,
        "A number beyond what numeric can hold is kept as a string.";
    LoadRefused = 40, "LOAD_REFUSED", Quarantine,
        "The table refused the row; read the detail, mend the cause, then re-drive.";
    AmountUnparseable = 41, "AMOUNT_UNPARSEABLE", Warn,
        "How many of a product were ordered is no plain number: with a unit behind it (2 pcs) the number counts, else the order line adds no revenue.";
    LineProductInvalid = 42, "LINE_PRODUCT_INVALID", Warn,
        "An order line names a product that is no key, or is no line at all; its product is the unknown member, -1.";
    LinesTooMany = 43, "LINES_TOO_MANY", Quarantine,
        "The order has more lines than the setting allows; raise the limit if it is genuine, then re-drive.";
    DecodeFailed = 44, "DECODE_FAILED", Quarantine,
        "The message met a fault of starsink's own; report it with the payload, and re-drive with a version that mends it.";
    AddressMasked = 45, "ADDRESS_MASKED", Fix,
        "An e-mail address stood in a link, a search or another text; it is kept as starsink.keep_email says.";
}

impl Code {
    const fn bit(self) -> u64 {
        1 << self as u8
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A set of codes; as bits, what a `bigint` column holds.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Codes(u64);

impl Codes {
    pub const EMPTY: Codes = Codes(0);

    pub const fn of(code: Code) -> Codes {
        Codes(code.bit())
    }

    pub fn insert(&mut self, code: Code) {
        self.0 |= code.bit();
    }

    pub const fn contains(self, code: Code) -> bool {
        self.0 & code.bit() != 0
    }

    pub const fn union(self, other: Codes) -> Codes {
        Codes(self.0 | other.0)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// By number; bits that no code of this version has are skipped.
    pub fn iter(self) -> impl Iterator<Item = Code> {
        Code::ALL
            .iter()
            .copied()
            .filter(move |code| self.contains(*code))
    }

    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The inverse of [`Codes::bits`]; bits of a newer version are kept.
    pub const fn from_bits(bits: u64) -> Codes {
        Codes(bits)
    }
}

impl FromIterator<Code> for Codes {
    fn from_iter<I: IntoIterator<Item = Code>>(codes: I) -> Codes {
        codes
            .into_iter()
            .fold(Codes::EMPTY, |set, code| set.union(Codes::of(code)))
    }
}

impl fmt::Debug for Codes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set()
            .entries(self.iter().map(Code::name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Codes};

    #[test]
    fn numbers_are_distinct_ordered_and_fit_a_bigint() {
        for pair in Code::ALL.windows(2) {
            assert!(
                (pair[0] as u8) < pair[1] as u8,
                "{} before {}",
                pair[0],
                pair[1]
            );
        }
        assert!(
            Code::ALL.iter().all(|code| (*code as u8) < 63),
            "bit 63 is the sign"
        );
    }

    #[test]
    fn stored_numbers_never_move() {
        let stored = [
            (Code::PayloadTombstone, 0),
            (Code::TsMissing, 13),
            (Code::UaBot, 29),
            (Code::LoadRefused, 40),
            (Code::AmountUnparseable, 41),
            (Code::LineProductInvalid, 42),
            (Code::LinesTooMany, 43),
            (Code::DecodeFailed, 44),
            (Code::AddressMasked, 45),
        ];
        for (code, number) in stored {
            assert_eq!(code as u8, number, "{code}");
        }
        assert_eq!(Code::ALL.len(), 46, "a new code takes the next number");
    }

    #[test]
    fn names_and_meanings_are_for_people() {
        for code in Code::ALL {
            let name = code.name();
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'),
                "{name}"
            );
            assert_eq!(
                name.replace('_', "").to_lowercase(),
                format!("{code:?}").to_lowercase()
            );
            assert!(code.meaning().ends_with('.'), "{name}");
        }
    }

    #[test]
    fn a_set_keeps_what_was_put_in_through_its_bits() {
        let mut set = Codes::default();
        assert!(set.is_empty());
        set.insert(Code::UaBot);
        set.insert(Code::TsUnitFixed);
        let back = Codes::from_bits(set.bits());
        assert_eq!(
            back.iter().collect::<Vec<_>>(),
            [Code::TsUnitFixed, Code::UaBot]
        );
        assert!(back.contains(Code::UaBot) && !back.contains(Code::UaEmpty) && !back.is_empty());
        assert_eq!(back.bits(), 1 << 17 | 1 << 29);
    }
}
