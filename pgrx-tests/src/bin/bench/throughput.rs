//! Throughput: draining a full topic, against COPY of the very rows it left, into the same table with the same indexes.

use std::time::{Duration, Instant};

use starsink_tests::cluster::Cluster;
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::{Compression, Producer};
use starsink_tests::shop::Shop;

use crate::process::{Cpu, status_mb};
use crate::{Arguments, PATIENCE, now_micros, spread};

/// The tables that a drain fills in proportion to its events; COPY fills the same.
const FACTS: [&str; 2] = ["fact_event", "fact_order_line"];

struct Drained {
    per_second: f64,
    cpu: Cpu,
    peak_mb: f64,
    own_mb: f64,
}

pub fn measure(pg: &Cluster, kafka: &Kafka, arguments: &Arguments) {
    let topic = kafka.topic("bench", arguments.partitions);
    let started = Instant::now();
    let producer = Producer::bulk(&kafka.client(), Compression::None);
    let sent = producer.send_events(
        &topic,
        arguments.partitions,
        &mut Shop::new(1),
        arguments.events,
        now_micros,
    );
    producer.flush();
    let messages = sent.messages();
    println!(
        "{messages} events produced in {:.0} s",
        started.elapsed().as_secs_f64()
    );
    pg.alter_system("starsink.topic", &topic);
    pg.reload();
    pg.wait_for(
        "SELECT count(*) > 0 FROM starsink_internal.partition_states()",
        Duration::from_secs(30),
    );
    load_rates(pg);
    let (mut ceiling, mut one, mut two): (Vec<f64>, Vec<Drained>, Vec<Drained>) =
        Default::default();
    // Files, buffers and write-ahead log are new, and whoever writes them first pays for it.
    drain(pg, 1, messages);
    for round in 1..=arguments.rounds {
        for (workers, into) in [(1, &mut one), (2, &mut two)] {
            let drained = drain(pg, workers, messages);
            println!(
                "round {round}: {workers} worker(s) {:.0} events/s",
                drained.per_second
            );
            into.push(drained);
        }
        let rows: i64 = pg.one("SELECT count(*) FROM warehouse.fact_event");
        let lines: i64 = pg.one("SELECT count(*) FROM warehouse.fact_order_line");
        let seconds = copy(pg);
        println!(
            "round {round}: COPY {:.0} rows/s ({lines} order lines beside them)",
            rows as f64 / seconds
        );
        ceiling.push(rows as f64 / seconds);
    }
    report(&ceiling, &one, &two, messages);
}

/// Empties facts and dimensions, goes back to the start and lets it run.
fn drain(pg: &Cluster, workers: i32, messages: u64) -> Drained {
    pg.sql("SELECT starsink.pause()");
    pg.alter_system("starsink.workers", workers);
    pg.reload();
    pg.wait_for(
        "SELECT count(*) = 0 FROM starsink_internal.partition_states()",
        Duration::from_secs(30),
    );
    pg.sql(
        // No job may be under way: the warehouse is laid out anew with what was folded of it gone.
        "SELECT pg_advisory_xact_lock(hashtext('starsink.create_warehouse')); SELECT starsink.forget_folds(); \
         TRUNCATE warehouse.fact_event, warehouse.fact_order_line, warehouse.bridge_option_combination, warehouse.dim_option_combination, \
         warehouse.dim_alloy_option, warehouse.dim_diamond_option, warehouse.dim_campaign, warehouse.dim_device, warehouse.dim_product, \
         warehouse.dim_customer, warehouse.dim_referrer, warehouse.dim_user_agent, warehouse.dim_browser, warehouse.dim_os CASCADE; \
         SELECT starsink.create_warehouse(); \
         SELECT starsink.seek('earliest'); CHECKPOINT; TRUNCATE starsink.quarantine",
    );
    let first: i64 = pg.one("SELECT max(audit_key) FROM starsink.ledger");
    pg.wait_for(
        &format!("SELECT count(DISTINCT worker) >= {workers} FROM starsink_internal.worker_states() WHERE worker > 0 AND state = 'paused'"),
        Duration::from_secs(30),
    );
    let pids = pg.worker_pids("starsink ingest %");
    let before = Cpu::of(&pids);
    pg.sql("SELECT starsink.resume()");
    pg.wait_for(
        &format!("SELECT COALESCE(sum(received), 0) >= {messages} FROM starsink.ledger WHERE audit_key > {first} AND kind = 'batch'"),
        PATIENCE,
    );
    let cpu = Cpu::of(&pids).since(before);
    let seconds: f64 = pg.one(&format!(
        "SELECT EXTRACT(epoch FROM max(committed_at) - min(started_at))::double precision FROM starsink.ledger \
         WHERE audit_key > {first} AND kind = 'batch'"
    ));
    Drained {
        per_second: messages as f64 / seconds,
        cpu,
        peak_mb: pids
            .iter()
            .map(|&pid| status_mb(pid, "VmHWM"))
            .fold(0.0, f64::max),
        own_mb: pids
            .iter()
            .map(|&pid| status_mb(pid, "RssAnon"))
            .fold(0.0, f64::max),
    }
}

/// One backend's COPY of the rows that are there into the emptied tables, foreign-key triggers off as in the loader;
/// seconds.
fn copy(pg: &Cluster) -> f64 {
    let files = FACTS.map(|table| (table, pg.data().join(format!("{table}.copy"))));
    for (table, file) in &files {
        pg.sql(&format!(
            "COPY (SELECT * FROM warehouse.{table}) TO '{}' (FORMAT binary)",
            file.display()
        ));
    }
    pg.sql("SELECT starsink.pause(); TRUNCATE warehouse.fact_event, warehouse.fact_order_line; CHECKPOINT");
    let mut client = pg.connect(pg.database());
    client
        .batch_execute("SET session_replication_role = replica")
        .unwrap();
    let started = Instant::now();
    for (table, file) in &files {
        client
            .batch_execute(&format!(
                "COPY warehouse.{table} FROM '{}' (FORMAT binary)",
                file.display()
            ))
            .unwrap();
    }
    let seconds = started.elapsed().as_secs_f64();
    for (_, file) in &files {
        std::fs::remove_file(file).ok();
    }
    seconds
}

/// A rate of today for each currency of the shop, so that order lines are valued.
fn load_rates(pg: &Cluster) {
    pg.sql(
        "CREATE TEMP TABLE rates AS SELECT c AS currency_code, now()::date - n AS rate_date, 1.5 + n AS rate \
         FROM unnest('{GBP,CHF,SEK,AUD,CAD,USD,PLN,RSD,MXN,BGN,CLP}'::text[]) AS c, generate_series(0, 2) AS n; \
         SELECT starsink.merge_exchange_rate('rates')",
    );
}

fn report(ceiling: &[f64], one: &[Drained], two: &[Drained], messages: u64) {
    let rate = |drained: &[Drained]| {
        drained
            .iter()
            .map(|drained| drained.per_second)
            .collect::<Vec<_>>()
    };
    let ratio = |drained: &[Drained]| {
        drained
            .iter()
            .zip(ceiling)
            .map(|(drained, ceiling)| drained.per_second / ceiling)
            .collect::<Vec<_>>()
    };
    let micros = |part: fn(&Cpu) -> f64| {
        one.iter()
            .map(|drained| part(&drained.cpu) * 1e6 / messages as f64)
            .collect::<Vec<_>>()
    };
    println!(
        "\nthroughput, {messages} events, median of {} rounds (lowest to highest)",
        ceiling.len()
    );
    println!(
        "(a) COPY binary, one backend     {} rows/s",
        spread(ceiling, 0)
    );
    println!(
        "(b) starsink, one worker         {} events/s",
        spread(&rate(one), 0)
    );
    println!(
        "    starsink, two workers        {} events/s",
        spread(&rate(two), 0)
    );
    println!(
        "(c) ratio to COPY, one worker    {}",
        spread(&ratio(one), 2)
    );
    println!(
        "    ratio to COPY, two workers   {}",
        spread(&ratio(two), 2)
    );
    println!(
        "(d) CPU per event, one worker    fetch {} us",
        spread(&micros(|cpu| cpu.fetch), 2)
    );
    println!(
        "                                 decode {} us",
        spread(&micros(|cpu| cpu.decode), 2)
    );
    println!(
        "                                 write {} us",
        spread(&micros(|cpu| cpu.write), 2)
    );
    let peak: Vec<f64> = one
        .iter()
        .chain(two)
        .map(|drained| drained.peak_mb)
        .collect();
    let own: Vec<f64> = one
        .iter()
        .chain(two)
        .map(|drained| drained.own_mb)
        .collect();
    println!(
        "(e) memory of a worker           peak {} MB with shared buffers, its own {} MB",
        spread(&peak, 0),
        spread(&own, 0)
    );
}
