//! Retention beside everybody: one partition at a time, with nobody kept waiting, and the books agree at every moment.
//! The other jobs that delete or sum up end, however much there is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use postgres::Client;
use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::SOON;

const OLD: &str =
    "SELECT count(*) FROM starsink_internal.fact_partitions() WHERE next_time < now()";

/// Loads two events of each of these years, and one of now.
fn with_years(years: std::ops::Range<i32>) -> Cluster {
    let pg = Cluster::without_jobs();
    for year in years {
        for day in ["03-01", "04-01"] {
            ingest(&mut pg.connect(pg.database()), year, day);
        }
    }
    pg.sql("SELECT starsink.ingest(jsonb_build_object('id', 'now', 'time_stamp', extract(epoch FROM now())::bigint, 'collection', 'view_home_page', 'store_id', '6', 'device_id', 'd')::text)");
    fold(&pg);
    pg.alter_system("starsink.retention", "2 years");
    pg.reload();
    pg.wait_for(
        "SELECT current_setting('starsink.retention') = '2 years'",
        SOON,
    );
    pg
}

/// Folds until nothing is left that retention would wait for.
fn fold(pg: &Cluster) {
    pg.wait_for(
        "SELECT starsink_internal.is_folded_up_to(last_value) FROM starsink.audit_key, (SELECT starsink.fold() OFFSET 0) AS f",
        SOON,
    );
}

fn ingest(client: &mut Client, year: i32, day: &str) {
    let loaded = client.query_one(
        &format!(
            "SELECT starsink.ingest(jsonb_build_object('id', '{year}-{day}', 'time_stamp', extract(epoch FROM '{year}-{day} 00:00+00'::timestamptz)::bigint, \
                 'collection', 'view_home_page', 'store_id', '6', 'device_id', 'd')::text)"
        ),
        &[],
    );
    assert_eq!(loaded.unwrap().get::<_, String>(0), "loaded");
}

/// What was booked as dropped of each partition, in their order.
fn booked(pg: &Cluster) -> Vec<(String, i64)> {
    pg.query("SELECT source, sum(facts)::bigint FROM starsink.retention_log GROUP BY source ORDER BY source")
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect()
}

fn two_of(years: std::ops::Range<i32>) -> Vec<(String, i64)> {
    years
        .map(|year| (format!("fact_event_{year}"), 2))
        .collect()
}

/// A transaction that has read the facts, and stays open.
fn reader(pg: &Cluster) -> Client {
    let mut reader = pg.connect(pg.database());
    reader
        .batch_execute("BEGIN; SELECT count(*) FROM warehouse.fact_event")
        .unwrap();
    reader
}

#[test]
fn one_partition_goes_in_a_run_and_the_steward_goes_on_until_none_is_left() {
    let pg = with_years(2012..2018);
    assert_eq!(pg.run_job("retention"), 1);
    assert_eq!(booked(&pg), two_of(2012..2013));
    pg.assert_books();
    // Once an hour, and while there is more.
    pg.sql("DELETE FROM starsink.job_run; UPDATE starsink.job SET enabled = true, schedule = '1 h' WHERE name = 'retention';
            UPDATE starsink.job SET enabled = true WHERE name = 'fold'");
    pg.wait_for(&format!("SELECT ({OLD}) = 0"), SOON);
    assert_eq!(booked(&pg), two_of(2012..2018));
    let runs: i64 = pg.one(
        "SELECT count(*) FROM starsink.job_runs WHERE name = 'retention' AND rows = 1 AND message LIKE 'dropped fact_event_201_'",
    );
    assert_eq!((runs, pg.facts()), (5, 1));
    pg.assert_books();
}

#[test]
fn beside_a_long_report_nobody_waits_for_retention() {
    let pg = with_years(2015..2017);
    let mut report = reader(&pg);
    let is_over = AtomicBool::new(false);
    let (ran, wanted) = thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let (mut client, mut wanted) = (pg.connect(pg.database()), 0);
            while !is_over.load(Ordering::Relaxed) {
                let row = client.query_one(
                    "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'warehouse.fact_event'::regclass",
                    &[],
                );
                wanted += row.unwrap().get::<_, i64>(0);
            }
            wanted
        });
        let mut client = pg.connect(pg.database());
        let ran = client.query_one("SELECT starsink.run_job('retention')", &[]);
        is_over.store(true, Ordering::Relaxed);
        (ran.map(|row| row.get::<_, i64>(0)), looking.join().unwrap())
    });
    assert_eq!(
        wanted, 0,
        "somebody asked for a lock that all others wait behind"
    );
    assert_eq!(ran.unwrap(), 0);
    let said: String = pg.one(
        "SELECT message FROM starsink.job_runs WHERE name = 'retention' AND message IS NOT NULL",
    );
    let pid: i32 = report
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    assert_eq!(
        said,
        format!(
            "fact_event_2015 waits to be dropped until transactions that use fact_event are over: {pid}"
        )
    );
    pg.assert_books();

    // What waits for a day is waited for, though not for long.
    pg.sql("UPDATE starsink.job_mark SET mark = mark::jsonb || '{\"since\": \"2020-01-01\"}' WHERE name = 'retention'");
    thread::scope(|scope| {
        let run = scope.spawn(|| pg.run_job("retention"));
        pg.wait_for("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'warehouse.fact_event'::regclass", SOON);
        report.batch_execute("COMMIT").unwrap();
        assert_eq!(run.join().unwrap(), 1);
    });
    assert_eq!(booked(&pg), two_of(2015..2016));
    pg.assert_books();
}

#[test]
fn an_event_that_comes_after_the_count_is_booked() {
    let pg = with_years(2015..2016);
    let mut report = reader(&pg);
    assert_eq!(pg.run_job("retention"), 0);
    // Committed and not folded, then folded; and one that is not committed yet.
    ingest(&mut pg.connect(pg.database()), 2015, "02-01");
    report.batch_execute("COMMIT").unwrap();
    assert_eq!(
        (pg.run_job("retention"), pg.facts()),
        (0, 4),
        "not folded yet"
    );
    let mut late = pg.connect(pg.database());
    late.batch_execute("BEGIN").unwrap();
    ingest(&mut late, 2015, "05-01");
    pg.sql("SELECT starsink.fold()");
    assert_eq!((pg.run_job("retention"), pg.facts()), (0, 4));
    pg.assert_books();
    late.batch_execute("COMMIT").unwrap();
    fold(&pg);
    assert_eq!((pg.run_job("retention"), pg.facts()), (1, 1));
    assert_eq!(booked(&pg), [("fact_event_2015".to_owned(), 4)]);
    pg.assert_books();
}

#[test]
fn a_server_that_dies_after_the_count_goes_on_from_it() {
    let pg = with_years(2015..2017);
    let counted = "SELECT mark::jsonb - 'key' FROM starsink.job_mark WHERE name = 'retention' ORDER BY mark_id DESC LIMIT 1";
    let counted = || pg.one::<String>(&format!("SELECT ({counted})::text"));
    let report = reader(&pg);
    assert_eq!(pg.run_job("retention"), 0);
    let before = counted();
    assert!(
        before.contains(r#""is_whole": true"#) && before.contains(r#""facts": 2"#),
        "{before}"
    );
    pg.kill_postmaster();
    drop(report);
    pg.start();
    pg.assert_books();
    assert_eq!(pg.run_job("retention"), 1);
    assert_eq!(counted(), before, "what was counted is not counted again");
    assert_eq!(pg.run_job("retention"), 1);
    assert_eq!(booked(&pg), two_of(2015..2017));
    pg.assert_books();
    // And from the middle of one.
    ingest(&mut pg.connect(pg.database()), 2015, "03-02");
    ingest(&mut pg.connect(pg.database()), 2015, "03-03");
    let rest: String = pg.one(
        r#"SELECT (starsink_internal.count_old_events('{"partition": "warehouse.fact_event_2015", "key": 1000000, "time": "2015-03-02 00:00+00",
            "id": "2015-03-02", "is_whole": false, "facts": [{"topic": "(sql)", "partition": 0, "facts": 7}]}') -> 'facts')::text"#,
    );
    assert_eq!(rest, r#"[{"facts": 8, "topic": "(sql)", "partition": 0}]"#);
}

#[test]
fn who_checks_the_books_while_a_partition_goes_sees_them_agree() {
    let pg = with_years(2015..2016);
    let mut dropping = pg.connect(pg.database());
    dropping.batch_execute("BEGIN").unwrap();
    let dropped = dropping.query_one("SELECT starsink.run_job('retention')", &[]);
    assert_eq!(dropped.unwrap().get::<_, i64>(0), 1);
    thread::scope(|scope| {
        let checking = scope.spawn(|| pg.assert_books());
        pg.wait_for("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'warehouse.fact_event'::regclass", SOON);
        dropping.batch_execute("COMMIT").unwrap();
        checking.join().unwrap();
    });
    // Who looks at an older moment would not see all that is dropped.
    let refusal =
        pg.refusal("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT starsink.run_job('retention')");
    assert!(
        refusal.starts_with("25001") && refusal.contains("READ COMMITTED"),
        "{refusal}"
    );
}

#[test]
fn a_partition_of_somebody_else_keeps_no_other_from_going() {
    let pg = with_years(2014..2017);
    pg.sql("CREATE ROLE olga; ALTER TABLE warehouse.fact_event_2014 OWNER TO olga");
    assert_eq!((pg.run_job("retention"), pg.run_job("retention")), (1, 1));
    assert_eq!(booked(&pg), two_of(2015..2017));
    let refusal = pg.refusal("SELECT starsink.run_job('retention')");
    assert!(refusal.contains("fact_event_2014"), "{refusal}");
    pg.assert_books();
}

#[test]
fn a_quarantine_with_much_that_is_old_is_emptied_soon() {
    let pg = Cluster::without_jobs();
    pg.sql("INSERT INTO starsink.quarantine (topic, partition, kafka_offset, payload, codes, detail, stage, audit_key, quarantined_at)
            SELECT 'old', 0, n, '{', '{PAYLOAD_NOT_JSON}', '', 'decode', 0, now() - interval '100 days' FROM generate_series(1, 25000) AS n");
    assert_eq!(pg.run_job("quarantine_cleanup"), 10_000);
    pg.sql("DELETE FROM starsink.job_run; UPDATE starsink.job SET enabled = true, schedule = '1 h' WHERE name = 'quarantine_cleanup'");
    pg.wait_for("SELECT count(*) = 0 FROM starsink.quarantine", SOON);
    let booked: i64 = pg.one("SELECT sum(quarantined)::bigint FROM starsink.retention_log");
    assert_eq!(booked, 25_000);
}

#[test]
fn a_ledger_of_many_days_is_summed_up_a_part_at_a_time() {
    let pg = Cluster::without_jobs();
    pg.sql("INSERT INTO starsink.ledger (audit_key, last_audit_key, kind, topic, partition, epoch, first_offset, next_offset, received, loaded, started_at, committed_at)
            SELECT n, n, 'batch', 'old', 0, 0, n, n + 1, 1, 1, t.at, t.at
            FROM generate_series(0, 5759) AS n CROSS JOIN LATERAL (SELECT date_trunc('hour', now()) - interval '108 hours' + n * interval '1 minute' AS at) AS t");
    // How many it made, whether it is to go on soon, and how many batches stand by themselves.
    let run = || -> (i64, bool, i64) {
        let mut client = pg.connect(pg.database());
        let mut run = client.transaction().unwrap();
        let made = run.query_one("SELECT starsink.run_job('roll_up_ledger')", &[]);
        let left = run.query_one(
            "SELECT current_setting('starsink_job.goes_on') = 'on', count(*) FROM starsink.ledger WHERE topic = 'old' AND rolled_up IS NULL",
            &[],
        );
        run.commit().unwrap();
        let left = left.unwrap();
        (made.unwrap().get(0), left.get(0), left.get(1))
    };
    assert_eq!(run(), (360, true, 5_400));
    let mut runs = 1;
    while run().1 {
        runs += 1;
    }
    assert_eq!((runs, run()), (16, (0, false, 0)));
    assert_eq!(pg.sum("received", "old"), 5_760);
}
