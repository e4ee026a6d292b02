//! Good events are loaded once, whatever comes twice and whatever fails for a while; none ends in quarantine for it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, events, send};
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::{Message, Producer};
use starsink_tests::shop::Event;

/// An event with the id and time of another, and something else besides.
fn altered(event: &Event) -> Vec<u8> {
    let text = String::from_utf8(event.json.clone()).unwrap();
    format!("{},\"altered\":true}}", text.strip_suffix('}').unwrap()).into_bytes()
}

fn send_bytes(producer: &Producer, topic: &str, partition: i32, payload: &[u8]) {
    producer.send(topic, &Message::new(payload).partition(partition));
    producer.flush();
}

#[test]
fn duplicates_are_dropped_within_and_across_batches_and_workers() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("duplicates", 2);
    let producer = Producer::new(&kafka.client());
    let events = events(13, 50);
    let (first, other) = (&events[0], altered(&events[0]));
    let pg = Cluster::consuming_nothing();
    pg.alter_system("starsink.workers", 2);
    for payload in [&first.json, &first.json, &other] {
        producer.send(&topic, &Message::new(payload).partition(0));
    }
    send(&producer, &topic, 0, &events[1..]);
    pg.consume(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 52);
    let books = || ["loaded", "duplicates", "quarantined"].map(|column| pg.sum(column, &topic));
    assert_eq!(books(), [50, 1, 1], "within a batch");

    send(&producer, &topic, 0, &events);
    send_bytes(&producer, &topic, 0, &other);
    pg.wait_for_messages(&topic, 103);
    assert_eq!(books(), [50, 51, 2], "across batches");

    send(&producer, &topic, 1, &events);
    send_bytes(&producer, &topic, 1, &other);
    pg.wait_for_messages(&topic, 154);
    assert_eq!(books(), [50, 101, 3], "across workers");
    assert!(pg.one::<bool>("SELECT bool_and(codes = '{DUP_SYNTHETIC}') FROM starsink.quarantine"));
    assert_eq!(pg.facts(), 50);
    pg.assert_books();
}

#[test]
fn transient_errors_quarantine_nothing() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("transient", 1);
    let producer = Producer::new(&kafka.client());
    let events = events(14, 3_000);
    let pg = Cluster::consuming(&kafka.bootstrap(), &topic);
    send(&producer, &topic, 0, &events[..1_000]);
    pg.wait_for_messages(&topic, 1_000);

    let mut session = pg.connect("postgres");
    let mut lock = session.transaction().unwrap();
    lock.batch_execute("LOCK TABLE warehouse.fact_event IN SHARE MODE")
        .unwrap();
    send(&producer, &topic, 0, &events[1_000..]);
    for _ in 0..5 {
        let waits = "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type LIKE 'starsink ingest%' AND wait_event_type = 'Lock'";
        pg.wait_for(waits, SOON);
        pg.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'starsink ingest%'");
        pg.wait_for_state("retrying", "%canceling statement%");
    }
    lock.rollback().unwrap();
    pg.wait_for_messages(&topic, 3_000);
    assert_eq!(
        (
            pg.facts(),
            pg.one::<i64>("SELECT count(*) FROM starsink.quarantine")
        ),
        (3_000, 0)
    );
    pg.assert_books();
}
