//! Workers at rest cost nothing, inherit nothing from a database, a role or the server, and outlive a clock that is set
//! back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::SOON;
use starsink_tests::mock::Mock;

/// Job that writes down its runs, and what a statement of a job meets.
const TICK: &str = "CREATE TABLE public.tick (at timestamptz DEFAULT clock_timestamp());
     GRANT ALL ON public.tick TO starsink_worker;
     CREATE FUNCTION starsink.tick() RETURNS bigint LANGUAGE sql AS 'INSERT INTO public.tick DEFAULT VALUES; SELECT 1::bigint';
     GRANT EXECUTE ON FUNCTION starsink.tick() TO starsink_worker;
     INSERT INTO starsink.job (ordinal, name, schedule, command, description) VALUES (2, 'tick', '1 s', 'starsink.tick', 'Writes down its runs.')";

#[test]
fn a_cluster_at_rest_uses_no_transaction_ids() {
    let mock = Mock::start();
    mock.create_topic("rest", 2);
    let pg = Cluster::consuming(&mock.bootstrap(), "rest");
    // The server's own looks after new tables take ids too, once a minute.
    pg.alter_system("autovacuum", "off");
    pg.alter_system("starsink.workers", 2);
    pg.alter_system("starsink.crawl_user_agent_contact", "crawler@example.com");
    pg.alter_system("starsink.crawl_enabled", "on");
    pg.reload();
    pg.wait_for(
        "SELECT count(*) = 2 AND bool_and(state = 'running') FROM starsink_internal.worker_states() WHERE worker IN (1, 2)",
        SOON,
    );
    pg.wait_for(
        "SELECT bool_and(last_run IS NOT NULL) FROM starsink.jobs WHERE schedule !~ '\\*'",
        SOON,
    );
    // Runs that found nothing are written down once a minute; nothing else is.
    let used = || -> (i64, i64) {
        let row = &pg.query("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, count(*) FROM starsink.job_run")[0];
        (row.get(0), row.get(1))
    };
    let later = |seconds: i32| {
        let last: String = pg.one("SELECT last_run::text FROM starsink.jobs WHERE name = 'fold'");
        pg.wait_for(
            &format!("SELECT last_run > '{last}'::timestamptz + interval '{seconds} s' FROM starsink.jobs WHERE name = 'fold'"),
            SOON,
        );
    };
    // The crawler's first look writes down where it begins.
    pg.wait_for(
        "SELECT count(*) = (SELECT count(*) FROM pg_inherits WHERE inhparent = 'warehouse.fact_event'::regclass) FROM starsink.crawl_mark",
        SOON,
    );
    later(3);
    let before = used();
    later(12);
    let after = used();
    let (ids, runs) = (after.0 - before.0, after.1 - before.1);
    println!("{ids} transaction ids, {runs} runs written down");
    assert!(ids - runs <= 1, "{ids} transaction ids for {runs} rows");
}

#[test]
fn workers_do_their_work_whatever_a_session_inherits() {
    let mock = Mock::start();
    mock.create_topic("inherited", 1);
    let pg = Cluster::consuming_nothing();
    pg.sql(TICK);
    let settings = [
        "default_transaction_isolation = serializable",
        "default_transaction_read_only = on",
        "default_transaction_deferrable = on",
        "lock_timeout = 1",
        "statement_timeout = 1",
        "idle_in_transaction_session_timeout = 1",
        "idle_session_timeout = 1",
        "search_path = public",
        "client_encoding = 'LATIN1'",
        "row_security = off",
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = 'sql_standard'",
        "TimeZone = 'Asia/Kathmandu'",
        "extra_float_digits = -10",
        "bytea_output = escape",
        "standard_conforming_strings = off",
        "transform_null_equals = on",
        "quote_all_identifiers = on",
        "enable_indexscan = off",
        "plan_cache_mode = force_custom_plan",
        "role = pg_monitor",
        "exit_on_error = on",
        "session_replication_role = origin",
    ];
    pg.sql("CREATE TABLE public.late (word text); CREATE ROLE inheritor; GRANT pg_monitor TO inheritor");
    for (number, place) in ["DATABASE postgres", "ROLE postgres", "ROLE ALL", "SYSTEM"]
        .into_iter()
        .enumerate()
    {
        let mut client = pg.connect("postgres");
        // What opens a session without any of it, to undo it.
        client
            .batch_execute("SET default_transaction_read_only = off; SET statement_timeout = 0; SET lock_timeout = 0; SET idle_session_timeout = 0; \
                 SET idle_in_transaction_session_timeout = 0; SET exit_on_error = off")
            .unwrap();
        for setting in settings {
            let is_for_sessions = setting.starts_with("role") || setting.starts_with("search_path");
            if place == "SYSTEM" && is_for_sessions && setting.starts_with("role") {
                continue;
            }
            client
                .batch_execute(&format!("ALTER {place} SET {setting}"))
                .unwrap_or_else(|error| panic!("{place} {setting}: {error}"));
        }
        client.batch_execute("SELECT pg_reload_conf()").unwrap();
        client
            .batch_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'starsink %'")
            .unwrap();
        // Their next sessions work: jobs run, what comes is loaded and folded.
        let ticks = |client: &mut postgres::Client| -> i64 {
            client
                .query_one("SELECT count(*) FROM public.tick", &[])
                .unwrap()
                .get(0)
        };
        let before = ticks(&mut client);
        wait(
            &mut client,
            &format!("SELECT count(*) > {before} + 1 FROM public.tick"),
        );
        client
            .batch_execute(&format!(
                "SET search_path = public; SET default_transaction_isolation = 'read committed'; \
                 SELECT starsink.ingest('{{\"id\":\"i{number}\",\"time_stamp\":1590000000,\"collection\":\"view_home_page\",\"store_id\":\"6\",\"device_id\":\"d{number}\"}}')"
            ))
            .unwrap();
        wait(
            &mut client,
            &format!("SELECT count(*) = {number} + 1 FROM warehouse.fact_session"),
        );
        let failing: i64 = client
            .query_one(
                "SELECT count(*) FROM starsink.jobs WHERE attempts > 0 OR state = 'failed'",
                &[],
            )
            .unwrap()
            .get(0);
        assert_eq!(failing, 0, "{place}");
        let undo = match place {
            "SYSTEM" => "ALTER SYSTEM RESET ALL; SELECT pg_reload_conf()".to_owned(),
            place => format!("ALTER {place} RESET ALL"),
        };
        for statement in undo.split("; ") {
            client.batch_execute(statement).unwrap();
        }
    }
}

/// Waits in a session that is open, as no other can be opened.
fn wait(client: &mut postgres::Client, query: &str) {
    let deadline = std::time::Instant::now() + SOON;
    loop {
        let seen: Option<bool> = client.query_one(query, &[]).unwrap().get(0);
        if seen == Some(true) {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{query}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_person_who_folds_under_another_isolation_is_told_what_to_do() {
    let pg = Cluster::without_jobs();
    for function in ["fold", "rebuild_aggregates"] {
        for level in ["serializable", "repeatable read"] {
            let refusal = pg.refusal(&format!(
                "BEGIN ISOLATION LEVEL {level}; SELECT starsink.{function}()"
            ));
            assert!(
                refusal.starts_with("25001") && refusal.contains("READ COMMITTED"),
                "{refusal}"
            );
        }
    }
}

/// A clock beside the real one, for a server that is started with it.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long offset(void) {
    char text[32] = {0};
    int file = open(getenv("CLOCK_OFFSET"), O_RDONLY | O_CLOEXEC);
    if (file >= 0) { if (read(file, text, 31) < 0) text[0] = 0; close(file); }
    return atol(text);
}
int clock_gettime(clockid_t clock, struct timespec *out) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, out);
    if (clock == CLOCK_REALTIME) out->tv_sec += offset();
    return result;
}
int gettimeofday(struct timeval *out, void *zone) {
    struct timespec now;
    (void) zone;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
"#;

#[test]
fn jobs_go_on_when_the_clock_is_set_back() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (source, library) = (
        folder.path().join("clock.c"),
        folder.path().join("clock.so"),
    );
    let offset = folder.path().join("offset");
    fs::write(&source, CLOCK).unwrap();
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .status()
        .expect("cc");
    assert!(made.success());
    fs::write(&offset, "7200").unwrap();
    let pg = Cluster::builder()
        .env("LD_PRELOAD", library.to_str().unwrap())
        .env("CLOCK_OFFSET", offset.to_str().unwrap())
        .start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    pg.sql(TICK);
    let goes_on = || {
        let before: i64 = pg.one("SELECT count(*) FROM public.tick");
        pg.wait_for(
            &format!("SELECT count(*) > {before} + 2 FROM public.tick"),
            SOON,
        );
    };
    goes_on();
    fs::write(&offset, "0").unwrap();
    goes_on();
    pg.wait_for(
        "SELECT bool_and(next_run < now() + interval '70 min') FROM starsink.jobs",
        SOON,
    );
    assert!(
        pg.log_text().contains("the clock was set back by 7"),
        "{}",
        pg.log_tail()
    );
}
