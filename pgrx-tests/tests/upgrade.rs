//! A warehouse of an earlier lay-out is brought forward, and one of a later lay-out is left alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::events;

/// A warehouse of lay-out 1 with 1,709 events in it, as pg_dump wrote it.
const DUMP: &[u8] = include_bytes!("upgrade/layout_1.sql.zst");
/// Each report's name, the hash of its rows and their number, as that build gave them.
const REPORTS: &str = include_str!("upgrade/layout_1.reports");
const CATALOG: &str = include_str!("upgrade/catalog.sql");
const PATIENCE: Duration = Duration::from_secs(60);

/// Restores the dump into a database of its own, which no worker looks at; with the owners of all things, or as
/// pg_restore --no-owner does it.
fn restore(pg: &Cluster, database: &str, with_owners: bool) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump.sql");
    let mut dump = String::from_utf8(zstd::decode_all(DUMP).unwrap()).unwrap();
    if !with_owners {
        let lines = dump.lines();
        dump = lines
            .filter(|line| !line.ends_with(" OWNER TO starsink_worker;"))
            .fold(String::new(), |all, line| all + line + "\n");
    }
    fs::write(&file, dump).unwrap();
    // The roles are the cluster's: a dump of a database has none.
    pg.sql(
        "DO $$ BEGIN CREATE ROLE starsink_worker; CREATE ROLE starsink_admin; CREATE ROLE starsink_reader;
         EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    );
    pg.sql(&format!("CREATE DATABASE {database}"));
    run_script(pg, database, &file);
}

fn run_script(pg: &Cluster, database: &str, file: &Path) {
    let output = pg
        .tool("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres"])
        .args(["-d", database, "-f"])
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

fn texts(pg: &Cluster, database: &str, query: &str) -> Vec<String> {
    let rows = pg.connect(database).query(query, &[]).unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Name, hash and number of rows of each report.
fn reports(pg: &Cluster, database: &str) -> Vec<String> {
    let mut client = pg.connect(database);
    client.batch_execute("SET timezone = 'UTC'").unwrap();
    let names = REPORTS.lines().filter_map(|line| line.split('\t').next());
    names
        .map(|name| {
            let query = format!(
                "SELECT '{name}' || E'\\t' || md5(string_agg(to_jsonb(t)::text, E'\\n' ORDER BY to_jsonb(t)::text)) || E'\\t' || count(*)
                 FROM warehouse.{name}(first_day => DATE '2026-09-01', last_day => DATE '2026-11-30') AS t"
            );
            client.query_one(&query, &[]).unwrap().get(0)
        })
        .collect()
}

fn layouts(pg: &Cluster, database: &str) -> Vec<String> {
    texts(
        pg,
        database,
        "SELECT version::text FROM starsink.layout ORDER BY version",
    )
}

/// Compares everything that the lay-out consists of with what a new warehouse has.
fn assert_is_as_new(pg: &Cluster, database: &str) {
    assert_eq!(layouts(pg, database), layouts(pg, "postgres"));
    let (new, other) = (texts(pg, "postgres", CATALOG), texts(pg, database, CATALOG));
    let missing: Vec<&String> = new.iter().filter(|line| !other.contains(line)).collect();
    let strange: Vec<&String> = other.iter().filter(|line| !new.contains(line)).collect();
    assert!(
        missing.is_empty() && strange.is_empty(),
        "{database} misses: {missing:#?}\nand has: {strange:#?}"
    );
    assert!(new.len() > 1_000, "{} lines", new.len());
}

#[test]
fn a_warehouse_that_is_restored_without_owners_is_taken_over() {
    let pg = Cluster::builder().conf("starsink.database", "none").start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump.sql");
    let dump = pg
        .tool("pg_dump")
        .args(["--no-owner", "-U", "postgres", "-d", "postgres"])
        .output()
        .unwrap();
    assert!(dump.status.success());
    fs::write(&file, dump.stdout).unwrap();
    pg.sql("CREATE DATABASE moved");
    run_script(&pg, "moved", &file);
    pg.connect("moved")
        .batch_execute("SELECT starsink.create_warehouse()")
        .unwrap();
    assert_is_as_new(&pg, "moved");
}

#[test]
fn what_was_dropped_of_a_warehouse_is_laid_out_anew_by_a_worker() {
    let pg = Cluster::consuming_nothing();
    pg.sql("CREATE TABLE public.triggers AS SELECT count(*) FROM pg_trigger WHERE tgname = 'merge_forget_digest'");
    // The extension goes with its schema.
    pg.sql("DROP SCHEMA starsink_internal CASCADE");
    pg.sql("CREATE EXTENSION starsink");
    pg.wait_for(
        "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname = 'merge_forget_digest') = (SELECT count FROM public.triggers)",
        PATIENCE,
    );
    pg.sql("SELECT * FROM warehouse.top_products(3)");
}

#[test]
fn an_earlier_lay_out_becomes_what_a_new_one_is_and_reports_say_the_same() {
    let pg = Cluster::builder().conf("starsink.database", "none").start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    for (database, with_owners) in [("taken", false), ("shop", true)] {
        restore(&pg, database, with_owners);
        let mut client = pg.connect(database);
        // What users made of it, and jobs of their own.
        client
            .batch_execute(
                "CREATE SCHEMA mine; CREATE VIEW mine.sessions AS SELECT * FROM warehouse.live_session();
                 CREATE VIEW mine.products AS SELECT * FROM warehouse.report_product;
                 CREATE FUNCTION starsink.\"MyOwn\"() RETURNS bigint LANGUAGE sql AS 'SELECT 7::bigint'; GRANT EXECUTE ON FUNCTION starsink.\"MyOwn\"() TO PUBLIC;
                 INSERT INTO starsink.job (ordinal, name, schedule, command, description)
                 VALUES (200, 'mine', '1 h', 'MyOwn', 'Mine.'), (201, 'again', '1 h', 'make_partitions', 'Theirs, at another time.');
                 SELECT starsink.create_warehouse();
                 SELECT * FROM mine.sessions; SELECT * FROM mine.products; SELECT starsink.run_job('again')",
            )
            .unwrap();
        let own = "SELECT starsink.run_job('mine')::text";
        assert_eq!(texts(&pg, database, own), ["7"]);
        client
            .batch_execute(
                "DELETE FROM starsink.job WHERE ordinal >= 200; DROP SCHEMA mine CASCADE; DROP FUNCTION starsink.\"MyOwn\"()",
            )
            .unwrap();
        assert_is_as_new(&pg, database);
        assert_eq!(reports(&pg, database), REPORTS.lines().collect::<Vec<_>>());
    }
    let mut client = pg.connect("shop");

    // Once more changes nothing, and it goes on loading.
    client
        .batch_execute("SELECT starsink.create_warehouse()")
        .unwrap();
    assert_eq!(layouts(&pg, "shop"), layouts(&pg, "postgres"));
    let event = String::from_utf8(events(91, 1)[0].json.clone()).unwrap();
    let said: String = client
        .query_one("SELECT starsink.ingest($1::text)", &[&event])
        .unwrap()
        .get(0);
    assert_eq!(said, "loaded");
    let facts: i64 = client
        .query_one("SELECT count(*) FROM warehouse.fact_event", &[])
        .unwrap()
        .get(0);
    assert_eq!(facts, 1_710);
}

#[test]
fn a_worker_brings_an_earlier_lay_out_forward_and_says_so_in_the_log() {
    let pg = Cluster::builder().conf("starsink.database", "shop").start();
    restore(&pg, "aside", true);
    pg.sql("ALTER DATABASE aside RENAME TO shop");
    pg.wait_for_in(
        "shop",
        "SELECT to_regclass('starsink.layout') IS NOT NULL",
        PATIENCE,
    );
    assert!(
        pg.log_text().contains("was brought from lay-out 1 to "),
        "{}",
        pg.log_tail()
    );
    assert_eq!(reports(&pg, "shop"), REPORTS.lines().collect::<Vec<_>>());
}

#[test]
fn a_later_lay_out_is_refused_by_worker_and_function_and_nothing_is_touched() {
    let pg = Cluster::consuming_nothing();
    pg.sql("SELECT starsink.create_warehouse()");
    pg.sql("INSERT INTO starsink.layout (version, software_version) VALUES (1000, '99.0.0'); DROP VIEW starsink.dictionary");
    let error = pg
        .connect(pg.database())
        .batch_execute("SELECT starsink.create_warehouse()")
        .unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code().code(), "55000");
    assert!(
        error.message().contains("lay-out 1000"),
        "{}",
        error.message()
    );
    assert!(error.hint().unwrap_or_default().contains("newer starsink"));
    let is_gone: bool = pg.one("SELECT to_regclass('starsink.dictionary') IS NULL");
    assert!(is_gone);

    pg.restart();
    pg.wait_for(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type LIKE 'starsink%' AND application_name LIKE '%lay-out 1000%')",
        PATIENCE,
    );
}
