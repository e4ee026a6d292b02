use proptest::prelude::*;

use super::*;
use crate::event::event::DeviceClass;
use crate::session::hit::{Context, NOT_APPLICABLE};

const PRODUCT_PAGE: Acts = Acts(Acts::PAGE.0 | Acts::VIEW.0);

fn hit(seconds: i64, acts: Acts, product: i32) -> Hit {
    Hit {
        time: seconds * SECOND,
        id: format!("{seconds:06}-{}", acts.0).into(),
        acts,
        context: Context {
            store: 1,
            browser: 1,
            os: 1,
            class: DeviceClass::Desktop,
        },
        product,
        combination: NOT_APPLICABLE,
        origin: Some(Box::new(Origin {
            geography: 1,
            referrer: 1,
            campaign: seconds as i32,
            landing: None,
            is_continued: false,
        })),
    }
}

fn usual(hits: Vec<Hit>) -> Vec<Session> {
    cut(hits, &Bounds::USUAL)
}

fn page(seconds: i64) -> Hit {
    hit(seconds, Acts::PAGE, NOT_APPLICABLE)
}

#[test]
fn exactly_1800_seconds_stay_in_and_one_more_begins_another() {
    let sessions = usual(vec![page(0), page(1_800), page(3_601), page(3_602)]);
    let spans: Vec<_> = sessions
        .iter()
        .map(|s| (s.start() / SECOND, s.end() / SECOND))
        .collect();
    assert_eq!(spans, [(0, 1_800), (3_601, 3_602)]);
    assert_eq!(sessions[1].origin.campaign, 3_601);
}

#[test]
fn a_late_event_joins_two_sessions() {
    let apart = usual(vec![page(0), page(3_000)]);
    assert_eq!(apart.len(), 2);
    let mut hits: Vec<Hit> = Vec::new();
    for mut session in apart {
        session.hits[0].origin = Some(Box::new(session.origin));
        hits.append(&mut session.hits);
    }
    hits.push(page(1_500));
    let joined = usual(hits);
    assert_eq!(joined.len(), 1);
    assert_eq!(joined[0].hits.len(), 3);
    assert_eq!(joined[0].origin.campaign, 0);
}

#[test]
fn dwell_ends_at_the_next_page_and_is_unknown_without_anything_later() {
    let hits = [
        hit(0, PRODUCT_PAGE, 7),
        hit(5, Acts::OPTION, 7),
        hit(9, Acts::OPTION, 8),
        hit(20, PRODUCT_PAGE, 8),
        hit(20, PRODUCT_PAGE, 9),
    ];
    let of = |hits: &[Hit]| {
        views(hits)
            .iter()
            .map(|v| {
                (
                    v.dwell.map(|d| d / SECOND),
                    v.customization.map(|d| d / SECOND),
                    v.selections,
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of(&hits),
        [(Some(20), Some(5), 1), (Some(0), None, 0), (None, None, 0)]
    );
    let mut more = hits.to_vec();
    more.push(hit(24, Acts::CART, 9));
    assert_eq!(of(&more)[2], (Some(4), Some(4), 1));
}

#[test]
fn a_closed_funnel_takes_each_step_after_the_one_before() {
    let hits = [
        hit(1, Acts::CART, 7),
        hit(2, PRODUCT_PAGE, 7),
        hit(3, Acts::CHECKOUT, NOT_APPLICABLE),
        hit(5, Acts::OPTION, 7),
        hit(9, Acts::CART, 7),
        hit(11, Acts::SUCCESS, NOT_APPLICABLE),
    ];
    let funnel = funnel(&hits);
    let seconds = |times: [Option<i64>; 5]| times.map(|time| time.map(|time| time / SECOND));
    assert_eq!(
        seconds(funnel.closed),
        [Some(2), Some(5), Some(9), None, None]
    );
    assert_eq!(
        seconds(funnel.first),
        [Some(2), Some(5), Some(1), Some(3), Some(11)]
    );
    assert_eq!(
        seconds(funnel.open_lags),
        [None, Some(3), Some(4), Some(2), Some(8)]
    );
}

#[test]
fn engagement_needs_more_than_ten_seconds_two_pages_or_an_order() {
    let engaged = |hits: Vec<Hit>| {
        let session = &usual(hits)[0];
        is_engaged(session, &Counts::of(&session.hits))
    };
    let other = |seconds| hit(seconds, Acts::OPTION, 7);
    assert!(!engaged(vec![page(0)]));
    assert!(!engaged(vec![page(0), other(10)]));
    assert!(engaged(vec![page(0), other(11)]));
    assert!(engaged(vec![page(0), page(1)]));
    assert!(engaged(vec![hit(0, Acts::SUCCESS, NOT_APPLICABLE)]));
}

fn spans(sessions: &[Session]) -> Vec<(i64, i64, usize, bool)> {
    let of = |s: &Session| {
        let (start, end) = (s.start() / SECOND, s.end() / SECOND);
        (start, end, s.hits.len(), s.origin.is_continued)
    };
    sessions.iter().map(of).collect()
}

#[test]
fn the_event_after_a_sessions_bounds_begins_another() {
    let bounds = Bounds {
        events: 3,
        length: 3_600 * SECOND,
    };
    let cut = |times: &[i64]| {
        spans(&cut(
            times.iter().map(|&time| page(time)).collect(),
            &bounds,
        ))
    };
    assert_eq!(cut(&[0, 1, 2, 3]), [(0, 2, 3, false), (3, 3, 1, true)]);
    assert_eq!(
        cut(&[0, 1_800, 3_600, 3_601]),
        [(0, 3_600, 3, false), (3_601, 3_601, 1, true)]
    );
    assert_eq!(
        cut(&[0, 1_801, 3_601, 5_401]),
        [(0, 0, 1, false), (1_801, 5_401, 3, false)]
    );
    let long = Bounds {
        events: 9,
        ..bounds
    };
    let times = [0, 1_700, 3_400, 3_600, 3_601].map(page);
    assert_eq!(
        spans(&super::cut(times.to_vec(), &long)),
        [(0, 3_600, 4, false), (3_601, 3_601, 1, true)]
    );
    // Not within the instant that it began at.
    let mut times = [7, 7, 7, 7, 8].map(page);
    for (at, hit) in times.iter_mut().enumerate() {
        hit.id = format!("{at}").into();
    }
    assert_eq!(
        spans(&super::cut(times.to_vec(), &bounds)),
        [(7, 7, 4, false), (8, 8, 1, true)]
    );
}

/// What a fold reads of a device's sessions for hits between two times: see its statement in `fold::sessions`.
fn overlapping(stored: &[Session], low: i64, high: i64) -> Vec<Session> {
    let before = stored.iter().rev().find(|session| session.start() < low);
    let before = before.filter(|session| session.end() >= low - GAP);
    let within = stored
        .iter()
        .filter(|session| session.start() >= low && session.start() <= high + GAP);
    before.into_iter().chain(within).cloned().collect()
}

/// A fold: reads the sessions concerned, cuts them and what is new, and puts them back.
fn fold(stored: &mut Vec<Session>, new: Vec<Hit>, bounds: &Bounds) {
    let times = || new.iter().map(|hit| hit.time);
    let (Some(low), Some(high)) = (times().min(), times().max()) else {
        return;
    };
    let mut replaced = overlapping(stored, low, high);
    let mut hits: Vec<Hit> = new;
    for session in &replaced {
        hits.append(&mut session.clone().into_hits());
    }
    let mut fresh = cut(hits, bounds);
    while let Some(last) = replaced.last().filter(|last| last.may_be_continued(bounds)) {
        let next = stored.iter().find(|s| s.start() > last.start());
        let next = next.filter(|s| s.start() <= last.end() + GAP).cloned();
        let Some(next) = next else { break };
        if !cut_on(&mut fresh, &next, bounds) {
            break;
        }
        replaced.push(next);
    }
    // The table of events knows what is taken from the first hit.
    for session in fresh.iter_mut().filter(|session| session.lacks_origin()) {
        let is_continued = session.origin.is_continued;
        let known = page(session.start() / SECOND).origin.unwrap();
        session.origin = Origin {
            is_continued,
            ..*known
        };
    }
    stored.retain(|session| !replaced.contains(session));
    stored.append(&mut fresh);
    stored.sort_by_key(Session::start);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// In any portions, in any order, with any bounds: the sessions are those of all hits at once.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        times in prop::collection::vec(prop_oneof![0_i64..20_000, 0_i64..60], 1..40).prop_shuffle(),
        portions in prop::collection::vec(1_usize..6, 1..40),
        events in 1_usize..12,
        length in prop_oneof![Just(86_400_i64), 10_i64..4_000],
    ) {
        let bounds = Bounds { events, length: length * SECOND };
        let whole = cut(times.iter().map(|&time| page(time)).collect(), &bounds);
        let (mut stored, mut rest) = (Vec::new(), &times[..]);
        for portion in portions.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at(portion.min(rest.len()));
            fold(&mut stored, now.iter().map(|&time| page(time)).collect(), &bounds);
            rest = later;
        }
        prop_assert_eq!(spans(&stored), spans(&whole));
        prop_assert_eq!(stored, whole);
    }
}
