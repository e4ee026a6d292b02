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

/// Puts a message in quarantine: it has no time.
fn quarantine(pg: &Cluster, name: &str, message: &str) {
    let mut client = pg.connect(pg.database());
    let row = client
        .query_one("SELECT starsink.ingest($1)", &[&message])
        .unwrap();
    assert_eq!(row.get::<_, String>(0), "quarantined", "{message}");
    client
        .execute(
            "UPDATE starsink.quarantine SET topic = $1 WHERE quarantine_id = (SELECT max(quarantine_id) FROM starsink.quarantine)",
            &[&name],
        )
        .unwrap();
}

/// Names of the messages whose bytes are gone, all that `call` erased.
fn erased(pg: &Cluster, call: &str) -> Vec<String> {
    pg.sql("DELETE FROM starsink.quarantine WHERE payload IS NULL");
    let count: i64 = pg.one(&format!("SELECT quarantined FROM starsink.{call}"));
    let names: Vec<String> = pg
        .query("SELECT topic FROM starsink.quarantine WHERE payload IS NULL ORDER BY quarantine_id")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(usize::try_from(count).unwrap(), names.len(), "{call}");
    names
}

#[test]
fn a_quarantined_message_goes_with_whom_it_is_about_and_with_nobody_else() {
    let pg = Cluster::consuming_nothing();
    for (name, message) in [
        ("42", r#"{"user_id_db":"42","product_id":"1"}"#),
        ("42 number", r#"{"user_id_db":42}"#),
        ("42 list", r#"[{"user_id_db":"42"},{"user_id_db":"7"}]"#),
        ("42 cut", r#"{"user_id_db":"42","email":"#),
        ("42 nested", r#"{"x":"{\"user_id_db\":\"42\"}"}"#),
        (
            "142",
            r#"{"user_id_db":"142","product_id":"42","price":42}"#,
        ),
        ("421", r#"{"user_id_db":421,"device_id":"42"}"#),
        ("1", r#"{"user_id_db":1,"order_id":"1421"}"#),
        ("anna", r#"{"email_address":"Anna.B@Example.com"}"#),
        (
            "anna escaped",
            r#"{"email_address":"anna.b\u0040example.com"}"#,
        ),
        (
            "anna page",
            r#"{"current_url":"https://www.glamira.de/?email=anna.b%40example.com"}"#,
        ),
        (
            "anna extras",
            r#"{"customer":{"mail":"mailto:ANNA.B@example.com"}}"#,
        ),
        ("anna cut", r#"{"email":"anna.b@example.com","x":"#),
        ("anna no json", "To: Anna <anna.b@example.com>"),
        ("joanna", r#"{"email":"joanna.b@example.com"}"#),
        ("anna elsewhere", r#"{"email":"anna.b@example.com.mx"}"#),
        ("jürgen", r#"{"email_address":"j\u00fcrgen@example.com"}"#),
        ("d1", r#"{"device_id":"d1"}"#),
        ("d11", r#"{"device_id":"d11","product_id":"d1"}"#),
    ] {
        quarantine(&pg, name, message);
    }
    assert_eq!(erased(&pg, "forget_customer('1')"), ["1"]);
    assert_eq!(
        erased(&pg, "forget_customer('42')"),
        ["42", "42 number", "42 list", "42 cut", "42 nested"]
    );
    assert_eq!(
        erased(&pg, "forget_customer('42')"),
        Vec::<String>::new(),
        "again"
    );
    let anna = [
        "anna",
        "anna escaped",
        "anna page",
        "anna extras",
        "anna cut",
        "anna no json",
    ];
    assert_eq!(erased(&pg, "forget_customer(' ANNA.B@example.COM ')"), anna);
    assert_eq!(
        erased(
            &pg,
            "forget_customer(starsink.email_hash('jürgen@example.com'))"
        ),
        ["jürgen"]
    );
    assert_eq!(erased(&pg, "forget_device('d1')"), ["d1"]);
    let left: Vec<String> = pg
        .query("SELECT topic FROM starsink.quarantine WHERE payload IS NOT NULL ORDER BY quarantine_id")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(left, ["142", "421", "joanna", "anna elsewhere", "d11"]);

    // The key alone: it goes, the message of others stays.
    pg.sql(
        "UPDATE starsink.quarantine SET key = '142' WHERE topic = 'joanna';
         CREATE TABLE source AS SELECT 'user_id' AS identity_type, '99' AS identity, 'x' AS country_code;
         SELECT starsink.merge_customer('source'); SELECT starsink.forget_customer('142')",
    );
    let kept: String = pg.one("SELECT string_agg(topic || coalesce(key::text, ''), ', ' ORDER BY quarantine_id) FROM starsink.quarantine WHERE payload IS NOT NULL AND topic <> 'merge:customer'");
    assert_eq!(kept, "421, joanna, anna elsewhere, d11");
    assert_eq!(erased(&pg, "forget_customer('99')"), ["merge:customer"]);
}

#[test]
fn nothing_is_left_of_an_address_wherever_it_stood() {
    let pg = Cluster::without_jobs();
    let message = |id: &str, more: serde_json::Value| {
        let mut message = json!({"id": id, "collection": "view_home_page", "time_stamp": now_micros() / 1_000_000, "device_id": id, "store_id": "6"});
        message
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        ingest(&pg, &message.to_string());
    };
    let page = "https://www.glamira.de/u/anna.b@example.com/ring";
    // A customer known by both, with a version; one without an account; somebody who followed a link to her.
    message(
        "1",
        json!({"user_id_db": "77", "email": "anna.b@example.com", "current_url": page, "note": 1}),
    );
    pg.sql(
        "CREATE TABLE source AS SELECT '77' AS user_id_db, 'gold' AS customer_group;
         SELECT starsink.merge_customer('source', now() - interval '1 day'); UPDATE source SET customer_group = 'red';
         SELECT starsink.merge_customer('source', now() - interval '1 hour')",
    );
    message(
        "2",
        json!({"email_address": "ANNA.B@example.com", "current_url": page}),
    );
    message(
        "3",
        json!({"current_url": "https://www.glamira.de/?utm_source=mail&utm_medium=email&utm_content=anna.b%40example.com",
        "referrer_url": "https://www.google.de/search?q=anna.b%40example.com", "option": [{"option_label": "alloy", "value_label": "anna.b@example.com"}]}),
    );
    message(
        "4",
        json!({"current_url": "https://www.glamira.de/?utm_content=berta%40example.com", "email": "berta@example.com"}),
    );
    pg.sql("SELECT starsink.fold(); INSERT INTO starsink.crawl_page (kind, url, host, target_url, target_host, source)
            SELECT 'product', u, 'www.glamira.de', u, 'www.glamira.de', 'event' FROM (SELECT 'https://www.glamira.de/' || starsink.email_hash('anna.b@example.com') AS u) AS a");
    let hash: String = pg.one("SELECT starsink.email_hash('anna.b@example.com')");
    let told = || -> i64 {
        pg.query("SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relnamespace IN ('warehouse'::regnamespace, 'starsink'::regnamespace, 'starsink_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition")
            .iter()
            .map(|row| pg.one::<i64>(&format!("SELECT count(*) FROM {} AS t WHERE t::text ~ '{hash}|anna.b'", row.get::<_, String>(0))))
            .sum()
    };
    assert!(told() > 8);
    let row = &pg.query("SELECT members, events FROM starsink.forget_customer('77')")[0];
    assert_eq!([0, 1].map(|column| row.get::<_, i64>(column)), [3, 3]);
    assert_eq!(told(), 0, "also of her who was known by the user id alone");
    let pages: i64 =
        pg.one("SELECT count(*) FROM warehouse.fact_session WHERE landing_page IS NOT NULL");
    assert_eq!(pages, 1, "that of berta");
    let row = &pg.query(
        "SELECT members, events, quarantined FROM starsink.forget_customer('anna.b@example.com')",
    )[0];
    assert_eq!(
        [0, 1, 2].map(|column| row.get::<_, i64>(column)),
        [0, 0, 0],
        "again"
    );
    assert_eq!(pg.facts(), 4);
    let sources: i64 = pg
        .one("SELECT count(*) FROM warehouse.dim_campaign WHERE content ~ '^.forgotten [0-9]+.$'");
    assert_eq!(sources, 1, "what was told apart stays so");
    // After that the same text makes a new member.
    message(
        "5",
        json!({"current_url": "https://www.glamira.de/?utm_source=mail&utm_medium=email&utm_content=anna.b%40example.com"}),
    );
    let content: String = pg.one("SELECT c.content FROM warehouse.fact_event AS f JOIN warehouse.dim_campaign AS c USING (campaign_key) WHERE f.event_id = '5'");
    assert_eq!(content, hash);
    pg.assert_books();
}

#[test]
fn addresses_kept_in_full_are_forgotten_in_every_spelling() {
    let pg = Cluster::builder()
        .conf("starsink.keep_email", "full")
        .start();
    pg.sql("CREATE EXTENSION starsink");
    ingest(
        &pg,
        &event("1", "d1", "Anna.B@example.com", "Anna.B@example.com"),
    );
    let link = json!({"id": "2", "collection": "view_home_page", "time_stamp": now_micros() / 1_000_000, "store_id": "6",
        "current_url": "https://www.glamira.de/?utm_content=ANNA.B%2540example.com", "referrer_url": "https://x.de/anna.b%40example.com"});
    ingest(&pg, &link.to_string());
    let row =
        &pg.query("SELECT members, events FROM starsink.forget_customer('anna.b@example.com')")[0];
    assert_eq!([0, 1].map(|column| row.get::<_, i64>(column)), [1, 2]);
    for relation in ["fact_event", "dim_customer", "dim_campaign", "dim_referrer"] {
        let left: i64 = pg.one(&format!(
            "SELECT count(*) FROM warehouse.{relation} AS t WHERE t::text ~* 'anna'"
        ));
        assert_eq!(left, 0, "{relation}");
    }
}

#[test]
fn ingestion_goes_on_while_somebody_is_forgotten() {
    let pg = Cluster::without_jobs();
    ingest(&pg, &event("1", "d1", "77", "anna@example.com"));
    let mut other = pg.connect(pg.database());
    let mut holder = other.transaction().unwrap();
    holder
        .batch_execute("SELECT FROM warehouse.fact_event FOR UPDATE")
        .unwrap();
    std::thread::scope(|scope| {
        let forgetting =
            scope.spawn(|| pg.one::<i64>("SELECT events FROM starsink.forget_customer('77')"));
        pg.wait_for(
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%forget_customer%'",
            std::time::Duration::from_secs(20),
        );
        // A new customer, and the one that goes.
        let mut client = pg.connect(pg.database());
        client.batch_execute("SET lock_timeout = '10s'").unwrap();
        for message in [
            event("2", "d2", "78", ""),
            event("3", "d1", "77", "anna@example.com"),
        ] {
            let row = client
                .query_one("SELECT starsink.ingest($1)", &[&message])
                .unwrap();
            assert_eq!(row.get::<_, String>(0), "loaded");
        }
        holder.commit().unwrap();
        assert_eq!(forgetting.join().unwrap(), 2, "with what came meanwhile");
    });
    assert_eq!(personal(&pg, "true"), 1);
    pg.assert_books();
}

#[test]
fn nobody_is_looked_for_in_every_fact() {
    let pg = Cluster::without_jobs();
    for number in 0..20 {
        ingest(
            &pg,
            &event(
                &number.to_string(),
                &format!("d{number}"),
                &format!("u{number}"),
                "x@example.com",
            ),
        );
    }
    let mut client = pg.connect(pg.database());
    let mut within = client.transaction().unwrap();
    within
        .batch_execute("SELECT starsink.forget_customer('u7'); SELECT starsink.forget_device('d8'); SELECT starsink.forget_customer('y@example.com')")
        .unwrap();
    let scans: i64 = within
        .query_one("SELECT sum(seq_scan)::bigint FROM pg_stat_xact_all_tables WHERE relname ~ '^fact_event_'", &[])
        .unwrap()
        .get(0);
    assert_eq!(scans, 0);
    drop(within);
    let refusal = pg
        .connect(pg.database())
        .batch_execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT starsink.forget_customer('u7')",
        )
        .unwrap_err();
    assert_eq!(refusal.code().unwrap().code(), "25001");
}

#[test]
fn codes_and_addresses_have_the_same_case_under_a_turkish_locale() {
    let pg = Cluster::consuming_nothing();
    pg.sql("CREATE DATABASE turkish TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C.UTF-8'");
    let mut client = pg.connect("turkish");
    client
        .batch_execute("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()")
        .unwrap();
    client
        .batch_execute(
            "CREATE TABLE rates AS SELECT c AS currency_code, date '2026-11-20' AS rate_date, 90 AS rate FROM unnest(ARRAY['inr', 'isk', 'idr']) AS c;
             SELECT starsink.merge_exchange_rate('rates');
             CREATE TABLE customers AS SELECT 'USER_ID' AS identity_type, '1' AS identity, 'id' AS country_code;
             SELECT starsink.merge_customer('customers');
             CREATE TABLE stones AS SELECT 'PRIMARY' AS role, 'opal' AS value, 'IF' AS quality, 'FALSE' AS is_lab_grown;
             SELECT starsink.merge_diamond_option('stones')",
        )
        .unwrap();
    let one = |client: &mut postgres::Client, query: &str| -> String {
        client.query_one(query, &[]).unwrap().get(0)
    };
    let refused = one(
        &mut client,
        "SELECT count(*)::text FROM starsink.quarantine",
    );
    assert_eq!(refused, "0");
    let amount = "SELECT string_agg(round(starsink.convert_currency(100, c, '2026-11-20'), 4)::text, ' ') FROM unnest(ARRAY['inr', 'ISK', 'idr']) AS c";
    assert_eq!(one(&mut client, amount), "1.1111 1.1111 1.1111");
    assert_eq!(
        one(
            &mut client,
            "SELECT country_code FROM warehouse.dim_customer WHERE identity = '1'"
        ),
        "ID"
    );
    client
        .batch_execute(r#"SELECT starsink.ingest('{"email_address":"isik.ipek@example.com"}'); SELECT starsink.ingest('{"email_address":"ISIK.IPEK@EXAMPLE.COM"}')"#)
        .unwrap();
    assert_eq!(
        one(
            &mut client,
            "SELECT quarantined::text FROM starsink.forget_customer('ISIK.IPEK@example.com')"
        ),
        "2"
    );
}

#[test]
fn a_customer_without_an_address_is_forgotten_by_the_user_id() {
    let pg = Cluster::consuming_nothing();
    ingest(
        &pg,
        &json!({"id": "1", "collection": "view_home_page", "time_stamp": now_micros() / 1_000_000, "device_id": "d", "user_id_db": "77", "store_id": "6", "note": "only for me"}).to_string(),
    );
    let row =
        &pg.query("SELECT members, events, quarantined FROM starsink.forget_customer('77')")[0];
    assert_eq!([0, 1, 2].map(|column| row.get::<_, i64>(column)), [1, 1, 0]);
    assert_eq!(
        pg.one::<i64>(
            "SELECT count(*) FROM warehouse.dim_customer WHERE '77' IN (identity, user_id_db)"
        ),
        0
    );
}

#[test]
fn who_folded_before_names_nobody_who_was_forgotten_since() {
    let pg = Cluster::without_jobs();
    let campaigns = |client: &mut postgres::Client| -> Vec<String> {
        client
            .query(
                "SELECT campaign FROM warehouse.campaign_effectiveness()",
                &[],
            )
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect()
    };
    let mention = |id: &str| {
        event(id, id, "", "").replace(
            "account?token=secret",
            "ring?utm_source=letter&utm_medium=email&utm_campaign=anna@example.com",
        )
    };
    let hash: String = pg.one("SELECT starsink.email_hash('anna@example.com')");
    // One process that folds and reports, as the steward does for weeks.
    let mut client = pg.connect(pg.database());
    ingest(&pg, &mention("1"));
    client
        .execute("SELECT starsink.run_job('fold')", &[])
        .unwrap();
    ingest(&pg, &mention("2"));
    assert_eq!(campaigns(&mut client), [hash.as_str()]);
    pg.sql("SELECT starsink.forget_customer('anna@example.com')");
    client
        .execute("SELECT starsink.rebuild_aggregates()", &[])
        .unwrap();
    let found = campaigns(&mut client);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("(forgotten "), "{found:?}");
}
