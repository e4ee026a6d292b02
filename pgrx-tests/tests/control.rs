//! An operator stops ingestion, goes on, and goes to another place in the topic; nothing is loaded or put aside twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::thread;
use std::time::{Duration, Instant};

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, events, now_micros, send};
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::{Message, Producer};

/// Partition, where it was, where it goes.
fn seek(pg: &Cluster, arguments: &str) -> Vec<(i32, Option<i64>, i64)> {
    let rows = pg.query(&format!(
        "SELECT partition, from_offset, next_offset FROM starsink.seek({arguments}) ORDER BY 1"
    ));
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

/// Next offset by partition, as status shows it.
fn positions(pg: &Cluster) -> Vec<Option<i64>> {
    let rows = pg.query("SELECT next_offset FROM starsink.status ORDER BY partition");
    rows.iter().map(|row| row.get(0)).collect()
}

#[test]
fn pause_stops_ingestion_and_resume_goes_on_where_it_was() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("pause", 1);
    let (producer, events) = (Producer::new(&kafka.client()), events(31, 30));
    send(&producer, &topic, 0, &events[..10]);
    let pg = Cluster::consuming(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 10);
    pg.sql("BEGIN; SELECT starsink.pause(); ROLLBACK");
    send(&producer, &topic, 0, &events[10..20]);
    pg.wait_for_messages(&topic, 20);
    pg.sql("SELECT starsink.pause()");
    // No batch is committed after the command is, whatever the worker is doing.
    send(&producer, &topic, 0, &events[20..]);
    pg.wait_for_state("paused", "%starsink.pause()%");
    thread::sleep(Duration::from_secs(1));
    assert_eq!(pg.facts(), 20);
    assert_eq!(positions(&pg), [Some(20)]);
    pg.restart();
    pg.wait_for_state("paused", "%starsink.pause()%");
    assert_eq!(pg.facts(), 20, "a restart does not resume");
    pg.sql("SELECT starsink.resume()");
    pg.wait_for_messages(&topic, 30);
    pg.wait_for_no_lag(30);
    pg.assert_books();
}

#[test]
fn going_back_loads_nothing_twice_and_puts_nothing_aside_twice() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("back", 2);
    let (producer, events) = (Producer::new(&kafka.client()), events(32, 600));
    for partition in [0, 1] {
        let half = 300 * usize::try_from(partition).unwrap();
        send(&producer, &topic, partition, &events[half..half + 300]);
        producer.send(&topic, &Message::new("{broken").partition(partition));
        producer.send(&topic, &Message::tombstone("gone").partition(partition));
    }
    producer.flush();
    let pg = Cluster::consuming(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 604);
    let books =
        || ["loaded", "duplicates", "dropped", "quarantined"].map(|column| pg.sum(column, &topic));
    assert_eq!(books(), [600, 0, 2, 2]);
    assert_eq!(
        seek(&pg, "'earliest'"),
        [(0, Some(302), 0), (1, Some(302), 0)]
    );
    pg.wait_for_messages(&topic, 1_208);
    assert_eq!(books(), [600, 602, 4, 2]);
    assert_eq!(seek(&pg, "1, 200"), [(1, Some(302), 200)]);
    pg.wait_for_messages(&topic, 1_310);
    assert_eq!(books(), [600, 703, 5, 2]);
    assert_eq!((pg.facts(), pg.quarantined()), (600, 2));
    pg.wait_for_no_lag(302);
    pg.assert_books();
}

#[test]
fn seek_takes_every_form_while_paused_and_resume_begins_there() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("seek", 2);
    let (producer, events) = (Producer::new(&kafka.client()), events(33, 40));
    // A message a minute in partition 0, within the last hour: retention deletes by these times. Partition 1 has
    // nothing after its first.
    let begin = now_micros() / 1_000 - 3_600_000;
    for (minute, event) in events[..30].iter().enumerate() {
        let time = begin + 60_000 * i64::try_from(minute).unwrap();
        producer.send(
            &topic,
            &Message::new(&event.json).partition(0).timestamp(time),
        );
    }
    producer.send(
        &topic,
        &Message::new(&events[30].json).partition(1).timestamp(begin),
    );
    producer.flush();
    let pg = Cluster::consuming_nothing();
    pg.sql("SELECT starsink.pause()");
    pg.consume(&kafka.bootstrap(), &topic);
    pg.wait_for_state("paused", "%");

    assert_eq!(seek(&pg, "'latest'"), [(0, None, 30), (1, None, 1)]);
    assert_eq!(positions(&pg), [Some(30), Some(1)]);
    assert_eq!(seek(&pg, "'earliest'"), [(0, Some(30), 0), (1, Some(1), 0)]);
    let before_ten = format!("to_timestamp({}.0 / 1000)", begin + 599_500);
    assert_eq!(seek(&pg, &before_ten), [(0, Some(0), 10), (1, Some(0), 1)]);
    assert_eq!(
        seek(&pg, "timestamptz '1980-01-01'"),
        [(0, Some(10), 0), (1, Some(1), 0)]
    );
    assert_eq!(
        seek(&pg, "timestamptz '2200-01-01'"),
        [(0, Some(0), 30), (1, Some(0), 1)]
    );
    pg.sql("BEGIN; SELECT * FROM starsink.seek('earliest'); ROLLBACK");
    assert_eq!(seek(&pg, "0, 25"), [(0, Some(30), 25)]);
    assert_eq!(
        seek(&pg, "0, 30"),
        [(0, Some(25), 30)],
        "the next message to come is a place too"
    );
    assert_eq!(seek(&pg, "0, 25"), [(0, Some(30), 25)]);
    pg.sql("SELECT starsink.resume()");
    pg.wait_for_messages(&topic, 5);
    send(&producer, &topic, 1, &events[31..]);
    pg.wait_for_messages(&topic, 14);
    assert_eq!(pg.facts(), 14);
    assert_eq!(
        pg.one::<i64>(
            "SELECT min(kafka_offset) FROM warehouse.fact_event WHERE kafka_partition = 0"
        ),
        25
    );
    pg.assert_books();
}

#[test]
fn a_seek_to_nowhere_says_where_one_can_go() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("nowhere", 2);
    let producer = Producer::new(&kafka.client());
    let pg = Cluster::consuming_nothing();
    let refusal = pg.refusal("SELECT * FROM starsink.seek('earliest')");
    assert!(
        refusal.contains("no Kafka topic is set") && refusal.contains("starsink.topic"),
        "{refusal}"
    );

    send(&producer, &topic, 1, &events(34, 20));
    kafka.trim(&topic, 1, 5);
    pg.consume(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 15);
    for (arguments, words) in [
        ("2, 0", ["22023", "no partition 2", "partitions are 0 to 1"]),
        (
            "-1, 0",
            ["22023", "no partition -1", "partitions are 0 to 1"],
        ),
        ("1, 4", ["22023", "no offset 4", "offsets are 5 to 20"]),
        ("1, 21", ["22023", "no offset 21", "offsets are 5 to 20"]),
        ("1, -1", ["22023", "no offset -1", "offsets are 5 to 20"]),
        (
            "'yesterday'",
            [
                "22023",
                "\"yesterday\"",
                "'earliest', 'latest', a timestamptz",
            ],
        ),
    ] {
        let refusal = pg.refusal(&format!("SELECT * FROM starsink.seek({arguments})"));
        assert!(
            words.iter().all(|word| refusal.contains(word)),
            "{arguments}: {refusal}"
        );
    }
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM starsink.control_log"),
        0,
        "what is refused leaves no command"
    );
    pg.consume("127.0.0.1:1,localhost:1", &topic);
    pg.wait_for_state("retrying", "%");
    let began = Instant::now();
    let refusal = pg.refusal("SELECT * FROM starsink.seek('earliest')");
    assert!(
        refusal.starts_with("08006")
            && refusal.contains("starsink.bootstrap_servers")
            && refusal.contains("127.0.0.1:1")
            && refusal.contains("localhost:1")
            && refusal.contains("Connection refused"),
        "{refusal}"
    );
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    pg.consume(&kafka.bootstrap(), &topic);
    send(&producer, &topic, 1, &events(35, 5));
    pg.wait_for_messages(&topic, 20);
    pg.assert_books();
}

#[test]
fn a_command_that_no_worker_follows_is_kept_with_a_warning() {
    let pg = Cluster::consuming_nothing();
    pg.sql("CREATE ROLE olga LOGIN IN ROLE starsink_admin");
    pg.wait_for(
        "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'starsink ingest 1'",
        SOON,
    );
    let pause = || pg.said_to("olga", "SELECT starsink.pause(), starsink.resume()");
    assert_eq!(pause(), "");
    pg.sql("CREATE DATABASE other");
    pg.alter_system("starsink.database", "other");
    pg.reload();
    pg.wait_for(
        "SELECT current_setting('starsink.database') = 'other'",
        SOON,
    );
    let said = pause();
    assert_eq!(
        said.matches("WARNING:  no worker follows the command: they look after database other, this is postgres").count(),
        2,
        "{said}"
    );
    assert!(said.contains("HINT:  Give the command there"), "{said}");
    let kept: i64 = pg.one("SELECT count(*) FROM starsink.control_log WHERE changed_by = 'olga'");
    assert_eq!(kept, 4);
    let bare = Cluster::builder().preload("").start();
    bare.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    let said = bare.said_to("postgres", "SELECT starsink.pause()");
    assert!(
        said.contains("starsink is not in shared_preload_libraries"),
        "{said}"
    );
}

#[test]
fn settings_of_how_messages_are_read_take_effect_without_a_new_connection() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("reread", 1);
    let (producer, events) = (Producer::new(&kafka.client()), events(37, 30));
    send(&producer, &topic, 0, &events[..10]);
    let pg = Cluster::consuming(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 10);
    let connections = || pg.log_text().matches("starsink: connecting").count();
    let before = connections();
    let worker = pg.worker_pids("starsink ingest 1");
    pg.alter_system("starsink.message_max_bytes", 1024);
    pg.alter_system("starsink.batch_max_wait", "7ms");
    pg.alter_system("starsink.report_time_zone", "Asia/Tokyo");
    pg.alter_system("starsink.quarantine_retention", "80 days");
    pg.reload();
    let long = format!("{{\"id\":\"long\",\"x\":\"{}\"}}", "x".repeat(2_000));
    // Which batch is the first to be read by the new settings nobody can say: one of the next.
    let mut sent = 10;
    for _ in 0..200 {
        producer.send(&topic, &Message::new(&long).partition(0));
        producer.flush();
        sent += 1;
        pg.wait_for_messages(&topic, sent);
        if pg.one::<bool>(
            "SELECT bool_or('PAYLOAD_TOO_LARGE' = ANY (codes)) FROM starsink.quarantine",
        ) {
            break;
        }
    }
    assert!(
        pg.one::<bool>(
            "SELECT bool_or('PAYLOAD_TOO_LARGE' = ANY (codes)) FROM starsink.quarantine"
        ),
        "the new limit holds"
    );
    send(&producer, &topic, 0, &events[10..]);
    pg.wait_for_messages(&topic, sent + 20);
    let is_tokyo: bool = pg.one(
        "SELECT bool_and(d.date = (f.event_time AT TIME ZONE 'Asia/Tokyo')::date) FROM warehouse.fact_event AS f JOIN warehouse.dim_date AS d USING (date_key)
         WHERE f.kafka_offset >= 11",
    );
    assert!(is_tokyo, "days are cut in the new zone");
    assert_eq!(connections(), before, "no new connection");
    assert_eq!(pg.worker_pids("starsink ingest 1"), worker);
    // What is of the way to Kafka begins anew.
    pg.alter_system("starsink.client_id", "another");
    pg.reload();
    pg.wait_for(
        "SELECT current_setting('starsink.client_id') = 'another'",
        SOON,
    );
    send(&producer, &topic, 0, &self::events(38, 5));
    pg.wait_for_messages(&topic, sent + 25);
    assert_eq!(connections(), before + 1);
    pg.assert_books();
}
