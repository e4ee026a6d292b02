//! The events that came since: out of fact_event, with the orders whose lines were valued anew.

use std::collections::{BTreeMap, BTreeSet};

use pgrx::pg_sys;

use crate::fold::budget::Budget;
use crate::fold::state::range;
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use starsink_core::aggregate::contribution::Event;
use starsink_core::event::event::DeviceClass;
use starsink_core::event::scalar::Key;
use starsink_core::session::hit::{Acts, Context, Hit, Origin, landing};
use starsink_core::session::uncommitted::Folded;

/// What an allocation costs beside its bytes.
const BLOCK: usize = 16;

/// One event.
pub struct Fact {
    batch: i64,
    pub id: Box<str>,
    pub event: Event,
    pub user_agent: i32,
    landing: Option<Box<str>>,
    /// The order it places, as fact_order_line has it.
    pub order_id: Option<Box<str>>,
}

impl Fact {
    /// Bytes that it holds, as it is and as a hit of a session.
    fn size(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len() + BLOCK);
        let texts = self.id.len() + BLOCK + text(&self.landing) + 2 * text(&self.order_id);
        // Twice, as lists that grow hold up to twice of what is in them, and sets and tallies grow beside them.
        2 * (size_of::<Fact>() + size_of::<Hit>() + size_of::<Origin>() + BLOCK + texts)
    }

    pub fn hit(self) -> Hit {
        let Event {
            time,
            acts,
            context,
            geography,
            referrer,
            product,
            combination,
            ..
        } = self.event;
        let campaign = self.event.campaign;
        Hit {
            time,
            id: self.id,
            acts,
            context,
            product: if acts.has(Acts::VIEW) || acts.is_selection() {
                product
            } else {
                -2
            },
            combination: if acts.has(Acts::VIEW) {
                combination
            } else {
                -2
            },
            origin: Some(Box::new(Origin {
                geography,
                referrer,
                campaign,
                landing: self.landing,
                is_continued: false,
            })),
        }
    }
}

/// What came, and in which batches.
#[derive(Default)]
pub struct News {
    pub facts: Vec<Fact>,
    /// Orders with lines that are new or were valued anew.
    pub order_ids: BTreeSet<Box<str>>,
    pub batches: BTreeSet<i64>,
}

impl News {
    /// Holds back batches that have fewer events in the table than they `loaded`. A snapshot shows a transaction whole
    /// or not at all, so this should not happen; if it does, the missing events would never be counted.
    pub fn hold_back(&mut self, folded: &Folded, loaded: &BTreeMap<i64, i64>) -> BTreeSet<i64> {
        let mut missing: BTreeMap<i64, i64> = loaded
            .iter()
            .filter(|&(&batch, &events)| events > 0 && !folded.contains(batch))
            .map(|(&batch, &events)| (batch, events))
            .collect();
        if missing.is_empty() {
            return BTreeSet::new();
        }
        for fact in &self.facts {
            if let Some(events) = missing.get_mut(&fact.batch) {
                *events -= 1;
            }
        }
        let held: BTreeSet<i64> = missing
            .into_iter()
            .filter(|&(_, events)| events > 0)
            .map(|(batch, _)| batch)
            .collect();
        if !held.is_empty() {
            self.facts.retain(|fact| !held.contains(&fact.batch));
            self.batches.retain(|batch| !held.contains(batch));
        }
        held
    }
}

pub struct Facts {
    facts: Statement,
    lines: Statement,
}

impl Facts {
    pub fn new() -> Facts {
        const RANGE: &[pg_sys::Oid] = &[pg_sys::INT8OID, pg_sys::INT8OID];
        Facts {
            facts: Statement::of_snapshot(
                "SELECT f.audit_key, f.event_time, f.event_type_key, f.is_bot, f.device_key, f.store_key, f.browser_key, f.os_key, \
                        f.user_agent_key, f.geography_key, f.referrer_key, f.campaign_key, f.product_key, f.alloy_option_key, \
                        f.diamond_option_key, f.option_combination_key, f.event_id, f.current_url, \
                        CASE WHEN f.event_type_key = (SELECT t.event_type_key FROM warehouse.dim_event_type AS t WHERE t.collection = 'checkout_success') \
                             THEN (f.extras -> 'order_id')::text END \
                 FROM warehouse.fact_event AS f WHERE f.audit_key > $1 AND f.audit_key <= $2",
                RANGE,
            ),
            lines: Statement::of_snapshot(
                "SELECT l.audit_key, l.order_id FROM warehouse.fact_order_line AS l WHERE l.audit_key > $1 AND l.audit_key <= $2",
                RANGE,
            ),
        }
    }

    /// Everything in batches up to `to` that is not folded; all events up to `settled` are. `acts`: what a kind of
    /// event is to sessions.
    pub fn news(
        &self,
        folded: &Folded,
        settled: i64,
        to: i64,
        acts: &dyn Fn(i32) -> Acts,
        budget: &Budget,
    ) -> Result<News, Failure> {
        let mut news = News::default();
        let (mut last, mut is_new) = (i64::MIN, false);
        self.facts.each(&range(settled, to), |row| {
            let batch = row.big(1);
            if batch != last {
                (last, is_new) = (batch, !folded.contains(batch));
                if is_new {
                    news.batches.insert(batch);
                }
            }
            if is_new {
                let fact = fact(row, acts);
                budget.spend(fact.size())?;
                news.facts.push(fact);
            }
            Ok(())
        })?;
        // Lines that were valued anew are of numbers that the ledger does not have; lines are few.
        self.lines.each(&range(folded.floor(), to), |row| {
            if !folded.contains(row.big(1)) {
                news.batches.insert(row.big(1));
                news.order_ids.insert(row.text(2).into());
            }
            Ok(())
        })?;
        news.order_ids
            .extend(news.facts.iter().filter_map(|fact| fact.order_id.clone()));
        Ok(news)
    }
}

fn fact(row: &crate::server::statement::Row<'_>, acts: &dyn Fn(i32) -> Acts) -> Fact {
    Fact {
        batch: row.big(1),
        id: row.text(17).into(),
        user_agent: row.int(9),
        landing: landing(row.text(18)),
        order_id: order_id(row.text(19)),
        event: Event {
            time: row.time(2),
            acts: acts(row.int(3)),
            is_bot: row.bool(4),
            device: row.int(5),
            context: Context {
                store: row.int(6),
                browser: row.int(7),
                os: row.int(8),
                class: DeviceClass::Other,
            },
            geography: row.int(10),
            referrer: row.int(11),
            campaign: row.int(12),
            product: row.int(13),
            alloy: row.int(14),
            diamond: row.int(15),
            combination: row.int(16),
        },
    }
}

/// The natural key of an order, out of the attribute's JSON, as ingestion makes it.
fn order_id(json: &str) -> Option<Box<str>> {
    match (!json.is_empty()).then(|| Key::of(json)) {
        Some(Key::Some(id)) => Some(
            starsink_core::event::value::cut(id, starsink_core::event::limits::MAX_KEY_BYTES)
                .0
                .into(),
        ),
        _ => None,
    }
}
