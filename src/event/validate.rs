//! Attributes -> [`Event`], or every reason that refuses them.
//!
//! A known attribute either becomes a field, or is refused and kept in `extras` under its own name; personal data
//! goes to `extras` only where the policy keeps it in full.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::NaiveDateTime;

use super::attribute::{Attribute, Known};
use super::code::{Code, Codes};
use super::decode::Attributes;
use super::event::{Agent, Event, MAX_AGENT_BYTES, MAX_KEY_BYTES, MAX_URL_BYTES, Referrer};
use super::extras::Extras;
use super::option::Shape;
use super::policy::{KeepEmail, KeepIp, Policy};
use super::referrer::{Links, Page};
use super::refusal::Refusal;
use super::time_stamp::{self, Unread};
use super::user_agent::Agents;
use super::value::{Key, Value, cut};
use super::{address, collection, email, identity, local_time};

/// One message under examination.
#[derive(Debug)]
pub struct Validation<'a, 'p> {
    known: Known<'a>,
    extras: Extras,
    flags: Codes,
    refusal: Refusal,
    policy: &'p Policy,
}

impl<'a, 'p> Validation<'a, 'p> {
    pub fn new(attributes: Attributes<'a>, flags: Codes, policy: &'p Policy) -> Validation<'a, 'p> {
        Validation {
            known: attributes.known,
            extras: attributes.extras,
            flags,
            refusal: Refusal::default(),
            policy,
        }
    }

    pub fn event(mut self, agents: &mut Agents, links: &mut Links, now: i64) -> Result<Box<Event<'a>>, Refusal> {
        let id = self.id();
        let time = self.time(now);
        let collection = self.collection();
        let product_id = self.product(&collection);
        self.order(&collection);
        if !self.refusal.is_empty() {
            return Err(self.refusal);
        }
        let store_id = self.key(Attribute::StoreId, Some(Code::StoreMissing));
        let device_id = self.key(Attribute::DeviceId, Some(Code::DeviceMissing));
        let user_id = self.key(Attribute::UserIdDb, None);
        let email = self.email();
        let (user_agent, agent) = self.agent(agents);
        let (current_url, page) = self.page(links);
        let (referrer_url, referrer) = self.referrer(links, page.as_deref());
        let ip = self.ip();
        let local_time = self.local_time();
        self.option();
        let flags = self.flags.union(self.extras.flags);
        Ok(Box::new(Event {
            id,
            time,
            collection,
            product_id,
            store_id,
            device_id,
            user_id,
            email,
            user_agent,
            agent,
            current_url,
            referrer_url,
            referrer,
            ip,
            local_time,
            extras: self.extras.finish(),
            flags,
        }))
    }

    /// Keeps an attribute that becomes no field.
    fn keep(&mut self, attribute: Attribute) {
        if let Some(raw) = self.known.get(attribute) {
            self.extras.keep_plain(attribute.name(), raw);
        }
    }

    fn value(&self, attribute: Attribute) -> Value<'a> {
        self.known.get(attribute).map_or(Value::Absent, Value::of)
    }

    /// A natural key, kept in extras where it is none or does not fit.
    fn key(&mut self, attribute: Attribute, missing: Option<Code>) -> Option<Cow<'a, str>> {
        match self.known.get(attribute).map_or(Key::Absent, Key::of) {
            Key::Some(key) if key.len() <= MAX_KEY_BYTES => return Some(key),
            Key::Some(_) => {
                self.flags.insert(Code::KeyTooLong);
                self.keep(attribute);
                return None;
            }
            Key::Refused => self.keep(attribute),
            Key::Absent => {}
        }
        if let Some(code) = missing {
            self.flags.insert(code);
        }
        None
    }

    /// `id`, else `_id`; the other one is kept. Empty where the message is refused.
    fn id(&mut self) -> Cow<'a, str> {
        let [first, second] = [Attribute::Id, Attribute::UnderscoreId].map(|name| self.known.get(name).map_or(Key::Absent, identity::read));
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
                self.refusal.add(Code::IdMissing, "neither id nor _id holds a value");
                return Cow::default();
            }
        };
        if id.len() > MAX_KEY_BYTES {
            self.refusal.add(Code::IdInvalid, "the id is longer than 255 bytes");
        } else if !identity::is_uuid(&id) {
            self.flags.insert(Code::IdInvalid);
        }
        id
    }

    fn time(&mut self, now: i64) -> i64 {
        let time = match time_stamp::read(self.known.get(Attribute::TimeStamp)) {
            Ok(time) => time,
            Err(Unread::Missing) => {
                self.refusal.add(Code::TsMissing, "time_stamp is missing");
                return 0;
            }
            Err(Unread::Unparseable) => {
                self.refusal.add(Code::TsUnparseable, "time_stamp is not a positive epoch number");
                return 0;
            }
        };
        if time.was_fixed {
            self.flags.insert(Code::TsUnitFixed);
        }
        if time.micros > now.saturating_add(self.policy.max_ahead) {
            self.refusal.add(Code::TsFuture, "time_stamp lies too far in the future");
        } else if time.micros < self.policy.oldest {
            self.refusal.add(Code::TsTooOld, "time_stamp lies before the oldest time allowed");
        }
        time.micros
    }

    /// A kind too long for a key is cut, and kept whole in extras.
    fn collection(&mut self) -> Cow<'a, str> {
        let Key::Some(name) = self.known.get(Attribute::Collection).map_or(Key::Absent, Key::of) else {
            self.refusal.add(Code::CollectionMissing, "collection is missing");
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

    fn product(&mut self, collection: &str) -> Option<Cow<'a, str>> {
        let before = self.flags;
        let product = self.key(Attribute::ProductId, None);
        let is_too_long = self.flags != before;
        if product.is_none() && !is_too_long && collection::needs_product(collection) {
            self.refusal.add(Code::ProductMissing, "an event about a product names none");
        }
        product
    }

    fn order(&mut self, collection: &str) {
        let order = self.known.get(Attribute::OrderId).map_or(Key::Absent, Key::of);
        let is_number = matches!(&order, Key::Some(number) if number.trim_start_matches('0') != "");
        if !is_number && collection::needs_order(collection) {
            self.refusal.add(Code::OrderIdMissing, "a checkout_success has no order_id");
        }
        self.keep(Attribute::OrderId);
    }

    fn email(&mut self) -> Option<Cow<'a, str>> {
        let is_kept = self.policy.keep_email == KeepEmail::Full;
        let (attribute, value) = self.first([Attribute::Email, Attribute::EmailAddress], is_kept)?;
        let address = match value {
            Value::Text(text) => email::normalised(text),
            _ => None,
        };
        if address.is_none() {
            self.flags.insert(Code::EmailInvalid);
            if is_kept {
                self.keep(attribute);
            }
        }
        address
    }

    fn agent(&mut self, agents: &mut Agents) -> (Option<Cow<'a, str>>, Arc<Agent>) {
        let Value::Text(header) = self.value(Attribute::UserAgent) else {
            self.flags.insert(Code::UaEmpty);
            if self.value(Attribute::UserAgent) != Value::Absent {
                self.keep(Attribute::UserAgent);
            }
            return (None, agents.unknown());
        };
        let (header, _) = cut(header, MAX_AGENT_BYTES);
        let agent = agents.read(&header);
        if agent.is_bot {
            self.flags.insert(Code::UaBot);
        }
        (Some(header), agent)
    }

    fn page(&mut self, links: &mut Links) -> (Option<Cow<'a, str>>, Option<Arc<Page>>) {
        match self.value(Attribute::CurrentUrl) {
            Value::Absent => (None, None),
            Value::Text(url) => {
                let page = links.page(&url);
                if page.is_none() {
                    self.flags.insert(Code::UrlInvalid);
                }
                (Some(self.fitting(Attribute::CurrentUrl, url)), page)
            }
            Value::Number(_) | Value::Other => {
                self.flags.insert(Code::UrlInvalid);
                self.keep(Attribute::CurrentUrl);
                (None, None)
            }
        }
    }

    fn referrer(&mut self, links: &mut Links, page: Option<&Page>) -> (Option<Cow<'a, str>>, Option<Arc<Referrer>>) {
        const SPELLINGS: [Attribute; 4] = [
            Attribute::RefererUrl,
            Attribute::ReferrerUrl,
            Attribute::Referer,
            Attribute::Referrer,
        ];
        let Some((attribute, value)) = self.first(SPELLINGS, true) else {
            return (None, None);
        };
        let Value::Text(url) = value else {
            self.flags.insert(Code::ReferrerInvalid);
            self.keep(attribute);
            return (None, None);
        };
        let referrer = links.referrer(&url, page);
        if referrer.is_none() {
            self.flags.insert(Code::ReferrerInvalid);
        }
        (Some(self.fitting(attribute, url)), referrer)
    }

    /// The first of several spellings that holds something; what the others hold is kept where it may be.
    fn first<const N: usize>(&mut self, spellings: [Attribute; N], may_keep: bool) -> Option<(Attribute, Value<'a>)> {
        let mut first = None;
        for attribute in spellings {
            match self.value(attribute) {
                Value::Absent => {}
                value if first.is_none() => first = Some((attribute, value)),
                _ if may_keep => self.keep(attribute),
                _ => {}
            }
        }
        first
    }

    /// A URL cut to its column, and kept whole in extras when it was.
    fn fitting(&mut self, attribute: Attribute, url: Cow<'a, str>) -> Cow<'a, str> {
        let (url, was_cut) = cut(url, MAX_URL_BYTES);
        if was_cut {
            self.keep(attribute);
        }
        url
    }

    fn ip(&mut self) -> Option<IpAddr> {
        let address = match self.value(Attribute::Ip) {
            Value::Absent => return None,
            Value::Text(text) => address::parse(&text),
            Value::Number(_) | Value::Other => None,
        };
        match address {
            None => {
                self.flags.insert(Code::IpInvalid);
                if self.policy.keep_ip == KeepIp::Full {
                    self.keep(Attribute::Ip);
                }
            }
            Some(address) if address::is_private(address) => self.flags.insert(Code::IpPrivate),
            Some(_) => {}
        }
        address
    }

    fn local_time(&mut self) -> Option<NaiveDateTime> {
        let time = match self.value(Attribute::LocalTime) {
            Value::Absent => return None,
            Value::Text(text) => local_time::parse(&text),
            Value::Number(_) | Value::Other => None,
        };
        if time.is_none() {
            self.flags.insert(Code::LocaltimeBad);
            self.keep(Attribute::LocalTime);
        }
        time
    }

    fn option(&mut self) {
        let Some(raw) = self.known.get(Attribute::Option) else {
            return;
        };
        let shape = Shape::of(raw, self.policy.max_depth);
        if let Some(code) = shape.code() {
            self.flags.insert(code);
        }
        match shape {
            Shape::Unwrapped { json, was_mended } => {
                if was_mended {
                    self.flags.insert(Code::TextMended);
                }
                self.extras.keep_plain(Attribute::Option.name(), &json);
            }
            Shape::AsItCame | Shape::Object | Shape::Malformed => self.keep(Attribute::Option),
        }
    }
}
