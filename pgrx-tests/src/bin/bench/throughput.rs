//! Throughput: draining a full topic, against two ceilings: COPY of the very rows it left, into the same tables with the
//! same indexes, and COPY of what of these rows is keys alone. Beside it, what an event costs: CPU, disk, WAL.

use std::time::{Duration, Instant};

use starsink_tests::cluster::Cluster;
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::{Compression, Producer};
use starsink_tests::shop::Shop;

use crate::process::{Cpu, status_mb};
use crate::{Arguments, PATIENCE, now_micros, spread};

/// The tables that a drain fills in proportion to its events; COPY fills the same.
const FACTS: [&str; 2] = ["fact_event", "fact_order_line"];

/// What of a fact a person alone reads who looks at one event; the rest is keys.
const DETAILS: &str = "current_url, referrer_url, extras, ip, local_time, kafka_time, kafka_topic";

struct Drained {
    per_second: f64,
    cpu: Cpu,
    /// Of the steward, until everything is folded.
    steward: f64,
    /// Written by then.
    wal_bytes: f64,
    peak_mb: f64,
    own_mb: f64,
}

/// Rows per second.
#[derive(Default)]
struct Ceilings {
    whole: Vec<f64>,
    keys: Vec<f64>,
}

pub fn measure(pg: &Cluster, kafka: &Kafka, arguments: &Arguments) {
    let topic = kafka.topic("bench", arguments.partitions);
    let started = Instant::now();
    let producer = Producer::bulk(&kafka.client(), Compression::None);
    let sent = producer.send_events(
        &topic,
        arguments.partitions,
        &mut if arguments.many_members {
            Shop::new(1).many_members()
        } else {
            Shop::new(1)
        },
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
    let (mut ceilings, mut one, mut two): (Ceilings, Vec<Drained>, Vec<Drained>) =
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
        if round == 1 {
            sizes(pg, rows as f64);
        }
        let keys = rows as f64 / copy_keys(pg);
        let whole = rows as f64 / copy(pg);
        println!(
            "round {round}: COPY {whole:.0} rows/s ({lines} order lines beside them), of their keys {keys:.0}"
        );
        ceilings.whole.push(whole);
        ceilings.keys.push(keys);
    }
    report(&ceilings, &one, &two, messages);
}

/// Members that the events brought, and bytes on disk an event, of the tables that take most.
fn sizes(pg: &Cluster, rows: f64) {
    let members: String = pg.one(
        "SELECT string_agg(format('%s %s', count, name), ', ' ORDER BY count DESC) FROM ( \
             SELECT 'products' AS name, count(*) FROM warehouse.dim_product UNION ALL SELECT 'devices', count(*) FROM warehouse.dim_device \
             UNION ALL SELECT 'referrers', count(*) FROM warehouse.dim_referrer \
             UNION ALL SELECT 'combinations', count(*) FROM warehouse.dim_option_combination) AS m",
    );
    println!("members: {members}");
    println!("bytes on disk an event: table, its indexes");
    for row in pg.query(&format!(
        "SELECT r.name, sum(pg_table_size(r.oid))::float8 / {rows}, sum(pg_indexes_size(r.oid))::float8 / {rows} \
         FROM (SELECT c.oid, COALESCE((SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = c.oid)::regclass, c.oid::regclass)::text AS name \
               FROM pg_class AS c WHERE c.relnamespace = 'warehouse'::regnamespace AND c.relkind = 'r') AS r \
         GROUP BY 1 HAVING sum(pg_total_relation_size(r.oid)) > {rows} ORDER BY 2 DESC"
    )) {
        let (name, table, indexes): (String, f64, f64) = (row.get(0), row.get(1), row.get(2));
        println!("  {name:<38} {table:>7.1} {indexes:>7.1}");
    }
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
    let steward = pg.worker_pids("starsink steward");
    let before = (Cpu::of(&pids), Cpu::of(&steward));
    let wal: String = pg.one("SELECT pg_current_wal_insert_lsn()::text");
    pg.sql("SELECT starsink.resume()");
    pg.wait_for(
        &format!("SELECT COALESCE(sum(received), 0) >= {messages} FROM starsink.ledger WHERE audit_key > {first} AND kind = 'batch'"),
        PATIENCE,
    );
    let cpu = Cpu::of(&pids).since(before.0);
    let seconds: f64 = pg.one(&format!(
        "SELECT EXTRACT(epoch FROM max(committed_at) - min(started_at))::double precision FROM starsink.ledger \
         WHERE audit_key > {first} AND kind = 'batch'"
    ));
    pg.wait_for(
        // Batches of earlier drains, whose events are gone, are never folded.
        "SELECT (SELECT f.high FROM starsink.fold AS f ORDER BY f.fold_id DESC LIMIT 1) >= max(l.last_audit_key) \
         FROM starsink.ledger AS l WHERE l.kind = 'batch'",
        PATIENCE,
    );
    let wal_bytes = pg.one(&format!(
        "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '{wal}')::float8"
    ));
    Drained {
        per_second: messages as f64 / seconds,
        cpu,
        steward: Cpu::of(&steward).since(before.1).total(),
        wal_bytes,
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

/// One backend's COPY of the rows' keys into a table with the same indexes; seconds.
fn copy_keys(pg: &Cluster) -> f64 {
    let file = pg.data().join("keys.copy");
    let columns: String = pg.one(&format!(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute \
         WHERE attrelid = 'warehouse.fact_event'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL (string_to_array('{DETAILS}', ', '))"
    ));
    pg.sql(&format!(
        "COPY (SELECT {columns} FROM warehouse.fact_event) TO '{}' (FORMAT binary); \
         DROP TABLE IF EXISTS public.keys; CREATE TABLE public.keys AS SELECT {columns} FROM warehouse.fact_event LIMIT 0; \
         ALTER TABLE public.keys ADD PRIMARY KEY (event_time, event_id); CREATE INDEX ON public.keys USING brin (audit_key); CHECKPOINT",
        file.display()
    ));
    let started = Instant::now();
    pg.sql(&format!(
        "COPY public.keys FROM '{}' (FORMAT binary)",
        file.display()
    ));
    let seconds = started.elapsed().as_secs_f64();
    pg.sql("DROP TABLE public.keys");
    std::fs::remove_file(file).ok();
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

fn report(ceilings: &Ceilings, one: &[Drained], two: &[Drained], messages: u64) {
    let rate = |drained: &[Drained]| {
        drained
            .iter()
            .map(|drained| drained.per_second)
            .collect::<Vec<_>>()
    };
    let ratio = |drained: &[Drained], ceiling: &[f64]| {
        drained
            .iter()
            .zip(ceiling)
            .map(|(drained, ceiling)| drained.per_second / ceiling)
            .collect::<Vec<_>>()
    };
    let each = |part: fn(&Drained) -> f64| {
        one.iter()
            .map(|drained| part(drained) / messages as f64)
            .collect::<Vec<_>>()
    };
    println!(
        "\nthroughput, {messages} events, median of {} rounds (lowest to highest)",
        ceilings.whole.len()
    );
    println!(
        "(a) COPY binary, one backend     {} rows/s",
        spread(&ceilings.whole, 0)
    );
    println!(
        "    of the rows' keys            {} rows/s",
        spread(&ceilings.keys, 0)
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
        spread(&ratio(one, &ceilings.whole), 2)
    );
    println!(
        "    ratio to COPY, two workers   {}",
        spread(&ratio(two, &ceilings.whole), 2)
    );
    println!(
        "    ratio to COPY of keys, one   {}",
        spread(&ratio(one, &ceilings.keys), 2)
    );
    let cpu: [(&str, fn(&Drained) -> f64); 5] = [
        ("fetch", |drained| drained.cpu.fetch * 1e6),
        ("decode", |drained| drained.cpu.decode * 1e6),
        ("write", |drained| drained.cpu.write * 1e6),
        ("steward", |drained| drained.steward * 1e6),
        ("all", |drained| {
            (drained.cpu.total() + drained.steward) * 1e6
        }),
    ];
    println!("(d) CPU per event, one worker");
    for (what, part) in cpu {
        println!("    {what:<28} {} us", spread(&each(part), 2));
    }
    println!(
        "    WAL per event, folds too     {} bytes",
        spread(&each(|drained| drained.wal_bytes), 0)
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
