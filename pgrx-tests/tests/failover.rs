//! The warehouse elsewhere: promoted, restored, without the extension, without the database. Offsets travel with data.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Command;
use std::time::{Duration, Instant};

use starsink_tests::cluster::Cluster;
use starsink_tests::feed::Feed;
use starsink_tests::kafka::Kafka;
use starsink_tests::shop::Shop;

const PARTITIONS: i32 = 4;
const SOON: Duration = Duration::from_secs(30);
/// For tens of thousands of messages on a busy machine.
const LATER: Duration = Duration::from_secs(90);

/// A cluster that loads a new topic of the shared broker, the topic, and a shop that sells without a pause.
fn loading(name: &str, per_second: u32) -> (Cluster, String, Feed) {
    let kafka = Kafka::shared();
    let topic = kafka.topic(name, PARTITIONS);
    let pg = Cluster::builder().database("shop").start();
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
    feed.wait_for(12_000);
    pg.wait_for_replay(&standby, SOON);
    let before = standby.consumed().unwrap();
    assert!(before > 0, "the standby follows");
    // No farewell: what the standby has not received is read from the topic again.
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

#[test]
fn a_dump_restored_elsewhere_goes_on_from_its_offsets() {
    let (pg, topic, feed) = loading("dumped", 2_500);
    pg.sql("SELECT starsink.ingest('not json')");
    feed.wait_for(8_000);
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("shop.dump");
    run(pg.tool("pg_dump").args(["-Fc", "-f"]).arg(&dump));
    let roles = run(pg
        .tool("pg_dumpall")
        .args(["--roles-only", "--no-role-passwords"]));
    let email_key: Vec<u8> = pg.one("SELECT value FROM starsink.secret WHERE name = 'email'");
    pg.kill_postmaster();

    // With the workers at work, as on a server that replaces the old one.
    let other = Cluster::builder().database("shop").start();
    other.load_from(Kafka::shared(), &topic);
    other.wait_for(
        "SELECT count(*) = 2 FROM pg_stat_activity WHERE backend_type ~ '^starsink (ingest|steward)'",
        SOON,
    );
    let roles = String::from_utf8(roles)
        .unwrap()
        .replace("CREATE ROLE postgres;", "");
    other.sql(&roles);
    run(other
        .tool("pg_restore")
        .args(["--exit-on-error", "--single-transaction", "-d", "shop"])
        .arg(&dump));
    let partitions: i64 = other.one(
        "SELECT count(*) FROM pg_catalog.pg_inherits WHERE inhparent = 'warehouse.fact_event'::regclass",
    );
    assert!(partitions > 0);
    assert_eq!(
        other.one::<Vec<u8>>("SELECT value FROM starsink.secret WHERE name = 'email'"),
        email_key,
        "hashes of addresses stay comparable"
    );
    feed.wait_for(16_000);
    let mut sent = feed.finish();
    other.drain(Kafka::shared(), &topic, PARTITIONS, LATER);
    // The message from SQL.
    sent.bad.push(starsink_tests::shop::Fault::NotJson);
    println!("{topic}: {:?}", other.assert_loaded_once(&sent));
}

#[test]
fn drop_extension_keeps_every_event() {
    let (pg, topic, feed) = loading("dropped", 2_000);
    let begin = Instant::now();
    pg.sql("DROP EXTENSION starsink");
    let waited = begin.elapsed();
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    let kept: i64 = pg.one("SELECT count(*) FROM warehouse.fact_event");
    assert!(kept > 0);
    pg.wait_for(
        "SELECT bool_and(application_name LIKE 'waiting%') FROM pg_stat_activity WHERE backend_type LIKE 'starsink ingest%'",
        SOON,
    );
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
