-- Readers and operators run the reports and read the views; nobody else does. What must read the full address of the
-- referring page runs as the worker's role, which owns the facts. Reports are not compiled: what sets and tallies unfold
-- to cannot be foreseen, and on a high guess the compiler takes longer than the report.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT p.oid::pg_catalog.regprocedure AS name, p.proconfig IS NOT NULL AS has_settings FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'warehouse'::pg_catalog.regnamespace
          AND p.proname = ANY (ARRAY['check_choice', 'check_count', 'check_days', 'product_totals', 'top_products', 'product_views_over_time',
              'hourly_views', 'product_engagement', 'conversion_funnel', 'popular_combinations', 'popular_options', 'top_countries',
              'country_distribution', 'cross_border', 'cross_border_rate', 'market_penetration', 'raw_referrers', 'top_referrers', 'channels',
              'attribution', 'attribution_comparison', 'campaign_effectiveness', 'store_ranking', 'store_performance', 'view_duration',
              'customization_time', 'country_preferences', 'option_engagement', 'technology_usage', 'browser_usage', 'os_usage',
              'device_performance', 'technology_insights', 'fact_product_view'])
           OR p.pronamespace = 'warehouse'::pg_catalog.regnamespace AND p.proname LIKE 'live\_%'
    LOOP
        EXECUTE pg_catalog.format('ALTER FUNCTION %s OWNER TO starsink_worker', item.name);
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', item.name);
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO starsink_reader, starsink_admin', item.name);
        -- A function without settings is merged into the query that calls it.
        IF item.has_settings THEN
            EXECUTE pg_catalog.format('ALTER FUNCTION %s SET jit = off', item.name);
        END IF;
    END LOOP;
    FOR item IN
        SELECT c.oid::pg_catalog.regclass AS name FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = 'warehouse'::pg_catalog.regnamespace AND c.relkind = 'v'
          AND c.relname IN ('events', 'sessions', 'orders', 'order_lines', 'report_product', 'report_store', 'report_country', 'report_place')
    LOOP
        EXECUTE pg_catalog.format('ALTER VIEW %s OWNER TO starsink_worker', item.name);
        EXECUTE pg_catalog.format('GRANT SELECT ON %s TO starsink_reader, starsink_admin', item.name);
    END LOOP;
END
$$;
