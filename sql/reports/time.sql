-- Product views over time.
CREATE OR REPLACE FUNCTION warehouse.product_views_over_time(grain text DEFAULT 'day', product text DEFAULT NULL, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false,
    product_id text DEFAULT NULL)
RETURNS TABLE (period_start timestamptz, views bigint, viewers bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    zone text := starsink_internal.report_zone();
    keys integer[];
BEGIN
    PERFORM starsink_internal.check_choice('grain', grain, ARRAY['hour', 'day', 'week', 'month']), starsink_internal.check_days(first_day, last_day, include_bots);
    product := coalesce(product_views_over_time.product_id, product);
    IF product IS NOT NULL THEN
        keys := ARRAY(SELECT p.product_key FROM starsink_internal.report_product AS p WHERE p.product_id = product COLLATE "C");
        IF keys = '{}' THEN
            RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('there is no product %L', product),
                HINT = 'Use a product_id of warehouse.dim_product; warehouse.top_products(NULL) lists those with views.';
        END IF;
    END IF;
    RETURN QUERY
    WITH periods AS (
        SELECT CASE grain WHEN 'hour' THEN l.hour_start ELSE date_trunc(grain, l.day::timestamp) AT TIME ZONE zone END AS period_start,
               sum(l.views)::bigint AS views, starsink.distinct_devices(l.viewers) AS viewers
        FROM starsink_internal.live_hour() AS l
        WHERE product IS NULL
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY 1
        UNION ALL
        SELECT date_trunc(grain, l.day::timestamp) AT TIME ZONE zone, sum(l.views)::bigint, starsink.distinct_devices(l.viewers)
        FROM starsink_internal.live_product() AS l
        WHERE product IS NOT NULL AND grain <> 'hour' AND l.product_key = ANY (keys)
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY 1
        UNION ALL
        -- No aggregate has the viewers of a product by the hour: they are counted from the events.
        SELECT date_trunc('hour', e.event_time, zone), count(*), count(DISTINCT e.device_key) FILTER (WHERE e.device_key >= 0)
        FROM warehouse.fact_event AS e
        WHERE product IS NOT NULL AND grain = 'hour' AND e.product_key = ANY (keys)
          AND e.event_type_key IN (SELECT t.event_type_key FROM warehouse.dim_event_type AS t WHERE t.is_product_view)
          AND e.event_time >= coalesce(first_day::timestamp AT TIME ZONE zone, '-infinity')
          AND e.event_time < coalesce((last_day + 1)::timestamp AT TIME ZONE zone, 'infinity') AND (include_bots OR NOT e.is_bot)
        GROUP BY 1
    ), viewed AS MATERIALIZED (
        SELECT * FROM periods WHERE views > 0
    ), bounds AS (
        SELECT min(period_start) AS first, max(period_start) AS last FROM viewed
    ), series AS (
        SELECT g AS period_start FROM bounds, generate_series(bounds.first, bounds.last, interval '1 hour') AS g WHERE grain = 'hour'
        UNION ALL
        -- Days differ in length where clocks change: step in local time.
        SELECT g AT TIME ZONE zone
        FROM bounds, generate_series(date_trunc(grain, bounds.first AT TIME ZONE zone), bounds.last AT TIME ZONE zone, ('1 ' || grain)::interval) AS g
        WHERE grain <> 'hour'
    )
    SELECT s.period_start, coalesce(v.views, 0), coalesce(v.viewers, 0)
    FROM series AS s LEFT JOIN viewed AS v ON v.period_start = s.period_start
    ORDER BY s.period_start;
END
$$;
COMMENT ON FUNCTION warehouse.product_views_over_time(text, text, date, date, boolean, text) IS 'Product views and viewers by hour, day, ISO week or month, without holes; of all products or one (product_id, or product). [report]';

-- Key, day and hour in long form; what is asked for alone is read.
CREATE OR REPLACE FUNCTION warehouse.hourly_views(by text DEFAULT 'product', n integer DEFAULT 10, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (day date, hour integer, key text, views bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wanted integer[];
BEGIN
    PERFORM starsink_internal.check_choice('by', by, ARRAY['product', 'browser_os', 'country', 'store']), starsink_internal.check_count('n', n),
            starsink_internal.check_days(first_day, last_day, include_bots);
    IF by = 'product' AND n IS NOT NULL THEN
        -- The tally of the whole range tells which products to take out of each hour's.
        wanted := ARRAY(SELECT unnest(t.keys)
                        FROM (SELECT * FROM starsink_internal.product_totals(first_day, last_day, include_bots) AS p
                              ORDER BY p.views DESC, p.product_id COLLATE "C" LIMIT n) AS t);
    END IF;
    RETURN QUERY
    WITH product_hours AS (
        SELECT l.day, l.hour::integer AS hour, e.key::integer AS product_key, sum(e.count) AS views
        FROM starsink_internal.live_product_hour() AS l
        CROSS JOIN LATERAL starsink_internal.tally_pick(l.products, wanted) AS e
        WHERE hourly_views.by = 'product'
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY 1, 2, 3
    ), place_days AS (
        SELECT l.day, CASE hourly_views.by WHEN 'store' THEN s.store_id ELSE s.country_code END AS key, starsink.tally_sum(l.views_by_hour) AS hours
        FROM starsink_internal.live_place() AS l
        JOIN starsink_internal.report_store AS s ON s.store_key = l.store_key
        WHERE hourly_views.by IN ('country', 'store')
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY 1, 2
    ), technology_days AS (
        SELECT l.day, CASE WHEN l.browser IN ('', '(not applicable)', '(blank)') THEN '(unknown)' ELSE l.browser END || ' / '
                   || CASE WHEN l.os IN ('', '(not applicable)', '(blank)') THEN '(unknown)' ELSE l.os END AS key,
               starsink.tally_sum(l.views_by_hour) AS hours
        FROM starsink_internal.live_technology() AS l
        WHERE hourly_views.by = 'browser_os'
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY 1, 2
    ), counted AS MATERIALIZED (
        SELECT h.day, h.hour, p.product_id::text AS key, sum(h.views)::bigint AS views
        FROM product_hours AS h JOIN starsink_internal.report_product AS p ON p.product_key = h.product_key
        GROUP BY 1, 2, 3
        UNION ALL
        SELECT d.day, e.key::integer, d.key::text, e.count FROM place_days AS d CROSS JOIN LATERAL starsink.tally_entries(d.hours) AS e
        UNION ALL
        SELECT d.day, e.key::integer, d.key::text, e.count FROM technology_days AS d CROSS JOIN LATERAL starsink.tally_entries(d.hours) AS e
    ), top AS MATERIALIZED (
        SELECT c.key FROM counted AS c WHERE n IS NOT NULL
        GROUP BY c.key HAVING sum(c.views) > 0 ORDER BY sum(c.views) DESC, c.key COLLATE "C" LIMIT n
    ), bounds AS (
        SELECT min(d.day) AS first, max(d.day) AS last
        FROM (SELECT l.day FROM starsink_internal.live_hour() AS l
              WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
              GROUP BY l.day HAVING sum(l.views) > 0) AS d
    ), grid AS (
        SELECT g::date AS day, h AS hour, t.key
        FROM bounds, generate_series(bounds.first::timestamp, bounds.last::timestamp, interval '1 day') AS g, generate_series(0, 23) AS h, top AS t
    )
    SELECT g.day, g.hour, g.key, coalesce(c.views, 0)
    FROM grid AS g LEFT JOIN counted AS c ON c.day = g.day AND c.hour = g.hour AND c.key = g.key
    UNION ALL
    SELECT c.day, c.hour, c.key, c.views FROM counted AS c WHERE n IS NULL AND c.views > 0
    ORDER BY day, hour, key;
END
$$;
COMMENT ON FUNCTION warehouse.hourly_views(text, integer, date, date, boolean) IS 'Product views by day and hour, for the products, browsers with systems, countries or stores with the most. [report]';
