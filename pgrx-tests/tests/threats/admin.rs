//! A member of starsink_admin operates: it gets neither rights that are not its own nor another's data.

use starsink_tests::cluster::Cluster;

/// A warehouse, and an operator with a schema of his own.
fn with_operator() -> Cluster {
    let pg = Cluster::consuming_nothing();
    pg.sql(
        "CREATE ROLE operator LOGIN IN ROLE starsink_admin;
         CREATE SCHEMA his AUTHORIZATION operator; GRANT USAGE ON SCHEMA his TO PUBLIC",
    );
    pg
}

/// A name that closes the quotation it is put into, brings a statement, and leaves the rest behind a comment.
const BREAK: &str = ", r.is_split FROM pg_temp.t AS r) AS p; SELECT his.attack(); --";

#[test]
fn names_given_to_a_merge_bring_no_statement_and_no_trigger_makes_a_superuser() {
    let pg = with_operator();
    let spoils = pg.data().join("spoils");
    let mut operator = pg.connect_as("operator", pg.database());
    // Whoever writes to the table runs the trigger; a superuser could write the file.
    operator
        .batch_execute(&format!(
            "CREATE FUNCTION his.strike() RETURNS trigger LANGUAGE plpgsql AS
                 $f$ BEGIN COPY (SELECT current_user) TO '{}'; RETURN NULL; END $f$;
             CREATE FUNCTION his.attack() RETURNS void LANGUAGE plpgsql AS $f$
             BEGIN
                 CREATE TRIGGER strike AFTER INSERT ON starsink.fold FOR EACH STATEMENT EXECUTE FUNCTION his.strike();
                 PERFORM starsink.forget_folds(true);
             END $f$",
            spoils.display()
        ))
        .unwrap();
    let broken = format!("{BREAK}product_id, ");
    let refusal = pg.refusal_as(
        "operator",
        &format!(
            "CREATE TEMP TABLE t (product_id text, \"{}\" text, is_split boolean); GRANT SELECT ON t TO PUBLIC;
             BEGIN;
             SELECT starsink_internal.merge_stage('product', ARRAY['product_id']);
             SELECT starsink_internal.merge_members('product', ARRAY['product_id', '{BREAK}{{names}}'], now(), 'x', 0, now(), '')",
            &broken[..63]
        ),
    );
    assert!(!spoils.exists(), "{:?}", std::fs::read_to_string(&spoils));
    assert!(refusal.starts_with("22023"), "{refusal}");
    assert!(
        !pg.one::<bool>("SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'strike')"),
        "a trigger hangs on a table of the warehouse"
    );
}

#[test]
fn what_a_merge_does_not_know_is_refused_wherever_it_is_named() {
    let pg = with_operator();
    for names in [
        "ARRAY['product_id', 'product_key']",
        "ARRAY['product_id', 'valid_from']",
        "ARRAY['product_id', 'product_id']",
        "ARRAY['product_id', NULL]",
        "ARRAY['product_id', '{effective}']",
        "ARRAY['product_id\"']",
        "ARRAY['']",
        "NULL",
    ] {
        for call in [
            format!("starsink_internal.merge_stage('product', {names})"),
            format!(
                "starsink_internal.merge_members('product', {names}, now(), 'x', 0, now(), '')"
            ),
            format!("starsink_internal.merge_rates({names}, now(), 'x', 0, now(), '')"),
        ] {
            let refusal = pg.refusal_as(
                "operator",
                &format!("BEGIN; SELECT starsink_internal.merge_stage('product', ARRAY['product_id']); SELECT {call}"),
            );
            assert!(refusal.starts_with("22023"), "{call}: {refusal}");
        }
    }
    for call in [
        "starsink_internal.merge_stage('secret', ARRAY['value'])",
        "starsink_internal.merge_stage('{target}', ARRAY['product_id'])",
        "starsink_internal.merge_stage(NULL, ARRAY['product_id'])",
        "starsink_internal.merge_members('product', ARRAY['product_id'], 'infinity', 'x', 0, now(), '')",
        "starsink_internal.merge_members('exchange_rate', ARRAY['rate'], now(), 'x', 0, now(), '')",
    ] {
        let refusal = pg.refusal_as(
            "operator",
            &format!(
                "BEGIN; SELECT starsink_internal.merge_stage('product', ARRAY['product_id']); SELECT {call}"
            ),
        );
        assert!(refusal.starts_with("22023"), "{call}: {refusal}");
    }
    // One pass: what a fragment brings is not looked through.
    let filled: String = pg.one(
        "SELECT starsink_internal.merge_fill('{a} and {b}', '{\"a\": \"{b}\", \"b\": \"{a}{c}\"}')",
    );
    assert_eq!(filled, "{b} and {a}{c}");
}

#[test]
fn functions_that_run_with_their_owners_rights_are_no_superusers() {
    let pg = with_operator();
    let of_superusers: Vec<String> = pg
        .query(
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_roles AS r ON r.oid = p.proowner
             WHERE p.prosecdef AND r.rolsuper AND p.pronamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace, 'starsink_internal'::regnamespace)
             ORDER BY p.proname",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    // It makes schemas, and does the rest as starsink_worker.
    assert_eq!(
        of_superusers,
        [
            "starsink.create_warehouse()",
            "starsink_internal.follow_tablespaces()"
        ]
    );
    let others: Vec<String> = pg
        .query(
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p
             WHERE p.prosecdef AND p.proowner <> 'starsink_worker'::regrole AND p.oid <> ALL (ARRAY['starsink.create_warehouse()', 'starsink_internal.follow_tablespaces()']::regprocedure[])
               AND p.pronamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace, 'starsink_internal'::regnamespace)",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    let bent: Vec<String> = pg
        .query(
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p
             WHERE p.prosecdef AND p.pronamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace, 'starsink_internal'::regnamespace)
               AND NOT COALESCE(array_to_string(p.proconfig, ' ') LIKE '%search_path=pg_catalog, pg_temp%', false)",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(bent.is_empty(), "{bent:?}");
    let tables: Vec<String> = pg
        .query(
            "SELECT c.oid::regclass::text FROM pg_class AS c
             WHERE c.relnamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace, 'starsink_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'S', 'm', 'f')
               AND c.relowner <> 'starsink_worker'::regrole",
        )
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(tables.is_empty(), "{tables:?}");
}

#[test]
fn a_trigger_on_any_table_that_an_operator_can_have_written_is_no_superusers() {
    let pg = with_operator();
    pg.sql("UPDATE starsink.job SET enabled = false");
    // Laid by a superuser, so that it is there for certain.
    pg.sql(
        "CREATE TABLE public.witness (who text, place text); GRANT INSERT ON public.witness TO PUBLIC;
         CREATE FUNCTION public.watch() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO public.witness VALUES (current_user, TG_RELID::regclass); RETURN NULL; END $$;
         DO $$
         DECLARE item record;
         BEGIN
             FOR item IN SELECT c.oid::regclass AS name FROM pg_class AS c
                         WHERE c.relnamespace IN ('starsink'::regnamespace, 'warehouse'::regnamespace, 'starsink_internal'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition LOOP
                 EXECUTE format('CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION public.watch()', item.name);
                 EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER watch', item.name);
             END LOOP;
         END $$;
         CREATE TABLE public.goods AS SELECT 'p1' AS product_id, 'ring' AS category;
         GRANT SELECT ON public.goods TO PUBLIC",
    );
    let mut operator = pg.connect_as("operator", pg.database());
    for statement in [
        "SELECT starsink.pause()",
        "SELECT starsink.resume()",
        "SELECT starsink.ingest('{}')",
        "SELECT starsink.redrive()",
        "SELECT starsink.mend(1, '{\"id\":\"m\",\"collection\":\"view_home_page\",\"time_stamp\":1763870000}')",
        "SELECT starsink.ingest('[]'); SELECT starsink.discard(ARRAY(SELECT max(quarantine_id) FROM starsink.quarantine))",
        "SELECT starsink.teach_currency('quux', 'EUR')",
        "SELECT starsink.fold()",
        "SELECT starsink.rebuild_aggregates()",
        "SELECT starsink.forget_folds(true)",
        "SELECT starsink.forget_customer('nobody@example.com')",
        "SELECT starsink.forget_device('nobody')",
        "SELECT starsink.merge_product('goods')",
        "UPDATE starsink.alert_rule SET enabled = enabled",
        "SELECT starsink.revalue_order_lines()",
        "SELECT starsink.crawl_pause()",
        "SELECT starsink.crawl_resume()",
        "SELECT starsink.disable_job('fold')",
        "SELECT starsink.schedule_job('fold', '2 s')",
        "SELECT starsink.load_exchange_rates(E'date,currency,rate\\n2026-11-20,USD,1.1\\n', 'rows')",
        "SELECT starsink.create_warehouse()",
    ] {
        operator
            .batch_execute(statement)
            .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    for row in pg.query("SELECT name FROM starsink.job WHERE name <> 'exchange_rates_url'") {
        let job: String = row.get(0);
        operator
            .execute("SELECT starsink.run_job($1)", &[&job])
            .unwrap_or_else(|error| panic!("{job}: {error:?}"));
    }
    let who: Vec<String> = pg
        .query("SELECT DISTINCT who FROM public.witness ORDER BY who")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(who, ["operator", "starsink_worker"]);
    let places: i64 = pg.one("SELECT count(DISTINCT place) FROM public.witness");
    assert!(places > 15, "only {places} tables were written to");
}

#[test]
fn code_of_his_in_a_superusers_session_reads_no_file() {
    let pg = with_operator();
    let secret = pg.data().join("global").join("1260");
    let path = secret.display();
    // An index's function runs whenever somebody analyses the table, autovacuum too; the other when a superuser calls it.
    pg.connect_as("operator", pg.database())
        .batch_execute(&format!(
            "CREATE FUNCTION his.look(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN
                 BEGIN PERFORM starsink.ingest_file('{path}'); EXCEPTION WHEN insufficient_privilege THEN NULL; END;
                 BEGIN PERFORM starsink.load_exchange_rates('{path}', 'rows'); EXCEPTION WHEN insufficient_privilege THEN NULL; END;
                 RETURN n; END $f$;
             CREATE TABLE his.t (n integer); CREATE INDEX ON his.t (his.look(n)); INSERT INTO his.t VALUES (1), (2);
             CREATE FUNCTION his.lend() RETURNS void LANGUAGE sql SECURITY DEFINER AS $f$ SELECT his.look(3) $f$"
        ))
        .unwrap();
    pg.sql("ANALYZE his.t; SELECT his.lend()");
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM starsink.ledger WHERE topic LIKE 'file:%'"),
        0
    );
    assert_eq!(pg.quarantined(), 0);
    // Who may read files himself still can.
    let refusal = pg.refusal(&format!(
        "SELECT * FROM starsink.ingest_file('{}')",
        pg.data().display()
    ));
    assert!(refusal.starts_with("58030"), "{refusal}");
}
