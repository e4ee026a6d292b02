//! Compaction: what folds wrote of a day is put together, the more seldom the more it stands for, and says the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use starsink_tests::cluster::Cluster;

/// Folds one event of the same day after the other.
fn folds(pg: &Cluster, first: i64, events: i64) {
    for n in first..first + events {
        pg.sql(&format!(
            "SELECT starsink.ingest(jsonb_build_object('id', 'event-{n}', 'time_stamp', {}, 'collection', 'view_product_detail', \
                 'product_id', '{}', 'store_id', '{}', 'device_id', 'device-{}')::text)",
            1_590_000_000 + n,
            n % 7,
            n % 3,
            n % 20
        ));
        assert_eq!(pg.one::<i64>("SELECT starsink.fold()"), 1, "{n}");
    }
}

/// How many folds the rows of the day stand for, newest first.
fn parts(pg: &Cluster) -> Vec<i64> {
    pg.one("SELECT array_agg(folds ORDER BY fold_id DESC) FROM starsink.fold_day")
}

/// What the aggregates say: counts, sets, tallies.
fn figures(pg: &Cluster) -> String {
    let reports = [
        "top_products(100)",
        "hourly_views()",
        "view_duration()",
        "market_penetration()",
        "country_distribution()",
        "conversion_funnel()",
    ];
    let parts =
        reports.map(|report| format!("(SELECT json_agg(r) FROM warehouse.{report} AS r)::text"));
    pg.one(&format!("SELECT concat_ws(E'\\n', {})", parts.join(", ")))
}

/// The rows that a compaction leaves of the day it puts together; none where it has nothing to do.
fn compact(pg: &Cluster) -> Option<i64> {
    let before = figures(pg);
    let rows = pg.one("SELECT starsink_internal.compact_aggregates()");
    assert_eq!(figures(pg), before);
    rows
}

fn an_hour_passes(pg: &Cluster) {
    pg.sql("UPDATE starsink.fold SET folded_at = folded_at - interval '61 minutes'");
}

#[test]
fn rows_are_put_together_the_more_seldom_the_more_they_stand_for() {
    let pg = Cluster::without_jobs();
    folds(&pg, 0, 9);
    assert_eq!((compact(&pg), parts(&pg)), (None, vec![1; 9]));
    folds(&pg, 9, 1);
    assert!(compact(&pg).is_some_and(|rows| rows > 0));
    assert_eq!((compact(&pg), parts(&pg)), (None, vec![10]));
    let products: i64 = pg.one("SELECT count(*) FROM warehouse.agg_product");
    assert_eq!(products, 7);

    folds(&pg, 10, 9);
    assert_eq!(compact(&pg), None);
    folds(&pg, 19, 1);
    assert!(compact(&pg).is_some());
    assert_eq!(parts(&pg), [20]);
    folds(&pg, 20, 10);
    assert!(compact(&pg).is_some());
    assert_eq!(parts(&pg), [10, 20]);
    folds(&pg, 30, 10);
    assert!(compact(&pg).is_some());
    assert_eq!(parts(&pg), [40]);

    // A day that rests: a little that came late is left beside much, and else all is put together.
    folds(&pg, 40, 2);
    an_hour_passes(&pg);
    assert!(compact(&pg).is_some());
    assert_eq!((compact(&pg), parts(&pg)), (None, vec![2, 40]));
    folds(&pg, 42, 1);
    assert_eq!(compact(&pg), None);
    an_hour_passes(&pg);
    pg.sql("SELECT starsink_internal.in_portions('compact_aggregates')");
    assert_eq!(parts(&pg), [43]);
    let views: i64 = pg.one("SELECT sum(views)::bigint FROM warehouse.agg_product");
    assert_eq!(views, 43);
}
