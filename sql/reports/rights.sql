-- Readers and operators run the reports and read the views; nobody else does. What must read the full address of the
-- referring page runs as the worker's role, which owns the facts, and for operators alone. Reports are not compiled: what
-- sets and tallies unfold to cannot be foreseen, and on a high guess the compiler takes longer than the report.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT p.oid::pg_catalog.regprocedure AS name, p.proconfig IS NOT NULL AS has_settings FROM pg_catalog.pg_proc AS p
        JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
        JOIN starsink_internal.warehouse_inventory() AS i ON i.kind = 'function' AND i.schema_name = n.nspname AND i.name = p.proname
        WHERE p.proowner = 'starsink_worker'::pg_catalog.regrole AND p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', item.name);
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO starsink_reader, starsink_admin', item.name);
        -- A function without settings is merged into the query that calls it.
        IF item.has_settings THEN
            EXECUTE pg_catalog.format('ALTER FUNCTION %s SET jit = off', item.name);
        END IF;
    END LOOP;
END
$$;
GRANT SELECT ON warehouse.events, warehouse.sessions, warehouse.orders, warehouse.order_lines, starsink_internal.report_product, starsink_internal.report_store,
    starsink_internal.report_country, starsink_internal.report_place TO starsink_reader, starsink_admin;
-- Pages as the events name them may tell a person.
REVOKE ALL ON FUNCTION starsink_internal.raw_referrers(date, date, boolean) FROM starsink_reader;
