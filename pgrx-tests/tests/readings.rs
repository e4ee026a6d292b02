//! How odd but real messages are read: values as MongoDB wraps them, order lines, currencies, devices, addresses, sites,
//! Kafka's timestamps.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cell::RefCell;
use std::time::Instant;

use postgres::Client;
use postgres::types::FromSqlOwned;
use serde_json::{Value, json};
use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, now_micros};
use starsink_tests::mock::Mock;
use starsink_tests::producer::{Message, Producer};

const BASE: i64 = 1_763_870_000;

/// An event of a second of its own, with these attributes.
fn event(second: i64, attributes: &Value) -> Value {
    let mut event = json!({
        "id": format!("00000000-0000-4000-8000-{second:012}"), "time_stamp": BASE + second, "collection": "view_product_detail",
        "product_id": "78000", "store_id": "6", "device_id": "d-1", "current_url": "https://www.glamira.de/ring.html",
        "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
    });
    let more = attributes.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(more);
    event
}

/// A warehouse, and one session for all there is to say.
struct Warehouse {
    pg: Cluster,
    session: RefCell<Client>,
}

impl Warehouse {
    fn new() -> Warehouse {
        let pg = Cluster::builder().start();
        pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse(); SELECT starsink.load_exchange_rates(E'Date,USD,\\n2025-11-21,1.15,\\n', 'ecb')");
        let session = RefCell::new(pg.connect(pg.database()));
        Warehouse { pg, session }
    }

    fn one<T: FromSqlOwned>(&self, query: &str) -> T {
        self.session
            .borrow_mut()
            .query_one(query, &[])
            .unwrap_or_else(|error| panic!("{query}: {error:?}"))
            .get(0)
    }

    fn ingest(&self, event: &Value) -> String {
        let mut session = self.session.borrow_mut();
        let row = session.query_one("SELECT starsink.ingest($1)", &[&event.to_string()]);
        row.unwrap().get(0)
    }

    /// A text of the event of that second, and its codes.
    fn said(&self, second: i64, what: &str) -> String {
        let said: String = self.one(&format!(
            "SELECT concat_ws(' ', {what}, array_to_string(starsink.quality_codes(e.quality_flags), ' ')) FROM warehouse.fact_event AS e \
             JOIN warehouse.dim_product AS p USING (product_key) JOIN warehouse.dim_store AS s USING (store_key) \
             JOIN warehouse.dim_device AS d USING (device_key) JOIN warehouse.dim_customer AS u USING (customer_key) \
             JOIN warehouse.dim_campaign AS c USING (campaign_key) \
             WHERE e.event_time = to_timestamp({}) LIMIT 1",
            BASE + second
        ));
        // Of every event here the time is in seconds, and of some the id is no UUID.
        let words = said.split_whitespace();
        let telling = words.filter(|word| !["TS_UNIT_FIXED", "ID_INVALID"].contains(word));
        telling.collect::<Vec<_>>().join(" ")
    }
}

/// One warehouse for all, which takes longer to lay out than to fill.
#[test]
fn what_is_odd_but_real_is_read() {
    let pg = Warehouse::new();
    values_are_read_as_mongodb_wraps_them(&pg);
    no_line_of_an_order_is_lost_in_silence(&pg);
    a_word_for_no_value_names_nobody_and_nothing(&pg);
    the_first_public_address_of_a_list_is_the_visitor_s(&pg);
}

fn values_are_read_as_mongodb_wraps_them(pg: &Warehouse) {
    let cases = [
        (
            json!({"id": null, "_id": {"$oid": "5ed8cb25e73652372a131289"}}),
            "e.event_id",
            "5ed8cb25e73652372a131289",
        ),
        (
            json!({"id": {"$uuid": "0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7"}}),
            "e.event_id",
            "0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7",
        ),
        (
            json!({"product_id": {"$numberInt": "96047"}}),
            "p.product_id",
            "96047",
        ),
        (
            json!({"product_id": {"$numberDouble": "96048.0"}}),
            "p.product_id",
            "96048",
        ),
        (json!({"store_id": {"$numberLong": "7"}}), "s.store_id", "7"),
        (
            json!({"device_id": {"$oid": "5ed8cb25e73652372a131280"}}),
            "d.device_id",
            "5ed8cb25e73652372a131280",
        ),
        (
            json!({"user_id_db": {"$numberLong": "4711"}}),
            "u.user_id_db",
            "4711",
        ),
        (
            json!({"local_time": {"$date": "2025-11-23T08:00:00Z"}}),
            "e.local_time",
            "2025-11-23 08:00:00",
        ),
        (
            json!({"utm_source": {"$symbol": "mailing"}}),
            "c.source",
            "mailing",
        ),
    ];
    for (second, (attributes, what, expected)) in (1..).zip(cases) {
        assert_eq!(
            pg.ingest(&event(second, &attributes)),
            "loaded",
            "{attributes}"
        );
        assert_eq!(pg.said(second, what), expected, "{attributes}");
    }
    let times = [
        json!({"$numberInt": (BASE + 100).to_string()}),
        json!({"$numberDouble": format!("{}.0", BASE + 100)}),
        json!({"$date": (BASE + 100) * 1000}),
        json!({"$date": {"$numberLong": ((BASE + 100) * 1000).to_string()}}),
        json!({"$date": "2025-11-23T03:55:00Z"}),
        json!({"$date": "2025-11-23T04:55:00.000+0100"}),
        json!({"$timestamp": {"t": BASE + 100, "i": 1}}),
    ];
    for (number, time) in times.iter().enumerate() {
        let attributes = json!({"id": format!("time-{number}"), "time_stamp": time});
        assert_eq!(pg.ingest(&event(0, &attributes)), "loaded", "{time}");
    }
    let found: Vec<i64> = pg.pg.query(&format!("SELECT count(*) FROM warehouse.fact_event WHERE event_id LIKE 'time-%' AND event_time = to_timestamp({})", BASE + 100))
        .iter().map(|row| row.get(0)).collect();
    assert_eq!(found, [7]);
    let order = json!({
        "collection": "checkout_success", "order_id": {"$numberDouble": "720251727.0"},
        "cart_products": [{"product_id": {"$numberInt": "96047"}, "amount": {"$numberInt": "2"}, "price": {"$numberDecimal": "880.00"}, "currency": "€",
            "option": [{"option_label": "alloy", "option_id": {"$numberInt": "5"}, "value_label": "white-375", "value_id": {"$numberLong": "6"}}]}],
    });
    assert_eq!(pg.ingest(&event(200, &order)), "loaded");
    let line: String = pg.one(
        "SELECT concat_ws(' ', l.order_id, p.product_id, l.quantity, l.unit_price, l.base_amount, a.option_id, a.value_id) FROM warehouse.fact_order_line AS l \
         JOIN warehouse.dim_product AS p USING (product_key) JOIN warehouse.dim_alloy_option AS a USING (alloy_option_key)",
    );
    assert_eq!(line, "720251727 96047 2 880.00 1760.0000 5 6");
    assert_eq!(
        pg.ingest(&event(201, &json!({"time_stamp": {"$date": "yesterday"}}))),
        "quarantined"
    );
}

fn no_line_of_an_order_is_lost_in_silence(pg: &Warehouse) {
    let lines = [
        (
            json!({"product_id": 1, "amount": "2 Stk", "price": "880.00", "currency": "€"}),
            "1 2 1760.0000 EUR",
            "AMOUNT_UNPARSEABLE",
        ),
        (
            json!({"product_id": 1, "amount": "1,5 m", "price": "10", "currency": "€"}),
            "1 1.5 15.0000 EUR",
            "AMOUNT_UNPARSEABLE",
        ),
        (
            json!({"product_id": 1, "amount": true, "price": "880.00", "currency": "€"}),
            "1 EUR",
            "AMOUNT_UNPARSEABLE",
        ),
        (
            json!({"product_id": 1, "amount": {}, "price": "880.00", "currency": "€"}),
            "1 EUR",
            "AMOUNT_UNPARSEABLE",
        ),
        (
            json!({"product_id": 1, "amount": 1, "price": "ask us", "currency": "€"}),
            "1 1 EUR",
            "PRICE_UNPARSEABLE",
        ),
        (
            json!({"product_id": 1, "amount": 1, "price": {}, "currency": "€"}),
            "1 1 EUR",
            "PRICE_UNPARSEABLE",
        ),
        (
            json!({"product_id": 96047.5, "amount": 1, "price": "880.00", "currency": "€"}),
            "(unknown) 1 880.0000 EUR",
            "LINE_PRODUCT_INVALID",
        ),
        (
            json!({"product_id": {}, "amount": 1, "price": "880.00", "currency": "€"}),
            "(unknown) 1 880.0000 EUR",
            "LINE_PRODUCT_INVALID",
        ),
        (
            json!({"product_id": "undefined", "amount": 1, "price": "880.00", "currency": "€"}),
            "(unknown) 1 880.0000 EUR",
            "LINE_PRODUCT_INVALID",
        ),
        (
            json!({"product_id": null, "amount": 1, "price": "880.00", "currency": "€"}),
            "(not applicable) 1 880.0000 EUR",
            "",
        ),
        (
            json!({"product_id": 1, "price": "880.00", "currency": "PEN S/."}),
            "1 1 PEN",
            "FX_MISSING",
        ),
        (
            json!({"product_id": 1, "price": "880.00", "currency": "S/.PEN"}),
            "1 1 PEN",
            "FX_MISSING",
        ),
        (
            json!({"product_id": 1, "price": "880.00", "currency": "CHF Fr."}),
            "1 1 CHF",
            "FX_MISSING",
        ),
        (
            json!({"product_id": 1, "price": "880.00", "currency": "SEK\u{a0}kr"}),
            "1 1 SEK",
            "FX_MISSING",
        ),
        (
            json!({"product_id": 1, "price": "880.00", "currency": "krSEK"}),
            "1 1 SEK",
            "FX_MISSING",
        ),
        (
            json!({"product_id": 1, "price": "GTQ 880.00 Q"}),
            "1 1 GTQ",
            "FX_MISSING",
        ),
        (
            json!({"product_id": 1, "price": "880.00", "currency": "USD EUR"}),
            "1 1 (unknown)",
            "CURRENCY_UNKNOWN",
        ),
    ];
    for (number, (line, expected, code)) in (2_001..).zip(lines) {
        let order = json!({"collection": "checkout_success", "order_id": 900_000 + number, "cart_products": [line]});
        assert_eq!(pg.ingest(&event(number, &order)), "loaded", "{line}");
        let found: String = pg.one(&format!(
            "SELECT concat_ws(' ', p.product_id, trim_scale(l.quantity), l.base_amount, c.currency_code) FROM warehouse.fact_order_line AS l \
             JOIN warehouse.dim_product AS p USING (product_key) JOIN warehouse.dim_currency AS c USING (currency_key) WHERE order_id = '{}'",
            900_000 + number
        ));
        assert_eq!(found, expected, "{line}");
        let codes = pg.said(number, "''");
        assert_eq!(codes.trim(), code, "{line}");
    }
    // What is no list of lines is not passed over either.
    for (second, cart) in (2_100..).zip([
        json!("[{"),
        json!([5]),
        json!(true),
        json!({"product_id": 1}),
    ]) {
        let order = json!({"collection": "checkout_success", "order_id": 950_000 + second, "cart_products": cart});
        assert_eq!(pg.ingest(&event(second, &order)), "loaded", "{cart}");
        assert!(
            pg.said(second, "''").contains("LINE_PRODUCT_INVALID"),
            "{cart}"
        );
    }
}

fn a_word_for_no_value_names_nobody_and_nothing(pg: &Warehouse) {
    let words = [
        json!("undefined"),
        json!("null"),
        json!(" NULL "),
        json!("nil"),
        json!("none"),
        json!("0"),
        json!(0),
        json!("[object Object]"),
        json!("NaN"),
        json!("false"),
        json!("00000000-0000-0000-0000-000000000000"),
        json!("undefined.undefined"),
        json!("(not set)"),
        json!("unknown"),
        json!("-1"),
    ];
    for (second, word) in (3_001..).zip(words) {
        assert_eq!(
            pg.ingest(&event(
                second,
                &json!({"device_id": word, "user_id_db": word})
            )),
            "loaded",
            "{word}"
        );
        let found = pg.said(second, "d.device_key, u.customer_key");
        assert!(
            found.starts_with("-3 -2 ") && found.contains("DEVICE_MISSING"),
            "{word}: {found}"
        );
    }
    for (second, device) in (3_100..).zip([
        "d-0",
        "nullable",
        "10",
        "00000000-0000-4000-8000-000000000001",
    ]) {
        pg.ingest(&event(second, &json!({"device_id": device})));
        assert!(
            pg.said(second, "d.device_id").starts_with(device),
            "{device}"
        );
    }
    pg.ingest(&event(3_200, &json!({"store_id": "undefined"})));
    assert!(
        pg.said(3_200, "e.store_key")
            .starts_with("-3 STORE_MISSING")
    );
    pg.ingest(&event(3_201, &json!({"store_id": "0"})));
    assert!(pg.said(3_201, "s.store_id").starts_with('0'));
    for (second, attributes, codes) in [
        (3_202, json!({"product_id": "undefined"}), "PRODUCT_MISSING"),
        (3_203, json!({"id": "undefined"}), "ID_MISSING"),
        (
            3_204,
            json!({"collection": "checkout_success", "order_id": "undefined"}),
            "ORDER_ID_MISSING",
        ),
        (
            3_205,
            json!({"collection": "checkout_success", "order_id": "null"}),
            "ORDER_ID_MISSING",
        ),
    ] {
        assert_eq!(
            pg.ingest(&event(second, &attributes)),
            "quarantined",
            "{attributes}"
        );
        let found: String = pg.one("SELECT array_to_string(codes, ' ') FROM starsink.quarantine ORDER BY quarantine_id DESC LIMIT 1");
        assert_eq!(found, codes, "{attributes}");
    }
    pg.ingest(&event(3_206, &json!({"id": "undefined", "_id": "spare"})));
    assert!(pg.said(3_206, "e.event_id").starts_with("spare"));
    // Nobody is one visitor: no session, no viewer.
    let sessions: i64 =
        pg.one("SELECT count(*) FROM starsink_internal.live_session() WHERE device_key < 0");
    assert_eq!(sessions, 0);
}

fn the_first_public_address_of_a_list_is_the_visitor_s(pg: &Warehouse) {
    let cases = [
        ("8.8.8.8", "8.8.8.0/24", ""),
        ("10.1.2.3, 8.8.8.8", "8.8.8.0/24", ""),
        ("100.64.1.1, 8.8.8.8, 1.1.1.1", "8.8.8.0/24", ""),
        ("_hidden, for=\"8.8.8.8:99\";proto=https", "8.8.8.0/24", ""),
        ("-, unknown, 8.8.8.8:443", "8.8.8.0/24", ""),
        ("64:ff9b::808:808", "8.8.8.0/24", ""),
        ("2002:808:808::1", "8.8.8.0/24", ""),
        ("10.1.2.3, 192.168.0.1", "10.1.2.0/24", "IP_PRIVATE"),
        ("198.18.0.1", "198.18.0.0/24", "IP_PRIVATE"),
        ("192.0.2.1", "192.0.2.0/24", "IP_PRIVATE"),
        ("240.0.0.1", "240.0.0.0/24", "IP_PRIVATE"),
        ("100::1", "100::/48", "IP_PRIVATE"),
        ("2001:db8::1", "2001:db8::/48", "IP_PRIVATE"),
        ("64:ff9b:1::1", "64:ff9b:1::/48", "IP_PRIVATE"),
        ("2002:a00:1::1", "10.0.0.0/24", "IP_PRIVATE"),
        ("64:ff9b::a00:1", "10.0.0.0/24", "IP_PRIVATE"),
        ("fec0::1", "fec0::/48", "IP_PRIVATE"),
        ("3fff::1", "3fff::/48", "IP_PRIVATE"),
        ("-, unknown", "", "IP_INVALID"),
    ];
    for (second, (ip, kept, code)) in (4_001..).zip(cases) {
        pg.ingest(&event(second, &json!({"ip": ip})));
        let found = pg.said(second, "host(e.ip)");
        let network = kept.split('/').next().unwrap();
        let expected = format!("{network} {code}");
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(words(&found), words(&expected), "{ip}");
    }
}

#[test]
fn assistants_are_a_channel_and_paying_is_no_source() {
    let pg = Warehouse::new();
    let cases = [
        (
            json!({"referrer_url": "https://chatgpt.com/"}),
            "chatgpt.com ai-assistant AI Assistant",
        ),
        (
            json!({"referrer_url": "https://claude.ai/"}),
            "claude.ai ai-assistant AI Assistant",
        ),
        (
            json!({"referrer_url": "https://copilot.microsoft.com/"}),
            "microsoft.com ai-assistant AI Assistant",
        ),
        (
            json!({"referrer_url": "https://chat.deepseek.com/"}),
            "deepseek.com ai-assistant AI Assistant",
        ),
        (
            json!({"referrer_url": "https://gemini.google.com/app"}),
            "google.com ai-assistant AI Assistant",
        ),
        (
            json!({"current_url": "https://www.glamira.de/?utm_source=chatgpt.com"}),
            "chatgpt.com ai-assistant AI Assistant",
        ),
        (
            json!({"utm_source": "perplexity"}),
            "perplexity ai-assistant AI Assistant",
        ),
        (
            json!({"referrer_url": "https://www.google.com/"}),
            "google organic Organic Search",
        ),
        (
            json!({"referrer_url": "https://www.paypal.com/checkoutnow"}),
            "(direct) (none) Direct",
        ),
        (
            json!({"referrer_url": "https://pay.amazon.de/"}),
            "(direct) (none) Direct",
        ),
        (
            json!({"referrer_url": "https://checkout.stripe.com/"}),
            "(direct) (none) Direct",
        ),
        (
            json!({"referrer_url": "https://www.amazon.de/"}),
            "amazon.de referral Organic Shopping",
        ),
    ];
    for (second, (attributes, expected)) in (1..).zip(cases) {
        pg.ingest(&event(second, &attributes));
        let found = pg.said(second, "c.source, c.medium, c.channel");
        assert!(found.starts_with(expected), "{attributes}: {found}");
    }
    let sites: Vec<String> = pg
        .pg
        .query("SELECT referrer FROM warehouse.top_referrers(NULL)")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(
        sites.contains(&"chatgpt.com".to_owned())
            && sites
                .iter()
                .all(|site| !["paypal.com", "stripe.com"].contains(&site.as_str())),
        "{sites:?}"
    );
    assert_eq!(sites.iter().filter(|site| *site == "amazon.de").count(), 1);
    let views: i64 =
        pg.one("SELECT views FROM warehouse.top_referrers(NULL) WHERE referrer = 'amazon.de'");
    assert_eq!(views, 1, "pay.amazon.de is none");
    for (query, expected) in [
        (
            "starsink.classify_channel('chatgpt.com', 'ai-assistant')",
            "AI Assistant",
        ),
        (
            "(starsink.classify_referrer('https://pay.amazon.de/')).kind",
            "payment",
        ),
        (
            "(starsink.classify_referrer('https://pay.amazon.de/')).source",
            "(direct)",
        ),
        (
            "(starsink.classify_referrer('https://chatgpt.com/')).kind",
            "ai_assistant",
        ),
    ] {
        assert_eq!(
            pg.one::<String>(&format!("SELECT {query}")),
            expected,
            "{query}"
        );
    }

    // An advertisement's click, forty minutes at the payment provider, an order: the click's.
    let click =
        json!({"device_id": "buyer", "current_url": "https://www.glamira.de/ring.html?gclid=x"});
    let back = json!({
        "device_id": "buyer", "collection": "checkout_success", "order_id": 1, "referrer_url": "https://www.paypal.com/",
        "cart_products": [{"product_id": 1, "price": "5.00", "currency": "€"}],
    });
    pg.ingest(&event(1_000, &click));
    pg.ingest(&event(1_000 + 2_400, &back));
    let sources: Vec<String> = pg
        .pg
        .query("SELECT key FROM warehouse.attribution('last_non_direct', 'source')")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(sources, ["google"]);

    // The list is the operator's.
    pg.pg.sql("SET ROLE starsink_admin; INSERT INTO starsink.site (domain, kind, source) VALUES ('chat.example.org', 'ai_assistant', 'example'), ('bank.example.org', 'payment', NULL); \
            UPDATE starsink.site SET kind = 'other' WHERE domain = 'paypal'");
    for (second, referrer, expected) in [
        (
            5_000,
            "https://chat.example.org/x",
            "example ai-assistant AI Assistant",
        ),
        (5_001, "https://bank.example.org/", "(direct) (none) Direct"),
        (
            5_002,
            "https://www.example.org/",
            "example.org referral Referral",
        ),
        (
            5_003,
            "https://www.paypal.com/",
            "paypal.com referral Referral",
        ),
    ] {
        pg.ingest(&event(second, &json!({"referrer_url": referrer})));
        let found = pg.said(second, "c.source, c.medium, c.channel");
        assert!(found.starts_with(expected), "{referrer}: {found}");
    }
    let mut reader = pg.pg.connect_as("postgres", pg.pg.database());
    reader.batch_execute("SET ROLE starsink_reader").unwrap();
    let kind: String = reader
        .query_one(
            "SELECT (starsink.classify_referrer('https://bank.example.org/')).kind",
            &[],
        )
        .unwrap()
        .get(0);
    assert_eq!(kind, "payment");
    assert!(
        pg.pg
            .refusal("SET ROLE starsink_reader; DELETE FROM starsink.site")
            .starts_with("42501")
    );
    for row in [
        "('Chat.example', 'search')",
        "('https://x.de', 'search')",
        "('x.de', 'chat')",
        "('.de', 'search')",
        "('a b', 'other')",
    ] {
        let refused = pg.pg.refusal(&format!(
            "INSERT INTO starsink.site (domain, kind) VALUES {row}"
        ));
        assert!(refused.starts_with("23514"), "{row}: {refused}");
    }
    // Laying out again leaves what was edited.
    pg.pg.sql("SELECT starsink.create_warehouse()");
    assert_eq!(
        pg.one::<String>("SELECT kind FROM starsink.site WHERE domain = 'paypal'"),
        "other"
    );
}

#[test]
fn latency_is_of_plausible_timestamps_and_never_negative() {
    let mock = Mock::start();
    mock.create_topic("clocks", 5);
    let producer = Producer::new(&mock.client());
    let now = now_micros() / 1_000;
    let clocks = [
        now + 500,
        now / 1_000,
        now * 1_000,
        now + 7_200_000,
        now - 2_000,
    ];
    for (partition, clock) in (0..).zip(clocks) {
        for number in 0..20 {
            let time = json!({"id": format!("{partition}-{number}"), "time_stamp": now - 60_000});
            let payload = event(0, &time).to_string();
            producer.send(
                "clocks",
                &Message::new(&payload).partition(partition).timestamp(clock),
            );
        }
    }
    producer.flush();
    let pg = Cluster::consuming(&mock.bootstrap(), "clocks");
    pg.wait_for_messages("clocks", 100);
    let latencies = pg.query(
        "SELECT partition, min(latency_p50_ms), max(latency_p99_ms), bool_and(latency_p50_ms <= latency_p99_ms AND latency_p99_ms <= latency_max_ms), \
                count(latest_kafka_time) FROM starsink.ledger WHERE topic = 'clocks' AND kind = 'batch' GROUP BY partition ORDER BY partition",
    );
    for row in &latencies {
        let partition: i32 = row.get(0);
        let (p50, p99): (Option<f64>, Option<f64>) = (row.get(1), row.get(2));
        if [0, 4].contains(&partition) {
            let (p50, p99) = (p50.unwrap(), p99.unwrap());
            assert!(
                0.0 <= p50 && p50 <= p99 && p99 < 600_000.0,
                "{partition}: {p50} {p99}"
            );
            assert!(row.get::<_, bool>(3) && row.get::<_, i64>(4) > 0);
        } else {
            assert_eq!(
                (p50, p99, row.get::<_, i64>(4)),
                (None, None, 0),
                "{partition}"
            );
        }
    }
    assert_eq!(latencies.len(), 5);
    let kept: Vec<i64> = pg
        .query("SELECT count(kafka_time) FROM warehouse.fact_event GROUP BY kafka_partition ORDER BY kafka_partition")
        .iter().map(|row| row.get(0)).collect();
    assert_eq!(kept, [20, 0, 0, 0, 20]);
    let nonsense: i64 = pg.one(
        "SELECT count(*) FROM starsink.metrics() WHERE name ~ 'latency|lateness|lag_seconds' AND NOT value BETWEEN 0 AND 86400",
    );
    assert_eq!(nonsense, 0);
    let lateness: f64 = pg.one("SELECT value FROM starsink.metrics('topic') WHERE name = 'starsink_topic_lateness_p95_seconds'");
    assert!((50.0..90.0).contains(&lateness), "{lateness}");
}

#[test]
fn workers_take_in_an_edited_list_of_sites() {
    let mock = Mock::start();
    mock.create_topic("sites", 1);
    let producer = Producer::new(&mock.client());
    let pg = Cluster::consuming(&mock.bootstrap(), "sites");
    let mut sent = 0;
    let mut source = || {
        sent += 1;
        let payload = event(
            0,
            &json!({"id": format!("e-{sent}"), "time_stamp": now_micros() / 1_000, "referrer_url": "https://chat.example.org/"}),
        );
        producer.send("sites", &Message::new(&payload.to_string()).partition(0));
        producer.flush();
        pg.wait_for(
            &format!(
                "SELECT EXISTS (SELECT FROM warehouse.fact_event WHERE event_id = 'e-{sent}')"
            ),
            SOON,
        );
        pg.one::<String>(&format!("SELECT c.source FROM warehouse.fact_event AS e JOIN warehouse.dim_campaign AS c USING (campaign_key) WHERE event_id = 'e-{sent}'"))
    };
    assert_eq!(source(), "example.org");
    pg.sql("INSERT INTO starsink.site (domain, kind, source) VALUES ('chat.example.org', 'ai_assistant', 'example')");
    let begin = Instant::now();
    while source() != "example" {
        assert!(begin.elapsed() < SOON);
    }
    pg.assert_books();
}
