-- Nothing is granted to PUBLIC. Functions that run with their owner's rights belong to starsink_worker, which owns the
-- tables they use, so that triggers on those tables never run as a superuser. starsink_worker may call every function.
-- Two functions stay a superuser's: create_warehouse() makes schemas, and does the rest as starsink_worker;
-- follow_tablespaces() grants what only a superuser can, reading the catalog alone.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT p.oid::pg_catalog.regprocedure AS name, p.prosecdef AND p.oid <> ALL (ARRAY['starsink.create_warehouse()', 'starsink_internal.follow_tablespaces()']::pg_catalog.regprocedure[]) AS is_workers,
               pg_catalog.strpos(p.prosrc, E'\\') > 0 AS has_backslashes
        FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_proc AS p ON p.oid = d.objid
        WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
          AND d.refobjid = (SELECT e.oid FROM pg_catalog.pg_extension AS e WHERE e.extname = 'starsink')
    LOOP
        IF item.is_workers THEN
            EXECUTE pg_catalog.format('ALTER FUNCTION %s OWNER TO starsink_worker', item.name);
        END IF;
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', item.name);
        -- Whoever calls it may read backslashes in another way.
        IF item.has_backslashes THEN
            EXECUTE pg_catalog.format('ALTER FUNCTION %s SET standard_conforming_strings = on', item.name);
        END IF;
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO starsink_worker', item.name);
    END LOOP;
END
$$;

-- Ingestion and folding from SQL look keys up as the workers do.
DO $$
DECLARE
    function text;
BEGIN
    FOREACH function IN ARRAY ARRAY['starsink.ingest(text)', 'starsink.ingest_file(text)', 'starsink.redrive(text, bigint[])', 'starsink.fold()', 'starsink.rebuild_aggregates()'] LOOP
        EXECUTE 'ALTER FUNCTION ' || function || ' SET plan_cache_mode = force_generic_plan';
        EXECUTE 'ALTER FUNCTION ' || function || ' SET enable_hashjoin = off';
        EXECUTE 'ALTER FUNCTION ' || function || ' SET enable_mergejoin = off';
        EXECUTE 'ALTER FUNCTION ' || function || ' SET enable_seqscan = off';
        EXECUTE 'ALTER FUNCTION ' || function || ' SET jit = off';
    END LOOP;
END
$$;

ALTER EXTENSION starsink DROP SCHEMA starsink_internal;
SELECT starsink_internal.confine();

DO $$
BEGIN
    -- CREATE EXTENSION keeps notices back, up to its end; these are for whoever runs it.
    PERFORM pg_catalog.set_config('client_min_messages', 'notice', true);
    IF NOT starsink_internal.is_preloaded() THEN
        RAISE NOTICE 'starsink is not in shared_preload_libraries: its functions work, but nothing is consumed from Kafka'
            USING HINT = 'Add it with ALTER SYSTEM SET shared_preload_libraries = ''starsink'' (keep what is there) and restart the server.';
    ELSIF pg_catalog.current_setting('starsink.database') <> pg_catalog.current_database() THEN
        RAISE NOTICE 'the workers look after database %', pg_catalog.quote_ident(pg_catalog.current_setting('starsink.database'))
            USING HINT = pg_catalog.format('To have them here: ALTER SYSTEM SET starsink.database = %L; SELECT pg_reload_conf();', pg_catalog.current_database());
    END IF;
END
$$;
