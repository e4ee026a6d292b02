//! E-mail addresses: whichever way one is written into whatever place of a message, no table holds it in the clear.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use serde_json::{Value, json};
use starsink_core::text::spelling::letters;
use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::now_micros;

/// `{}` is the mailbox's name, which nothing else is called.
const SPELLINGS: &[&str] = &[
    "{}@example.com",
    "{}%40example.com",
    "{}%2540example.com",
    "{}%252540Example.COM",
    "{}\\u0040example.com",
    "{}&#64;example.com",
    "{}+news@example.com",
    "{}%2Bnews%40example.com",
    "mailto:{}@example.com",
    "mailto%3A{}%40example.com",
    "{}.müller@example.com",
    "{}.m%C3%BCller%40example.co.uk",
    "{}@münchen.de",
    "{}@xn--mnchen-3ya.de",
    "{}@gmail.con",
    "<{}@example.com>",
    "write+to+{}%40example.com+now",
];

/// A message with this text in one place.
fn places(text: &str) -> Vec<Value> {
    let texts = [
        "current_url",
        "referer_url",
        "user_agent",
        "utm_source",
        "utm_medium",
        "product_id",
        "store_id",
        "device_id",
        "user_id_db",
        "collection",
        "search",
        "id",
        "ip",
        "local_time",
        "email_address",
    ];
    let mut places: Vec<Value> = texts.iter().map(|name| json!({ *name: text })).collect();
    for url in [
        "https://www.glamira.de/?utm_source=newsletter&utm_medium=email&utm_content={}",
        "https://www.glamira.de/?utm_source={}&utm_medium={}&utm_campaign={}&utm_term={}",
        "https://www.glamira.de/u/{}/ring.html?email={}#e={}",
        "https://{}/ring.html",
        "https://www.glamira.de/?next=https%3A%2F%2Fwww.glamira.de%2F%3Fe%3D{}",
    ] {
        places.push(json!({ "current_url": url.replace("{}", text) }));
    }
    for url in [
        "https://www.google.de/search?q={}",
        "https://mail.example.org/inbox/{}",
        "https://{}:secret@mail.example.org/inbox",
        "http://{}/",
    ] {
        places.push(json!({ "referrer_url": url.replace("{}", text) }));
    }
    places.extend([
        json!({ "customer": {"email": text, "names": [text]} }),
        json!({ text: 1 }),
        json!({ "x": json!({"email": text}).to_string() }),
        json!({ "option": [{"option_label": "alloy", "value_label": text, "option_id": text, "value_id": text}] }),
        json!({ "option": json!([{"option_label": "diamond", "value_label": text, "quality_label": text}]).to_string() }),
        json!({ "option": [{"option_label": text, "value_label": text}] }),
        json!({ "collection": "checkout_success", "order_id": text, "cart_products": [{"product_id": 1, "price": "1 EUR"}] }),
        json!({ "collection": "checkout_success", "order_id": "1", "cart_products": [{"product_id": text, "amount": text, "price": text, "currency": text,
                "option": [{"option_label": "alloy", "value_label": text}]}] }),
    ]);
    places
}

fn messages(name: &str) -> Vec<String> {
    let mut messages = Vec::new();
    for spelling in SPELLINGS {
        for (place, more) in places(&spelling.replace("{}", name))
            .into_iter()
            .enumerate()
        {
            let mut message = json!({
                "id": format!("{name}-{}-{place}", messages.len()), "collection": "view_home_page",
                "device_id": format!("d-{name}"), "store_id": "6", "email_address": format!("{name}@example.com"), "user_agent": "Mozilla/5.0",
            });
            let object = message.as_object_mut().unwrap();
            object.extend(more.as_object().unwrap().clone());
            // One address is one id, however it is spelt.
            object.insert(
                "time_stamp".to_owned(),
                json!(now_micros() / 1_000_000 - messages.len() as i64),
            );
            messages.push(message.to_string());
        }
    }
    messages
}

fn ingest(pg: &Cluster, messages: &[String]) {
    let mut client = pg.connect(pg.database());
    for row in client
        .query(
            "SELECT m, starsink.ingest(m) FROM unnest($1::text[]) AS m",
            &[&messages],
        )
        .unwrap()
    {
        assert_eq!(
            row.get::<_, String>(1),
            "loaded",
            "{}",
            row.get::<_, String>(0)
        );
    }
    client.batch_execute("SELECT starsink.fold()").unwrap();
}

/// Rows of the warehouse that a person could read this name in.
fn leaks(pg: &Cluster, name: &str) -> Vec<String> {
    let relations: Vec<String> = pg
        .query("SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relnamespace = 'warehouse'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND c.relname NOT IN ('dim_date', 'dim_time', 'dim_currency_alias')")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(relations.len() > 30);
    let mut leaks = Vec::new();
    for relation in relations {
        for row in pg.query(&format!("SELECT t::text FROM {relation} AS t")) {
            let text: String = row.get(0);
            let plain: String = letters(&text).iter().map(|it| it.letter).collect();
            // Ids of this test begin with the name itself.
            let plain = plain.to_lowercase().replace(&format!("d-{name}"), "");
            let signs = format!("{name}-");
            if plain.replace(&signs, "").contains(name) {
                leaks.push(format!("{relation}: {text}"));
            }
        }
    }
    leaks
}

#[test]
fn no_address_stands_anywhere_in_the_clear() {
    let pg = Cluster::without_jobs();
    ingest(&pg, &messages("annabx"));
    let found = leaks(&pg, "annabx");
    assert!(
        found.is_empty(),
        "{} leaks: {:.2000}",
        found.len(),
        found.join("\n")
    );
    let joined: i64 = pg.one(
        "SELECT count(*) FROM warehouse.dim_campaign AS c JOIN warehouse.dim_customer AS p ON c.content = p.email_hash \
         WHERE p.email_hash = starsink.email_hash('annabx@example.com') AND p.customer_key > 0",
    );
    assert!(joined > 0, "the hash is the customer's");
    let flagged: i64 = pg.one(
        "SELECT count(*) FROM warehouse.fact_event WHERE 'ADDRESS_MASKED' = ANY (starsink.quality_codes(quality_flags))",
    );
    assert!(flagged > 400, "{flagged}");

    pg.alter_system("starsink.keep_email", "none");
    pg.reload();
    pg.wait_for(
        "SELECT current_setting('starsink.keep_email') = 'none'",
        Duration::from_secs(10),
    );
    let bertax: Vec<String> = messages("bertax");
    ingest(&pg, &bertax);
    let found = leaks(&pg, "bertax");
    assert!(
        found.is_empty(),
        "{} leaks: {:.2000}",
        found.len(),
        found.join("\n")
    );
    let redacted: i64 =
        pg.one("SELECT count(*) FROM warehouse.dim_campaign WHERE content = '(redacted)'");
    assert_eq!(redacted, 1);

    pg.alter_system("starsink.keep_email", "full");
    pg.reload();
    pg.wait_for(
        "SELECT current_setting('starsink.keep_email') = 'full'",
        Duration::from_secs(10),
    );
    let page = "https://www.glamira.de/?utm_content=carlax%40example.com";
    ingest(&pg, &[json!({"id": "full", "collection": "view_home_page", "time_stamp": now_micros() / 1_000_000, "current_url": page}).to_string()]);
    let kept: i64 =
        pg.one("SELECT count(*) FROM warehouse.dim_campaign WHERE content = 'carlax@example.com'");
    assert_eq!(kept, 1);
}

#[test]
fn what_is_nobodys_and_what_a_robot_is_stays() {
    let pg = Cluster::without_jobs();
    let message = json!({
        "id": "1", "collection": "view_home_page", "time_stamp": now_micros() / 1_000_000, "current_url": "https://www.glamira.de/image@2x.png?v=jquery@3.6.0",
        "referrer_url": "https://anna@mail.example.org/inbox", "user_agent": "collector (info@example.com; +mailto:info@example.com)", "css": "@font-face user@",
    });
    ingest(&pg, &[message.to_string()]);
    let row = &pg.query(
        "SELECT f.current_url, f.extras->>'css', r.host, r.registrable_domain, u.is_bot, u.user_agent \
         FROM warehouse.fact_event AS f JOIN warehouse.dim_referrer AS r USING (referrer_key) JOIN warehouse.dim_user_agent AS u USING (user_agent_key)",
    )[0];
    assert_eq!(
        row.get::<_, String>(0),
        "https://www.glamira.de/image@2x.png?v=jquery@3.6.0"
    );
    assert_eq!(row.get::<_, String>(1), "@font-face user@");
    assert_eq!(row.get::<_, String>(2), "mail.example.org");
    assert_eq!(row.get::<_, String>(3), "example.org");
    assert!(row.get::<_, bool>(4), "read before it is masked");
    assert!(!row.get::<_, String>(5).contains("info"));
}
