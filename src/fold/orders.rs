//! Orders and their attribution as they stand in the tables, and the lines of new ones.

use std::collections::{BTreeMap, BTreeSet};

use pgrx::pg_sys;

use crate::fold::members::class;
use crate::fold::sessions::{Span, Visitor, arguments};
use crate::server::failure::Failure;
use crate::server::statement::{Row, Statement};
use crate::server::time::timestamp;
use starsink_core::session::attribution::{Model, ONE};
use starsink_core::session::hit::Context;
use starsink_core::session::order::{Line, MAX_AMOUNT, Order, amount};

/// One touch in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub model: Model,
    pub touch: i32,
    pub session: Option<i64>,
    pub campaign: i32,
    /// Parts of [`ONE`].
    pub weight: i64,
}

pub struct Orders {
    by_id: Statement,
    by_visitor: Statement,
    lines: Statement,
    shares: Statement,
}

macro_rules! select_orders {
    ($from:literal) => {
        concat!(
            "SELECT o.order_id, o.event_time, o.event_id, o.device_key, o.is_bot, o.store_key, o.geography_key, o.browser_key, o.os_key, \
                    o.device_class, o.session_start, o.campaign_key, o.is_valued, o.line_product_keys, o.line_combination_keys, \
                    o.line_quantities::text[], o.line_revenues::text[], o.line_alloy_keys, o.line_diamond_keys ",
            $from
        )
    };
}

impl Orders {
    pub fn new() -> Orders {
        Orders {
            by_id: Statement::of_snapshot(
                select_orders!("FROM warehouse.fact_order AS o WHERE o.order_id = ANY ($1)"),
                &[pg_sys::TEXTARRAYOID],
            ),
            by_visitor: Statement::of_snapshot(
                select_orders!(
                    "FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) AS i (device, bot, low, high) \
                     JOIN warehouse.fact_order AS o \
                       ON o.device_key = i.device AND o.is_bot = i.bot AND o.event_time >= i.low AND o.event_time <= i.high"
                ),
                &[
                    pg_sys::INT4ARRAYOID,
                    pg_sys::BOOLARRAYOID,
                    pg_sys::TIMESTAMPTZARRAYOID,
                    pg_sys::TIMESTAMPTZARRAYOID,
                ],
            ),
            lines: Statement::of_snapshot(
                "SELECT l.event_time, l.event_id, l.product_key, l.option_combination_key, l.quantity::text, l.base_amount::text, \
                        l.alloy_option_key, l.diamond_option_key \
                 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS i (event_time, event_id) \
                 JOIN warehouse.fact_order_line AS l ON l.event_time = i.event_time AND l.event_id = i.event_id COLLATE \"C\" \
                 ORDER BY l.event_time, l.event_id, l.line_number",
                &[pg_sys::TIMESTAMPTZARRAYOID, pg_sys::TEXTARRAYOID],
            ),
            shares: Statement::of_snapshot(
                "SELECT a.order_id, a.model, a.touch_number, a.session_start, a.campaign_key, (a.weight * 1000000000000)::bigint \
                 FROM warehouse.fact_attribution AS a WHERE a.order_id = ANY ($1) ORDER BY a.order_id, a.model, a.touch_number",
                &[pg_sys::TEXTARRAYOID],
            ),
        }
    }

    pub fn by_id(&self, ids: &BTreeSet<Box<str>>) -> Result<BTreeMap<Box<str>, Order>, Failure> {
        let mut found = BTreeMap::new();
        if !ids.is_empty() {
            let ids: Vec<&str> = ids.iter().map(|id| &**id).collect();
            self.by_id.each(&[ids.into()], |row| {
                let order = order(row)?;
                found.insert(order.id.clone(), order);
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// Orders of visitors within spans.
    pub fn by_visitor(&self, spans: &BTreeMap<Visitor, Span>) -> Result<Vec<Order>, Failure> {
        let mut found = Vec::new();
        if !spans.is_empty() {
            self.by_visitor.each(&arguments(spans)?, |row| {
                found.push(order(row)?);
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// Puts the lines of their first success into orders, as they are now.
    pub fn fill_lines(&self, orders: &mut BTreeMap<Box<str>, Order>) -> Result<(), Failure> {
        if orders.is_empty() {
            return Ok(());
        }
        let mut places: BTreeMap<(i64, Box<str>), Vec<Box<str>>> = BTreeMap::new();
        for order in orders.values_mut() {
            (order.lines, order.is_valued) = (Vec::new(), true);
            places
                .entry((order.time, order.event_id.clone()))
                .or_default()
                .push(order.id.clone());
        }
        let times: Vec<_> = places
            .keys()
            .map(|(time, _)| timestamp(*time))
            .collect::<Result<_, _>>()?;
        let ids: Vec<&str> = places.keys().map(|(_, id)| &**id).collect();
        self.lines.each(&[times.into(), ids.into()], |row| {
            let quantity = amount(row.text(5)).filter(|quantity| quantity.abs() < MAX_AMOUNT);
            let revenue = amount(row.text(6)).filter(|revenue| revenue.abs() < MAX_AMOUNT);
            let line = Line {
                product: row.int(3),
                alloy: row.int(7),
                diamond: row.int(8),
                combination: row.int(4),
                quantity: quantity.unwrap_or(0),
                revenue: revenue.unwrap_or(0),
            };
            for id in places
                .get(&(row.time(1), row.text(2).into()))
                .into_iter()
                .flatten()
            {
                if let Some(order) = orders.get_mut(id) {
                    order.lines.push(line);
                    order.is_valued &= revenue.is_some();
                }
            }
            Ok(())
        })
    }

    /// The attribution of orders.
    pub fn shares(&self, ids: &[&str]) -> Result<BTreeMap<Box<str>, Vec<Share>>, Failure> {
        let mut found: BTreeMap<Box<str>, Vec<Share>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        self.shares.each(&[ids.to_vec().into()], |row| {
            let Some(model) = Model::ALL
                .into_iter()
                .find(|model| model.name() == row.text(2))
            else {
                return Ok(());
            };
            found.entry(row.text(1).into()).or_default().push(Share {
                model,
                touch: row.int(3),
                session: row.optional_time(4),
                campaign: row.int(5),
                weight: row.big(6).min(ONE),
            });
            Ok(())
        })?;
        Ok(found)
    }
}

fn order(row: &Row<'_>) -> Result<Order, Failure> {
    let products: Vec<i32> = row.optional(14)?.unwrap_or_default();
    let keys = |column| {
        row.optional::<Vec<i32>>(column)
            .map(Option::unwrap_or_default)
    };
    let texts = |column| {
        row.optional::<Vec<String>>(column)
            .map(Option::unwrap_or_default)
    };
    let (combinations, alloys, diamonds) = (keys(15)?, keys(18)?, keys(19)?);
    let (quantities, revenues) = (texts(16)?, texts(17)?);
    let of = |texts: &[String], place: usize| {
        texts.get(place).and_then(|text| amount(text)).unwrap_or(0)
    };
    let key = |keys: &[i32], place: usize| keys.get(place).copied().unwrap_or(-2);
    let lines = products.iter().enumerate();
    Ok(Order {
        id: row.text(1).into(),
        time: row.time(2),
        event_id: row.text(3).into(),
        device: row.int(4),
        is_bot: row.bool(5),
        context: Context {
            store: row.int(6),
            browser: row.int(8),
            os: row.int(9),
            class: class(row.text(10)),
        },
        geography: row.int(7),
        session: row.optional_time(11),
        campaign: row.int(12),
        is_valued: row.bool(13),
        lines: lines
            .map(|(place, &product)| Line {
                product,
                alloy: key(&alloys, place),
                diamond: key(&diamonds, place),
                combination: key(&combinations, place),
                quantity: of(&quantities, place),
                revenue: of(&revenues, place),
            })
            .collect(),
    })
}
