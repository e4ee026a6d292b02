//! A jeweller's shop: an endless, seeded stream of events as its visitors cause them.
//!
//! Owns what an event looks like and how a visit goes; sends nothing. The same seed and the same clock give the
//! same bytes. Written by hand into a reused buffer, since the bench must not wait for its own input.
//!
//! # Layout
//! - `dice`: chance. `id`: UUIDs as text.
//! - `agents`, `stores`, `catalogue`: what there is to choose from.
//! - `walk`: from page to page. `visitor`: who walks.
//! - `origin`: where visits come from. `page`: addresses. `event`: the JSON. `cart`: options and prices in it. `clock`: times in it. `fault`: how a message goes bad.

mod agents;
mod cart;
mod catalogue;
mod clock;
mod dice;
mod event;
mod fault;
mod id;
mod origin;
mod page;
mod stores;
mod visitor;
mod walk;

pub use fault::Fault;
pub use id::Id;

use catalogue::Catalogue;
use dice::Dice;
use stores::Stores;
use visitor::Visitor;

/// Sent lately, for sending again.
const REMEMBERED: usize = 64;

/// One message, owned.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    /// The device: what the topic is partitioned by.
    pub key: String,
    pub json: Vec<u8>,
    pub fault: Option<Fault>,
    pub is_duplicate: bool,
}

/// What `fill` wrote.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    pub id: Id,
    pub device: Id,
    /// Why the message must end in quarantine; `None` for a good one.
    pub fault: Option<Fault>,
    /// The very bytes of an earlier message.
    pub is_duplicate: bool,
}

pub struct Shop {
    dice: Dice,
    stores: Stores,
    catalogue: Catalogue,
    visitors: Vec<Visitor>,
    bad_ratio: f64,
    duplicate_ratio: f64,
    remembered: Vec<(Drawn, Vec<u8>)>,
    scratch: Vec<u8>,
    orders: u64,
}

impl Shop {
    pub fn new(seed: u64) -> Shop {
        let mut dice = Dice::new(seed);
        let catalogue = Catalogue::new(&mut dice);
        let stores = Stores::new("glamira");
        let orders = 10_000_000 + u64::from(dice.below(1_000_000)) * 1_000;
        let shop = Shop {
            dice,
            stores,
            catalogue,
            visitors: Vec::new(),
            bad_ratio: 0.0,
            duplicate_ratio: 0.0,
            remembered: Vec::new(),
            scratch: Vec::with_capacity(1_024),
            orders,
        };
        shop.visitors(5_000)
    }

    /// How many visits go on at the same time: events a second times the seconds between two clicks.
    pub fn visitors(mut self, count: usize) -> Shop {
        let Shop {
            dice,
            stores,
            catalogue,
            ..
        } = &mut self;
        self.visitors = (0..count.max(1))
            .map(|_| Visitor::new(dice, stores, catalogue))
            .collect();
        self
    }

    /// As a shop is that has much to choose from, and is linked to from everywhere: of a million events 17,000 products,
    /// 115,000 combinations of options and 90,000 referring pages.
    pub fn many_members(mut self) -> Shop {
        self.catalogue = Catalogue::varied(&mut self.dice);
        let count = self.visitors.len();
        self.visitors(count)
    }

    /// The stores' domains: `glamira` gives `www.glamira.de`, `www.glamira.co.uk`, …
    pub fn brand(mut self, brand: &str) -> Shop {
        self.stores = Stores::new(brand);
        let count = self.visitors.len();
        self.visitors(count)
    }

    /// The share of messages that must end in quarantine.
    pub fn bad_ratio(mut self, ratio: f64) -> Shop {
        self.bad_ratio = ratio;
        self
    }

    /// The share of messages that repeat an earlier one byte by byte.
    pub fn duplicate_ratio(mut self, ratio: f64) -> Shop {
        self.duplicate_ratio = ratio;
        self
    }

    /// The next event, at this time in microseconds.
    pub fn next(&mut self, now_micros: i64) -> Event {
        let mut json = Vec::with_capacity(1_024);
        let Drawn {
            id,
            device,
            fault,
            is_duplicate,
        } = self.fill(now_micros, &mut json);
        Event {
            id: id.to_string(),
            key: device.to_string(),
            json,
            fault,
            is_duplicate,
        }
    }

    /// As `next`, into a buffer that is cleared first.
    pub fn fill(&mut self, now_micros: i64, json: &mut Vec<u8>) -> Drawn {
        json.clear();
        if self.duplicate_ratio > 0.0 {
            if self.dice.ratio(self.duplicate_ratio) && !self.remembered.is_empty() {
                let (drawn, bytes) = &self.remembered[self.dice.index(self.remembered.len())];
                json.extend_from_slice(bytes);
                return Drawn {
                    is_duplicate: true,
                    ..*drawn
                };
            }
            let drawn = self.fresh(now_micros, json);
            self.remember(drawn, json);
            return drawn;
        }
        self.fresh(now_micros, json)
    }

    fn fresh(&mut self, now_micros: i64, json: &mut Vec<u8>) -> Drawn {
        let fault = (self.bad_ratio > 0.0 && self.dice.ratio(self.bad_ratio))
            .then(|| Fault::any(&mut self.dice));
        let chosen = self.dice.index(self.visitors.len());
        let id = Id::random(&mut self.dice);
        let Shop {
            dice,
            stores,
            catalogue,
            visitors,
            scratch,
            orders,
            ..
        } = self;
        let visitor = &mut visitors[chosen];
        // A bad message is an accident beside the visit, not a step of it.
        if fault.is_none() && !visitor.step(dice, catalogue) {
            visitor.replace(dice, stores, catalogue);
        }
        let device = visitor.device;
        let mut writer = event::Writer {
            json,
            scratch,
            dice,
            stores,
            catalogue,
            orders,
            now_micros,
            id,
            fault,
        };
        writer.write(visitor);
        Drawn {
            id,
            device,
            fault,
            is_duplicate: false,
        }
    }

    fn remember(&mut self, drawn: Drawn, json: &[u8]) {
        // A bad message twice is two bad messages: only good ones have an id to be known by.
        if drawn.fault.is_some() || self.dice.below(16) != 0 {
            return;
        }
        if self.remembered.len() < REMEMBERED {
            self.remembered.push((drawn, json.to_vec()));
        } else {
            let slot = self.dice.index(REMEMBERED);
            self.remembered[slot] = (drawn, json.to_vec());
        }
    }
}
