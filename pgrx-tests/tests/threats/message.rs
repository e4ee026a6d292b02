//! A message is loaded or put aside: it takes no more memory, time or rights than its size gives it.

use std::fs;

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::SOON;
use starsink_tests::mock::Mock;
use starsink_tests::producer::{Message, Producer};

fn order(number: usize, lines: usize) -> String {
    let lines = vec!["{}"; lines].join(",");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    format!(
        r#"{{"id":"{number}","collection":"checkout_success","time_stamp":{now},"order_id":"o-{number}","device_id":"d","store_id":"6","cart_products":[{lines}]}}"#
    )
}

/// Most memory that a process has had, in MB.
fn peak(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1024
}

#[test]
fn few_bytes_that_say_many_lines_do_not_take_all_memory() {
    let mock = Mock::start();
    mock.create_topic("lines", 1);
    let producer = Producer::new(&mock.client());
    for number in 0..100 {
        producer.send(
            "lines",
            &Message::new(order(number, 1_000).as_bytes()).partition(0),
        );
    }
    for lines in [1_001, 60_000] {
        producer.send(
            "lines",
            &Message::new(order(lines, lines).as_bytes()).partition(0),
        );
    }
    producer.flush();
    let pg = Cluster::without_jobs();
    pg.alter_system("starsink.memory", "16MB");
    pg.reload();
    pg.wait_for(
        "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'starsink ingest 1'",
        SOON,
    );
    let worker = pg.worker_pids("starsink ingest 1")[0];
    let before = peak(worker);
    pg.consume(&mock.bootstrap(), "lines");
    pg.wait_for_messages("lines", 102);
    let grown = peak(worker) - before;
    // A worker's first batch brings caches of its own; without a bound it was twice as much and more.
    assert!(grown < 140, "{grown} MB for 0.3 MB of messages");
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM warehouse.fact_order_line"),
        100_000
    );
    assert!(pg.one::<bool>(
        "SELECT count(*) = 2 AND bool_and(codes = '{LINES_TOO_MANY}') FROM starsink.quarantine"
    ));
    // What is genuine is let in.
    pg.alter_system("starsink.message_max_lines", 1_001);
    pg.reload();
    pg.wait_for(
        "SELECT current_setting('starsink.message_max_lines') = '1001'",
        SOON,
    );
    assert_eq!(
        pg.one::<i64>("SELECT loaded FROM starsink.redrive(code => 'LINES_TOO_MANY')"),
        1
    );
    pg.assert_books();
}

#[test]
fn a_flood_of_made_up_members_is_loaded_and_told_and_wastes_no_keys() {
    let mock = Mock::start();
    mock.create_topic("flood", 1);
    let producer = Producer::new(&mock.client());
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let pg = Cluster::without_jobs();
    pg.run_job("maintenance");
    // Nothing can be loaded for a while, whoever's fault it is.
    pg.sql(
        "CREATE TABLE fault (state text); INSERT INTO fault VALUES ('53100');
         CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN
             PERFORM nextval('tries');
             IF EXISTS (SELECT FROM public.fault) THEN RAISE EXCEPTION 'no' USING ERRCODE = (SELECT state FROM public.fault); END IF;
             RETURN NULL;
         END$$;
         CREATE SEQUENCE tries;
         ALTER FUNCTION fail() SET search_path = public;
         CREATE TRIGGER fail BEFORE INSERT ON warehouse.fact_event FOR EACH STATEMENT EXECUTE FUNCTION fail();
         ALTER TABLE warehouse.fact_event ENABLE ALWAYS TRIGGER fail",
    );
    for number in 0..500 {
        let message = format!(
            r#"{{"id":"{number}","collection":"view_home_page","time_stamp":{now},"device_id":"d{number}","store_id":"6","current_url":"https://x.de/?utm_source=s{number}","user_agent":"made up {number}"}}"#
        );
        producer.send("flood", &Message::new(message.as_bytes()).partition(0));
    }
    producer.flush();
    pg.consume(&mock.bootstrap(), "flood");
    pg.wait_for("SELECT last_value >= 5 FROM tries", SOON);
    pg.sql("DELETE FROM fault");
    pg.wait_for_messages("flood", 500);
    assert_eq!((pg.facts(), pg.quarantined()), (500, 0));
    for (dimension, key) in [
        ("dim_device", "device_key"),
        ("dim_campaign", "campaign_key"),
        ("dim_user_agent", "user_agent_key"),
    ] {
        // One aborted batch may cost its keys, not each.
        let burned: i64 = pg.one(&format!(
            "SELECT pg_sequence_last_value(pg_get_serial_sequence('warehouse.{dimension}', '{key}')::regclass) - count(*) FROM warehouse.{dimension} WHERE {key} > 0"
        ));
        assert!(burned <= 500, "{dimension}: {burned}");
    }
    // It is told.
    pg.sql(
        "UPDATE starsink.alert_rule SET threshold = 400, clear_threshold = 400, hold_for = '0' WHERE name = 'new_members';
         SELECT starsink_internal.evaluate_alerts()",
    );
    assert!(pg.one::<bool>(
        "SELECT bool_and(state = 'firing' AND labels ->> 'dimension' IN ('dim_device', 'dim_campaign', 'dim_user_agent')) FROM starsink.alerts WHERE rule = 'new_members'"
    ));
    // And so is the end of the keys: no row is to blame for it, and loading goes on when there are keys again.
    pg.sql(
        "SELECT setval(pg_get_serial_sequence('warehouse.dim_device', 'device_key'), 2147483647)",
    );
    pg.sql("SELECT starsink_internal.evaluate_alerts()");
    assert!(pg.one::<bool>(
        "SELECT state = 'firing' AND labels ->> 'dimension' = 'dim_device' FROM starsink.alerts WHERE rule = 'keys_used'"
    ));
    let message = format!(
        r#"{{"id":"x","collection":"view_home_page","time_stamp":{now},"device_id":"x","store_id":"6"}}"#
    );
    producer.send("flood", &Message::new(message.as_bytes()).partition(0));
    producer.flush();
    pg.wait_for_state("retrying", "%has given all its keys%");
    assert_eq!(pg.quarantined(), 0);
    pg.sql("SELECT setval(pg_get_serial_sequence('warehouse.dim_device', 'device_key'), 1000000)");
    pg.wait_for_messages("flood", 501);
    assert_eq!((pg.facts(), pg.quarantined()), (501, 0));
}
