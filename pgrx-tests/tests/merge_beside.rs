//! Merges beside ingestion: no deadlock, no member minted twice, no fact with the key of another time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{RngCore, SeedableRng};
use starsink_tests::cluster::Cluster;
use starsink_tests::merging::{
    BROKEN, GENERATION, MISKEYED, SHARE_VERSIONS, at, insert_fact, warehouse,
};

#[test]
fn a_member_that_ingestion_names_meanwhile_is_completed_and_minted_once() {
    let pg = warehouse();
    pg.sql("CREATE TABLE source AS SELECT 'p' || n AS product_id, 'ring' AS category FROM generate_series(1, 50) AS n");
    let mut worker = pg.connect(pg.database());
    let mut batch = worker.transaction().unwrap();
    batch
        .batch_execute("INSERT INTO warehouse.dim_product (product_id) VALUES ('p7')")
        .unwrap();
    thread::scope(|scope| {
        let merge = scope.spawn(|| {
            pg.query("SELECT (m).inserted, (m).updated FROM starsink.merge_product('source') AS m")
        });
        pg.wait_for(
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%merge_product%'",
            Duration::from_secs(10),
        );
        batch.commit().unwrap();
        let row = &merge.join().unwrap()[0];
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (49, 1));
    });
    let complete: bool = pg.one(
        "SELECT count(*) = 50 AND bool_and(category = 'ring' AND current_category = 'ring' AND NOT is_inferred) FROM warehouse.dim_product WHERE product_key > 0",
    );
    assert!(complete);
}

#[test]
fn facts_on_their_way_move_to_the_version_of_their_time() {
    let pg = warehouse();
    pg.sql(
        "CREATE TABLE source AS SELECT 'p1' AS product_id, 'ring' AS category; SELECT starsink.merge_product('source');
         UPDATE source SET category = 'band'",
    );
    let mut worker = pg.connect(pg.database());
    let mut batch = worker.transaction().unwrap();
    let key: i32 = batch
        .query_one(
            "SELECT product_key FROM warehouse.dim_product WHERE product_id = 'p1'",
            &[],
        )
        .unwrap()
        .get(0);
    batch.batch_execute(SHARE_VERSIONS).unwrap();
    let known: Option<i64> = batch.query_one(GENERATION, &[]).unwrap().get(0);
    assert_eq!(known, None, "the first merge made no version");
    thread::scope(|scope| {
        let merge = scope.spawn(|| {
            pg.query(&format!(
                "SELECT (m).rekeyed FROM starsink.merge_product('source', {}) AS m",
                at(100)
            ))
        });
        pg.wait_for(
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE '%merge_product%'",
            Duration::from_secs(10),
        );
        // The merge has looked for facts to move, and waits for this batch.
        for (event, hour) in [("early", 99), ("late", 100)] {
            insert_fact(&mut batch, event, &at(hour), key);
        }
        batch.commit().unwrap();
        assert_eq!(merge.join().unwrap()[0].get::<_, i64>(0), 1);
    });
    assert_eq!(pg.one::<i64>(MISKEYED), 0);
    assert!(
        pg.one::<Option<i64>>(GENERATION).is_some(),
        "workers are told"
    );
}

/// A worker in a few lines: keys by time in a cache, the lock, the look at the generation, facts, commit.
fn ingest_until(pg: &Cluster, end: Instant, seed: u64, events: &AtomicI64) -> (u64, u64) {
    let mut client = pg.connect(pg.database());
    let mut dice = Pcg64Mcg::seed_from_u64(seed);
    let mut cache: BTreeMap<String, Vec<(i64, i64, i32)>> = BTreeMap::new();
    let mut known = None;
    let (mut batches, mut stale) = (0, 0);
    let micros = |column: &str| {
        format!(
            "CASE WHEN {column} = '-infinity' THEN -9e17 WHEN {column} = 'infinity' THEN 9e17 ELSE extract(epoch FROM {column}) * 1000000 END::bigint"
        )
    };
    let find = format!(
        "SELECT product_id, {}, {}, product_key FROM warehouse.dim_product WHERE product_id = ANY ($1)",
        micros("valid_from"),
        micros("valid_to")
    );
    while Instant::now() < end {
        let wanted: Vec<(String, i64)> = (0..1 + dice.next_u32() % 20)
            .map(|_| {
                let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros() as i64;
                let old =
                    1_609_459_200_000_000 + i64::from(dice.next_u32() % 7_000) * 3_600_000_000;
                let time = if dice.next_u32() % 2 == 0 { now } else { old };
                // Ever more products, so that there is always one to be named first.
                let products = 50 + u32::try_from(events.load(Ordering::Relaxed)).unwrap() / 8;
                (format!("n{}", dice.next_u32() % products), time)
            })
            .collect();
        loop {
            let generation = *known.get_or_insert_with(|| {
                cache.clear();
                client
                    .query_one(GENERATION, &[])
                    .unwrap()
                    .get::<_, Option<i64>>(0)
            });
            let mut batch = client.transaction().unwrap();
            let mut missing: Vec<String> = wanted
                .iter()
                .map(|(id, _)| id.clone())
                .filter(|id| !cache.contains_key(id))
                .collect();
            missing.sort_unstable();
            missing.dedup();
            let mut found = cache.clone();
            for round in 0..2 {
                for row in batch.query(&find, &[&missing]).unwrap() {
                    found
                        .entry(row.get(0))
                        .or_default()
                        .push((row.get(1), row.get(2), row.get(3)));
                }
                missing.retain(|id| !found.contains_key(id));
                if round == 0 && !missing.is_empty() {
                    batch
                        .execute("INSERT INTO warehouse.dim_product (product_id) SELECT p FROM unnest($1::text[]) AS p ORDER BY p COLLATE \"C\" ON CONFLICT DO NOTHING", &[&missing])
                        .unwrap();
                }
            }
            batch.batch_execute(SHARE_VERSIONS).unwrap();
            if batch
                .query_one(GENERATION, &[])
                .unwrap()
                .get::<_, Option<i64>>(0)
                != generation
            {
                // Back to the start without the lock, or a merge could wait for it and this batch for the merge.
                batch.rollback().unwrap();
                (known, stale) = (None, stale + 1);
                continue;
            }
            for (id, time) in &wanted {
                let key = found[id]
                    .iter()
                    .find(|(from, to, _)| from <= time && time < to)
                    .unwrap()
                    .2;
                let event = format!("e{}", events.fetch_add(1, Ordering::Relaxed));
                let time = format!("timestamptz 'epoch' + interval '{time} us'");
                insert_fact(&mut batch, &event, &time, key);
            }
            if dice.next_u32() % 8 == 0 {
                thread::sleep(Duration::from_millis(u64::from(dice.next_u32() % 30)));
            }
            batch.commit().unwrap();
            cache = found;
            batches += 1;
            break;
        }
    }
    (batches, stale)
}

#[test]
fn merges_and_ingestion_at_a_time_neither_deadlock_nor_miskey() {
    let pg = warehouse();
    let end = Instant::now() + Duration::from_secs(15);
    let events = AtomicI64::new(0);
    let merge = |seed: u64, columns: &str| {
        let mut client = pg.connect(pg.database());
        let mut dice = Pcg64Mcg::seed_from_u64(seed);
        let (mut versioned, mut rekeyed) = (0, 0);
        client
            .batch_execute(&format!(
                "CREATE TEMP TABLE mine AS SELECT ''::text AS product_id, {columns} WHERE false"
            ))
            .unwrap();
        while Instant::now() < end {
            let top = 100 + dice.next_u32() % 3_900;
            let share = format!(
                "SELECT 'n' || n, {columns} FROM generate_series(0, {top}) AS n WHERE random() < 0.4"
            );
            client
                .batch_execute(&format!("TRUNCATE mine; INSERT INTO mine {share}"))
                .unwrap();
            let effective = if dice.next_u32() % 2 == 0 {
                "now()".into()
            } else {
                at(i64::from(dice.next_u32() % 7_000))
            };
            let query = format!(
                "SELECT (m).versioned, (m).rekeyed FROM starsink.merge_product('mine', {effective}) AS m"
            );
            let row = client
                .query_one(&query, &[])
                .unwrap_or_else(|error| panic!("{error:?}"));
            let incomplete = "SELECT count(*) FROM mine JOIN warehouse.dim_product USING (product_id) WHERE is_inferred";
            assert_eq!(
                client.query_one(incomplete, &[]).unwrap().get::<_, i64>(0),
                0
            );
            versioned += row.get::<_, i64>(0);
            rekeyed += row.get::<_, i64>(1);
        }
        (versioned, rekeyed)
    };
    let (mut batches, mut stale, mut rekeyed) = (0, 0, 0);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..3)
            .map(|seed| {
                scope.spawn({
                    let (pg, events) = (&pg, &events);
                    move || ingest_until(pg, end, seed, events)
                })
            })
            .collect();
        let merges = [
            scope.spawn(|| merge(11, "'c' || (random() * 3)::int AS category")),
            scope.spawn(|| {
                merge(
                    12,
                    "'b' || (random() * 3)::int AS brand, 's' || (random() * 3)::int AS sku",
                )
            }),
        ];
        for worker in workers {
            let (more, restarts) = worker.join().unwrap();
            (batches, stale) = (batches + more, stale + restarts);
        }
        for merge in merges {
            rekeyed += merge.join().unwrap().1;
        }
    });
    assert!(
        batches > 50 && stale > 5 && rekeyed > 50,
        "{batches} batches, {stale} stale, {rekeyed} re-keyed"
    );
    assert_eq!(pg.one::<i64>(MISKEYED), 0);
    assert_eq!(pg.one::<i64>(BROKEN), 0);
    assert_eq!(pg.facts(), events.load(Ordering::Relaxed));
}
