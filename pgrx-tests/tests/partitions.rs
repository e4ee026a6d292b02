//! Partitions are there before a row needs them, follow their table, and are made beside ingestion: neither waits for the other for ever,
//! nor ends the other's transaction.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::thread;

use postgres::Client;
use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::SOON;
use starsink_tests::mock::Mock;
use starsink_tests::producer::{Message, Producer};

const DIMENSIONS: &str = "SELECT confrelid::regclass::text FROM pg_constraint \
     WHERE conrelid = 'warehouse.fact_event'::regclass AND contype = 'f' GROUP BY confrelid ORDER BY min(conkey[1])";
const PARTITIONS: &str =
    "SELECT partition::text FROM starsink_internal.fact_partitions() ORDER BY first_time, 1";
/// Locks of this session that keep others from writing.
const LOCKS: &str = "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' \
     AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock', 'ShareUpdateExclusiveLock')";

/// An event of a device of its own at a time.
fn event(time: &str) -> String {
    let id = time.replace(|c: char| !c.is_ascii_digit(), "");
    let seconds = chrono::DateTime::parse_from_rfc3339(&format!("{time}T12:00:00Z"))
        .unwrap()
        .timestamp();
    format!(
        r#"{{"id":"{id}","collection":"view_home_page","time_stamp":{seconds},"store_id":"6","device_id":"d-{id}","current_url":"https://www.glamira.de/ring.html"}}"#
    )
}

fn ingest(client: &mut Client, time: &str) -> Result<String, String> {
    let row = client.query_one("SELECT starsink.ingest($1)", &[&event(time)]);
    match row {
        Ok(row) => Ok(row.get(0)),
        Err(error) => {
            let said = error.as_db_error().unwrap();
            Err(format!(
                "{} {} {}",
                said.code().code(),
                said.message(),
                said.hint().unwrap_or_default()
            ))
        }
    }
}

fn loaded() -> Result<String, String> {
    Ok("loaded".to_owned())
}

fn texts(pg: &Cluster, query: &str) -> Vec<String> {
    pg.query(query).iter().map(|row| row.get(0)).collect()
}

#[test]
fn a_session_that_loads_holds_no_lock_for_its_partitions_and_needs_no_preload() {
    let pg = Cluster::builder().preload("").start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    let (mut session, mut other) = (pg.connect(pg.database()), pg.connect(pg.database()));
    // Members that all share.
    assert_eq!(ingest(&mut other, "2014-03-01"), loaded());
    session.batch_execute("BEGIN").unwrap();
    assert_eq!(ingest(&mut session, "2011-03-01"), loaded());
    let locks: i64 = session.query_one(LOCKS, &[]).unwrap().get(0);
    assert_eq!(locks, 0);
    assert!(texts(&pg, PARTITIONS).contains(&"warehouse.fact_event_2011".to_owned()));
    // Others go on.
    assert_eq!(ingest(&mut other, "2011-04-01"), loaded());
    // Once the transaction has members of its own, they are in the worker's way: the session makes the next one itself,
    // which goes with it.
    assert_eq!(ingest(&mut session, "2012-03-01"), loaded());
    session.batch_execute("ROLLBACK").unwrap();
    assert_eq!((pg.facts(), texts(&pg, PARTITIONS).len()), (2, 2));
    // Whoever reads an older moment writes to a partition that came since.
    session
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        .unwrap();
    assert_eq!(ingest(&mut other, "2013-03-01"), loaded());
    assert_eq!(ingest(&mut session, "2013-04-01"), loaded());
    session.batch_execute("COMMIT").unwrap();
    assert_eq!(pg.facts(), 4);
    pg.assert_books();
}

#[test]
fn where_no_worker_is_free_a_session_makes_its_partition_itself() {
    let pg = Cluster::builder()
        .preload("")
        .conf("max_worker_processes", 0)
        .start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    let mut session = pg.connect(pg.database());
    assert_eq!(ingest(&mut session, "2011-03-01"), loaded());
    // What is in the way for too long is said.
    let mut other = pg.connect(pg.database());
    other
        .batch_execute("BEGIN; LOCK TABLE warehouse.dim_device IN ROW EXCLUSIVE MODE")
        .unwrap();
    let refused = ingest(&mut session, "2012-03-01").unwrap_err();
    assert!(
        refused.starts_with("55P03")
            && refused.contains("2012-03")
            && refused.contains("pg_stat_activity"),
        "{refused}"
    );
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(ingest(&mut session, "2012-03-01"), loaded());
}

#[test]
fn who_brings_members_waits_for_no_partition_that_waits_for_him() {
    let pg = Cluster::without_jobs();
    let dimensions = texts(&pg, DIMENSIONS);
    assert!(dimensions.len() > 5, "{dimensions:?}");
    // Whichever is locked first, another one is held by then.
    for first in [&dimensions[0], &dimensions[5], dimensions.last().unwrap()] {
        let mut bringing = pg.connect(pg.database());
        bringing
            .batch_execute(&format!("BEGIN; LOCK TABLE {first} IN ROW EXCLUSIVE MODE"))
            .unwrap();
        let mut steward = pg.connect(pg.database());
        let made = thread::spawn(move || {
            let row = steward.query_one("SELECT starsink_internal.make_partitions()", &[]);
            row.map(|row| row.get::<_, i64>(0))
        });
        pg.wait_for(
            &format!("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = '{first}'::regclass)"),
            SOON,
        );
        for other in &dimensions {
            bringing
                .batch_execute(&format!("LOCK TABLE {other} IN ROW EXCLUSIVE MODE"))
                .unwrap();
        }
        bringing.batch_execute("COMMIT").unwrap();
        assert_eq!(made.join().unwrap().unwrap(), 2);
        for partition in texts(&pg, PARTITIONS) {
            pg.sql(&format!("DROP TABLE {partition}"));
        }
    }

    // Two transactions that have members and need a partition each: one may have to give way, neither is a deadlock's victim.
    let mut sessions = [pg.connect(pg.database()), pg.connect(pg.database())];
    assert_eq!(ingest(&mut sessions[0], "2014-01-01"), loaded());
    for (session, time) in sessions.iter_mut().zip(["2014-01-02", "2014-01-03"]) {
        session.batch_execute("BEGIN").unwrap();
        assert_eq!(ingest(session, time), loaded());
    }
    let [mut one, mut other] = sessions;
    let ends = [
        thread::spawn(move || ingest(&mut one, "2011-01-01")),
        thread::spawn(move || ingest(&mut other, "2013-01-01")),
    ];
    let ends = ends.map(|end| end.join().unwrap());
    assert!(ends.contains(&loaded()), "{ends:?}");
    for end in &ends {
        assert!(
            end.as_ref()
                .map_or_else(|refused| refused.starts_with("55P03"), |_| true),
            "{ends:?}"
        );
    }
    assert!(!pg.log_text().contains("40P01"));
}

#[test]
fn a_new_partition_follows_its_table() {
    let pg = Cluster::consuming_nothing();
    let mut owner = pg.connect(pg.database());
    for statement in [
        "SET allow_in_place_tablespaces = on",
        "CREATE TABLESPACE fast LOCATION ''",
    ] {
        owner.batch_execute(statement).unwrap();
    }
    pg.sql(
        "CREATE TABLE label (label text PRIMARY KEY); INSERT INTO label VALUES ('new');
         CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
         ALTER TABLE warehouse.fact_event SET TABLESPACE fast;
         ALTER TABLE warehouse.fact_event
             ADD COLUMN host text GENERATED ALWAYS AS (substring(current_url from '//([^/]+)')) STORED,
             ADD COLUMN label text DEFAULT 'new' REFERENCES label,
             ADD CONSTRAINT has_a_url CHECK (current_url <> ''),
             ALTER COLUMN extras SET COMPRESSION lz4, ALTER COLUMN current_url SET STORAGE EXTERNAL,
             ALTER COLUMN device_key SET STATISTICS 500, ALTER COLUMN device_key SET (n_distinct = -0.5),
             REPLICA IDENTITY FULL;
         CREATE INDEX by_host ON warehouse.fact_event (host) TABLESPACE fast;
         CREATE TRIGGER mark AFTER INSERT ON warehouse.fact_event FOR EACH ROW EXECUTE FUNCTION mark();
         SELECT starsink_internal.ensure_partition('2020-01-01');
         ALTER TABLE warehouse.fact_event_2020 SET (fillfactor = 70, toast.autovacuum_enabled = off)",
    );
    let mut session = pg.connect(pg.database());
    assert_eq!(ingest(&mut session, "2011-03-01"), loaded());
    assert_eq!(ingest(&mut session, "2021-03-01"), loaded());
    for partition in ["fact_event_2011", "fact_event_2021"] {
        let kept: Vec<String> = texts(
            &pg,
            &format!(
                "SELECT unnest(ARRAY[
                     (SELECT spcname FROM pg_tablespace AS s WHERE s.oid = c.reltablespace)::text, array_to_string(c.reloptions, ','),
                     (SELECT array_to_string(t.reloptions, ',') FROM pg_class AS t WHERE t.oid = c.reltoastrelid), c.relreplident::text, c.relowner::regrole::text,
                     (SELECT string_agg(format('%s%s%s', attname, attcompression, attstorage), ',' ORDER BY attname) FROM pg_attribute WHERE attrelid = c.oid AND attname IN ('extras', 'current_url')),
                     (SELECT attstattarget || ' ' || (SELECT o FROM unnest(attoptions) AS o WHERE o LIKE 'n_distinct=%') FROM pg_attribute WHERE attrelid = c.oid AND attname = 'device_key'),
                     (SELECT string_agg(s.spcname, ',') FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid JOIN pg_tablespace AS s ON s.oid = x.reltablespace WHERE i.indrelid = c.oid),
                     (SELECT string_agg(conname, ',' ORDER BY conname) FROM pg_constraint WHERE conrelid = c.oid AND (contype = 'c' OR confrelid = 'label'::regclass)),
                     (SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'mark')::text,
                     (SELECT host || label FROM warehouse.{partition})])
                 FROM pg_class AS c WHERE c.oid = 'warehouse.{partition}'::regclass"
            ),
        );
        assert_eq!(
            kept,
            [
                "fast",
                "fillfactor=70",
                "autovacuum_enabled=off",
                "f",
                "starsink_worker",
                "current_urle,extraslx",
                "500 n_distinct=-0.5",
                "fast",
                "fact_event_label_fkey,has_a_url",
                "1",
                "www.glamira.denew"
            ],
            "{partition}"
        );
    }
}

#[test]
fn partitions_are_known_by_their_bounds_and_not_by_their_names() {
    let pg = Cluster::consuming_nothing();
    let mut session = pg.connect(pg.database());
    assert_eq!(ingest(&mut session, "2016-03-01"), loaded());
    // What the session remembers is not so any more.
    pg.sql("ALTER TABLE warehouse.fact_event DETACH PARTITION warehouse.fact_event_2016");
    assert_eq!(ingest(&mut session, "2016-04-01"), loaded());
    assert_eq!(
        pg.one::<String>("SELECT tableoid::regclass::text FROM warehouse.fact_event"),
        "warehouse.fact_event_2016_2"
    );
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM warehouse.fact_event_2016"),
        1
    );
    assert!(
        pg.log_text()
            .contains("warehouse.fact_event_2016 does not hold")
    );
    // Partitions of another cut, and one that stands where the first would be.
    pg.sql(
        "CREATE TABLE warehouse.spring PARTITION OF warehouse.fact_event FOR VALUES FROM ('2015-03-10 00:00+00') TO ('2015-03-20 00:00+00');
         CREATE TABLE warehouse.old PARTITION OF warehouse.fact_event FOR VALUES FROM (MINVALUE) TO ('2009-01-01 00:00+00');
         CREATE TABLE warehouse.fact_event_2015_04 ()",
    );
    for time in [
        "2015-03-05",
        "2015-03-15",
        "2015-03-25",
        "2015-04-01",
        "2008-01-01",
        "2015-03-06",
    ] {
        assert_eq!(ingest(&mut session, time), loaded());
    }
    assert_eq!(
        texts(
            &pg,
            "SELECT format('%s %s %s', p.partition, to_char(p.first_time AT TIME ZONE 'UTC', 'MM-DD'), to_char(p.next_time AT TIME ZONE 'UTC', 'MM-DD'))
             FROM starsink_internal.fact_partitions() AS p WHERE p.first_time >= '2015-01-01' AND p.first_time < '2016-01-01' ORDER BY p.first_time"
        ),
        [
            "warehouse.fact_event_2015_03 03-01 03-10",
            "warehouse.spring 03-10 03-20",
            "warehouse.fact_event_2015_03_2 03-20 04-01",
            "warehouse.fact_event_2015_04_2 04-01 05-01"
        ]
    );
    // A default partition holds all the rest.
    pg.sql("CREATE TABLE warehouse.rest PARTITION OF warehouse.fact_event DEFAULT");
    let made = texts(&pg, PARTITIONS);
    assert_eq!(ingest(&mut session, "2010-05-05"), loaded());
    assert_eq!(texts(&pg, PARTITIONS), made);
    assert_eq!(pg.one::<i64>("SELECT count(*) FROM warehouse.rest"), 1);
}

#[test]
fn a_partition_that_goes_beneath_a_worker_is_made_again_and_nothing_is_put_aside() {
    let mock = Mock::start();
    mock.create_topic("late", 1);
    let producer = Producer::new(&mock.client());
    let send = |times: &[&str]| {
        for time in times {
            producer.send("late", &Message::new(event(time).as_bytes()).partition(0));
        }
        producer.flush();
    };
    let pg = Cluster::without_jobs();
    pg.consume(&mock.bootstrap(), "late");
    send(&["2016-03-01", "2017-03-01"]);
    pg.wait_for_messages("late", 2);
    pg.sql(
        "ALTER TABLE warehouse.fact_event DETACH PARTITION warehouse.fact_event_2016;
         DROP TABLE warehouse.fact_event_2017",
    );
    send(&["2016-04-01", "2017-04-01", "2016-05-01"]);
    pg.wait_for_messages("late", 5);
    assert_eq!((pg.facts(), pg.quarantined()), (3, 0));
    // Whoever has members of his own keeps the worker waiting, not failing for good, and status says why.
    let mut open = pg.connect(pg.database());
    open.batch_execute("BEGIN; INSERT INTO warehouse.dim_device (device_id) VALUES ('mine')")
        .unwrap();
    send(&["2011-04-01"]);
    pg.wait_for_state("retrying", "%2011-04 cannot be made now%");
    open.batch_execute("COMMIT").unwrap();
    pg.wait_for_messages("late", 6);
    assert_eq!((pg.facts(), pg.quarantined()), (4, 0));
}
