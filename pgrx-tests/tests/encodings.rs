//! Texts are UTF-8: a database of another encoding is refused, before anything lies in it and by a worker that meets one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::SOON;

#[test]
fn a_database_of_another_encoding_is_refused_with_a_hint() {
    let pg = Cluster::builder().start();
    for encoding in ["LATIN1", "WIN1252", "SQL_ASCII", "EUC_JP", "KOI8R"] {
        pg.sql(&format!(
            "CREATE DATABASE other ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
        ));
        let refusal = pg
            .connect("other")
            .batch_execute("CREATE EXTENSION starsink")
            .expect_err(encoding);
        let said = refusal.as_db_error().expect("the server's");
        assert_eq!(said.code().code(), "0A000", "{said:?}");
        assert!(said.message().contains(encoding), "{said:?}");
        assert!(said.hint().unwrap().contains("ENCODING 'UTF8'"), "{said:?}");
        pg.sql("DROP DATABASE other");
    }
}

#[test]
fn a_worker_lays_nothing_out_in_such_a_database_and_says_why() {
    let pg = Cluster::builder().database("shop").start();
    pg.sql("CREATE EXTENSION starsink");
    // As if an earlier build had let it in: what is there is plain ASCII, so that new sessions can read it.
    pg.sql(
        "UPDATE pg_database SET encoding = pg_char_to_encoding('LATIN1') WHERE datname = 'shop'",
    );
    pg.alter_system("starsink.database", "shop");
    pg.reload();
    pg.wait_for(
        "SELECT bool_or(reason LIKE '%encoding of this database is LATIN1%UTF8%') FROM starsink_internal.worker_states()",
        SOON,
    );
    assert!(pg.one::<bool>("SELECT to_regclass('warehouse.fact_event') IS NULL"));
    assert!(
        pg.refusal("SELECT starsink.create_warehouse()")
            .starts_with("0A000")
    );
}
