//! Cutting a device's hits into sessions, and what a session says.

use super::hit::{Acts, Hit, Origin};
use crate::time::SECOND;

/// A pause longer than this begins another session; exactly this long, and it goes on. Microseconds.
pub const GAP: i64 = 1_800 * SECOND;
/// A session longer than this is engaged. Microseconds.
const ENGAGED: i64 = 10 * SECOND;

/// Bounds of a session; the next hit begins another one. A session is never cut at the instant it began, so that the
/// sessions of a device have distinct start times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub events: usize,
    /// Longest time from the first hit to the last, inclusive, in microseconds.
    pub length: i64,
}

impl Bounds {
    pub const USUAL: Bounds = Bounds {
        events: 10_000,
        length: 86_400 * SECOND,
    };
}

/// Hits of one device, in order, without a pause longer than [`GAP`]; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub hits: Vec<Hit>,
    pub origin: Origin,
}

impl Session {
    pub fn first(&self) -> &Hit {
        &self.hits[0]
    }

    pub fn start(&self) -> i64 {
        self.hits[0].time
    }

    pub fn end(&self) -> i64 {
        self.hits[self.hits.len() - 1].time
    }

    /// Whether a hit at this time, not before its last one, begins another session.
    pub fn is_over_at(&self, time: i64, bounds: &Bounds) -> bool {
        let is_full = self.hits.len() >= bounds.events || time - self.start() > bounds.length;
        time - self.end() > GAP || (is_full && time > self.start())
    }

    /// Whether another session may follow it without a pause.
    pub fn may_be_continued(&self, bounds: &Bounds) -> bool {
        self.hits.len() >= bounds.events || self.end() - self.start() > bounds.length - GAP
    }

    /// Whether the origin of its first hit must still be looked up: this hit was never first before.
    pub fn lacks_origin(&self) -> bool {
        self.origin.geography == LACKING.geography
    }

    /// Bytes that it holds.
    pub fn size(&self) -> usize {
        let texts: usize = self.hits.iter().map(|hit| hit.id.len() + 16).sum();
        size_of::<Session>() + self.hits.len() * size_of::<Hit>() + texts
    }

    /// Its hits, as they came to be cut.
    pub fn into_hits(mut self) -> Vec<Hit> {
        self.hits[0].origin = Some(Box::new(self.origin));
        self.hits
    }
}

/// Cuts hits into sessions, whatever their order; a hit that comes twice counts once. The first of them is known to
/// begin a session: of stored hits that is so if those of whole sessions are given.
pub fn cut(mut hits: Vec<Hit>, bounds: &Bounds) -> Vec<Session> {
    hits.sort_by(Hit::order);
    hits.dedup_by(|next, kept| {
        let is_same = next.order(kept).is_eq();
        if is_same && kept.origin.is_none() {
            kept.origin = next.origin.take();
        }
        is_same
    });
    let mut sessions: Vec<Session> = Vec::new();
    for mut hit in hits {
        match sessions.last_mut() {
            Some(session) if !session.is_over_at(hit.time, bounds) => {
                hit.origin = None;
                session.hits.push(hit);
            }
            before => {
                let mut origin = hit.origin.take().map_or(LACKING, |origin| *origin);
                if let Some(before) = before {
                    origin.is_continued = hit.time - before.end() <= GAP;
                }
                sessions.push(Session {
                    hits: vec![hit],
                    origin,
                });
            }
        }
    }
    sessions
}

/// Cuts the last session anew together with the stored `follower` that the new hits have reached. Returns false if the
/// two stay apart; then all later sessions stay as they are.
pub fn cut_on(fresh: &mut Vec<Session>, follower: &Session, bounds: &Bounds) -> bool {
    let Some(last) = fresh.pop_if(|last| !last.is_over_at(follower.start(), bounds)) else {
        return false;
    };
    let mut hits = last.into_hits();
    hits.append(&mut follower.clone().into_hits());
    fresh.append(&mut cut(hits, bounds));
    true
}

/// Origin of a first hit that was never first before: to be read from the table of events.
const LACKING: Origin = Origin {
    geography: i32::MIN,
    referrer: -1,
    campaign: -1,
    landing: None,
    is_continued: false,
};

/// Origin of a hit whose event retention has dropped.
pub const UNKNOWN: Origin = Origin {
    geography: -1,
    ..LACKING
};

/// The five steps of the funnel.
pub const STEPS: [Acts; 5] = [
    Acts::VIEW,
    Acts::OPTION,
    Acts::CART,
    Acts::CHECKOUT,
    Acts::SUCCESS,
];

/// When the steps of a funnel were reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Funnel {
    /// Greedy: each step's first hit not before the step before's; none after a step that is missing.
    pub closed: [Option<i64>; 5],
    /// Each step's first hit.
    pub first: [Option<i64>; 5],
    /// From the first hit of the step before to this step's first hit not before it.
    pub open_lags: [Option<i64>; 5],
}

pub fn funnel(hits: &[Hit]) -> Funnel {
    let mut funnel = Funnel::default();
    let since = |act: Acts, from: i64| {
        let mut later = hits.iter().filter(|hit| hit.time >= from);
        later.find(|hit| hit.acts.has(act)).map(|hit| hit.time)
    };
    let mut place = Some(i64::MIN);
    for (step, act) in STEPS.into_iter().enumerate() {
        place = place.and_then(|from| since(act, from));
        funnel.closed[step] = place;
        funnel.first[step] = since(act, i64::MIN);
        let before = step.checked_sub(1).and_then(|before| funnel.first[before]);
        funnel.open_lags[step] =
            before.and_then(|before| since(act, before).map(|time| time - before));
    }
    funnel
}

/// One product view of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Place of its hit.
    pub hit: usize,
    /// Microseconds until the next page, or of a last page until the last hit; `None` where neither tells.
    pub dwell: Option<i64>,
    /// Microseconds until the last selection of the same product before the next page.
    pub customization: Option<i64>,
    /// Such selections.
    pub selections: u32,
}

/// The product views of a session with their durations.
pub fn views(hits: &[Hit]) -> Vec<View> {
    let Some(last) = hits.last().map(|hit| hit.time) else {
        return Vec::new();
    };
    let is_page = |hit: &Hit| hit.acts.has(Acts::PAGE);
    let mut views = Vec::new();
    // From the end, so that the next page is known.
    let mut next_page = None;
    for (place, hit) in hits.iter().enumerate().rev() {
        if hit.acts.has(Acts::VIEW) {
            let until = next_page.unwrap_or(hits.len());
            let dwell = match next_page {
                Some(page) => Some(hits[page].time - hit.time),
                None => Some(last - hit.time).filter(|&dwell| dwell > 0),
            };
            let selections = hits[place + 1..until]
                .iter()
                .filter(|later| later.acts.is_selection() && later.product == hit.product);
            let mut view = View {
                hit: place,
                dwell,
                customization: None,
                selections: 0,
            };
            for selection in selections {
                view.customization = Some(selection.time - hit.time);
                view.selections += 1;
            }
            views.push(view);
        }
        if is_page(hit) {
            next_page = Some(place);
        }
    }
    views.reverse();
    views
}

/// Counts over a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub page_views: i32,
    pub views: i32,
    pub selections: i32,
    pub carts: i32,
    pub successes: i32,
}

impl Counts {
    pub fn of(hits: &[Hit]) -> Counts {
        let mut counts = Counts::default();
        for hit in hits {
            counts.page_views += i32::from(hit.acts.has(Acts::PAGE));
            counts.views += i32::from(hit.acts.has(Acts::VIEW));
            counts.selections += i32::from(hit.acts.is_selection());
            counts.carts += i32::from(hit.acts.has(Acts::CART));
            counts.successes += i32::from(hit.acts.has(Acts::SUCCESS));
        }
        counts
    }
}

/// Longer than ten seconds, two pages or more, or an order.
pub fn is_engaged(session: &Session, counts: &Counts) -> bool {
    session.end() - session.start() > ENGAGED || counts.page_views >= 2 || counts.successes > 0
}

#[cfg(test)]
mod tests;
