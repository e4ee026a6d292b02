//! The postmaster dies alone, as by an out-of-memory killer: nobody outlives it, and the cluster starts again each time.
//! `STARSINK_KILLS=50` kills it as often; a few times by default.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rand::Rng as _;
use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::SOON;
use starsink_tests::feed::Feed;
use starsink_tests::kafka::Kafka;
use starsink_tests::shop::Shop;

/// For tens of thousands of messages on a busy machine.
const LATER: Duration = Duration::from_secs(120);

#[test]
fn nobody_outlives_the_postmaster_and_the_cluster_starts_again() {
    const PARTITIONS: i32 = 4;
    let kills: u32 =
        std::env::var("STARSINK_KILLS").map_or(4, |kills| kills.parse().expect("how many times"));
    let kafka = Kafka::shared();
    let topic = kafka.topic("orphans", PARTITIONS);
    let pg = Cluster::builder().database("shop").start();
    pg.sql("CREATE EXTENSION starsink");
    pg.alter_system("starsink.workers", 2);
    pg.load_from(kafka, &topic);
    let feed = Feed::start(&kafka.client(), &topic, PARTITIONS, Shop::new(23), 300);
    pg.wait_for_consumed(1_000, SOON);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        // People look at what the workers write, all the time.
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let Ok(mut client) = pg.try_connect("postgres", "shop") else {
                        thread::sleep(Duration::from_millis(20));
                        continue;
                    };
                    while client
                        .batch_execute("SELECT * FROM starsink.status; SELECT * FROM starsink.jobs")
                        .is_ok()
                        && !is_over.load(Ordering::Relaxed)
                    {}
                }
            });
        }
        for kill in 1..=kills {
            thread::sleep(Duration::from_millis(rand::rng().random_range(0..1_500)));
            let late = pg.kill_postmaster();
            assert!(
                late.is_empty(),
                "kill {kill}: {late:?} outlived it\n{}",
                pg.log_tail()
            );
            pg.start();
            let before = pg.consumed().unwrap_or(0);
            pg.wait_for_consumed(before + 200, SOON);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let sent = feed.finish();
    pg.drain(kafka, &topic, PARTITIONS, LATER);
    pg.assert_loaded_once(&sent);
    println!("{kills} kills");
}

#[test]
fn a_long_statement_of_a_worker_ends_with_the_postmaster() {
    let pg = Cluster::consuming_nothing();
    // It computes, and waits for nothing that would tell it.
    pg.sql(
        "CREATE FUNCTION starsink.compute() RETURNS bigint LANGUAGE plpgsql AS $$
         DECLARE n bigint := 0; BEGIN LOOP n := n + 1; EXIT WHEN n < 0; END LOOP; RETURN n; END $$;
         INSERT INTO starsink.job (name, ordinal, schedule, command, description) VALUES ('compute', -1, '1 s', 'starsink.compute', 'Computes.')",
    );
    pg.wait_for(
        "SELECT bool_or(state = 'running') FROM starsink.jobs WHERE name = 'compute'",
        SOON,
    );
    let late = pg.kill_postmaster();
    assert!(late.is_empty(), "{late:?} outlived it\n{}", pg.log_tail());
    pg.start();
    pg.sql("SELECT 1");
}
