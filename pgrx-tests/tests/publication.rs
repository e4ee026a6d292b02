//! A publication FOR ALL TABLES asks that every changed row can be named: starsink's tables do, and work goes on beside it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, events};

#[test]
fn a_publication_of_all_tables_stops_nothing() {
    let pg = Cluster::builder().conf("wal_level", "logical").start();
    pg.sql(
        "CREATE EXTENSION starsink;
         SELECT starsink.create_warehouse();
         UPDATE starsink.job SET enabled = false;
         CREATE PUBLICATION everything FOR ALL TABLES",
    );
    for event in events(91, 60) {
        let event = String::from_utf8(event.json).unwrap();
        pg.sql(&format!(
            "SELECT starsink.ingest($json${event}$json$); SELECT starsink.fold()"
        ));
    }
    pg.sql("UPDATE starsink.ledger SET committed_at = committed_at - interval '9 days'");
    assert!(pg.one::<i64>("SELECT starsink_internal.roll_up_ledger(0)") > 0);
    let before: i64 = pg.one("SELECT count(*) FROM warehouse.agg_hour");
    pg.wait_for("SELECT starsink_internal.compact_aggregates() >= 0", SOON);
    assert!(pg.one::<i64>("SELECT count(*) FROM warehouse.agg_hour") < before);
    pg.sql("SELECT starsink.rebuild_aggregates()");
    // Whatever a job does to its rows, tomorrow's too.
    let jobs: Vec<String> = pg
        .query(
            "SELECT name FROM starsink.job WHERE name NOT LIKE 'exchange_rates%' ORDER BY ordinal",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    for job in jobs {
        pg.run_job(&job);
    }
    pg.assert_books();
}

#[test]
fn every_table_can_name_its_rows() {
    let pg = Cluster::consuming_nothing();
    // Each in a transaction of its own: together they would take their locks the other way round than the steward.
    pg.sql("SELECT starsink_internal.ensure_partition('2026-11-01')");
    pg.sql("SELECT starsink.create_warehouse()");
    let nameless: Vec<String> = pg
        .query(
            "SELECT c.oid::regclass::text FROM pg_class AS c
             WHERE c.relnamespace IN ('warehouse'::regnamespace, 'starsink'::regnamespace, 'starsink_internal'::regnamespace) AND c.relkind IN ('r', 'p')
               AND CASE c.relreplident WHEN 'f' THEN false
                   WHEN 'd' THEN NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary)
                   ELSE true END",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(nameless, Vec::<String>::new());
}
