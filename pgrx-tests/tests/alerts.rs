//! An alert is of a rule and a series: each partition, job or slot fires, resolves and ends by itself, and what is unknown
//! does neither. And whoever is to hear of it does, whatever else cannot be delivered or takes long.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, events, send};
use starsink_tests::listener::Listener;
use starsink_tests::mock::Mock;
use starsink_tests::producer::Producer;

/// The rules look at a table of the test: what `starsink_internal.measure()` says is the table's rows. No worker, no steward.
fn measured() -> Cluster {
    let pg = Cluster::builder()
        .preload("")
        .conf("session_preload_libraries", "starsink")
        .start();
    pg.sql(
        "CREATE EXTENSION starsink; SELECT starsink.create_warehouse();
         CREATE TABLE public.measured (name text, labels jsonb, value double precision);
         GRANT SELECT ON public.measured TO starsink_worker;
         CREATE OR REPLACE FUNCTION starsink_internal.measure(subject text DEFAULT NULL) RETURNS TABLE (name text, labels jsonb, value double precision)
         LANGUAGE sql STABLE AS 'SELECT * FROM public.measured'",
    );
    pg
}

/// Evaluates; which (rule, partition) changed to what, in their order.
fn changes(pg: &Cluster) -> Vec<String> {
    let before: i64 = pg.one("SELECT coalesce(max(event_id), 0) FROM starsink.alert_event");
    pg.sql("SELECT starsink_internal.evaluate_alerts()");
    pg.query(&format!(
        "SELECT rule || ' ' || (labels ->> 'partition') || ' ' || state FROM starsink.alert_event WHERE event_id > {before} ORDER BY event_id"
    ))
    .iter()
    .map(|row| row.get(0))
    .collect()
}

#[test]
fn each_rule_fires_for_each_series_and_resolves_for_each() {
    let pg = measured();
    pg.sql("UPDATE starsink.alert_rule SET enabled = true");
    let rules: Vec<String> = pg
        .query("SELECT name FROM starsink.alert_rule ORDER BY name")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(rules.len() >= 25, "{rules:?}");
    let all = |part: &str, state: &str| -> Vec<String> {
        rules
            .iter()
            .map(|rule| format!("{rule} {part} {state}"))
            .collect()
    };
    // The threshold itself is on the good side of > and <, and bad for >= and <=.
    let set = |part: &str, is_bad: bool| {
        pg.sql(&format!(
            "DELETE FROM public.measured WHERE labels ->> 'partition' = '{part}';
             INSERT INTO public.measured SELECT DISTINCT ON (r.metric) r.metric, '{{\"partition\": \"{part}\"}}', CASE
                 WHEN {is_bad} THEN CASE r.comparison WHEN '>' THEN r.threshold + 0.01 WHEN '<' THEN r.threshold - 0.01 ELSE r.threshold END
                 ELSE CASE r.comparison WHEN '>=' THEN r.clear_threshold - 0.01 WHEN '<=' THEN r.clear_threshold + 0.01 ELSE r.clear_threshold END END
             FROM starsink.alert_rule AS r"
        ));
    };
    let pass_time = || {
        pg.sql("UPDATE starsink.alert_event AS e SET at = e.at - r.hold_for FROM starsink.alert_rule AS r WHERE r.name = e.rule AND e.state = 'pending'");
    };
    set("0", false);
    set("1", false);
    assert!(changes(&pg).is_empty(), "all is well");
    set("0", true);
    let pending: Vec<String> = pg
        .query("SELECT name || CASE WHEN hold_for = '0' THEN ' 0 firing' ELSE ' 0 pending' END FROM starsink.alert_rule ORDER BY name")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(changes(&pg), pending);
    assert!(changes(&pg).is_empty(), "its time is not over");
    pass_time();
    changes(&pg);
    let firing = "SELECT string_agg(rule, ' ' ORDER BY rule COLLATE \"C\") FROM starsink.alerts WHERE state = 'firing' AND labels ->> 'partition' = '0'";
    assert_eq!(pg.one::<String>(firing), rules.join(" "));

    // A second one is told, whatever the first does.
    set("1", true);
    changes(&pg);
    pass_time();
    changes(&pg);
    let two = "SELECT count(*) FROM starsink.alerts WHERE state = 'firing'";
    assert_eq!(pg.one::<i64>(two), 2 * rules.len() as i64);
    set("0", false);
    assert_eq!(changes(&pg), all("0", "ok"));
    assert_eq!(pg.one::<i64>(two), rules.len() as i64);
    // What is unknown is not well, and what is no more is over.
    pg.sql("UPDATE public.measured SET value = NULL WHERE labels ->> 'partition' = '1'");
    assert!(changes(&pg).is_empty());
    pg.sql("DELETE FROM public.measured WHERE labels ->> 'partition' = '1'");
    assert_eq!(changes(&pg), all("1", "ok"));
    let told: String = pg.one("SELECT message FROM starsink.alert_event WHERE rule = 'lag_messages' ORDER BY event_id DESC LIMIT 1");
    assert!(told.ends_with("of partition 1 is no more"), "{told}");
    // A rule that is quiet is one row again, with the worst of its series.
    let quiet: bool = pg.one("SELECT count(*) = count(DISTINCT rule) AND bool_and(state = 'ok' AND last_fired_at IS NOT NULL AND labels ->> 'partition' = '0') FROM starsink.alerts");
    assert!(quiet);
}

#[test]
fn what_is_unknown_never_fires_and_history_goes_but_for_what_holds() {
    let pg = measured();
    pg.sql(
        "DELETE FROM starsink.alert_rule;
         INSERT INTO starsink.alert_rule (name, metric, comparison, threshold, clear_threshold, hold_for, description)
         VALUES ('low', 'm', '<', 5, 5, '0', 'Fill it.');
         INSERT INTO public.measured VALUES ('m', '{\"partition\": \"0\"}', NULL), ('m', '{\"partition\": \"1\"}', 1)",
    );
    assert_eq!(changes(&pg), ["low 1 firing"]);
    pg.sql("UPDATE public.measured SET value = 9 WHERE labels ->> 'partition' = '1'");
    assert_eq!(changes(&pg), ["low 1 ok"]);
    pg.sql("UPDATE public.measured SET value = 1");
    assert_eq!(changes(&pg), ["low 0 firing", "low 1 firing"]);
    pg.sql("UPDATE public.measured SET value = 9 WHERE labels ->> 'partition' = '1'");
    assert_eq!(changes(&pg), ["low 1 ok"]);
    pg.sql(
        "INSERT INTO starsink.alert_delivery (event_id, attempts) SELECT event_id, 1 FROM starsink.alert_event;
         UPDATE starsink.alert_event SET at = at - interval '91 days';
         SELECT starsink_internal.prune_history()",
    );
    let left: String = pg.one("SELECT string_agg((labels ->> 'partition') || ' ' || state, ',') FROM starsink.alert_event JOIN starsink.alert_delivery USING (event_id)");
    assert_eq!(left, "0 firing");
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM starsink.alert_delivery"),
        1
    );
    assert!(changes(&pg).is_empty());
    pg.sql("UPDATE public.measured SET value = 9");
    assert_eq!(changes(&pg), ["low 0 ok"]);
    pg.sql("UPDATE starsink.alert_event SET at = at - interval '89 days'; SELECT starsink_internal.prune_history()");
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM starsink.alert_event WHERE state = 'ok'"),
        1,
        "89 days are not 90"
    );
}

#[test]
fn a_warehouse_of_an_earlier_build_goes_on() {
    let pg = measured();
    // As it was: one state for a rule, under the labels of the series that was the worst just then.
    pg.sql(
        "DROP INDEX starsink.alert_event_series;
         DELETE FROM starsink.alert_rule WHERE name IN ('xid_age', 'fold_age');
         UPDATE starsink.alert_rule SET threshold = 7, clear_threshold = 7 WHERE name = 'lag_messages';
         INSERT INTO starsink.alert_event (rule, state, previous, at, threshold, severity, labels, message) VALUES
             ('paused', 'pending', 'ok', now() - interval '3 min', 1, 'warning', '{\"partition\": \"0\"}', ''),
             ('paused', 'firing', 'pending', now() - interval '2 min', 1, 'warning', '{\"partition\": \"1\"}', ''),
             ('paused', 'ok', 'firing', now() - interval '1 min', 1, 'warning', '{\"partition\": \"2\"}', ''),
             ('job_failed', 'firing', 'ok', now(), 1, 'warning', '{\"partition\": \"3\"}', ''),
             ('gone', 'ok', 'firing', now(), 1, 'warning', NULL, '')",
    );
    pg.sql("SELECT starsink.create_warehouse()");
    let open: String = pg.one(
        "SELECT string_agg(rule || ' ' || state, ',') FROM starsink.alerts WHERE state <> 'ok'",
    );
    assert_eq!(open, "job_failed firing");
    // Whoever waits for the webhook is told nothing anew.
    let waiting: i64 = pg.one("SELECT count(*) FROM starsink.alert_event AS e WHERE e.message LIKE 'closed:%' AND e.previous = 'firing' AND NOT EXISTS (SELECT FROM starsink.alert_delivery AS d WHERE d.event_id = e.event_id)");
    assert_eq!(waiting, 0);
    let rules: bool = pg
        .one("SELECT count(*) = 2 FROM starsink.alert_rule WHERE name IN ('xid_age', 'fold_age')");
    assert!(rules);
    assert_eq!(
        pg.one::<f64>("SELECT threshold FROM starsink.alert_rule WHERE name = 'lag_messages'"),
        7.0
    );
    let before: i64 = pg.one("SELECT count(*) FROM starsink.alert_event");
    pg.sql("SELECT starsink.create_warehouse()");
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM starsink.alert_event"),
        before
    );
}

#[test]
fn a_rate_needs_messages() {
    let pg = Cluster::builder()
        .preload("")
        .conf("session_preload_libraries", "starsink")
        .start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    for (received, quarantined, rate) in [(3, 3, 0.03), (200, 100, 0.5), (0, 0, 0.0)] {
        pg.sql(&format!(
            "DELETE FROM starsink.ledger;
             INSERT INTO starsink.ledger (audit_key, last_audit_key, kind, topic, partition, epoch, received, quarantined, started_at, committed_at)
             VALUES (1, 1, 'batch', 'books', 0, 0, {received}, {quarantined}, now(), now())"
        ));
        for (name, expected) in [
            ("starsink_topic_error_rate", rate),
            ("starsink_topic_quality_score", 1.0 - rate),
        ] {
            let value: f64 = pg.one(&format!(
                "SELECT value FROM starsink.metrics('topic') WHERE name = '{name}'"
            ));
            assert!(
                (value - expected).abs() < 1e-9,
                "{name} of {received}: {value}"
            );
        }
    }
}

#[test]
fn what_is_committed_and_not_folded_is_measured() {
    let pg = Cluster::builder()
        .preload("")
        .conf("session_preload_libraries", "starsink")
        .start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    let backlog = || -> (f64, f64) {
        let value = |name: &str| {
            pg.one::<f64>(&format!(
                "SELECT value FROM starsink.metrics('warehouse') WHERE name = 'starsink_warehouse_{name}'"
            ))
        };
        (value("unfolded_events"), value("fold_age_seconds"))
    };
    assert_eq!(backlog(), (0.0, 0.0));
    let message = r#"{"id":"e-1","time_stamp":1763870000,"collection":"view_home_page","device_id":"d-1","store_id":"6"}"#;
    assert_eq!(
        pg.one::<String>(&format!("SELECT starsink.ingest('{message}')")),
        "loaded"
    );
    pg.sql("UPDATE starsink.ledger SET committed_at = committed_at - interval '1 hour' WHERE loaded > 0");
    let (events, age) = backlog();
    assert!(events == 1.0 && age > 3_599.0, "{events} {age}");
    pg.sql("SELECT starsink.fold()");
    assert_eq!(backlog(), (0.0, 0.0));
}

#[test]
fn a_paused_partition_does_not_know_its_lag_and_a_standby_says_that_it_is_one() {
    let mock = Mock::start();
    mock.create_topic("still", 1);
    let producer = Producer::new(&mock.client());
    let pg = Cluster::consuming(&mock.bootstrap(), "still");
    send(&producer, "still", 0, &events(7, 10));
    pg.wait_for_messages("still", 10);
    pg.wait_for(
        "SELECT bool_and(lag_messages = 0) FROM starsink.status",
        SOON,
    );
    pg.sql("SELECT starsink.pause()");
    pg.wait_for(
        "SELECT bool_and(state = 'paused' AND lag_messages IS NULL AND lag_seconds IS NULL) FROM starsink.status",
        SOON,
    );
    pg.wait_for(
        "SELECT bool_and(lag_messages IS NULL) FROM starsink.freshness WHERE topic = 'still'",
        SOON,
    );
    let known: i64 =
        pg.one("SELECT count(*) FROM starsink.metrics('partition') WHERE name LIKE '%lag%'");
    assert_eq!(known, 0);

    let standby = pg.standby();
    let is_standby =
        "SELECT value = 1 FROM starsink.metrics('server') WHERE name = 'starsink_server_standby'";
    assert!(!pg.one::<bool>(is_standby) && standby.one::<bool>(is_standby));
    let system = "SELECT labels ->> 'system' FROM starsink.metrics('server') LIMIT 1";
    assert_eq!(pg.one::<String>(system), standby.one::<String>(system));
    standby.wait_for(
        "SELECT value = 0 FROM starsink.metrics('standby') WHERE name = 'starsink_standby_lag_seconds'",
        SOON,
    );
    pg.wait_for(
        "SELECT value < 1e6 FROM starsink.metrics('standby') WHERE name = 'starsink_standby_lag_bytes'",
        SOON,
    );
    pg.sql("SELECT pg_current_xact_id()");
    pg.wait_for_replay(&standby, SOON);
    // One that hears nothing any more does not believe that it has all.
    standby.alter_system("primary_conninfo", "");
    standby.reload();
    standby.wait_for(
        "SELECT value > 0 FROM starsink.metrics('standby') WHERE name = 'starsink_standby_lag_seconds'",
        SOON,
    );
    assert_eq!(
        standby.one::<i64>("SELECT count(*) FROM starsink.metrics('worker')"),
        0
    );
    pg.sql("SELECT pg_create_physical_replication_slot('away', true)");
    assert!(pg.one::<bool>(
        "SELECT value >= 0 AND labels ->> 'slot' = 'away' FROM starsink.metrics('slot')"
    ));
}

/// Rules that fire at once and for ever.
fn always(pg: &Cluster, name: &str) {
    pg.sql(&format!(
        "INSERT INTO starsink.alert_rule (name, metric, comparison, threshold, clear_threshold, hold_for, description)
         VALUES ('{name}', 'starsink_server_xid_age', '>', 0, 0, '0', 'Nothing to do.')"
    ));
    pg.wait_for(
        &format!("SELECT bool_and(state = 'firing') FROM starsink.alerts WHERE rule = '{name}'"),
        SOON,
    );
}

#[test]
fn an_alert_that_nobody_takes_holds_up_no_other() {
    let pg = Cluster::consuming_nothing();
    let listener = Listener::refusing("poison");
    pg.alter_system("starsink.alert_webhook", listener.url());
    pg.reload();
    always(&pg, "poison");
    let refused = listener.next(SOON);
    assert_eq!(refused["rule"], "poison");
    always(&pg, "remedy");
    let begin = Instant::now();
    while listener.next(SOON)["rule"] != "remedy" {
        assert!(begin.elapsed() < SOON);
    }
    pg.wait_for(
        "SELECT count(*) = 1 AND bool_and(error IS NULL) FROM starsink.alert_delivery JOIN starsink.alert_event USING (event_id) WHERE rule = 'remedy'",
        SOON,
    );
    // It fires still: old or not, whoever takes it gets it.
    pg.sql("UPDATE starsink.alert_event SET at = at - interval '2 hours' WHERE rule = 'poison'");
    assert_eq!(listener.next(SOON)["rule"], "poison");
    // Once it is over and old, that is on record.
    pg.sql("DELETE FROM starsink.alert_rule WHERE name = 'poison'");
    pg.wait_for(
        "SELECT count(*) = 1 AND bool_and(attempts >= 2 AND error = 'answered 400') FROM starsink.alert_delivery AS d JOIN starsink.alert_event AS e USING (event_id) \
         WHERE e.rule = 'poison' AND e.state = 'firing'",
        SOON,
    );
    // Another address takes what this one has not.
    let other = Listener::start(Vec::new());
    pg.alter_system("starsink.alert_webhook", other.url());
    pg.reload();
    let told = other.next(SOON);
    assert_eq!(
        (&told["rule"], &told["state"]),
        (&"poison".into(), &"ok".into()),
        "{told}"
    );
}

#[test]
fn the_log_says_why_the_webhook_cannot_be_reached_and_not_where_it_is() {
    let pg = Cluster::consuming_nothing();
    for (address, causes) in [
        (
            "http://127.0.0.1:9/opal",
            ["Connection refused", "Connection refused"],
        ),
        (
            "http://opal.invalid/",
            ["failed to lookup address information: ", "no such host"],
        ),
    ] {
        pg.alter_system("starsink.alert_webhook", address);
        pg.reload();
        always(&pg, &format!("rule {}", address.len()));
        let begin = Instant::now();
        while !causes.iter().any(|cause| pg.log_text().contains(cause)) {
            assert!(begin.elapsed() < SOON, "{}", pg.log_tail());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    let log = pg.log_text();
    assert!(
        !log.contains("opal") && !log.contains("uncategorized"),
        "{log}"
    );
}

#[test]
fn a_long_job_delays_no_alert() {
    let pg = Cluster::consuming_nothing();
    let listener = Listener::start(Vec::new());
    pg.alter_system("starsink.alert_webhook", listener.url());
    pg.reload();
    pg.sql(
        "CREATE FUNCTION starsink.dawdle() RETURNS bigint LANGUAGE sql AS 'SELECT pg_sleep(300); SELECT 1::bigint';
         GRANT EXECUTE ON FUNCTION starsink.dawdle() TO starsink_worker;
         INSERT INTO starsink.job (ordinal, name, schedule, command, description) VALUES (1, 'dawdle', '1 h', 'starsink.dawdle', 'Takes its time.')",
    );
    let dawdles = "SELECT state = 'running' FROM starsink.jobs WHERE name = 'dawdle'";
    pg.wait_for(dawdles, SOON);
    always(&pg, "urgent");
    assert_eq!(listener.next(SOON)["rule"], "urgent");
    assert!(pg.one::<bool>(dawdles));
    assert_eq!(pg.worker_pids("starsink watch").len(), 1);
    // The steward is back: it looks after alerts again, and nobody else does.
    let steward = pg.worker_pids("starsink steward")[0];
    pg.sql(&format!(
        "UPDATE starsink.job SET enabled = false WHERE name = 'dawdle'; SELECT pg_cancel_backend({steward})"
    ));
    pg.wait_for(
        "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'starsink watch'",
        SOON,
    );
    always(&pg, "another");
    assert_eq!(listener.next(SOON)["rule"], "another");
    pg.wait_for(
        "SELECT count(*) = 2 AND max(attempts) = 1 FROM starsink.alert_delivery",
        SOON,
    );
}
