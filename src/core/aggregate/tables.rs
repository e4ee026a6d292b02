//! The tables of the aggregates, each column said once: its name, and which figure of a cell stands in it. The lay-out's
//! `sql/fold/aggregates.sql` has their types and comments.

use super::cells::{At, Cell, Key, Rest, Texts, Value};
use super::devices::Devices;
use super::tally::Pairs;

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
