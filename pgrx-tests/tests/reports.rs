//! The reports against a naive recomputation, and that no order of arrival changes a figure.
//! The oracle stands in `oracle/`: plain Python, from the messages, with nothing of the server's code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use starsink_tests::cluster::{Cluster, Stop};

const BATCHES: usize = 500;

fn oracle(script: &str) -> Command {
    let mut python = Command::new("python3");
    python.arg("-B");
    python.arg(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("oracle")
            .join(script),
    );
    python
}

/// Made-up events of the ten days before today, in the order of their arrival.
fn generate(folder: &Path, events: usize, seed: u32) -> Vec<String> {
    let path = folder.join("generated.jsonl");
    let status = oracle("generate.py")
        .args([
            "--events",
            &events.to_string(),
            "--seed",
            &seed.to_string(),
            "--out",
        ])
        .arg(&path)
        .status()
        .unwrap();
    assert!(status.success());
    let text = fs::read_to_string(&path).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// A cluster that folds when it is told to, with rates for some of the shop's currencies.
fn shop() -> Cluster {
    let pg = Cluster::builder().database("shop").start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse(); SELECT starsink.disable_job('fold')");
    let mut rates = String::from("date,currency,rate\n");
    for row in pg.query(
        "SELECT to_char(d.date, 'YYYY-MM-DD') FROM warehouse.dim_date AS d \
         WHERE d.date BETWEEN now()::date - 20 AND now()::date AND NOT d.is_weekend",
    ) {
        let day: String = row.get(0);
        for (currency, rate) in [("GBP", "0.8411"), ("CHF", "0.9402"), ("PLN", "4.3120")] {
            rates.push_str(&format!("{day},{currency},{rate}\n"));
        }
    }
    pg.connect(pg.database())
        .execute("SELECT starsink.load_exchange_rates($1, 'rows')", &[&rates])
        .unwrap();
    pg
}

fn ingest(pg: &Cluster, name: &str, lines: &[&str]) -> PathBuf {
    let path = pg.data().join(name);
    fs::write(&path, lines.join("\n")).unwrap();
    pg.sql(&format!(
        "SELECT * FROM starsink.ingest_file('{}')",
        path.display()
    ));
    path
}

fn fold(pg: &Cluster) {
    pg.sql("SELECT starsink.run_job('fold')");
}

/// The same lines in an order of their own.
fn shuffled(lines: &[String]) -> Vec<&str> {
    let mut keyed: Vec<(u64, &str)> = lines
        .iter()
        .enumerate()
        .map(|(place, line)| {
            let key = (place as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            (key ^ (key >> 29), line.as_str())
        })
        .collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, line)| line).collect()
}

/// Runs the oracle over the files; what it found is in the failure's message.
fn assert_agrees(pg: &Cluster, files: &[PathBuf], options: &[&str], when: &str) {
    let psql = pg.tool("psql");
    let mut check = oracle("check.py");
    check
        .envs(
            psql.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .arg("--psql")
        .arg(psql.get_program())
        .args(options)
        .args(files);
    let done = check.output().unwrap();
    assert!(
        done.status.success(),
        "{when}:\n{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}

#[test]
fn every_report_agrees_with_a_naive_recomputation() {
    let pg = shop();
    let lines = generate(&pg.data(), 100_000, 1);
    let lines = shuffled(&lines);
    // Every piece holds events of all ten days: whatever comes after the first is late. The last one is the tail.
    let (first, rest) = lines.split_at(lines.len() / 2);
    let (second, tail) = rest.split_at(rest.len() - 3_000);
    let mut files = Vec::new();
    for (number, piece) in [first, second, tail].into_iter().enumerate() {
        files.push(ingest(&pg, &format!("piece-{number}.jsonl"), piece));
        if number < 2 {
            fold(&pg);
        }
    }
    assert_agrees(&pg, &files, &["--scopes", "2"], "some folded, some tail");
    fold(&pg);
    assert_agrees(&pg, &files, &[], "all folded");
}

/// Everything that must not depend on the order of arrival, by natural keys, as (name, rows as text).
fn figures(pg: &Cluster) -> Vec<(String, String)> {
    let mut queries: Vec<(String, String)> = [
        ("fact_session",
         "SELECT d.device_id, s.is_bot, s.session_start, s.session_end, s.first_event_id, st.store_id, g.country_code, b.family, o.family, \
          s.device_class, c.source, c.medium, c.campaign, c.channel, s.landing_page, s.events, s.page_views, s.views, s.selections, s.carts, \
          s.orders, s.revenue::numeric(38, 4), s.is_engaged, s.view_at, s.option_at, s.cart_at, s.checkout_at, s.success_at, s.first_view_at, \
          s.first_option_at, s.first_cart_at, s.first_checkout_at, s.first_success_at \
          FROM warehouse.fact_session AS s JOIN warehouse.dim_device AS d USING (device_key) JOIN warehouse.dim_store AS st USING (store_key) \
          JOIN warehouse.dim_geography AS g USING (geography_key) JOIN warehouse.dim_browser AS b USING (browser_key) \
          JOIN warehouse.dim_os AS o USING (os_key) JOIN warehouse.dim_campaign AS c USING (campaign_key)"),
        ("fact_order",
         "SELECT r.order_id, r.event_time, r.event_id, d.device_id, r.is_bot, st.store_id, g.country_code, r.device_class, r.session_start, \
          c.source, c.medium, c.campaign, r.line_count, r.quantity::numeric(38, 4), r.revenue::numeric(38, 4), r.is_valued \
          FROM warehouse.fact_order AS r JOIN warehouse.dim_device AS d USING (device_key) JOIN warehouse.dim_store AS st USING (store_key) \
          JOIN warehouse.dim_geography AS g USING (geography_key) JOIN warehouse.dim_campaign AS c USING (campaign_key)"),
        ("fact_attribution",
         "SELECT a.order_id, a.model, a.touch_number, a.event_time, d.device_id, a.session_start, c.source, c.medium, c.campaign, \
          a.weight::numeric(38, 12), a.revenue::numeric(38, 8) \
          FROM warehouse.fact_attribution AS a JOIN warehouse.dim_device AS d USING (device_key) JOIN warehouse.dim_campaign AS c USING (campaign_key)"),
    ]
    .map(|(name, query)| (name.to_owned(), query.to_owned()))
    .to_vec();
    let sums = pg.query(
        "SELECT table_name::text, string_agg(format('sum(%1$I)::numeric(38, 4) AS %1$I', column_name), ', ' ORDER BY ordinal_position) \
         FROM information_schema.columns WHERE table_schema = 'warehouse' AND table_name LIKE 'agg\\_%' \
         AND data_type IN ('bigint', 'numeric') AND column_name <> 'fold_id' GROUP BY 1 ORDER BY 1",
    );
    assert!(sums.len() >= 10, "{} aggregates", sums.len());
    queries.extend(sums.iter().map(|row| {
        let (table, columns): (String, String) = (row.get(0), row.get(1));
        let query = format!("SELECT day, is_bot, {columns} FROM warehouse.{table} GROUP BY 1, 2");
        (table, query)
    }));
    let reports = pg.query(
        "SELECT proname::text FROM pg_proc WHERE pronamespace = 'warehouse'::regnamespace AND pronargs = pronargdefaults \
         AND 'include_bots' = ANY (proargnames) ORDER BY 1",
    );
    assert!(reports.len() >= 27, "{} reports", reports.len());
    for row in &reports {
        let name: String = row.get(0);
        for bots in [false, true] {
            let call = format!("warehouse.{name}(include_bots => {bots})");
            queries.push((call.clone(), format!("SELECT * FROM {call}")));
        }
    }
    queries
        .into_iter()
        .map(|(name, query)| {
            let order = if name.starts_with("warehouse.") {
                ""
            } else {
                "ORDER BY r::text COLLATE \"C\""
            };
            let rows: String = pg.one(&format!(
                "SELECT coalesce(string_agg(r::text, E'\\n' {order}), '') FROM ({query}) AS r"
            ));
            (name, rows)
        })
        .collect()
}

fn assert_same(expected: &[(String, String)], found: &[(String, String)], how: &str) {
    assert_eq!(expected.len(), found.len(), "{how}");
    for ((name, expected), (_, found)) in expected.iter().zip(found) {
        let differing = expected
            .lines()
            .zip(found.lines())
            .find(|(expected, found)| expected != found);
        assert!(
            expected == found,
            "{how}: {name} has {} rows, {} in order; first difference {differing:?}",
            found.lines().count(),
            expected.lines().count()
        );
    }
}

#[test]
fn the_same_events_in_any_order_make_the_same_figures() {
    let pg = shop();
    let lines = generate(&pg.data(), 20_000, 2);
    let in_order: Vec<&str> = lines.iter().map(String::as_str).collect();
    let shuffled = shuffled(&lines);
    ingest(&pg, "once.jsonl", &in_order);
    fold(&pg);
    let expected = figures(&pg);
    assert!(
        expected[0].1.lines().count() > 1_000,
        "there are sessions to compare"
    );

    let other = shop();
    ingest(&other, "once.jsonl", &shuffled);
    fold(&other);
    assert_same(&expected, &figures(&other), "shuffled, in one batch");

    let many = shop();
    for (number, piece) in shuffled
        .chunks(shuffled.len().div_ceil(BATCHES))
        .enumerate()
    {
        ingest(&many, &format!("{number}.jsonl"), piece);
        if number % 7 == 0 {
            fold(&many);
        }
        if number == BATCHES / 2 {
            many.stop(Stop::Immediate);
            many.start();
        }
    }
    fold(&many);
    assert_same(&expected, &figures(&many), "in many batches with a crash");
    many.sql("SELECT starsink.rebuild_aggregates()");
    assert_same(&expected, &figures(&many), "rebuilt from the facts");
}

#[test]
fn revenue_says_how_many_orders_had_no_rate() {
    let pg = shop();
    let order = |id: &str, lines: &str| {
        let state: String = pg.one(&format!(
            r#"SELECT starsink.ingest(format('{{"id":"{id}","time_stamp":%s,"collection":"checkout_success","store_id":"19","device_id":"d","order_id":"{id}",
               "cart_products":[{lines}]}}', extract(epoch FROM now())::bigint))"#
        ));
        assert_eq!(state, "loaded");
    };
    order(
        "whole",
        r#"{"product_id":1,"amount":1,"price":"10","currency":"€"}"#,
    );
    order(
        "half",
        r#"{"product_id":1,"amount":1,"price":"20","currency":"€"},{"product_id":2,"amount":1,"price":"99","currency":"kr"}"#,
    );
    order(
        "strange",
        r#"{"product_id":2,"amount":1,"price":"5","currency":"quux"}"#,
    );
    order(
        "priceless",
        r#"{"product_id":3,"amount":1,"price":"on request","currency":"€"}"#,
    );
    let shown = || -> Vec<String> {
        [
            ("channels()", "orders || ' ' || revenue"),
            ("attribution('linear')", "trim_scale(conversions) || ' ' || revenue"),
            ("top_countries()", "orders || ' ' || revenue"),
            ("cross_border()", "orders || ' ' || revenue"),
            ("store_ranking()", "orders || ' ' || revenue"),
            ("store_performance()", "level || ' ' || orders || ' ' || revenue"),
            ("device_performance()", "revenue"),
            ("product_engagement()", "product_id || ' ' || orders || ' ' || revenue"),
        ]
        .map(|(report, columns)| {
            pg.one::<String>(&format!(
                "SELECT string_agg(concat_ws(' ', {columns}, 'without ' || unconverted_orders), ', ') FROM warehouse.{report}"
            ))
        })
        .to_vec()
    };
    let expected = [
        "4 30.0000 without 2",
        "4 30.0000 without 2",
        "4 30.0000 without 2",
        "4 30.0000 without 2",
        "4 30.0000 without 2",
        "device_class 4 30.0000 without 2, store 4 30.0000 without 2, country 4 30.0000 without 2, total 4 30.0000 without 2",
        "30.0000 without 2",
        "1 2 30.0000 without 0, 2 2 0.0000 without 2, 3 1 0.0000 without 0",
    ];
    assert_eq!(shown(), expected, "not folded yet");
    fold(&pg);
    assert_eq!(shown(), expected, "folded");
    pg.sql("SELECT starsink.load_exchange_rates(E'date,currency,rate\\n' || current_date || ',SEK,11')");
    pg.sql("SELECT starsink.teach_currency('quux', 'EUR')");
    assert_eq!(shown()[0], "4 44.0000 without 0");
    fold(&pg);
    assert_eq!(
        shown()[7],
        "1 2 30.0000 without 0, 2 2 14.0000 without 0, 3 1 0.0000 without 0"
    );
}

#[test]
fn a_report_says_what_it_cannot_know() {
    let pg = shop();
    pg.sql(
        r#"SELECT starsink.ingest(format('{"id":"v","time_stamp":%s,"collection":"view_product_detail","product_id":"78000","store_id":"6","device_id":"d"}', extract(epoch FROM now())::bigint))"#,
    );
    for call in [
        "product_views_over_time('day', 'nope')",
        "product_views_over_time(product => 'nope')",
        "product_views_over_time(product_id => 'nope')",
    ] {
        let refusal = pg.refusal(&format!("SELECT * FROM warehouse.{call}"));
        assert!(
            refusal.starts_with("22023 there is no product 'nope'")
                && refusal.contains("warehouse.dim_product"),
            "{call}: {refusal}"
        );
    }
    // A parameter's usual name beside the first one.
    for (call, same) in [
        (
            "product_views_over_time(product_id => '78000')",
            "product_views_over_time('day', '78000')",
        ),
        (
            "conversion_funnel(conversion_window => '1 hour')",
            "conversion_funnel(within => '1 hour')",
        ),
        ("store_ranking(scope => 'world')", "store_ranking('world')"),
    ] {
        assert!(
            pg.one::<bool>(&format!(
                "SELECT (SELECT array_agg(a::text) FROM warehouse.{call} AS a) = (SELECT array_agg(b::text) FROM warehouse.{same} AS b)"
            )),
            "{call}"
        );
    }
    let reports = pg.query(
        "SELECT proname::text FROM pg_proc WHERE pronamespace = 'warehouse'::regnamespace AND pronargs = pronargdefaults \
         AND 'include_bots' = ANY (proargnames) ORDER BY 1",
    );
    pg.sql("DROP EXTENSION starsink");
    for row in &reports {
        let report: String = row.get(0);
        let refusal = pg.refusal(&format!("SELECT * FROM warehouse.{report}()"));
        assert!(
            refusal.starts_with(
                "55000 the reports need the extension starsink, which is not in this database"
            ) && refusal.contains("CREATE EXTENSION starsink"),
            "{report}: {refusal}"
        );
    }
    pg.sql("CREATE EXTENSION starsink");
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM warehouse.top_products()"),
        1
    );
}

#[test]
fn what_an_earlier_build_laid_out_gets_the_reports_of_this_one() {
    let pg = shop();
    // As it was: no number, fewer columns and parameters, no discarded messages, an index without what a message was.
    pg.sql(
        "DROP FUNCTION warehouse.channels(date, date, boolean), warehouse.store_ranking(text, date, date, boolean, text);
         CREATE FUNCTION warehouse.channels(first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false) RETURNS TABLE (channel text, revenue numeric)
             LANGUAGE sql AS $$ SELECT ''::text, 0::numeric $$;
         CREATE FUNCTION warehouse.store_ranking(within text DEFAULT 'country', first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
             RETURNS TABLE (place text) LANGUAGE sql AS $$ SELECT ''::text $$;
         ALTER FUNCTION warehouse.channels(date, date, boolean) OWNER TO starsink_worker;
         ALTER FUNCTION warehouse.store_ranking(text, date, date, boolean) OWNER TO starsink_worker;
         DROP TABLE starsink.layout, starsink.quarantine_log;
         DROP INDEX starsink.quarantine_message;
         ALTER TABLE starsink.quarantine DROP COLUMN original_payload, DROP CONSTRAINT quarantine_state_check,
             ADD CONSTRAINT quarantine_state_check CHECK (state IN ('quarantined', 'redriven'));
         CREATE UNIQUE INDEX quarantine_message ON starsink.quarantine (topic, partition, kafka_offset, pg_catalog.md5(payload))",
    );
    let refusal = pg.refusal("SELECT starsink.discard(ARRAY[1])");
    assert!(
        refusal.contains("SELECT starsink.create_warehouse()"),
        "{refusal}"
    );
    pg.sql("SELECT starsink.create_warehouse(); SELECT starsink.create_warehouse()");
    pg.sql("SELECT unconverted_orders FROM warehouse.channels(); SELECT * FROM warehouse.store_ranking(scope => 'world')");
    let reports: i64 = pg.one(
        "SELECT count(*) FROM pg_proc WHERE pronamespace = 'warehouse'::regnamespace AND proname IN ('channels', 'store_ranking')",
    );
    assert_eq!(reports, 2, "none stands beside its former self");
    pg.sql("SELECT starsink.ingest('{'); SELECT starsink.discard(ARRAY(SELECT quarantine_id FROM starsink.quarantine))");
    assert!(pg.one::<bool>(
        "SELECT pg_get_indexdef('starsink.quarantine_message'::regclass) LIKE '%original_payload%'"
    ));
}

#[test]
fn the_manuals_sample_event_is_of_now_and_fills_no_year() {
    let manual = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let begin = manual.find(r#"format('{"id":"e-1","time_stamp""#).unwrap();
    let end = begin + manual[begin..].find("::bigint)").unwrap() + "::bigint)".len();
    let pg = shop();
    let state: String = pg.one(&format!("SELECT starsink.ingest({})", &manual[begin..end]));
    assert_eq!(state, "loaded");
    let series: (i64, i64) = (
        pg.one("SELECT count(*) FROM warehouse.product_views_over_time()"),
        pg.one("SELECT count(*) FROM warehouse.hourly_views('country', 5)"),
    );
    assert_eq!(series, (1, 24));
}
