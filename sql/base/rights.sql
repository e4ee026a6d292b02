-- Readers see the warehouse without personal data; operators see all of it, and the quarantine. By the list of what was
-- laid out: tables that users have in the schema are theirs. Where a
-- column could tell a person, who it is or a page's full address, the table's own file grants by column.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT c.oid::pg_catalog.regclass AS name, c.relname, c.relkind
        FROM starsink_internal.warehouse_inventory() AS i
        JOIN pg_catalog.pg_class AS c ON c.relnamespace = 'warehouse'::pg_catalog.regnamespace AND c.relname = i.name
        WHERE i.schema_name = 'warehouse' AND i.kind = 'relation' AND c.relkind IN ('r', 'p', 'v')
    LOOP
        EXECUTE pg_catalog.format('GRANT SELECT ON %s TO starsink_admin', item.name);
        IF item.relkind = 'r' AND item.relname <> ALL (ARRAY['dim_customer', 'dim_referrer', 'fact_session']) THEN
            EXECUTE pg_catalog.format('GRANT SELECT ON %s TO starsink_reader', item.name);
        END IF;
    END LOOP;
END
$$;
