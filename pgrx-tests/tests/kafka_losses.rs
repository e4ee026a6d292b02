//! Messages deleted before they were read, and topics deleted and made anew: told, counted, and as the settings say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, events, send};
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::Producer;

/// A topic of which the first ten events are loaded, the next ten deleted unread, and ten more are there.
fn trimmed(topic: &str, policy: &str) -> Cluster {
    let kafka = Kafka::shared();
    let producer = Producer::new(&kafka.client());
    let events = events(23, 30);
    send(&producer, topic, 0, &events[..10]);
    let pg = Cluster::consuming_nothing();
    pg.alter_system("starsink.on_trimmed", policy);
    pg.consume(&kafka.bootstrap(), topic);
    pg.wait_for_messages(topic, 10);
    pg.sql("SELECT starsink.pause()");
    pg.wait_for_state("paused", "%starsink.pause()%");
    send(&producer, topic, 0, &events[10..]);
    kafka.trim(topic, 0, 20);
    pg.sql("SELECT starsink.resume()");
    pg
}

#[test]
fn what_retention_deleted_unread_is_counted_and_told() {
    let topic = Kafka::shared().topic("trimmed", 1);
    let pg = trimmed(&topic, "earliest");
    pg.wait_for_messages(&topic, 20);
    pg.wait_for_no_lag(30);
    assert_eq!((pg.facts(), pg.sum("lost", &topic)), (20, 10));
    let warning = format!(
        "WARNING:  starsink: topic \"{topic}\" partition 0: offsets 10 to 19 were deleted before they were read; going on at offset 20"
    );
    assert_eq!(
        pg.log_text().matches(&warning).count(),
        1,
        "{}",
        pg.log_tail()
    );
    pg.assert_books();
}

#[test]
fn a_trimmed_topic_waits_for_the_operator_if_told_to() {
    let topic = Kafka::shared().topic("trimmed-pause", 1);
    let pg = trimmed(&topic, "pause");
    pg.wait_for_state("paused", "%offsets 10 to 19 were deleted before they were read%starsink.on_trimmed = pause%starsink.seek()%");
    assert_eq!((pg.facts(), pg.sum("lost", &topic)), (10, 0));
    pg.sql("SELECT * FROM starsink.seek('earliest')");
    pg.wait_for_messages(&topic, 20);
    pg.wait_for_no_lag(30);
    assert_eq!(pg.facts(), 20);
    pg.assert_books();
}

/// A topic of which twenty events are loaded, deleted and created again with ten others.
fn recreated(topic: &str, policy: &str) -> Cluster {
    let kafka = Kafka::shared();
    let events = events(24, 30);
    send(&Producer::new(&kafka.client()), topic, 0, &events[..20]);
    let pg = Cluster::consuming_nothing();
    pg.alter_system("starsink.on_recreated", policy);
    pg.consume(&kafka.bootstrap(), topic);
    pg.wait_for_messages(topic, 20);
    kafka.delete_topic(topic);
    pg.wait_for_state("retrying", "%");
    kafka.create_topic(topic, 1, &[]);
    send(&Producer::new(&kafka.client()), topic, 0, &events[20..]);
    pg
}

#[test]
fn latest_leaves_out_what_is_there_still_and_counts_it_too() {
    let topic = Kafka::shared().topic("trimmed-latest", 1);
    let pg = trimmed(&topic, "latest");
    pg.wait_for_no_lag(30);
    assert_eq!((pg.facts(), pg.sum("lost", &topic)), (10, 20));
    pg.assert_books();
}

#[test]
fn a_topic_made_anew_between_two_looks_is_known_by_its_id_though_it_is_longer() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("recreated-longer", 1);
    let producer = Producer::new(&kafka.client());
    let events = events(27, 60);
    send(&producer, &topic, 0, &events[..20]);
    let pg = Cluster::consuming_nothing();
    pg.alter_system("starsink.metadata_refresh", "5s");
    pg.consume(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 20);
    kafka.delete_topic(&topic);
    kafka.create_topic(&topic, 1, &[]);
    send(&Producer::new(&kafka.client()), &topic, 0, &events[20..]);
    pg.wait_for("SELECT count(*) = 60 FROM warehouse.fact_event", SOON);
    pg.wait_for_no_lag(40);
    assert!(
        pg.log_text()
            .contains("deleted and created again; going on at offset 0")
    );
    pg.assert_books();
}

#[test]
fn a_topic_made_anew_is_read_from_its_beginning() {
    let topic = Kafka::shared().topic("recreated", 1);
    let pg = recreated(&topic, "earliest");
    pg.wait_for_messages(&topic, 30);
    pg.wait_for_no_lag(10);
    assert_eq!(pg.facts(), 30);
    assert!(
        pg.log_text().contains("WARNING:  starsink: topic")
            && pg
                .log_text()
                .contains("deleted and created again; going on at offset 0")
    );
    pg.assert_books();
}

#[test]
fn a_topic_made_anew_waits_for_the_operator_if_told_to() {
    let topic = Kafka::shared().topic("recreated-pause", 1);
    let pg = recreated(&topic, "pause");
    pg.wait_for_state(
        "paused",
        "%deleted and created again%starsink.on_recreated = pause%starsink.seek()%",
    );
    assert_eq!(pg.facts(), 20);
    pg.sql("SELECT * FROM starsink.seek(0, 4)");
    pg.wait_for_messages(&topic, 26);
    pg.wait_for_no_lag(10);
    pg.assert_books();
}
