-- A publication FOR ALL TABLES refuses to change rows of a table that cannot name them: those without a key name the whole row.
DO $$
DECLARE
    item text;
BEGIN
    FOR item IN
        SELECT u.name FROM pg_catalog.unnest(ARRAY['starsink.ledger', 'starsink.fold_day', 'starsink.retention_log']) AS u (name)
        UNION ALL SELECT 'warehouse.' || t.name FROM starsink_internal.aggregate_tables() AS t (name)
    LOOP
        -- Asked first: a second run need not lock what is as it should be.
        IF (SELECT c.relreplident FROM pg_catalog.pg_class AS c WHERE c.oid = item::pg_catalog.regclass) = 'd' THEN
            EXECUTE 'ALTER TABLE ' || item || ' REPLICA IDENTITY FULL';
        END IF;
    END LOOP;
END
$$;
