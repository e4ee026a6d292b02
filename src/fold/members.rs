//! Members of dimensions as the aggregates name them: looked up once per process, by what a fold meets, and anew when
//! somebody was forgotten.

use std::collections::BTreeSet;

use pgrx::pg_sys;

use crate::load::versions::GENERATION;
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use starsink_core::aggregate::cells::Text;
use starsink_core::aggregate::contribution::{Campaign, Chosen, Event, Members};
use starsink_core::event::event::DeviceClass;
use starsink_core::session::attribution::Touch;
use starsink_core::session::cut::Session;
use starsink_core::session::hit::{Acts, acts};
use starsink_core::session::order::Order;

/// What members without a name of their own are called.
const UNKNOWN: &str = "(unknown)";
/// Beyond so many of a dimension, what was looked up is forgotten before the next fold.
const MOST: usize = 1 << 20;

const KEYS: &[pg_sys::Oid] = &[pg_sys::INT4ARRAYOID];

/// Keys to be looked up.
#[derive(Debug, Default)]
pub struct Wanted {
    browsers: BTreeSet<i32>,
    systems: BTreeSet<i32>,
    agents: BTreeSet<i32>,
    campaigns: BTreeSet<i32>,
    referrers: BTreeSet<i32>,
    combinations: BTreeSet<i32>,
    alloys: BTreeSet<i32>,
    diamonds: BTreeSet<i32>,
}

pub struct Directory {
    pub members: Members,
    /// That `members` are of.
    generation: i64,
    generation_query: Statement,
    kinds: Vec<(i32, Acts)>,
    kinds_query: Statement,
    browsers: Statement,
    systems: Statement,
    agents: Statement,
    campaigns: Statement,
    referrers: Statement,
    combinations: Statement,
    alloys: Statement,
    diamonds: Statement,
}

fn want<V>(known: &hashbrown::HashMap<i32, V>, wanted: &mut BTreeSet<i32>, key: i32) {
    if !known.contains_key(&key) {
        wanted.insert(key);
    }
}

impl Directory {
    pub fn new() -> Directory {
        Directory {
            members: Members::default(),
            generation: 0,
            generation_query: Statement::of_snapshot(GENERATION, &[]),
            kinds: Vec::new(),
            kinds_query: Statement::of_snapshot(
                "SELECT event_type_key, collection, is_page_view, is_product_view FROM warehouse.dim_event_type",
                &[],
            ),
            browsers: Statement::of_snapshot(
                "SELECT browser_key, family FROM warehouse.dim_browser WHERE browser_key = ANY ($1)",
                KEYS,
            ),
            systems: Statement::of_snapshot(
                "SELECT os_key, family FROM warehouse.dim_os WHERE os_key = ANY ($1)",
                KEYS,
            ),
            agents: Statement::of_snapshot(
                "SELECT user_agent_key, device_class FROM warehouse.dim_user_agent WHERE user_agent_key = ANY ($1)",
                KEYS,
            ),
            campaigns: Statement::of_snapshot(
                "SELECT campaign_key, channel, source, medium, campaign FROM warehouse.dim_campaign WHERE campaign_key = ANY ($1)",
                KEYS,
            ),
            referrers: Statement::of_snapshot(
                "SELECT referrer_key, CASE WHEN NOT is_internal AND host <> '' THEN registrable_domain END \
                 FROM warehouse.dim_referrer WHERE referrer_key = ANY ($1)",
                KEYS,
            ),
            combinations: Statement::of_snapshot(
                "SELECT b.option_combination_key, b.alloy_option_key, a.value, b.diamond_option_key, d.value \
                 FROM warehouse.bridge_option_combination AS b \
                 JOIN warehouse.dim_alloy_option AS a ON a.alloy_option_key = b.alloy_option_key \
                 JOIN warehouse.dim_diamond_option AS d ON d.diamond_option_key = b.diamond_option_key \
                 WHERE b.option_combination_key = ANY ($1) ORDER BY b.option_combination_key, b.position",
                KEYS,
            ),
            alloys: Statement::of_snapshot(
                "SELECT alloy_option_key, value FROM warehouse.dim_alloy_option WHERE alloy_option_key = ANY ($1)",
                KEYS,
            ),
            diamonds: Statement::of_snapshot(
                "SELECT diamond_option_key, value FROM warehouse.dim_diamond_option WHERE diamond_option_key = ANY ($1)",
                KEYS,
            ),
        }
    }

    /// Forgets what is void or too much, and reads the kinds of events; they are few, and new ones may come at any time.
    pub fn begin(&mut self) -> Result<(), Failure> {
        let mut generation = 0;
        self.generation_query.each(&[], |row| {
            generation = row.big(1);
            Ok(())
        })?;
        let is_void = generation != self.generation;
        self.generation = generation;
        let known = &self.members;
        let sizes = [
            known.browsers.len(),
            known.systems.len(),
            known.classes.len(),
            known.sources.len(),
            known.referrers.len(),
            known.combinations.len(),
            known.alloys.len(),
            known.diamonds.len(),
            known.texts.count(),
        ];
        if is_void || sizes.into_iter().any(|size| size > MOST) {
            self.members = Members::default();
        }
        let kinds = &mut self.kinds;
        kinds.clear();
        self.kinds_query.each(&[], |row| {
            kinds.push((row.int(1), acts(row.text(2), row.bool(3), row.bool(4))));
            Ok(())
        })?;
        kinds.sort_unstable_by_key(|&(key, _)| key);
        Ok(())
    }

    pub fn acts(&self, event_type: i32) -> Acts {
        self.kinds
            .binary_search_by_key(&event_type, |&(key, _)| key)
            .map_or(Acts::default(), |place| self.kinds[place].1)
    }

    pub fn want_event(&self, wanted: &mut Wanted, event: &Event, user_agent: i32) {
        let known = &self.members;
        want(&known.browsers, &mut wanted.browsers, event.context.browser);
        want(&known.systems, &mut wanted.systems, event.context.os);
        want(&known.classes, &mut wanted.agents, user_agent);
        want(&known.sources, &mut wanted.campaigns, event.campaign);
        want(&known.referrers, &mut wanted.referrers, event.referrer);
        want(
            &known.combinations,
            &mut wanted.combinations,
            event.combination,
        );
        want(&known.alloys, &mut wanted.alloys, event.alloy);
        want(&known.diamonds, &mut wanted.diamonds, event.diamond);
    }

    pub fn want_session(&self, wanted: &mut Wanted, session: &Session) {
        let known = &self.members;
        want(
            &known.sources,
            &mut wanted.campaigns,
            session.origin.campaign,
        );
        want(
            &known.referrers,
            &mut wanted.referrers,
            session.origin.referrer,
        );
        for hit in &session.hits {
            want(&known.browsers, &mut wanted.browsers, hit.context.browser);
            want(&known.systems, &mut wanted.systems, hit.context.os);
            want(
                &known.combinations,
                &mut wanted.combinations,
                hit.combination,
            );
        }
    }

    pub fn want_order(&self, wanted: &mut Wanted, order: &Order) {
        let known = &self.members;
        want(&known.browsers, &mut wanted.browsers, order.context.browser);
        want(&known.systems, &mut wanted.systems, order.context.os);
        self.want_campaign(wanted, order.campaign);
        for line in &order.lines {
            want(
                &known.combinations,
                &mut wanted.combinations,
                line.combination,
            );
            want(&known.alloys, &mut wanted.alloys, line.alloy);
            want(&known.diamonds, &mut wanted.diamonds, line.diamond);
        }
    }

    pub fn want_campaign(&self, wanted: &mut Wanted, campaign: i32) {
        want(&self.members.sources, &mut wanted.campaigns, campaign);
    }

    /// Looks up what is wanted. A key that is not there is remembered as such.
    pub fn look_up(&mut self, mut wanted: Wanted) -> Result<(), Failure> {
        let Members {
            texts,
            browsers,
            systems,
            classes,
            sources,
            referrers,
            combinations,
            alloys,
            diamonds,
        } = &mut self.members;
        // What happened without a device belongs to no source.
        want(
            sources,
            &mut wanted.campaigns,
            starsink_core::aggregate::contribution::NO_SESSION,
        );
        let keys = |wanted: &BTreeSet<i32>| [wanted.iter().copied().collect::<Vec<i32>>().into()];
        let unknown = texts.intern(UNKNOWN);
        if !wanted.browsers.is_empty() {
            self.browsers.each(&keys(&wanted.browsers), |row| {
                browsers.insert(
                    row.int(1),
                    named(row.int(1), unknown, || texts.intern(row.text(2))),
                );
                Ok(())
            })?;
        }
        if !wanted.systems.is_empty() {
            self.systems.each(&keys(&wanted.systems), |row| {
                systems.insert(
                    row.int(1),
                    named(row.int(1), unknown, || texts.intern(row.text(2))),
                );
                Ok(())
            })?;
        }
        if !wanted.agents.is_empty() {
            self.agents.each(&keys(&wanted.agents), |row| {
                classes.insert(row.int(1), class(row.text(2)));
                Ok(())
            })?;
        }
        if !wanted.campaigns.is_empty() {
            self.campaigns.each(&keys(&wanted.campaigns), |row| {
                let source = if row.int(1) < 0 {
                    Campaign {
                        channel: unknown,
                        source: unknown,
                        medium: unknown,
                        campaign: unknown,
                        is_direct: false,
                    }
                } else {
                    Campaign {
                        channel: texts.intern(row.text(2)),
                        source: texts.intern(row.text(3)),
                        medium: texts.intern(row.text(4)),
                        campaign: texts.intern(row.text(5)),
                        is_direct: row.text(2) == "Direct",
                    }
                };
                sources.insert(row.int(1), source);
                Ok(())
            })?;
        }
        if !wanted.referrers.is_empty() {
            self.referrers.each(&keys(&wanted.referrers), |row| {
                let domain: Option<&str> = row.optional(2)?;
                referrers.insert(row.int(1), domain.map(|domain| texts.intern(domain)));
                Ok(())
            })?;
        }
        if !wanted.combinations.is_empty() {
            for &key in &wanted.combinations {
                combinations.insert(key, Chosen::default());
            }
            self.combinations.each(&keys(&wanted.combinations), |row| {
                let chosen = combinations.entry(row.int(1)).or_default();
                let (alloy, diamond) = (row.int(2), row.int(4));
                if alloy > 0 {
                    let value = texts.intern(row.text(3));
                    once(&mut chosen.alloys, alloy, value);
                }
                if diamond > 0 {
                    let value = texts.intern(row.text(5));
                    once(&mut chosen.diamonds, diamond, value);
                }
                Ok(())
            })?;
        }
        for (query, known, wanted) in [
            (&self.alloys, alloys, wanted.alloys),
            (&self.diamonds, diamonds, wanted.diamonds),
        ] {
            let wanted: BTreeSet<i32> = wanted.into_iter().filter(|&key| key > 0).collect();
            if !wanted.is_empty() {
                query.each(&keys(&wanted), |row| {
                    known.insert(row.int(1), texts.intern(row.text(2)));
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    pub fn touch(&self, campaign: i32, age: i64) -> Touch {
        Touch {
            age,
            is_direct: self.members.source(campaign).is_direct,
        }
    }
}

fn named(key: i32, unknown: Text, name: impl FnOnce() -> Text) -> Text {
    if key < 0 { unknown } else { name() }
}

/// A value counts once, whichever of its members is named.
fn once(values: &mut Vec<(i32, Text)>, key: i32, value: Text) {
    if !values.iter().any(|&(_, known)| known == value) {
        values.push((key, value));
    }
}

pub fn class(name: &str) -> DeviceClass {
    match name {
        "desktop" => DeviceClass::Desktop,
        "mobile" => DeviceClass::Mobile,
        "tablet" => DeviceClass::Tablet,
        "tv" => DeviceClass::Tv,
        "bot" => DeviceClass::Bot,
        _ => DeviceClass::Other,
    }
}
