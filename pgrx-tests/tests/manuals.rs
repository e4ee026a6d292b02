//! The manuals say what the software does: their links, their tables, their examples.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::events;

const MANUALS: [&str; 10] = [
    "README.md",
    "docker/README.md",
    "pgrx-tests/README.md",
    "sql/README.md",
    "sql/upgrade/README.md",
    "src/README.md",
    "src/core/event/README.md",
    "src/settings/README.md",
    "src/worker/README.md",
    "src/worker/crawler/README.md",
];

/// Those whose examples need nothing but a warehouse; the others set a server up, or speak to Kafka or the Internet.
const TRIED: [&str; 2] = ["sql/README.md", "src/core/event/README.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn manual(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// What stands between fences of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = text.split(&fence).skip(1);
    parts
        .map(|rest| rest.split("\n```").next().unwrap().to_owned())
        .collect()
}

/// A heading as links name it.
fn anchor(heading: &str) -> String {
    let kept = heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .collect::<String>();
    kept.replace(' ', "-")
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    let mut links = 0;
    for name in MANUALS {
        let text = manual(name);
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if target.contains("://") {
                continue;
            }
            links += 1;
            let (file, place) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => root().join(name),
                file => root().join(name).parent().unwrap().join(file),
            };
            let leads = path.exists()
                && (place.is_empty()
                    || fs::read_to_string(&path).unwrap().lines().any(|line| {
                        line.starts_with('#')
                            && anchor(line.trim_start_matches('#').trim()) == place
                    }));
            if !leads {
                broken.push(format!("{name}: {target}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(links > 20, "{links} links");
}

#[test]
fn no_manual_is_left_out() {
    let listed = std::process::Command::new("git")
        .args(["-C", root().to_str().unwrap(), "ls-files", "*README.md"])
        .output();
    let Some(listed) = listed.ok().filter(|output| output.status.success()) else {
        return;
    };
    let listed = String::from_utf8(listed.stdout).unwrap();
    let strange: Vec<&str> = listed
        .lines()
        .filter(|name| !MANUALS.contains(name))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn tables_say_what_the_software_says() {
    let pg = Cluster::builder().start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    // † marks codes that are reserved. Of secrets the default is left blank.
    let codes = manual("src/core/event/README.md").replace("` † |", "` |");
    let settings = manual("src/settings/README.md");
    for (text, least, query) in [
        (
            &codes,
            40,
            "SELECT format('| `%s` | %s | %s |', code, action, meaning) FROM starsink.codes",
        ),
        (
            &settings,
            50,
            "SELECT format('| `%s` | %s | %s | %s | %s |', substr(name, length('starsink.') + 1), \
                           CASE WHEN NOT is_secret THEN default_value END, unit, \
                           CASE WHEN allowed IS NOT NULL THEN array_to_string(allowed, ', ') \
                                WHEN min_value IS NOT NULL THEN min_value || ' to ' || max_value \
                                WHEN default_value IN ('on', 'off') THEN 'on, off' END, description) \
             FROM starsink.settings",
        ),
    ] {
        let rows: Vec<String> = pg.query(query).iter().map(|row| row.get(0)).collect();
        let missing: Vec<&String> = rows
            .iter()
            .filter(|row| !text.lines().any(|line| line == row.as_str()))
            .collect();
        assert!(missing.is_empty(), "not in the manual: {missing:#?}");
        assert!(rows.len() >= least, "{} rows", rows.len());
    }
    // Two reports may share a row.
    let manual_of_reports = manual("sql/README.md");
    let listed: Vec<&str> = manual_of_reports
        .lines()
        .filter(|line| line.contains("`SELECT * FROM warehouse."))
        .collect();
    let unlisted: Vec<String> = pg
        .query(
            "SELECT p.proname::text FROM pg_proc AS p WHERE p.pronamespace = 'warehouse'::regnamespace \
             AND obj_description(p.oid, 'pg_proc') LIKE '%[report]'",
        )
        .iter()
        .map(|row| row.get(0))
        .filter(|name: &String| !listed.iter().any(|row| row.contains(&format!("`{name}`"))))
        .collect();
    assert!(unlisted.is_empty() && listed.len() > 25, "{unlisted:?}");
    let diagram: String = pg.one("SELECT starsink.star_diagram()");
    assert!(
        manual("sql/README.md").contains(&diagram),
        "the manual's diagram is not the catalog's:\n{diagram}"
    );
}

#[test]
fn the_message_of_the_manual_is_loaded_with_nothing_odd_about_it() {
    let pg = Cluster::consuming_nothing();
    let messages = blocks(&manual("README.md"), "json");
    assert_eq!(messages.len(), 1);
    let state: String = pg.one(&format!(
        "SELECT starsink.ingest($json${}$json$)",
        messages[0]
    ));
    assert_eq!(state, "loaded");
    let said: String = pg.one(
        "SELECT concat_ws('; ', f.event_time AT TIME ZONE 'UTC', f.date_key, f.time_key, t.funnel_step, c.email_domain, f.ip, \
                b.family || ' ' || b.version, o.family || ' ' || o.version, a.device_class, k.source, k.medium, k.campaign, k.channel, \
                r.host, r.term, l.value, l.metal, l.colour, l.fineness, d.value, d.quality, d.role, f.quality_flags) \
         FROM warehouse.fact_event AS f \
         JOIN warehouse.dim_event_type AS t USING (event_type_key) JOIN warehouse.dim_customer AS c USING (customer_key) \
         JOIN warehouse.dim_browser AS b USING (browser_key) JOIN warehouse.dim_os AS o USING (os_key) \
         JOIN warehouse.dim_user_agent AS a USING (user_agent_key) JOIN warehouse.dim_campaign AS k USING (campaign_key) \
         JOIN warehouse.dim_referrer AS r USING (referrer_key) JOIN warehouse.dim_alloy_option AS l USING (alloy_option_key) \
         JOIN warehouse.dim_diamond_option AS d USING (diamond_option_key)",
    );
    assert_eq!(
        said,
        "2020-06-04 10:21:32; 20200604; 621; 1; example.com; 81.2.69.0/24; Mobile Safari 13.1; iOS 13.5; mobile; \
         newsletter; email; spring; Email; www.google.com; engagement ring; white-375; gold; white; 375; Diamond; AAA; primary; 0"
    );
}

#[test]
fn examples_run_as_they_stand() {
    let pg = Cluster::consuming_nothing();
    let event = String::from_utf8(events(101, 1)[0].json.clone()).unwrap();
    pg.sql(&format!("SELECT starsink.ingest($json${event}$json$)"));
    let mut run = 0;
    for name in TRIED {
        for block in blocks(&manual(name), "sql") {
            pg.sql(&block);
            run += 1;
        }
    }
    assert!(run >= 6, "{run} examples");
}
