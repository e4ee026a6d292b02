//! The parsers as SQL functions: the same as in ingestion, never an error for bad content, and declared as they behave.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use starsink_tests::cluster::Cluster;

fn text(pg: &Cluster, query: &str) -> Option<String> {
    pg.one(query)
}

#[test]
fn each_parser_reads_what_ingestion_reads() {
    let pg = Cluster::builder().start();
    pg.sql("CREATE EXTENSION starsink");
    let cases = [
        (
            "SELECT (p).amount || ' ' || (p).currency FROM starsink.parse_price('AU $ 1,234.50') AS p",
            Some("1234.50 AU$"),
        ),
        ("SELECT (starsink.parse_price('ask us')).amount::text", None),
        (
            "SELECT string_agg(role || '=' || value || COALESCE('/' || fineness, ''), ' ' ORDER BY position) \
             FROM starsink.expand_options('{\"alloy\":\"\",\"diamond\":\"\"}', 'https://www.glamira.de/r?alloy=white-375&diamond=sapphire')",
            Some("alloy=white-375/375 diamond=sapphire"),
        ),
        (
            "SELECT count(*)::text FROM starsink.expand_options('17')",
            Some("0"),
        ),
        (
            "SELECT (r).source || ' ' || (r).medium || ' ' || (r).kind || ' ' || (r).term \
             FROM starsink.classify_referrer('https://www.google.de/search?q=gold+ring') AS r",
            Some("google organic search gold ring"),
        ),
        (
            "SELECT (starsink.classify_referrer('https://www.glamira.fr/', 'https://www.glamira.de/')).is_internal::text",
            Some("true"),
        ),
        (
            "SELECT (starsink.classify_referrer('no address')).host",
            None,
        ),
        (
            "SELECT starsink.classify_channel('google', 'cpc')",
            Some("Paid Search"),
        ),
        (
            "SELECT starsink.classify_channel('newsletter', 'email', 'spring')",
            Some("Email"),
        ),
        (
            "SELECT (starsink.parse_user_agent('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36')).device_class",
            Some("desktop"),
        ),
        (
            "SELECT (starsink.parse_user_agent('Googlebot/2.1 (+http://www.google.com/bot.html)')).is_bot::text",
            Some("true"),
        ),
        ("SELECT (starsink.parse_user_agent('')).browser", None),
        ("SELECT starsink.country_of_ip('192.168.0.1')", None),
    ];
    for (query, expected) in cases {
        assert_eq!(text(&pg, query).as_deref(), expected, "{query}");
    }
}

/// What a page with this JSON-LD says of itself, in these columns.
fn page(pg: &Cluster, columns: &str, json: &str) -> Option<String> {
    text(
        pg,
        &format!(
            "SELECT NULLIF(concat_ws('|', {columns}), '') FROM starsink.extract_product('<script type=\"application/ld+json\">{json}</script>', \
             'https://shop.example.com/de/ring-vela.html?metal=gold')"
        ),
    )
}

#[test]
fn pages_are_read_by_the_rules_of_schema_org() {
    let pg = Cluster::builder().start();
    pg.sql("CREATE EXTENSION starsink");
    let offers = |offers: &str| {
        let json = format!(r#"{{"@type":"Product","name":"Ring","offers":{offers}}}"#);
        page(&pg, "price, currency", &json)
    };
    for (json, expected) in [
        (
            r#"{"priceSpecification":[{"price":"69.00","priceCurrency":"EUR","priceType":"https://schema.org/ListPrice"},{"price":"49.00","priceCurrency":"EUR"}]}"#,
            "49.00|EUR",
        ),
        (
            r#"{"priceSpecification":[{"price":"39.00","validForMemberTier":{"name":"gold"}},{"price":"49.00","priceCurrency":"EUR"}]}"#,
            "49.00|EUR",
        ),
        (
            r#"{"price":"140.000","priceCurrency":"EUR"}"#,
            "140.000|EUR",
        ),
        (
            r#"{"price":"1,278.50","priceCurrency":"USD"}"#,
            "1278.50|USD",
        ),
    ] {
        assert_eq!(offers(json).as_deref(), Some(expected), "{json}");
    }
    let variants = r#"{"@type":"ProductGroup","name":"Ring","brand":"Vela","hasVariant":[{"sku":"S","url":"?metal=silver","offers":{"price":5}},{"sku":"G","url":"?metal=gold","offers":{"price":9,"priceCurrency":"EUR"}}]}"#;
    assert_eq!(
        page(&pg, "sku, brand, price, currency", variants).as_deref(),
        Some("G|Vela|9|EUR")
    );
    let apart = r##"{"@type":"Product","name":"Ring","offers":{"@type":"Offer","@id":"#o"}}</script><script type="application/ld+json">{"@id":"#o","price":"49.00"}"##;
    assert_eq!(page(&pg, "price", apart).as_deref(), Some("49.00"));
    let based = text(
        &pg,
        "SELECT image_url FROM starsink.extract_product('<base href=\"/static/\"><meta property=\"og:type\" content=\"product\"><meta property=\"og:image\" content=\"ring.jpg\">', 'https://shop.example.com/de/ring.html')",
    );
    assert_eq!(
        based.as_deref(),
        Some("https://shop.example.com/static/ring.jpg")
    );
}

#[test]
fn conversion_takes_the_latest_rate_of_seven_days_and_no_older_one() {
    let pg = Cluster::builder().start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    pg.sql(
        "SELECT starsink.load_exchange_rates(E'Date,USD,JPY,\\n2026-11-06,1.10,N/A,\\n2026-11-05,1.20,160,\\n', 'ecb')",
    );
    let cases = [
        ("10, 'USD', '2026-11-06'", Some("9.0909")),
        ("10, 'usd', '2026-11-13'", Some("9.0909")),
        ("10, 'USD', '2026-11-14'", None),
        ("10, 'USD', '2026-11-05'", Some("8.3333")),
        ("10, 'USD', '2026-11-04'", None),
        ("11, 'USD', '2026-11-06', 'JPY'", Some("1600.0000")),
        ("10, 'EUR', '1999-01-01'", Some("10.0000")),
        ("10, 'CLP', '2026-11-06'", None),
        ("NULL, 'USD', '2026-11-06'", None),
    ];
    for (arguments, expected) in cases {
        let query = format!("SELECT starsink.convert_currency({arguments})::text");
        assert_eq!(text(&pg, &query).as_deref(), expected, "{query}");
    }
    let refused = pg.refusal("SELECT * FROM starsink.load_exchange_rates(E'a,b\\n1,2\\n', 'xml')");
    assert!(
        refused.starts_with("22023") && refused.contains("ecb"),
        "{refused}"
    );
    let again = &pg.query(
        "SELECT inserted, updated, unchanged, revalued FROM starsink.load_exchange_rates(E'Date,USD,JPY,\\n2026-11-06,1.10,N/A,\\n2026-11-05,1.20,160,\\n')",
    )[0];
    assert_eq!(
        [0, 1, 2, 3].map(|column| again.get::<_, i64>(column)),
        [0, 0, 3, 0]
    );
}

#[test]
fn every_object_is_in_the_dictionary_with_its_meaning() {
    let pg = Cluster::builder().start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    let silent = pg.query(
        "SELECT object, COALESCE(\"column\", '') FROM starsink.dictionary \
         WHERE meaning IS NULL AND (object LIKE 'warehouse.%' OR object ~ 'ledger|quarantine|merge|erasure|control|dictionary') \
         AND NOT (object IN ('warehouse.order_line', 'warehouse.exchange_rate_daily') AND \"column\" IS NOT NULL)",
    );
    let silent: Vec<(String, String)> = silent.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(silent.is_empty(), "without a comment: {silent:?}");
    assert_eq!(
        text(&pg, "SELECT scd_type FROM starsink.dictionary WHERE object = 'warehouse.dim_product' AND \"column\" = 'category'").as_deref(),
        Some("2")
    );
}
