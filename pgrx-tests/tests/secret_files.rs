//! Secrets in files: read where they are needed, told what is wrong with them, and never shown.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::CString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::SOON;

/// Gives a file to whoever runs the server: the owner of its data.
fn hand_over(pg: &Cluster, path: &Path, mode: u32) {
    use std::os::unix::fs::MetadataExt;
    let data = fs::metadata(pg.data()).unwrap();
    chown(path, Some(data.uid()), Some(data.gid())).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn says(pg: &Cluster, words: &str) {
    pg.wait_for_state("retrying", &format!("%{words}%"));
}

#[test]
fn what_is_wrong_with_a_file_is_told_and_mended_without_a_restart() {
    let pg = Cluster::builder()
        .conf("starsink.retry_backoff_max", "200ms")
        .conf("starsink.security_protocol", "sasl_plaintext")
        .conf("starsink.sasl_username", "starsink")
        .conf("starsink.bootstrap_servers", "127.0.0.1:9")
        .conf("starsink.topic", "shop")
        .start();
    pg.sql("CREATE EXTENSION starsink");
    let at = |name: &str| pg.data().join(name);
    let set = |path: &Path| {
        pg.alter_system("starsink.sasl_password_file", path.display());
        pg.reload();
    };
    set(&at("absent"));
    says(
        &pg,
        "absent\", of starsink.sasl_password_file: No such file%",
    );
    fs::create_dir(at("folder")).unwrap();
    hand_over(&pg, &at("folder"), 0o700);
    set(&at("folder"));
    says(&pg, "no regular file");
    let pipe = CString::new(at("pipe").to_str().unwrap()).unwrap();
    // SAFETY: a terminated path.
    assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) }, 0);
    hand_over(&pg, &at("pipe"), 0o600);
    set(&at("pipe"));
    says(&pg, "no regular file");
    for (name, content, mode, words) in [
        ("empty", "\n", 0o600, "it is empty"),
        ("large", &*"opal".repeat(20_000), 0o600, "too large"),
        ("lines", "opal-one\nopal-two\n", 0o600, "more than a line"),
        ("closed", "opal-three", 0o000, "Permission denied"),
    ] {
        fs::write(at(name), content).unwrap();
        hand_over(&pg, &at(name), mode);
        set(&at(name));
        says(&pg, words);
    }
    fs::write(at("latin1"), b"opal-\xe4").unwrap();
    hand_over(&pg, &at("latin1"), 0o600);
    set(&at("latin1"));
    says(&pg, "not UTF-8");
    // Mended without a reload: what could not be read is tried again.
    fs::write(at("latin1"), "opal-four\n").unwrap();
    pg.wait_for(
        "SELECT bool_and(reason NOT LIKE '%sasl_password_file%') FROM starsink.status",
        SOON,
    );
    // Value and file: neither wins.
    pg.alter_system("starsink.sasl_password", "opal-five");
    pg.reload();
    says(
        &pg,
        "both starsink.sasl_password and starsink.sasl_password_file are set",
    );
    let refusal = pg.refusal("SELECT starsink.seek('earliest')");
    assert!(
        refusal.starts_with("F0000 both starsink.sasl_password and starsink.sasl_password_file"),
        "{refusal}"
    );
    pg.sql("ALTER SYSTEM RESET starsink.sasl_password");
    pg.reload();
    pg.wait_for(
        "SELECT bool_and(reason NOT LIKE '%sasl_password_file%') FROM starsink.status",
        SOON,
    );
    // Others may read it: no more than a warning.
    assert!(!pg.log_text().contains("open to every user"));
    fs::write(at("open"), "opal-six\r\n").unwrap();
    hand_over(&pg, &at("open"), 0o644);
    set(&at("open"));
    pg.wait_for(
        "SELECT setting LIKE '%open' FROM pg_settings WHERE name = 'starsink.sasl_password_file'",
        SOON,
    );
    let deadline = std::time::Instant::now() + SOON;
    while !pg
        .log_text()
        .contains("open\", of starsink.sasl_password_file, is open to every user")
    {
        assert!(std::time::Instant::now() < deadline, "{}", pg.log_tail());
        std::thread::yield_now();
    }
    // Options are checked when they are read, and what is refused is not repeated.
    for (name, content, words) in [
        ("options", "no.such.secret=opal-seven", "no.such.secret"),
        ("word", "opal-nine", "no ''=''"),
    ] {
        fs::write(at(name), content).unwrap();
        hand_over(&pg, &at(name), 0o600);
        pg.alter_system("starsink.kafka_secret_options_file", at(name).display());
        pg.reload();
        says(&pg, words);
    }
    pg.sql("ALTER SYSTEM RESET starsink.kafka_secret_options_file");
    // The steward says of its own.
    fs::write(at("webhook"), "gopher://opal-eight\n").unwrap();
    hand_over(&pg, &at("webhook"), 0o600);
    pg.alter_system("starsink.alert_webhook_file", at("webhook").display());
    pg.reload();
    pg.wait_for(
        "SELECT reason LIKE '%alert_webhook%' FROM starsink_internal.worker_states() WHERE worker = 0 AND state = 'retrying'",
        SOON,
    );
    // And the jobs go on.
    let now: String = pg.one("SELECT now()::text");
    pg.wait_for(
        &format!("SELECT last_run > '{now}' FROM starsink.jobs WHERE name = 'alerts'"),
        SOON,
    );
    let shown: String = pg.one(
        "SELECT string_agg(t, ' ') FROM (SELECT string_agg(s::text, ' ') FROM pg_settings AS s UNION ALL SELECT string_agg(s::text, ' ') FROM starsink.settings AS s
         UNION ALL SELECT string_agg(s::text, ' ') FROM starsink_internal.worker_states() AS s UNION ALL SELECT string_agg(s::text, ' ') FROM starsink.status AS s) AS u (t)",
    );
    for place in [
        shown,
        pg.log_text(),
        fs::read_to_string(pg.data().join("postgresql.auto.conf")).unwrap(),
    ] {
        let line = place
            .lines()
            .find(|line| line.contains("opal-") && !line.contains("starsink.sasl_password = "));
        assert!(line.is_none(), "{line:?}");
    }
}
