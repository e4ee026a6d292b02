//! The same facts in a file of DuckDB's own, and what the same questions take there.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use starsink_tests::cluster::Cluster;

use crate::Arguments;

/// What the questions need, with names in place of keys.
const FACTS: &str = "\
    COPY (SELECT f.event_time, f.event_id, t.collection, t.is_page_view, t.is_product_view, p.product_id, f.device_key, f.is_bot, \
                 s.store_id, s.country_code AS store_country, g.country_code AS visitor_country, g.region, g.sub_region, u.device_class, \
                 b.family AS browser, o.family AS os, c.channel, r.registrable_domain AS referrer, r.is_internal, \
                 a.value AS alloy, d.value AS diamond \
          FROM warehouse.fact_event AS f JOIN warehouse.dim_event_type AS t USING (event_type_key) JOIN warehouse.dim_product AS p USING (product_key) \
          JOIN warehouse.dim_store AS s USING (store_key) JOIN warehouse.dim_geography AS g USING (geography_key) \
          JOIN warehouse.dim_user_agent AS u USING (user_agent_key) JOIN warehouse.dim_browser AS b USING (browser_key) \
          JOIN warehouse.dim_os AS o USING (os_key) JOIN warehouse.dim_campaign AS c USING (campaign_key) \
          JOIN warehouse.dim_referrer AS r USING (referrer_key) JOIN warehouse.dim_alloy_option AS a USING (alloy_option_key) \
          JOIN warehouse.dim_diamond_option AS d USING (diamond_option_key) WHERE f.event_time ";

/// Milliseconds by report.
pub fn measure(pg: &Cluster, arguments: &Arguments) -> Vec<(String, f64)> {
    let folder = tempfile::tempdir().unwrap();
    let python = arguments.python.clone().unwrap_or_else(python);
    // Half of the days each, at the same time: each is the work of one server process.
    let middle = format!("current_date - {}", arguments.days / 2);
    let halves = [
        ("first.csv", format!("< {middle}")),
        ("second.csv", format!(">= {middle}")),
    ]
    .map(|(name, days)| (folder.path().join(name), days));
    thread::scope(|scope| {
        for (csv, days) in &halves {
            let mut client = pg.connect(pg.database());
            scope.spawn(move || {
                let mut out = BufWriter::new(fs::File::create(csv).unwrap());
                let query = format!("{FACTS}{days}) TO STDOUT (FORMAT csv, HEADER)");
                io::copy(&mut client.copy_out(&query).unwrap(), &mut out).unwrap();
                out.flush().unwrap();
            });
        }
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/duckdb_reports.py");
    let output = Command::new(python)
        .arg(script)
        .args(halves.map(|(csv, _)| csv))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|line| {
            let (name, ms) = line.split_once(' ')?;
            Some((name.to_owned(), ms.parse().ok()?))
        })
        .collect()
}

/// An interpreter with the package, made once in a folder beside the build.
fn python() -> PathBuf {
    let folder = std::env::current_exe()
        .unwrap()
        .with_file_name("duckdb-python");
    let python = folder.join("bin/python");
    if !python.exists() {
        let run = |program: &str, arguments: &[&str]| {
            let status = Command::new(program).args(arguments).status().unwrap();
            assert!(status.success(), "{program} {arguments:?}");
        };
        run("python3", &["-m", "venv", folder.to_str().unwrap()]);
        run(
            python.to_str().unwrap(),
            &["-m", "pip", "install", "--quiet", "duckdb==2.0.1"],
        );
    }
    python
}
