-- What a superuser does for the warehouse; the rest is done by its owner. The analysts' schema. It belongs to the database, not to the extension: DROP EXTENSION leaves it alone.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'warehouse') THEN
        CREATE SCHEMA warehouse;
    END IF;
END
$$;
COMMENT ON SCHEMA warehouse IS 'Star schema of the shop''s events: dimensions (dim_*) and facts (fact_*).';
GRANT USAGE ON SCHEMA warehouse TO starsink_admin, starsink_reader;
GRANT USAGE, CREATE ON SCHEMA warehouse, starsink, starsink_internal TO starsink_worker;
SELECT starsink_internal.confine();
