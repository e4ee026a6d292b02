//! The warehouse elsewhere: promoted, restored, without the extension, without the database. Offsets travel with data.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use starsink_tests::cluster::{Backup, Builder, Cluster};
use starsink_tests::feed::Feed;
use starsink_tests::kafka::Kafka;
use starsink_tests::shop::{Fault, Shop};

const PARTITIONS: i32 = 4;
const SOON: Duration = Duration::from_secs(30);
/// For tens of thousands of messages on a busy machine.
const LATER: Duration = Duration::from_secs(90);

/// A cluster that loads a new topic of the shared broker, the topic, and a shop that sells without a pause.
fn loading(name: &str, per_second: u32) -> (Cluster, String, Feed) {
    loading_into(Cluster::builder(), name, per_second)
}

fn loading_into(builder: Builder, name: &str, per_second: u32) -> (Cluster, String, Feed) {
    let kafka = Kafka::shared();
    let topic = kafka.topic(name, PARTITIONS);
    let pg = builder.database("shop").start();
    pg.sql("CREATE EXTENSION starsink");
    pg.load_from(kafka, &topic);
    let shop = Shop::new(7).bad_ratio(0.01).duplicate_ratio(0.01);
    let feed = Feed::start(&kafka.client(), &topic, PARTITIONS, shop, per_second);
    pg.wait_for_consumed(3_000, SOON);
    (pg, topic, feed)
}

fn finish(pg: &Cluster, topic: &str, feed: Feed) {
    let sent = feed.finish();
    let wait = pg.drain(Kafka::shared(), topic, PARTITIONS, LATER);
    let totals = pg.assert_loaded_once(&sent);
    println!(
        "{topic}: {totals:?}, drained in {:.1} s",
        wait.as_secs_f64()
    );
}

/// Runs a client program; it must end well and have nothing to say.
fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("a client program");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && said.is_empty(),
        "{command:?}: {}\n{said}",
        output.status
    );
    output.stdout
}

#[test]
fn a_standby_promoted_under_load_goes_on_where_the_data_is() {
    let (pg, topic, feed) = loading("promoted", 2_500);
    let standby = pg.standby();
    standby.wait_for(
        "SELECT bool_and(state = 'standby') AND count(partition) = 4 FROM starsink.status",
        SOON,
    );
    assert!(standby.worker_pids("starsink %").is_empty());
    feed.wait_for(8_000);
    pg.wait_for_replay(&standby, SOON);
    // The last it hears: all that comes now the primary commits alone, and takes along when it dies.
    standby.alter_system("primary_conninfo", "");
    standby.reload();
    standby.wait_for("SELECT count(*) = 0 FROM pg_stat_wal_receiver", SOON);
    let before = standby.consumed().unwrap();
    assert!(before > 0, "the standby follows");
    pg.wait_for_consumed(before + 3_000, SOON);
    pg.kill_postmaster();
    let begin = Instant::now();
    standby.promote();
    standby.wait_for_consumed(before + 2_000, SOON);
    println!(
        "loading again {:.1} s after the primary died",
        begin.elapsed().as_secs_f64()
    );
    feed.wait_for(20_000);
    finish(&standby, &topic, feed);
}

/// A cluster that archives, its backup, and what it had consumed before and after a moment; then it is lost with its data.
fn lost_under_load(name: &str) -> (Backup, String, Feed, [i64; 2], String) {
    let backup = Backup::default();
    let builder = Cluster::builder()
        .conf("archive_mode", "on")
        .conf("archive_command", backup.archive_command())
        .conf("archive_timeout", "1s");
    let (pg, topic, feed) = loading_into(builder, name, 2_000);
    backup.take(&pg);
    assert!(backup.is_sound());
    pg.wait_for_consumed(pg.consumed().unwrap() + 3_000, SOON);
    let before = pg.consumed().unwrap();
    let moment: String = pg.one("SELECT clock_timestamp()::text");
    // A commit that is noted before the moment is seen once it is on disk; its transaction had a lower id than this one.
    let later: String = pg.one("SELECT pg_current_xact_id()::text");
    pg.wait_for(
        &format!("SELECT pg_snapshot_xmin(pg_current_snapshot()) > '{later}'::xid8"),
        SOON,
    );
    let after = pg.consumed().unwrap();
    pg.wait_for_consumed(after + 3_000, SOON);
    backup.wait_for_archive(&pg);
    // What comes now is archived in part.
    pg.wait_for_consumed(pg.consumed().unwrap() + 1_000, SOON);
    pg.kill_postmaster();
    fs::remove_dir_all(pg.data()).unwrap();
    (backup, topic, feed, [before, after], moment)
}

#[test]
fn a_back_up_restored_to_a_moment_goes_on_from_the_offsets_of_that_moment() {
    let (backup, topic, feed, [before, after], moment) = lost_under_load("to-a-moment");
    let pg = backup.restore("shop", Some(&moment));
    pg.wait_for("SELECT pg_is_wal_replay_paused()", SOON);
    assert!(pg.worker_pids("starsink %").is_empty());
    let there = pg.consumed().unwrap();
    assert!(
        (before..=after).contains(&there),
        "{there} messages, of {before} to {after}"
    );
    pg.assert_books_agree();
    assert_eq!(pg.totals().received, there);
    pg.sql("SELECT pg_wal_replay_resume()");
    pg.wait_for_consumed(there + 6_000, SOON);
    finish(&pg, &topic, feed);
}

#[test]
fn a_back_up_replayed_to_the_end_of_the_archive_goes_on_from_there() {
    let (backup, topic, feed, [_, after], _) = lost_under_load("to-the-end");
    let pg = backup.restore("shop", None);
    pg.wait_for("SELECT NOT pg_is_in_recovery()", SOON);
    pg.wait_for_consumed(after + 6_000, SOON);
    finish(&pg, &topic, feed);

    // One that is not what its manifest says is known before anything is removed for it.
    let version = backup.base().join("PG_VERSION");
    fs::write(&version, "14\n").unwrap();
    assert!(!backup.is_sound());
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Restore {
    /// Custom format, in one transaction, while the workers wait for the extension, as on a server that takes over.
    AtOnce,
    /// Plain SQL, statement by statement, before the workers are sent to the database; no role is there.
    StepByStep,
}

/// A dump made under load, restored in a new cluster that goes on with the topic.
fn restored(name: &str, how: Restore) {
    let (pg, topic, feed) = loading(name, 2_000);
    pg.sql("SELECT starsink.ingest('not json')");
    feed.wait_for(8_000);
    let folder = tempfile::tempdir().unwrap();
    let (dump, roles) = (folder.path().join("dump"), folder.path().join("roles"));
    let format = if how == Restore::AtOnce { "-Fc" } else { "-Fp" };
    run(pg.tool("pg_dump").args([format, "-f"]).arg(&dump));
    let all = run(pg.tool("pg_dumpall").arg("--roles-only"));
    let all = String::from_utf8(all).unwrap();
    fs::write(&roles, all.replace("CREATE ROLE postgres;", "")).unwrap();
    let email_key: Vec<u8> = pg.one("SELECT value FROM starsink.secret WHERE name = 'email'");
    pg.kill_postmaster();

    let other = Cluster::builder().database("shop").start();
    let psql = |file: &Path| {
        let mut psql = other.tool("psql");
        psql.args(["-qX", "-v", "ON_ERROR_STOP=1", "-f"]).arg(file);
        let output = psql.output().expect("psql");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // CREATE EXTENSION says that the workers look after another database.
        let is_expected = |line: &str| {
            line.is_empty()
                || line.contains("NOTICE:  the workers look after")
                || line.starts_with("HINT:")
        };
        assert!(
            output.status.success() && said.lines().all(is_expected),
            "{said}"
        );
    };
    match how {
        Restore::AtOnce => {
            other.load_from(Kafka::shared(), &topic);
            other.wait_for(
                "SELECT count(*) = 2 FROM pg_stat_activity WHERE datname = 'shop' AND backend_type LIKE 'starsink%'",
                SOON,
            );
            psql(&roles);
            run(other
                .tool("pg_restore")
                .args(["--exit-on-error", "--single-transaction", "-d", "shop"])
                .arg(&dump));
        }
        Restore::StepByStep => {
            psql(&dump);
            other.load_from(Kafka::shared(), &topic);
        }
    }
    assert_eq!(
        other.one::<Vec<u8>>("SELECT value FROM starsink.secret WHERE name = 'email'"),
        email_key,
        "hashes of addresses stay comparable"
    );
    feed.wait_for(16_000);
    let mut sent = feed.finish();
    // The message from SQL.
    sent.bad.push(Fault::NotJson);
    other.drain(Kafka::shared(), &topic, PARTITIONS, LATER);
    println!("{topic}: {:?}", other.assert_loaded_once(&sent));
}

#[test]
fn a_dump_restored_elsewhere_goes_on_from_its_offsets() {
    restored("dumped", Restore::AtOnce);
}

#[test]
fn a_dump_as_sql_restored_before_the_workers_come_goes_on_from_its_offsets() {
    restored("dumped-as-sql", Restore::StepByStep);
}

#[test]
fn drop_extension_keeps_every_event() {
    let (pg, topic, feed) = loading("dropped", 2_000);
    let begin = Instant::now();
    pg.sql("DROP EXTENSION starsink");
    let waited = begin.elapsed();
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    pg.wait_for(
        "SELECT bool_and(application_name LIKE 'waiting%') FROM pg_stat_activity WHERE backend_type LIKE 'starsink ingest%'",
        SOON,
    );
    // Counted now: the batch that was under way may commit after the extension is gone.
    let kept: i64 = pg.one("SELECT count(*) FROM warehouse.fact_event");
    assert!(kept > 0);
    feed.wait_for(feed.messages() + 2_000);
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM warehouse.fact_event"),
        kept,
        "nobody loads without the extension"
    );
    pg.sql("CREATE EXTENSION starsink");
    finish(&pg, &topic, feed);
}

#[test]
fn drop_database_is_not_blocked() {
    let (pg, topic, feed) = loading("database", 2_000);
    assert_eq!(
        pg.worker_pids("starsink %").len(),
        3,
        "launcher, steward, ingest"
    );
    for round in 1..=2 {
        let begin = Instant::now();
        pg.connect("postgres")
            .batch_execute("DROP DATABASE shop")
            .unwrap_or_else(|error| panic!("{error:?}\n{}", pg.log_tail()));
        println!(
            "round {round}: dropped in {:.2} s",
            begin.elapsed().as_secs_f64()
        );
        assert!(begin.elapsed() < Duration::from_secs(5));
        // Made again, it is served again.
        pg.connect("postgres")
            .batch_execute("CREATE DATABASE shop")
            .unwrap();
        pg.sql("CREATE EXTENSION starsink");
        pg.wait_for_consumed(1_000, SOON);
    }
    finish(&pg, &topic, feed);
}

#[test]
fn a_copy_of_the_database_can_be_made() {
    let (pg, topic, feed) = loading("copied", 2_000);
    for round in 1..=2 {
        pg.connect("postgres")
            .batch_execute("CREATE DATABASE copy TEMPLATE shop")
            .unwrap_or_else(|error| panic!("round {round}: {error:?}\n{}", pg.log_tail()));
        // The workers are back, and what was copied agrees with itself.
        let loaded = pg.consumed().unwrap();
        pg.wait_for_consumed(loaded + 1_000, SOON);
        let difference: i64 = pg
            .connect("copy")
            .query_one(
                "SELECT coalesce(sum(difference), 0)::bigint FROM starsink.verify()",
                &[],
            )
            .unwrap()
            .get(0);
        assert_eq!(difference, 0);
        pg.connect("postgres")
            .batch_execute("DROP DATABASE copy")
            .unwrap();
    }
    finish(&pg, &topic, feed);
}
