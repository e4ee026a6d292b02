//! Latency: from the producer's clock to the moment another connection can see the event; and, measured first, to
//! the moment a bare consumer has the message, which is what the broker and the machine leave to reach for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use starsink_tests::cluster::Cluster;
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::Producer;

use crate::{Arguments, PATIENCE, now_micros};

/// When a stretch of offsets was first seen: partition, first, next, microseconds.
type Seen = Vec<(i32, i64, i64, i64)>;

const TICK: Duration = Duration::from_millis(1);

/// Lets the broker's JIT compiler finish, which on a small machine takes a whole core for a quarter of a minute.
pub fn warm_up(kafka: &Kafka, arguments: &Arguments) {
    bare(kafka, arguments, 2_000, 20);
}

pub fn measure(pg: &Cluster, kafka: &Kafka, arguments: &Arguments, rate: u64) {
    println!(
        "(f) at {rate}/s, produced to received by a bare consumer: {}",
        summary(bare(kafka, arguments, rate, arguments.seconds))
    );
    let topic = kafka.topic("latency", arguments.partitions);
    pg.sql("SELECT starsink.resume()");
    pg.alter_system("starsink.workers", "1");
    pg.alter_system("starsink.topic", &topic);
    pg.reload();
    pg.wait_for(
        "SELECT count(*) > 0 FROM starsink.status WHERE state = 'running'",
        Duration::from_secs(30),
    );
    let (seen, stop): (Arc<Mutex<Seen>>, Arc<AtomicBool>) = Default::default();
    let watcher = thread::spawn({
        let (mut client, topic, seen, stop) = (
            pg.connect(pg.database()),
            topic.clone(),
            Arc::clone(&seen),
            Arc::clone(&stop),
        );
        move || {
            let statement = client
                .prepare("SELECT audit_key, partition, first_offset, next_offset FROM starsink.ledger WHERE committed_at > now() - interval '2 s' AND audit_key > $1 AND topic = $2 AND kind = 'batch'")
                .unwrap();
            let mut last = 0_i64;
            while !stop.load(Ordering::Relaxed) {
                let rows = client.query(&statement, &[&last, &topic]).unwrap();
                let now = now_micros();
                let mut seen = seen.lock().unwrap();
                for row in rows {
                    last = last.max(row.get(0));
                    seen.push((row.get(1), row.get(2), row.get(3), now));
                }
                drop(seen);
                thread::sleep(TICK);
            }
        }
    });
    let messages = produce(kafka, &topic, arguments.partitions, rate, arguments.seconds);
    pg.wait_for(
        &format!("SELECT COALESCE(sum(received), 0) >= {messages} FROM starsink.reconciliation WHERE topic = '{topic}'"),
        PATIENCE,
    );
    thread::sleep(Duration::from_millis(200));
    stop.store(true, Ordering::Relaxed);
    watcher.join().unwrap();
    report(pg, &topic, rate, &seen.lock().unwrap());
}

/// The ceiling: latencies of a consumer that does nothing but look at the clock.
fn bare(kafka: &Kafka, arguments: &Arguments, rate: u64, seconds: u64) -> Vec<f64> {
    let topic = kafka.topic("bare", arguments.partitions);
    let stop: Arc<AtomicBool> = Arc::default();
    let consumer = thread::spawn({
        let (topic, stop, client) = (topic.clone(), Arc::clone(&stop), kafka.client());
        let partitions = arguments.partitions;
        move || consume(client, &topic, partitions, &stop)
    });
    let messages = produce(kafka, &topic, arguments.partitions, rate, seconds);
    thread::sleep(Duration::from_secs(1));
    stop.store(true, Ordering::Relaxed);
    let latencies = consumer.join().unwrap();
    assert_eq!(latencies.len() as u64, messages);
    latencies
}

/// Milliseconds from each message's timestamp to its receipt.
fn consume(mut client: ClientConfig, topic: &str, partitions: i32, stop: &AtomicBool) -> Vec<f64> {
    let consumer: BaseConsumer = client
        .set("group.id", "bench")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions {
        list.add_partition_offset(topic, partition, Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&list).unwrap();
    let mut latencies = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        if let Some(message) = consumer.poll(Duration::from_millis(100)) {
            let produced = message.unwrap().timestamp().to_millis().unwrap() * 1000;
            latencies.push((now_micros() - produced) as f64 / 1000.0);
        }
    }
    latencies
}

fn produce(kafka: &Kafka, topic: &str, partitions: i32, rate: u64, seconds: u64) -> u64 {
    let producer = Producer::builder(&kafka.client())
        .set("linger.ms", "0")
        .build();
    producer.send_at_rate(topic, partitions, rate, now_micros, |sent| {
        sent >= rate * seconds
    })
}

fn report(pg: &Cluster, topic: &str, rate: u64, seen: &Seen) {
    let mut by_partition: HashMap<i32, Vec<(i64, i64, i64)>> = HashMap::new();
    for &(partition, first, next, at) in seen {
        by_partition
            .entry(partition)
            .or_default()
            .push((first, next, at));
    }
    by_partition
        .values_mut()
        .for_each(|stretches| stretches.sort_unstable());
    let mut client = pg.connect(pg.database());
    let rows = client
        .query(
            "SELECT kafka_partition, kafka_offset, (EXTRACT(epoch FROM kafka_time) * 1000000)::bigint FROM warehouse.fact_event WHERE kafka_topic = $1",
            &[&topic],
        )
        .unwrap();
    let mut latencies: Vec<f64> = Vec::with_capacity(rows.len());
    for row in &rows {
        let (partition, offset, produced): (i32, i64, i64) = (row.get(0), row.get(1), row.get(2));
        let stretches = &by_partition[&partition];
        let index = stretches.partition_point(|stretch| stretch.1 <= offset);
        latencies.push((stretches[index].2 - produced) as f64 / 1000.0);
    }
    let commits: i64 = pg.one(&format!("SELECT sum(batches)::bigint / count(DISTINCT partition) FROM starsink.ledger WHERE topic = '{topic}' AND kind = 'batch'"));
    println!(
        "(f) at {rate}/s, produced to visible in another connection:  {}, about {commits} commits",
        summary(latencies)
    );
}

/// Median, 99th percentile and maximum of milliseconds.
fn summary(mut latencies: Vec<f64>) -> String {
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    format!(
        "p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms ({} events)",
        at(0.5),
        at(0.99),
        at(1.0),
        latencies.len()
    )
}
