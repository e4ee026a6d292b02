//! Every committed batch is folded once: whatever transactions are open meanwhile, whatever cluster the gaps are of, and
//! whole.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Command;

use postgres::Client;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use starsink_tests::cluster::Cluster;

/// A statement that ingests one event.
fn event(id: &str) -> String {
    format!(
        "SELECT starsink.ingest(jsonb_build_object('id', '{id}', 'time_stamp', 1590000000 + abs(hashtext('{id}') % 10000), \
             'collection', 'view_product_detail', 'product_id', '7', 'store_id', '6', 'device_id', '{id}')::text)"
    )
}

/// No other transaction runs, and the members that the events share are there: nobody waits for another to commit one.
fn begun() -> Cluster {
    let pg = Cluster::builder()
        .conf("max_prepared_transactions", 20)
        .conf("synchronous_commit", "off")
        .start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse(); UPDATE starsink.job SET enabled = false");
    pg.wait_for(
        "SELECT bool_and(state = 'disabled') FROM starsink.jobs",
        starsink_tests::consuming::SOON,
    );
    pg.sql(&event("begun"));
    assert_eq!(fold(&pg), 1);
    pg
}

fn fold(pg: &Cluster) -> i64 {
    pg.one("SELECT starsink.fold()")
}

fn gaps(pg: &Cluster) -> i32 {
    pg.one(
        "SELECT coalesce(cardinality(gap_low), 0) FROM starsink.fold ORDER BY fold_id DESC LIMIT 1",
    )
}

fn folded_views(pg: &Cluster) -> i64 {
    pg.one("SELECT coalesce(sum(views), 0)::bigint FROM warehouse.agg_hour")
}

fn reported_views(pg: &Cluster) -> i64 {
    pg.one("SELECT coalesce(sum(views), 0)::bigint FROM warehouse.product_views_over_time(include_bots => true)")
}

#[test]
fn a_batch_of_the_newest_transaction_is_waited_for() {
    let pg = begun();
    pg.sql(&event("before"));
    let mut newest = pg.connect(pg.database());
    newest
        .batch_execute(&format!("BEGIN; {}", event("newest")))
        .unwrap();
    assert_eq!((fold(&pg), fold(&pg), fold(&pg)), (1, 0, 0));
    assert_eq!(gaps(&pg), 1);
    newest.batch_execute("COMMIT").unwrap();
    assert_eq!((fold(&pg), folded_views(&pg), gaps(&pg)), (1, 3, 0));
}

#[test]
fn a_batch_has_its_transactions_id_before_its_number() {
    let pg = begun();
    // nextval() itself takes an id only where it writes to the log.
    for n in 0..40 {
        let mut client = pg.connect(pg.database());
        client
            .batch_execute(&format!("BEGIN; {}", event("begun")))
            .unwrap();
        let has_id: bool = client
            .query_one("SELECT pg_current_xact_id_if_assigned() IS NOT NULL", &[])
            .unwrap()
            .get(0);
        assert!(has_id, "{n}");
    }
}

/// A session in the middle of something.
struct Writer {
    client: Client,
    is_open: bool,
    /// Events of its transaction.
    pending: Vec<String>,
}

#[test]
fn sessions_that_open_commit_and_abort_in_any_order_lose_nothing() {
    let pg = begun();
    let mut dice = Pcg64::seed_from_u64(14);
    let mut folder = pg.connect(pg.database());
    let mut writers: Vec<Writer> = (0..6)
        .map(|_| Writer {
            client: pg.connect(pg.database()),
            is_open: false,
            pending: Vec::new(),
        })
        .collect();
    let (mut committed, mut prepared, mut named, mut folded) = (1, Vec::new(), 0, 1_i64);
    let end_prepared = |client: &mut Client, (name, events): (String, i64), commits: bool| {
        let word = if commits { "COMMIT" } else { "ROLLBACK" };
        client
            .batch_execute(&format!("{word} PREPARED '{name}'"))
            .unwrap();
        if commits { events } else { 0 }
    };
    for step in 0..500 {
        let chosen = dice.random_range(0..writers.len());
        let writer = &mut writers[chosen];
        let mut run = |sql: &str| writer.client.batch_execute(sql).unwrap();
        match dice.random_range(0..20) {
            0..=7 => {
                if !writer.is_open {
                    run("BEGIN");
                    writer.is_open = true;
                }
                let id = format!("e{step}");
                if dice.random_range(0..5) == 0 {
                    run(&format!("SAVEPOINT s; {}; ROLLBACK TO s", event(&id)));
                } else {
                    run(&event(&id));
                    writer.pending.push(id);
                }
            }
            8..=12 if writer.is_open => {
                let end = ["COMMIT", "COMMIT", "COMMIT", "ROLLBACK", "PREPARE"];
                let end = end[dice.random_range(0..5)];
                let events = writer.pending.len() as i64;
                writer.pending.clear();
                writer.is_open = false;
                if end == "PREPARE" && prepared.len() < 8 {
                    named += 1;
                    run(&format!("PREPARE TRANSACTION 'p{named}'"));
                    prepared.push((format!("p{named}"), events));
                } else {
                    let end = if end == "PREPARE" { "COMMIT" } else { end };
                    run(end);
                    committed += if end == "COMMIT" { events } else { 0 };
                }
            }
            13 if !prepared.is_empty() => {
                let which = dice.random_range(0..prepared.len());
                let commits = dice.random_range(0..4) > 0;
                let chosen = prepared.swap_remove(which);
                committed += end_prepared(&mut folder, chosen, commits);
            }
            14 => pg.sql("SELECT pg_current_xact_id()"),
            15..=19 => {
                folded += folder
                    .query_one("SELECT starsink.fold()", &[])
                    .unwrap()
                    .get::<_, i64>(0);
                assert_eq!(folded, committed, "step {step}");
                if step % 10 == 0 {
                    assert_eq!(reported_views(&pg), committed, "step {step}");
                }
            }
            _ => {}
        }
    }
    for writer in &mut writers {
        if writer.is_open {
            writer.client.batch_execute("COMMIT").unwrap();
            committed += writer.pending.len() as i64;
        }
    }
    for chosen in prepared.drain(..) {
        committed += end_prepared(&mut folder, chosen, true);
    }
    folded += fold(&pg);
    println!("{committed} events committed");
    assert_eq!(
        (folded, folded_views(&pg), pg.facts()),
        (committed, committed, committed)
    );
    assert_eq!(gaps(&pg), 0);
    let sessions: i64 = pg.one("SELECT sum(events)::bigint FROM warehouse.fact_session");
    assert_eq!(sessions, committed);
}

#[test]
fn a_batch_is_folded_when_all_that_its_row_of_the_ledger_says_is_there() {
    let pg = begun();
    let file = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    let lines: Vec<String> = (0..5)
        .map(|n| format!("{{\"id\":\"f{n}\",\"time_stamp\":{},\"collection\":\"view_product_detail\",\"product_id\":\"7\",\"store_id\":\"6\",\"device_id\":\"f{n}\"}}", 1_590_000_000 + n))
        .collect();
    fs::write(file.path(), lines.join("\n")).unwrap();
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(file.path(), readable).unwrap();
    pg.sql(&format!(
        "SELECT * FROM starsink.ingest_file('{}'); \
         CREATE TABLE public.taken AS SELECT * FROM warehouse.fact_event WHERE event_id IN ('f1', 'f2'); \
         DELETE FROM warehouse.fact_event WHERE event_id IN ('f1', 'f2')",
        file.path().display()
    ));
    pg.sql(&event("whole"));
    let told = || {
        pg.log_text()
            .matches("fewer of their events are in fact_event")
            .count()
    };
    assert_eq!(
        (fold(&pg), folded_views(&pg)),
        (1, 2),
        "the other batch alone"
    );
    assert_eq!((fold(&pg), reported_views(&pg), gaps(&pg)), (0, 5, 1));
    let mut session = pg.connect(pg.database());
    for _ in 0..3 {
        session.batch_execute("SELECT starsink.fold()").unwrap();
    }
    let often = told();
    session.batch_execute("SELECT starsink.fold()").unwrap();
    assert_eq!(told(), often, "a session says it once");
    pg.sql("INSERT INTO warehouse.fact_event SELECT * FROM public.taken");
    assert_eq!((fold(&pg), folded_views(&pg), gaps(&pg)), (5, 7, 0));

    // What never comes is waited for as long as the ledger tells batches apart.
    pg.sql(&event("half"));
    pg.sql("DELETE FROM warehouse.fact_event WHERE event_id = 'half'");
    let is_folded = || {
        pg.one::<bool>(
            "SELECT starsink_internal.is_folded_up_to(last_value) FROM starsink.audit_key",
        )
    };
    assert_eq!((fold(&pg), fold(&pg), is_folded()), (0, 0, false));
    pg.sql(&event("more"));
    assert_eq!((fold(&pg), gaps(&pg), is_folded()), (1, 1, false));
    pg.sql("UPDATE starsink.ledger SET committed_at = now() - interval '2 days'; SELECT starsink_internal.roll_up_ledger(10)");
    assert_eq!((fold(&pg), gaps(&pg), is_folded()), (0, 0, true));

    // Retention drops what is folded: it is not missed when all is made anew.
    pg.sql(&event("old"));
    assert_eq!(fold(&pg), 1);
    pg.sql("DELETE FROM warehouse.fact_event WHERE event_id = 'old'; \
            INSERT INTO starsink.retention_log (topic, partition, facts, quarantined, source) VALUES ('(sql)', 0, 1, 0, 'fact_event_2020_05')");
    pg.sql("SELECT starsink.forget_folds(dropped_too => true)");
    assert_eq!((fold(&pg), folded_views(&pg)), (8, 8));
    assert_eq!((fold(&pg), gaps(&pg), is_folded()), (0, 0, true));
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    output.stdout
}

#[test]
fn jobs_go_on_in_a_younger_cluster_where_nobody_holds_what_a_dump_waits_for() {
    let pg = begun();
    // Far ahead of what a new cluster has given out.
    pg.sql(
        "DO $$ BEGIN FOR n IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$",
    );
    let mut open = pg.connect(pg.database());
    open.batch_execute(&format!("BEGIN; {}", event("open")))
        .unwrap();
    let mut late = pg.connect(pg.database());
    late.batch_execute(&format!("BEGIN; {}", event("late")))
        .unwrap();
    pg.sql(&event("beside"));
    assert_eq!((fold(&pg), gaps(&pg)), (1, 1));
    // One has committed by the time of the dump, and is not folded.
    late.batch_execute("COMMIT").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (dump, roles) = (folder.path().join("dump"), folder.path().join("roles"));
    run(pg.tool("pg_dump").args(["-Fc", "-f"]).arg(&dump));
    let all = String::from_utf8(run(pg.tool("pg_dumpall").arg("--roles-only"))).unwrap();
    fs::write(&roles, all.replace("CREATE ROLE postgres;", "")).unwrap();

    let young = Cluster::builder().database("shop").start();
    run(young
        .tool("psql")
        .args(["-qX", "-v", "ON_ERROR_STOP=1", "-f"])
        .arg(&roles));
    run(young
        .tool("pg_restore")
        .args(["--exit-on-error", "--single-transaction", "-d", "shop"])
        .arg(&dump));
    let is_younger: bool = young.one(
        "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint < gap_seen_at[1] FROM starsink.fold ORDER BY fold_id DESC LIMIT 1",
    );
    assert!(is_younger);
    assert_eq!(
        (fold(&young), gaps(&young), folded_views(&young)),
        (1, 0, 3)
    );
    assert!(young.one::<bool>(
        "SELECT starsink_internal.is_folded_up_to(last_value) FROM starsink.audit_key"
    ));
    assert!(young.run_job("quality") > 0);
    let counted: i64 =
        young.one("SELECT sum(events)::bigint FROM starsink.quality WHERE code = '(all)'");
    assert_eq!(counted, 3);
    // The same for a time that this cluster never had, as after it was set back.
    young.sql(
        "INSERT INTO starsink.fold SELECT fold_id + 1, high, ARRAY[high - 2], ARRAY[high - 2], ARRAY[1000000], time_zone, 0, 0, 0, 0, 0, now(), system_identifier \
         FROM starsink.fold ORDER BY fold_id DESC LIMIT 1",
    );
    assert_eq!((gaps(&young), fold(&young), gaps(&young)), (1, 0, 0));
}
