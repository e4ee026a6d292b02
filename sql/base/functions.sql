-- The lay-out, and what it consists of.
CREATE FUNCTION starsink_internal.confine() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END AS name
        FROM pg_namespace AS n CROSS JOIN LATERAL aclexplode(n.nspacl) AS a LEFT JOIN pg_roles AS r ON r.oid = a.grantee
        WHERE n.nspname = 'starsink_internal' AND a.grantee <> n.nspowner
          AND COALESCE(r.rolname, '') <> ALL (ARRAY['starsink_admin', 'starsink_reader', 'starsink_worker'])
    LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA starsink_internal FROM %s CASCADE', item.name);
    END LOOP;
END
$$;
COMMENT ON FUNCTION starsink_internal.confine() IS 'Takes away what others than starsink''s roles may do in the schema starsink_internal.';

COMMENT ON FUNCTION starsink.create_warehouse() IS 'Lays out the warehouse: schemas, tables, views, known members. Idempotent; workers call it at first contact.';
GRANT EXECUTE ON FUNCTION starsink.create_warehouse() TO starsink_admin;
-- A second run need not tell what is there already.
ALTER FUNCTION starsink.create_warehouse() SET client_min_messages = warning;
COMMENT ON FUNCTION starsink_internal.warehouse_inventory() IS 'What create_warehouse() lays out, by name: relations (tables, views, sequences), indexes and functions.';
COMMENT ON FUNCTION starsink_internal.aggregate_tables() IS 'The tables of warehouse that folds write aggregates to.';
