-- Stores against each other.
CREATE OR REPLACE FUNCTION warehouse.store_ranking(within text DEFAULT 'country', first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false,
    scope text DEFAULT NULL)
RETURNS TABLE (place text, rank bigint, store_id text, domain text, views bigint, viewers bigint, sessions bigint, orders bigint, revenue numeric, share numeric,
               unconverted_orders bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    within := coalesce(scope, within);
    PERFORM starsink_internal.check_choice('within', within, ARRAY['country', 'region', 'world']), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH stores AS (
        SELECT CASE store_ranking.within WHEN 'country' THEN s.country_code WHEN 'region' THEN s.region ELSE 'world' END COLLATE "C" AS place,
               s.store_id, min(s.domain) AS domain, sum(l.views)::bigint AS views, starsink.distinct_devices(l.viewers) AS viewers,
               sum(l.sessions)::bigint AS sessions, sum(l.orders)::bigint AS orders, sum(l.revenue) AS revenue
        FROM starsink_internal.live_place() AS l
        JOIN starsink_internal.report_store AS s ON s.store_key = l.store_key
        WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY 1, s.store_id
        HAVING sum(l.views) > 0 OR sum(l.sessions) > 0 OR sum(l.orders) > 0
    ), unconverted AS MATERIALIZED (
        SELECT s.store_id, count(*) AS orders
        FROM starsink_internal.unconverted(first_day, last_day, include_bots) AS u
        JOIN starsink_internal.report_store AS s ON s.store_key = u.store_key
        GROUP BY s.store_id
    )
    SELECT s.place::text, dense_rank() OVER (PARTITION BY s.place ORDER BY s.views DESC) AS rank, s.store_id::text, s.domain::text, s.views, s.viewers,
           s.sessions, s.orders, s.revenue::numeric(18,4), s.views / nullif(sum(s.views) OVER (PARTITION BY s.place), 0),
           coalesce(u.orders, 0)
    FROM stores AS s LEFT JOIN unconverted AS u ON u.store_id = s.store_id
    ORDER BY s.place COLLATE "C", rank, s.store_id COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.store_ranking(text, date, date, boolean, text) IS 'Stores by product views within their country, region or the world, with their share of it. [report]';

CREATE OR REPLACE FUNCTION warehouse.store_performance(first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (country_code text, store_id text, device_class text, views bigint, sessions bigint, orders bigint, revenue numeric, conversion_rate numeric, level text,
               unconverted_orders bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH counted AS (
        SELECT l.store_key, l.device_class, l.views, l.sessions, l.orders, l.revenue, 0::bigint AS unconverted
        FROM starsink_internal.live_place() AS l
        WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        UNION ALL
        SELECT u.store_key, u.device_class, 0, 0, 0, 0, 1 FROM starsink_internal.unconverted(first_day, last_day, include_bots) AS u
    )
    SELECT s.country_code::text, s.store_id::text, l.device_class::text, coalesce(sum(l.views), 0)::bigint, coalesce(sum(l.sessions), 0)::bigint,
           coalesce(sum(l.orders), 0)::bigint, coalesce(sum(l.revenue), 0)::numeric(18,4), sum(l.orders) / nullif(sum(l.sessions), 0),
           CASE GROUPING(s.country_code, s.store_id, l.device_class) WHEN 0 THEN 'device_class' WHEN 1 THEN 'store' WHEN 3 THEN 'country' ELSE 'total' END,
           coalesce(sum(l.unconverted), 0)::bigint
    FROM counted AS l
    JOIN starsink_internal.report_store AS s ON s.store_key = l.store_key
    GROUP BY ROLLUP (s.country_code, s.store_id, l.device_class)
    HAVING sum(l.views) > 0 OR sum(l.sessions) > 0 OR sum(l.orders) > 0 OR GROUPING(s.country_code) = 1
    ORDER BY s.country_code COLLATE "C", s.store_id COLLATE "C", l.device_class COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.store_performance(date, date, boolean) IS 'Views, sessions, orders, revenue by store and class of device, with sub-totals by store and country and the total. [report]';
