//! What news change: sessions cut anew, orders decided anew, attribution, and the differences of aggregates. Computes;
//! writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use crate::fold::Reader;
use crate::fold::facts::{Fact, News};
use crate::fold::members::Wanted;
use crate::fold::orders::Share;
use crate::fold::sessions::{Span, Stored, Visitor};
use crate::server::failure::Failure;
use starsink_core::aggregate::cells::Cells;
use starsink_core::aggregate::contribution::{Adder, NO_SESSION};
use starsink_core::session::attribution::{Model, WINDOW, weights};
use starsink_core::session::cut::{Session, cut, cut_on};
use starsink_core::session::hit::Hit;
use starsink_core::session::order::Order;
use starsink_core::time::calendar::Calendar;

/// A session as its row is to be.
#[derive(Debug)]
pub struct NewSession {
    pub visitor: Visitor,
    pub session: Session,
    pub orders: i32,
    pub revenue: i128,
}

/// Everything a fold changes.
#[derive(Debug, Default)]
pub struct Change {
    pub cells: Cells,
    pub sessions_gone: Vec<(Visitor, i64)>,
    pub sessions: Vec<NewSession>,
    pub orders_gone: Vec<Box<str>>,
    pub orders: Vec<Order>,
    /// Orders whose attribution goes.
    pub shares_gone: Vec<Box<str>>,
    pub shares: Vec<(Order, Vec<Share>)>,
    pub events: i64,
    pub batches: BTreeSet<i64>,
}

/// An order as it stands in the table, and as it is to be.
struct OrderChange {
    old: Option<Order>,
    new: Order,
}

type Orders = BTreeMap<Box<str>, OrderChange>;

pub fn change(
    reader: &mut Reader,
    mut news: News,
    calendar: &mut Calendar,
) -> Result<Change, Failure> {
    let mut change = Change {
        events: news.facts.len() as i64,
        batches: std::mem::take(&mut news.batches),
        ..Change::default()
    };
    if news.facts.is_empty() && news.order_ids.is_empty() {
        return Ok(change);
    }
    name_events(reader, &mut news.facts)?;
    let mut adder = Adder {
        cells: &mut change.cells,
        members: &reader.directory.members,
        calendar,
    };
    news.facts.iter().for_each(|fact| adder.event(&fact.event));

    let mut orders = first_successes(reader, &news)?;
    reader.budget.spend(change.cells.size())?;
    let (mut hits, mut spans) = hits(news.facts);
    let newcomers: Vec<Visitor> = hits.keys().copied().collect();
    for OrderChange { old, new } in orders.values() {
        for order in old.iter().chain([new]).filter(|order| order.device >= 0) {
            let visitor = (order.device, order.is_bot);
            spans
                .entry(visitor)
                .or_insert(Span::at(order.time))
                .include(order.time);
        }
    }
    let mut stored = reader.sessions.overlapping(&spans)?;
    for Stored { session, .. } in stored.values().flatten() {
        // As it stood, as it is to be, and between the two.
        reader.budget.spend(3 * session.size())?;
    }
    let mut fresh: BTreeMap<Visitor, Vec<Session>> = BTreeMap::new();
    for &visitor in spans.keys() {
        let mut all = hits.remove(&visitor).unwrap_or_default();
        for Stored { session, .. } in stored.get(&visitor).into_iter().flatten() {
            all.append(&mut session.clone().into_hits());
        }
        fresh.insert(visitor, cut(all, &reader.bounds));
    }
    cut_followers(reader, &mut stored, &mut fresh)?;
    let sessions = fresh.values_mut().flatten();
    reader.sessions.fill_origins(sessions)?;
    orders_of(reader, &fresh, &mut orders)?;
    place_in_sessions(&fresh, &mut orders);

    note_first_seen(reader, &mut change, calendar, newcomers, &stored, &fresh)?;
    let replaced = compare_sessions(&mut change, stored, fresh, &orders);
    let mut wanted = Wanted::default();
    let sessions = replaced.iter().map(|(_, session)| session);
    for session in sessions.chain(change.sessions.iter().map(|new| &new.session)) {
        reader.directory.want_session(&mut wanted, session);
    }
    for OrderChange { old, new } in orders.values() {
        old.iter()
            .chain([new])
            .for_each(|order| reader.directory.want_order(&mut wanted, order));
    }
    reader.directory.look_up(wanted)?;
    let mut adder = Adder {
        cells: &mut change.cells,
        members: &reader.directory.members,
        calendar,
    };
    for (visitor, session) in &replaced {
        adder.session(session, visitor.1, -1);
    }
    for new in &change.sessions {
        adder.session(&new.session, new.visitor.1, 1);
    }
    for OrderChange { old, new } in orders
        .values()
        .filter(|order| order.old.as_ref() != Some(&order.new))
    {
        if let Some(old) = old {
            adder.order(old, -1);
            change.orders_gone.push(old.id.clone());
        }
        adder.order(new, 1);
        change.orders.push(new.clone());
    }
    attribute(reader, &mut change, orders, calendar)?;
    reader.budget.spend(change.cells.size())?;
    Ok(change)
}

/// Looks up what the events name, and tells their class of device.
fn name_events(reader: &mut Reader, facts: &mut [Fact]) -> Result<(), Failure> {
    let mut wanted = Wanted::default();
    for fact in facts.iter() {
        reader
            .directory
            .want_event(&mut wanted, &fact.event, fact.user_agent);
    }
    reader.directory.look_up(wanted)?;
    for fact in facts {
        if let Some(&class) = reader.directory.members.classes.get(&fact.user_agent) {
            fact.event.context.class = class;
        }
    }
    Ok(())
}

/// Goes on cutting where a session that had reached its bounds was followed by another without a pause.
fn cut_followers(
    reader: &Reader,
    stored: &mut BTreeMap<Visitor, Vec<Stored>>,
    fresh: &mut BTreeMap<Visitor, Vec<Session>>,
) -> Result<(), Failure> {
    let bounds = &reader.bounds;
    let behind = |session: &Session| {
        let (low, high) = (session.start(), session.end());
        session
            .may_be_continued(bounds)
            .then_some(Span { low, high })
    };
    let mut spans = BTreeMap::new();
    for (&visitor, of) in stored.iter() {
        let last = of.iter().max_by_key(|stored| stored.session.start());
        if let Some(span) = last.and_then(|last| behind(&last.session)) {
            spans.insert(visitor, span);
        }
    }
    while !spans.is_empty() {
        let followers = reader.sessions.next(&spans, |visitor, start| {
            let last = fresh.get(&visitor).and_then(|sessions| sessions.last());
            last.is_some_and(|last| !last.is_over_at(start, bounds))
        })?;
        spans.clear();
        for (visitor, follower) in followers {
            let of = fresh.entry(visitor).or_default();
            if !cut_on(of, &follower.session, bounds) {
                continue;
            }
            if let Some(span) = behind(&follower.session) {
                spans.insert(visitor, span);
            }
            stored.entry(visitor).or_default().push(follower);
        }
    }
    Ok(())
}

/// The hits of each visitor, and the times they span.
fn hits(facts: Vec<Fact>) -> (HashMap<Visitor, Vec<Hit>>, BTreeMap<Visitor, Span>) {
    let mut hits: HashMap<Visitor, Vec<Hit>> = HashMap::new();
    for fact in facts.into_iter().filter(|fact| fact.event.device >= 0) {
        let visitor = (fact.event.device, fact.event.is_bot);
        hits.entry(visitor).or_default().push(fact.hit());
    }
    let mut spans = BTreeMap::new();
    for (&visitor, hits) in &hits {
        for hit in hits {
            let span = spans.entry(visitor).or_insert(Span::at(hit.time));
            span.include(hit.time);
        }
    }
    (hits, spans)
}

/// For each order that something new is known of: its earliest success, with its lines as they are now.
fn first_successes(reader: &Reader, news: &News) -> Result<Orders, Failure> {
    let old = reader.orders.by_id(&news.order_ids)?;
    let mut winners = old.clone();
    for fact in &news.facts {
        let Some(id) = &fact.order_id else { continue };
        let candidate = Order {
            id: id.clone(),
            time: fact.event.time,
            event_id: fact.id.clone(),
            device: fact.event.device,
            is_bot: fact.event.is_bot,
            context: fact.event.context,
            geography: fact.event.geography,
            session: None,
            campaign: NO_SESSION,
            lines: Vec::new(),
            is_valued: true,
        };
        match winners.get_mut(id) {
            Some(winner) if candidate.is_before(winner) => *winner = candidate,
            Some(_) => {}
            None => {
                winners.insert(id.clone(), candidate);
            }
        }
    }
    reader.orders.fill_lines(&mut winners)?;
    Ok(winners
        .into_iter()
        .map(|(id, new)| {
            let old = old.get(&id).cloned();
            (id, OrderChange { old, new })
        })
        .collect())
}

/// Adds the orders that stand in the tables and may be held by, or owed to, one of these sessions.
fn orders_of(
    reader: &Reader,
    fresh: &BTreeMap<Visitor, Vec<Session>>,
    orders: &mut Orders,
) -> Result<(), Failure> {
    let spans = fresh.iter().filter_map(|(&visitor, sessions)| {
        let (low, high) = (sessions.first()?.start(), sessions.last()?.end());
        Some((
            visitor,
            Span {
                low,
                high: high.saturating_add(WINDOW),
            },
        ))
    });
    for order in reader.orders.by_visitor(&spans.collect())? {
        orders
            .entry(order.id.clone())
            .or_insert_with(|| OrderChange {
                old: Some(order.clone()),
                new: order,
            });
    }
    Ok(())
}

/// Tells each order which session holds it.
fn place_in_sessions(fresh: &BTreeMap<Visitor, Vec<Session>>, orders: &mut Orders) {
    for OrderChange { new, .. } in orders.values_mut() {
        // One may begin at the time that the one before ends at.
        let sessions = fresh.get(&(new.device, new.is_bot)).into_iter().flatten();
        let holding = sessions
            .take_while(|session| {
                (session.start(), &session.first().id) <= (new.time, &new.event_id)
            })
            .last()
            .filter(|session| new.time <= session.end());
        if let Some(session) = holding {
            new.session = Some(session.start());
            new.campaign = session.origin.campaign;
        }
    }
}

/// Notes the day of each device's first event, where it is new or was not the first after all.
fn note_first_seen(
    reader: &Reader,
    change: &mut Change,
    calendar: &mut Calendar,
    newcomers: Vec<Visitor>,
    stored: &BTreeMap<Visitor, Vec<Stored>>,
    fresh: &BTreeMap<Visitor, Vec<Session>>,
) -> Result<(), Failure> {
    let mut earliest: BTreeMap<Visitor, i64> = BTreeMap::new();
    for visitor in newcomers {
        let of_stored = stored.get(&visitor).into_iter().flatten();
        let before = of_stored.map(|stored| stored.session.start()).min();
        let now = fresh.get(&visitor).and_then(|sessions| sessions.first());
        // A session that was there and begins as it did: whatever was first still is.
        if let Some(now) = now
            .map(Session::start)
            .filter(|now| before.is_none_or(|before| *now < before))
        {
            earliest.insert(visitor, now);
        }
    }
    let visitors: Vec<Visitor> = earliest.keys().copied().collect();
    let first = reader.sessions.first(&visitors)?;
    let mut adder = Adder {
        cells: &mut change.cells,
        members: &reader.directory.members,
        calendar,
    };
    for ((device, is_bot), now) in earliest {
        let before = first.get(&(device, is_bot)).copied();
        let mut day = |time| adder.calendar.day(time);
        if before.is_some_and(|before| before <= now || day(before) == day(now)) {
            continue;
        }
        if let Some(before) = before {
            adder.first_seen(device, is_bot, before, false);
        }
        adder.first_seen(device, is_bot, now, true);
    }
    Ok(())
}

/// Notes which rows are deleted and which are inserted. Returns the sessions whose figures are taken away; those of
/// [`Change::sessions`] are added. A session of which only the orders changed is in both, so its figures stay.
fn compare_sessions(
    change: &mut Change,
    mut stored: BTreeMap<Visitor, Vec<Stored>>,
    fresh: BTreeMap<Visitor, Vec<Session>>,
    orders: &Orders,
) -> Vec<(Visitor, Session)> {
    let mut worth: HashMap<(Visitor, i64), (i32, i128)> = HashMap::new();
    for OrderChange { new, .. } in orders.values() {
        if let Some(start) = new.session {
            let (count, revenue) = worth.entry(((new.device, new.is_bot), start)).or_default();
            *count += 1;
            *revenue += new.revenue();
        }
    }
    let mut replaced = Vec::new();
    for (visitor, sessions) in fresh {
        let mut old: BTreeMap<i64, Stored> = stored
            .remove(&visitor)
            .into_iter()
            .flatten()
            .map(|stored| (stored.session.start(), stored))
            .collect();
        for session in sessions {
            let start = session.start();
            let (orders, revenue) = worth.get(&(visitor, start)).copied().unwrap_or_default();
            if let Some(stored) = old.get(&start) {
                let is_same = stored.session == session
                    && (stored.orders, stored.revenue) == (orders, revenue);
                if is_same {
                    old.remove(&start);
                    continue;
                }
            }
            change.sessions.push(NewSession {
                visitor,
                session,
                orders,
                revenue,
            });
        }
        for (start, Stored { session, .. }) in old {
            change.sessions_gone.push((visitor, start));
            replaced.push((visitor, session));
        }
    }
    replaced
}

/// Weighs the touches of each order, and notes whose weights differ from what stands in the table.
fn attribute(
    reader: &mut Reader,
    change: &mut Change,
    orders: Orders,
    calendar: &mut Calendar,
) -> Result<(), Failure> {
    let mut spans: BTreeMap<Visitor, Span> = BTreeMap::new();
    for OrderChange { new, .. } in orders.values().filter(|order| order.new.device >= 0) {
        let span = spans
            .entry((new.device, new.is_bot))
            .or_insert(Span::at(new.time));
        span.include(new.time);
        span.include(new.time.saturating_sub(WINDOW));
    }
    let mut starts = reader.sessions.starts(&spans)?;
    for (visitor, start) in &change.sessions_gone {
        starts.get_mut(visitor).map(|starts| starts.remove(start));
    }
    for new in change
        .sessions
        .iter()
        .filter(|new| spans.contains_key(&new.visitor))
    {
        let of = starts.entry(new.visitor).or_default();
        of.insert(new.session.start(), new.session.origin.campaign);
    }
    let known: Vec<&str> = orders
        .values()
        .filter_map(|order| order.old.as_ref())
        .map(|old| &*old.id)
        .collect();
    let mut shares = reader.orders.shares(&known)?;
    let mut wanted = Wanted::default();
    let touched = starts.values().flat_map(BTreeMap::values);
    for &campaign in touched.chain(shares.values().flatten().map(|share| &share.campaign)) {
        reader.directory.want_campaign(&mut wanted, campaign);
    }
    reader.directory.look_up(wanted)?;
    let mut adder = Adder {
        cells: &mut change.cells,
        members: &reader.directory.members,
        calendar,
    };
    for (id, OrderChange { old, new }) in orders {
        let touches: Vec<(i64, i32)> = starts
            .get(&(new.device, new.is_bot))
            .map(|starts| starts.range(new.time.saturating_sub(WINDOW)..=new.time))
            .into_iter()
            .flatten()
            .map(|(&start, &campaign)| (start, campaign))
            .collect();
        let fresh = weigh(reader, &new, &touches);
        let before = shares.remove(&id).unwrap_or_default();
        let is_same = old.as_ref().is_some_and(|old| {
            (old.time, old.is_bot, old.device, old.revenue())
                == (new.time, new.is_bot, new.device, new.revenue())
        });
        if is_same && before == fresh {
            continue;
        }
        if let Some(old) = old {
            for share in &before {
                adder.attribution(&old, share.model, share.campaign, share.weight, -1);
            }
            change.shares_gone.push(id);
        }
        for share in &fresh {
            adder.attribution(&new, share.model, share.campaign, share.weight, 1);
        }
        change.shares.push((new, fresh));
    }
    Ok(())
}

/// What each touch is owed, by model; those that are owed nothing are left out. Ordered as the table is read: by the
/// model's name, then by touch.
fn weigh(reader: &Reader, order: &Order, touches: &[(i64, i32)]) -> Vec<Share> {
    let mut models = Model::ALL;
    models.sort_unstable_by_key(|model| model.name());
    let mut shares = Vec::new();
    for model in models {
        if touches.is_empty() {
            let weight = starsink_core::session::attribution::ONE;
            shares.push(Share {
                model,
                touch: 1,
                session: None,
                campaign: NO_SESSION,
                weight,
            });
            continue;
        }
        let of = touches
            .iter()
            .map(|&(start, campaign)| reader.directory.touch(campaign, order.time - start));
        let weights = weights(model, &of.collect::<Vec<_>>());
        for (place, (&(start, campaign), weight)) in touches.iter().zip(weights).enumerate() {
            if weight > 0 {
                shares.push(Share {
                    model,
                    touch: place as i32 + 1,
                    session: Some(start),
                    campaign,
                    weight,
                });
            }
        }
    }
    shares
}
