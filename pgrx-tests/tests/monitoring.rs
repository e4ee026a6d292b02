//! Somebody hears of it when something is wrong: inside the database and from Prometheus, and only as long as it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use postgres::fallible_iterator::FallibleIterator;
use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, events, send};
use starsink_tests::kafka::Kafka;
use starsink_tests::listener::Listener;
use starsink_tests::producer::Producer;
use starsink_tests::watching::{Watching, configuration};

#[test]
fn a_broker_that_stops_is_told_inside_and_outside_and_so_is_its_return() {
    let kafka = Kafka::start();
    let topic = kafka.topic("watched", 2);
    let (producer, events) = (Producer::new(&kafka.client()), events(70, 40));
    send(&producer, &topic, 0, &events[..10]);
    send(&producer, &topic, 1, &events[10..20]);
    let pg = Cluster::consuming(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 20);
    let mut password = tempfile::NamedTempFile::new().unwrap();
    password.write_all(b"trusted\n").unwrap();
    let password_file = format!("password_file={}", password.path().display());
    // A second time, as when the password has changed.
    for _ in 0..2 {
        let role = pg
            .tool("psql")
            .args(["-qX", "-v", "ON_ERROR_STOP=1", "-v", &password_file, "-f"])
            .arg(configuration("exporter_role.sql"))
            .status();
        assert!(role.unwrap().success());
    }
    let watching = Watching::start(&pg);
    // The first answer is an error: it must be sent again.
    let listener = Listener::start(vec![503]);
    pg.alter_system("starsink.alert_webhook", listener.url());
    pg.reload();
    pg.sql("UPDATE starsink.alert_rule SET hold_for = '3 s' WHERE name = 'worker_not_running'");
    let mut ear = pg.connect(pg.database());
    ear.batch_execute("LISTEN starsink_alerts").unwrap();

    // Both sides measure the same.
    pg.wait_for("SELECT bool_and(value = 1) FROM starsink.metrics('partition') WHERE name = 'starsink_partition_running'", SOON);
    // The job maintenance has noted where the keys of dimensions are: new members are counted from there.
    pg.wait_for(
        "SELECT EXISTS (SELECT FROM starsink.job_mark WHERE name = 'members')",
        SOON,
    );
    let begin = Instant::now();
    let inside = loop {
        // What is known may change between the two.
        let inside = series(&pg.one::<String>("SELECT starsink.prometheus()"));
        let outside = series(&watching.metrics());
        if inside == outside {
            break inside;
        }
        assert!(begin.elapsed() < SOON, "{inside:?}\n{outside:?}");
    };
    for metric in [
        "starsink_topic_loaded_total",
        "starsink_partition_running",
        "starsink_worker_running",
        "starsink_alert_firing",
        "starsink_server_standby",
        "starsink_job_late_seconds",
        "starsink_warehouse_unfolded_events",
    ] {
        assert!(
            inside.iter().any(|(name, _)| name == metric),
            "{metric}: {inside:?}"
        );
    }
    // PostgreSQL's own are there, too, and no password.
    let served = watching.metrics();
    for metric in [
        "pg_stat_archiver_failed_count ",
        "pg_database_size_bytes{",
        "pg_stat_database_deadlocks{",
    ] {
        assert!(served.contains(metric), "{metric}");
    }
    let refusal = pg.refusal("SET ROLE starsink_exporter; SHOW starsink.sasl_password");
    assert!(refusal.starts_with("42501"), "{refusal}");
    watching.wait_for_alert("StarsinkWorkerNotRunning", false, SOON);

    kafka.kill();
    pg.wait_for(&state_is("worker_not_running", "firing"), SOON);
    let told = told(&mut ear, "firing");
    assert_eq!(
        (told["previous"].as_str(), told["severity"].as_str()),
        (Some("pending"), Some("critical")),
        "{told}"
    );
    // Each partition by itself, and the first once more, as it was not received.
    let posted = [(); 3].map(|()| listener.next(SOON));
    assert!(
        posted[1..].contains(&posted[0]),
        "sent again after an error"
    );
    assert!(
        posted
            .iter()
            .any(|other| other["labels"] != posted[0]["labels"])
    );
    for posted in &posted {
        assert_eq!(
            (&posted["rule"], &posted["state"]),
            (&"worker_not_running".into(), &"firing".into())
        );
    }
    // Nobody knows how far behind they are.
    pg.wait_for(
        "SELECT count(*) = 2 AND bool_and(lag_messages IS NULL AND lag_seconds IS NULL) FROM starsink.status",
        SOON,
    );
    assert_eq!(
        pg.one::<i64>(
            "SELECT count(*) FROM starsink.metrics() WHERE name LIKE 'starsink_partition_lag_%'"
        ),
        0
    );
    let labels = watching.wait_for_alert("StarsinkWorkerNotRunning", true, SOON);
    assert_eq!(
        (labels["topic"].as_str(), labels["severity"].as_str()),
        (Some(topic.as_str()), Some("critical")),
        "{labels}"
    );

    kafka.restart();
    send(&producer, &topic, 0, &events[20..]);
    pg.wait_for(&state_is("worker_not_running", "ok"), SOON);
    for posted in [listener.next(SOON), listener.next(SOON)] {
        assert_eq!(
            (&posted["state"], &posted["previous"]),
            (&"ok".into(), &"firing".into()),
            "{posted}"
        );
    }
    self::told(&mut ear, "ok");
    watching.wait_for_alert("StarsinkWorkerNotRunning", false, SOON);
    pg.wait_for_messages(&topic, 40);

    // It is all on record.
    let path: String = pg.one("SELECT string_agg(state, ' ' ORDER BY event_id) FROM starsink.alert_event WHERE rule = 'worker_not_running' AND labels ->> 'partition' = '0'");
    assert!(path.ends_with("pending firing ok"), "{path}");
    let held: bool = pg.one(
        "SELECT bool_and(f.at - p.at >= interval '3 s') FROM starsink.alert_event AS f
         JOIN LATERAL (SELECT * FROM starsink.alert_event AS p WHERE p.rule = f.rule AND p.labels = f.labels AND p.event_id < f.event_id ORDER BY p.event_id DESC LIMIT 1) AS p ON true
         WHERE f.rule = 'worker_not_running' AND f.state = 'firing'",
    );
    assert!(held, "it fired before its time");
    pg.wait_for("SELECT count(*) = 4 AND bool_and(error IS NULL) AND max(attempts) = 2 FROM starsink.alert_delivery", SOON);
    let log = pg.log_text();
    for line in [
        "WARNING:  starsink: alert worker_not_running (critical) fires: ",
        "LOG:  starsink: alert worker_not_running (critical) resolved: ",
        "answered 503",
    ] {
        assert!(log.contains(line), "{line}");
    }
    assert!(
        !log.contains("secret-token"),
        "the webhook's address is a secret"
    );
}

#[test]
fn an_alert_needs_its_time_and_resolves_with_hysteresis() {
    let pg = still_cluster();
    pg.sql("INSERT INTO starsink.alert_rule (name, metric, comparison, threshold, clear_threshold, hold_for, description)
            VALUES ('heap', 'starsink_topic_quarantine_messages', '>', 3, 1, '1 s', 'Sweep it.')");
    assert_eq!(evaluated(&pg, 3), "ok", "the threshold itself is no reason");
    assert_eq!(evaluated(&pg, 4), "pending");
    assert_eq!(evaluated(&pg, 5), "pending", "its time is not over");
    assert_eq!(evaluated(&pg, 3), "ok");
    thread::sleep(Duration::from_millis(1_100));
    assert_eq!(
        evaluated(&pg, 4),
        "pending",
        "the time before does not count: it was interrupted"
    );
    thread::sleep(Duration::from_millis(1_100));
    assert_eq!(evaluated(&pg, 4), "firing");
    assert_eq!(evaluated(&pg, 2), "firing", "better, but not well");
    assert_eq!(evaluated(&pg, 1), "ok");
    let path: String = pg.one("SELECT string_agg(state, ' ' ORDER BY event_id) FROM starsink.alert_event WHERE rule = 'heap'");
    assert_eq!(path, "pending ok pending firing ok");
    let seen: bool = pg.one("SELECT last_fired_at < last_resolved_at AND since = last_resolved_at AND value = 1 AND threshold = 3 FROM starsink.alerts WHERE rule = 'heap'");
    assert!(seen);

    // A rule that goes takes its alert along, on record.
    for goodbye in [
        "UPDATE starsink.alert_rule SET enabled = false WHERE name = 'heap'",
        "DELETE FROM starsink.alert_rule WHERE name = 'heap'",
    ] {
        pg.sql("UPDATE starsink.alert_rule SET enabled = true, hold_for = '0' WHERE name = 'heap'");
        assert_eq!(evaluated(&pg, 9), "firing");
        pg.sql(goodbye);
        assert_eq!(evaluated(&pg, 9), "ok", "{goodbye}");
    }
}

#[test]
fn bad_rules_are_refused_and_changed_ones_stay() {
    let pg = still_cluster();
    pg.sql("INSERT INTO starsink.alert_rule (name, metric, comparison, threshold, clear_threshold, hold_for, description)
            VALUES ('heap', 'starsink_topic_quarantine_messages', '<', 5, 5, '0', 'Fill it.')");
    for wrong in [
        "clear_threshold = 4",
        "comparison = '='",
        "severity = 'loud'",
        "hold_for = '-1 s'",
    ] {
        let refusal = pg.refusal(&format!(
            "UPDATE starsink.alert_rule SET {wrong} WHERE name = 'heap'"
        ));
        assert!(refusal.starts_with("23514"), "{wrong}: {refusal}");
    }
    let refusal = pg.refusal("ALTER SYSTEM SET starsink.alert_webhook = 'hooks.example.com/opal'");
    assert!(
        refusal.contains("starsink.alert_webhook")
            && refusal.contains("https://")
            && !refusal.contains("opal"),
        "{refusal}"
    );

    // Laying out once more brings no rule back to what it was.
    pg.sql("UPDATE starsink.alert_rule SET threshold = 120, enabled = false WHERE name = 'lag_seconds'; SELECT starsink.create_warehouse()");
    assert!(pg.one::<bool>(
        "SELECT threshold = 120 AND NOT enabled FROM starsink.alert_rule WHERE name = 'lag_seconds'"
    ));

    pg.sql("CREATE ROLE looker LOGIN IN ROLE starsink_reader; CREATE ROLE operator LOGIN IN ROLE starsink_admin, starsink_reader");
    for (role, statement, allowed) in [
        (
            "looker",
            "SELECT * FROM starsink.alerts, starsink.alert_event, starsink.alert_rule, starsink.metrics()",
            true,
        ),
        ("looker", "SELECT starsink.prometheus()", true),
        (
            "looker",
            "UPDATE starsink.alert_rule SET enabled = false",
            false,
        ),
        (
            "looker",
            "SELECT starsink_internal.evaluate_alerts()",
            false,
        ),
        (
            "operator",
            "UPDATE starsink.alert_rule SET enabled = true WHERE name = 'lag_seconds'",
            true,
        ),
        ("operator", "DELETE FROM starsink.alert_event", false),
    ] {
        let outcome = pg.connect_as(role, pg.database()).batch_execute(statement);
        assert_eq!(outcome.is_ok(), allowed, "{role}: {statement}: {outcome:?}");
    }
}

#[test]
fn every_seeded_rule_and_metric_is_one_that_is_measured() {
    let pg = still_cluster();
    let unknown: i64 = pg.one("SELECT count(*) FROM starsink.alert_rule WHERE metric NOT IN (SELECT name FROM starsink.metric_names())");
    let undocumented: i64 = pg.one("SELECT count(*) FROM starsink.metrics() WHERE name NOT IN (SELECT name FROM starsink.metric_names())");
    assert_eq!((unknown, undocumented), (0, 0));
    assert!(pg.one::<i64>("SELECT count(*) FROM starsink.alert_rule") >= 10);
}

#[test]
fn the_size_of_wal_and_the_end_of_the_certificate_are_measured() {
    let pg = still_cluster();
    let metric = |name: &str| -> Option<f64> {
        pg.query(&format!(
            "SELECT value FROM starsink.metrics('server') WHERE name = 'starsink_server_{name}'"
        ))
        .first()
        .map(|row| row.get(0))
    };
    let before = metric("wal_bytes").expect("a size");
    let by_postgres: f64 =
        pg.one("SELECT sum(size)::double precision FROM pg_catalog.pg_ls_waldir()");
    assert_eq!(before, by_postgres);
    pg.sql("CREATE TABLE public.much AS SELECT i, repeat('x', 900) FROM generate_series(1, 50000) AS i");
    assert!(metric("wal_bytes").expect("a size") > before);

    assert_eq!(metric("certificate_days"), None, "TLS is off");
    // By the server's own user, in the data folder: there they are looked for by default.
    let make = |days: u32| {
        pg.sql(&format!(
            "COPY (SELECT 1) TO PROGRAM 'openssl req -new -x509 -batch -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
             -subj /CN=shop -days {days} -keyout server.key -out server.crt 2>/dev/null'"
        ));
    };
    make(31);
    pg.alter_system("ssl", "on");
    pg.reload();
    pg.wait_for("SELECT current_setting('ssl')::boolean", SOON);
    // Whole days: one less than a second after it was made.
    let days = |range: std::ops::RangeInclusive<f64>| {
        let days = metric("certificate_days");
        assert!(days.is_some_and(|days| range.contains(&days)), "{days:?}");
    };
    days(30.0..=31.0);
    make(3);
    days(2.0..=3.0);
    // What is no certificate has no end, and says so by its absence.
    pg.sql("COPY (SELECT 'none') TO PROGRAM 'cat >server.crt'");
    assert_eq!(metric("certificate_days"), None);
}

#[test]
fn prometheus_takes_the_text_the_rules_and_the_configuration() {
    let pg = still_cluster();
    pg.sql(r#"INSERT INTO starsink.alert_rule (name, metric, comparison, threshold, clear_threshold, description)
              VALUES (E'a "quoted"\\ name\nof two lines', 'none', '>', 1, 1, 'Odd.')"#);
    let text: String = pg.one("SELECT starsink.prometheus()");
    assert!(
        text.contains(r#"rule="a \"quoted\"\\ name\nof two lines""#),
        "{text}"
    );
    let mut lint = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    lint.stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let lint = lint.wait_with_output().unwrap();
    assert!(
        lint.status.success(),
        "{}\n{text}",
        String::from_utf8_lossy(&lint.stderr)
    );
    for (program, arguments, file) in [
        ("promtool", ["check", "rules"].as_slice(), "rules.yaml"),
        ("promtool", &["test", "rules"], "rules_test.yaml"),
        ("promtool", &["check", "config"], "prometheus.yml"),
        ("amtool", &["check-config"], "alertmanager.yml"),
    ] {
        let output = Command::new(program)
            .args(arguments)
            .arg(configuration(file))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{file}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn each_of_prometheus_rules_is_tested_when_it_fires_and_when_it_does_not() {
    let read = |name| std::fs::read_to_string(configuration(name)).unwrap();
    let (rules, tests) = (read("rules.yaml"), read("rules_test.yaml"));
    let mut alerts = 0;
    for name in rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
    {
        let fires = format!("- alertname: {name}\n");
        let rests = format!("- {{alertname: {name}, eval_time");
        assert!(tests.contains(&fires), "{name} fires in no test");
        assert!(
            tests.matches(&rests).count() >= 2,
            "{name} is to be silent before and after"
        );
        alerts += 1;
    }
    assert!(alerts > 20, "{alerts}");
}

/// A cluster with books that only the test writes: no worker, no steward.
fn still_cluster() -> Cluster {
    let pg = Cluster::builder()
        .preload("")
        // Its settings are known in every session all the same.
        .conf("session_preload_libraries", "starsink")
        .start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
    pg
}

/// Makes the books say that so many messages are in quarantine, evaluates, and returns the state of the alert heap.
fn evaluated(pg: &Cluster, quarantined: i64) -> String {
    pg.sql(&format!(
        "DELETE FROM starsink.ledger;
         INSERT INTO starsink.ledger (audit_key, last_audit_key, kind, topic, partition, epoch, received, quarantined, started_at, committed_at)
         VALUES (1, 1, 'batch', 'books', 0, 0, {quarantined}, {quarantined}, now(), now());
         SELECT starsink_internal.evaluate_alerts()"
    ));
    pg.one("SELECT coalesce((SELECT state FROM starsink.alert_event WHERE rule = 'heap' ORDER BY event_id DESC LIMIT 1), 'ok')")
}

fn state_is(rule: &str, state: &str) -> String {
    format!("SELECT bool_and(state = '{state}') FROM starsink.alerts WHERE rule = '{rule}'")
}

/// The next notification that says so of worker_not_running.
fn told(ear: &mut postgres::Client, state: &str) -> serde_json::Value {
    let mut notifications = ear.notifications();
    let mut coming = notifications.timeout_iter(SOON);
    while let Some(notification) = coming.next().unwrap() {
        let told: serde_json::Value = serde_json::from_str(notification.payload()).unwrap();
        if told["rule"] == "worker_not_running" && told["state"] == state {
            return told;
        }
    }
    panic!("no notification of {state}");
}

/// Every series of starsink in the text format: its name and labels, without the exporter's own.
fn series(text: &str) -> BTreeSet<(String, BTreeSet<String>)> {
    text.lines()
        // The exporter's way to say that a value is unknown.
        .filter(|line| line.starts_with("starsink_") && !line.ends_with(" NaN"))
        .filter_map(|line| {
            let (name, rest) = line.split_once('{')?;
            let labels = rest
                .rsplit_once('}')?
                .0
                .split(',')
                .filter(|label| !label.is_empty() && !label.starts_with("server="))
                .map(str::to_owned);
            Some((name.to_owned(), labels.collect()))
        })
        .collect()
}
