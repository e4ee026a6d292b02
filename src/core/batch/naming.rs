//! How an event names its members of each dimension.

use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::members::{BLANK, Members, NOT_APPLICABLE, UNKNOWN};
use super::{Batch, choices, parts_bytes};
use crate::dimension::table::Dimension;
use crate::event::event::{Agent, Event};
use crate::event::policy::{KeepEmail, Policy};
use crate::event::privacy::hash_email;
use crate::event::traffic::Traffic;
use crate::event::traffic::kind::Kind;
use crate::text::hash::{chained, hex};

impl Batch {
    /// Indices of the members that an event names, or special keys, by dimension.
    pub(super) fn intern(
        &mut self,
        seed: u64,
        policy: &Policy,
        event: &Event<'_>,
    ) -> [i32; Dimension::COUNT] {
        let members = &mut self.members;
        let mut keys = [UNKNOWN; Dimension::COUNT];
        keys[Dimension::EventType as usize] =
            members[Dimension::EventType as usize].natural(seed, &event.collection);
        keys[Dimension::Product as usize] = optional(
            &mut members[Dimension::Product as usize],
            seed,
            event.product_id.as_deref(),
            NOT_APPLICABLE,
        );
        keys[Dimension::Customer as usize] = customer(
            &mut members[Dimension::Customer as usize],
            seed,
            policy,
            event,
        );
        keys[Dimension::Device as usize] = optional(
            &mut members[Dimension::Device as usize],
            seed,
            event.device_id.as_deref(),
            BLANK,
        );
        keys[Dimension::Store as usize] =
            store(&mut members[Dimension::Store as usize], seed, event);
        keys[Dimension::Referrer as usize] =
            referrer(&mut members[Dimension::Referrer as usize], seed, event);
        keys[Dimension::Geography as usize] =
            geography(&mut members[Dimension::Geography as usize], seed, event);
        keys[Dimension::Campaign as usize] = campaign(
            &mut members[Dimension::Campaign as usize],
            seed,
            &event.traffic,
        );
        let combinations = self.combinations.len();
        let chosen = choices::intern(members, &mut self.combinations, seed, &event.choices);
        self.counted_bytes += parts_bytes(&self.combinations[combinations..]);
        keys[Dimension::AlloyOption as usize] = chosen.alloy;
        keys[Dimension::DiamondOption as usize] = chosen.stone;
        keys[Dimension::OptionCombination as usize] = chosen.combination;
        let [agent, browser, os] = match event.user_agent.as_deref() {
            None => [BLANK; 3],
            Some(header) => {
                let hash = xxh3_128_with_seed(header.as_bytes(), seed);
                *self
                    .agents
                    .entry(hash)
                    .or_insert_with(|| agent(members, seed, hash, header, &event.agent))
            }
        };
        keys[Dimension::UserAgent as usize] = agent;
        keys[Dimension::Browser as usize] = browser;
        keys[Dimension::Os as usize] = os;
        keys
    }
}

fn optional(members: &mut Members, seed: u64, key: Option<&str>, missing: i32) -> i32 {
    key.map_or(missing, |key| members.natural(seed, key))
}

/// The user id identifies a customer, else the e-mail address does; neither: anonymous.
fn customer(members: &mut Members, seed: u64, policy: &Policy, event: &Event<'_>) -> i32 {
    let email = event
        .email
        .as_deref()
        .filter(|_| policy.keep_email != KeepEmail::None);
    let hashed = email.map(|email| hex(&hash_email(&policy.email_key, email)));
    let (kind, identity) = match (event.user_id.as_deref(), hashed.as_deref()) {
        (Some(user), _) => ("user_id", user),
        (None, Some(hash)) => ("email", hash),
        (None, None) => return NOT_APPLICABLE,
    };
    let hash = xxh3_128_with_seed(identity.as_bytes(), seed ^ kind.len() as u64);
    members.intern(hash, || {
        [
            Some(kind.to_owned()),
            Some(identity.to_owned()),
            event.user_id.as_deref().map(str::to_owned),
            hashed.clone(),
            email
                .and_then(|email| email.rsplit_once('@'))
                .map(|(_, domain)| domain.to_owned()),
            email
                .filter(|_| policy.keep_email == KeepEmail::Full)
                .map(str::to_owned),
        ]
    })
}

/// No referrer, or one of a payment provider, is a direct visit; a referrer that is no URL is unknown.
fn referrer(members: &mut Members, seed: u64, event: &Event<'_>) -> i32 {
    let Some(referrer) = event.referrer.as_deref() else {
        return if event.referrer_url.is_some() {
            UNKNOWN
        } else {
            NOT_APPLICABLE
        };
    };
    if referrer.kind == Kind::Payment && !referrer.is_internal {
        return NOT_APPLICABLE;
    }
    let term = event.search_term.as_deref().unwrap_or_default();
    let seed = seed ^ u64::from(referrer.is_internal);
    let hash = if term.is_empty() {
        xxh3_128_with_seed(referrer.url.as_bytes(), seed)
    } else {
        chained(seed, &[&referrer.url, term])
    };
    members.intern(hash, || {
        [
            Some(referrer.url.clone()),
            Some(referrer.host.clone()),
            Some(referrer.registrable_domain.clone()),
            Some(referrer.kind.name().to_owned()),
            Some(referrer.source.clone()),
            Some(referrer.medium.to_owned()),
            Some(term.to_owned()),
            Some(referrer.is_internal.to_string()),
        ]
    })
}

/// A store that nobody described yet has the domain of the page it is first seen on.
fn store(members: &mut Members, seed: u64, event: &Event<'_>) -> i32 {
    let Some(id) = event.store_id.as_deref() else {
        return BLANK;
    };
    members.intern(xxh3_128_with_seed(id.as_bytes(), seed), || {
        let page = event.page.as_deref();
        [
            Some(id.to_owned()),
            page.and_then(|page| page.domain.clone()),
            page.and_then(|page| page.country).map(str::to_owned),
        ]
    })
}

/// The visitor's country.
fn geography(members: &mut Members, seed: u64, event: &Event<'_>) -> i32 {
    match (event.ip, event.country) {
        (None, _) => BLANK,
        (Some(_), None) => UNKNOWN,
        (Some(_), Some(country)) => match std::str::from_utf8(&country) {
            Ok(code) => members.natural(seed, code),
            Err(_) => UNKNOWN,
        },
    }
}

fn campaign(members: &mut Members, seed: u64, traffic: &Traffic) -> i32 {
    let click_id = traffic.click_id.name();
    let natural = [
        &*traffic.source,
        &*traffic.medium,
        &traffic.campaign,
        &traffic.term,
        &traffic.content,
        click_id,
    ];
    members.intern(chained(seed, &natural), || {
        let [source, medium, campaign, term, content, click_id] =
            natural.map(|part| Some(part.to_owned()));
        let channel = Some(traffic.channel.name().to_owned());
        [source, medium, campaign, term, content, click_id, channel]
    })
}

/// (user agent, browser, operating system) of a header.
fn agent(
    members: &mut [Members; Dimension::COUNT],
    seed: u64,
    hash: u128,
    header: &str,
    agent: &Agent,
) -> [i32; 3] {
    let user_agent = members[Dimension::UserAgent as usize].intern(hash, || {
        [
            Some(header.to_owned()),
            Some(agent.device_class.name().to_owned()),
            Some(agent.is_bot.to_string()),
        ]
    });
    let browser = family(
        &mut members[Dimension::Browser as usize],
        seed,
        &agent.browser,
        &agent.browser_version,
        &agent.browser_vendor,
    );
    let os = family(
        &mut members[Dimension::Os as usize],
        seed,
        &agent.os,
        &agent.os_version,
        &agent.os_vendor,
    );
    [user_agent, browser, os]
}

fn family(members: &mut Members, seed: u64, name: &str, version: &str, vendor: &str) -> i32 {
    if name.is_empty() {
        return UNKNOWN;
    }
    let hash = xxh3_128_with_seed(
        version.as_bytes(),
        xxh3_128_with_seed(name.as_bytes(), seed) as u64,
    );
    members.intern(hash, || {
        [
            Some(name.to_owned()),
            Some(version.to_owned()),
            Some(vendor.to_owned()),
        ]
    })
}
