//! SASL over TLS: who knows the password gets in, who does not is told so, and the password is nowhere to be seen.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{events, send};
use starsink_tests::kafka::{Kafka, Mechanism};
use starsink_tests::producer::Producer;

/// Everything about settings and state that SQL shows.
fn shown(pg: &Cluster) -> String {
    let queries = [
        "SELECT string_agg(s::text, ' ') FROM pg_settings AS s",
        "SELECT string_agg(s::text, ' ') FROM starsink.settings AS s",
        "SELECT string_agg(s::text, ' ') FROM starsink.status AS s",
        "SELECT string_agg(s::text, ' ') FROM starsink_internal.worker_states() AS s",
        "SELECT string_agg(s::text, ' ') FROM starsink.audit_log AS s",
        "SELECT string_agg(application_name, ' ') FROM pg_stat_activity",
        "SELECT current_setting('starsink.sasl_password')",
        "SELECT current_setting('starsink.ssl_key_password')",
        "SELECT current_setting('starsink.kafka_secret_options')",
    ];
    queries
        .map(|query| pg.one::<Option<String>>(query).unwrap_or_default())
        .join("\n")
}

#[test]
fn both_mechanisms_log_in_and_the_password_is_nowhere_to_be_seen() {
    let kafka = Kafka::builder().secure().start();
    kafka.create_topic("shop", 1, &[]);
    let (producer, events) = (Producer::new(&kafka.client()), events(91, 40));
    let secure = kafka.secure();
    let pg = Cluster::builder()
        .conf("log_min_messages", "debug1")
        .conf("starsink.retry_backoff_max", "500ms")
        .start();
    pg.sql("CREATE EXTENSION starsink");
    pg.alter_system("starsink.security_protocol", "sasl_ssl");
    pg.alter_system("starsink.sasl_username", secure.user);
    pg.alter_system("starsink.ssl_ca_location", secure.ca.display());

    pg.alter_system("starsink.sasl_password", "wrong-opal-7461");
    pg.consume(&secure.bootstrap, "shop");
    pg.wait_for_state("retrying", "%uthentication%");
    assert!(
        pg.one::<bool>("SELECT bool_and(last_error LIKE '%uthentication%') FROM starsink.status")
    );
    send(&producer, "shop", 0, &events[..10]);
    let password = pg.data().join("password");
    std::fs::write(&password, format!("{}\n", secure.password)).unwrap();
    for (number, mechanism) in [Mechanism::ScramSha512, Mechanism::Plain]
        .into_iter()
        .enumerate()
    {
        pg.alter_system("starsink.sasl_mechanism", mechanism.name());
        // From the setting itself, then from a file.
        if number == 0 {
            pg.alter_system("starsink.sasl_password", secure.password);
        } else {
            pg.sql("ALTER SYSTEM RESET starsink.sasl_password");
            pg.alter_system("starsink.sasl_password_file", password.display());
        }
        pg.reload();
        send(
            &producer,
            "shop",
            0,
            &events[10 * (number + 1)..10 * (number + 2)],
        );
        pg.wait_for_messages("shop", 10 * (number + 2));
        pg.wait_for_state("running", "%");
        assert_eq!(pg.one::<String>("SHOW starsink.sasl_password"), "********");
        assert_eq!(
            pg.one::<String>(
                "SELECT value FROM starsink.settings WHERE name = 'starsink.sasl_password'"
            ),
            ["(set, not shown)", "(not set)"][number]
        );
        pg.sql("ALTER SYSTEM RESET starsink.sasl_password_file");
        pg.alter_system("starsink.sasl_password", "wrong-opal-7461");
        pg.reload();
        pg.wait_for_state("retrying", "%uthentication%");
    }

    // A certificate of nobody's.
    pg.alter_system("starsink.sasl_password", secure.password);
    pg.alter_system("starsink.ssl_ca_location", "");
    pg.reload();
    pg.wait_for_state("retrying", "%ertificate%");
    // And one that is the client's own.
    pg.alter_system("starsink.ssl_ca_location", secure.ca.display());
    pg.alter_system(
        "starsink.ssl_certificate_location",
        secure.client_certificate.display(),
    );
    pg.alter_system("starsink.ssl_key_location", secure.client_key.display());
    pg.reload();
    send(&producer, "shop", 0, &events[30..]);
    pg.wait_for_messages("shop", 40);

    pg.alter_system("starsink.ssl_key_password", "opal-key-5512");
    pg.alter_system(
        "starsink.kafka_secret_options",
        "ssl.keystore.password=opal-client-9983",
    );
    pg.reload();
    pg.wait_for(
        "SELECT count(*) = 3 FROM starsink.settings WHERE is_secret AND value = '(set, not shown)'",
        starsink_tests::consuming::SOON,
    );
    pg.restart();
    pg.wait_for_state("running", "%");
    let (shown, log) = (shown(&pg), pg.log_text());
    for secret in [
        secure.password,
        "wrong-opal-7461",
        "opal-key-5512",
        "opal-client-9983",
    ] {
        assert!(!shown.contains(secret), "{secret} is shown by SQL");
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in the log: {line:?}");
    }
    assert!(
        shown.contains("********") && log.contains("starsink.sasl_username"),
        "the search looks where it should"
    );
    pg.assert_books();
}
