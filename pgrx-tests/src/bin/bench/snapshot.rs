//! An analyst's snapshot held open while events stream in: the commit must cost at the end what it cost at the start,
//! and the bookkeeping must be small again when the snapshot is gone.

use std::thread;
use std::time::{Duration, Instant};

use starsink_tests::cluster::Cluster;
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::Producer;
use starsink_tests::shop::Shop;

use crate::{Arguments, now_micros};

const RATE: u64 = 5_000;
const TICK: Duration = Duration::from_millis(5);

pub fn measure(pg: &Cluster, kafka: &Kafka, arguments: &Arguments, minutes: u64) {
    let topic = kafka.topic("snapshot", arguments.partitions);
    pg.alter_system("starsink.topic", &topic);
    pg.reload();
    pg.wait_for(
        "SELECT count(*) > 0 FROM starsink.status WHERE state = 'running'",
        Duration::from_secs(30),
    );
    let mut analyst = pg.connect(pg.database());
    analyst
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM warehouse.fact_event; SELECT count(*) FROM starsink.ledger")
        .unwrap();
    println!("\na REPEATABLE READ snapshot of {minutes} min at {RATE} events/s");
    let producer = Producer::builder(&kafka.client())
        .set("linger.ms", "1")
        .build();
    let (mut shop, started, mut sent) = (Shop::new(7), Instant::now(), 0);
    for minute in 1..=minutes {
        while started.elapsed() < Duration::from_secs(60 * minute) {
            let due = (started.elapsed().as_secs_f64() * RATE as f64) as u64;
            if due > sent {
                producer.send_events(
                    &topic,
                    arguments.partitions,
                    &mut shop,
                    (due - sent) as usize,
                    now_micros,
                );
                sent = due;
            }
            thread::sleep(TICK);
        }
        report(pg, &topic, minute);
    }
    producer.flush();
    analyst.batch_execute("COMMIT").unwrap();
    println!("the snapshot is gone");
    for _ in 0..6 {
        thread::sleep(Duration::from_secs(15));
        println!("  ledger {}", size(pg));
    }
}

fn report(pg: &Cluster, topic: &str, minute: u64) {
    let row = &pg.query(&format!(
        "SELECT sum(received)::float8 / 30, percentile_cont(0.5) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM committed_at - started_at) * 1000), \
                max(latency_p99_ms) \
         FROM starsink.ledger WHERE topic = '{topic}' AND kind = 'batch' AND rolled_up IS NULL AND committed_at > clock_timestamp() - interval '30 s'"
    ))[0];
    let (rate, commit, latency): (Option<f64>, Option<f64>, Option<f64>) =
        (row.get(0), row.get(1), row.get(2));
    println!(
        "  minute {minute}: {:.0} events/s, median transaction {:.2} ms, highest latency p99 {:.0} ms, ledger {}",
        rate.unwrap_or(0.0),
        commit.unwrap_or(0.0),
        latency.unwrap_or(0.0),
        size(pg)
    );
}

fn size(pg: &Cluster) -> String {
    pg.one("SELECT pg_size_pretty(pg_total_relation_size('starsink.ledger')) || ', ' || count(*) || ' rows' FROM starsink.ledger")
}
