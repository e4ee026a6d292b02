//! The demo's event producer: a stream of shop events, as they happen, to a broker or to one of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use rdkafka::config::ClientConfig;
use starsink_tests::kafka::Kafka;
use starsink_tests::mock::Mock;
use starsink_tests::producer::{Compression, Producer};
use starsink_tests::shop::Shop;

const DAY: i64 = 86_400_000_000;

/// Between two clicks of a visitor, in microseconds.
const CLICK: i64 = 20_000_000;

/// Events of the past that come close upon one another.
const BURST: u64 = 40;

/// How often the rate is kept up: short enough that a rate of 1,000 looks even.
const TICK: Duration = Duration::from_millis(10);

/// Produces believable shop events, with the present as their time.
#[derive(Parser)]
struct Arguments {
    /// The broker, host:port
    #[arg(long, default_value = "localhost:9092", conflicts_with = "mock")]
    bootstrap: String,
    /// Start librdkafka's mock broker inside this process, print `bootstrap=host:port` and keep it up
    #[arg(long)]
    mock: bool,
    /// Start Apache Kafka, print `bootstrap=host:port` and keep it up
    #[arg(long, conflicts_with_all = ["mock", "bootstrap"])]
    kafka: bool,
    #[arg(long, default_value = "product_events")]
    topic: String,
    /// Partitions of the topic: the mock broker makes it so; on another broker it must be there
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(i32).range(1..=1_024))]
    partitions: i32,
    /// Events a second; 0 is as fast as it goes
    #[arg(long, default_value_t = 1_000)]
    rate: u64,
    /// Stop after so many events; 0 is never
    #[arg(long, default_value_t = 0)]
    count: u64,
    /// Stop after so many seconds; 0 is never
    #[arg(long, default_value_t = 0)]
    seconds: u64,
    /// Share of messages that must end in quarantine
    #[arg(long, default_value_t = 0.0)]
    bad: f64,
    /// Share of messages that repeat an earlier one
    #[arg(long, default_value_t = 0.0)]
    duplicates: f64,
    /// Send so many events of the past first, as fast as it goes
    #[arg(long, default_value_t = 0)]
    history: u64,
    /// Over how many days the past goes back
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(i64).range(1..=3_650))]
    history_days: i64,
    #[arg(long, value_enum, default_value_t = Compression::None)]
    compression: Compression,
    /// The stores' domains are www.<brand>.de and so on
    #[arg(long, default_value = "glamira")]
    brand: String,
    /// The same seed gives the same visits; by default it is the time
    #[arg(long)]
    seed: Option<u64>,
}

fn main() {
    let arguments = Arguments::parse();
    let mock = arguments.mock.then(|| start_mock(&arguments));
    let kafka = arguments.kafka.then(|| start_kafka(&arguments));
    let client = match (&mock, &kafka) {
        (Some(mock), _) => mock.client(),
        (_, Some(kafka)) => kafka.client(),
        _ => remote(&arguments.bootstrap),
    };
    let sent = produce(&arguments, &client);
    eprintln!("{sent} events sent to {}", arguments.topic);
    if mock.is_some() || kafka.is_some() {
        // The broker and what it holds live in this process: it stays until it is told to go.
        loop {
            thread::park();
        }
    }
}

fn start_mock(arguments: &Arguments) -> Mock {
    let mock = Mock::start();
    mock.create_topic(&arguments.topic, arguments.partitions);
    announce(&mock.bootstrap());
    mock
}

fn start_kafka(arguments: &Arguments) -> Kafka {
    let kafka = Kafka::start();
    kafka.create_topic(&arguments.topic, arguments.partitions, &[]);
    announce(&kafka.bootstrap());
    kafka
}

fn announce(bootstrap: &str) {
    println!("bootstrap={bootstrap}");
    std::io::stdout().flush().expect("standard output");
}

fn remote(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    config
}

/// Sends at an even pace, a tick's share at a time, until count or time is up.
fn produce(arguments: &Arguments, client: &ClientConfig) -> u64 {
    let producer = if arguments.rate == 0 {
        Producer::bulk(client, arguments.compression)
    } else {
        Producer::builder(client)
            .compression(arguments.compression)
            .set("linger.ms", "1")
            .build()
    };
    let seed = arguments.seed.unwrap_or_else(|| now().cast_unsigned());
    let mut shop = Shop::new(seed)
        .brand(&arguments.brand)
        .bad_ratio(arguments.bad)
        .duplicate_ratio(arguments.duplicates);
    let past = send_history(arguments, &producer, seed);
    let count = if arguments.count == 0 {
        u64::MAX
    } else {
        arguments.count
    };
    let limit = if arguments.seconds == 0 {
        Duration::MAX
    } else {
        Duration::from_secs(arguments.seconds)
    };
    let (begin, mut sent) = (Instant::now(), 0);
    while sent < count && begin.elapsed() < limit {
        let due = if arguments.rate == 0 {
            sent + 10_000
        } else {
            due(begin.elapsed(), arguments.rate)
        };
        let share = due.min(count).saturating_sub(sent);
        let share = usize::try_from(share).expect("a tick's share");
        producer.send_events(
            &arguments.topic,
            arguments.partitions,
            &mut shop,
            share,
            now,
        );
        sent += share as u64;
        if arguments.rate > 0 {
            thread::sleep(TICK);
        }
    }
    producer.flush();
    past + sent
}

/// The past, in the order it happened: days with more visitors at noon than at night, more of them from week to week.
fn send_history(arguments: &Arguments, producer: &Producer, seed: u64) -> u64 {
    let span = arguments.history_days * DAY;
    let start = now() - span;
    let mut shop = Shop::new(seed.wrapping_add(1))
        .brand(&arguments.brand)
        .bad_ratio(arguments.bad)
        .duplicate_ratio(arguments.duplicates)
        .visitors(2);
    for number in 0..arguments.history {
        // Few events in many days: two visitors at a time and a pause after them, or no click would follow another.
        let (burst, click) = (number / BURST * BURST, number % BURST);
        let share = burst as f64 / arguments.history as f64;
        let when = start + past_micros(share, span) + click.cast_signed() * CLICK / 2;
        let time = || when.min(start + span);
        producer.send_events(&arguments.topic, arguments.partitions, &mut shop, 1, time);
    }
    producer.flush();
    arguments.history
}

/// Where in the span the event at this share of the past lies. Rises always, at a pace that goes with the hour.
fn past_micros(share: f64, span: i64) -> i64 {
    // Growth: the later half of the span has the greater part of the events.
    let even = share.powf(0.85) * span as f64;
    let day = DAY as f64;
    let turn = std::f64::consts::TAU;
    (even + 0.6 * day / turn * (turn * even / day).sin()) as i64
}

/// Events that should have been sent by now.
fn due(elapsed: Duration, rate: u64) -> u64 {
    (elapsed.as_secs_f64() * rate as f64) as u64 + 1
}

fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    i64::try_from(since.as_micros()).expect("a clock before the year 290000")
}
