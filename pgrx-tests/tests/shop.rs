//! The shop's events are what a real shop sends: shares, shapes, sizes, and the same again for the same seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use starsink_core::event::event::Outcome;
use starsink_core::event::policy::Policy;
use starsink_core::event::reader::Reader;
use starsink_tests::shop::{Event, Fault, Shop};

const NOW: i64 = 1_591_266_092_123_456;
const MILLISECOND: i64 = 1_000;

fn events(mut shop: Shop, count: i64) -> Vec<Event> {
    (0..count)
        .map(|place| shop.next(NOW + place * MILLISECOND))
        .collect()
}

fn json(event: &Event) -> Value {
    serde_json::from_slice(&event.json).expect("a good event is JSON")
}

fn share<T>(all: &[T], of: impl Fn(&T) -> bool) -> f64 {
    all.iter().filter(|one| of(one)).count() as f64 / all.len() as f64
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let shop = |seed| Shop::new(seed).bad_ratio(0.05).duplicate_ratio(0.05);
    let bytes = |seed| {
        events(shop(seed), 2_000)
            .into_iter()
            .map(|event| event.json)
            .collect::<Vec<_>>()
    };
    assert_eq!(bytes(7), bytes(7));
    assert_ne!(bytes(7), bytes(8));
}

#[test]
fn every_good_event_is_json_with_its_id_and_its_device() {
    let all = events(Shop::new(1), 20_000);
    assert_eq!(
        all.iter()
            .map(|event| &event.id)
            .collect::<HashSet<_>>()
            .len(),
        all.len()
    );
    for event in &all {
        let json = json(event);
        let id = json.get("id").unwrap_or(&json["_id"]);
        assert_eq!(id, event.id.as_str());
        assert_eq!(json["device_id"], event.key.as_str());
        assert!(
            json["current_url"]
                .as_str()
                .expect("an address")
                .starts_with("https://www.glamira.")
        );
    }
}

#[test]
fn collections_have_the_shares_of_a_real_shop() {
    let all: Vec<Value> = events(Shop::new(2).visitors(500), 60_000)
        .iter()
        .map(json)
        .collect();
    let of = |collection: &str| share(&all, |json| json["collection"] == collection);
    for (collection, low, high) in [
        ("view_product_detail", 0.23, 0.30),
        ("view_listing_page", 0.23, 0.31),
        ("select_product_option", 0.17, 0.25),
        ("add_to_cart_action", 0.02, 0.06),
        ("checkout_success", 0.003, 0.02),
    ] {
        let share = of(collection);
        assert!((low..high).contains(&share), "{collection}: {share}");
    }
}

#[test]
fn devices_stores_and_products_are_spread_as_in_a_real_shop() {
    let all: Vec<Value> = events(Shop::new(3).visitors(500), 60_000)
        .iter()
        .map(json)
        .collect();
    let distinct = |name: &str| {
        all.iter()
            .map(|json| json[name].to_string())
            .collect::<HashSet<_>>()
            .len()
    };
    let per_device = all.len() as f64 / distinct("device_id") as f64;
    assert!(
        (4.5..6.5).contains(&per_device),
        "{per_device} events per device"
    );
    assert_eq!(distinct("store_id"), 19);
    assert!(distinct("user_agent") >= 55);
    let mut views: HashMap<String, u32> = HashMap::new();
    for json in all
        .iter()
        .filter(|json| json["collection"] == "view_product_detail")
    {
        *views.entry(json["product_id"].to_string()).or_default() += 1;
    }
    let total: u32 = views.values().sum();
    let top = *views.values().max().expect("views");
    assert!(views.len() > 2_000, "{} products", views.len());
    assert!(
        top * 6 > total / 2 && top * 20 > total,
        "the first product has {top} of {total} views"
    );
}

#[test]
fn options_come_in_all_six_shapes() {
    let all: Vec<Value> = events(Shop::new(4), 20_000).iter().map(json).collect();
    let products: Vec<&Value> = all
        .iter()
        .filter(|json| json.get("product_id").is_some())
        .collect();
    let shapes: HashMap<&str, f64> = [
        ("array", share(&products, |json| json["option"].is_array())),
        (
            "object",
            share(&products, |json| json["option"].is_object()),
        ),
        (
            "absent",
            share(&products, |json| json.get("option").is_none()),
        ),
        ("blank", share(&products, |json| json["option"] == "")),
        (
            "null",
            share(&products, |json| json.get("option") == Some(&Value::Null)),
        ),
        (
            "text",
            share(&products, |json| {
                json["option"]
                    .as_str()
                    .is_some_and(|text| text.starts_with('['))
            }),
        ),
    ]
    .into();
    assert!(shapes.values().all(|share| *share > 0.02), "{shapes:?}");
    assert!(
        (0.45..0.60).contains(&shapes["array"]) && (0.22..0.34).contains(&shapes["object"]),
        "{shapes:?}"
    );
}

#[test]
fn an_event_has_about_830_bytes() {
    let all = events(Shop::new(5), 20_000);
    let mean = all.iter().map(|event| event.json.len()).sum::<usize>() / all.len();
    assert!((780..880).contains(&mean), "{mean} bytes");
}

#[test]
fn bad_messages_come_in_every_kind_and_at_the_rate_asked_for() {
    let all = events(Shop::new(6).bad_ratio(0.02), 20_000);
    let bad: Vec<Fault> = all.iter().filter_map(|event| event.fault).collect();
    assert!((300..500).contains(&bad.len()), "{} of 20000", bad.len());
    assert_eq!(bad.iter().collect::<HashSet<_>>().len(), Fault::ALL.len());
}

#[test]
fn a_duplicate_repeats_the_very_bytes_of_a_good_event() {
    let all = events(Shop::new(7).duplicate_ratio(0.1).bad_ratio(0.05), 20_000);
    let mut seen: HashMap<&str, &[u8]> = HashMap::new();
    for event in all.iter().filter(|event| event.fault.is_none()) {
        let earlier = seen.insert(&event.id, &event.json);
        assert_eq!(earlier.is_some(), event.is_duplicate);
        assert!(earlier.is_none_or(|json| json == event.json));
    }
    assert!((0.08..0.12).contains(&share(&all, |event| event.is_duplicate)));
}

#[test]
fn the_reader_accepts_every_good_event_and_refuses_every_bad_one_by_its_code() {
    let mut reader = Reader::new(Policy::default());
    for event in events(Shop::new(8).bad_ratio(0.2), 20_000) {
        match (reader.read(Some(&event.json), NOW), event.fault) {
            (Outcome::Accepted(read), None) => assert_eq!(read.id, event.id),
            (Outcome::Quarantined { codes, .. }, Some(fault)) => {
                assert!(
                    format!("{codes:?}").contains(fault.code()),
                    "{fault:?}: {codes:?}"
                );
            }
            (outcome, fault) => panic!("{fault:?}: {outcome:?}"),
        }
    }
}
