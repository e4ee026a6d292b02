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
        "referrer",
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
        "SELECT customer_key, identity_type, user_id_db, email_hash, email_domain FROM warehouse.dim_customer",
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
        "ingest('{}')",
        "ingest_file('/etc/hostname')",
        "create_warehouse()",
        "verify()",
        "roll_up_ledger(10)",
        "ensure_partition(now())",
    ] {
        denied(&pg, "reader", &format!("SELECT starsink.{call}"));
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
             WHERE pronamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace) AND has_function_privilege('nobody', p.oid, 'EXECUTE')",
        ),
        (
            "relations",
            "SELECT c.oid::regclass::text FROM pg_class AS c
             WHERE relnamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace) AND relkind IN ('r', 'p', 'v', 'm')
             AND (has_table_privilege('nobody', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') OR has_any_column_privilege('nobody', c.oid, 'SELECT'))",
        ),
        (
            "functions for readers",
            "SELECT p.proname::text FROM pg_proc AS p WHERE pronamespace = 'starsink'::regnamespace AND provolatile = 'v' AND prosecdef
             AND has_function_privilege('reader', p.oid, 'EXECUTE')",
        ),
        (
            "definers' functions whose search_path a caller could bend",
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE pronamespace = 'starsink'::regnamespace AND prosecdef
             AND NOT coalesce(array_to_string(proconfig, ' ') LIKE '%search_path=%pg_catalog%', false)",
        ),
    ] {
        let open: Vec<String> = pg.query(query).iter().map(|row| row.get(0)).collect();
        assert!(open.is_empty(), "{what}: {open:?}");
    }
}
