//! A warehouse that an earlier build laid out gets what it lacks, and each batch tells which version wrote it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::events;

fn ingest(pg: &Cluster, seed: u64) {
    let event = String::from_utf8(events(seed, 1)[0].json.clone()).unwrap();
    pg.sql(&format!("SELECT starsink.ingest($json${event}$json$)"));
}

fn versions(pg: &Cluster, what: &str) -> Vec<Option<String>> {
    let query = format!(
        "SELECT software_version FROM warehouse.dim_audit WHERE what = '{what}' ORDER BY audit_key"
    );
    pg.query(&query).iter().map(|row| row.get(0)).collect()
}

#[test]
fn tables_of_an_earlier_build_get_the_columns_they_lack() {
    let pg = Cluster::consuming_nothing();
    pg.sql("CREATE TABLE source AS SELECT 'p1' AS product_id");
    pg.sql("SELECT starsink.create_warehouse()");
    let now: Option<String> =
        pg.one("SELECT extversion FROM pg_extension WHERE extname = 'starsink'");
    ingest(&pg, 81);
    pg.sql("SELECT starsink.merge_product('source')");
    assert_eq!(versions(&pg, "sql"), std::slice::from_ref(&now));
    assert_eq!(versions(&pg, "merge"), std::slice::from_ref(&now));

    pg.sql(
        "ALTER TABLE starsink.ledger DROP COLUMN software_version CASCADE;
         ALTER TABLE starsink.merge_history DROP COLUMN software_version CASCADE;
         DROP TABLE starsink.layout",
    );
    pg.sql("SELECT starsink.create_warehouse()");
    ingest(&pg, 82);
    pg.sql("SELECT starsink.merge_product('source')");
    assert_eq!(versions(&pg, "sql"), [None, now.clone()]);
    assert_eq!(versions(&pg, "merge"), [None, now]);
    pg.assert_books();
}

#[test]
fn a_rolled_up_row_has_the_last_version() {
    let pg = Cluster::consuming_nothing();
    ingest(&pg, 83);
    ingest(&pg, 84);
    pg.sql(
        "UPDATE starsink.ledger AS l SET committed_at = date_trunc('day', now()) - interval '9 days',
             software_version = CASE WHEN l.audit_key = (SELECT max(m.audit_key) FROM starsink.ledger AS m) THEN '0.10.0' ELSE '0.9.0' END;
         SELECT starsink_internal.roll_up_ledger(0)",
    );
    assert_eq!(versions(&pg, "sql"), [Some("0.10.0".to_owned())]);
}
