//! What a topic holds besides messages one after another: transactions, gaps, tombstones, giants, every compression.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, events, send};
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::{Compression, Message, Producer};

#[test]
fn aborted_transactions_are_not_loaded_and_leave_no_lag() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("transactions", 1);
    let events = events(21, 400);
    let producer = Producer::builder(&kafka.client())
        .transactional(&topic)
        .build();
    for (number, part) in events.chunks(100).enumerate() {
        producer.begin();
        for event in part {
            producer.send(&topic, &Message::new(&event.json).partition(0));
        }
        if number % 2 == 0 {
            producer.commit();
        } else {
            producer.abort();
        }
    }
    // 400 messages and 4 control records, of which the last may come late.
    let begin = Instant::now();
    while kafka.watermarks(&topic, 0).high != 404 {
        assert!(begin.elapsed() < SOON);
        thread::sleep(Duration::from_millis(10));
    }
    let pg = Cluster::consuming(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 200);
    pg.wait_for_no_lag(404);
    let ids: Vec<String> = pg
        .query("SELECT event_id FROM warehouse.fact_event ORDER BY kafka_offset")
        .iter()
        .map(|row| row.get(0))
        .collect();
    let committed: Vec<String> = events[..100]
        .iter()
        .chain(&events[200..300])
        .map(|event| event.id.clone())
        .collect();
    assert_eq!(ids, committed);

    // An open transaction holds back what comes after it, until it ends.
    producer.begin();
    producer.send(&topic, &Message::new(&events[100].json).partition(0));
    // Only once it is in the log does it hold anything back.
    producer.flush();
    let plain = Producer::new(&kafka.client());
    send(&plain, &topic, 0, &events[301..302]);
    thread::sleep(Duration::from_millis(1_500));
    assert_eq!(pg.facts(), 200);
    producer.abort();
    pg.wait_for_messages(&topic, 201);
    pg.wait_for_no_lag(407);
    pg.assert_books();
}

#[test]
fn a_compacted_topic_with_gaps_and_tombstones_is_read_to_its_end() {
    let kafka = Kafka::shared();
    let topic = format!("compacted-{}", std::process::id());
    kafka.create_topic(
        &topic,
        1,
        &[
            ("cleanup.policy", "compact"),
            ("segment.ms", "100"),
            ("min.cleanable.dirty.ratio", "0.001"),
            ("min.compaction.lag.ms", "0"),
            ("delete.retention.ms", "3600000"),
        ],
    );
    let producer = Producer::new(&kafka.client());
    let events = events(22, 200);
    for (number, event) in events.iter().enumerate() {
        producer.send(
            &topic,
            &Message::new(&event.json)
                .key(&format!("key-{}", number % 20))
                .partition(0),
        );
    }
    producer.send(&topic, &Message::tombstone("key-3").partition(0));
    producer.flush();
    // A segment is rolled by a message that comes later, and the last one is never compacted.
    let rolled = Instant::now();
    let mut pokes = 0;
    while remaining(kafka, &topic) > 20 + 2 * pokes {
        assert!(
            rolled.elapsed() < SOON,
            "{} messages after {pokes} pokes",
            remaining(kafka, &topic)
        );
        thread::sleep(Duration::from_millis(500));
        producer.send(
            &topic,
            &Message::tombstone(&format!("poke-{pokes}")).partition(0),
        );
        producer.flush();
        pokes += 1;
    }
    let end = kafka.watermarks(&topic, 0).high;
    let pg = Cluster::consuming(&kafka.bootstrap(), &topic);
    pg.wait_for_no_lag(end);
    assert_eq!(pg.facts(), 19, "the last event of each key but one");
    let last: Vec<i64> = pg
        .query("SELECT kafka_offset FROM warehouse.fact_event ORDER BY 1")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(
        last,
        (180..200)
            .filter(|offset| *offset != 183)
            .collect::<Vec<i64>>()
    );
    assert!(pg.sum("dropped", &topic) >= 1);
    assert_eq!((pg.quarantined(), pg.sum("lost", &topic)), (0, 0));
    pg.assert_books();
}

/// Messages that a reader from the beginning gets.
fn remaining(kafka: &Kafka, topic: &str) -> usize {
    let consumer: BaseConsumer = kafka
        .client()
        .set("group.id", "counter")
        .set("enable.partition.eof", "true")
        .create()
        .unwrap();
    let mut from = TopicPartitionList::new();
    from.add_partition_offset(topic, 0, Offset::Beginning)
        .unwrap();
    consumer.assign(&from).unwrap();
    let mut count = 0;
    while consumer.poll(SOON).unwrap().is_ok() {
        count += 1;
    }
    count
}

#[test]
fn a_message_larger_than_a_fetch_is_put_aside_and_its_neighbours_load() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("giant", 1);
    let producer = Producer::new(&kafka.client());
    let events = events(25, 20);
    send(&producer, &topic, 0, &events[..10]);
    let giant = format!("{{\"id\":\"giant\",\"note\":\"{}\"}}", "x".repeat(5 << 20));
    producer.send(&topic, &Message::new(&giant).partition(0));
    send(&producer, &topic, 0, &events[10..]);
    let pg = Cluster::consuming_nothing();
    pg.alter_system("starsink.memory", "16MB");
    pg.consume(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 21);
    assert_eq!((pg.facts(), pg.quarantined()), (20, 1));
    let aside = "SELECT kafka_offset = 10 AND codes = '{PAYLOAD_TOO_LARGE}' AND length(payload) = ";
    assert!(pg.one::<bool>(&format!("{aside} {} FROM starsink.quarantine", giant.len())));
    pg.assert_books();
}

#[test]
fn every_compression_is_read() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("compression", 1);
    let events = events(26, 500);
    for (compression, part) in Compression::ALL.into_iter().zip(events.chunks(100)) {
        send(
            &Producer::bulk(&kafka.client(), compression),
            &topic,
            0,
            part,
        );
    }
    let pg = Cluster::consuming(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 500);
    assert_eq!(pg.facts(), 500);
    pg.assert_books();
}
