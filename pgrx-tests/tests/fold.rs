//! Folds beside a transaction that takes long: what it has written is not read again and again while it is open, and
//! is folded in portions, whole, when it has committed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use starsink_tests::cluster::Cluster;
use starsink_tests::shop::Shop;

/// A statement that ingests one event.
fn event(id: &str) -> String {
    format!(
        "SELECT starsink.ingest(jsonb_build_object('id', '{id}', 'time_stamp', 1590000000 + abs(hashtext('{id}') % 1000000), \
             'collection', 'view_product_detail', 'product_id', '7', 'store_id', '6', 'device_id', '{id}')::text)"
    )
}

/// A warehouse that has the members that the events here share: nobody waits for another to commit one.
fn begun() -> Cluster {
    let pg = Cluster::without_jobs();
    pg.sql(&event("begun"));
    assert_eq!(fold(&pg), 1);
    pg
}

fn fold(pg: &Cluster) -> i64 {
    pg.one("SELECT starsink.fold()")
}

fn views(pg: &Cluster) -> i64 {
    pg.one("SELECT coalesce(sum(views), 0)::bigint FROM warehouse.product_views_over_time(include_bots => true)")
}

/// Views in the aggregates themselves.
fn folded_views(pg: &Cluster) -> i64 {
    pg.one("SELECT coalesce(sum(views), 0)::bigint FROM warehouse.agg_hour")
}

/// Pages that a report reads for what is not folded.
fn pages_of_the_tail(pg: &Cluster) -> i64 {
    let mut client = pg.connect(pg.database());
    // Once before, for what a new connection reads of the catalog.
    client
        .batch_execute("SELECT count(*) FROM starsink_internal.tail(NULL::warehouse.agg_hour)")
        .unwrap();
    // One moment is read once.
    pg.sql("SELECT pg_current_xact_id()");
    let plan: String = client
        .query(
            "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) SELECT count(*) FROM starsink_internal.tail(NULL::warehouse.agg_hour)",
            &[],
        )
        .unwrap()
        .iter()
        .map(|row| row.get::<_, String>(0) + "\n")
        .collect();
    let buffers = plan.split("Buffers:").nth(1).unwrap();
    let buffers = buffers.lines().next().unwrap();
    buffers
        .split([' ', '='])
        .filter_map(|word| word.parse::<i64>().ok())
        .sum()
}

#[test]
fn an_open_transaction_is_not_read_again_and_again() {
    let pg = begun();
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let file = folder.path().join("many.jsonl");
    let (mut shop, mut json, mut event_json) = (Shop::new(5), Vec::new(), Vec::new());
    for n in 0..30_000 {
        shop.fill(1_590_000_000_000_000 + n * 1_000_000, &mut event_json);
        json.extend_from_slice(&event_json);
        json.push(b'\n');
    }
    fs::write(&file, json).unwrap();
    let mut long = pg.connect(pg.database());
    long.batch_execute(&format!(
        "BEGIN; SELECT * FROM starsink.ingest_file('{}')",
        file.display()
    ))
    .unwrap();
    pg.sql(&event("beside"));
    assert_eq!((fold(&pg), views(&pg)), (1, 2));
    let written: i64 = pg.one(
        "SELECT sum(pg_relation_size(i.inhrelid) / 8192)::bigint FROM pg_inherits AS i WHERE i.inhparent = 'warehouse.fact_event'::regclass",
    );
    let read = pages_of_the_tail(&pg);
    println!("{written} pages of facts, {read} read");
    assert!(
        written > 2_000 && read < written / 2,
        "{read} of {written} pages"
    );

    // The ledger tells batches apart from the first one that may still come on.
    pg.sql("UPDATE starsink.ledger SET committed_at = now() - interval '1 hour'");
    let rolled_up = || {
        pg.sql("SELECT starsink_internal.roll_up_ledger(10)");
        pg.one::<i64>("SELECT count(*) FROM starsink.ledger WHERE rolled_up = 'minute'")
    };
    assert_eq!(rolled_up(), 1);
    long.batch_execute("COMMIT").unwrap();
    let facts: i64 = pg.facts();
    let views_there: i64 = pg.one(
        "SELECT count(*) FROM warehouse.fact_event AS f JOIN warehouse.dim_event_type AS t USING (event_type_key) WHERE t.is_product_view",
    );
    assert!(views_there > 2_000, "{views_there}");
    assert_eq!(views(&pg), views_there);
    assert_eq!(fold(&pg), facts - 2);
    assert_eq!((views(&pg), folded_views(&pg)), (views_there, views_there));
    assert_eq!(rolled_up(), 2);
}

#[test]
fn what_a_long_transaction_leaves_is_folded_in_portions() {
    let pg = begun();
    let mut long = pg.connect(pg.database());
    long.batch_execute("BEGIN").unwrap();
    for n in 0..300 {
        long.batch_execute(&event(&format!("long-{n}"))).unwrap();
        if n % 3 == 0 {
            pg.sql(&event(&format!("beside-{n}")));
            assert_eq!(fold(&pg), 1, "{n}");
        }
    }
    // Two that leave no event, and one that never comes.
    long.batch_execute(&event("beside-3")).unwrap();
    let mut failed = pg.connect(pg.database());
    failed
        .batch_execute(&format!("BEGIN; {}; ROLLBACK", event("never")))
        .unwrap();
    pg.sql(&event("beside-0"));
    assert_eq!((fold(&pg), views(&pg)), (0, 101));
    let before: i64 = pg.one("SELECT max(fold_id) FROM starsink.fold");
    long.batch_execute("COMMIT").unwrap();
    assert_eq!((views(&pg), folded_views(&pg)), (401, 101));
    assert_eq!(fold(&pg), 300);
    assert_eq!((views(&pg), folded_views(&pg)), (401, 401));
    let (folds, most): (i64, i64) = {
        let row = &pg.query(&format!(
            "SELECT count(*), max(events) FROM starsink.fold WHERE fold_id > {before}"
        ))[0];
        (row.get(0), row.get(1))
    };
    assert!(folds > 1 && most < 300, "{folds} folds of at most {most}");
    assert_eq!(fold(&pg), 0);
    assert_eq!(
        pg.one::<i32>(
            "SELECT cardinality(gap_low) FROM starsink.fold ORDER BY fold_id DESC LIMIT 1"
        ),
        0
    );
}

#[test]
fn a_batch_is_folded_whose_row_of_the_ledger_was_rolled_up_before() {
    let pg = begun();
    let mut long = pg.connect(pg.database());
    long.batch_execute(&format!("BEGIN; {}", event("long")))
        .unwrap();
    pg.sql(&event("first"));
    assert_eq!(fold(&pg), 1);
    long.batch_execute("COMMIT").unwrap();
    // As after a day without a fold.
    pg.sql("UPDATE starsink.ledger SET committed_at = now() - interval '2 days'");
    pg.sql("SELECT starsink_internal.roll_up_ledger(10)");
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM starsink.ledger WHERE rolled_up IS NULL"),
        0
    );
    assert_eq!((views(&pg), fold(&pg), folded_views(&pg)), (3, 1, 3));
}

#[test]
fn what_a_savepoint_undid_is_in_no_report_after_it() {
    let pg = begun();
    let before = views(&pg);
    pg.sql("CREATE TABLE public.elsewhere (n integer)");
    let mut client = pg.connect(pg.database());
    client
        .batch_execute("BEGIN; SELECT pg_current_xact_id()")
        .unwrap();
    let count = |client: &mut postgres::Client| -> i64 {
        let query = "SELECT coalesce(sum(views), 0)::bigint FROM warehouse.product_views_over_time(include_bots => true)";
        client.query_one(query, &[]).unwrap().get(0)
    };
    assert_eq!(count(&mut client), before);
    client
        .batch_execute(&format!("SAVEPOINT a; {}", event("undone")))
        .unwrap();
    // Else the snapshots would differ.
    pg.sql("INSERT INTO public.elsewhere VALUES (1)");
    assert_eq!(count(&mut client), before + 1);
    client.batch_execute("ROLLBACK TO a").unwrap();
    assert_eq!(count(&mut client), before);
}
