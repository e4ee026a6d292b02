//! The workers: as many as are wanted, each partition with one of them, back when they were ended.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::thread;
use std::time::{Duration, Instant};

use starsink_tests::bulk::Sent;
use starsink_tests::cluster::{Builder, Cluster, Stop};
use starsink_tests::feed::{Feed, now};
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::Producer;
use starsink_tests::shop::Shop;

const PARTITIONS: i32 = 7;
const SOON: Duration = Duration::from_secs(30);
/// For tens of thousands of messages on a busy machine.
const LATER: Duration = Duration::from_secs(90);

fn shop() -> Shop {
    Shop::new(11).bad_ratio(0.01).duplicate_ratio(0.01)
}

/// A cluster that loads a new topic of the shared broker, the topic, and a shop that sells without a pause.
fn loading(name: &str, builder: Builder) -> (Cluster, String, Feed) {
    let kafka = Kafka::shared();
    let topic = kafka.topic(name, PARTITIONS);
    let pg = builder.database("shop").start();
    pg.sql("CREATE EXTENSION starsink");
    pg.load_from(kafka, &topic);
    let feed = Feed::start(&kafka.client(), &topic, PARTITIONS, shop(), 2_000);
    pg.wait_for_consumed(1_000, SOON);
    (pg, topic, feed)
}

/// Nothing crashed: so every message was received exactly as often as it was sent.
fn assert_received_once(pg: &Cluster, topic: &str, partitions: i32, sent: &Sent) {
    pg.drain(Kafka::shared(), topic, partitions, LATER);
    let totals = pg.assert_loaded_once(sent);
    assert_eq!(totals.received, sent.messages() as i64, "{totals:?}");
    // Not at the first contact either, when several workers find that no table is there.
    assert!(!pg.log_text().contains("deadlock detected"));
    println!("{topic}: {totals:?}");
}

fn set_workers(pg: &Cluster, count: i32) {
    pg.alter_system("starsink.workers", count);
    pg.reload();
    let types: Vec<String> = (1..=count)
        .map(|number| format!("starsink ingest {number}"))
        .chain(["starsink launcher".into(), "starsink steward".into()])
        .collect();
    pg.wait_for(
        &format!(
            "SELECT array_agg(backend_type ORDER BY backend_type) = '{{{}}}' FROM pg_stat_activity \
             WHERE backend_type LIKE 'starsink %'",
            types.join(",")
        ),
        SOON,
    );
    // Each partition has the one worker that its number says.
    pg.wait_for(
        &format!(
            "SELECT count(*) = {PARTITIONS} AND bool_and(state = 'running' AND worker = partition % {count} + 1) \
             FROM starsink_internal.partition_states()"
        ),
        SOON,
    );
}

#[test]
fn a_worker_on_its_way_to_the_broker_is_not_called_missing() {
    let pg = Cluster::consuming_nothing();
    // Nobody listens there, which librdkafka tells after some seconds.
    pg.consume("127.0.0.1:1", "orders");
    pg.wait_for("SELECT state = 'connecting' FROM starsink.status", SOON);
    assert_eq!(
        pg.one::<String>("SELECT concat_ws(': ', state, reason) FROM starsink.status"),
        "connecting"
    );
}

#[test]
fn partitions_are_shared_without_gap_or_overlap_as_workers_change() {
    let (pg, topic, feed) = loading("shared", Cluster::builder());
    for count in [1, 3, 2] {
        set_workers(&pg, count);
        pg.wait_for_consumed(pg.consumed().unwrap() + 3_000, SOON);
    }
    assert_received_once(&pg, &topic, PARTITIONS, &feed.finish());
    assert_eq!(
        pg.one::<i64>("SELECT count(DISTINCT worker) FROM starsink.ledger WHERE kind = 'batch'"),
        3
    );
}

#[test]
fn positions_outlive_the_roll_up_of_a_minute_with_changing_workers() {
    let (pg, topic, feed) = loading("rolled", Cluster::builder());
    for count in [1, 3, 1] {
        set_workers(&pg, count);
        pg.wait_for_consumed(pg.consumed().unwrap() + 1_000, SOON);
    }
    pg.sql("SELECT starsink.pause()");
    pg.wait_for(
        "SELECT bool_and(state = 'paused') FROM starsink.status",
        SOON,
    );
    // The ledger tells batches apart from the first one on that a fold still waits for.
    pg.wait_for(
        "SELECT starsink_internal.is_folded_up_to(max(last_audit_key)) FROM starsink.ledger",
        SOON,
    );
    let (before, rows) = (
        pg.consumed(),
        pg.one::<i64>("SELECT count(*) FROM starsink.ledger"),
    );
    pg.sql(
        "UPDATE starsink.ledger SET committed_at = date_trunc('minute', now()) - interval '2 hours'; \
         SELECT starsink_internal.roll_up_ledger(10)",
    );
    assert!(pg.one::<i64>("SELECT count(*) FROM starsink.ledger") < rows);
    assert_eq!(pg.consumed(), before);
    pg.assert_books_agree();
    pg.sql("SELECT starsink.resume()");
    assert_received_once(&pg, &topic, PARTITIONS, &feed.finish());
}

#[test]
fn a_terminated_worker_comes_back() {
    let (pg, topic, feed) = loading("terminated", Cluster::builder());
    for backend_type in ["starsink ingest 1", "starsink launcher", "starsink steward"] {
        let old = pg.worker_pids(backend_type)[0];
        assert!(pg.one::<bool>(&format!("SELECT pg_terminate_backend({old})")));
        let wait = pg.wait_for(
            &format!(
                "SELECT count(*) = 1 AND bool_and(pid <> {old}) FROM pg_stat_activity WHERE backend_type = '{backend_type}'"
            ),
            SOON,
        );
        println!("{backend_type}: back after {:.2} s", wait.as_secs_f64());
        pg.wait_for_consumed(pg.consumed().unwrap() + 2_000, SOON);
    }
    assert_received_once(&pg, &topic, PARTITIONS, &feed.finish());
    assert!(
        !pg.log_text()
            .contains("terminating any other active server processes")
    );
}

#[test]
fn a_busy_worker_ends_with_its_postmaster() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("busy", PARTITIONS);
    let producer = Producer::new(&kafka.client());
    let sent = producer.send_events(&topic, PARTITIONS, &mut shop(), 40_000, now);
    producer.flush();
    // Many small commits: there is never a moment without a batch that is ready.
    let pg = Cluster::builder()
        .database("shop")
        .conf("starsink.batch_max_events", 20)
        .start();
    pg.sql("CREATE EXTENSION starsink");
    pg.load_from(kafka, &topic);
    pg.wait_for_consumed(1_000, SOON);
    let begin = Instant::now();
    assert_eq!(pg.kill_postmaster(), [0i32; 0]);
    println!("all gone after {:.2?}", begin.elapsed());
    pg.start();
    let left = sent.messages() as i64 - pg.consumed().unwrap();
    assert!(left > 10_000, "{left} were left: it was busy");
    pg.alter_system("starsink.batch_max_events", 5_000);
    pg.reload();
    assert_received_once(&pg, &topic, PARTITIONS, &sent);
}

#[test]
fn new_partitions_are_found() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("grown", 1);
    let pg = Cluster::builder()
        .database("shop")
        .conf("starsink.metadata_refresh", "500ms")
        // For a partition that comes later every message is new, whatever this says.
        .conf("starsink.auto_offset_reset", "latest")
        .start();
    pg.sql("CREATE EXTENSION starsink");
    pg.load_from(kafka, &topic);
    pg.wait_for(
        "SELECT bool_and(state = 'running' AND next_offset = 0) FROM starsink.status",
        SOON,
    );
    let (producer, mut shop) = (Producer::new(&kafka.client()), shop());
    let mut sent = producer.send_events(&topic, 1, &mut shop, 1_000, now);
    producer.flush();
    kafka.add_partitions(&topic, 4);
    // A producer that knew the old number of partitions would not send to the new ones yet.
    let producer = Producer::new(&kafka.client());
    sent.add(producer.send_events(&topic, 4, &mut shop, 3_000, now));
    producer.flush();
    let partitions = (0..4).map(|partition| kafka.watermarks(&topic, partition).high);
    assert!(partitions.min() > Some(0));
    assert_received_once(&pg, &topic, 4, &sent);
}

#[test]
fn pg_upgrade_binary_mode_starts_no_worker() {
    let (pg, topic, feed) = loading("upgrade", Cluster::builder());
    pg.stop(Stop::Fast);
    pg.start_with(&["-b"]);
    thread::sleep(Duration::from_secs(2));
    assert!(pg.worker_pids("starsink %").is_empty());
    assert!(pg.one::<i64>("SELECT count(*) FROM warehouse.fact_event") > 0);
    pg.restart();
    assert_received_once(&pg, &topic, PARTITIONS, &feed.finish());
}
