//! The server's container: what it makes, what it takes in at each start, what it leaves alone, and what it says of its health.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use starsink_tests::cluster::Cluster;
use starsink_tests::container::{Container, docker, inventory};
use starsink_tests::kafka::Kafka;
use starsink_tests::port::Port;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Does any file below hold these bytes?
fn holds(folder: &Path, words: &str) -> bool {
    let grep = Command::new("grep")
        .args(["-rqaF", "--", words])
        .arg(folder)
        .status();
    grep.unwrap().code() == Some(0)
}

#[test]
fn passwords_roles_and_settings_are_those_of_now_at_each_start() {
    let mut container = Container::new();
    container.env("READER_ROLES", "dashboard exporter");
    container.secret("dashboard_password", "opal-dashboard-1\n");
    container.secret("exporter_password", "opal'; exporter\\1");
    // A secret is no role because of its name.
    let sasl = container.secret("sasl_password", "opal-sasl-1");
    container.env("STARSINK_SASL_PASSWORD_FILE", sasl.display());
    container.env("STARSINK_SSL_KEY_PASSWORD", "opal-key-1");
    let topic = container.secret("topic", "orders\n");
    container.env("STARSINK_TOPIC_FILE", topic.display());
    let rates = container.secret("rates.csv", "date,currency,rate\n2026-11-20,GBP,0.8411\n");
    container.env("STARSINK_EXCHANGE_RATES_FILE", rates.display());
    container.start(&[]);
    container.wait_ready();

    let roles = "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'starsink%' AND rolcanlogin";
    assert_eq!(container.sql(roles), "starsink_dashboard starsink_exporter");
    let tls = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    for (role, password) in [
        ("starsink_dashboard", "opal-dashboard-1"),
        ("starsink_exporter", "opal'; exporter\\1"),
    ] {
        assert_eq!(container.log_in(role, password, tls).unwrap(), "t");
    }
    let says = |container: &Container, name: &str| container.sql(&format!("SHOW starsink.{name}"));
    assert_eq!(says(&container, "topic"), "orders");
    assert_eq!(
        says(&container, "exchange_rates_file"),
        rates.to_str().unwrap()
    );
    assert_eq!(
        says(&container, "sasl_password_file"),
        sasl.to_str().unwrap()
    );
    // As docker/monitoring/exporter_role.sql makes it, which says why.
    let rights = "SELECT concat_ws(' ', rolconnlimit, pg_has_role(oid, 'pg_read_all_stats', 'MEMBER'), pg_has_role(oid, 'pg_read_all_settings', 'MEMBER'),
                                   has_function_privilege(oid, 'pg_ls_waldir()', 'EXECUTE'))
                  FROM pg_roles WHERE rolname = 'starsink_exporter'";
    assert_eq!(container.sql(rights), "5 t f t");
    // The steward's own job reads it.
    let converts = "SELECT starsink.convert_currency(84.11, 'GBP', '2026-11-20') = 100";
    container.wait_until("rates", |container| container.sql(converts) == "t");
    // No back-up holds a password; no other user reads what does.
    for secret in [
        "opal-key-1",
        "opal-sasl-1",
        "opal-super-1",
        "opal-dashboard-1",
    ] {
        assert!(!holds(&container.volume(), secret), "{secret} is in PGDATA");
        assert!(!container.log().contains(secret), "{secret} is in the log");
    }
    assert!(holds(
        &container.run_folder().join("starsink.conf"),
        "opal-key-1"
    ));
    assert_eq!(mode(&container.run_folder().join("starsink.conf")), 0o600);
    // The superuser comes from this machine alone, others by TLS, and a standby may come.
    let rules = "SELECT string_agg(concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','), coalesce(address, '-'), auth_method), E'\\n' ORDER BY line_number)
                 FROM pg_hba_file_rules WHERE type <> 'local' AND address NOT LIKE '%:%' AND address <> '127.0.0.1'";
    let superuser = container.sql("SELECT current_user");
    assert_eq!(
        container.sql(rules),
        format!(
            "host all,replication {superuser} all reject\nhostssl all,replication all all scram-sha-256"
        )
    );

    container.stop();
    container.secret("postgres_password", "opal-super-2");
    container.secret("dashboard_password", "opal-dashboard-2");
    container.env("STARSINK_TOPIC", "returns");
    container.without_env("STARSINK_TOPIC_FILE");
    container.env("READER_ROLES", "dashboard exporter analyst");
    container.secret("analyst_password", "opal-analyst-1");
    // As a volume's driver leaves it that gives everything to a group.
    fs::set_permissions(container.volume(), fs::Permissions::from_mode(0o2770)).unwrap();
    container.start(&[]);
    container.wait_ready();
    assert_eq!(mode(&container.volume()), 0o700);
    assert_eq!(says(&container, "topic"), "returns");
    for (role, old, new) in [
        (superuser.as_str(), "opal-super-1", "opal-super-2"),
        ("starsink_dashboard", "opal-dashboard-1", "opal-dashboard-2"),
        ("starsink_analyst", "", "opal-analyst-1"),
    ] {
        let told = container.log_in(role, old, "SELECT 1");
        assert!(
            told.unwrap_err().contains("password"),
            "{role}: the old password"
        );
        assert_eq!(
            container.log_in(role, new, "SELECT 1").as_deref(),
            Ok("1"),
            "{role}"
        );
    }
    for secret in ["opal-super-2", "opal-dashboard-2", "opal-analyst-1"] {
        assert!(!container.log().contains(secret), "{secret} is in the log");
    }
}

#[test]
fn a_variable_that_sets_nothing_and_a_role_that_cannot_be_are_named() {
    let mut container = Container::new();
    container.secret("dashboard_password", "");
    for (name, value, words) in [
        (
            "STARSINK_TOPICS",
            "orders",
            "no setting of starsink's: STARSINK_TOPICS.",
        ),
        (
            "STARSINK_TOPICS_FILE",
            "/orders",
            "no setting of starsink's: STARSINK_TOPICS_FILE.",
        ),
        (
            "STARSINK_PORT",
            "tcp://10.0.0.1:5432",
            "enableServiceLinks: false",
        ),
        (
            "STARSINK_TOPIC_FILE",
            "/absent/topic",
            "STARSINK_TOPIC_FILE: the file '/absent/topic' cannot be read",
        ),
        (
            "STARSINK_TOPIC",
            "one\ntwo",
            "STARSINK_TOPIC holds more than a line",
        ),
        ("READER_ROLES", "admin", "starsink_admin is a group"),
        ("READER_ROLES", "x; DROP", "'x;' is no name of a role"),
        (
            "READER_ROLES",
            "ghost",
            "ghost_password' cannot be read or is empty",
        ),
        (
            "READER_ROLES",
            "dashboard",
            "dashboard_password' cannot be read or is empty",
        ),
    ] {
        container.env(name, value);
        container.start(&[]);
        let status = container.end();
        assert!(!status.success(), "{name}={value}");
        assert!(
            container.log().contains(words),
            "{name}={value}: {}",
            container.log()
        );
        container.without_env(name);
    }
    // Nothing of it stands in the way of the start that is right.
    container.start(&[]);
    container.wait_ready();
}

/// Moments of a first start, told by what is in the volume.
const MOMENTS: [(&str, fn(&Path) -> bool); 5] = [
    ("initdb has begun", |data| data.join("PG_VERSION").exists()),
    ("initdb has templates", |data| data.join("base/4").exists()),
    ("the server starts", |data| {
        data.join("postmaster.pid").exists()
    }),
    ("the database is being made", |data| databases(data) > 3),
    ("the warehouse is being laid out", |data| {
        fs::read_dir(data.join("base")).is_ok_and(|all| {
            all.flatten()
                .any(|one| fs::read_dir(one.path()).is_ok_and(|files| files.count() > 450))
        })
    }),
];

fn databases(data: &Path) -> usize {
    fs::read_dir(data.join("base")).map_or(0, Iterator::count)
}

#[test]
fn a_first_start_that_is_killed_begins_anew_and_one_that_was_moving_goes_on() {
    let mut container = Container::new();
    let unfinished = container.volume().join("starsink.unfinished");
    // Tells what an earlier start left from what this one makes.
    let stale = unfinished.join("stale");
    for (moment, seen) in MOMENTS {
        container.start(&[]);
        container.wait_until(moment, |_| !stale.exists() && seen(&unfinished));
        container.kill();
        fs::write(&stale, "").unwrap_or_else(|_| panic!("{moment}: it came too late"));
    }
    container.start(&[]);
    container.wait_ready();
    container.sql("CREATE TABLE public.kept AS SELECT 1 AS n");
    container.stop();

    // Killed while it moved the finished cluster up.
    let volume = container.volume();
    for missing in [&["base", "global", "PG_VERSION"][..], &["PG_VERSION"], &[]] {
        fs::create_dir(&unfinished).unwrap();
        container.gives(&unfinished);
        for name in missing {
            fs::rename(volume.join(name), unfinished.join(name)).unwrap();
        }
        fs::write(unfinished.join("starsink.whole"), "").unwrap();
        container.gives(&unfinished.join("starsink.whole"));
        container.start(&[]);
        container.wait_ready();
        assert_eq!(container.sql("SELECT n FROM public.kept"), "1");
        assert!(!unfinished.exists());
        container.stop();
    }
}

#[test]
fn what_is_not_its_own_is_left_as_it_is() {
    let mut container = Container::new();
    let volume = container.volume();
    let lay = |container: &Container, name: &str, content: Option<&str>| {
        let path = volume.join(name);
        match content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::create_dir_all(&path).unwrap(),
        }
        container.gives(&path);
    };
    let refuses = |container: &mut Container, words: &str| {
        let before = inventory(&container.volume());
        container.start(&[]);
        assert!(!container.end().success(), "{words}");
        assert!(
            container.log().contains(words),
            "{words}: {}",
            container.log()
        );
        assert_eq!(inventory(&container.volume()), before, "{words}");
    };
    lay(&container, "lost+found", None);
    refuses(
        &mut container,
        "is the root of a file system (lost+found): set PGDATA to a folder in it",
    );
    fs::remove_dir(volume.join("lost+found")).unwrap();
    lay(&container, "photos", None);
    lay(&container, "photos/anna.jpg", Some("a face"));
    refuses(
        &mut container,
        "holds no cluster, and is not empty: photos. Is it the right mount?",
    );
    // Beside what is its own, too.
    lay(&container, "starsink.unfinished", None);
    refuses(
        &mut container,
        "holds no cluster, and is not empty: photos. Is it the right mount?",
    );
    for name in ["photos", "starsink.unfinished"] {
        fs::remove_dir_all(volume.join(name)).unwrap();
    }
    lay(&container, "PG_VERSION", Some("9\n"));
    refuses(
        &mut container,
        "holds a cluster of PostgreSQL 9, this image has",
    );
    fs::remove_file(volume.join("PG_VERSION")).unwrap();
    fs::remove_dir(&volume).unwrap();
    // Somebody's cluster, of another service.
    Cluster::builder().preload("").start().keep(&volume);
    refuses(
        &mut container,
        "holds a cluster that this image did not make",
    );
    // A folder below the mount need not be there.
    container.env("PGDATA", volume.join("below/cluster").display());
    container.start(&[]);
    container.wait_ready();
}

#[test]
fn two_containers_do_not_share_a_volume() {
    let mut container = Container::new();
    container.start(&[]);
    container.wait_ready();
    let mut second = Container::new();
    second.env("PGDATA", container.volume().display());
    second.env("SERVER_RUN", container.run_folder().display());
    second.start(&[]);
    assert!(!second.end().success());
    assert!(
        second.log().contains("another container uses PGDATA"),
        "{}",
        second.log()
    );
    assert_eq!(container.sql("SELECT 1"), "1");
    // A kill gives it back.
    container.kill();
    container.start(&["-c", "log_duration=on"]);
    container.wait_ready();
    assert_eq!(container.sql("SHOW log_duration"), "on");
}

#[test]
fn health_tells_a_warehouse_from_a_server_and_a_recovery_from_a_death() {
    let mut container = Container::new();
    assert!(container.is("alive").is_err());
    container.start(&[]);
    container.wait_until("being prepared", |container| container.is("alive").is_ok());
    container.wait_ready();
    for (harm, cure, words) in [
        (
            "DROP EXTENSION starsink",
            "CREATE EXTENSION starsink",
            "starsink.status",
        ),
        (
            "ALTER SYSTEM SET starsink.database = 'other'; SELECT pg_reload_conf()",
            "ALTER SYSTEM RESET starsink.database; SELECT pg_reload_conf()",
            "disabled: ",
        ),
    ] {
        container.sql(harm);
        container.wait_until(words, |container| {
            container
                .is("ready")
                .is_err_and(|told| told.contains(words))
        });
        assert_eq!(container.is("alive"), Ok(()));
        container.sql(cure);
        container.wait_ready();
    }
    container.stop();
    // The library is there, but no database.
    container.env("STARSINK_DATABASE", "absent");
    container.start(&[]);
    container.wait_until("alive", |container| {
        container.is("alive").is_ok() && container.run_folder().join("starsink.conf").exists()
    });
    container.wait_until("no workers", |container| {
        container
            .is("ready")
            .is_err_and(|told| told.contains("steward does not run"))
    });
    container.stop();
    container.without_env("STARSINK_DATABASE");
    // As long as it recovers it takes no queries, and must not be killed.
    fs::write(container.volume().join("standby.signal"), "").unwrap();
    container.gives(&container.volume().join("standby.signal"));
    container.start(&["-c", "hot_standby=off"]);
    container.wait_until("rejecting", |container| {
        container.is("ready").is_err_and(|told| {
            told.contains("not accepting connections") || told.contains("starting up")
        })
    });
    assert_eq!(container.is("alive"), Ok(()));
}

#[test]
fn the_demo_removes_no_folder_but_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    fs::create_dir_all(theirs.join("data")).unwrap();
    fs::write(theirs.join("data/postmaster.pid"), "1\n").unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&theirs, &link).unwrap();
    let before = inventory(&theirs);
    for place in [&theirs, &link] {
        for arguments in [&["stop"][..], &["clean"], &[]] {
            let output = demo(place, arguments);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success(), "{arguments:?}");
            assert!(
                told.contains("is no folder of a demo"),
                "{arguments:?}: {told}"
            );
            assert_eq!(inventory(&theirs), before);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        }
    }
    // Where nothing is, there is nothing to stop.
    for argument in ["stop", "clean"] {
        let output = demo(&folder.path().join("nothing"), &[argument]);
        assert!(output.status.success(), "{output:?}");
    }
    // Its own goes as a whole: where the checkout cannot hold it, it lives in /tmp.
    let own = tempfile::Builder::new()
        .prefix("starsink-demo.")
        .tempdir_in("/tmp")
        .unwrap();
    fs::write(own.path().join("starsink.demo"), "").unwrap();
    let place = folder.path().join("demo");
    std::os::unix::fs::symlink(own.path(), &place).unwrap();
    for _ in 0..2 {
        let output = demo(&place, &["clean"]);
        assert!(output.status.success(), "{output:?}");
        assert!(!own.path().exists());
        assert!(fs::symlink_metadata(&place).is_err());
    }
}

fn demo(place: &Path, arguments: &[&str]) -> Output {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo.sh");
    let mut command = Command::new(demo);
    command
        .args(arguments)
        .env("DEMO_HOME", place)
        .env("DEMO_SECONDS", "0");
    command.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn the_exporter_is_healthy_only_if_it_reads_the_warehouse() {
    let mut container = Container::new();
    container.env("READER_ROLES", "exporter");
    container.secret("exporter_password", "opal-exporter-1");
    container.start(&[]);
    container.wait_ready();
    assert!(exporter_is_healthy(&container, "opal-exporter-1"));
    assert!(!exporter_is_healthy(&container, "opal-exporter-2"));
}

fn exporter_is_healthy(container: &Container, password: &str) -> bool {
    let port = Port::reserve();
    let mut exporter = Command::new("prometheus-postgres-exporter")
        .arg(format!(
            "--extend.query-path={}",
            docker("monitoring/queries.yaml").display()
        ))
        .args(["--disable-default-metrics", "--disable-settings-metrics"])
        .arg(format!("--web.listen-address=127.0.0.1:{}", port.number()))
        .env(
            "DATA_SOURCE_URI",
            format!("127.0.0.1:{}/shop?sslmode=require", container.port()),
        )
        .env("DATA_SOURCE_USER", "starsink_exporter")
        .env("DATA_SOURCE_PASS", password)
        .stderr(Stdio::null())
        .spawn()
        .expect("make setup installs what is missing");
    let begin = Instant::now();
    while !healthy(
        "monitoring/health.sh",
        port.number(),
        &["/metrics", "^pg_up "],
    ) {
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "the exporter does not answer"
        );
    }
    let healthy = healthy(
        "monitoring/health.sh",
        port.number(),
        &["/metrics", "^starsink_worker_running{"],
    );
    exporter.kill().unwrap();
    exporter.wait().unwrap();
    healthy
}

#[test]
fn a_broker_that_only_listens_is_not_healthy() {
    let kafka = Kafka::shared();
    let port = kafka
        .bootstrap()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(healthy("kafka/health.sh", port, &[]));
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(!healthy(
        "kafka/health.sh",
        deaf.local_addr().unwrap().port(),
        &[]
    ));
}

/// What an engine would find, with its patience.
fn healthy(script: &str, port: u16, arguments: &[&str]) -> bool {
    let status = Command::new("timeout")
        .arg("3")
        .arg(docker(script))
        .arg(port.to_string())
        .args(arguments)
        .stderr(Stdio::null())
        .status();
    status.unwrap().success()
}
