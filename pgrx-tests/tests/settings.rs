//! Settings are documented, refuse what is wrong by name, and keep working when a file is broken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::OpenOptions;
use std::io::Write;

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, events, send};
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::Producer;

#[test]
fn a_bad_value_is_refused_with_name_value_and_what_is_right() {
    let pg = Cluster::consuming_nothing();
    let before: Vec<String> = pg
        .query("SELECT s::text FROM pg_settings AS s WHERE name LIKE 'starsink.%'")
        .iter()
        .map(|row| row.get(0))
        .collect();
    for (name, value, words) in [
        (
            "topic",
            "shop events!",
            ["\"shop events!\"", "letters, digits, dots"],
        ),
        ("topic", "..", ["\"..\"", "letters, digits, dots"]),
        (
            "bootstrap_servers",
            "kafka:port",
            ["\"kafka:port\"", "host:port"],
        ),
        (
            "bootstrap_servers",
            "kafka-1:9092,kafka-2:99999",
            ["kafka-2:99999", "host:port"],
        ),
        ("bootstrap_servers", "a:1;b:2", ["\"a:1;b:2\"", "host:port"]),
        (
            "bootstrap_servers",
            "kafka://kafka:9092",
            ["\"kafka://kafka:9092\"", "SASL_SSL://"],
        ),
        (
            "bootstrap_servers",
            "::1:9092",
            ["\"::1:9092\"", "brackets"],
        ),
        (
            "bootstrap_servers",
            "kafka 1:9092",
            ["\"kafka 1:9092\"", "host:port"],
        ),
        ("base_currency", "XYZ", ["\"XYZ\"", "ISO 4217"]),
        ("base_currency", "eur", ["\"eur\"", "in capitals"]),
        ("base_currency", "XXX", ["\"XXX\"", "ISO 4217"]),
        (
            "crawl_user_agent_contact",
            "me",
            ["\"me\"", "crawler@example.com"],
        ),
        (
            "crawl_user_agent_contact",
            "https://",
            ["\"https://\"", "https://www.example.com/crawler"],
        ),
        (
            "geoip_database",
            "/nowhere/country.mmdb",
            ["\"/nowhere/country.mmdb\": No such file", "MMDB"],
        ),
        (
            "geoip_database",
            "/etc/hostname",
            ["\"/etc/hostname\": ", "MMDB"],
        ),
        (
            "ssl_ca_location",
            "/nowhere/ca.pem",
            ["\"/nowhere/ca.pem\": No such file", "PEM"],
        ),
        (
            "ssl_key_location",
            "/nowhere/key.pem",
            ["\"/nowhere/key.pem\": No such file", "PEM"],
        ),
        (
            "exchange_rates_file",
            "/nowhere/rates.csv",
            ["\"/nowhere/rates.csv\": No such file", "exchange rates"],
        ),
        (
            "quarantine_retention",
            "90 dogs",
            ["\"90 dogs\"", "for example 90 days"],
        ),
        (
            "quarantine_retention",
            "-1",
            ["\"-1\"", "0 keeps everything"],
        ),
        (
            "quarantine_retention",
            "52560001",
            ["\"52560001\"", "at most 100 years"],
        ),
        (
            "kafka_options",
            "no.such.property=1",
            ["\"no.such.property\"", "CONFIGURATION.md"],
        ),
        (
            "kafka_options",
            "fetch.wait.max.ms=soon",
            ["\"fetch.wait.max.ms=soon\"", "CONFIGURATION.md"],
        ),
        (
            "kafka_options",
            "fetch.wait.max.ms",
            ["no '='", "name=value"],
        ),
        (
            "kafka_options",
            "check.crcs=true,group.id=mine",
            ["\"group.id\"", "starsink.group_id"],
        ),
        (
            "kafka_options",
            "enable.auto.commit=true",
            ["\"enable.auto.commit\"", "offsets commit with the data"],
        ),
        (
            "kafka_options",
            "ssl.key.pem=opal",
            ["\"ssl.key.pem\"", "starsink.kafka_secret_options"],
        ),
        (
            "kafka_secret_options",
            "no.such.secret=opal",
            ["\"no.such.secret\"", "CONFIGURATION.md"],
        ),
        (
            "report_time_zone",
            "Berlin",
            ["\"Berlin\"", "Europe/Berlin"],
        ),
        (
            "oldest_event",
            "01.01.2000",
            ["\"01.01.2000\"", "YYYY-MM-DD"],
        ),
        ("workers", "0", ["0", "1 .. 32"]),
        ("workers", "33", ["33", "1 .. 32"]),
        ("batch_max_events", "0", ["0", "1 .. 200000"]),
        ("batch_max_wait", "2min", ["120000", "0 .. 60000"]),
        ("memory", "1MB", ["1", "16 .. 65536"]),
        ("retry_backoff", "soon", ["\"soon\"", "invalid value"]),
        (
            "isolation_level",
            "dirty",
            ["\"dirty\"", "read_committed, read_uncommitted"],
        ),
        (
            "on_trimmed",
            "ignore",
            ["\"ignore\"", "earliest, latest, pause"],
        ),
        ("tpoic", "shop", ["starsink.tpoic", "parameter"]),
    ] {
        let refusal = pg.refusal(&format!("ALTER SYSTEM SET starsink.{name} = '{value}'"));
        assert!(
            refusal.contains(&format!("\"starsink.{name}\"")),
            "{name} = {value}: {refusal}"
        );
        assert!(
            words.iter().all(|word| refusal.contains(word)),
            "{name} = {value}: {refusal}"
        );
        assert!(
            !refusal.contains("opal"),
            "no secret is repeated: {refusal}"
        );
    }
    pg.reload();
    let after: Vec<String> = pg
        .query("SELECT s::text FROM pg_settings AS s WHERE name LIKE 'starsink.%'")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(before, after);
}

#[test]
fn what_is_right_is_taken_however_it_is_written() {
    let pg = Cluster::without_jobs();
    for (name, value) in [
        ("bootstrap_servers", "kafka-1:9092, kafka_2.shop.example"),
        (
            "bootstrap_servers",
            "PLAINTEXT://kafka:9092,[::1]:9092,10.0.0.1:1",
        ),
        ("bootstrap_servers", ""),
        ("base_currency", "SEK"),
        (
            "crawl_user_agent_contact",
            "https://www.example.com/crawler",
        ),
        ("crawl_user_agent_contact", "crawler@example.com"),
        ("crawl_user_agent_contact", ""),
        ("ssl_ca_location", "probe"),
        ("ssl_ca_location", "/etc"),
        ("geoip_database", ""),
    ] {
        pg.alter_system(&format!("starsink.{name}"), value);
    }
    // By each way to write it, what is older goes and what is not stays.
    for (written, kept, gone) in [
        ("90 days", "89 days", "91 days"),
        ("90d", "89 days", "91 days"),
        ("3 weeks", "20 days", "22 days"),
        ("1440", "23 hours", "25 hours"),
        ("12h", "11 hours", "13 hours"),
        ("30 min", "29 minutes", "31 minutes"),
        ("0", "3650 days", ""),
    ] {
        pg.alter_system("starsink.quarantine_retention", written);
        pg.reload();
        pg.wait_for(
            &format!("SELECT current_setting('starsink.quarantine_retention') = '{written}'"),
            SOON,
        );
        for (age, deleted) in [(kept, 0), (gone, 1)]
            .into_iter()
            .filter(|(age, _)| !age.is_empty())
        {
            pg.sql(&format!(
                "DELETE FROM starsink.quarantine; SELECT starsink.ingest('{{broken');
                 UPDATE starsink.quarantine SET quarantined_at = now() - interval '{age}'"
            ));
            assert_eq!(
                pg.run_job("quarantine_cleanup"),
                deleted,
                "{written}, {age}"
            );
        }
    }
}

#[test]
fn a_database_that_is_not_there_is_told_in_sql_in_the_log_and_in_status() {
    let pg = Cluster::consuming_nothing();
    let said = pg.said_to("postgres", "ALTER SYSTEM SET starsink.database = 'shopp'");
    assert!(
        said.contains("WARNING:  starsink.database: there is no database \"shopp\" yet")
            && said.contains("HINT:  Nothing is loaded until there is"),
        "{said}"
    );
    pg.reload();
    pg.wait_for(
        "SELECT bool_and(state = 'disabled' AND reason LIKE 'starsink.database is ''shopp'', this database is %; there is no database of that name') FROM starsink.status",
        SOON,
    );
    let reason = "starsink.database is ''shopp'': there is no such database";
    pg.wait_for(
        &format!("SELECT bool_or(reason = '{reason}') FROM starsink_internal.worker_states()"),
        SOON,
    );
    let told = "starsink.database is 'shopp': there is no such database";
    assert_eq!(pg.log_text().matches(told).count(), 1, "once");
    pg.sql("CREATE DATABASE shopp");
    pg.wait_for_in(
        "shopp",
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'starsink ingest 1' AND datname = 'shopp'",
        SOON,
    );
    assert_eq!(
        pg.said_to("postgres", "ALTER SYSTEM SET starsink.database = 'shopp'"),
        ""
    );
}

#[test]
fn files_that_went_away_are_named_where_they_are_needed() {
    let pg = Cluster::consuming_nothing();
    let ca = pg.data().join("ca.pem");
    std::fs::write(&ca, "no certificate").unwrap();
    pg.alter_system("starsink.security_protocol", "ssl");
    pg.alter_system("starsink.ssl_ca_location", ca.display());
    pg.consume("127.0.0.1:9", "shop");
    pg.wait_for_state(
        "retrying",
        &format!(
            "%\"{}\", of starsink.ssl_ca_location, is refused: %",
            ca.display()
        ),
    );
    std::fs::remove_file(&ca).unwrap();
    pg.wait_for_state(
        "retrying",
        &format!(
            "%could not read \"{}\", of starsink.ssl_ca_location: No such file%",
            ca.display()
        ),
    );
    let at: bool = pg.one("SELECT bool_and(last_error_at BETWEEN now() - interval '1 minute' AND now()) FROM starsink.status");
    assert!(at, "an error has its time");
}

#[test]
fn a_broken_line_in_a_file_is_told_in_the_log_and_the_old_value_keeps_working() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("broken-file", 1);
    let (producer, events) = (Producer::new(&kafka.client()), events(61, 20));
    send(&producer, &topic, 0, &events[..10]);
    let pg = Cluster::consuming(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 10);
    let mut file = OpenOptions::new()
        .append(true)
        .open(pg.data().join("postgresql.auto.conf"))
        .unwrap();
    file.write_all(
        b"starsink.topic = 'no topic'\nstarsink.bootstrap_servers = 'nowhere:0'\nstarsink.workers = 99\n\
          starsink.kafka_options = 'no.such.property=1'\nstarsink.report_time_zone = 'Mars'\nstarsink.batch_max_wait = '7ms'\n",
    )
    .unwrap();
    pg.reload();
    pg.wait_for(
        "SELECT current_setting('starsink.batch_max_wait') = '7ms'",
        SOON,
    );
    let log = pg.log_text();
    for (line, hint) in [
        (
            "invalid value for parameter \"starsink.topic\": \"no topic\"",
            "HINT:  A Kafka topic name has",
        ),
        (
            "invalid value for parameter \"starsink.bootstrap_servers\": \"nowhere:0\"",
            "HINT:  Give host:port",
        ),
        (
            "99 is outside the valid range for parameter \"starsink.workers\" (1 .. 32)",
            "contains errors",
        ),
        (
            "invalid value for parameter \"starsink.kafka_options\": librdkafka knows no property \"no.such.property\"",
            "HINT:  librdkafka's CONFIGURATION.md",
        ),
        (
            "invalid value for parameter \"starsink.report_time_zone\": \"Mars\"",
            "HINT:  Give a name of the IANA time zone database",
        ),
    ] {
        assert!(
            log.contains(line) && log.contains(hint),
            "{line}; {hint}:\n{log}"
        );
    }
    let kept: String = pg.one("SELECT concat_ws(' ', current_setting('starsink.topic'), current_setting('starsink.workers'))");
    assert_eq!(kept, format!("{topic} 1"));
    send(&producer, &topic, 0, &events[10..]);
    pg.wait_for_messages(&topic, 20);
    assert_eq!(pg.facts(), 20);
    pg.assert_books();
}

#[test]
fn every_setting_is_listed_with_all_there_is_to_know() {
    let pg = Cluster::consuming_nothing();
    let unlisted: Vec<String> = pg
        .query("SELECT coalesce(p.name, s.name) FROM (SELECT name FROM pg_settings WHERE name LIKE 'starsink.%') AS p FULL JOIN starsink.settings AS s USING (name) WHERE p.name IS NULL OR s.name IS NULL")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(unlisted.is_empty(), "{unlisted:?}");
    let poor: Vec<String> = pg
        .query(
            "SELECT s.name FROM starsink.settings AS s JOIN pg_settings AS p USING (name)
             WHERE length(s.description) < 20 OR s.default_value IS NULL OR s.takes_effect <> 'at pg_reload_conf()' OR p.context <> 'sighup'
                OR (p.vartype = 'integer' AND (s.min_value IS NULL OR s.max_value IS NULL)) OR (p.vartype = 'enum' AND s.allowed IS NULL)
                OR s.value IS DISTINCT FROM CASE WHEN s.is_secret THEN '(not set)' ELSE p.setting END",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(poor.is_empty(), "{poor:?}");
    assert!(pg.one::<i64>("SELECT count(*) FROM starsink.settings") > 30);
}
