//! What only the tables know of an event is flagged at loading: unknown stores, currencies and rates, failed look-ups.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::OpenOptions;
use std::io::Write;

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, now_micros};

const FLAGS: [&str; 4] = [
    "STORE_UNKNOWN",
    "CURRENCY_UNKNOWN",
    "FX_MISSING",
    "ENRICH_FAILED",
];

/// Loads one event with these attributes; which of [`FLAGS`] it got.
fn flags_of(pg: &Cluster, id: &str, attributes: &str) -> Vec<String> {
    let event = format!(
        r#"{{"id":"{id}","time_stamp":{},"device_id":"d",{attributes}}}"#,
        now_micros() / 1000
    );
    assert_eq!(
        pg.one::<String>(&format!("SELECT starsink.ingest($json${event}$json$)")),
        "loaded"
    );
    let mut found: Vec<String> = pg.one(&format!(
        "SELECT starsink.quality_codes(quality_flags) FROM warehouse.fact_event WHERE event_id = '{id}'"
    ));
    found.retain(|code| FLAGS.contains(&code.as_str()));
    found
}

#[test]
fn a_store_is_unknown_until_it_is_completed() {
    let pg = Cluster::consuming_nothing();
    let view = |store: &str| format!(r#""collection":"view_home_page","store_id":"{store}""#);
    assert!(flags_of(&pg, "seeded", &view("6")).is_empty());
    assert_eq!(flags_of(&pg, "first", &view("9901")), ["STORE_UNKNOWN"]);
    assert_eq!(flags_of(&pg, "second", &view("9901")), ["STORE_UNKNOWN"]);
    pg.sql("CREATE TABLE source AS SELECT '9901' AS store_id, 'DE' AS country_code; SELECT starsink.merge_store('source')");
    assert!(flags_of(&pg, "merged", &view("9901")).is_empty());
    assert!(flags_of(&pg, "storeless", r#""collection":"view_home_page""#).is_empty());
}

#[test]
fn an_order_tells_which_of_its_lines_have_no_worth() {
    let pg = Cluster::consuming_nothing();
    let order = |currencies: &[&str]| {
        let lines: Vec<String> = currencies
            .iter()
            .map(|currency| {
                format!(r#"{{"product_id":1,"amount":1,"price":"10.00","currency":"{currency}"}}"#)
            })
            .collect();
        format!(
            r#""collection":"checkout_success","store_id":"6","order_id":7,"cart_products":[{}]"#,
            lines.join(",")
        )
    };
    assert!(flags_of(&pg, "known", &order(&["€"])).is_empty());
    assert_eq!(
        flags_of(&pg, "rateless", &order(&["€", "£"])),
        ["FX_MISSING"]
    );
    assert_eq!(
        flags_of(&pg, "strange", &order(&["quux", "€"])),
        ["CURRENCY_UNKNOWN"]
    );
    assert_eq!(
        flags_of(&pg, "both", &order(&["£", "quux"])),
        ["CURRENCY_UNKNOWN", "FX_MISSING"]
    );
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM warehouse.fact_order_line"),
        7
    );
}

#[test]
fn a_country_that_cannot_be_looked_up_is_a_failure() {
    let pg = Cluster::consuming_nothing();
    let from = |ip: &str| format!(r#""collection":"view_home_page","store_id":"6","ip":"{ip}""#);
    assert!(flags_of(&pg, "unset", &from("8.8.8.8")).is_empty());
    // Not by ALTER SYSTEM, which would refuse it: a file that was there, and is gone.
    let mut file = OpenOptions::new()
        .append(true)
        .open(pg.data().join("postgresql.auto.conf"))
        .unwrap();
    writeln!(file, "starsink.geoip_database = '/nowhere/country.mmdb'").unwrap();
    pg.reload();
    pg.wait_for(
        "SELECT current_setting('starsink.geoip_database') <> ''",
        SOON,
    );
    let said = pg.said_to("postgres", "SELECT starsink.ingest('{}')");
    assert!(
        said.contains("WARNING:  starsink.geoip_database: /nowhere/country.mmdb: No such file"),
        "{said}"
    );
    assert_eq!(
        flags_of(&pg, "missing", &from("8.8.8.8")),
        ["ENRICH_FAILED"]
    );
    assert!(flags_of(&pg, "private", &from("10.0.0.1")).is_empty());
}
