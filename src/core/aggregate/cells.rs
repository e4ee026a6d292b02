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

/// The aggregates. The order is that of [`TABLES`].
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
    rest: Option<Box<Rest>>,
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
    /// Bytes that they hold, near enough: sets and tallies grow with the events, which are counted by themselves.
    pub fn size(&self) -> usize {
        self.0.len() * (size_of::<(At, Cell)>() + size_of::<Rest>() / 2)
    }

    pub fn at(&mut self, day: i32, is_bot: bool, key: Key) -> &mut Cell {
        self.0.entry((day, is_bot, key)).or_default()
    }
}

/// One aggregate: its name without `agg_`, and its columns after fold_id, day and is_bot.
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [Column],
}

impl Table {
    /// Its columns, in the order of [`row`].
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let named = self.columns.iter().map(Column::name);
        ["fold_id", "day", "is_bot"].into_iter().chain(named)
    }
}

/// What stands in a column.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// The n-th part of the key.
    Key(&'static str),
    Count(&'static str, fn(&Cell) -> i64),
    Amount(&'static str, fn(&Rest) -> i128, u8),
    Set(&'static str, fn(&mut Rest) -> &mut Devices),
    Tally(&'static str, fn(&mut Rest) -> &mut Pairs),
}

impl Column {
    fn name(&self) -> &'static str {
        match self {
            Column::Key(name)
            | Column::Count(name, _)
            | Column::Amount(name, _, _)
            | Column::Set(name, _)
            | Column::Tally(name, _) => name,
        }
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

const VIEWS: Column = Column::Count("views", |cell| cell.views);
const VIEWERS: Column = Column::Set("viewers", |rest| &mut rest.viewers);
const HOURS: Column = Column::Tally("views_by_hour", |rest| &mut rest.hours);
const SESSIONS: Column = Column::Count("sessions", |cell| cell.sessions);
const ENGAGED: Column = Column::Count("engaged", |cell| cell.engaged);
const ORDERS: Column = Column::Count("orders", |cell| cell.orders);
const REVENUE: Column = Column::Amount("revenue", |rest| rest.revenue, 4);
const CARTS: Column = Column::Count("carts", |cell| cell.carts);
const SELECTIONS: Column = Column::Count("selections", |cell| cell.selections);
const TIMED: Column = Column::Count("timed_views", |cell| cell.timed_views);
const MICROS: Column = Column::Count("view_micros", |cell| cell.view_micros);
const SECONDS: Column = Column::Tally("view_seconds", |rest| &mut rest.view_seconds);
const CUSTOMIZED: Column = Column::Count("customized_views", |cell| cell.customized_views);
const CUSTOM_MICROS: Column =
    Column::Count("customization_micros", |cell| cell.customization_micros);
const CUSTOM_SECONDS: Column = Column::Tally("customization_seconds", |cell| {
    &mut cell.customization_seconds
});

/// Every aggregate, as `sql/fold/aggregates.sql` lays it out.
pub const TABLES: [Table; 14] = [
    Table {
        name: "hour",
        columns: &[Column::Key("hour_start"), VIEWS, VIEWERS],
    },
    Table {
        name: "product_hour",
        columns: &[
            Column::Key("hour"),
            Column::Tally("products", |rest| &mut rest.products),
        ],
    },
    Table {
        name: "place",
        columns: &[
            Column::Key("store_key"),
            Column::Key("geography_key"),
            Column::Key("device_class"),
            VIEWS,
            VIEWERS,
            HOURS,
            SESSIONS,
            ENGAGED,
            ORDERS,
            REVENUE,
        ],
    },
    Table {
        name: "place_interest",
        columns: &[
            Column::Key("basis"),
            Column::Key("place_key"),
            Column::Tally("products", |rest| &mut rest.products),
            Column::Tally("alloys", |rest| &mut rest.alloys),
            Column::Tally("diamonds", |rest| &mut rest.diamonds),
        ],
    },
    Table {
        name: "store",
        columns: &[
            Column::Key("store_key"),
            VIEWS,
            SELECTIONS,
            TIMED,
            MICROS,
            SECONDS,
            CUSTOMIZED,
            CUSTOM_MICROS,
            CUSTOM_SECONDS,
        ],
    },
    Table {
        name: "technology",
        columns: &[
            Column::Key("browser"),
            Column::Key("os"),
            Column::Key("device_class"),
            VIEWS,
            VIEWERS,
            HOURS,
            SESSIONS,
            ENGAGED,
            ORDERS,
            REVENUE,
            TIMED,
            MICROS,
        ],
    },
    Table {
        name: "traffic",
        columns: &[
            Column::Key("channel"),
            Column::Key("source"),
            Column::Key("medium"),
            Column::Key("campaign"),
            SESSIONS,
            ENGAGED,
            CARTS,
            ORDERS,
            REVENUE,
        ],
    },
    Table {
        name: "referrer",
        columns: &[Column::Key("referrer"), VIEWS, SESSIONS],
    },
    Table {
        name: "product",
        columns: &[
            Column::Key("product_key"),
            VIEWS,
            VIEWERS,
            SELECTIONS,
            CARTS,
            ORDERS,
            Column::Amount("quantity", |rest| rest.quantity, 4),
            REVENUE,
            TIMED,
            MICROS,
            SECONDS,
            CUSTOMIZED,
            CUSTOM_MICROS,
            CUSTOM_SECONDS,
        ],
    },
    Table {
        name: "option",
        columns: &[
            Column::Key("kind"),
            Column::Key("value"),
            SELECTIONS,
            CARTS,
            ORDERS,
            VIEWS,
            VIEWERS,
            TIMED,
            MICROS,
        ],
    },
    Table {
        name: "combination",
        columns: &[
            Column::Key("alloy"),
            Column::Key("diamond"),
            SELECTIONS,
            ORDERS,
        ],
    },
    Table {
        name: "funnel",
        columns: &[
            Column::Key("segment_kind"),
            Column::Key("segment"),
            Column::Key("mode"),
            Column::Key("step"),
            SESSIONS,
            Column::Tally("lag_seconds", |rest| &mut rest.lag_seconds),
        ],
    },
    Table {
        name: "attribution",
        columns: &[
            Column::Key("model"),
            Column::Key("channel"),
            Column::Key("source"),
            Column::Key("campaign"),
            Column::Amount("conversions", |rest| rest.conversions, 12),
            Column::Amount("revenue", |rest| rest.attributed, 16),
        ],
    },
    Table {
        name: "first_seen",
        columns: &[
            Column::Set("added", |rest| &mut rest.added),
            Column::Set("removed", |rest| &mut rest.removed),
        ],
    },
];

impl Key {
    /// Place in [`TABLES`].
    pub fn table(&self) -> usize {
        match self {
            Key::Hour { .. } => 0,
            Key::ProductHour { .. } => 1,
            Key::Place { .. } => 2,
            Key::Interest { .. } => 3,
            Key::Store { .. } => 4,
            Key::Technology { .. } => 5,
            Key::Traffic { .. } => 6,
            Key::Referrer { .. } => 7,
            Key::Product { .. } => 8,
            Key::Option { .. } => 9,
            Key::Combination { .. } => 10,
            Key::Funnel { .. } => 11,
            Key::Attribution { .. } => 12,
            Key::FirstSeen => 13,
        }
    }

    /// Its parts, in the order of the key columns.
    fn parts<'t>(&self, texts: &'t Texts, scratch: &'t mut String) -> Vec<Value<'t>> {
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

/// The values of a row, in the order of the table's columns; `None` where nothing is left of it.
pub fn row<'t>(
    at: &At,
    cell: &mut Cell,
    fold_id: i64,
    texts: &'t Texts,
    scratch: &'t mut String,
) -> Option<Vec<Value<'t>>> {
    let (day, is_bot, key) = at;
    let columns = TABLES[key.table()].columns;
    let mut parts = key.parts(texts, scratch).into_iter();
    let mut values = Vec::with_capacity(columns.len() + 3);
    values.extend([Value::Big(fold_id), Value::Date(*day), Value::Bool(*is_bot)]);
    let mut is_empty = true;
    for column in columns {
        let rest = cell.rest.as_deref_mut();
        let value = match column {
            Column::Key(_) => parts.next().unwrap_or(Value::Null),
            Column::Count(_, count) => Value::Big(count(cell)),
            Column::Amount(_, amount, decimals) => {
                Value::Numeric(rest.map_or(0, |rest| amount(rest)), *decimals)
            }
            Column::Set(_, set) => rest
                .map(|rest| set(rest).stored())
                .filter(|set| !set.is_empty())
                .map_or(Value::Null, Value::Bytes),
            Column::Tally(_, pairs) => rest
                .and_then(|rest| pairs(rest).stored())
                .map_or(Value::Null, Value::Bytes),
        };
        is_empty &= matches!(column, Column::Key(_))
            || matches!(value, Value::Null | Value::Big(0) | Value::Numeric(0, _));
        values.push(value);
    }
    (!is_empty).then_some(values)
}
