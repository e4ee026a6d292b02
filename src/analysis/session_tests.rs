use proptest::prelude::*;

use super::super::hit::{Context, NOT_APPLICABLE};
use super::*;
use crate::event::event::DeviceClass;

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
        })),
    }
}

fn page(seconds: i64) -> Hit {
    hit(seconds, Acts::PAGE, NOT_APPLICABLE)
}

#[test]
fn exactly_1800_seconds_stay_in_and_one_more_begins_another() {
    let sessions = cut(vec![page(0), page(1_800), page(3_601), page(3_602)]);
    let spans: Vec<_> = sessions
        .iter()
        .map(|s| (s.start() / SECOND, s.end() / SECOND))
        .collect();
    assert_eq!(spans, [(0, 1_800), (3_601, 3_602)]);
    assert_eq!(sessions[1].origin.campaign, 3_601);
}

#[test]
fn a_late_event_joins_two_sessions() {
    let apart = cut(vec![page(0), page(3_000)]);
    assert_eq!(apart.len(), 2);
    let mut hits: Vec<Hit> = Vec::new();
    for mut session in apart {
        session.hits[0].origin = Some(Box::new(session.origin));
        hits.append(&mut session.hits);
    }
    hits.push(page(1_500));
    let joined = cut(hits);
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
        let session = &cut(hits)[0];
        is_engaged(session, &Counts::of(&session.hits))
    };
    let other = |seconds| hit(seconds, Acts::OPTION, 7);
    assert!(!engaged(vec![page(0)]));
    assert!(!engaged(vec![page(0), other(10)]));
    assert!(engaged(vec![page(0), other(11)]));
    assert!(engaged(vec![page(0), page(1)]));
    assert!(engaged(vec![hit(0, Acts::SUCCESS, NOT_APPLICABLE)]));
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(
        (times, shuffled) in prop::collection::vec(0_i64..20_000, 1..30).prop_flat_map(|times| (Just(times.clone()), Just(times).prop_shuffle())),
        at in any::<prop::sample::Index>(),
    ) {
        let whole = cut(times.iter().map(|&time| page(time)).collect());
        // In two parts: what stands, and what comes late.
        let (early, late) = shuffled.split_at(at.index(shuffled.len()));
        let mut hits: Vec<Hit> = Vec::new();
        for mut session in cut(early.iter().map(|&time| page(time)).collect()) {
            session.hits[0].origin = Some(Box::new(session.origin));
            hits.append(&mut session.hits);
        }
        hits.extend(late.iter().map(|&time| page(time)));
        prop_assert_eq!(cut(hits), whole);
    }
}
