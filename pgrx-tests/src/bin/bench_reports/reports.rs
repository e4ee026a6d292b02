//! Every report with its default parameters, and some over part of the days.

use std::time::Instant;

use starsink_tests::cluster::Cluster;

use crate::Arguments;

/// Those that are asked for part of the days, too.
const OF_SOME_DAYS: [&str; 2] = ["top_products", "country_distribution"];

/// Calls of every report, without `warehouse.`: reports say so at the end of their comments.
fn calls(pg: &Cluster, days: u64) -> Vec<String> {
    let names = pg.query(
        "SELECT p.proname::text FROM pg_proc AS p WHERE p.pronamespace = 'warehouse'::regnamespace \
         AND obj_description(p.oid, 'pg_proc') LIKE '%[report]' ORDER BY 1",
    );
    // A range that begins and ends within the history.
    let middle = format!(
        "(first_day => current_date - {}, last_day => current_date - {})",
        days * 2 / 3,
        days / 3
    );
    let all = names
        .iter()
        .map(|row| format!("{}()", row.get::<_, String>(0)));
    let some = OF_SOME_DAYS.iter().map(|name| format!("{name}{middle}"));
    all.chain(some).collect()
}

pub struct Timing {
    pub name: String,
    pub cold_ms: f64,
    pub warm_ms: f64,
    pub rows: usize,
}

pub fn measure(pg: &Cluster, arguments: &Arguments) -> Vec<Timing> {
    calls(pg, arguments.days)
        .into_iter()
        .map(|call| {
            let query = format!("SELECT * FROM warehouse.{call}");
            // A new connection has nothing planned and nothing cached; the server's buffers are as they are.
            let mut client = pg.connect(pg.database());
            let (mut times, mut rows) = (Vec::new(), 0);
            for _ in 0..arguments.calls.max(2) {
                let began = Instant::now();
                rows = client
                    .query(&query, &[])
                    .unwrap_or_else(|error| panic!("{query}: {error:?}"))
                    .len();
                times.push(began.elapsed().as_secs_f64() * 1000.0);
            }
            let cold_ms = times.remove(0);
            times.sort_by(f64::total_cmp);
            let warm_ms = times[times.len() / 2];
            eprintln!("{call}: {cold_ms:.1} ms, then {warm_ms:.1} ms");
            Timing {
                name: call,
                cold_ms,
                warm_ms,
                rows,
            }
        })
        .collect()
}

/// `beside`: the same, in the same order, while events stream in; empty where that was left out.
pub fn print(ours: &[Timing], beside: &[Timing], theirs: &[(String, f64)]) {
    println!(
        "\n{:<74} {:>9} {:>9} {:>9} {:>7} {:>11}",
        "report", "cold ms", "warm ms", "beside ms", "rows", "DuckDB ms"
    );
    let shown = |ms: Option<f64>| ms.map_or("-".into(), |ms| format!("{ms:.1}"));
    for (place, timing) in ours.iter().enumerate() {
        let Timing {
            name,
            cold_ms,
            warm_ms,
            rows,
        } = timing;
        let report = name.split('(').next().unwrap();
        let is_default = name.ends_with("()");
        let other = theirs
            .iter()
            .find(|(theirs, _)| theirs == report && is_default);
        let (other, beside) = (
            shown(other.map(|(_, ms)| *ms)),
            shown(beside.get(place).map(|timing| timing.warm_ms)),
        );
        println!("{name:<74} {cold_ms:>9.1} {warm_ms:>9.1} {beside:>9} {rows:>7} {other:>11}");
    }
}
