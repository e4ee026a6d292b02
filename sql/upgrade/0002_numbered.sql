-- From a warehouse without a number, of whatever build, to lay-out 2, which has one.
--
-- Columns that tables got after they were first laid out.
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
                     ('starsink.quarantine', 'original_payload', 'bytea'),
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

-- Reports that have other columns or parameters now: what a function returns, or takes, cannot be replaced.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT DISTINCT p.oid::pg_catalog.regprocedure AS name
        FROM (VALUES ('product_engagement', 'unconverted_orders'), ('top_countries', 'unconverted_orders'), ('cross_border', 'unconverted_orders'),
                     ('channels', 'unconverted_orders'), ('attribution', 'unconverted_orders'), ('campaign_effectiveness', 'unconverted_orders'),
                     ('store_ranking', 'unconverted_orders'), ('store_performance', 'unconverted_orders'), ('device_performance', 'unconverted_orders'),
                     ('product_views_over_time', 'product_id'), ('conversion_funnel', 'conversion_window'), ('store_ranking', 'scope'))
             AS v (report, name)
        JOIN pg_catalog.pg_proc AS p ON p.proname = v.report AND v.name <> ALL (COALESCE(p.proargnames, '{}'))
        WHERE p.pronamespace = pg_catalog.to_regnamespace('warehouse') AND p.proowner = 'starsink_worker'::pg_catalog.regrole
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %s', item.name);
    END LOOP;
END
$$;
