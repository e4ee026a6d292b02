//! A member of starsink_reader reads the warehouse, and nobody's personal data.

use starsink_tests::cluster::Cluster;

/// Somebody who logged in, came from a page that tells on her, and landed on one that does too; and a reader.
fn told() -> Cluster {
    let pg = Cluster::consuming_nothing();
    pg.sql("UPDATE starsink.job SET enabled = false; CREATE ROLE reader LOGIN IN ROLE starsink_reader; CREATE ROLE operator LOGIN IN ROLE starsink_admin");
    for (seconds, id) in [(60, "a"), (30, "b")] {
        let loaded: String = pg.one(&format!(
            r#"SELECT starsink.ingest(format('{{"_id": "{id}", "time_stamp": %s, "collection": "view_product_detail", "product_id": "9001", "store_id": "6",
                "device_id": "dev-anna", "user_id_db": "u-anna-77", "email_address": "anna.b@example.com",
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
                "current_url": "https://www.glamira.de/account/anna-page/ring.html?x=1",
                "referer_url": "https://mail.example.org/inbox/anna-path/7?q=2"}}', (extract(epoch FROM now()) - {seconds})::bigint))"#
        ));
        assert_eq!(loaded, "loaded");
    }
    pg
}

/// All that a statement gives the role, as text.
fn seen(pg: &Cluster, role: &str, query: &str) -> String {
    let mut client = pg.connect_as(role, pg.database());
    let rows = client
        .query(&format!("SELECT t::text FROM ({query}) AS t"), &[])
        .unwrap_or_else(|error| panic!("{role}: {query}: {error:?}"));
    rows.iter()
        .map(|row| row.get::<_, Option<String>>(0).unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

const HERS: [&str; 3] = ["anna-page", "anna-path", "u-anna-77"];

#[test]
fn nothing_that_a_reader_can_read_tells_a_person_before_or_after_a_fold() {
    let pg = told();
    for folded in [false, true] {
        if folded {
            assert_eq!(pg.one::<i64>("SELECT starsink.fold()"), 2);
        }
        let mut objects = Vec::new();
        // Each relation, by the columns that may be read.
        for row in pg.query(
            "SELECT c.oid::regclass::text, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
             FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relnamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace, 'starsink_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm')
               AND has_column_privilege('reader', c.oid, a.attnum, 'SELECT') GROUP BY c.oid",
        ) {
            let (name, columns): (String, String) = (row.get(0), row.get(1));
            objects.push(format!("SELECT {columns} FROM {name}"));
        }
        // And each function without needed arguments that gives rows.
        for row in pg.query(
            "SELECT p.oid::regproc::text FROM pg_proc AS p
             WHERE p.pronamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace, 'starsink_internal'::regnamespace) AND p.prokind = 'f' AND p.pronargs = p.pronargdefaults
               AND has_function_privilege('reader', p.oid, 'EXECUTE')",
        ) {
            objects.push(format!("SELECT * FROM {}()", row.get::<_, String>(0)));
        }
        assert!(objects.len() > 100, "{}", objects.len());
        for query in objects {
            let seen = seen(&pg, "reader", &query);
            for word in HERS {
                assert!(!seen.contains(word), "{word}: {query}: {seen}");
            }
        }
    }
    // The search looks where it should: operators see it all.
    for (query, word) in [
        (
            "SELECT landing_page FROM warehouse.fact_session",
            "anna-page",
        ),
        (
            "SELECT referrer_url FROM warehouse.dim_referrer",
            "anna-path",
        ),
        ("SELECT user_id_db FROM warehouse.dim_customer", "u-anna-77"),
        (
            "SELECT referrer FROM warehouse.top_referrers(basis => 'raw')",
            "anna-path",
        ),
    ] {
        assert!(seen(&pg, "operator", query).contains(word), "{query}");
    }
}

#[test]
fn columns_that_tell_a_person_are_denied_by_name() {
    let pg = told();
    for (table, columns) in [
        (
            "dim_customer",
            vec!["user_id_db", "email_hash", "email", "identity"],
        ),
        ("dim_referrer", vec!["referrer_url"]),
        ("fact_session", vec!["landing_page"]),
        (
            "fact_event",
            vec![
                "ip",
                "current_url",
                "referrer_url",
                "extras",
                "payload_hash",
            ],
        ),
    ] {
        for column in columns.into_iter().chain(["*"]) {
            for query in [
                format!("SELECT {column} FROM warehouse.{table}"),
                format!("SELECT t FROM warehouse.{table} AS t"),
            ] {
                let refusal = pg.refusal_as("reader", &query);
                assert!(refusal.starts_with("42501"), "{query}: {refusal}");
            }
        }
    }
    let refusal = pg.refusal_as("reader", "SELECT landing_page FROM warehouse.sessions");
    assert!(refusal.starts_with("42703"), "{refusal}");
}

#[test]
fn full_addresses_of_referring_pages_are_the_operators() {
    let pg = told();
    let refusal = pg.refusal_as(
        "reader",
        "SELECT * FROM warehouse.top_referrers(basis => 'raw')",
    );
    assert!(
        refusal.starts_with("42501")
            && refusal.contains("starsink_admin")
            && refusal.contains("external"),
        "{refusal}"
    );
    let refusal = pg.refusal_as(
        "reader",
        "SELECT * FROM starsink_internal.raw_referrers(NULL, NULL, true)",
    );
    assert!(refusal.starts_with("42501"), "{refusal}");
    assert!(seen(&pg, "reader", "SELECT * FROM warehouse.top_referrers()").contains("example.org"));
}

#[test]
fn an_error_shows_no_backtrace_whatever_the_servers_environment_says() {
    let pg = Cluster::builder()
        .env("RUST_BACKTRACE", "1")
        .env("RUST_LIB_BACKTRACE", "full")
        .start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse(); CREATE ROLE reader LOGIN IN ROLE starsink_reader");
    for (role, statement) in [
        // Of ours, of the server's own in a call of ours, and of a server's function that ours calls.
        ("reader", "SELECT starsink.next_run('soon', now())"),
        ("reader", "SELECT starsink.pause()"),
        ("postgres", "SELECT starsink.seek('nowhere')"),
        ("postgres", "SELECT * FROM starsink.redrive('NO_SUCH_CODE')"),
        (
            "postgres",
            "SELECT * FROM starsink.ingest_file('/no/such/file')",
        ),
        (
            "postgres",
            "BEGIN; SET TRANSACTION READ ONLY; SELECT starsink.ingest('{}')",
        ),
        (
            "postgres",
            "BEGIN; DROP TABLE starsink.fold CASCADE; SELECT starsink.fold()",
        ),
        (
            "postgres",
            "SELECT starsink.load_exchange_rates(E'a\\nb', 'rows')",
        ),
        ("postgres", "ALTER SYSTEM SET starsink.topic = 'no topic'"),
    ] {
        let refusal = pg.refusal_as(role, statement);
        for word in ["starsink::", "pgrx", "rust", ".rs:", "backtrace"] {
            assert!(!refusal.contains(word), "{statement}: {refusal}");
        }
    }
}

#[test]
fn every_report_answers_a_reader() {
    let pg = told();
    pg.sql("SELECT starsink.fold()");
    let reports: Vec<String> = pg
        .query(
            "SELECT format('SELECT * FROM warehouse.%I()', p.proname) FROM pg_proc AS p
             WHERE p.pronamespace = 'warehouse'::regnamespace AND p.proretset AND p.pronargs = p.pronargdefaults AND p.prokind = 'f'
               AND has_function_privilege('starsink_reader', p.oid, 'EXECUTE')",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(reports.len() > 27, "{reports:?}");
    for report in reports.iter().map(String::as_str).chain([
        "SELECT * FROM warehouse.view_duration('product_country')",
        "SELECT * FROM warehouse.sessions",
    ]) {
        seen(&pg, "reader", report);
    }
}
