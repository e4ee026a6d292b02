//! Bad messages end in quarantine, each under its code, none with its neighbours, and leave it once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use starsink_core::event::claims::corpus::{BadMessage, Expected, bad_messages};
use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{events, now_micros, send};
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::{Message, Producer};
use starsink_tests::shop::Event;

fn send_bytes(producer: &Producer, topic: &str, partition: i32, payload: &[u8]) {
    producer.send(topic, &Message::new(payload).partition(partition));
    producer.flush();
}

/// Codes by offset, of what a query finds.
fn codes(pg: &Cluster, query: &str) -> BTreeMap<usize, BTreeSet<String>> {
    let rows = pg.query(query);
    let code_sets = rows.iter().map(|row| {
        let codes: Vec<String> = row.get(1);
        let offset: i64 = row.get(0);
        (
            usize::try_from(offset).unwrap(),
            codes.into_iter().collect(),
        )
    });
    code_sets.collect()
}

fn expected(
    messages: &[BadMessage],
    wanted: impl Fn(Expected) -> Option<Vec<&'static str>>,
) -> BTreeMap<usize, BTreeSet<String>> {
    let expected = messages.iter().enumerate().filter_map(|(offset, message)| {
        let codes = wanted(message.expected)?;
        Some((offset, codes.into_iter().map(str::to_owned).collect()))
    });
    expected.collect()
}

#[test]
fn every_bad_message_lands_under_the_code_it_should() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("corpus", 1);
    let messages = bad_messages(now_micros() / 1_000_000);
    let producer = Producer::new(&kafka.client());
    for message in &messages {
        let sent = match &message.payload {
            Some(payload) => Message::new(payload),
            None => Message::tombstone(message.name),
        };
        producer.send(&topic, &sent.partition(0));
    }
    producer.flush();
    let pg = Cluster::consuming(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, messages.len());

    let bad = expected(&messages, |fate| match fate {
        Expected::Quarantined(codes) => Some(codes.to_vec()),
        _ => None,
    });
    assert!(bad.len() >= 60, "{} are quarantined", bad.len());
    let found = codes(&pg, "SELECT kafka_offset, codes FROM starsink.quarantine");
    for (offset, wanted) in &bad {
        assert_eq!(
            found.get(offset),
            Some(wanted),
            "{}",
            messages[*offset].name
        );
    }
    assert_eq!(found.len(), bad.len());

    let good = expected(&messages, |fate| match fate {
        Expected::Loaded(codes) => Some(codes.to_vec()),
        _ => None,
    });
    let found = codes(
        &pg,
        // What the warehouse adds of its own: here no rates are loaded and no list of stores was merged.
        "SELECT kafka_offset, ARRAY(SELECT c FROM unnest(starsink.quality_codes(quality_flags)) AS c \
         WHERE c NOT IN ('STORE_UNKNOWN', 'CURRENCY_UNKNOWN', 'FX_MISSING')) FROM warehouse.fact_event",
    );
    for (offset, wanted) in &good {
        assert_eq!(
            found.get(offset),
            Some(wanted),
            "{}",
            messages[*offset].name
        );
    }
    assert_eq!(found.len(), good.len());
    assert_eq!(
        pg.sum("dropped", &topic),
        i64::try_from(messages.len() - bad.len() - good.len()).unwrap()
    );

    for row in pg.query("SELECT kafka_offset, payload, detail, stage FROM starsink.quarantine") {
        let message = &messages[usize::try_from(row.get::<_, i64>(0)).unwrap()];
        assert_eq!(
            row.get::<_, Option<Vec<u8>>>(1),
            message.payload,
            "{}",
            message.name
        );
        assert!(!row.get::<_, String>(2).is_empty(), "{}", message.name);
        assert_eq!(row.get::<_, String>(3), "decode", "{}", message.name);
    }
    pg.assert_books();
}

#[test]
fn one_bad_message_among_ten_thousand_costs_no_neighbour() {
    let kafka = Kafka::shared();
    let topic = kafka.topic("one-bad", 1);
    let producer = Producer::new(&kafka.client());
    let events = events(11, 9_999);
    send(&producer, &topic, 0, &events[..5_000]);
    send_bytes(&producer, &topic, 0, b"{\"id\":");
    send(&producer, &topic, 0, &events[5_000..]);
    let pg = Cluster::consuming(&kafka.bootstrap(), &topic);
    pg.wait_for_messages(&topic, 10_000);
    assert_eq!((pg.facts(), pg.quarantined()), (9_999, 1));
    assert_eq!(
        pg.one::<i64>("SELECT kafka_offset FROM starsink.quarantine"),
        5_000
    );
    let ids: BTreeSet<String> = pg
        .query("SELECT event_id FROM warehouse.fact_event")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(ids, events.iter().map(|event| event.id.clone()).collect());
    pg.assert_books();
}

/// A warehouse whose fact table refuses two events of a hundred: one by a trigger, one by a constraint.
fn refused_two(topic: &str) -> (Cluster, Vec<Event>) {
    let kafka = Kafka::shared();
    let events = events(12, 100);
    let pg = Cluster::consuming_nothing();
    pg.sql(&format!(
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.event_id = '{}' THEN RAISE EXCEPTION 'no such guest'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON warehouse.fact_event FOR EACH ROW EXECUTE FUNCTION public.refuse();
         ALTER TABLE warehouse.fact_event ENABLE ALWAYS TRIGGER refuse;
         ALTER TABLE warehouse.fact_event ADD CONSTRAINT no_guest CHECK (event_id <> '{}')",
        events[40].id, events[41].id
    ));
    send(&Producer::new(&kafka.client()), topic, 0, &events);
    pg.consume(&kafka.bootstrap(), topic);
    pg.wait_for_messages(topic, 100);
    (pg, events)
}

#[test]
fn a_row_the_table_refuses_is_found_and_its_neighbours_commit() {
    let topic = Kafka::shared().topic("refused", 1);
    let (pg, events) = refused_two(&topic);
    assert_eq!((pg.facts(), pg.quarantined()), (98, 2));
    let rows = pg.query("SELECT kafka_offset, codes, stage, detail, payload FROM starsink.quarantine ORDER BY kafka_offset");
    for (row, offset) in rows.iter().zip([40_usize, 41]) {
        assert_eq!(row.get::<_, i64>(0), i64::try_from(offset).unwrap());
        assert_eq!(row.get::<_, Vec<String>>(1), ["LOAD_REFUSED"]);
        assert_eq!(row.get::<_, String>(2), "load");
        assert_eq!(row.get::<_, Vec<u8>>(4), events[offset].json);
    }
    assert!(rows[0].get::<_, String>(3).contains("no such guest"));
    assert!(rows[1].get::<_, String>(3).contains("no_guest"));
    pg.assert_books();
}

/// tried, loaded, quarantined
fn redrive(pg: &Cluster, arguments: &str) -> (i64, i64, i64) {
    let rows = pg.query(&format!(
        "SELECT tried, loaded, quarantined FROM starsink.redrive({arguments})"
    ));
    (rows[0].get(0), rows[0].get(1), rows[0].get(2))
}

#[test]
fn redrive_loads_once_after_a_mend() {
    let topic = Kafka::shared().topic("redrive", 1);
    let (pg, events) = refused_two(&topic);
    let timeless = String::from_utf8(events[99].json.clone())
        .unwrap()
        .replace("\"time_stamp\"", "\"time_lost\"");
    send_bytes(
        &Producer::new(&Kafka::shared().client()),
        &topic,
        0,
        timeless.as_bytes(),
    );
    pg.wait_for_messages(&topic, 101);

    assert_eq!(redrive(&pg, ""), (3, 0, 3), "nothing is mended yet");
    assert!(pg.one::<bool>("SELECT bool_and(attempts = 1) FROM starsink.quarantine"));
    pg.sql("ALTER TABLE warehouse.fact_event DROP CONSTRAINT no_guest");
    pg.sql("BEGIN; SELECT * FROM starsink.redrive(); ROLLBACK");
    assert_eq!(pg.facts(), 98, "what is rolled back is not loaded");
    assert_eq!(redrive(&pg, "code => 'LOAD_REFUSED'"), (2, 1, 1));
    pg.sql("DROP TRIGGER refuse ON warehouse.fact_event");
    let twice: Vec<_> = std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| redrive(&pg, "'LOAD_REFUSED'").1));
        both.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(twice.iter().sum::<i64>(), 1, "two at a time load it once");
    assert_eq!(redrive(&pg, "'LOAD_REFUSED'"), (0, 0, 0));
    assert_eq!(redrive(&pg, "code => 'TS_MISSING'"), (1, 0, 1));
    pg.sql("UPDATE starsink.quarantine SET payload = convert_to(replace(replace(convert_from(payload, 'UTF8'), 'time_lost', 'time_stamp'), '\"id\":\"', '\"id\":\"mended-'), 'UTF8') WHERE state = 'quarantined'");
    assert_eq!(redrive(&pg, "code => 'TS_MISSING'"), (1, 1, 0));
    assert_eq!((pg.facts(), pg.quarantined()), (101, 0));
    assert_eq!(redrive(&pg, ""), (0, 0, 0));
    assert_eq!(pg.sum("received", &topic), 101);
    pg.assert_books();

    let refusal = pg.refusal("SELECT * FROM starsink.redrive('NO_SUCH')");
    assert!(
        refusal.starts_with("22023")
            && refusal.contains("NO_SUCH")
            && refusal.contains("starsink.codes"),
        "{refusal}"
    );
}

#[test]
fn many_bad_messages_are_put_aside_by_few_statements_and_once() {
    let pg = Cluster::consuming_nothing();
    let file = pg.data().join("bad.jsonl");
    pg.sql(&format!(
        "CREATE TABLE public.statement (is_one boolean);
         CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO public.statement VALUES (true); RETURN NULL; END $$;
         CREATE TRIGGER note AFTER INSERT OR UPDATE ON starsink.quarantine FOR EACH STATEMENT EXECUTE FUNCTION public.note();
         ALTER TABLE starsink.quarantine ENABLE ALWAYS TRIGGER note;
         COPY (SELECT '{{broken ' || n % 2900 FROM generate_series(1, 3000) AS n) TO '{}'",
        file.display()
    ));
    let load = |quarantined: i64, duplicates: i64| {
        pg.sql("TRUNCATE public.statement");
        let row = &pg.query(&format!(
            "SELECT quarantined, duplicates FROM starsink.ingest_file('{}')",
            file.display()
        ))[0];
        assert_eq!(
            (row.get::<_, i64>(0), row.get::<_, i64>(1)),
            (quarantined, duplicates)
        );
        let statements: i64 = pg.one("SELECT count(*) FROM public.statement");
        assert!((1..=4).contains(&statements), "{statements} statements");
        assert_eq!(pg.quarantined(), 3000);
        pg.assert_books();
    };
    load(3000, 0);
    load(0, 3000);
    pg.sql("TRUNCATE public.statement");
    assert_eq!(redrive(&pg, ""), (3000, 0, 3000));
    let statements: i64 = pg.one("SELECT count(*) FROM public.statement");
    assert!((1..=8).contains(&statements), "{statements} statements");
    let told: i64 = pg.one("SELECT count(*) FROM starsink.quarantine WHERE codes = '{PAYLOAD_NOT_JSON}' AND attempts = 1 AND convert_from(payload, 'UTF8') = '{broken ' || (kafka_offset + 1) % 2900");
    assert_eq!(told, 3000, "each under its own offset");
}

#[test]
fn a_long_complaint_of_the_table_is_cut() {
    let pg = Cluster::consuming_nothing();
    pg.sql(
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', repeat('ü', 100000); END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON warehouse.fact_event FOR EACH ROW EXECUTE FUNCTION public.refuse();
         ALTER TABLE warehouse.fact_event ENABLE ALWAYS TRIGGER refuse",
    );
    let state: String = pg.one(&format!(
        "SELECT starsink.ingest('{}')",
        String::from_utf8(events(13, 1)[0].json.clone())
            .unwrap()
            .replace('\'', "''")
    ));
    assert_eq!(state, "quarantined");
    let length: i32 = pg.one("SELECT octet_length(detail) FROM starsink.quarantine");
    assert!((500..=1000).contains(&length), "{length}");
}

/// A cluster with an operator, and a message of each kind: a file of the server's has two, SQL one.
fn with_three_bad_messages() -> Cluster {
    let pg = Cluster::without_jobs();
    pg.sql("CREATE ROLE olga LOGIN IN ROLE starsink_admin");
    let file = pg.data().join("bad.jsonl");
    std::fs::write(&file, "{broken\n{broken too\n").unwrap();
    let said = pg.said_to(
        "postgres",
        &format!("SELECT * FROM starsink.ingest_file('{}')", file.display()),
    );
    assert!(
        said.contains("2 messages are quarantined, the first of them 1: PAYLOAD_NOT_JSON"),
        "{said}"
    );
    let said = pg.said_to(
        "olga",
        "SELECT starsink.ingest('{\"id\":\"q-3\",\"collection\":\"view_home_page\"}')",
    );
    assert!(
        said.contains("NOTICE:  message 3 is quarantined: TS_MISSING")
            && said.contains("DETAIL:  time_stamp is missing")
            && said.contains("HINT:  starsink.codes"),
        "{said}"
    );
    pg
}

#[test]
fn who_ingests_is_told_why_a_message_is_quarantined() {
    let pg = with_three_bad_messages();
    let said = pg.said_to("olga", "SELECT * FROM starsink.redrive()");
    assert!(
        said.contains("2 messages are quarantined, the first of them 1: PAYLOAD_NOT_JSON")
            && said.contains("message 3 is quarantined: TS_MISSING"),
        "{said}"
    );
    let good = r#"{"id":"q-4","collection":"view_home_page","time_stamp":1763870000}"#;
    assert_eq!(
        pg.said_to("olga", &format!("SELECT starsink.ingest('{good}')")),
        ""
    );
}

#[test]
fn an_operator_mends_discards_and_redrives_by_number() {
    let pg = with_three_bad_messages();
    let olga = |statement: &str| pg.said_to("olga", statement);
    let refused = |statement: &str| pg.refusal_as("olga", statement);
    // What would not be loaded changes nothing, and says why.
    let refusal = refused(r#"SELECT starsink.mend(3, '{"id":"q-3"}')"#);
    assert!(
        refusal.starts_with(
            "22023 message 3 would not be loaded with this payload: COLLECTION_MISSING, TS_MISSING"
        ) && refusal.contains("Nothing was changed"),
        "{refusal}"
    );
    let refusal = refused("SELECT starsink.mend(3, '')");
    assert!(refusal.contains("would be dropped"), "{refusal}");
    olga(
        r#"SELECT starsink.mend(3, '{"id":"q-3","collection":"view_home_page","time_stamp":1763870000}', 'the shop''s clock')"#,
    );
    assert_eq!((pg.facts(), pg.quarantined()), (0, 3), "mended, not loaded");
    let was: String =
        pg.one("SELECT convert_from(original_payload, 'UTF8') FROM starsink.quarantine WHERE quarantine_id = 3");
    assert_eq!(was, r#"{"id":"q-3","collection":"view_home_page"}"#);
    let said = olga("SELECT * FROM starsink.redrive(ids => ARRAY[1])");
    assert!(said.contains("message 1 is quarantined"), "{said}");
    assert_eq!(redrive(&pg, "ids => '{3}'"), (1, 1, 0));
    assert_eq!((pg.facts(), pg.quarantined()), (1, 2));
    pg.assert_books();
    for call in [
        "redrive(ids => ARRAY[3])",
        "redrive(ids => ARRAY[99])",
        "mend(3, '{}')",
        "mend(99, '{}')",
        "discard(ARRAY[1, 3])",
    ] {
        let refusal = refused(&format!("SELECT starsink.{call}"));
        assert!(
            refusal.starts_with("22023 no message ") && refusal.contains("waits in quarantine"),
            "{call}: {refusal}"
        );
    }
    assert_eq!(pg.quarantined(), 2, "what is refused is refused as a whole");

    let dropped = |expected: i64| {
        let booked: (i64, i64) = (
            pg.one("SELECT coalesce(sum(dropped), 0)::bigint FROM starsink.reconciliation"),
            pg.one("SELECT coalesce(sum(received), 0)::bigint FROM starsink.reconciliation"),
        );
        assert_eq!(booked, (expected, 3));
        pg.assert_books();
    };
    dropped(0);
    pg.sql("BEGIN; SELECT starsink.discard(ARRAY[1]); ROLLBACK");
    dropped(0);
    olga("SELECT starsink.discard(ARRAY[1, 2], 'a broken test')");
    dropped(2);
    assert_eq!(pg.quarantined(), 0);
    assert_eq!(redrive(&pg, ""), (0, 0, 0));
    let who: Vec<String> = pg
        .query("SELECT concat_ws(' ', quarantine_id, action, changed_by, note) FROM starsink.quarantine_log ORDER BY log_id")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(
        who,
        [
            "3 mend olga the shop's clock",
            "1 discard olga a broken test",
            "2 discard olga a broken test"
        ]
    );
    // What retention deletes of them is in no book a second time.
    pg.sql("UPDATE starsink.quarantine SET quarantined_at = now() - interval '91 days'");
    assert_eq!(pg.run_job("quarantine_cleanup"), 3);
    dropped(2);
    for statement in [
        "UPDATE starsink.quarantine SET payload = NULL",
        "DELETE FROM starsink.quarantine_log",
        "SELECT starsink_internal.note_failure('fold', now(), '', '')",
    ] {
        let refusal = refused(statement);
        assert!(refusal.starts_with("42501"), "{statement}: {refusal}");
    }
}

#[test]
fn a_mended_message_that_is_read_again_is_known() {
    let topic = Kafka::shared().topic("mended", 1);
    let producer = Producer::new(&Kafka::shared().client());
    let pg = Cluster::consuming(&Kafka::shared().bootstrap(), &topic);
    send_bytes(&producer, &topic, 0, b"{broken");
    pg.wait_for_messages(&topic, 1);
    pg.sql(r#"SELECT starsink.mend(1, '{"id":"m-1","collection":"view_home_page","time_stamp":1763870000}')"#);
    pg.sql("SELECT * FROM starsink.seek('earliest')");
    pg.wait_for_messages(&topic, 2);
    assert_eq!((pg.quarantined(), pg.sum("duplicates", &topic)), (1, 1));
    assert_eq!(redrive(&pg, "ids => ARRAY[1]"), (1, 1, 0));
    pg.sql("SELECT * FROM starsink.seek('earliest')");
    pg.wait_for_messages(&topic, 3);
    assert_eq!((pg.facts(), pg.quarantined()), (1, 0));
    pg.assert_books();
    // Who is forgotten is forgotten in what the message was, too.
    send_bytes(&producer, &topic, 0, br#"{"device_id":"d-anna"}"#);
    pg.wait_for_messages(&topic, 4);
    pg.sql(
        r#"SELECT starsink.mend((SELECT max(quarantine_id) FROM starsink.quarantine), '{"id":"m-2","collection":"view_home_page","time_stamp":1763870000}')"#,
    );
    pg.sql("SELECT * FROM starsink.forget_device('d-anna')");
    let left: i64 = pg.one("SELECT count(*) FROM starsink.quarantine WHERE convert_from(coalesce(original_payload, payload), 'UTF8') LIKE '%anna%'");
    assert_eq!(left, 0);
}

#[test]
fn an_operator_teaches_what_a_code_asks_for() {
    let pg = Cluster::consuming_nothing();
    pg.sql("CREATE ROLE olga LOGIN IN ROLE starsink_admin");
    let order = r#"{"id":"t-1","time_stamp":1763870000,"collection":"checkout_success","order_id":"1","store_id":"900",
        "cart_products":[{"product_id":1,"amount":1,"price":"10","currency":"quux."}]}"#;
    let state: String = pg.one(&format!("SELECT starsink.ingest('{order}')"));
    assert_eq!(state, "loaded");
    let status =
        "SELECT concat_ws(' ', fx_status, trim_scale(base_amount)) FROM warehouse.fact_order_line";
    assert_eq!(pg.one::<String>(status), "unknown currency");
    pg.said_to("olga", "SELECT starsink.teach_currency('Quux .', 'eur')");
    assert_eq!(pg.one::<String>(status), "converted 10");
    for (arguments, words) in [
        ("'quux', 'ZZZ'", "there is no currency 'ZZZ'"),
        (
            "'quux', 'EUR', 'Atlantis'",
            "there is no country 'Atlantis'",
        ),
        ("' . ', 'EUR'", "written cannot be ' . '"),
        ("NULL, 'EUR'", "written cannot be NULL"),
    ] {
        let refusal = pg.refusal_as(
            "olga",
            &format!("SELECT starsink.teach_currency({arguments})"),
        );
        assert!(
            refusal.starts_with("22023") && refusal.contains(words),
            "{refusal}"
        );
    }
    pg.said_to(
        "olga",
        "CREATE TEMP TABLE stores AS SELECT '900' AS store_id, 'example.de' AS domain; SELECT starsink.merge_store('stores')",
    );
    assert!(!pg.one::<bool>("SELECT is_inferred FROM warehouse.dim_store WHERE store_id = '900'"));
}
