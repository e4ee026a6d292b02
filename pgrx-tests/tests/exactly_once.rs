//! Exactly once: whatever is killed while events come, each is loaded, and none twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{Rng as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use starsink_tests::cluster::Cluster;
use starsink_tests::feed::{Feed, now};
use starsink_tests::kafka::Kafka;
use starsink_tests::shop::Shop;

const TOPIC: &str = "shop-events";
const PARTITIONS: i32 = 6;
const EVENTS: u64 = 200_000;
const PER_SECOND: u32 = 3_000;
const KILLS: [(Victim, usize); 4] = [
    (Victim::Worker, 8),
    (Victim::Launcher, 5),
    (Victim::Postmaster, 5),
    (Victim::Broker, 3),
];
/// How long loading may stand still after a kill: recovery, reconnecting, back-off.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Worker,
    Launcher,
    Postmaster,
    Broker,
}

/// Kills one, and returns when what does not start by itself was started, and what does is there again.
fn kill(victim: Victim, pg: &Cluster, kafka: &Kafka, dice: &mut Pcg64Mcg) {
    match victim {
        Victim::Worker => {
            let workers = ["starsink ingest 1", "starsink ingest 2"];
            kill_process(workers.choose(dice).unwrap(), pg);
        }
        Victim::Launcher => kill_process("starsink launcher", pg),
        Victim::Postmaster => {
            let late = pg.kill_postmaster();
            assert!(
                late.is_empty(),
                "processes that outlived the postmaster: {late:?}"
            );
            pg.start();
        }
        Victim::Broker => {
            kafka.kill();
            kafka.restart();
        }
    }
}

/// PostgreSQL takes a worker's violent death for a crash: it ends all processes and recovers from the log.
fn kill_process(backend_type: &str, pg: &Cluster) {
    let pids = pg.signal_workers(backend_type, libc::SIGKILL);
    assert_eq!(pids.len(), 1, "{backend_type}\n{}", pg.log_tail());
    pg.wait_for(
        &format!(
            "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = '{backend_type}' AND pid <> {}",
            pids[0]
        ),
        PATIENCE,
    );
}

#[test]
fn every_event_is_loaded_once_through_twenty_kills() {
    let seed = std::env::var("STARSINK_SEED")
        .map_or_else(|_| now() as u64, |seed| seed.parse().expect("a number"));
    println!("STARSINK_SEED={seed}");
    let mut dice = Pcg64Mcg::seed_from_u64(seed);
    let kafka = Kafka::start();
    kafka.create_topic(TOPIC, PARTITIONS, &[]);
    let pg = Cluster::builder().database("shop").start();
    assert_eq!(pg.one::<String>("SELECT current_setting('fsync')"), "on");
    pg.alter_system("starsink.workers", 2);
    // Small batches, so that kills meet many commits.
    pg.alter_system("starsink.batch_max_events", 500);
    pg.sql("CREATE EXTENSION starsink");
    pg.load_from(&kafka, TOPIC);

    let begin = Instant::now();
    let shop = Shop::new(seed).bad_ratio(0.01).duplicate_ratio(0.01);
    let feed = Feed::start(&kafka.client(), TOPIC, PARTITIONS, shop, PER_SECOND);
    let mut plan: Vec<Victim> = KILLS
        .iter()
        .flat_map(|&(victim, times)| vec![victim; times])
        .collect();
    plan.shuffle(&mut dice);
    let mut killed: BTreeMap<Victim, (usize, Duration)> = BTreeMap::new();
    let mut slowest = Duration::ZERO;
    for victim in plan {
        // Every kill hits a cluster that is loading again, at any moment of it.
        let before = pg.consumed().unwrap();
        slowest = slowest.max(pg.wait_for_consumed(before + 1_000, PATIENCE));
        std::thread::sleep(Duration::from_millis(dice.random_range(0..600)));
        let at = Instant::now();
        kill(victim, &pg, &kafka, &mut dice);
        let (times, longest) = killed.entry(victim).or_insert((0, Duration::ZERO));
        *times += 1;
        *longest = (*longest).max(at.elapsed());
    }
    let chaos = begin.elapsed();
    feed.wait_for(EVENTS + EVENTS / 20);
    let sent = feed.finish();
    pg.drain(&kafka, TOPIC, PARTITIONS, PATIENCE);
    let total = begin.elapsed();

    assert!(sent.ids.len() as u64 >= EVENTS, "{}", sent.ids.len());
    assert!(
        killed.values().map(|(times, _)| times).sum::<usize>() >= 20,
        "{killed:?}"
    );
    let totals = pg.assert_loaded_once(&sent);
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM starsink.ledger WHERE kind = 'reset'"),
        i64::from(PARTITIONS),
        "no kill makes a partition begin anew"
    );
    let log = pg.log_text();
    for word in ["PANIC:", "panicked at", "SIGABRT", "SIGSEGV"] {
        assert!(!log.contains(word), "{word} in the server's log");
    }
    for (victim, (times, longest)) in killed {
        println!("killed {victim:?} {times} times, there again after {longest:.1?} at most");
    }
    println!(
        "{} messages in {:.1} s ({:.1} s of kills, then loading again after {:.1} s at most): \
         {} events loaded once, {} duplicates dropped, {} in quarantine, 0 missing, 0 twice, difference 0",
        totals.received,
        total.as_secs_f64(),
        chaos.as_secs_f64(),
        slowest.as_secs_f64(),
        totals.loaded,
        totals.duplicates,
        totals.quarantined
    );
}
