-- From lay-out 2 to 3: what reports are made of leaves the analysts' schema. It is moved and not made anew, so that views
-- of users which read it go on.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT 'FUNCTION' AS kind, p.oid::pg_catalog.regprocedure::text AS name
        FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = pg_catalog.to_regnamespace('warehouse') AND p.proowner = 'starsink_worker'::pg_catalog.regrole
          AND p.proname = ANY (ARRAY['live_attribution', 'live_combination', 'live_first_seen', 'live_funnel', 'live_hour', 'live_minute_product',
              'live_minute_store', 'live_option', 'live_order', 'live_place', 'live_place_interest', 'live_product', 'live_product_hour', 'live_referrer',
              'live_session', 'live_store', 'live_technology', 'live_traffic', 'check_choice', 'check_count', 'check_days', 'report_zone',
              'require_extension', 'unconverted', 'product_totals', 'raw_referrers', 'technology_usage'])
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc AS o WHERE o.pronamespace = 'starsink_internal'::pg_catalog.regnamespace
                          AND o.proname = p.proname AND o.proargtypes = p.proargtypes)
        UNION ALL
        SELECT 'FUNCTION', 'starsink.merge_forget_digest()'
        WHERE EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE p.oid = pg_catalog.to_regprocedure('starsink.merge_forget_digest()')
                      AND p.proowner = 'starsink_worker'::pg_catalog.regrole)
          AND pg_catalog.to_regprocedure('starsink_internal.merge_forget_digest()') IS NULL
        UNION ALL
        SELECT 'VIEW', c.oid::pg_catalog.regclass::text
        FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = pg_catalog.to_regnamespace('warehouse') AND c.relkind = 'v' AND c.relowner = 'starsink_worker'::pg_catalog.regrole
          AND c.relname = ANY (ARRAY['report_product', 'report_store', 'report_country', 'report_place'])
          AND pg_catalog.to_regclass('starsink_internal.' || c.relname) IS NULL
    LOOP
        EXECUTE pg_catalog.format('ALTER %s %s SET SCHEMA starsink_internal', item.kind, item.name);
    END LOOP;
END
$$;

-- A job names its function with its schema.
UPDATE starsink.job AS j
SET command = CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_proc AS p
                                WHERE p.pronamespace = 'starsink_internal'::pg_catalog.regnamespace AND p.proname = j.command)
              THEN 'starsink_internal.' ELSE 'starsink.' END || pg_catalog.quote_ident(j.command)
WHERE pg_catalog.strpos(j.command, '.') = 0;
