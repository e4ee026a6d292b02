//! Readers see the warehouse without personal data, operators operate, and nothing is everybody's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::events;
use starsink_tests::kafka::Kafka;

/// A warehouse with an event and a message in quarantine, and three people.
fn staffed() -> Cluster {
    let pg = Cluster::consuming_nothing();
    pg.sql(
        "CREATE ROLE reader LOGIN IN ROLE starsink_reader;
         CREATE ROLE operator LOGIN IN ROLE starsink_admin;
         CREATE ROLE nobody LOGIN;
         SELECT starsink.ingest('{broken')",
    );
    let event = String::from_utf8(events(41, 1)[0].json.clone()).unwrap();
    let loaded: String = pg.one(&format!("SELECT starsink.ingest($json${event}$json$)"));
    assert_eq!(loaded, "loaded");
    pg
}

fn allowed(pg: &Cluster, role: &str, statement: &str) {
    let result = pg.connect_as(role, pg.database()).batch_execute(statement);
    result.unwrap_or_else(|error| panic!("{role}: {statement}: {error:?}"));
}

fn denied(pg: &Cluster, role: &str, statement: &str) {
    let refusal = pg.refusal_as(role, statement);
    assert!(
        refusal.starts_with("42501"),
        "{role}: {statement}: {refusal}"
    );
}

#[test]
fn readers_see_the_state_and_the_warehouse_but_nothing_personal() {
    let pg = staffed();
    for view in [
        "status",
        "reconciliation",
        "audit_log",
        "settings",
        "codes",
        "progress_ingest_file",
        "ledger",
    ] {
        allowed(&pg, "reader", &format!("SELECT * FROM starsink.{view}"));
    }
    for dimension in [
        "date",
        "time",
        "event_type",
        "product",
        "device",
        "browser",
        "os",
        "user_agent",
        "store",
    ] {
        allowed(
            &pg,
            "reader",
            &format!("SELECT * FROM warehouse.dim_{dimension}"),
        );
    }
    allowed(
        &pg,
        "reader",
        "SELECT customer_key, identity_type, email_domain FROM warehouse.dim_customer",
    );
    allowed(
        &pg,
        "reader",
        "SELECT referrer_key, host, registrable_domain, kind, source, medium, term, is_internal FROM warehouse.dim_referrer",
    );
    allowed(
        &pg,
        "reader",
        "SELECT t.collection, starsink.quality_codes(f.quality_flags), count(*) FROM warehouse.fact_event AS f
         JOIN warehouse.dim_event_type AS t USING (event_type_key) GROUP BY 1, 2",
    );
    for hidden in [
        "starsink.quarantine",
        "starsink.secret",
        "starsink.control_log",
        "warehouse.dim_customer",
        "warehouse.fact_event",
    ] {
        denied(&pg, "reader", &format!("SELECT * FROM {hidden}"));
    }
    for column in ["ip", "current_url", "referrer_url", "extras"] {
        denied(
            &pg,
            "reader",
            &format!("SELECT {column} FROM warehouse.fact_event"),
        );
    }
    for column in ["email", "identity"] {
        denied(
            &pg,
            "reader",
            &format!("SELECT {column} FROM warehouse.dim_customer"),
        );
    }
    denied(&pg, "reader", "SELECT payload FROM starsink.quarantine");
    let partition: String = pg.one("SELECT tableoid::regclass::text FROM warehouse.fact_event");
    denied(&pg, "reader", &format!("SELECT ip FROM {partition}"));
}

#[test]
fn readers_command_nothing() {
    let pg = staffed();
    for call in [
        "pause()",
        "resume()",
        "seek('earliest')",
        "seek(0, 0)",
        "seek(now())",
        "redrive()",
        "mend(1, '{}')",
        "discard(ARRAY[1])",
        "teach_currency('quux', 'EUR')",
        "ingest('{}')",
        "ingest_file('/etc/hostname')",
        "create_warehouse()",
        "verify()",
    ] {
        denied(&pg, "reader", &format!("SELECT starsink.{call}"));
    }
    for call in ["roll_up_ledger(10)", "ensure_partition(now())"] {
        denied(&pg, "reader", &format!("SELECT starsink_internal.{call}"));
    }
    denied(
        &pg,
        "reader",
        "INSERT INTO starsink.control_log (action, is_paused) VALUES ('pause', true)",
    );
    denied(&pg, "reader", "DELETE FROM warehouse.fact_event");
    denied(&pg, "reader", "SET ROLE starsink_worker");
}

#[test]
fn operators_operate_and_own_nothing() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("rights", 1);
    let pg = staffed();
    pg.consume(&kafka.bootstrap(), &topic);
    pg.wait_for_state("running", "%");
    for statement in [
        "SELECT starsink.pause()",
        "SELECT * FROM starsink.seek('earliest')",
        "SELECT * FROM starsink.seek(0, 0)",
        "SELECT starsink.resume()",
        "SELECT * FROM starsink.redrive()",
        "SELECT starsink.ingest('{}')",
        "SELECT payload FROM starsink.quarantine",
        "SELECT * FROM starsink.verify()",
        "SELECT * FROM starsink.status",
        "SELECT email FROM warehouse.dim_customer",
        "SELECT ip FROM warehouse.fact_event",
        "SELECT changed_by FROM starsink.control_log",
    ] {
        allowed(&pg, "operator", statement);
    }
    let by: Vec<String> = pg
        .query("SELECT DISTINCT changed_by FROM starsink.control_log")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(by, ["operator"]);
    for statement in [
        "SELECT * FROM starsink.ingest_file('/etc/hostname')",
        "SELECT * FROM starsink.secret",
        "UPDATE starsink.ledger SET loaded = 0",
        "DELETE FROM starsink.quarantine",
        "INSERT INTO starsink.control_log (action, is_paused) VALUES ('pause', true)",
        "DROP TABLE warehouse.fact_event",
        "SET ROLE starsink_worker",
    ] {
        denied(&pg, "operator", statement);
    }
}

#[test]
fn nothing_is_everybodys() {
    let pg = staffed();
    denied(&pg, "nobody", "SELECT * FROM starsink.status");
    denied(&pg, "nobody", "SELECT starsink.pause()");
    denied(&pg, "nobody", "SELECT count(*) FROM warehouse.dim_date");
    for (what, query) in [
        (
            "functions",
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p
             WHERE pronamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace, 'starsink_internal'::regnamespace) AND has_function_privilege('nobody', p.oid, 'EXECUTE')",
        ),
        (
            "relations",
            "SELECT c.oid::regclass::text FROM pg_class AS c
             WHERE relnamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace, 'starsink_internal'::regnamespace) AND relkind IN ('r', 'p', 'v', 'm')
             AND (has_table_privilege('nobody', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') OR has_any_column_privilege('nobody', c.oid, 'SELECT'))",
        ),
        (
            "functions for readers",
            "SELECT p.proname::text FROM pg_proc AS p WHERE pronamespace IN ('starsink'::regnamespace, 'starsink_internal'::regnamespace) AND provolatile = 'v' AND prosecdef
             AND has_function_privilege('reader', p.oid, 'EXECUTE')",
        ),
        (
            "definers' functions whose search_path a caller could bend",
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE pronamespace IN ('starsink'::regnamespace, 'starsink_internal'::regnamespace) AND prosecdef
             AND NOT coalesce(array_to_string(proconfig, ' ') LIKE '%search_path=%pg_catalog%', false)",
        ),
    ] {
        let open: Vec<String> = pg.query(query).iter().map(|row| row.get(0)).collect();
        assert!(open.is_empty(), "{what}: {open:?}");
    }
}

/// What operators may call, and readers.
const OPERATORS: &str = "crawl crawl_pause crawl_resume create_warehouse disable_job discard email_hash enable_job fold forget_customer \
    forget_device forget_folds ingest ingest_file load_exchange_rates mend merge_alloy_option merge_currency \
    merge_customer merge_diamond_option merge_dimension merge_exchange_rate merge_geography merge_product merge_store \
    pause rebuild_aggregates redrive resume revalue_order_lines run_job schedule_job seek teach_currency verify";
const READERS: &str = "classify_channel classify_referrer convert_currency country_of_ip currency_of device_set_common device_set_minus \
    device_set_union distinct_devices exchange_rate expand_options extract_product fold_time_zone metric_names metrics next_run \
    parse_price parse_user_agent prometheus quality_codes session_views star_diagram tally_entries tally_percentile \
    tally_sum tally_total";
/// And of what that is made of, as it runs with the rights of who calls it. The reports' part is theirs alike.
const PARTS_FOR_OPERATORS: &str = "merge_columns merge_judgement merge_list merge_may_repeat merge_members merge_rates merge_repeated merge_repetitions \
    merge_rules merge_stage merge_targets";
const PARTS_FOR_READERS: &str = "alert_rows device_set_add device_set_final device_set_final_count facts_of file_progress freshness_rows is_preloaded \
    job_rows job_states merge_codes partition_states setting_rows status_rows tail \
    tail_minute_product tail_minute_store tally_add tally_final tally_pick tally_regroup tally_top \
    validation_codes valued worker_states";

#[test]
fn each_function_is_granted_on_purpose() {
    let pg = staffed();
    // Of the extension; what it is made of holds the reports' parts, too.
    let granted = |role: &str, schema: &str| -> Vec<String> {
        pg.query(&format!(
            "SELECT DISTINCT p.proname::text COLLATE \"C\" FROM pg_proc AS p
             JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
             WHERE p.pronamespace = '{schema}'::regnamespace AND has_function_privilege('{role}', p.oid, 'EXECUTE') ORDER BY 1"
        ))
        .iter()
        .map(|row| row.get(0))
        .collect()
    };
    let sorted = |lists: &[&'static str]| {
        let mut names: Vec<&str> = lists
            .iter()
            .flat_map(|list| list.split_whitespace())
            .collect();
        names.sort_unstable();
        names
    };
    assert_eq!(granted("reader", "starsink"), sorted(&[READERS]));
    assert_eq!(
        granted("operator", "starsink"),
        sorted(&[READERS, OPERATORS])
    );
    let parts = "starsink_internal";
    assert_eq!(granted("reader", parts), sorted(&[PARTS_FOR_READERS]));
    assert_eq!(
        granted("operator", parts),
        sorted(&[PARTS_FOR_READERS, PARTS_FOR_OPERATORS])
    );
    for schema in ["starsink", parts, "warehouse"] {
        assert!(granted("nobody", schema).is_empty());
        assert!(!pg.one::<bool>(&format!(
            "SELECT has_schema_privilege('nobody', '{schema}', 'USAGE, CREATE')"
        )));
    }
    // Whatever the workers run, they may.
    let withheld: Vec<String> = pg
        .query(
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p
             WHERE p.pronamespace IN ('starsink'::regnamespace, 'starsink_internal'::regnamespace) AND NOT has_function_privilege('starsink_worker', p.oid, 'EXECUTE')",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(withheld.is_empty(), "{withheld:?}");
    // Of the warehouse, all are for both, but the one that shows addresses.
    let apart: Vec<String> = pg
        .query(
            "SELECT p.proname::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
             JOIN starsink_internal.warehouse_inventory() AS i ON i.kind = 'function' AND i.schema_name = n.nspname AND i.name = p.proname
             WHERE p.prorettype <> 'trigger'::regtype
               AND NOT (has_function_privilege('reader', p.oid, 'EXECUTE') AND has_function_privilege('operator', p.oid, 'EXECUTE'))",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(apart, ["raw_referrers"]);
}

#[test]
fn every_object_says_what_it_is() {
    let pg = staffed();
    let mute: Vec<String> = pg
        .query(
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p
             WHERE p.pronamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace) AND obj_description(p.oid, 'pg_proc') IS NULL
             UNION ALL
             SELECT c.oid::regclass || COALESCE('.' || a.attname, '') FROM pg_class AS c
             LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
             WHERE c.relnamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace) AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
               AND (obj_description(c.oid, 'pg_class') IS NULL OR a.attnum IS NOT NULL AND col_description(c.oid, a.attnum) IS NULL)",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(mute.is_empty(), "{mute:#?}");
}

#[test]
fn the_inventory_names_all_that_is_laid_out_and_the_aggregates() {
    let pg = staffed();
    let unnamed: Vec<String> = pg
        .query(
            "SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE n.nspname IN ('starsink', 'starsink_internal', 'warehouse') AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'i', 'I') AND NOT c.relispartition
               AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
               -- The columns' own sequences, the constraints' own indexes.
               AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND c.relkind = 'S' AND d.deptype IN ('i', 'a'))
               AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid)
               AND NOT EXISTS (SELECT FROM starsink_internal.warehouse_inventory() AS i WHERE i.schema_name = n.nspname AND i.name = c.relname)
             UNION ALL
             SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
             WHERE n.nspname IN ('starsink', 'starsink_internal', 'warehouse')
               AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')
               AND NOT EXISTS (SELECT FROM starsink_internal.warehouse_inventory() AS i WHERE i.schema_name = n.nspname AND i.name = p.proname AND i.kind = 'function')",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    let missing: Vec<String> = pg
        .query(
            "SELECT i.kind || ' ' || i.schema_name || '.' || i.name FROM starsink_internal.warehouse_inventory() AS i
             WHERE CASE i.kind WHEN 'function' THEN to_regproc(i.schema_name || '.' || i.name) IS NULL
                               ELSE to_regclass(i.schema_name || '.' || i.name) IS NULL END",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(pg.one::<bool>(
        "SELECT array_agg(a ORDER BY a) = (SELECT array_agg(i.name ORDER BY i.name) FROM starsink_internal.warehouse_inventory() AS i
                                           WHERE i.schema_name = 'warehouse' AND i.kind = 'relation' AND i.name LIKE 'agg\\_%')
         FROM starsink_internal.aggregate_tables() AS a"
    ));
}
