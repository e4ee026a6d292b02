//! Each dimension merges, refuses what cannot be, and reads its source as the caller.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use starsink_tests::merging::{at, warehouse};

#[test]
fn every_dimension_merges_and_refuses_what_cannot_be() {
    let pg = warehouse();
    for (dimension, columns, rows, expected) in [
        (
            "customer",
            "user_id_db, country_code, language, registered_on",
            "(1, 'de', 'de_DE', '2020-02-29'), (2, 'DE', NULL, '2020-02-30')",
            (1, "MERGE_VALUE_INVALID"),
        ),
        (
            "customer",
            "identity_type, identity",
            "('email', '0123456789abcdef0123456789abcdef'), ('email', 'somebody@example.com')",
            (1, "MERGE_KEY_INVALID"),
        ),
        (
            "store",
            "store_id, currency, time_zone",
            "('900', 'eur', 'Europe/Paris'), ('901', 'eur', 'Europe/Nowhere')",
            (1, "MERGE_VALUE_INVALID"),
        ),
        (
            "currency",
            "currency_code, minor_units",
            "('ZZA', '2'), ('ZZB', 'two')",
            (1, "MERGE_VALUE_INVALID"),
        ),
        (
            "alloy_option",
            "option_id, value_id, value, fineness",
            "(1, NULL, 'white-375', '375'), (1, NULL, 'white-9999', '9999')",
            (1, "MERGE_VALUE_INVALID"),
        ),
        (
            "diamond_option",
            "role, option_id, value_id, value, quality, is_lab_grown",
            "('Primary', '1', '2', 'sapphire', 'AAA', 'no'), ('special', '', '', '(unknown)', '', 'no')",
            (1, "MERGE_KEY_INVALID"),
        ),
        (
            "geography",
            "country_code, numeric_code",
            "('xa', 4), ('xaa', 4)",
            (1, "MERGE_KEY_INVALID"),
        ),
        (
            "exchange_rate",
            "currency_code, rate_date, rate",
            "('ZZC', '2020-01-02', '1.1'), ('ZZC', '2020-01-03', 'N/A')",
            (1, "MERGE_VALUE_INVALID"),
        ),
    ] {
        pg.sql(&format!("DROP TABLE IF EXISTS source; CREATE TABLE source AS SELECT * FROM (VALUES {rows}) AS v ({columns})"));
        for inserted in [expected.0, 0] {
            let row = &pg.query(&format!("SELECT (m).inserted, (m).updated + (m).versioned, (m).rejected FROM starsink.merge_{dimension}('source') AS m"))[0];
            assert_eq!(
                (
                    row.get::<_, i64>(0),
                    row.get::<_, i64>(1),
                    row.get::<_, i64>(2)
                ),
                (inserted, 0, 1),
                "{dimension}"
            );
        }
        let aside: String = pg.one(&format!("SELECT codes[1] FROM starsink.quarantine WHERE topic = 'merge:{dimension}' ORDER BY kafka_offset DESC LIMIT 1"));
        assert_eq!(aside, expected.1, "{dimension}");
    }
    // Each says which row it is of.
    let said: Vec<String> = pg
        .query("SELECT detail FROM starsink.quarantine WHERE topic IN ('merge:store', 'merge:diamond_option', 'merge:exchange_rate') ORDER BY detail COLLATE \"C\"")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(
        said,
        [
            "currency_code ZZC, rate_date 2020-01-03: rate is not a number above 0",
            "role special, value (unknown): role is not primary, stone2, stone3, stone4 or pearl; value is not at most 255 bytes long, and not the name of a special member",
            "store_id 901: time_zone is not a name in pg_timezone_names"
        ]
    );
    let notice = pg.said_to("postgres", "SELECT starsink.merge_exchange_rate('source')");
    assert!(
        notice.contains("NOTICE:  1 of the rows are rejected, one of them: MERGE_VALUE_INVALID: currency_code ZZC, rate_date 2020-01-03: rate is not"),
        "{notice}"
    );
    // Each bad row once, out of the books of ingestion, and left alone by redrive().
    let queries = [
        "SELECT count(*) = 8 AND count(DISTINCT (topic, kafka_offset)) = 8 FROM starsink.quarantine WHERE stage = 'merge' AND convert_from(payload, 'UTF8')::json IS NOT NULL",
        "SELECT coalesce(sum(difference), 0) = 0 FROM starsink.verify()",
        "SELECT r.tried = 0 FROM starsink.redrive() AS r",
        "SELECT count(*) = 17 FROM starsink.merge_log WHERE rows_read = inserted + updated + versioned + unchanged + rejected AND merged_by = 'postgres'",
        "SELECT count(*) = 17 AND sum(rows_in) = 34 FROM starsink.audit_log WHERE what = 'merge'",
        "SELECT count(*) = 0 FROM starsink.merge_history WHERE versioned > 0",
    ];
    for query in queries {
        assert!(pg.one::<bool>(query), "{query}");
    }
    assert!(
        pg.one::<bool>(
            "SELECT is_inferred FROM warehouse.dim_currency WHERE currency_code = 'ZZC'"
        )
    );
}

#[test]
fn the_source_is_read_with_the_callers_rights() {
    let pg = warehouse();
    pg.sql(
        "CREATE ROLE operator LOGIN IN ROLE starsink_admin; CREATE ROLE reader LOGIN IN ROLE starsink_reader;
         CREATE TABLE hidden (product_id text);
         CREATE TABLE shown (product_id text, sku text); INSERT INTO shown VALUES ('p1', 's');
         CREATE TABLE witness (name text); GRANT INSERT ON witness TO PUBLIC; GRANT SELECT ON shown TO PUBLIC;
         CREATE FUNCTION spy(id text) RETURNS text LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO public.witness VALUES (current_user); RETURN id; END $$;
         CREATE VIEW watched AS SELECT spy(product_id) AS product_id, sku FROM shown; GRANT SELECT ON watched TO PUBLIC",
    );
    for (role, statement, code) in [
        (
            "operator",
            "SELECT starsink.merge_product('hidden')",
            "42501",
        ),
        ("reader", "SELECT starsink.merge_product('shown')", "42501"),
        (
            "operator",
            "SELECT starsink.merge_product('witness')",
            "42703",
        ),
        ("operator", "SELECT starsink.merge_product(NULL)", "22023"),
        (
            "operator",
            "SELECT starsink.merge_product('shown', 'infinity')",
            "22023",
        ),
        (
            "operator",
            "CREATE TEMP TABLE starsink_merge_rows (product_id text);
             SELECT starsink_internal.merge_members('product', '{product_id}', now(), 'x', 0, now(), '')",
            "55000",
        ),
        (
            "operator",
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT starsink.merge_product('shown')",
            "25001",
        ),
    ] {
        let refusal = pg.refusal_as(role, statement);
        assert!(refusal.starts_with(code), "{role}: {statement}: {refusal}");
    }
    pg.connect_as("operator", pg.database())
        .batch_execute("SELECT starsink.merge_product('watched')")
        .unwrap();
    assert!(pg.one::<bool>("SELECT count(*) > 0 AND bool_and(name = 'operator') FROM witness"));
    assert_eq!(
        pg.one::<String>("SELECT sku FROM warehouse.dim_product WHERE product_id = 'p1'"),
        "s"
    );
}

#[test]
fn a_repeated_merge_notices_what_others_changed() {
    let pg = warehouse();
    pg.sql("CREATE TABLE source AS SELECT 'p1' AS product_id, 'ring' AS category; SELECT starsink.merge_product('source')");
    let updated = "SELECT (m).updated FROM starsink.merge_product('source') AS m";
    assert_eq!(pg.one::<i64>(updated), 0);
    pg.sql("UPDATE warehouse.dim_product SET category = 'mangled', is_inferred = true WHERE product_id = 'p1'");
    assert_eq!(pg.one::<i64>(updated), 1);
    assert_eq!(pg.one::<i64>(updated), 0);
    // Back to an earlier time: other versions hold there, so that what was said last does not settle it.
    pg.sql(&format!(
        "UPDATE source SET category = 'band'; SELECT starsink.merge_product('source', {})",
        at(50)
    ));
    let versioned = format!(
        "SELECT (m).versioned FROM starsink.merge_product('source', {}) AS m",
        at(20)
    );
    assert_eq!(pg.one::<i64>(&versioned), 1);
    assert_eq!(pg.one::<i64>(&versioned), 0);
}
