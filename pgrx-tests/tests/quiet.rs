//! Quiet while something is missing, and at work by itself when it comes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::thread;
use std::time::Duration;

use starsink_tests::cluster::Cluster;
use starsink_tests::feed::now;
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::Producer;
use starsink_tests::shop::Shop;

const SOON: Duration = Duration::from_secs(30);

/// What is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Missing {
    Database,
    Extension,
    Setting,
    Topic,
    Broker,
}

/// Waits in that state, then gets what was missing. Returns lines in the log over ten seconds.
fn lines_while_missing(missing: Missing) -> usize {
    let kafka = Kafka::shared();
    let topic = format!("quiet-{missing:?}");
    let pg = Cluster::builder()
        .conf("starsink.database", "shop")
        .conf("starsink.retry_backoff_max", "2s");
    let pg = if missing == Missing::Database {
        pg
    } else {
        pg.database("shop")
    };
    let pg = pg.start();
    let sql = |statements: &str| pg.connect("shop").batch_execute(statements).unwrap();
    if missing > Missing::Extension {
        sql("CREATE EXTENSION starsink");
    }
    let nowhere = "127.0.0.1:9".to_owned();
    pg.alter_system(
        "starsink.bootstrap_servers",
        if missing == Missing::Broker {
            nowhere
        } else {
            kafka.bootstrap()
        },
    );
    if missing != Missing::Setting {
        pg.alter_system("starsink.topic", &topic);
    }
    pg.reload();
    // Laying the warehouse out, and the first words of each worker, are over.
    thread::sleep(Duration::from_secs(8));
    let lines = || {
        let log = pg.log_text();
        log.lines()
            .filter(|line| line.contains("starsink") || line.contains("FATAL"))
            .count()
    };
    let (before, pids) = (lines(), pg.worker_pids("starsink %"));
    thread::sleep(Duration::from_secs(10));
    let spoken = lines() - before;
    assert_eq!(
        pg.worker_pids("starsink %"),
        pids,
        "{missing:?}: no process comes and goes"
    );
    let expected = if missing == Missing::Database { 1 } else { 3 };
    assert_eq!(pids.len(), expected, "{missing:?}: {}", pg.log_tail());

    // What was missing comes, and all goes well by itself.
    kafka.create_topic(&topic, 1, &[]);
    let producer = Producer::new(&kafka.client());
    let sent = producer.send_events(&topic, 1, &mut Shop::new(11), 200, now);
    producer.flush();
    match missing {
        Missing::Database => pg.sql("CREATE DATABASE shop"),
        Missing::Broker => pg.alter_system("starsink.bootstrap_servers", kafka.bootstrap()),
        Missing::Setting => pg.alter_system("starsink.topic", &topic),
        Missing::Extension | Missing::Topic => (),
    }
    if missing <= Missing::Extension {
        sql("CREATE EXTENSION starsink");
    }
    pg.reload();
    let loaded = format!(
        "SELECT count(*) = {} FROM warehouse.fact_event",
        sent.ids.len()
    );
    pg.wait_for_in("shop", &loaded, SOON);
    spoken
}

#[test]
fn workers_are_quiet_without_database_extension_setting_topic_or_broker() {
    use Missing::{Broker, Database, Extension, Setting, Topic};
    Kafka::shared();
    thread::scope(|scope| {
        let states = [Database, Extension, Setting, Topic, Broker];
        let waits = states.map(|state| (state, scope.spawn(move || lines_while_missing(state))));
        for (state, wait) in waits {
            let lines = wait.join().unwrap();
            println!("{state:?} missing: {lines} lines in 10 s");
            assert!(lines <= 3, "{state:?}: {lines}");
        }
    });
}
