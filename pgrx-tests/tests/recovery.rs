//! A broker that is away, a topic that is not there, a change of settings under load: told, and overcome unaided,
//! with every event loaded once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::thread;
use std::time::Duration;

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, events, send};
use starsink_tests::kafka::Kafka;
use starsink_tests::mock::Mock;
use starsink_tests::producer::{Message, Producer};

#[test]
fn a_broker_that_is_away_is_told_once_and_found_when_it_is_back() {
    let mock = Mock::start();
    mock.create_topic("shop", 1);
    let (producer, events) = (Producer::new(&mock.client()), events(71, 30));
    send(&producer, "shop", 0, &events[..10]);
    let pg = Cluster::consuming("127.0.0.1:1", "shop");
    pg.wait_for_state(
        "retrying",
        "%Connection refused%starsink.bootstrap_servers%",
    );
    thread::sleep(Duration::from_secs(4));
    let lines = pg.log_text().matches("starsink: retrying").count();
    assert!(
        (1..=3).contains(&lines),
        "{lines} lines in the log\n{}",
        pg.log_tail()
    );
    assert!(pg.one::<bool>(
        "SELECT bool_and(last_error LIKE '%Connection refused%') FROM starsink.status"
    ));

    pg.consume(&mock.bootstrap(), "shop");
    pg.wait_for_messages("shop", 10);
    mock.down(1);
    pg.wait_for_state("retrying", "%");
    mock.up(1);
    send(&producer, "shop", 0, &events[10..20]);
    pg.wait_for_messages("shop", 20);
    pg.wait_for_state("running", "%");
    // A short silence is not worth a word.
    mock.down(1);
    thread::sleep(Duration::from_secs(1));
    mock.up(1);
    send(&producer, "shop", 0, &events[20..]);
    pg.wait_for_messages("shop", 30);
    assert_eq!((pg.facts(), pg.sum("duplicates", "shop")), (30, 0));
    pg.assert_books();
}

#[test]
fn a_topic_that_is_not_there_is_told_and_read_when_it_comes() {
    let kafka = Kafka::shared();
    let topic = format!("late-{}", std::process::id());
    let pg = Cluster::consuming(&kafka.bootstrap(), &topic);
    pg.wait_for_state("retrying", "%nknown topic%starsink.topic%");
    kafka.create_topic(&topic, 1, &[]);
    send(&Producer::new(&kafka.client()), &topic, 0, &events(72, 10));
    pg.wait_for_messages(&topic, 10);
    pg.wait_for_state("running", "%");
    pg.assert_books();
}

#[test]
fn topic_broker_and_batches_change_under_load_without_loss_or_repetition() {
    const EACH: usize = 4_000;
    let (kafka, mock) = (Kafka::shared(), Mock::start());
    let (one, two) = (kafka.topic("load-one", 2), kafka.topic("load-two", 1));
    mock.create_topic("load-three", 1);
    let pg = Cluster::consuming_nothing();
    let places = [
        (kafka.bootstrap(), one.as_str()),
        (kafka.bootstrap(), two.as_str()),
        (mock.bootstrap(), "load-three"),
    ];
    let producers =
        [kafka.client(), kafka.client(), mock.client()].map(|client| Producer::new(&client));
    thread::scope(|scope| {
        for (number, (producer, (_, topic))) in producers.iter().zip(&places).enumerate() {
            scope.spawn(move || {
                for event in events(80 + number as u64, EACH) {
                    producer.send(topic, &Message::new(&event.json).partition(0));
                    thread::sleep(Duration::from_millis(2));
                }
                producer.flush();
            });
        }
        for round in 0..12 {
            let (bootstrap, topic) = &places[round % 3];
            pg.consume(bootstrap, topic);
            pg.alter_system("starsink.batch_max_events", [1, 20_000, 7][round % 3]);
            pg.alter_system(
                "starsink.batch_max_wait",
                ["0", "200ms", "5ms", "50ms"][round % 4],
            );
            thread::sleep(Duration::from_millis(400));
            pg.alter_system("starsink.memory", ["16MB", "64MB"][round % 2]);
            pg.alter_system("starsink.client_id", format!("round-{round}"));
            pg.reload();
            thread::sleep(Duration::from_millis(300));
        }
    });
    for (bootstrap, topic) in &places {
        pg.consume(bootstrap, topic);
        pg.wait_for_messages(topic, EACH);
        assert_eq!(
            pg.sum("loaded", topic),
            i64::try_from(EACH).unwrap(),
            "{topic}"
        );
    }
    let batches: i64 = pg.one("SELECT count(*) FROM starsink.ledger WHERE kind = 'batch'");
    assert!(
        batches > 30,
        "the load went on during the changes: {batches} batches"
    );
    assert_eq!((pg.facts(), pg.quarantined()), (3 * EACH as i64, 0));
    pg.assert_books();
}

#[test]
fn partitions_that_come_later_are_read_from_their_start() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("grown", 1);
    let (producer, events) = (Producer::new(&kafka.client()), events(73, 30));
    let pg = Cluster::consuming_nothing();
    pg.alter_system("starsink.auto_offset_reset", "latest");
    send(&producer, &topic, 0, &events[..10]);
    pg.consume(&kafka.bootstrap(), &topic);
    pg.wait_for(
        "SELECT bool_and(state = 'running' AND next_offset = 10) FROM starsink.status",
        SOON,
    );
    kafka.add_partitions(&topic, 3);
    let grown = Producer::new(&kafka.client());
    send(&grown, &topic, 1, &events[10..20]);
    send(&grown, &topic, 2, &events[20..]);
    pg.wait_for_messages(&topic, 20);
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM starsink.status WHERE state = 'running'"),
        3
    );
    pg.assert_books();
}
