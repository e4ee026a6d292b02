//! Whatever a function waits for, a session that is cancelled, timed out or ended is over, and the server goes on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, events};

#[test]
fn loading_ends_where_the_merges_cannot_be_read() {
    let pg = Cluster::without_jobs();
    let event = String::from_utf8(events(61, 1)[0].json.clone()).unwrap();
    let file = pg.data().join("events.jsonl");
    fs::write(&file, &event).unwrap();
    pg.sql("SELECT starsink.ingest('{broken'), starsink_internal.ensure_partition(now())");
    let calls = [
        format!("SELECT starsink.ingest($json${event}$json$)"),
        format!("SELECT * FROM starsink.ingest_file('{}')", file.display()),
        "SELECT * FROM starsink.redrive()".to_owned(),
    ];
    let mut holder = pg.connect(pg.database());
    holder
        .batch_execute("BEGIN; LOCK TABLE starsink.merge_history IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    for (place, call) in calls.iter().enumerate() {
        let refused = pg.refusal(&format!("SET statement_timeout = '300ms'; {call}"));
        assert!(refused.starts_with("57014"), "{refused}");
        let ways = [
            ("pg_cancel_backend", "57014"),
            ("pg_terminate_backend", "57P01"),
        ];
        for (how, over) in ways.into_iter().filter(|_| place == 0) {
            let mut session = pg.connect(pg.database());
            let pid: i32 = session
                .query_one("SELECT pg_backend_pid()", &[])
                .unwrap()
                .get(0);
            let call = call.clone();
            let ended = thread::spawn(move || session.batch_execute(&call).unwrap_err());
            pg.wait_for(
                &format!("SELECT EXISTS (SELECT FROM pg_locks WHERE pid = {pid} AND NOT granted)"),
                SOON,
            );
            pg.sql(&format!("SELECT {how}({pid})"));
            let error = ended.join().unwrap();
            // A session that is ended may not come to say so.
            let code = error.code().map(|code| code.code());
            assert!(code == Some(over) || error.is_closed(), "{how}: {error}");
        }
    }
    holder
        .batch_execute("ALTER TABLE starsink.merge_history RENAME TO gone; COMMIT")
        .unwrap();
    for call in &calls {
        let refused = pg.refusal(&format!("SET statement_timeout = '10s'; {call}"));
        assert!(refused.starts_with("42P01"), "{refused}");
    }
    pg.sql("ALTER TABLE starsink.gone RENAME TO merge_history");
    assert_eq!(pg.one::<String>(&calls[0]), "loaded");
}

#[test]
fn who_asks_a_broker_that_says_nothing_can_be_ended() {
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let refusing = nobody.local_addr().unwrap();
    drop(nobody);
    let pg = Cluster::without_jobs();
    for broker in [silent.local_addr().unwrap(), refusing] {
        pg.alter_system("starsink.bootstrap_servers", broker);
        pg.alter_system("starsink.topic", "events");
        pg.reload();
        for seek in ["seek('earliest')", "seek(now())", "seek(0, 5)"] {
            let refused = pg.refusal(&format!(
                "SET statement_timeout = '300ms'; SELECT * FROM starsink.{seek}"
            ));
            assert!(refused.starts_with("57014"), "{refused}");
        }
        let mut session = pg.connect(pg.database());
        let pid: i32 = session
            .query_one("SELECT pg_backend_pid()", &[])
            .unwrap()
            .get(0);
        let ended = thread::spawn(move || {
            session
                .batch_execute("SELECT * FROM starsink.seek('latest')")
                .unwrap_err()
        });
        pg.wait_for(
            &format!("SELECT query LIKE '%seek%' AND wait_event = 'Extension' FROM pg_stat_activity WHERE pid = {pid}"),
            SOON,
        );
        pg.sql(&format!("SELECT pg_terminate_backend({pid})"));
        // Less than it takes to give the broker up.
        pg.wait_for(
            &format!("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})"),
            Duration::from_secs(5),
        );
        ended.join().unwrap();
    }
    assert!(!pg.log_text().contains("terminated by signal"));
    assert_eq!(pg.one::<i32>("SELECT 1"), 1);
}
