//! The owner of the database is no superuser, and does not become one by what lies in it.

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::SOON;

/// A cluster whose workers look after a database of mallory's, without the extension.
fn mallorys() -> Cluster {
    let pg = Cluster::builder()
        .conf("starsink.database", "shop")
        .conf("starsink.retry_backoff_max", "500ms")
        .database("shop")
        .start();
    pg.sql(
        "CREATE ROLE mallory LOGIN; ALTER DATABASE shop OWNER TO mallory;
         CREATE TABLE public.witness (who text); GRANT INSERT, SELECT ON public.witness TO PUBLIC",
    );
    pg
}

fn as_mallory(pg: &Cluster, statements: &str) {
    let result = pg
        .connect_as("mallory", pg.database())
        .batch_execute(statements);
    result.unwrap_or_else(|error| panic!("{statements}: {error:?}"));
}

const TRAP: &str = "CREATE FUNCTION warehouse.trap() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN INSERT INTO public.witness VALUES (current_user); RETURN NULL; END $$;
     CREATE TRIGGER trap AFTER INSERT ON warehouse.dim_date FOR EACH STATEMENT EXECUTE FUNCTION warehouse.trap();
     ALTER TABLE warehouse.dim_date ENABLE ALWAYS TRIGGER trap";

#[test]
fn what_he_laid_beforehand_is_refused_by_name_and_the_worker_waits() {
    let pg = mallorys();
    as_mallory(
        &pg,
        &format!(
            "CREATE SCHEMA warehouse;
             CREATE TABLE warehouse.dim_date (date_key integer PRIMARY KEY, date date UNIQUE, year smallint, quarter smallint, month smallint,
                 month_name text, day smallint, day_of_week smallint, day_name text, iso_year smallint, iso_week smallint, is_weekend boolean);
             {TRAP}"
        ),
    );
    pg.sql("CREATE EXTENSION starsink");
    pg.wait_for_state(
        "waiting",
        "schema warehouse belongs to the role \"mallory\"%",
    );
    let refusal = pg.refusal("SELECT starsink.create_warehouse()");
    assert!(
        refusal.starts_with("55000 schema warehouse belongs to the role \"mallory\""),
        "{refusal}"
    );
    // Whoever gives the schema away has still to look at what lies in it.
    pg.sql("ALTER SCHEMA warehouse OWNER TO postgres");
    pg.wait_for_state(
        "waiting",
        "table warehouse.dim_date belongs to the role \"mallory\"%",
    );
    let refusal = pg.refusal("SELECT starsink.create_warehouse()");
    assert!(
        refusal.starts_with("55000 table warehouse.dim_date belongs"),
        "{refusal}"
    );
    let starts = pg.log_text().matches("starsink: waiting").count();
    assert!(starts < 12, "{starts} lines of waiting");
    // A superuser's table with his trigger is no better.
    pg.sql("ALTER TABLE warehouse.dim_date OWNER TO postgres");
    let refusal = pg.refusal("SELECT starsink.create_warehouse()");
    assert!(
        refusal.starts_with("55000 the function of trigger trap on warehouse.dim_date belongs"),
        "{refusal}"
    );
    assert_eq!(pg.one::<i64>("SELECT count(*) FROM public.witness"), 0);
    // Then it goes by itself, with a schema public that is his.
    pg.sql("DROP TABLE warehouse.dim_date; ALTER SCHEMA public OWNER TO mallory");
    pg.wait_for("SELECT to_regclass('warehouse.dim_date') IS NOT NULL", SOON);
    pg.wait_for_state("waiting", "starsink.topic is not set");
    let pids = pg.worker_pids("starsink ingest %");
    assert_eq!(pids.len(), 1);
}

#[test]
fn a_schema_of_his_is_no_place_for_the_extension() {
    let pg = mallorys();
    as_mallory(&pg, "CREATE SCHEMA starsink");
    let refusal = pg.refusal("CREATE EXTENSION starsink");
    assert!(
        refusal.starts_with("55000 schema starsink belongs to the role \"mallory\""),
        "{refusal}"
    );
    as_mallory(&pg, "DROP SCHEMA starsink");
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
}

/// Each kind of object, by the name of one of the warehouse's.
const KINDS: [(&str, &str, &str); 9] = [
    (
        "TABLE warehouse.dim_os ()",
        "TABLE warehouse.dim_os",
        "table warehouse.dim_os",
    ),
    (
        "TABLE warehouse.fact_event () ",
        "TABLE warehouse.fact_event",
        "table warehouse.fact_event",
    ),
    (
        "VIEW warehouse.dim_store AS SELECT 1 AS store_key",
        "VIEW warehouse.dim_store",
        "view warehouse.dim_store",
    ),
    (
        "MATERIALIZED VIEW starsink.ledger AS SELECT 1 AS a",
        "MATERIALIZED VIEW starsink.ledger",
        "materialized view starsink.ledger",
    ),
    (
        "SEQUENCE starsink.audit_key",
        "SEQUENCE starsink.audit_key",
        "sequence starsink.audit_key",
    ),
    (
        "TYPE warehouse.agg_hour AS ENUM ('a')",
        "TYPE warehouse.agg_hour",
        "type warehouse.agg_hour",
    ),
    (
        "TYPE warehouse.order_line AS (a integer)",
        "TYPE warehouse.order_line",
        "type warehouse.order_line",
    ),
    (
        "FUNCTION starsink_internal.live_hour(a text) RETURNS text LANGUAGE sql AS 'SELECT a'",
        "FUNCTION starsink_internal.live_hour(text)",
        "function starsink_internal.live_hour(text)",
    ),
    (
        "FUNCTION starsink_internal.merge_forget_digest() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "FUNCTION starsink_internal.merge_forget_digest()",
        "function starsink_internal.merge_forget_digest()",
    ),
];

#[test]
fn the_extension_is_installed_into_nobody_elses_schema() {
    let pg = mallorys();
    for schema in ["starsink", "starsink_internal"] {
        as_mallory(&pg, &format!("CREATE SCHEMA {schema}"));
        let refusal = pg.refusal("CREATE EXTENSION starsink");
        assert!(
            refusal.starts_with(&format!(
                "55000 schema {schema} belongs to the role \"mallory\""
            )),
            "{refusal}"
        );
        pg.sql(&format!("ALTER SCHEMA {schema} OWNER TO postgres"));
    }
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
}

#[test]
fn each_kind_of_object_is_refused_before_and_after_the_warehouse_is_there() {
    let pg = Cluster::builder().database("other").start();
    pg.sql(
        "CREATE EXTENSION starsink; CREATE SCHEMA warehouse; CREATE ROLE mallory LOGIN;
         GRANT USAGE, CREATE ON SCHEMA warehouse, starsink, starsink_internal TO mallory",
    );
    let refused = |what: &str| {
        let refusal = pg.refusal("SELECT starsink.create_warehouse()");
        assert!(
            refusal.starts_with(&format!("55000 {what} belongs to the role \"mallory\""))
                && refusal.contains("create_warehouse()"),
            "{what}: {refusal}"
        );
    };
    for (create, drop, what) in KINDS {
        as_mallory(&pg, &format!("CREATE {create}"));
        refused(what);
        as_mallory(&pg, &format!("DROP {drop}"));
    }
    as_mallory(
        &pg,
        "CREATE TABLE warehouse.mine (a integer); CREATE INDEX fact_event_audit_key ON warehouse.mine (a)",
    );
    refused("index warehouse.fact_event_audit_key");
    as_mallory(&pg, "DROP INDEX warehouse.fact_event_audit_key");
    // His own, by another name, is his.
    pg.sql("SELECT starsink.create_warehouse()");
    assert_eq!(
        pg.one::<String>(
            "SELECT relowner::regrole::text FROM pg_class WHERE oid = 'warehouse.mine'::regclass"
        ),
        "mallory"
    );
    // What an upgrade would lay.
    pg.sql("DROP VIEW warehouse.order_lines; DROP TABLE warehouse.bridge_product_offer");
    as_mallory(&pg, "CREATE TABLE warehouse.order_lines (a integer)");
    refused("table warehouse.order_lines");
    as_mallory(&pg, "DROP TABLE warehouse.order_lines");
    as_mallory(
        &pg,
        "CREATE TABLE warehouse.bridge_product_offer (a integer)",
    );
    refused("table warehouse.bridge_product_offer");
    as_mallory(&pg, "DROP TABLE warehouse.bridge_product_offer");
    pg.sql("SELECT starsink.create_warehouse()");
}

#[test]
fn whoever_may_hang_a_trigger_on_a_table_gets_nobodys_rights_unnoticed() {
    let pg = Cluster::consuming_nothing();
    pg.sql(
        "CREATE ROLE mallory LOGIN; CREATE SCHEMA his AUTHORIZATION mallory; GRANT USAGE ON SCHEMA his TO PUBLIC;
         CREATE TABLE public.witness (who text); GRANT INSERT ON public.witness TO PUBLIC;
         GRANT USAGE ON SCHEMA starsink TO mallory; GRANT TRIGGER ON starsink.control_log TO mallory",
    );
    as_mallory(
        &pg,
        "CREATE FUNCTION his.trap() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO public.witness VALUES (current_user); RETURN NULL; END $$;
         CREATE TRIGGER trap AFTER INSERT ON starsink.control_log FOR EACH STATEMENT EXECUTE FUNCTION his.trap()",
    );
    pg.sql("SELECT starsink.pause()");
    let who: String = pg.one("SELECT min(who) FROM public.witness");
    assert_eq!(who, "starsink_worker", "no superuser");
    let refusal = pg.refusal("SELECT starsink.create_warehouse()");
    assert!(
        refusal.starts_with("55000 the function of trigger trap on starsink.control_log belongs")
            && refusal.contains("DROP TRIGGER trap ON starsink.control_log"),
        "{refusal}"
    );
    // The worker looks when it comes.
    for pid in pg.worker_pids("starsink ingest %") {
        pg.sql(&format!("SELECT pg_terminate_backend({pid})"));
    }
    pg.wait_for_state("waiting", "the function of trigger trap%");
    pg.sql("DROP TRIGGER trap ON starsink.control_log");
    pg.wait_for_state("waiting", "starsink.topic is not set");
}

#[test]
fn what_users_have_in_the_schema_stays_theirs() {
    let pg = Cluster::consuming_nothing();
    pg.sql(
        "CREATE ROLE mallory LOGIN; CREATE ROLE reader LOGIN IN ROLE starsink_reader; CREATE ROLE operator LOGIN IN ROLE starsink_admin;
         GRANT USAGE, CREATE ON SCHEMA warehouse TO mallory; UPDATE starsink.job SET enabled = false",
    );
    as_mallory(
        &pg,
        "CREATE TABLE warehouse.agg_mine (fold_id bigint, day date, is_bot boolean, n bigint DEFAULT 0);
         INSERT INTO warehouse.agg_mine VALUES (1, '2026-11-01', false, 7);
         CREATE INDEX ON warehouse.agg_mine USING brin (day);
         CREATE TABLE warehouse.dim_secret (a text); INSERT INTO warehouse.dim_secret VALUES ('opal');
         CREATE TABLE warehouse.fact_mine (event_time timestamptz, product_key integer);
         CREATE VIEW warehouse.bridge_mine AS SELECT 1 AS a; CREATE SEQUENCE warehouse.dim_mine;
         CREATE FUNCTION warehouse.live_mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION warehouse.live_mine() FROM PUBLIC",
    );
    // One of a superuser's is no more the warehouse's.
    pg.sql("CREATE TABLE warehouse.agg_other AS TABLE warehouse.agg_mine");
    pg.sql(
        "SELECT starsink.create_warehouse(); SELECT starsink.rebuild_aggregates(); SELECT starsink.forget_folds();
         SELECT starsink.run_job('compact'); SELECT starsink.run_job('maintenance')",
    );
    pg.alter_system("starsink.report_time_zone", "Asia/Tokyo");
    pg.reload();
    pg.wait_for(
        "SELECT starsink.fold() IS NOT NULL AND starsink.fold_time_zone() = 'Asia/Tokyo'",
        SOON,
    );
    for table in ["agg_mine", "agg_other"] {
        assert_eq!(
            pg.one::<i64>(&format!("SELECT sum(n)::bigint FROM warehouse.{table}")),
            7,
            "{table}"
        );
    }
    let owners: Vec<String> = pg
        .query(
            "SELECT DISTINCT o::regrole::text FROM (
                 SELECT relowner FROM pg_class WHERE relnamespace = 'warehouse'::regnamespace
                 AND relname IN ('agg_mine', 'dim_secret', 'fact_mine', 'bridge_mine', 'dim_mine')
                 UNION ALL SELECT proowner FROM pg_proc WHERE proname = 'live_mine') AS t (o)",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(owners, ["mallory"]);
    for role in ["reader", "operator"] {
        for statement in [
            "SELECT * FROM warehouse.agg_mine",
            "SELECT * FROM warehouse.agg_other",
            "SELECT * FROM warehouse.dim_secret",
            "SELECT * FROM warehouse.fact_mine",
            "SELECT * FROM warehouse.bridge_mine",
            "SELECT warehouse.live_mine()",
        ] {
            let refusal = pg.refusal_as(role, statement);
            assert!(
                refusal.starts_with("42501"),
                "{role}: {statement}: {refusal}"
            );
        }
    }
}

#[test]
fn a_merge_moves_no_facts_of_his_and_runs_no_trigger_of_his() {
    let pg = Cluster::consuming_nothing();
    pg.sql(
        "CREATE ROLE mallory LOGIN; CREATE SCHEMA his AUTHORIZATION mallory; GRANT USAGE ON SCHEMA his TO PUBLIC;
         CREATE TABLE public.witness (who text); GRANT INSERT ON public.witness TO PUBLIC;
         GRANT USAGE ON SCHEMA warehouse TO mallory; GRANT REFERENCES, SELECT ON warehouse.dim_product TO mallory;
         CREATE TABLE public.goods AS SELECT 'p1' AS product_id, 'ring' AS category; SELECT starsink.merge_product('goods')",
    );
    as_mallory(
        &pg,
        "CREATE TABLE his.fact (event_time timestamptz, product_key integer REFERENCES warehouse.dim_product);
         GRANT ALL ON his.fact TO PUBLIC;
         INSERT INTO his.fact SELECT now() + interval '1 hour', product_key FROM warehouse.dim_product WHERE product_id = 'p1';
         CREATE FUNCTION his.trap() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO public.witness VALUES (current_user); RETURN NEW; END $$;
         CREATE TRIGGER trap BEFORE UPDATE ON his.fact FOR EACH ROW EXECUTE FUNCTION his.trap()",
    );
    pg.sql("UPDATE public.goods SET category = 'band'");
    let versioned: i64 = pg.one("SELECT (starsink.merge_product('goods', now())).versioned");
    assert_eq!(versioned, 1);
    assert_eq!(pg.one::<i64>("SELECT count(*) FROM public.witness"), 0);
}

#[test]
fn a_function_that_fits_better_than_ours_is_not_called() {
    let pg = mallorys();
    // What a schema allowed before it became starsink's is over.
    pg.sql("CREATE ROLE ana LOGIN");
    as_mallory(
        &pg,
        "CREATE SCHEMA starsink_internal; GRANT ALL ON SCHEMA starsink_internal TO ana, PUBLIC",
    );
    pg.sql(
        "ALTER SCHEMA starsink_internal OWNER TO postgres; CREATE EXTENSION starsink; SELECT starsink.create_warehouse()",
    );
    let fitting = [
        "check_count(text, bigint)",
        "check_count(text, anyelement)",
        "tail(warehouse.agg_hour)",
        "tail(warehouse.fact_session)",
    ];
    for function in fitting {
        for role in ["mallory", "ana"] {
            let refusal = pg.refusal_as(role, &fits(function));
            assert!(refusal.starts_with("42501"), "{role} {function}: {refusal}");
        }
    }
    // Who may all the same, by a superuser, is named before anything of ours is called.
    pg.sql("GRANT USAGE, CREATE ON SCHEMA starsink_internal, warehouse TO mallory");
    for function in fitting {
        as_mallory(&pg, &fits(function));
        let refusal = pg.refusal("SELECT starsink.create_warehouse()");
        assert!(
            refusal.starts_with("55000 function starsink_internal.")
                && refusal.contains("belongs to the role \"mallory\""),
            "{function}: {refusal}"
        );
        as_mallory(&pg, &format!("DROP FUNCTION starsink_internal.{function}"));
    }
    // In the schema of the reports he may have what he likes: each call within them names its schema and its types.
    for arguments in ["integer, date, date, boolean", "bigint", "anyelement"] {
        as_mallory(
            &pg,
            &format!(
                "CREATE FUNCTION warehouse.check_count({arguments}) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'mine'; END $f$"
            ),
        );
    }
    pg.sql("SELECT starsink.create_warehouse()");
    let refusal = pg.refusal_as("mallory", &fits("say(integer)"));
    assert!(refusal.starts_with("42501"), "{refusal}");
    pg.sql("SELECT * FROM warehouse.top_products(3); SELECT * FROM warehouse.popular_combinations(3, 4); SELECT * FROM warehouse.technology_insights(5)");
}

fn fits(function: &str) -> String {
    format!(
        "CREATE FUNCTION starsink_internal.{function} RETURNS void LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'mine'; END $f$"
    )
}
