//! Attributes -> [`Event`], or every reason that refuses them.
//!
//! A known attribute either becomes a field, or is refused and kept in `extras` under its own name; personal data
//! goes to `extras` only where the policy keeps it in full.

mod subject;
mod visitor;

use std::borrow::Cow;

use super::attribute::{Attribute, Known};
use super::code::{Code, Codes};
use super::country_of_ip::Countries;
use super::decode::Attributes;
use super::event::Event;
use super::extras::Extras;
use super::limits::{MAX_KEY_BYTES, MAX_URL_BYTES};
use super::nothing;
use super::policy::Policy;
use super::referrer::Links;
use super::refusal::Refusal;
use super::scalar::Key;
use super::user_agent::Agents;
use super::value::{Value, cut};

/// One message under examination.
#[derive(Debug)]
pub struct Validation<'a, 'p> {
    known: Known<'a>,
    extras: Extras<'a>,
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

    pub fn event(
        mut self,
        agents: &mut Agents,
        links: &mut Links,
        countries: Option<&Countries>,
        now: i64,
    ) -> Result<Box<Event<'a>>, Refusal> {
        let id = self.id();
        let time = self.time(now);
        let collection = self.collection();
        let product_id = self.product(&collection);
        let order_id = self.order(&collection);
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
        let traffic = self.traffic(current_url.as_deref(), referrer.as_deref(), links.sites());
        let search_term = self.search_term(referrer_url.as_deref(), referrer.as_deref());
        let ip = self.ip();
        let country = ip.and_then(|ip| self.country(ip, countries));
        let local_time = self.local_time();
        let choices = self.option(current_url.as_deref());
        let lines = self.lines(order_id.is_some());
        if lines.len() > self.policy.max_lines {
            let detail = format!("the order has more than {} lines", self.policy.max_lines);
            return Err(Refusal::new(Code::LinesTooMany, detail));
        }
        let (extras, mended) = self.extras.finish();
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
            search_term,
            page,
            traffic,
            country,
            ip,
            local_time,
            choices,
            order_id,
            lines,
            extras,
            flags: self.flags.union(mended),
        }))
    }

    /// Keeps an attribute that becomes no field.
    fn keep(&mut self, attribute: Attribute) {
        if let Some(raw) = self.known.get(attribute) {
            self.extras.keep(attribute.name(), raw);
        }
    }

    fn value(&self, attribute: Attribute) -> Value<'a> {
        self.known.get(attribute).map_or(Value::Absent, Value::of)
    }

    /// A natural key, kept in extras where it is none, does not fit, or is a word for no value: all that wrote
    /// `undefined` would be one device, and one customer.
    fn key(&mut self, attribute: Attribute, missing: Option<Code>) -> Option<Cow<'a, str>> {
        let says_nothing = match attribute {
            Attribute::DeviceId | Attribute::UserIdDb => nothing::is_nobody,
            _ => nothing::is_word,
        };
        match self.known.get(attribute).map_or(Key::Absent, Key::of) {
            Key::Some(key) if says_nothing(&key) => self.keep(attribute),
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

    /// The first of several spellings that holds something; what the others hold is kept where it may be.
    fn first<const N: usize>(
        &mut self,
        spellings: [Attribute; N],
        may_keep: bool,
    ) -> Option<(Attribute, Value<'a>)> {
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
}
