-- Columns that tables got after they were first laid out. A table of an earlier build gets them here, before the files
-- that name them; a new one has them from its own file. Where nothing is missing, nothing is locked.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT v.relation, v.name, v.type
        FROM (VALUES ('starsink.ledger', 'software_version', 'text'),
                     ('starsink.merge_history', 'software_version', 'text'),
                     ('starsink.quality_hour', 'quarantined', 'bigint NOT NULL DEFAULT 0'),
                     ('starsink.fold_day', 'folds', 'bigint NOT NULL DEFAULT 1'),
                     ('warehouse.fact_order_line', 'alloy_option_key', 'integer NOT NULL DEFAULT -2'),
                     ('warehouse.fact_order_line', 'diamond_option_key', 'integer NOT NULL DEFAULT -2')) AS v (relation, name, type)
        WHERE pg_catalog.to_regclass(v.relation) IS NOT NULL
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                          WHERE a.attrelid = pg_catalog.to_regclass(v.relation) AND a.attname = v.name AND NOT a.attisdropped)
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS %I %s', item.relation, item.name, item.type);
    END LOOP;
END
$$;
