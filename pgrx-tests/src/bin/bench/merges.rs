//! Merges of a product list beside ingestion: all new, a tenth changed, nothing changed.

use std::time::{Duration, Instant};

use starsink_tests::cluster::Cluster;
use starsink_tests::feed::Feed;
use starsink_tests::kafka::Kafka;
use starsink_tests::shop::Shop;

use crate::{Arguments, PATIENCE};

const RATE: u32 = 10_000;

pub fn measure(pg: &Cluster, kafka: &Kafka, arguments: &Arguments, products: u64) {
    let topic = kafka.topic("merges", arguments.partitions);
    pg.sql("SELECT starsink.resume()");
    pg.alter_system("starsink.workers", "1");
    pg.alter_system("starsink.topic", &topic);
    pg.reload();
    pg.sql(&format!(
        "CREATE TABLE product_list AS SELECT n::text AS product_id, 'SKU-' || n AS sku, 'Ring ' || n AS product_name, 'ring' AS product_type, \
         'category ' || n % 40 AS category, 'collection ' || n % 300 AS collection, 'brand ' || n % 5 AS brand \
         FROM generate_series(90001, 90000 + {products}) AS n; ANALYZE product_list"
    ));
    println!("\nmerges of {products} products beside {RATE} events/s");
    let feed = Feed::start(
        &kafka.client(),
        &topic,
        arguments.partitions,
        Shop::new(3),
        RATE,
    );
    feed.wait_for(20_000);
    let first = merge(pg, "all new");
    pg.sql("UPDATE product_list SET category = category || ' renamed' WHERE product_id::integer % 10 = 0; ANALYZE product_list");
    let changed = merge(pg, "a tenth changed");
    let again = merge(pg, "unchanged");
    println!(
        "  a repeated merge is {:.1} times quicker than that of a tenth, {:.1} than the first",
        changed / again,
        first / again
    );
    let sent = feed.finish();
    let started = Instant::now();
    pg.drain(kafka, &topic, arguments.partitions, PATIENCE);
    let difference: i64 =
        pg.one("SELECT COALESCE(sum(abs(difference)), 0)::bigint FROM starsink.reconciliation");
    let misplaced: i64 = pg.one(&format!(
        "SELECT count(*) FROM warehouse.fact_event AS f JOIN warehouse.dim_product AS p USING (product_key) \
         WHERE f.kafka_topic = '{topic}' AND (f.event_time < p.valid_from OR f.event_time >= p.valid_to)"
    ));
    println!(
        "  {} messages, drained {:.1} s after the last; reconciliation {difference}, facts outside their version {misplaced}",
        sent.messages(),
        started.elapsed().as_secs_f64()
    );
}

/// Seconds.
fn merge(pg: &Cluster, name: &str) -> f64 {
    let row = &pg.query(
        "SELECT m.inserted, m.versioned, m.updated, m.unchanged, m.rekeyed, EXTRACT(epoch FROM m.duration)::double precision \
         FROM starsink.merge_product('product_list') AS m",
    )[0];
    let count = |column: usize| row.get::<_, i64>(column);
    let seconds: f64 = row.get(5);
    println!(
        "  {name}: {seconds:.2} s; inserted {}, versioned {}, updated {}, unchanged {}, facts re-keyed {}",
        count(0),
        count(1),
        count(2),
        count(3),
        count(4)
    );
    // What the next merge finds is settled.
    std::thread::sleep(Duration::from_secs(5));
    seconds
}
