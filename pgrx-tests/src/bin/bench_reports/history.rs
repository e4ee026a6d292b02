//! Weeks of shop events, through the extension's own door, folded beside that as the steward would.

use std::fs;
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use postgres::Client;
use starsink_tests::cluster::Cluster;
use starsink_tests::shop::Shop;

use crate::Arguments;

/// Events of one file.
const PORTION: u64 = 500_000;
/// Of Zipf's products and many stores, so many visits at a time.
const SEED: u64 = 11;

pub fn load(pg: &Cluster, arguments: &Arguments) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (sender, files) = mpsc::sync_channel(1);
    let (events, days) = (arguments.events, arguments.days);
    let path = folder.path().to_owned();
    let writer = thread::spawn(move || {
        let today = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
            / 86_400;
        let start = (today - days) as i64 * 86_400_000_000;
        let step = days as i64 * 86_400_000_000 / events.max(1) as i64;
        // Between two clicks of a visit lie some forty seconds.
        let mut shop =
            Shop::new(SEED).visitors((40_000_000 / step.max(1)).clamp(100, 50_000) as usize);
        let mut json = Vec::new();
        for portion in 0..events.div_ceil(PORTION) {
            let file = path.join(format!("{portion}.jsonl"));
            let mut out = BufWriter::new(fs::File::create(&file).unwrap());
            for event in portion * PORTION..((portion + 1) * PORTION).min(events) {
                shop.fill(start + event as i64 * step, &mut json);
                out.write_all(&json).unwrap();
                out.write_all(b"\n").unwrap();
            }
            out.flush().unwrap();
            sender.send(file).unwrap();
        }
    });
    // The steward's part is taken here, where it can be timed.
    pg.sql("SELECT starsink.disable_job('fold'), starsink.disable_job('compact')");
    let (committed, portions) = mpsc::channel();
    let folds = thread::spawn({
        let client = pg.connect(pg.database());
        move || fold(client, &portions)
    });
    let mut client = pg.connect(pg.database());
    let mut loading = Duration::ZERO;
    for (portion, file) in files.iter().enumerate() {
        let began = Instant::now();
        client
            .execute(
                "SELECT starsink.ingest_file($1)",
                &[&file.to_str().unwrap()],
            )
            .unwrap();
        loading += began.elapsed();
        committed.send(()).unwrap();
        fs::remove_file(file).unwrap();
        let events = ((portion as u64 + 1) * PORTION).min(arguments.events);
        println!(
            "{events:>12} events loaded | ingestion {:.0}/s",
            events as f64 / loading.as_secs_f64()
        );
    }
    writer.join().unwrap();
    drop(committed);
    let folds = folds.join().unwrap();
    println!(
        "ingestion by one backend {:.0} events/s in {:.0} s",
        arguments.events as f64 / loading.as_secs_f64(),
        loading.as_secs_f64()
    );
    println!(
        "fold beside it {} events, {:.0} events/s in {:.0} s, compaction included; the last {} with nothing beside it {:.0} events/s",
        folds.all.events,
        folds.all.rate(),
        folds.all.took.as_secs_f64(),
        folds.last.events,
        folds.last.rate()
    );
    pg.sql("SELECT starsink.enable_job('fold'), starsink.enable_job('compact')");
    pg.sql("VACUUM ANALYZE");
}

#[derive(Clone, Copy, Default)]
struct Fold {
    events: i64,
    took: Duration,
}

impl Fold {
    fn rate(self) -> f64 {
        self.events as f64 / self.took.as_secs_f64()
    }
}

#[derive(Default)]
struct Folds {
    all: Fold,
    last: Fold,
}

/// Folds each portion when it is committed.
fn fold(mut client: Client, portions: &Receiver<()>) -> Folds {
    let mut folds = Folds::default();
    for () in portions {
        let (began, mut folded) = (Instant::now(), 0);
        loop {
            let row = client.query_one("SELECT starsink.fold()", &[]).unwrap();
            let events: i64 = row.get(0);
            if events == 0 {
                break;
            }
            folded += events;
        }
        client
            .execute(
                "SELECT starsink_internal.in_portions('compact_aggregates')",
                &[],
            )
            .unwrap();
        let fold = Fold {
            events: folded,
            took: began.elapsed(),
        };
        folds.all.events += fold.events;
        folds.all.took += fold.took;
        // One that came during the fold before it was folded there.
        if folded > 0 {
            folds.last = fold;
        }
    }
    folds
}

/// What it takes on disk, for a million events.
pub fn sizes(pg: &Cluster, events: u64) {
    println!("\nsize on disk per million events, MB: table and indexes");
    for row in pg.query(&format!(
        "SELECT CASE WHEN c.relname ~ '^fact_event_' THEN 'fact_event' ELSE c.relname::text END AS name, \
                sum(pg_table_size(c.oid))::float8 / 1e6 / ({events} / 1e6), \
                sum(pg_indexes_size(c.oid))::float8 / 1e6 / ({events} / 1e6) \
         FROM pg_class AS c WHERE c.relnamespace IN ('warehouse'::regnamespace, 'starsink'::regnamespace) AND c.relkind = 'r' \
         GROUP BY name HAVING sum(pg_total_relation_size(c.oid)) > 1000000 ORDER BY 2 DESC",
    )) {
        let (name, table, indexes): (String, f64, f64) = (row.get(0), row.get(1), row.get(2));
        println!("  {name:<28} {table:>9.2} {indexes:>9.2}");
    }
}
