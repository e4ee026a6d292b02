-- The lay-out, and what it consists of.

COMMENT ON FUNCTION starsink.create_warehouse() IS 'Lays out the warehouse: schemas, tables, views, known members. Idempotent; workers call it at first contact.';
GRANT EXECUTE ON FUNCTION starsink.create_warehouse() TO starsink_admin;
-- A second run need not tell what is there already.
ALTER FUNCTION starsink.create_warehouse() SET client_min_messages = warning;
COMMENT ON FUNCTION starsink_internal.warehouse_inventory() IS 'What create_warehouse() lays out, by name: relations (tables, views, sequences), indexes and functions.';
COMMENT ON FUNCTION starsink_internal.aggregate_tables() IS 'The tables of warehouse that folds write aggregates to.';
