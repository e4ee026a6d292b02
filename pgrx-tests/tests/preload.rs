//! A server that does not preload the library: everything but the workers works, and says what to do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{events, send};
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::Producer;

#[test]
fn without_preload_functions_work_and_status_says_what_to_do() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("preload", 1);
    let events = events(62, 20);
    let pg = Cluster::builder().preload("").start();
    let notices: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&notices);
    let mut session = postgres::Config::new()
        .host("127.0.0.1")
        .port(pg.port())
        .user("postgres")
        .dbname(pg.database())
        .notice_callback(move |notice| {
            let text = format!("{} {}", notice.message(), notice.hint().unwrap_or_default());
            heard.lock().unwrap().push(text);
        })
        .connect(postgres::NoTls)
        .unwrap();
    session.batch_execute("CREATE EXTENSION starsink").unwrap();
    let said = notices.lock().unwrap().join("\n");
    assert!(
        said.contains("not in shared_preload_libraries")
            && said.contains("ALTER SYSTEM SET shared_preload_libraries"),
        "{said}"
    );

    let status = || {
        let rows = pg.query("SELECT state, reason FROM starsink.status");
        (rows[0].get::<_, String>(0), rows[0].get::<_, String>(1))
    };
    let (state, reason) = status();
    assert!(
        state == "disabled"
            && reason.contains("shared_preload_libraries")
            && reason.contains("restart"),
        "{state}: {reason}"
    );
    let event = String::from_utf8(events[0].json.clone()).unwrap();
    let fate =
        |payload: &str| pg.one::<String>(&format!("SELECT starsink.ingest($json${payload}$json$)"));
    assert_eq!(
        (fate(&event), fate(&event), fate("{")),
        ("loaded".into(), "duplicate".into(), "quarantined".into())
    );
    let path = pg.data().join("events.jsonl");
    std::fs::write(&path, &events[1].json).unwrap();
    assert_eq!(
        pg.one::<i64>(&format!(
            "SELECT loaded FROM starsink.ingest_file('{}')",
            path.display()
        )),
        1
    );
    pg.sql("SELECT starsink.pause(); SELECT starsink.resume(); SELECT * FROM starsink.redrive(); SELECT * FROM starsink.progress_ingest_file");
    assert!(pg.one::<i64>("SELECT count(*) FROM starsink.settings") > 30);
    assert_eq!(status().0, "disabled");
    pg.assert_books();

    // Doing as it says.
    send(&Producer::new(&kafka.client()), &topic, 0, &events[2..]);
    pg.alter_system("shared_preload_libraries", "starsink");
    pg.restart();
    pg.consume(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 18);
    pg.wait_for_no_lag(18);
    assert_eq!(pg.facts(), 20);
    pg.assert_books();
}
