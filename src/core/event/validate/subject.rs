//! What happened: the event's identity, its time and kind, its product, order and options.

use std::borrow::Cow;

use super::Validation;
use crate::event::attribute::Attribute;
use crate::event::choice::{self, Choice};
use crate::event::code::Code;
use crate::event::limits::MAX_KEY_BYTES;
use crate::event::option::Shape;
use crate::event::order::{self, OrderLine};
use crate::event::scalar::Key;
use crate::event::time_stamp::{self, Unread};
use crate::event::value::cut;
use crate::event::{collection, identity, nothing};

impl<'a> Validation<'a, '_> {
    /// `id`, else `_id`; the other one is kept. Empty where the message is refused.
    pub(super) fn id(&mut self) -> Cow<'a, str> {
        let [first, second] = [Attribute::Id, Attribute::UnderscoreId].map(|name| {
            match self.known.get(name).map_or(Key::Absent, Key::of) {
                // Everything that happened at one time would be one event.
                Key::Some(id) if nothing::is_word(&id) => Key::Refused,
                id => id,
            }
        });
        let id = match (first, second) {
            (Key::Some(id), other) => {
                if other != Key::Absent {
                    self.keep(Attribute::UnderscoreId);
                }
                id
            }
            (first, Key::Some(id)) => {
                if first == Key::Refused {
                    self.keep(Attribute::Id);
                }
                id
            }
            _ => {
                self.refusal
                    .add(Code::IdMissing, "neither id nor _id holds a value");
                return Cow::default();
            }
        };
        if id.len() > MAX_KEY_BYTES {
            self.refusal
                .add(Code::IdInvalid, "the id is longer than 255 bytes");
        } else if !identity::is_uuid(&id) {
            self.flags.insert(Code::IdInvalid);
        }
        id
    }

    pub(super) fn time(&mut self, now: i64) -> i64 {
        let time = match time_stamp::read(self.known.get(Attribute::TimeStamp)) {
            Ok(time) => time,
            Err(Unread::Missing) => {
                self.refusal.add(Code::TsMissing, "time_stamp is missing");
                return 0;
            }
            Err(Unread::Unparseable) => {
                self.refusal.add(
                    Code::TsUnparseable,
                    "time_stamp is not a positive epoch number",
                );
                return 0;
            }
        };
        if time.was_fixed {
            self.flags.insert(Code::TsUnitFixed);
        }
        if time.micros > now.saturating_add(self.policy.max_ahead) {
            self.refusal
                .add(Code::TsFuture, "time_stamp lies too far in the future");
        } else if time.micros < self.policy.oldest {
            self.refusal.add(
                Code::TsTooOld,
                "time_stamp lies before the oldest time allowed",
            );
        }
        time.micros
    }

    /// A kind too long for a key is cut, and kept whole in extras.
    pub(super) fn collection(&mut self) -> Cow<'a, str> {
        let Key::Some(name) = self
            .known
            .get(Attribute::Collection)
            .map_or(Key::Absent, Key::of)
        else {
            self.refusal
                .add(Code::CollectionMissing, "collection is missing");
            return Cow::default();
        };
        let (name, was_cut) = cut(name, MAX_KEY_BYTES);
        if was_cut {
            self.flags.insert(Code::KeyTooLong);
            self.keep(Attribute::Collection);
        }
        if !collection::is_known(&name) {
            self.flags.insert(Code::CollectionUnknown);
        }
        name
    }

    pub(super) fn product(&mut self, collection: &str) -> Option<Cow<'a, str>> {
        let product = self.key(Attribute::ProductId, None);
        // A key too long names a product all the same. (A collection that needs one is not too long itself.)
        let names_one = product.is_some() || self.flags.contains(Code::KeyTooLong);
        if !names_one && collection::needs_product(collection) {
            self.refusal
                .add(Code::ProductMissing, "an event about a product names none");
        }
        product
    }

    /// The order's id, of an event that places one.
    pub(super) fn order(&mut self, collection: &str) -> Option<Cow<'a, str>> {
        let order = self
            .known
            .get(Attribute::OrderId)
            .map_or(Key::Absent, Key::of);
        // All orders that are called `undefined` would be one.
        let is_named = matches!(&order, Key::Some(id) if !nothing::is_nobody(id));
        self.keep(Attribute::OrderId);
        if !collection::needs_order(collection) {
            return None;
        }
        match order {
            Key::Some(id) if is_named => {
                let (id, was_cut) = cut(id, MAX_KEY_BYTES);
                if was_cut {
                    self.flags.insert(Code::KeyTooLong);
                }
                Some(id)
            }
            _ => {
                self.refusal
                    .add(Code::OrderIdMissing, "a checkout_success has no order_id");
                None
            }
        }
    }

    /// The lines of the order, if the event places one; they are kept as they came too.
    pub(super) fn lines(&mut self, is_order: bool) -> Vec<OrderLine<'a>> {
        self.keep(Attribute::CartProducts);
        if !is_order {
            return Vec::new();
        }
        let order = order::lines(self.known.get(Attribute::CartProducts));
        self.flags = self.flags.union(order.codes);
        order.lines
    }

    /// What was chosen; the attribute is kept as it came too.
    pub(super) fn option(&mut self, current_url: Option<&str>) -> Vec<Choice> {
        let Some(raw) = self.known.get(Attribute::Option) else {
            return Vec::new();
        };
        let choices = choice::expand(Some(raw), current_url).choices;
        let shape = Shape::of(raw, self.policy.max_depth);
        if let Some(code) = shape.code() {
            self.flags.insert(code);
        }
        match shape {
            Shape::Unwrapped { json, was_mended } => {
                if was_mended {
                    self.flags.insert(Code::TextMended);
                }
                self.extras.keep(Attribute::Option.name(), json);
            }
            Shape::AsItCame | Shape::Object | Shape::Malformed => self.keep(Attribute::Option),
        }
        choices
    }
}
