//! Differences of aggregates: what things add to, and take from, the figures of a key on a day.

use hashbrown::HashMap;

use super::devices::Devices;
use super::tally::Pairs;
use crate::event::event::DeviceClass;
use crate::session::attribution::Model;

/// A text, by its place in [`Texts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text(u32);

/// Every text once. The first one is empty.
#[derive(Debug)]
pub struct Texts {
    places: HashMap<Box<str>, Text>,
    texts: Vec<Box<str>>,
}

impl Default for Texts {
    fn default() -> Texts {
        let mut texts = Texts {
            places: HashMap::new(),
            texts: Vec::new(),
        };
        texts.intern("");
        texts
    }
}

impl Texts {
    pub fn intern(&mut self, text: &str) -> Text {
        if let Some(&place) = self.places.get(text) {
            return place;
        }
        let place = Text(self.texts.len() as u32);
        self.texts.push(text.into());
        self.places.insert(text.into(), place);
        place
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.texts.len()
    }

    pub fn get(&self, text: Text) -> &str {
        self.texts.get(text.0 as usize).map_or("", |text| text)
    }
}

/// The aggregates. The order is that of [`super::tables::TABLES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Hour {
        start: i64,
    },
    ProductHour {
        hour: u8,
    },
    Place {
        store: i32,
        geography: i32,
        class: DeviceClass,
    },
    Interest {
        basis: Basis,
        place: i32,
    },
    Store {
        store: i32,
    },
    Technology {
        browser: Text,
        os: Text,
        class: DeviceClass,
    },
    Traffic {
        channel: Text,
        source: Text,
        medium: Text,
        campaign: Text,
    },
    Referrer {
        referrer: Text,
    },
    Product {
        product: i32,
    },
    Option {
        kind: OptionKind,
        value: Text,
    },
    Combination {
        alloy: Text,
        diamond: Text,
    },
    Funnel {
        segment: Segment,
        mode: Mode,
        step: u8,
    },
    Attribution {
        model: Model,
        channel: Text,
        source: Text,
        campaign: Text,
    },
    FirstSeen,
}

/// Whose country: the store's, or the visitor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    Store,
    Visitor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OptionKind {
    Alloy,
    Diamond,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    Closed,
    Open,
}

/// Part of the sessions, for funnels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    All,
    Store(i32),
    Class(DeviceClass),
    Channel(Text),
    Browser(Text),
}

/// Figures of one key. Most keys have counts alone; the rest stands apart, so that cells are small.
#[derive(Debug, Default)]
pub struct Cell {
    pub views: i64,
    pub sessions: i64,
    pub engaged: i64,
    pub orders: i64,
    pub carts: i64,
    pub selections: i64,
    pub timed_views: i64,
    pub view_micros: i64,
    pub customized_views: i64,
    pub customization_micros: i64,
    pub(super) rest: Option<Box<Rest>>,
}

/// Amounts, sets and tallies.
#[derive(Debug, Default)]
pub struct Rest {
    /// Ten-thousandths.
    pub revenue: i128,
    pub quantity: i128,
    /// Parts of [`super::attribution::ONE`], and those of ten-thousandths.
    pub conversions: i128,
    pub attributed: i128,
    pub viewers: Devices,
    pub added: Devices,
    pub removed: Devices,
    pub hours: Pairs,
    pub view_seconds: Pairs,
    pub customization_seconds: Pairs,
    pub lag_seconds: Pairs,
    pub products: Pairs,
    pub alloys: Pairs,
    pub diamonds: Pairs,
}

impl Cell {
    pub fn rest(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }
}

/// Day (since 2000-01-01), whether of robots, and key.
pub type At = (i32, bool, Key);

#[derive(Debug, Default)]
pub struct Cells(pub HashMap<At, Cell>);

impl Cells {
    /// Estimated size in bytes, without sets and tallies: they grow with the events, which are counted separately.
    pub fn size(&self) -> usize {
        self.0.len() * (size_of::<(At, Cell)>() + size_of::<Rest>() / 2)
    }

    pub fn at(&mut self, day: i32, is_bot: bool, key: Key) -> &mut Cell {
        self.0.entry((day, is_bot, key)).or_default()
    }
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Null,
    Small(i16),
    Int(i32),
    Big(i64),
    Bool(bool),
    Text(&'a str),
    Bytes(Vec<u8>),
    /// Days since 2000-01-01.
    Date(i32),
    /// Microseconds since the Unix epoch.
    Time(i64),
    /// With so many decimals, a multiple of four.
    Numeric(i128, u8),
    Ints(Vec<i32>),
    Numerics(Vec<i128>, u8),
}

impl Key {
    /// Its parts, in the order of the key columns.
    pub(super) fn parts<'t>(&self, texts: &'t Texts, scratch: &'t mut String) -> Vec<Value<'t>> {
        use Value::{Int, Small, Text, Time};
        let text = |place| Text(texts.get(place));
        match *self {
            Key::Hour { start } => vec![Time(start)],
            Key::ProductHour { hour } => vec![Small(i16::from(hour))],
            Key::Place {
                store,
                geography,
                class,
            } => vec![Int(store), Int(geography), Text(class.name())],
            Key::Interest { basis, place } => {
                vec![
                    Text(if basis == Basis::Store {
                        "store"
                    } else {
                        "visitor"
                    }),
                    Int(place),
                ]
            }
            Key::Store { store } => vec![Int(store)],
            Key::Technology { browser, os, class } => {
                vec![text(browser), text(os), Text(class.name())]
            }
            Key::Traffic {
                channel,
                source,
                medium,
                campaign,
            } => {
                vec![text(channel), text(source), text(medium), text(campaign)]
            }
            Key::Referrer { referrer } => vec![text(referrer)],
            Key::Product { product } => vec![Int(product)],
            Key::Option { kind, value } => {
                vec![
                    Text(if kind == OptionKind::Alloy {
                        "alloy"
                    } else {
                        "diamond"
                    }),
                    text(value),
                ]
            }
            Key::Combination { alloy, diamond } => vec![text(alloy), text(diamond)],
            Key::Funnel {
                segment,
                mode,
                step,
            } => {
                let mode = if mode == Mode::Closed {
                    "closed"
                } else {
                    "open"
                };
                let (kind, name) = match segment {
                    Segment::All => ("all", ""),
                    Segment::Store(key) => {
                        *scratch = key.to_string();
                        ("store", scratch.as_str())
                    }
                    Segment::Class(class) => ("device_class", class.name()),
                    Segment::Channel(channel) => ("channel", texts.get(channel)),
                    Segment::Browser(browser) => ("browser", texts.get(browser)),
                };
                vec![Text(kind), Text(name), Text(mode), Small(i16::from(step))]
            }
            Key::Attribution {
                model,
                channel,
                source,
                campaign,
            } => {
                vec![
                    Text(model.name()),
                    text(channel),
                    text(source),
                    text(campaign),
                ]
            }
            Key::FirstSeen => Vec::new(),
        }
    }
}
