//! What events, sessions, orders and attributions add to the aggregates, with sign: what is replaced is taken away first.

use hashbrown::HashMap;

use super::cells::{Basis, Cell, Cells, Key, Mode, OptionKind, Segment, Text, Texts};
use crate::event::event::DeviceClass;
use crate::session::attribution::{DAY, Model, ONE};
use crate::session::cut::{self, Counts, Session};
use crate::session::hit::{Acts, Context};
use crate::session::order::Order;
use crate::time::calendar::Calendar;
use crate::time::rounded_seconds;

/// Where visits come from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Campaign {
    pub channel: Text,
    pub source: Text,
    pub medium: Text,
    pub campaign: Text,
    pub is_direct: bool,
}

/// What a set of options says: values each once, with the key of a member that has it.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    pub alloys: Vec<(i32, Text)>,
    pub diamonds: Vec<(i32, Text)>,
}

/// Members of dimensions, as far as the aggregates name them.
#[derive(Debug, Default)]
pub struct Members {
    pub texts: Texts,
    pub browsers: HashMap<i32, Text>,
    pub systems: HashMap<i32, Text>,
    pub classes: HashMap<i32, DeviceClass>,
    pub sources: HashMap<i32, Campaign>,
    /// Registrable domain of external referrers that have one.
    pub referrers: HashMap<i32, Option<Text>>,
    pub combinations: HashMap<i32, Chosen>,
    pub alloys: HashMap<i32, Text>,
    pub diamonds: HashMap<i32, Text>,
}

impl Members {
    fn technology(&self, context: &Context) -> Key {
        let of = |names: &HashMap<i32, Text>, key| names.get(&key).copied().unwrap_or_default();
        Key::Technology {
            browser: of(&self.browsers, context.browser),
            os: of(&self.systems, context.os),
            class: context.class,
        }
    }

    pub fn source(&self, campaign: i32) -> Campaign {
        self.sources.get(&campaign).copied().unwrap_or_default()
    }

    fn traffic(&self, campaign: i32) -> Key {
        let Campaign {
            channel,
            source,
            medium,
            campaign,
            ..
        } = self.source(campaign);
        Key::Traffic {
            channel,
            source,
            medium,
            campaign,
        }
    }
}

/// An event, as far as aggregates are concerned.
#[derive(Clone, Debug)]
pub struct Event {
    pub time: i64,
    pub acts: Acts,
    pub is_bot: bool,
    /// Negative where the event names no member.
    pub device: i32,
    pub context: Context,
    pub geography: i32,
    pub referrer: i32,
    pub campaign: i32,
    pub product: i32,
    pub alloy: i32,
    pub diamond: i32,
    pub combination: i32,
}

/// Adds things to cells.
pub struct Adder<'a> {
    pub cells: &'a mut Cells,
    pub members: &'a Members,
    pub calendar: &'a mut Calendar,
}

/// The source of traffic of events without a device.
pub const NO_SESSION: i32 = -1;

impl Adder<'_> {
    /// What an event adds on its own, without its session; it is never taken away.
    pub fn event(&mut self, event: &Event) {
        if !event.acts.has(Acts::VIEW) && !event.acts.is_selection() {
            return;
        }
        let nothing = Chosen::default();
        let chosen = self
            .members
            .combinations
            .get(&event.combination)
            .unwrap_or(&nothing);
        let (day, is_bot) = (self.calendar.day(event.time), event.is_bot);
        if event.acts.has(Acts::VIEW) {
            self.view(event, chosen);
        }
        if event.acts.is_selection() {
            let is_cart = i64::from(event.acts.has(Acts::CART));
            let product = self.cells.at(
                day,
                is_bot,
                Key::Product {
                    product: event.product,
                },
            );
            product.selections += 1;
            product.carts += is_cart;
            self.cells
                .at(
                    day,
                    is_bot,
                    Key::Store {
                        store: event.context.store,
                    },
                )
                .selections += 1;
            for (kind, values) in [
                (OptionKind::Alloy, &chosen.alloys),
                (OptionKind::Diamond, &chosen.diamonds),
            ] {
                for &(_, value) in values {
                    let option = self.cells.at(day, is_bot, Key::Option { kind, value });
                    option.selections += 1;
                    option.carts += is_cart;
                }
            }
            let first = (
                self.members.alloys.get(&event.alloy),
                self.members.diamonds.get(&event.diamond),
            );
            if let (Some(&alloy), Some(&diamond)) = first {
                self.cells
                    .at(day, is_bot, Key::Combination { alloy, diamond })
                    .selections += 1;
            }
            if is_cart > 0 && event.device < 0 {
                self.cells
                    .at(day, is_bot, self.members.traffic(NO_SESSION))
                    .carts += 1;
            }
        }
    }

    fn view(&mut self, event: &Event, chosen: &Chosen) {
        let (day, is_bot) = (self.calendar.day(event.time), event.is_bot);
        let (hour, start) = self.calendar.hour(event.time);
        let Context { store, class, .. } = event.context;
        let device = u32::try_from(event.device).ok();
        let see = |cell: &mut Cell| {
            cell.views += 1;
            if let Some(device) = device {
                cell.rest().viewers.add(device);
            }
        };
        let product = i64::from(event.product);
        see(self.cells.at(day, is_bot, Key::Hour { start }));
        self.cells
            .at(day, is_bot, Key::ProductHour { hour })
            .rest()
            .products
            .add(product, 1);
        let place = self.cells.at(
            day,
            is_bot,
            Key::Place {
                store,
                geography: event.geography,
                class,
            },
        );
        see(place);
        place.rest().hours.add(i64::from(hour), 1);
        for (basis, place) in [(Basis::Store, store), (Basis::Visitor, event.geography)] {
            let interest = self.cells.at(day, is_bot, Key::Interest { basis, place });
            interest.rest().products.add(product, 1);
            chosen
                .alloys
                .iter()
                .for_each(|&(key, _)| interest.rest().alloys.add(i64::from(key), 1));
            chosen
                .diamonds
                .iter()
                .for_each(|&(key, _)| interest.rest().diamonds.add(i64::from(key), 1));
        }
        self.cells.at(day, is_bot, Key::Store { store }).views += 1;
        let technology = self
            .cells
            .at(day, is_bot, self.members.technology(&event.context));
        see(technology);
        technology.rest().hours.add(i64::from(hour), 1);
        see(self.cells.at(
            day,
            is_bot,
            Key::Product {
                product: event.product,
            },
        ));
        if let Some(&Some(referrer)) = self.members.referrers.get(&event.referrer) {
            self.cells.at(day, is_bot, Key::Referrer { referrer }).views += 1;
        }
        for (kind, values) in [
            (OptionKind::Alloy, &chosen.alloys),
            (OptionKind::Diamond, &chosen.diamonds),
        ] {
            for &(_, value) in values {
                see(self.cells.at(day, is_bot, Key::Option { kind, value }));
            }
        }
    }

    /// A session, with what only sessions tell of their views and carts.
    pub fn session(&mut self, session: &Session, is_bot: bool, sign: i64) {
        let counts = Counts::of(&session.hits);
        let engaged = i64::from(cut::is_engaged(session, &counts)) * sign;
        let (day, first) = (self.calendar.day(session.start()), session.first().context);
        let geography = session.origin.geography;
        let traffic = self.members.traffic(session.origin.campaign);
        let technology = self.members.technology(&first);
        let place = Key::Place {
            store: first.store,
            geography,
            class: first.class,
        };
        for key in [place, technology, traffic] {
            let cell = self.cells.at(day, is_bot, key);
            cell.sessions += sign;
            cell.engaged += engaged;
        }
        if let Some(&Some(referrer)) = self.members.referrers.get(&session.origin.referrer) {
            self.cells
                .at(day, is_bot, Key::Referrer { referrer })
                .sessions += sign;
        }
        self.funnel(session, is_bot, sign);
        self.views(session, is_bot, sign);
        for hit in session.hits.iter().filter(|hit| hit.acts.has(Acts::CART)) {
            let day = self.calendar.day(hit.time);
            self.cells.at(day, is_bot, traffic).carts += sign;
        }
    }

    fn funnel(&mut self, session: &Session, is_bot: bool, sign: i64) {
        let funnel = cut::funnel(&session.hits);
        let (day, first) = (self.calendar.day(session.start()), session.first().context);
        let browser = self
            .members
            .browsers
            .get(&first.browser)
            .copied()
            .unwrap_or_default();
        let channel = self.members.source(session.origin.campaign).channel;
        let within = |time: &i64| funnel.closed[0].is_some_and(|start| time - start <= DAY);
        let segments = [
            Segment::All,
            Segment::Store(first.store),
            Segment::Class(first.class),
            Segment::Channel(channel),
            Segment::Browser(browser),
        ];
        for segment in segments {
            for mode in [Mode::Closed, Mode::Open] {
                self.cells
                    .at(
                        day,
                        is_bot,
                        Key::Funnel {
                            segment,
                            mode,
                            step: 0,
                        },
                    )
                    .sessions += sign;
            }
            for step in 0..5 {
                let key = |mode| Key::Funnel {
                    segment,
                    mode,
                    step: step as u8 + 1,
                };
                if let Some(time) = funnel.closed[step].filter(within) {
                    let cell = self.cells.at(day, is_bot, key(Mode::Closed));
                    cell.sessions += sign;
                    if let Some(before) =
                        step.checked_sub(1).and_then(|before| funnel.closed[before])
                    {
                        cell.rest()
                            .lag_seconds
                            .add(rounded_seconds(time - before), sign);
                    }
                }
                if funnel.first[step].is_some() {
                    let cell = self.cells.at(day, is_bot, key(Mode::Open));
                    cell.sessions += sign;
                    if let Some(lag) = funnel.open_lags[step] {
                        cell.rest().lag_seconds.add(rounded_seconds(lag), sign);
                    }
                }
            }
        }
    }

    fn views(&mut self, session: &Session, is_bot: bool, sign: i64) {
        let nothing = Chosen::default();
        for view in cut::views(&session.hits) {
            let hit = &session.hits[view.hit];
            let day = self.calendar.day(hit.time);
            let chosen = self
                .members
                .combinations
                .get(&hit.combination)
                .unwrap_or(&nothing);
            let (store, product) = (
                Key::Store {
                    store: hit.context.store,
                },
                Key::Product {
                    product: hit.product,
                },
            );
            if let Some(dwell) = view.dwell {
                let time = |cell: &mut Cell| {
                    cell.timed_views += sign;
                    cell.view_micros += dwell * sign;
                };
                for key in [store, product] {
                    let cell = self.cells.at(day, is_bot, key);
                    time(cell);
                    cell.rest().view_seconds.add(rounded_seconds(dwell), sign);
                }
                time(
                    self.cells
                        .at(day, is_bot, self.members.technology(&hit.context)),
                );
                for (kind, values) in [
                    (OptionKind::Alloy, &chosen.alloys),
                    (OptionKind::Diamond, &chosen.diamonds),
                ] {
                    for &(_, value) in values {
                        time(self.cells.at(day, is_bot, Key::Option { kind, value }));
                    }
                }
            }
            if let Some(customization) = view.customization {
                for key in [store, product] {
                    let cell = self.cells.at(day, is_bot, key);
                    cell.customized_views += sign;
                    cell.customization_micros += customization * sign;
                    cell.rest()
                        .customization_seconds
                        .add(rounded_seconds(customization), sign);
                }
            }
        }
    }

    pub fn order(&mut self, order: &Order, sign: i64) {
        let (day, is_bot) = (self.calendar.day(order.time), order.is_bot);
        let Context { store, class, .. } = order.context;
        let revenue = order.revenue() * i128::from(sign);
        let keys = [
            Key::Place {
                store,
                geography: order.geography,
                class,
            },
            self.members.technology(&order.context),
            self.members.traffic(order.campaign),
        ];
        for key in keys {
            let cell = self.cells.at(day, is_bot, key);
            cell.orders += sign;
            cell.rest().revenue += revenue;
        }
        let nothing = Chosen::default();
        // An order counts once for a product, a value, a combination, however many lines have it.
        let mut counted: Vec<Key> = Vec::new();
        let mut count = |cells: &mut Cells, key: Key| {
            if !counted.contains(&key) {
                counted.push(key);
                cells.at(day, is_bot, key).orders += sign;
            }
        };
        for line in &order.lines {
            let key = Key::Product {
                product: line.product,
            };
            count(self.cells, key);
            let cell = self.cells.at(day, is_bot, key);
            cell.rest().quantity += line.quantity * i128::from(sign);
            cell.rest().revenue += line.revenue * i128::from(sign);
            let chosen = self
                .members
                .combinations
                .get(&line.combination)
                .unwrap_or(&nothing);
            for (kind, values) in [
                (OptionKind::Alloy, &chosen.alloys),
                (OptionKind::Diamond, &chosen.diamonds),
            ] {
                values
                    .iter()
                    .for_each(|&(_, value)| count(self.cells, Key::Option { kind, value }));
            }
            let first = (
                self.members.alloys.get(&line.alloy),
                self.members.diamonds.get(&line.diamond),
            );
            if let (Some(&alloy), Some(&diamond)) = first {
                count(self.cells, Key::Combination { alloy, diamond });
            }
        }
    }

    /// One touch of an order under one model.
    pub fn attribution(
        &mut self,
        order: &Order,
        model: Model,
        campaign: i32,
        weight: i64,
        sign: i64,
    ) {
        let Campaign {
            channel,
            source,
            campaign,
            ..
        } = self.members.source(campaign);
        let key = Key::Attribution {
            model,
            channel,
            source,
            campaign,
        };
        let cell = self
            .cells
            .at(self.calendar.day(order.time), order.is_bot, key);
        cell.rest().conversions += i128::from(weight * sign);
        cell.rest().attributed += i128::from(weight * sign) * order.revenue();
        debug_assert!(weight <= ONE);
    }

    /// Adds a device to the day of its first event, or takes it away there when an earlier event came late.
    pub fn first_seen(&mut self, device: i32, is_bot: bool, time: i64, is_added: bool) {
        if let Ok(device) = u32::try_from(device) {
            let cell = self
                .cells
                .at(self.calendar.day(time), is_bot, Key::FirstSeen);
            if is_added {
                cell.rest().added.add(device)
            } else {
                cell.rest().removed.add(device)
            }
        }
    }
}
