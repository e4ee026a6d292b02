//! Who and where: the customer's address, the browser, the page and what led to it, the IP address, the clock.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::NaiveDateTime;

use super::Validation;
use crate::event::attribute::Attribute;
use crate::event::code::Code;
use crate::event::country_of_ip::Countries;
use crate::event::event::Agent;
use crate::event::limits::MAX_AGENT_BYTES;
use crate::event::masking::masked_text;
use crate::event::policy::{KeepEmail, KeepIp};
use crate::event::referrer::{Links, Page};
use crate::event::traffic::referral::Referrer;
use crate::event::traffic::source::Sites;
use crate::event::traffic::term::search_term;
use crate::event::traffic::{self, Traffic};
use crate::event::user_agent::Agents;
use crate::event::value::{Value, cut};
use crate::event::{address, email, local_time};

impl<'a> Validation<'a, '_> {
    pub(super) fn email(&mut self) -> Option<Cow<'a, str>> {
        let is_kept = self.policy.keep_email == KeepEmail::Full;
        let (attribute, value) =
            self.first([Attribute::Email, Attribute::EmailAddress], is_kept)?;
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

    pub(super) fn agent(&mut self, agents: &mut Agents) -> (Option<Cow<'a, str>>, Arc<Agent>) {
        let Value::Text(header) = self.value(Attribute::UserAgent) else {
            self.flags.insert(Code::UaEmpty);
            if self.value(Attribute::UserAgent) != Value::Absent {
                self.keep(Attribute::UserAgent);
            }
            return (None, agents.unknown());
        };
        let (mut header, _) = cut(header, MAX_AGENT_BYTES);
        let agent = agents.read(&header);
        if agent.is_bot {
            self.flags.insert(Code::UaBot);
        }
        // Robots name their keepers' mailboxes: read first, then masked.
        if let Some(masked) = masked_text(&header, self.policy) {
            self.flags.insert(Code::AddressMasked);
            header = cut(masked.into(), MAX_AGENT_BYTES).0;
        }
        (Some(header), agent)
    }

    pub(super) fn page(&mut self, links: &mut Links) -> (Option<Cow<'a, str>>, Option<Arc<Page>>) {
        match self.value(Attribute::CurrentUrl) {
            Value::Absent => (None, None),
            Value::Text(url) => {
                let page = links.page(&url);
                if page.is_none() {
                    self.flags.insert(Code::UrlInvalid);
                }
                (Some(self.fitting(Attribute::CurrentUrl, url)), page)
            }
            Value::Number(_) | Value::Time(_) | Value::Other => {
                self.flags.insert(Code::UrlInvalid);
                self.keep(Attribute::CurrentUrl);
                (None, None)
            }
        }
    }

    pub(super) fn referrer(
        &mut self,
        links: &mut Links,
        page: Option<&Page>,
    ) -> (Option<Cow<'a, str>>, Option<Arc<Referrer>>) {
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

    /// Where the visit comes from. The event's own utm_source and utm_medium count if they are text, and are kept.
    pub(super) fn traffic(
        &mut self,
        current_url: Option<&str>,
        referrer: Option<&Referrer>,
        sites: &Sites,
    ) -> Traffic {
        let own = [Attribute::UtmSource, Attribute::UtmMedium].map(|name| {
            self.keep(name);
            match self.value(name) {
                Value::Text(text) => Some(text),
                _ => None,
            }
        });
        let [source, medium] = &own;
        traffic::traffic(
            current_url,
            source.as_deref(),
            medium.as_deref(),
            referrer,
            sites,
        )
    }

    /// What was searched for on an external page.
    pub(super) fn search_term(
        &self,
        url: Option<&str>,
        referrer: Option<&Referrer>,
    ) -> Option<Cow<'a, str>> {
        let referrer = referrer.filter(|referrer| !referrer.is_internal)?;
        search_term(referrer, url?).map(Cow::Owned)
    }

    pub(super) fn ip(&mut self) -> Option<IpAddr> {
        let address = match self.value(Attribute::Ip) {
            Value::Absent => return None,
            Value::Text(text) => address::parse(&text),
            Value::Number(_) | Value::Time(_) | Value::Other => None,
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

    /// Where a public address is. Failed: there should be a database, and it cannot be read.
    pub(super) fn country(&mut self, ip: IpAddr, countries: Option<&Countries>) -> Option<[u8; 2]> {
        if address::is_private(ip) || self.policy.geoip_database.as_os_str().is_empty() {
            return None;
        }
        match countries.map(|countries| countries.country(ip)) {
            Some(Ok(country)) => country,
            None | Some(Err(_)) => {
                self.flags.insert(Code::EnrichFailed);
                None
            }
        }
    }

    pub(super) fn local_time(&mut self) -> Option<NaiveDateTime> {
        let time = match self.value(Attribute::LocalTime) {
            Value::Absent => return None,
            Value::Text(text) => local_time::parse(&text),
            Value::Time(micros) => local_time::of(micros),
            Value::Number(_) | Value::Other => None,
        };
        if time.is_none() {
            self.flags.insert(Code::LocaltimeBad);
            self.keep(Attribute::LocalTime);
        }
        time
    }
}
