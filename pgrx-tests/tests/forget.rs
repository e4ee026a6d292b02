//! Erasure: what tells a person goes, what counts stays, and new events begin a new member.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;
use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::now_micros;

fn event(id: &str, device: &str, user: &str, email: &str) -> String {
    json!({
        "id": id, "collection": "view_home_page", "time_stamp": now_micros() / 1_000_000, "device_id": device, "user_id_db": user,
        "email": email, "ip": "203.0.113.7", "current_url": "https://www.glamira.de/account?token=secret", "store_id": "6",
        "note": "only for me",
    })
    .to_string()
}

fn ingest(pg: &Cluster, event: &str) {
    let row = pg
        .connect(pg.database())
        .query_one("SELECT starsink.ingest($1)", &[&event])
        .unwrap();
    assert_eq!(row.get::<_, String>(0), "loaded", "{event}");
}

fn personal(pg: &Cluster, condition: &str) -> i64 {
    pg.one(&format!(
        "SELECT count(*) FROM warehouse.fact_event AS f JOIN warehouse.dim_customer AS c USING (customer_key) JOIN warehouse.dim_device AS d USING (device_key) \
         WHERE {condition} AND (f.ip IS NOT NULL OR f.current_url IS NOT NULL OR f.extras IS NOT NULL)"
    ))
}

#[test]
fn a_customer_is_forgotten_by_user_id_or_address_and_comes_back_as_somebody_new() {
    let pg = Cluster::builder().start();
    pg.sql("CREATE EXTENSION starsink");
    ingest(&pg, &event("1", "d1", "77", "anna@example.com"));
    ingest(&pg, &event("2", "d2", "", "berta@example.com"));
    ingest(&pg, &event("3", "d3", "78", ""));
    pg.sql("SELECT starsink.ingest('{\"user_id_db\":\"berta@example.com\"')");
    assert_eq!(personal(&pg, "true"), 3);
    let keys: i64 = pg.one("SELECT count(*) FROM warehouse.dim_customer WHERE customer_key > 0");

    let row =
        &pg.query("SELECT members, events, quarantined FROM starsink.forget_customer('77')")[0];
    assert_eq!([0, 1, 2].map(|column| row.get::<_, i64>(column)), [1, 1, 0]);
    let row = &pg.query(
        "SELECT members, events, quarantined FROM starsink.forget_customer(' Berta@Example.com ')",
    )[0];
    assert_eq!([0, 1, 2].map(|column| row.get::<_, i64>(column)), [1, 1, 1]);
    assert_eq!(
        personal(&pg, "c.identity = '78'"),
        1,
        "others are left alone"
    );
    assert_eq!(personal(&pg, "true"), 1);
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM warehouse.dim_customer WHERE identity IN ('77') OR email_hash IS NOT NULL OR user_id_db = '77'"),
        0
    );
    assert_eq!(pg.facts(), 3, "counts stay");
    assert_eq!(
        pg.one::<i64>(
            "SELECT sum(members)::bigint FROM starsink.erasure_log WHERE what = 'customer'"
        ),
        2
    );
    ingest(&pg, &event("4", "d1", "77", ""));
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM warehouse.dim_customer WHERE customer_key > 0"),
        keys + 1
    );
    pg.assert_books();
}

#[test]
fn a_device_is_forgotten() {
    let pg = Cluster::builder().start();
    pg.sql("CREATE EXTENSION starsink");
    ingest(&pg, &event("1", "d1", "", ""));
    ingest(&pg, &event("2", "d2", "", ""));
    pg.sql("SELECT starsink.forget_device('d1')");
    assert_eq!(personal(&pg, "true"), 1);
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM warehouse.dim_device WHERE device_id = 'd1'"),
        0
    );
    assert!(
        pg.refusal("SELECT starsink.forget_device(' ')")
            .starts_with("22023")
    );
    pg.sql("CREATE ROLE analyst LOGIN IN ROLE starsink_reader");
    assert!(
        pg.refusal_as("analyst", "SELECT starsink.forget_device('d2')")
            .starts_with("42501")
    );
}
