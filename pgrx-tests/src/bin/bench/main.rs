//! The benchmark: how near starsink comes to COPY of the same rows, how soon an event can be seen, and what it costs.
//! Everything is measured in one run on one machine against real servers; figures of different machines say little.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod latency;
mod merges;
mod process;
mod snapshot;
mod throughput;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;
use starsink_tests::cluster::Cluster;
use starsink_tests::kafka::Kafka;

/// Measures throughput against COPY's, latency, CPU time and memory
#[derive(Parser)]
struct Arguments {
    /// Events to drain in each round
    #[arg(long, default_value_t = 2_000_000)]
    events: usize,
    /// Rounds of each measurement
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each latency measurement
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Events per second of the latency measurements
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000])]
    rates: Vec<u64>,
    /// Partitions of the topic
    #[arg(long, default_value_t = 4)]
    partitions: i32,
    /// Leave the throughput out
    #[arg(long)]
    latency_only: bool,
    /// Leave the latency out
    #[arg(long)]
    throughput_only: bool,
    /// Drain events of a shop with many products, combinations of options and referring pages
    #[arg(long)]
    many_members: bool,
    /// Only merge so many products beside ingestion
    #[arg(long)]
    merge_products: Option<u64>,
    /// Only hold a snapshot open for so many minutes while events stream in
    #[arg(long)]
    snapshot_minutes: Option<u64>,
}

fn main() {
    let arguments = Arguments::parse();
    let kafka = Kafka::builder().heap_mb(1024).start();
    let pg = Cluster::builder()
        .conf("starsink.bootstrap_servers", kafka.bootstrap())
        .conf("shared_buffers", "1GB")
        .conf("max_wal_size", "16GB")
        .conf("checkpoint_timeout", "30min")
        .conf("autovacuum_naptime", "10s")
        .start();
    pg.sql("CREATE EXTENSION starsink");
    pg.sql("SELECT starsink.create_warehouse()");
    println!(
        "PostgreSQL: shared_buffers 1GB, max_wal_size 16GB, synchronous_commit and fsync on; starsink: defaults."
    );
    if let Some(minutes) = arguments.snapshot_minutes {
        return snapshot::measure(&pg, &kafka, &arguments, minutes);
    }
    if let Some(products) = arguments.merge_products {
        return merges::measure(&pg, &kafka, &arguments, products);
    }
    if !arguments.latency_only {
        throughput::measure(&pg, &kafka, &arguments);
        // What millions of rows leave to do is no part of what a thousand a second cost.
        pg.sql("VACUUM ANALYZE");
        pg.sql("CHECKPOINT");
    }
    if !arguments.throughput_only {
        latency::warm_up(&kafka, &arguments);
        for &rate in &arguments.rates {
            latency::measure(&pg, &kafka, &arguments, rate);
        }
    }
    if !arguments.latency_only && !arguments.throughput_only {
        merges::measure(&pg, &kafka, &arguments, 1_000_000);
    }
}

fn now_micros() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_micros() as i64
}

/// `middle (lowest to highest)` of some figures.
fn spread(figures: &[f64], decimals: usize) -> String {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted[sorted.len() / 2];
    format!(
        "{middle:.decimals$} ({:.decimals$} to {:.decimals$})",
        sorted[0],
        sorted[sorted.len() - 1]
    )
}

const PATIENCE: Duration = Duration::from_secs(300);
