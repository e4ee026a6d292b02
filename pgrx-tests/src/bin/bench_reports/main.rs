//! The benchmark of the reports: how long each takes on so many events, cold and warm, beside DuckDB on the same facts
//! in its own file, and how fast events are folded into the aggregates behind them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod beside;
mod duckdb;
mod history;
mod reports;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::Parser;
use starsink_tests::cluster::Cluster;

/// Measures every report, and the fold behind them
#[derive(Parser)]
struct Arguments {
    /// Events to load
    #[arg(long, default_value_t = 10_000_000)]
    events: u64,
    /// Days they are spread over, up to yesterday
    #[arg(long, default_value_t = 60)]
    days: u64,
    /// Calls of each report; the first one is the cold one, the middle one of the others is the warm one
    #[arg(long, default_value_t = 6)]
    calls: usize,
    /// Events per second that stream in from Kafka while the reports are measured again; 0 leaves that out
    #[arg(long, default_value_t = 5_000)]
    beside: u64,
    /// Leave DuckDB out
    #[arg(long)]
    no_duckdb: bool,
    /// A folder to keep the loaded warehouse in; one that is there is measured in place of a new one
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Python interpreter with the package duckdb; by default one is made in a folder beside the build
    #[arg(long)]
    python: Option<PathBuf>,
}

/// Made-up rates, so that revenue is what a shop's is: a report looks up which orders have none.
const RATES: &str = r"SELECT starsink.load_exchange_rates((
    SELECT E'date,currency,rate\n' || string_agg(concat_ws(',', day::date, currency, units_per_eur), E'\n')
    FROM generate_series(current_date - 400, current_date, interval '5 days') AS day,
         (VALUES ('GBP', 0.88), ('CHF', 0.94), ('SEK', 11.2), ('AUD', 1.65), ('CAD', 1.53), ('USD', 1.12), ('PLN', 4.25),
                 ('RSD', 117.2), ('MXN', 21), ('CLP', 1050), ('BGN', 1.96)) AS rate (currency, units_per_eur)), 'rows')";

fn main() {
    let arguments = Arguments::parse();
    let kept = arguments.keep.as_deref();
    let pg = match kept.filter(|folder| folder.exists()) {
        Some(folder) => Cluster::builder().data(folder).start(),
        None => loaded(&arguments),
    };
    let ours = reports::measure(&pg, &arguments);
    let beside = beside::measure(&pg, &arguments);
    let theirs = if arguments.no_duckdb {
        Vec::new()
    } else {
        duckdb::measure(&pg, &arguments)
    };
    reports::print(&ours, &beside, &theirs);
    if let Some(folder) = kept {
        pg.keep(folder);
    }
}

/// Makes sure that a warehouse can be put into this folder before hours go by.
fn make_room(folder: &Path) {
    let folder = std::path::absolute(folder).unwrap();
    let parent = folder.parent().unwrap();
    fs::create_dir_all(parent).unwrap();
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    assert_eq!(
        device(parent),
        device(Path::new("/tmp")),
        "--keep: {} is not on the file system of /tmp",
        folder.display()
    );
}

fn loaded(arguments: &Arguments) -> Cluster {
    if let Some(folder) = &arguments.keep {
        make_room(folder);
    }
    let pg = Cluster::builder()
        .conf("shared_buffers", "4GB")
        .conf("max_wal_size", "32GB")
        .conf("checkpoint_timeout", "30min")
        .conf("synchronous_commit", "off")
        .conf("work_mem", "64MB")
        // Without pauses autovacuum keeps up with the load.
        .conf("autovacuum_vacuum_cost_delay", 0)
        .start();
    pg.sql("CREATE EXTENSION starsink");
    pg.sql("SELECT starsink.create_warehouse()");
    pg.sql(RATES);
    history::load(&pg, arguments);
    history::sizes(&pg, arguments.events);
    pg
}
