//! Jobs are rows: run when they are due, one at a time, each by itself; what fails is tried again and stops no other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::thread;
use std::time::{Duration, Instant};

use starsink_tests::cluster::{Cluster, Stop};
use starsink_tests::consuming::SOON;

/// Two jobs of a second each: one writes down its runs, the other fails while there is a row in `trouble`.
fn with_jobs() -> Cluster {
    let pg = Cluster::consuming_nothing();
    pg.sql(
        "CREATE TABLE public.tick (at timestamptz DEFAULT clock_timestamp());
         CREATE TABLE public.trouble (word text);
         GRANT ALL ON public.tick, public.trouble TO starsink_worker;
         CREATE FUNCTION starsink.tick() RETURNS bigint LANGUAGE sql AS 'INSERT INTO public.tick DEFAULT VALUES; SELECT 1::bigint';
         CREATE FUNCTION starsink.stumble() RETURNS bigint LANGUAGE plpgsql AS $$
         BEGIN
             IF EXISTS (SELECT FROM public.trouble) THEN RAISE EXCEPTION 'out of luck'; END IF;
             RETURN 0;
         END $$;
         GRANT EXECUTE ON FUNCTION starsink.tick(), starsink.stumble() TO starsink_worker;
         INSERT INTO starsink.job (ordinal, name, schedule, command, description) VALUES
             (1, 'stumble', '1 s', 'starsink.stumble', 'Fails on demand.'), (2, 'tick', '1 s', 'starsink.tick', 'Writes down its runs.')",
    );
    pg
}

fn ticks(pg: &Cluster) -> i64 {
    pg.one("SELECT count(*) FROM public.tick")
}

/// Waits until the job `tick` has run again.
fn ticks_on(pg: &Cluster) {
    let before = ticks(pg);
    pg.wait_for(
        &format!("SELECT count(*) > {before} + 1 FROM public.tick"),
        SOON,
    );
}

#[test]
fn a_job_that_fails_stops_no_other_and_is_retried_with_growing_waits() {
    let pg = with_jobs();
    ticks_on(&pg);
    pg.sql("INSERT INTO public.trouble VALUES ('x')");
    pg.wait_for(
        "SELECT state = 'failed' AND attempts >= 4 AND last_error LIKE 'P0001: out of luck%' AND next_run > last_run AND last_error_at BETWEEN last_run AND now() FROM starsink.jobs WHERE name = 'stumble'",
        SOON,
    );
    ticks_on(&pg);
    let waits: Vec<f64> = pg
        .query("SELECT EXTRACT(epoch FROM started_at - lag(started_at) OVER (ORDER BY started_at))::float8 FROM starsink.job_runs WHERE name = 'stumble' AND state = 'failed' ORDER BY started_at OFFSET 1")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(waits.len() >= 3 && waits[2] > waits[0] * 1.5, "{waits:?}");
    assert_eq!(pg.log_text().matches("job stumble failed").count(), 1);
    pg.sql("TRUNCATE public.trouble");
    pg.wait_for(
        "SELECT state = 'idle' AND attempts = 0 FROM starsink.jobs WHERE name = 'stumble'",
        SOON,
    );
    assert_eq!(pg.log_text().matches("job stumble works again").count(), 1);
    let idle: i64 = pg.one(
        "SELECT count(*) FROM starsink.job_runs WHERE name = 'stumble' AND state = 'succeeded'",
    );
    assert!(idle <= 3, "runs that found nothing to do: {idle}");
}

#[test]
fn a_job_waits_for_what_it_depends_on() {
    let pg = with_jobs();
    pg.sql("INSERT INTO public.trouble VALUES ('x')");
    pg.wait_for(
        "SELECT state = 'failed' FROM starsink.jobs WHERE name = 'stumble'",
        SOON,
    );
    pg.sql("UPDATE starsink.job SET depends_on = '{stumble}' WHERE name = 'tick'");
    pg.wait_for(
        "SELECT state = 'waiting' FROM starsink.jobs WHERE name = 'tick'",
        SOON,
    );
    let before = ticks(&pg);
    thread::sleep(Duration::from_secs(3));
    assert_eq!(ticks(&pg), before);
    pg.sql("TRUNCATE public.trouble");
    ticks_on(&pg);
}

#[test]
fn one_run_of_a_job_at_a_time_and_it_says_so() {
    let pg = with_jobs();
    ticks_on(&pg);
    let mut operator = pg.connect(pg.database());
    let mut run = operator.transaction().unwrap();
    let rows: i64 = run
        .query_one("SELECT starsink.run_job('tick')", &[])
        .unwrap()
        .get(0);
    assert_eq!(rows, 1);
    let before = ticks(&pg);
    thread::sleep(Duration::from_secs(3));
    assert_eq!(
        ticks(&pg),
        before,
        "the steward leaves the job alone meanwhile"
    );
    let refusal = pg.refusal("SELECT starsink.run_job('tick')");
    assert!(
        refusal.starts_with("55006 the job 'tick' is running"),
        "{refusal}"
    );
    assert_eq!(
        pg.one::<i32>("SELECT attempts FROM starsink.jobs WHERE name = 'tick'"),
        0
    );
    run.commit().unwrap();
    ticks_on(&pg);
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM starsink.job_runs WHERE triggered_by = 'postgres'"),
        1
    );
    let refusal = pg.refusal("SELECT starsink.run_job('tock')");
    assert!(
        refusal.starts_with("22023 there is no job 'tock'") && refusal.contains("stumble, tick"),
        "{refusal}"
    );
}

#[test]
fn jobs_are_disabled_enabled_and_scheduled_by_name() {
    let pg = with_jobs();
    ticks_on(&pg);
    pg.sql("CREATE ROLE olga LOGIN IN ROLE starsink_admin");
    let olga = |statement: &str| {
        pg.connect_as("olga", pg.database())
            .batch_execute(statement)
            .unwrap()
    };
    olga("SELECT starsink.disable_job('tick')");
    pg.wait_for(
        "SELECT state = 'disabled' FROM starsink.jobs WHERE name = 'tick'",
        SOON,
    );
    thread::sleep(Duration::from_millis(1_500));
    let before = ticks(&pg);
    thread::sleep(Duration::from_secs(3));
    assert_eq!(ticks(&pg), before);
    olga("SELECT starsink.run_job('tick')");
    assert_eq!(ticks(&pg), before + 1);
    olga("SELECT starsink.enable_job('tick'); SELECT starsink.create_warehouse()");
    ticks_on(&pg);
    olga(
        "SELECT starsink.schedule_job('partitions', '30 3 * * *'); SELECT starsink.create_warehouse()",
    );
    pg.wait_for(
        "SELECT schedule = '30 3 * * *' AND next_run::time = '03:30' FROM starsink.jobs WHERE name = 'partitions'",
        SOON,
    );
    for wrong in ["soon", "0 s", "61 3 * * *", "* * * *", "0 0 31 2 *"] {
        let refusal = pg.refusal_as(
            "olga",
            &format!("SELECT starsink.schedule_job('tick', '{wrong}')"),
        );
        assert!(
            refusal.starts_with(&format!("22023 invalid schedule \"{wrong}\": "))
                && refusal.contains("Give an interval such as 10 s"),
            "{refusal}"
        );
    }
    let refusal = pg.refusal_as("olga", "UPDATE starsink.job SET command = 'pause'");
    assert!(refusal.starts_with("42501"), "{refusal}");
}

#[test]
fn a_run_that_takes_too_long_is_ended() {
    let pg = with_jobs();
    pg.sql(
        "CREATE FUNCTION starsink.doze() RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint FROM pg_catalog.pg_sleep(30)';
         GRANT EXECUTE ON FUNCTION starsink.doze() TO starsink_worker;
         INSERT INTO starsink.job (ordinal, name, schedule, command, timeout, description) VALUES (0, 'doze', '1 s', 'starsink.doze', '500 ms', 'Sleeps.')",
    );
    pg.wait_for(
        "SELECT last_error LIKE '57014: canceling statement due to statement timeout%' FROM starsink.jobs WHERE name = 'doze'",
        SOON,
    );
    ticks_on(&pg);
}

#[test]
fn jobs_go_on_after_a_crash() {
    let pg = with_jobs();
    ticks_on(&pg);
    pg.stop(Stop::Immediate);
    pg.start();
    ticks_on(&pg);
    let begin = Instant::now();
    pg.sql("DROP EXTENSION starsink CASCADE");
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn a_standby_runs_no_job_until_it_is_promoted() {
    let pg = with_jobs();
    ticks_on(&pg);
    let standby = pg.standby();
    assert!(standby.worker_pids("starsink %").is_empty());
    assert!(standby.one::<bool>("SELECT bool_and(next_run IS NULL) FROM starsink.jobs"));
    pg.wait_for_replay(&standby, SOON);
    pg.stop(Stop::Fast);
    standby.promote();
    ticks_on(&standby);
}

/// One event, ingested.
fn ingest(pg: &Cluster, id: &str, time: &str, store: &str, url: &str) {
    let state: String = pg.one(&format!(
        "SELECT starsink.ingest(jsonb_build_object('id', '{id}', 'time_stamp', extract(epoch FROM {time})::bigint, 'collection', 'view_home_page',
            'store_id', '{store}', 'device_id', 'd', 'current_url', '{url}')::text)"
    ));
    assert_eq!(state, "loaded", "{id}");
    // Jobs look at what is folded.
    pg.sql("SELECT starsink.fold()");
}

#[test]
fn retention_drops_only_old_folded_partitions_and_the_books_agree() {
    let pg = Cluster::without_jobs();
    ingest(
        &pg,
        "old",
        "'2019-05-01'::timestamptz",
        "6",
        "https://www.glamira.de/",
    );
    ingest(&pg, "new", "now()", "6", "https://www.glamira.de/");
    assert_eq!(pg.run_job("retention"), 0, "kept for ever unless set");
    pg.alter_system("starsink.retention", "2 years");
    pg.reload();
    pg.wait_for(
        "SELECT current_setting('starsink.retention') = '2 years'",
        SOON,
    );
    pg.sql("CREATE OR REPLACE FUNCTION starsink_internal.is_folded_up_to(audit_key bigint) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT false'");
    assert_eq!(
        (pg.run_job("retention"), pg.facts()),
        (0, 2),
        "not folded yet"
    );
    pg.sql("CREATE OR REPLACE FUNCTION starsink_internal.is_folded_up_to(audit_key bigint) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true'");
    assert_eq!((pg.run_job("retention"), pg.facts()), (1, 1));
    assert!(pg.one::<bool>("SELECT to_regclass('warehouse.fact_event_2019') IS NULL"));
    assert!(
        pg.log_text()
            .contains("retention: dropped fact_event_2019, 1 events")
    );
    pg.assert_books();
    let refusal = pg.refusal("ALTER SYSTEM SET starsink.retention = 'for ever'");
    assert!(refusal.contains("400 days or 2 years"), "{refusal}");

    // What the aggregates say of it is all there is.
    let refusal = pg.refusal("SELECT starsink.rebuild_aggregates()");
    assert!(refusal.contains("dropped_too => true"), "{refusal}");
    report_in(&pg, "America/New_York");
    assert_eq!(sessions_and_zone(&pg), (2, "UTC".into()));
    assert!(pg.log_text().contains("reports stay in the time zone UTC"));
    pg.sql("SELECT starsink.forget_folds(dropped_too => true)");
    pg.sql("SELECT starsink.fold()");
    assert_eq!(sessions_and_zone(&pg), (1, "America/New_York".into()));
}

fn report_in(pg: &Cluster, zone: &str) {
    pg.alter_system("starsink.report_time_zone", zone);
    pg.reload();
    pg.wait_for(
        &format!("SELECT current_setting('starsink.report_time_zone') = '{zone}'"),
        SOON,
    );
    pg.sql("SELECT starsink.fold()");
}

fn sessions_and_zone(pg: &Cluster) -> (i64, String) {
    let sessions = pg.one("SELECT sum(sessions)::bigint FROM warehouse.agg_place");
    (sessions, pg.one("SELECT starsink.fold_time_zone()"))
}

#[test]
fn reports_follow_the_time_zone() {
    let pg = Cluster::without_jobs();
    pg.sql(
        "SELECT starsink.ingest(jsonb_build_object('id', n, 'time_stamp', extract(epoch FROM '2020-06-05 03:30Z'::timestamptz + n * interval '12 hours')::bigint, \
            'collection', 'view_product_detail', 'product_id', '7', 'store_id', '6', 'device_id', 'd')::text) FROM generate_series(0, 2) AS n",
    );
    let days = || -> String {
        pg.one(
            "SELECT string_agg((v.period_start AT TIME ZONE starsink.fold_time_zone())::date || ': ' || v.views, ', ' ORDER BY v.period_start) \
             FROM warehouse.product_views_over_time('day') AS v",
        )
    };
    pg.sql("SELECT starsink.fold()");
    assert_eq!(days(), "2020-06-05: 2, 2020-06-06: 1");
    report_in(&pg, "America/New_York");
    assert_eq!(days(), "2020-06-04: 1, 2020-06-05: 2");
    assert_eq!(sessions_and_zone(&pg), (3, "America/New_York".into()));
    assert!(
        pg.log_text()
            .contains("the reporting time zone is America/New_York now")
    );
    report_in(&pg, "Asia/Kolkata");
    assert_eq!(days(), "2020-06-05: 2, 2020-06-06: 1");
    assert_eq!(
        pg.one::<String>(
            "SELECT string_agg(hour_start::text, ', ' ORDER BY hour_start) FROM warehouse.agg_hour"
        ),
        "2020-06-05 03:30:00+00, 2020-06-05 15:30:00+00, 2020-06-06 03:30:00+00"
    );
}

#[test]
fn a_run_by_hand_that_fails_leaves_a_row_of_history_with_who_and_when() {
    let pg = with_jobs();
    pg.sql("CREATE ROLE olga LOGIN IN ROLE starsink_admin; INSERT INTO public.trouble VALUES ('x'); SELECT starsink.disable_job('stumble')");
    pg.wait_for("SELECT count(*) > 0 FROM public.tick", SOON);
    let refusal = pg.refusal_as("olga", "SELECT starsink.run_job('stumble')");
    assert!(refusal.starts_with("P0001 out of luck"), "{refusal}");
    pg.wait_for(
        "SELECT count(*) = 1 FROM starsink.job_runs WHERE name = 'stumble' AND state = 'failed' AND triggered_by = 'olga'
         AND error = 'P0001: out of luck' AND started_at > now() - interval '1 minute'",
        SOON,
    );
    // No job of that name, and one that somebody else runs, are no failures of a job.
    pg.refusal_as("olga", "SELECT starsink.run_job('nothing')");
    pg.sql("TRUNCATE public.trouble");
    assert_eq!(pg.run_job("stumble"), 0);
    ticks_on(&pg);
    let rows: Vec<String> = pg
        .query("SELECT state FROM starsink.job_runs WHERE name IN ('stumble', 'nothing') AND triggered_by IN ('olga', 'postgres') ORDER BY started_at")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(rows, ["failed", "succeeded"]);
}

#[test]
fn old_messages_leave_the_quarantine_and_the_books_agree() {
    let pg = Cluster::without_jobs();
    pg.sql("SELECT starsink.ingest('{broken'); UPDATE starsink.quarantine SET quarantined_at = now() - interval '40 days'; SELECT starsink.ingest('{broken too')");
    assert_eq!(
        pg.run_job("quarantine_cleanup"),
        0,
        "kept for 90 days unless set"
    );
    pg.alter_system("starsink.quarantine_retention", "30d");
    pg.reload();
    pg.wait_for(
        "SELECT current_setting('starsink.quarantine_retention') = '30d'",
        SOON,
    );
    assert_eq!((pg.run_job("quarantine_cleanup"), pg.quarantined()), (1, 1));
    let said: i64 = pg.one(
        "SELECT sum(quarantined)::bigint FROM starsink.retention_log WHERE source = 'quarantine'",
    );
    assert_eq!(said, 1, "what is deleted is booked");
    pg.assert_books();
}

#[test]
fn the_quarantine_does_not_grow_for_ever_by_itself() {
    let pg = Cluster::without_jobs();
    pg.sql("SELECT starsink.ingest('{broken'); UPDATE starsink.quarantine SET quarantined_at = now() - interval '91 days'");
    assert_eq!((pg.run_job("quarantine_cleanup"), pg.quarantined()), (1, 0));
    assert!(
        pg.log_text()
            .contains("quarantine_cleanup: deleted 1 messages older than")
    );
    pg.assert_books();
}

#[test]
fn a_store_settles_on_the_domain_seen_most_often() {
    let pg = Cluster::without_jobs();
    ingest(&pg, "a", "now()", "987", "https://translate.goog/x");
    pg.run_job("store_domains");
    for id in ["b", "c"] {
        ingest(
            &pg,
            id,
            "now()",
            "987",
            "https://www.glamira.co.uk/ring?x=1",
        );
    }
    assert_eq!(pg.run_job("store_domains"), 1);
    let store: String = pg.one("SELECT concat_ws(' ', domain, country_code, region, is_inferred) FROM warehouse.dim_store WHERE store_id = '987'");
    assert_eq!(store, "glamira.co.uk GB Europe t");
    ingest(&pg, "d", "now()", "987", "https://translate.goog/x");
    assert_eq!(
        pg.run_job("store_domains"),
        0,
        "a tie is settled by the domain's name"
    );
    assert_eq!(pg.run_job("store_domains"), 0);
}

#[test]
fn codes_are_counted_by_hour_and_an_id_with_two_times_is_reported() {
    let pg = Cluster::without_jobs();
    ingest(
        &pg,
        "once",
        "'2026-11-02 10:05+00'::timestamptz",
        "6",
        "https://www.glamira.de/",
    );
    ingest(
        &pg,
        "twice",
        "'2026-11-02 10:10+00'::timestamptz",
        "6",
        "no place",
    );
    assert!(pg.run_job("quality") > 0);
    ingest(
        &pg,
        "twice",
        "'2026-11-02 11:10+00'::timestamptz",
        "6",
        "no place",
    );
    assert!(pg.run_job("quality") > 0);
    assert_eq!(
        (
            pg.run_job("quality"),
            pg.run_job("reused_ids"),
            pg.run_job("reused_ids")
        ),
        (0, 1, 0)
    );
    let all: Vec<(String, i64)> = pg
        .query("SELECT code, sum(events)::bigint FROM starsink.quality WHERE code IN ('(all)', 'URL_INVALID', 'ID_REUSED') GROUP BY code ORDER BY code COLLATE \"C\"")
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    let expected = [("(all)", 3), ("ID_REUSED", 1), ("URL_INVALID", 2)];
    assert_eq!(all, expected.map(|(code, count)| (code.to_owned(), count)));
    let share: String = pg.one("SELECT trim_scale(share)::text FROM starsink.quality WHERE code = 'URL_INVALID' AND hour = '2026-11-02 10:00+00'");
    assert_eq!(share, "0.5");
    pg.sql("SELECT starsink.ingest('{broken')");
    ingest(
        &pg,
        "after",
        "'2026-11-02 12:05+00'::timestamptz",
        "6",
        "https://www.glamira.de/",
    );
    // A batch without facts could be one that is still to commit, until a later fold knows better.
    pg.sql("SELECT starsink.fold()");
    assert!(pg.run_job("quality") > 0);
    let scores: String = pg.one("SELECT string_agg(trim_scale(score)::text, ', ' ORDER BY hour) FROM starsink.quality WHERE code = '(all)'");
    assert_eq!(
        scores, "1, 1, 1, 0",
        "good hours, and that of the message in quarantine"
    );
}

#[test]
fn every_job_runs_and_the_upkeep_is_done() {
    let pg = Cluster::consuming_nothing();
    ingest(&pg, "a", "now()", "6", "https://www.glamira.de/");
    pg.sql("UPDATE starsink.job SET schedule = '2 s'");
    pg.wait_for(
        "SELECT bool_and(last_run IS NOT NULL AND state = 'idle') FROM starsink.jobs",
        SOON,
    );
    thread::sleep(Duration::from_secs(4));
    let failed: Vec<String> = pg
        .query("SELECT concat_ws(' ', name, error) FROM starsink.job_runs WHERE state = 'failed'")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(
        pg.one::<i64>("SELECT events_not_folded FROM starsink.freshness"),
        0
    );
    pg.sql("INSERT INTO starsink.job_run (name, started_at, state, rows, triggered_by) SELECT 'tick', now(), 'succeeded', 1, 'schedule' FROM generate_series(1, 1500)");
    pg.wait_for(
        "SELECT count(*) = 1000 FROM starsink.job_run WHERE name = 'tick'",
        SOON,
    );
}

#[test]
fn a_fold_leaves_no_ranges_of_pages_for_the_next_to_search() {
    let pg = Cluster::without_jobs();
    let ingest = |from: i64| {
        let rejected: i64 = pg.one(&format!(
            "SELECT count(*) FILTER (WHERE state <> 'loaded') FROM (SELECT starsink.ingest(jsonb_build_object('id', n, \
                'time_stamp', extract(epoch FROM '2020-06-05 03:30Z'::timestamptz)::bigint + n, 'collection', 'view_home_page', 'store_id', '6', \
                'device_id', 'd' || n, 'note', repeat('x', 1000))::text) AS state FROM generate_series({from}, {from} + 2999) AS n) AS events"
        ));
        assert_eq!(rejected, 0);
    };
    // What had to be summarised yet: at most the range that is not full.
    let left = || -> i32 {
        pg.one(
            "SELECT brin_summarize_new_values(i.inhrelid::regclass) FROM pg_inherits AS i JOIN pg_index AS x ON x.indexrelid = i.inhrelid \
             WHERE i.inhparent = 'warehouse.fact_event_audit_key'::regclass ORDER BY pg_relation_size(x.indrelid) DESC LIMIT 1",
        )
    };
    ingest(0);
    assert!(left() > 2, "several ranges");
    ingest(3_000);
    pg.sql("SELECT starsink.fold()");
    let unread = left();
    assert!(unread <= 1, "{unread} ranges");
}

#[test]
fn jobs_that_read_facts_take_them_in_portions() {
    let pg = Cluster::without_jobs();
    for id in ["a", "b", "c"] {
        ingest(&pg, id, "now()", "987", "https://www.glamira.co.uk/ring");
        pg.sql("SELECT starsink.fold()");
    }
    let walk = |job: &str, figure: &str| -> Vec<i64> {
        let mut figures = Vec::new();
        for _ in 0..4 {
            pg.sql(&format!("SELECT starsink_internal.{job}(1)"));
            figures.push(pg.one(&format!("SELECT COALESCE(({figure})::bigint, 0)")));
        }
        figures
    };
    // A batch, or a session, each time, and the fourth time finds nothing left.
    let quality = "SELECT sum(events) FROM starsink.quality_hour WHERE code = ''";
    assert_eq!(walk("fold_quality", quality), [1, 2, 3, 3]);
    let domains = "SELECT sum(events) FROM starsink.store_domain";
    assert_eq!(walk("settle_store_domains", domains), [1, 2, 3, 3]);
    pg.sql(
        "SELECT starsink.ingest(jsonb_build_object('id', d, 'time_stamp', extract(epoch FROM now())::bigint, 'collection', 'view_home_page',
             'store_id', '6', 'device_id', d)::text) FROM unnest(ARRAY['e', 'f', 'g']) AS d",
    );
    pg.sql("SELECT starsink.fold()");
    let seen = "SELECT count(*) FROM warehouse.dim_device WHERE last_seen_at IS NOT NULL";
    assert_eq!(walk("fold_devices", seen), [1, 2, 3, 4]);
    assert!(pg.one::<bool>("SELECT starsink_internal.fold_devices() IS NULL"));
    // Ids are not compared with more events than it may read, and it says so and goes on.
    let said: String = pg.one(
        "SELECT starsink_internal.find_reused_ids(most_compared => 0) || ' ' || current_setting('starsink_job.message')",
    );
    assert!(said.starts_with("0 not compared: about "), "{said}");
    assert_eq!(
        pg.one::<i64>("SELECT starsink_internal.find_reused_ids()"),
        0
    );
}

/// Rows in which the last half hour by the minute differs from the facts.
const DIFFERENT_MINUTES: &str = "
    WITH shown AS (
        SELECT m.minute, m.store_key, sum(m.events), sum(m.views), sum(m.pages), sum(m.options), sum(m.carts), sum(m.orders),
               (SELECT count(DISTINCT d) FROM starsink_internal.live_minute_store() AS l, unnest(l.devices) AS d WHERE (l.minute, l.store_key) = (m.minute, m.store_key))
        FROM starsink_internal.live_minute_store() AS m WHERE m.minute >= starsink_internal.minutes_kept_from() GROUP BY m.minute, m.store_key
    ), fact AS (
        SELECT date_trunc('minute', f.event_time) AS minute, f.store_key, count(*)::numeric, count(*) FILTER (WHERE t.is_product_view)::numeric,
               count(*) FILTER (WHERE t.is_page_view AND NOT t.is_product_view)::numeric, count(*) FILTER (WHERE t.funnel_step = 2)::numeric,
               count(*) FILTER (WHERE t.funnel_step = 3)::numeric, count(*) FILTER (WHERE t.funnel_step = 5)::numeric,
               count(DISTINCT f.device_key) FILTER (WHERE f.device_key > 0)
        FROM warehouse.fact_event AS f JOIN warehouse.dim_event_type AS t USING (event_type_key)
        WHERE NOT f.is_bot AND date_trunc('minute', f.event_time) >= starsink_internal.minutes_kept_from() GROUP BY 1, 2
    ), shown_product AS (
        SELECT m.minute, m.product_key, sum(m.views),
               (SELECT count(DISTINCT d) FROM starsink_internal.live_minute_product() AS l, unnest(l.viewers) AS d WHERE (l.minute, l.product_key) = (m.minute, m.product_key))
        FROM starsink_internal.live_minute_product() AS m WHERE m.minute >= starsink_internal.minutes_kept_from() GROUP BY m.minute, m.product_key
    ), fact_product AS (
        SELECT date_trunc('minute', f.event_time), f.product_key, count(*)::numeric, count(DISTINCT f.device_key) FILTER (WHERE f.device_key > 0)
        FROM warehouse.fact_event AS f JOIN warehouse.dim_event_type AS t USING (event_type_key)
        WHERE t.is_product_view AND NOT f.is_bot AND date_trunc('minute', f.event_time) >= starsink_internal.minutes_kept_from() GROUP BY 1, 2
    )
    SELECT COALESCE(string_agg(d.line, '; '), '') FROM (
        SELECT 'shown ' || x AS line FROM (TABLE shown EXCEPT TABLE fact) AS x UNION ALL SELECT 'fact ' || x FROM (TABLE fact EXCEPT TABLE shown) AS x
        UNION ALL SELECT 'shown ' || x FROM (TABLE shown_product EXCEPT TABLE fact_product) AS x
        UNION ALL SELECT 'fact ' || x FROM (TABLE fact_product EXCEPT TABLE shown_product) AS x) AS d";

#[test]
fn the_last_half_hour_is_counted_once_by_the_minute() {
    let pg = Cluster::without_jobs();
    let agrees = |when: &str| assert_eq!(pg.one::<String>(DIFFERENT_MINUTES), "", "{when}");
    let send = |id: &str, ago: &str, collection: &str, device: &str, agent: &str| {
        let state: String = pg.one(&format!(
            "SELECT starsink.ingest(jsonb_build_object('id', '{id}', 'time_stamp', extract(epoch FROM now() - interval '{ago}')::bigint,
                'collection', '{collection}', 'product_id', '96047', 'store_id', '6', 'device_id', '{device}', 'user_agent', '{agent}')::text)"
        ));
        assert_eq!(state, "loaded", "{id}");
        agrees(&format!("{id} is committed"));
        pg.sql("SELECT starsink.fold()");
        agrees(&format!("{id} is folded"));
    };
    let person = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let robot = "Googlebot/2.1 (+http://www.google.com/bot.html)";
    send("a", "0", "view_product_detail", "x", person);
    send("b", "0", "view_product_detail", "x", person);
    send("c", "0", "view_home_page", "y", person);
    send("robot", "0", "view_product_detail", "z", robot);
    send("late", "10 min", "add_to_cart_action", "x", person);
    send("old", "40 min", "view_product_detail", "x", person);
    send("ahead", "-50 min", "select_product_option", "x", person);
    // A batch each time.
    for portion in 0..4 {
        pg.sql("SELECT starsink_internal.fold_minutes(1)");
        agrees(&format!("portion {portion}"));
    }
    pg.sql("BEGIN; SELECT starsink_internal.fold_minutes(1); ROLLBACK");
    agrees("a portion was undone");
    while pg.one::<bool>("SELECT starsink_internal.fold_minutes(1) IS NOT NULL") {
        agrees("another portion");
    }
    let counted = "SELECT sum(events)::bigint FROM starsink.minute_store";
    assert_eq!(
        pg.one::<i64>(counted),
        5,
        "none of the robot, nor the old one"
    );
    send("d", "0", "view_product_detail", "w", person);
    assert_eq!(pg.run_job("minutes"), 1);
    agrees("the job has run");
    assert_eq!(pg.run_job("minutes"), 0, "nothing new");
    // A job that has not run for long goes on from there.
    send("e", "0", "view_product_detail", "w", person);
    pg.sql("UPDATE starsink.job_mark SET marked_at = marked_at - interval '1 day' WHERE name = 'minutes'");
    agrees("the job is behind");
    assert_eq!(pg.run_job("minutes"), 1);
    agrees("the job has caught up");
    // What is over goes.
    send("f", "0", "view_product_detail", "w", person);
    pg.sql("UPDATE starsink.minute_store SET minute = minute - interval '2 h'; UPDATE starsink.minute_product SET minute = minute - interval '2 h'");
    pg.run_job("minutes");
    assert_eq!(pg.one::<i64>(counted), 1);
    assert_eq!(
        pg.one::<i64>("SELECT sum(views)::bigint FROM starsink.minute_product"),
        1
    );
}

#[test]
fn what_a_job_leaves_is_gone_on_with_before_its_schedule() {
    let pg = Cluster::without_jobs();
    pg.sql(
        "CREATE TABLE public.cake AS SELECT 6 AS pieces;
         CREATE FUNCTION starsink.tick() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
         CREATE FUNCTION starsink_internal.nibble() RETURNS bigint LANGUAGE sql AS
             'SELECT pg_catalog.pg_sleep(0.6); UPDATE public.cake SET pieces = pieces - 1 WHERE pieces > 0 RETURNING 1::bigint';
         GRANT SELECT, UPDATE ON public.cake TO starsink_worker;
         GRANT EXECUTE ON FUNCTION starsink.tick(), starsink_internal.nibble() TO starsink_worker;
         INSERT INTO starsink.job (ordinal, name, schedule, command, argument, description) VALUES
             (1, 'cake', '1 h', 'starsink_internal.in_portions', 'nibble', 'Eats all of it.'), (9, 'tick', '1 s', 'starsink.tick', NULL, 'Takes no time.')",
    );
    pg.wait_for("SELECT pieces = 0 FROM public.cake", SOON);
    pg.wait_for(
        "SELECT sum(rows) = 6 FROM starsink.job_runs WHERE name = 'cake'",
        SOON,
    );
    let order: String = pg.one(
        "SELECT string_agg(name, ' ' ORDER BY started_at) FROM starsink.job_runs WHERE name IN ('cake', 'tick')",
    );
    assert!(order.matches("cake").count() >= 3, "{order}");
    assert!(!order.contains("cake cake"), "{order}");
}

#[test]
fn a_job_that_takes_long_holds_up_frequent_ones_for_no_other() {
    let pg = Cluster::without_jobs();
    pg.sql(
        "CREATE FUNCTION starsink.tick() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
         CREATE FUNCTION starsink.doze() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint FROM pg_catalog.pg_sleep(2)';
         GRANT EXECUTE ON FUNCTION starsink.tick(), starsink.doze() TO starsink_worker;
         INSERT INTO starsink.job (ordinal, name, schedule, command, description)
         SELECT n, 'doze ' || n, '1 h', 'starsink.doze', 'Takes two seconds.' FROM generate_series(1, 3) AS n
         UNION ALL SELECT 9, 'tick', '1 s', 'starsink.tick', 'Takes no time.'",
    );
    pg.wait_for(
        "SELECT count(*) = 3 FROM starsink.job_runs WHERE name LIKE 'doze%'",
        SOON,
    );
    let order: String = pg.one("SELECT string_agg(left(name, 4), ' ' ORDER BY started_at) FROM starsink.job_runs WHERE name LIKE 'doze%' OR name = 'tick'");
    assert!(!order.contains("doze doze"), "{order}");
}
