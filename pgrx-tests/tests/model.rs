//! The whole model over a topic with every shape: each key has its member, each order its lines and their worth.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::time::Duration;

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;
use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::now_micros;
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::{Compression, Producer};
use starsink_tests::shop::Shop;

const PARTITIONS: i32 = 4;
const EVENTS: usize = 200_000;
const DAY: i64 = 86_400_000_000;

/// Currencies with a rate on each day but the weekends; the others of the shop have none at first.
const KNOWN: [(&str, &str); 9] = [
    ("GBP", "0.8411"),
    ("CHF", "0.9402"),
    ("SEK", "11.4310"),
    ("AUD", "1.6233"),
    ("CAD", "1.4711"),
    ("PLN", "4.3120"),
    ("MXN", "18.9044"),
    ("USD", "1.0833"),
    ("BGN", "1.9558"),
];

/// The shop's currencies as it writes them.
fn currency(token: &str) -> &'static str {
    match token {
        "€" => "EUR",
        "£" => "GBP",
        "CHF" => "CHF",
        "kr" => "SEK",
        "AU $" => "AUD",
        "CAD $" => "CAD",
        "$" => "USD",
        "zł" => "PLN",
        "РСД" => "RSD",
        "MXN $" => "MXN",
        "лв." => "BGN",
        "CLP $" => "CLP",
        other => panic!("the shop writes {other:?}"),
    }
}

/// 1 278,00 and its like: a last group of one or two digits is decimals.
fn amount(text: &str) -> Decimal {
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let (whole, decimals) = match text.rfind(['.', ',']) {
        Some(at) if text.len() - at <= 3 => (&text[..at], &text[at + 1..]),
        _ => (text, "0"),
    };
    format!("{}.{decimals}", digits(whole)).parse().unwrap()
}

fn rates_text(pg: &Cluster, currencies: &[(&str, &str)]) -> String {
    let days = pg.query(
        "SELECT to_char(d.date, 'YYYY-MM-DD') FROM warehouse.dim_date AS d WHERE d.date BETWEEN now()::date - 40 AND now()::date AND NOT d.is_weekend",
    );
    let mut text = String::from("date,currency,rate\n");
    for row in days {
        let day: String = row.get(0);
        for (currency, rate) in currencies {
            text.push_str(&format!("{day},{currency},{rate}\n"));
        }
    }
    text
}

fn load_rates(pg: &Cluster, text: &str) -> (i64, i64) {
    let row = pg
        .connect(pg.database())
        .query_one(
            "SELECT inserted, revalued FROM starsink.load_exchange_rates($1, 'rows')",
            &[&text],
        )
        .unwrap();
    (row.get(0), row.get(1))
}

/// Lines as the table has them must be worth what is recomputed from the JSON.
fn assert_worth(pg: &Cluster, rates: &HashMap<&str, Decimal>) -> (usize, usize) {
    let rows = pg.query(
        "SELECT l.base_amount::text, l.fx_status, f.extras->'cart_products'->>(l.line_number - 1) \
         FROM warehouse.fact_order_line AS l JOIN warehouse.fact_event AS f USING (event_time, event_id)",
    );
    let (mut valued, mut missing) = (0, 0);
    for row in &rows {
        let (base, status, line): (Option<String>, String, String) =
            (row.get(0), row.get(1), row.get(2));
        let line: Value = serde_json::from_str(&line).unwrap();
        let price = amount(line["price"].as_str().unwrap());
        let quantity = Decimal::from(line["amount"].as_i64().unwrap());
        match rates.get(currency(line["currency"].as_str().unwrap())) {
            Some(rate) => {
                let expected = (price * quantity / rate)
                    .round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero);
                let found: Decimal = base.expect("a worth").parse().unwrap();
                assert!(
                    (found - expected).abs() <= Decimal::new(1, 4),
                    "{line}: {found}, not {expected}"
                );
                valued += 1;
            }
            None => {
                assert_eq!((base, status.as_str()), (None, "missing rate"), "{line}");
                missing += 1;
            }
        }
    }
    (valued, missing)
}

#[test]
fn every_key_has_its_member_and_every_order_its_lines_and_worth() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("model", PARTITIONS);
    let pg = Cluster::builder().database("shop").start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    let mut rates: HashMap<&str, Decimal> = KNOWN
        .iter()
        .map(|(currency, rate)| (*currency, rate.parse().unwrap()))
        .collect();
    rates.insert("EUR", Decimal::ONE);
    let (inserted, revalued) = load_rates(&pg, &rates_text(&pg, &KNOWN));
    assert!(inserted > 200 && revalued == 0, "{inserted} {revalued}");

    let producer = Producer::bulk(&kafka.client(), Compression::Lz4);
    let mut shop = Shop::new(21).bad_ratio(0.005).duplicate_ratio(0.005);
    let (begin, mut place) = (now_micros() - 20 * DAY, 0);
    let sent = producer.send_events(&topic, PARTITIONS, &mut shop, EVENTS, || {
        place += 1;
        begin + place * (19 * DAY / EVENTS as i64)
    });
    producer.flush();
    pg.load_from(kafka, &topic);
    pg.drain(kafka, &topic, PARTITIONS, Duration::from_secs(120));
    assert_eq!(pg.sum("received", &topic), sent.messages() as i64);
    pg.assert_books();

    // Every foreign key of every fact and bridge leads somewhere, by the catalog's own list.
    let keys = pg.query(
        "SELECT c.conrelid::regclass::text, a.attname::text, c.confrelid::regclass::text, b.attname::text \
         FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
         JOIN pg_attribute AS b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1] \
         WHERE c.contype = 'f' AND c.conparentid = 0 AND c.conrelid::regclass::text ~ '^warehouse[.](fact|bridge)_'",
    );
    assert!(keys.len() >= 30, "{} foreign keys", keys.len());
    for key in keys {
        let [table, column, target, target_column]: [String; 4] =
            std::array::from_fn(|place| key.get(place));
        let orphans: i64 = pg.one(&format!(
            "SELECT count(*) FROM {table} AS f WHERE f.{column} IS NULL OR NOT EXISTS (SELECT FROM {target} AS d WHERE d.{target_column} = f.{column})"
        ));
        assert_eq!(orphans, 0, "{table}.{column}");
    }

    let wrong_weights: i64 = pg.one(
        "SELECT count(*) FROM (SELECT c.option_combination_key FROM warehouse.dim_option_combination AS c \
         LEFT JOIN warehouse.bridge_option_combination AS b USING (option_combination_key) WHERE c.option_combination_key > 0 \
         GROUP BY 1 HAVING sum(b.weight) IS DISTINCT FROM 1) AS wrong",
    );
    assert_eq!(wrong_weights, 0);
    let combinations: i64 = pg.one(
        "SELECT count(*) FROM warehouse.dim_option_combination WHERE option_combination_key > 0",
    );
    assert!(combinations > 100, "{combinations} combinations");

    let (lines, in_json): (i64, i64) = (
        pg.one("SELECT count(*) FROM warehouse.fact_order_line"),
        pg.one(
            "SELECT COALESCE(sum(jsonb_array_length(f.extras->'cart_products')), 0)::bigint FROM warehouse.fact_event AS f \
             JOIN warehouse.dim_event_type AS t USING (event_type_key) WHERE t.collection = 'checkout_success'",
        ),
    );
    assert_eq!(lines, in_json, "order lines");
    assert!(lines > 500, "{lines} lines");
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM warehouse.fact_order_line WHERE currency_key < 0"),
        0,
        "every currency of the shop is known"
    );
    let (valued, missing) = assert_worth(&pg, &rates);
    assert!(
        valued > 400 && missing > 0,
        "{valued} valued, {missing} not"
    );

    for (code, is_so) in [
        (
            "STORE_UNKNOWN",
            "(SELECT s.is_inferred FROM warehouse.dim_store AS s WHERE s.store_key = f.store_key)",
        ),
        (
            "FX_MISSING",
            "EXISTS (SELECT FROM warehouse.fact_order_line AS l WHERE l.event_time = f.event_time AND l.event_id = f.event_id AND l.fx_status = 'missing rate')",
        ),
    ] {
        let flagged = format!("'{code}' = ANY (starsink.quality_codes(f.quality_flags))");
        let counts = &pg.query(&format!(
            "SELECT count(*) FILTER (WHERE {flagged}), count(*) FILTER (WHERE {flagged} <> {is_so}) FROM warehouse.fact_event AS f"
        ))[0];
        let (flagged, wrong): (i64, i64) = (counts.get(0), counts.get(1));
        assert_eq!(wrong, 0, "{code}");
        println!("{flagged} events are {code}");
    }

    // Rates that come late value what waited for them, and that is logged.
    let late = [("RSD", "117.05"), ("CLP", "1021.7")];
    rates.extend(late.map(|(currency, rate)| (currency, rate.parse::<Decimal>().unwrap())));
    let (_, revalued) = load_rates(&pg, &rates_text(&pg, &late));
    assert_eq!(revalued, missing as i64);
    assert_eq!(assert_worth(&pg, &rates), (valued + missing, 0));
    assert_eq!(
        pg.one::<i64>("SELECT updated FROM starsink.merge_log WHERE dimension = 'order_line'"),
        revalued
    );
    println!("{EVENTS} events, {combinations} combinations, {lines} order lines");
}
