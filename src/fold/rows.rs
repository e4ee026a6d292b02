//! The rows of sessions, orders and attribution, in the order of their tables' columns.

use crate::fold::change::NewSession;
use crate::fold::orders::Share;
use starsink_core::aggregate::cells::Value;
use starsink_core::session::attribution::ONE;
use starsink_core::session::cut::{Counts, funnel, is_engaged};
use starsink_core::session::order::Order;
use starsink_core::session::path;
use starsink_core::time::calendar::Calendar;

/// Columns of fact_session; `is_bounce` is generated, so that it is never written.
pub const SESSION: [&str; 35] = [
    "device_key",
    "is_bot",
    "session_start",
    "session_end",
    "date_key",
    "first_event_id",
    "store_key",
    "geography_key",
    "browser_key",
    "os_key",
    "device_class",
    "referrer_key",
    "campaign_key",
    "landing_page",
    "events",
    "page_views",
    "views",
    "selections",
    "carts",
    "orders",
    "revenue",
    "is_engaged",
    "view_at",
    "option_at",
    "cart_at",
    "checkout_at",
    "success_at",
    "first_view_at",
    "first_option_at",
    "first_cart_at",
    "first_checkout_at",
    "first_success_at",
    "path",
    "fold_id",
    "is_continued",
];

/// Place of landing_page.
pub const LANDING_PAGE: usize = 13;

/// Place of is_engaged; is_bounce is its negation.
pub const ENGAGED: usize = 21;

pub const ORDER: [&str; 24] = [
    "order_id",
    "event_time",
    "event_id",
    "date_key",
    "device_key",
    "is_bot",
    "store_key",
    "geography_key",
    "browser_key",
    "os_key",
    "device_class",
    "session_start",
    "campaign_key",
    "line_count",
    "quantity",
    "revenue",
    "is_valued",
    "line_product_keys",
    "line_alloy_keys",
    "line_diamond_keys",
    "line_combination_keys",
    "line_quantities",
    "line_revenues",
    "fold_id",
];

pub const SHARE: [&str; 11] = [
    "order_id",
    "model",
    "touch_number",
    "event_time",
    "is_bot",
    "device_key",
    "session_start",
    "campaign_key",
    "weight",
    "revenue",
    "fold_id",
];

fn time(time: Option<i64>) -> Value<'static> {
    time.map_or(Value::Null, Value::Time)
}

pub fn session<'a>(new: &'a NewSession, fold_id: i64, calendar: &mut Calendar) -> Vec<Value<'a>> {
    use Value::{Big, Bool, Bytes, Int, Numeric, Text, Time};
    let NewSession {
        visitor,
        session,
        orders,
        revenue,
    } = new;
    let (first, origin) = (session.first(), &session.origin);
    let counts = Counts::of(&session.hits);
    let funnel = funnel(&session.hits);
    let mut values = vec![
        Int(visitor.0),
        Bool(visitor.1),
        Time(session.start()),
        Time(session.end()),
        Int(calendar.day_and_minute(session.start()).0),
        Text(&first.id),
        Int(first.context.store),
        Int(origin.geography),
        Int(first.context.browser),
        Int(first.context.os),
        Text(first.context.class.name()),
        Int(origin.referrer),
        Int(origin.campaign),
        origin.landing.as_deref().map_or(Value::Null, Text),
        Int(session.hits.len() as i32),
        Int(counts.page_views),
        Int(counts.views),
        Int(counts.selections),
        Int(counts.carts),
        Int(*orders),
        Numeric(*revenue, 4),
        Bool(is_engaged(session, &counts)),
    ];
    values.extend(funnel.closed.map(time));
    values.extend(funnel.first.map(time));
    values.push(Bytes(path::pack(&session.hits)));
    values.push(Big(fold_id));
    values.push(Bool(origin.is_continued));
    values
}

pub fn order<'a>(order: &'a Order, fold_id: i64, calendar: &mut Calendar) -> Vec<Value<'a>> {
    use Value::{Big, Bool, Int, Ints, Numeric, Numerics, Text, Time};
    let lines = &order.lines;
    vec![
        Text(&order.id),
        Time(order.time),
        Text(&order.event_id),
        Int(calendar.day_and_minute(order.time).0),
        Int(order.device),
        Bool(order.is_bot),
        Int(order.context.store),
        Int(order.geography),
        Int(order.context.browser),
        Int(order.context.os),
        Text(order.context.class.name()),
        time(order.session),
        Int(order.campaign),
        Int(lines.len() as i32),
        Numeric(order.quantity(), 4),
        Numeric(order.revenue(), 4),
        Bool(order.is_valued),
        Ints(lines.iter().map(|line| line.product).collect()),
        Ints(lines.iter().map(|line| line.alloy).collect()),
        Ints(lines.iter().map(|line| line.diamond).collect()),
        Ints(lines.iter().map(|line| line.combination).collect()),
        Numerics(lines.iter().map(|line| line.quantity).collect(), 4),
        Numerics(lines.iter().map(|line| line.revenue).collect(), 4),
        Big(fold_id),
    ]
}

pub fn share<'a>(order: &'a Order, share: &Share, fold_id: i64) -> Vec<Value<'a>> {
    use Value::{Big, Bool, Int, Numeric, Text, Time};
    debug_assert!(share.weight <= ONE);
    vec![
        Text(&order.id),
        Text(share.model.name()),
        Int(share.touch),
        Time(order.time),
        Bool(order.is_bot),
        Int(order.device),
        time(share.session),
        Int(share.campaign),
        Numeric(i128::from(share.weight), 12),
        Numeric(i128::from(share.weight) * order.revenue(), 16),
        Big(fold_id),
    ]
}
