//! The fixtures keep their promises: servers start, crash, come back with their data, and leave nothing behind.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use rdkafka::Message as _;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers, OwnedMessage};
use rdkafka::{Offset, TopicPartitionList};
use starsink_tests::cluster::{Cluster, Stop};
use starsink_tests::kafka::{Kafka, Mechanism, Watermarks};
use starsink_tests::mock::Mock;
use starsink_tests::producer::{Compression, Message, Producer};
use starsink_tests::shop::Shop;

const NOW: i64 = 1_591_266_092_000_000;
const SOON: Duration = Duration::from_secs(20);

/// Reads a partition from its beginning until so many messages have come.
fn read(client: &ClientConfig, topic: &str, partition: i32, count: usize) -> Vec<OwnedMessage> {
    let consumer: BaseConsumer = client
        .clone()
        .set("group.id", "reader")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .create()
        .expect("a consumer");
    let mut from = TopicPartitionList::new();
    from.add_partition_offset(topic, partition, Offset::Beginning)
        .expect("an offset");
    consumer.assign(&from).expect("an assignment");
    let mut messages = Vec::new();
    while messages.len() < count {
        let message = consumer
            .poll(SOON)
            .expect("a message in time")
            .expect("no error");
        messages.push(message.detach());
    }
    messages
}

fn plain_cluster() -> Cluster {
    Cluster::builder()
        .preload("")
        .conf("max_connections", 20)
        .database("shop")
        .start()
}

#[test]
fn a_cluster_keeps_committed_rows_across_a_killed_postmaster_and_a_restart() {
    let pg = plain_cluster();
    pg.sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n");
    assert!(
        pg.kill_postmaster().is_empty(),
        "idle children notice at once"
    );
    assert!(!pg.is_running());
    pg.start();
    assert_eq!(pg.one::<i64>("SELECT count(*) FROM t"), 1_000);
    pg.stop(Stop::Immediate);
    pg.start();
    pg.restart();
    assert_eq!(pg.one::<i64>("SELECT count(*) FROM t"), 1_000);
    assert_eq!(pg.one::<String>("SELECT current_setting('fsync')"), "on");
}

#[test]
fn a_setting_with_quotes_and_backslashes_arrives_as_it_is() {
    let pg = plain_cluster();
    let odd = r"it's \ 'odd' -- \n";
    pg.alter_system("cluster_name", odd);
    pg.alter_system("work_mem", "7MB");
    pg.reload();
    pg.wait_for("SELECT current_setting('work_mem') = '7MB'", SOON);
    pg.restart();
    assert_eq!(
        pg.one::<String>("SELECT current_setting('cluster_name')"),
        odd
    );
}

#[test]
fn a_background_process_is_found_and_killed_by_its_type_and_the_cluster_recovers() {
    let pg = plain_cluster();
    let before = pg.signal_workers("%walwriter%", libc::SIGKILL);
    assert_eq!(before.len(), 1);
    pg.wait_for(
        &format!(
            "SELECT pid <> {} FROM pg_stat_activity WHERE backend_type = 'walwriter'",
            before[0]
        ),
        SOON,
    );
}

#[test]
fn a_standby_follows_and_takes_over() {
    let pg = plain_cluster();
    pg.sql("CREATE TABLE t (n int)");
    let standby = pg.standby();
    pg.sql("INSERT INTO t VALUES (1)");
    pg.wait_for_replay(&standby, SOON);
    assert!(standby.is_standby());
    pg.kill_postmaster();
    standby.promote();
    standby.sql("INSERT INTO t VALUES (2)");
    assert_eq!(standby.one::<i64>("SELECT count(*) FROM t"), 2);
}

#[test]
fn a_dropped_cluster_leaves_no_process_and_no_folder() {
    let pg = plain_cluster();
    let (data, postmaster) = (
        pg.data(),
        std::fs::read_to_string(pg.data().join("postmaster.pid")).unwrap(),
    );
    drop(pg);
    assert!(!data.exists());
    assert!(
        !Path::new("/proc")
            .join(postmaster.lines().next().unwrap())
            .exists()
    );
}

#[test]
fn kafka_keeps_its_messages_across_a_kill() {
    let kafka = Kafka::start();
    kafka.create_topic("t", 2, &[]);
    let producer = Producer::builder(&kafka.client()).idempotent().build();
    let mut shop = Shop::new(1);
    let mut sent = producer.send_events("t", 2, &mut shop, 1_000, || NOW);
    producer.flush();
    kafka.kill();
    assert!(!kafka.is_running());
    // Sent while the broker is away: the producer holds on to it.
    sent.add(producer.send_events("t", 2, &mut shop, 1_000, || NOW));
    kafka.restart();
    producer.flush();
    let marks = [0, 1].map(|partition| kafka.watermarks("t", partition));
    assert_eq!(marks.map(|mark| mark.high).iter().sum::<i64>(), 2_000);
    assert_eq!(sent.ids.iter().collect::<HashSet<_>>().len(), 2_000);
}

#[test]
fn topics_are_made_grown_trimmed_configured_and_made_anew() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("topics", 1);
    let producer = Producer::new(&kafka.client());
    for number in 0..10 {
        producer.send(&topic, &Message::new(&format!("{number}")).partition(0));
    }
    producer.flush();
    kafka.trim(&topic, 0, 4);
    assert_eq!(kafka.watermarks(&topic, 0), Watermarks { low: 4, high: 10 });
    kafka.add_partitions(&topic, 3);
    assert_eq!(kafka.watermarks(&topic, 2), Watermarks { low: 0, high: 0 });
    kafka.alter_topic(&topic, &[("max.message.bytes", "2000000")]);
    kafka.delete_topic(&topic);
    kafka.create_topic(&topic, 1, &[("cleanup.policy", "compact")]);
    assert_eq!(kafka.watermarks(&topic, 0), Watermarks { low: 0, high: 0 });
}

#[test]
fn a_message_arrives_with_all_it_was_sent_with() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("message", 3);
    let producer = Producer::new(&kafka.client());
    producer.send(
        &topic,
        &Message::new("{}")
            .key("k")
            .partition(2)
            .timestamp(1_591_266_092_123)
            .header("h", "v"),
    );
    producer.send(&topic, &Message::tombstone("k").partition(2));
    producer.flush();
    let messages = read(&kafka.client(), &topic, 2, 2);
    let first = &messages[0];
    assert_eq!(
        (first.key(), first.payload()),
        (Some(&b"k"[..]), Some(&b"{}"[..]))
    );
    assert_eq!(first.timestamp().to_millis(), Some(1_591_266_092_123));
    let header = first.headers().expect("headers").get(0);
    assert_eq!((header.key, header.value), ("h", Some(&b"v"[..])));
    assert_eq!(messages[1].payload(), None);
}

#[test]
fn every_compression_arrives() {
    let kafka = Kafka::shared();
    for compression in Compression::ALL {
        let topic = kafka.topic(compression.name(), 1);
        let producer = Producer::bulk(&kafka.client(), compression);
        producer.send_events(&topic, 1, &mut Shop::new(1), 500, || NOW);
        producer.flush();
        let bytes: Vec<_> = read(&kafka.client(), &topic, 0, 500);
        assert_eq!(bytes[499].payload().expect("a payload"), {
            let mut shop = Shop::new(1);
            (0..500)
                .map(|_| shop.next(NOW).json)
                .last()
                .expect("500 events")
        });
    }
}

#[test]
fn an_aborted_transaction_takes_offsets_and_shows_no_message() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("transaction", 1);
    let producer = Producer::builder(&kafka.client())
        .transactional(&topic)
        .build();
    producer.begin();
    producer.send(&topic, &Message::new("aborted"));
    producer.abort();
    producer.begin();
    producer.send(&topic, &Message::new("committed"));
    producer.commit();
    let messages = read(&kafka.client(), &topic, 0, 1);
    assert_eq!(messages[0].payload(), Some(&b"committed"[..]));
    // A message and a control record, twice.
    assert_eq!(kafka.watermarks(&topic, 0).high, 4);
}

#[test]
fn a_secure_listener_lets_in_who_knows_the_password_and_nobody_else() {
    let kafka = Kafka::builder().secure().start();
    kafka.create_topic("t", 1, &[]);
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha512] {
        let client = kafka.secure().client(mechanism);
        let producer = Producer::new(&client);
        producer.send("t", &Message::new("secret"));
        producer.flush();
        let mut stranger = client.clone();
        stranger.set("sasl.password", "wrong").set("log_level", "0");
        let consumer: BaseConsumer = stranger.create().expect("a consumer");
        assert!(
            consumer
                .fetch_metadata(Some("t"), Duration::from_secs(2))
                .is_err()
        );
    }
    assert_eq!(kafka.watermarks("t", 0).high, 2);
}

#[test]
fn the_mock_cluster_takes_messages_and_fails_on_command() {
    let mock = Mock::start();
    mock.create_topic("t", 1);
    let producer = Producer::new(&mock.client());
    producer.send("t", &Message::new("before"));
    producer.flush();
    mock.down(1);
    producer.send("t", &Message::new("while down"));
    mock.up(1);
    producer.flush();
    assert_eq!(
        read(&mock.client(), "t", 0, 2)[1].payload(),
        Some(&b"while down"[..])
    );
}
