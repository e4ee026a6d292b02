//! Sessions as they stand in the table, of the devices that something happened to.

use std::collections::BTreeMap;

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::pg_sys;

use crate::server::failure::Failure;
use crate::server::statement::{Row, Statement};
use crate::server::time::timestamp;
use starsink_core::session::cut::{Session, UNKNOWN};
use starsink_core::session::hit::{Origin, landing};
use starsink_core::session::order::amount;
use starsink_core::session::path;

/// A device, and whether its robot's user agents are meant.
pub type Visitor = (i32, bool);

/// Times of a visitor to look at, both included.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub low: i64,
    pub high: i64,
}

impl Span {
    pub fn at(time: i64) -> Span {
        Span {
            low: time,
            high: time,
        }
    }

    pub fn include(&mut self, time: i64) {
        self.low = self.low.min(time);
        self.high = self.high.max(time);
    }
}

/// A session in the table, with what its row says of its orders.
#[derive(Clone, Debug)]
pub struct Stored {
    pub session: Session,
    pub orders: i32,
    pub revenue: i128,
}

pub struct Sessions {
    overlapping: Statement,
    next: Statement,
    origins: Statement,
    first: Statement,
    starts: Statement,
}

const SPANS: &[pg_sys::Oid] = &[
    pg_sys::INT4ARRAYOID,
    pg_sys::BOOLARRAYOID,
    pg_sys::TIMESTAMPTZARRAYOID,
    pg_sys::TIMESTAMPTZARRAYOID,
];

/// Sessions are separated by pauses of more than 1,800 s, so those that a span can touch lie no further from it.
macro_rules! select_sessions {
    ($from:literal) => {
        concat!(
            "SELECT s.device_key, s.is_bot, s.geography_key, s.referrer_key, s.campaign_key, s.landing_page, s.path, s.orders, s.revenue::text, \
                    s.is_continued, s.session_start \
             FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) AS i (device, bot, low, high) \
             CROSS JOIN LATERAL (",
            $from,
            ") AS s"
        )
    };
}

impl Sessions {
    pub fn new() -> Sessions {
        Sessions {
            // The last session that began before, and those that began since. A device that never pauses may have many
            // earlier ones: they stay as they are.
            overlapping: Statement::of_snapshot(
                select_sessions!(
                    "SELECT * FROM (SELECT b.* FROM warehouse.fact_session AS b \
                                    WHERE b.device_key = i.device AND b.is_bot = i.bot AND b.session_start < i.low \
                                    ORDER BY b.session_start DESC LIMIT 1) AS b \
                     WHERE b.session_end >= i.low - interval '1800 s' \
                     UNION ALL \
                     SELECT w.* FROM warehouse.fact_session AS w \
                     WHERE w.device_key = i.device AND w.is_bot = i.bot AND w.session_start >= i.low AND w.session_start <= i.high + interval '1800 s'"
                ),
                SPANS,
            ),
            next: Statement::of_snapshot(
                select_sessions!(
                    "SELECT n.* FROM warehouse.fact_session AS n \
                     WHERE n.device_key = i.device AND n.is_bot = i.bot AND n.session_start > i.low AND n.session_start <= i.high + interval '1800 s' \
                     ORDER BY n.session_start LIMIT 1"
                ),
                SPANS,
            ),
            origins: Statement::of_snapshot(
                "SELECT f.event_time, f.event_id, f.geography_key, f.referrer_key, f.campaign_key, f.current_url \
                 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS i (event_time, event_id) \
                 JOIN warehouse.fact_event AS f ON f.event_time = i.event_time AND f.event_id = i.event_id COLLATE \"C\"",
                &[pg_sys::TIMESTAMPTZARRAYOID, pg_sys::TEXTARRAYOID],
            ),
            first: Statement::of_snapshot(
                "SELECT i.device, i.bot, s.session_start \
                 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS i (device, bot) \
                 CROSS JOIN LATERAL (SELECT f.session_start FROM warehouse.fact_session AS f WHERE f.device_key = i.device AND f.is_bot = i.bot \
                                     ORDER BY f.session_start LIMIT 1) AS s",
                &[pg_sys::INT4ARRAYOID, pg_sys::BOOLARRAYOID],
            ),
            starts: Statement::of_snapshot(
                "SELECT s.device_key, s.is_bot, s.session_start, s.campaign_key \
                 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) AS i (device, bot, low, high) \
                 JOIN warehouse.fact_session AS s \
                   ON s.device_key = i.device AND s.is_bot = i.bot AND s.session_start >= i.low AND s.session_start <= i.high",
                SPANS,
            ),
        }
    }

    /// Sessions that hits within a span may meet, by visitor.
    pub fn overlapping(
        &self,
        spans: &BTreeMap<Visitor, Span>,
    ) -> Result<BTreeMap<Visitor, Vec<Stored>>, Failure> {
        let mut found: BTreeMap<Visitor, Vec<Stored>> = BTreeMap::new();
        if spans.is_empty() {
            return Ok(found);
        }
        self.overlapping.each(&arguments(spans)?, |row| {
            let visitor = (row.int(1), row.bool(2));
            found.entry(visitor).or_default().push(stored(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Each visitor's next session that begins after `low` and at most a pause after `high`, if `is_wanted` accepts its
    /// start.
    pub fn next(
        &self,
        spans: &BTreeMap<Visitor, Span>,
        mut is_wanted: impl FnMut(Visitor, i64) -> bool,
    ) -> Result<BTreeMap<Visitor, Stored>, Failure> {
        let mut found = BTreeMap::new();
        if spans.is_empty() {
            return Ok(found);
        }
        self.next.each(&arguments(spans)?, |row| {
            let visitor = (row.int(1), row.bool(2));
            if is_wanted(visitor, row.time(11)) {
                found.insert(visitor, stored(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Reads the origins that [`Session::lacks_origin`] asks for; unknown where retention has dropped the event.
    pub fn fill_origins<'a>(
        &self,
        sessions: impl Iterator<Item = &'a mut Session>,
    ) -> Result<(), Failure> {
        let mut lacking: BTreeMap<(i64, Box<str>), Vec<&mut Session>> = BTreeMap::new();
        for session in sessions.filter(|session| session.lacks_origin()) {
            let first = session.first();
            let place = (first.time, first.id.clone());
            session.origin = Origin {
                is_continued: session.origin.is_continued,
                ..UNKNOWN
            };
            lacking.entry(place).or_default().push(session);
        }
        if lacking.is_empty() {
            return Ok(());
        }
        let times: Vec<TimestampWithTimeZone> = lacking
            .keys()
            .map(|&(time, _)| timestamp(time))
            .collect::<Result<_, _>>()?;
        let ids: Vec<&str> = lacking.keys().map(|(_, id)| &**id).collect();
        let arguments = [times.into(), ids.into()];
        self.origins.each(&arguments, |row| {
            let place = (row.time(1), row.text(2).into());
            for session in lacking.get_mut(&place).into_iter().flatten() {
                session.origin = Origin {
                    geography: row.int(3),
                    referrer: row.int(4),
                    campaign: row.int(5),
                    landing: landing(row.text(6)),
                    is_continued: session.origin.is_continued,
                };
            }
            Ok(())
        })
    }

    /// When each visitor's first session began, of those that have one.
    pub fn first(&self, visitors: &[Visitor]) -> Result<BTreeMap<Visitor, i64>, Failure> {
        let mut first = BTreeMap::new();
        if visitors.is_empty() {
            return Ok(first);
        }
        let devices: Vec<i32> = visitors.iter().map(|&(device, _)| device).collect();
        let bots: Vec<bool> = visitors.iter().map(|&(_, bot)| bot).collect();
        self.first.each(&[devices.into(), bots.into()], |row| {
            first.insert((row.int(1), row.bool(2)), row.time(3));
            Ok(())
        })?;
        Ok(first)
    }

    /// Start and source of traffic of the sessions that began in a span.
    pub fn starts(
        &self,
        spans: &BTreeMap<Visitor, Span>,
    ) -> Result<BTreeMap<Visitor, BTreeMap<i64, i32>>, Failure> {
        let mut starts: BTreeMap<Visitor, BTreeMap<i64, i32>> = BTreeMap::new();
        if spans.is_empty() {
            return Ok(starts);
        }
        self.starts.each(&arguments(spans)?, |row| {
            let of = starts.entry((row.int(1), row.bool(2))).or_default();
            of.insert(row.time(3), row.int(4));
            Ok(())
        })?;
        Ok(starts)
    }
}

fn stored(row: &Row<'_>) -> Result<Stored, Failure> {
    let bytes: Option<&[u8]> = row.optional(7)?;
    let hits = bytes.and_then(path::unpack).filter(|hits| !hits.is_empty());
    let hits = hits.ok_or_else(|| {
        Failure::sql(
            "reading fact_session",
            "a path cannot be unpacked; SELECT starsink.rebuild_aggregates() makes it anew",
        )
    })?;
    let origin = Origin {
        geography: row.int(3),
        referrer: row.int(4),
        campaign: row.int(5),
        landing: row.optional::<&str>(6)?.map(Into::into),
        is_continued: row.bool(10),
    };
    Ok(Stored {
        session: Session { hits, origin },
        orders: row.int(8),
        revenue: amount(row.text(9)).unwrap_or(0),
    })
}

/// Devices, robots, lows and highs.
pub fn arguments(spans: &BTreeMap<Visitor, Span>) -> Result<[DatumWithOid<'static>; 4], Failure> {
    let times = |of: fn(&Span) -> i64| -> Result<Vec<TimestampWithTimeZone>, Failure> {
        spans.values().map(|span| timestamp(of(span))).collect()
    };
    Ok([
        spans
            .keys()
            .map(|&(device, _)| device)
            .collect::<Vec<i32>>()
            .into(),
        spans
            .keys()
            .map(|&(_, bot)| bot)
            .collect::<Vec<bool>>()
            .into(),
        times(|span| span.low)?.into(),
        times(|span| span.high)?.into(),
    ])
}
