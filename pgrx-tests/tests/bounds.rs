//! What one device, or a crowd of events not folded yet, may cost: sessions have bounds, and so has a report's memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::SOON;

fn set(pg: &Cluster, name: &str, value: &str) {
    pg.alter_system(name, value);
    pg.reload();
    pg.wait_for(
        &format!("SELECT current_setting('{name}') = '{value}'"),
        SOON,
    );
}

/// Ingests a file of these events: device, second, collection.
fn ingest(pg: &Cluster, events: &[(&str, i64, &str)]) {
    let lines: Vec<String> = events
        .iter()
        .map(|(device, second, collection)| {
            let order = if *collection == "checkout_success" {
                format!(",\"order_id\":\"o{second}\"")
            } else {
                String::new()
            };
            format!(
                "{{\"id\":\"{device}-{second:08}-{collection}\",\"time_stamp\":{},\"collection\":\"{collection}\",\"product_id\":\"7\",\"store_id\":\"6\",\
                 \"device_id\":\"{device}\",\"current_url\":\"https://www.glamira.de/p{second}?utm_source=s{second}&utm_medium=m\"{order}}}",
                1_590_000_000 + second
            )
        })
        .collect();
    load(pg, &lines);
}

fn fold(pg: &Cluster) -> i64 {
    pg.one("SELECT starsink.fold()")
}

/// Everything that sessions, orders and attribution say.
fn told(pg: &Cluster) -> Vec<String> {
    [
        "SELECT concat_ws(' ', d.device_id, s.session_start, s.session_end, s.events, s.is_continued, s.first_event_id, s.landing_page, c.source, s.orders, md5(s.path)) \
         FROM starsink_internal.live_session() AS s JOIN warehouse.dim_device AS d USING (device_key) JOIN warehouse.dim_campaign AS c USING (campaign_key) ORDER BY 1",
        "SELECT concat_ws(' ', o.order_id, o.session_start, c.source) FROM starsink_internal.live_order() AS o JOIN warehouse.dim_campaign AS c USING (campaign_key) ORDER BY 1",
        "SELECT concat_ws(' ', a.*) FROM warehouse.attribution('linear', 'source') AS a ORDER BY 1",
        "SELECT concat_ws(' ', a.*) FROM warehouse.channels() AS a ORDER BY 1",
        "SELECT concat_ws(' ', a.*) FROM warehouse.conversion_funnel() AS a ORDER BY 1",
    ]
    .iter()
    .flat_map(|query| pg.query(query))
    .map(|row| row.get(0))
    .collect()
}

/// Loads these messages, all of them.
fn load(pg: &Cluster, lines: &[String]) {
    let file = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    fs::write(file.path(), lines.join("\n")).unwrap();
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let loaded: i64 = pg.one(&format!(
        "SELECT loaded FROM starsink.ingest_file('{}')",
        file.path().display()
    ));
    assert_eq!(loaded, lines.len() as i64);
}

#[test]
fn a_session_ends_at_its_bounds_whatever_order_events_come_in() {
    let pg = Cluster::without_jobs();
    set(&pg, "starsink.session_max_events", "5");
    set(&pg, "starsink.session_max_length", "1h");
    let mut dice = Pcg64::seed_from_u64(17);
    let kinds = ["view_home_page", "view_product_detail", "checkout_success"];
    let mut seconds: Vec<i64> = (0..50).map(|_| dice.random_range(0..6_000)).collect();
    seconds.extend((0..30).map(|_| dice.random_range(20_000..20_050)));
    seconds.sort_unstable();
    seconds.dedup();
    let mut events: Vec<(&str, i64, &str)> = seconds
        .iter()
        .map(|&second| ("walker", second, kinds[dice.random_range(0..3)]))
        .collect();
    events.shuffle(&mut dice);
    let mut rest = &events[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(dice.random_range(1..8).min(rest.len()));
        ingest(&pg, now);
        if dice.random_range(0..2) > 0 {
            let before = told(&pg);
            fold(&pg);
            assert_eq!(told(&pg), before, "the tail says what the fold makes");
        }
        rest = later;
    }
    fold(&pg);
    let folded = told(&pg);
    pg.sql("SELECT starsink.rebuild_aggregates()");
    assert_eq!(told(&pg), folded);
    let expected = {
        let (mut sessions, mut begin, mut last) = (0, i64::MIN / 2, i64::MIN / 2);
        let mut held = 0;
        for &second in &seconds {
            if second - last > 1_800 || held == 5 || second - begin > 3_600 {
                (sessions, begin, held) = (sessions + 1, second, 0);
            }
            (held, last) = (held + 1, second);
        }
        sessions
    };
    let (sessions, continued, most): (i64, i64, i32) = {
        let row = &pg.query("SELECT count(*), count(*) FILTER (WHERE is_continued), max(events) FROM warehouse.sessions")[0];
        (row.get(0), row.get(1), row.get(2))
    };
    assert_eq!((sessions, most), (expected, 5));
    assert!(continued > 5, "{continued} of {sessions}");
    let without_source: i64 = pg.one("SELECT (SELECT count(*) FROM warehouse.sessions WHERE source !~ '^s[0-9]+$') + (SELECT count(*) FROM warehouse.fact_session WHERE landing_page IS NULL)");
    assert_eq!(
        without_source, 0,
        "one that begins where another was cut has a source of its own"
    );
}

#[test]
fn a_change_of_the_bounds_applies_to_what_is_folded_from_then_on() {
    let pg = Cluster::without_jobs();
    let view = |second| ("d", second, "view_home_page");
    let sizes = || -> String {
        pg.one("SELECT string_agg(events::text, ' ' ORDER BY session_start) FROM warehouse.fact_session")
    };
    ingest(&pg, &[0, 1, 2, 3, 4, 5, 6].map(view));
    fold(&pg);
    set(&pg, "starsink.session_max_events", "3");
    fold(&pg);
    assert_eq!(sizes(), "7");
    ingest(&pg, &[view(7)]);
    fold(&pg);
    assert_eq!(sizes(), "3 3 2");
    set(&pg, "starsink.session_max_events", "10000");
    ingest(&pg, &[view(8)]);
    fold(&pg);
    assert_eq!(sizes(), "3 3 3");
    pg.sql("SELECT starsink.rebuild_aggregates()");
    assert_eq!(sizes(), "9");
}

#[test]
fn one_more_event_of_a_device_that_never_pauses_reads_and_writes_its_last_session() {
    let pg = Cluster::without_jobs();
    set(&pg, "starsink.session_max_events", "500");
    // Ten a second would all lie within a pause of the next one.
    let events: Vec<_> = (0..6_000)
        .map(|n| ("flood", n / 4, "view_home_page", n))
        .collect();
    let lines: Vec<String> = events
        .iter()
        .map(|(device, second, collection, n)| {
            format!(
                "{{\"id\":\"{n:06}\",\"time_stamp\":{},\"collection\":\"{collection}\",\"store_id\":\"6\",\"device_id\":\"{device}\"}}",
                1_590_000_000 + second
            )
        })
        .collect();
    load(&pg, &lines);
    fold(&pg);
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM warehouse.fact_session"),
        12
    );
    let last: i64 = pg.one("SELECT max(fold_id) FROM starsink.fold");
    let read = || -> i64 {
        pg.one("SELECT idx_tup_fetch::bigint FROM pg_stat_user_tables WHERE relid = 'warehouse.fact_session'::regclass")
    };
    let mut client = pg.connect(pg.database());
    let flush = |client: &mut postgres::Client| {
        client
            .batch_execute("SELECT pg_stat_force_next_flush(); SELECT 1")
            .unwrap();
        read()
    };
    client.batch_execute("SELECT starsink.fold()").unwrap();
    let before = flush(&mut client);
    ingest(&pg, &[("flood", 1_500, "view_home_page")]);
    client.batch_execute("SELECT starsink.fold()").unwrap();
    let sessions = flush(&mut client) - before;
    assert!(sessions <= 6, "{sessions} sessions read");
    let written: i64 = pg.one(&format!(
        "SELECT sum(sessions)::bigint FROM starsink.fold WHERE fold_id > {last}"
    ));
    assert_eq!(written, 1);
}

/// Kilobytes that the session's process holds.
fn resident(pid: i32) -> i64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("RssAnon"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn events_not_folded_cost_a_report_what_it_may_and_are_given_back() {
    let pg = Cluster::without_jobs();
    // What a new connection reads of the catalogs, and its plans, it keeps.
    let mut client = pg.connect(pg.database());
    let views =
        "SELECT sum(views)::bigint FROM warehouse.product_views_over_time(include_bots => true)";
    ingest(&pg, &[("first", 1, "view_product_detail")]);
    client.query_one(views, &[]).unwrap();
    let events: Vec<(String, i64)> = (0..40_000).map(|n| (format!("v{}", n / 3), n)).collect();
    let events: Vec<(&str, i64, &str)> = events
        .iter()
        .map(|(device, second)| (device.as_str(), *second, "view_product_detail"))
        .collect();
    ingest(&pg, &events);
    let pid: i32 = client
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    let views =
        "SELECT sum(views)::bigint FROM warehouse.product_views_over_time(include_bots => true)";
    let begun = resident(pid);
    let mut transaction = client.transaction().unwrap();
    let counted: i64 = transaction.query_one(views, &[]).unwrap().get(0);
    assert_eq!(counted, 40_001);
    let during = resident(pid) - begun;
    transaction.commit().unwrap();
    let after = resident(pid) - begun;
    println!("{during} kB during, {after} kB after, of 40,000 events");
    assert!(after < during / 2, "{during} kB, then {after} kB");

    set(&pg, "starsink.tail_memory", "4MB");
    let refusal = pg.refusal(views);
    assert!(
        refusal.starts_with(
            "53400 events that are not folded yet need more memory than starsink.tail_memory"
        ) && refusal.contains("starsink.fold()"),
        "{refusal}"
    );
    // No report, but the folds go on, and reports with them.
    assert_eq!(fold(&pg), 40_001);
    assert_eq!(pg.one::<i64>(views), 40_001);
}
