-- Products: which are looked at, and what comes of it. Ranks come from the tallies of views, which are few rows; only the
-- products that are shown are looked up in the aggregate by product.
CREATE OR REPLACE FUNCTION starsink_internal.product_totals(first_day date, last_day date, include_bots boolean)
RETURNS TABLE (product_id text, product_name text, keys integer[], views bigint)
LANGUAGE sql STABLE ROWS 20000 SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.product_id, min(p.product_name), array_agg(p.product_key), sum(e.count)::bigint
    FROM (SELECT starsink.tally_sum(l.products) AS products FROM starsink_internal.live_product_hour() AS l
          WHERE l.day BETWEEN coalesce($1, '-infinity') AND coalesce($2, 'infinity') AND ($3 OR NOT l.is_bot)) AS t
    CROSS JOIN LATERAL starsink.tally_entries(t.products) AS e
    JOIN starsink_internal.report_product AS p ON p.product_key = e.key
    GROUP BY p.product_id
    HAVING sum(e.count) > 0
$$;
COMMENT ON FUNCTION starsink_internal.product_totals(date, date, boolean) IS 'Product views by product, with the keys of its versions: what reports by product rank by.';

CREATE OR REPLACE FUNCTION warehouse.top_products(n integer DEFAULT 10, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (rank bigint, product_id text, product_name text, views bigint, viewers bigint, share numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_count('n', n), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH ranked AS (
        SELECT dense_rank() OVER (ORDER BY t.views DESC) AS rank, t.*, sum(t.views) OVER () AS total
        FROM starsink_internal.product_totals(first_day, last_day, include_bots) AS t
    ), top AS MATERIALIZED (
        SELECT * FROM ranked ORDER BY rank, product_id COLLATE "C" LIMIT n
    ), devices AS MATERIALIZED (
        SELECT p.product_id, starsink.distinct_devices(l.viewers) AS viewers
        FROM starsink_internal.live_product() AS l
        JOIN starsink_internal.report_product AS p ON p.product_key = l.product_key
        WHERE l.product_key = ANY (ARRAY(SELECT unnest(top.keys) FROM top))
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY p.product_id
    )
    SELECT top.rank, top.product_id, top.product_name, top.views, coalesce(d.viewers, 0), top.views / nullif(top.total, 0)
    FROM top LEFT JOIN devices AS d ON d.product_id = top.product_id
    ORDER BY top.rank, top.product_id COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.top_products(integer, date, date, boolean) IS 'Products by product views. [report]';

CREATE OR REPLACE FUNCTION warehouse.product_engagement(n integer DEFAULT 10, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (rank bigint, product_id text, product_name text, views bigint, viewers bigint, selections bigint, carts bigint, orders bigint,
               quantity numeric, revenue numeric, view_to_cart_rate numeric, cart_to_order_rate numeric, mean_view_seconds double precision,
               median_view_seconds double precision, unconverted_orders bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_count('n', n), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH viewed AS MATERIALIZED (
        SELECT t.* FROM starsink_internal.product_totals(first_day, last_day, include_bots) AS t
    ), unviewed AS (
        -- Products that were chosen or ordered and never looked at come last: they are sought where n reaches so far.
        SELECT p.product_id, min(p.product_name) AS product_name, array_agg(DISTINCT p.product_key) AS keys, 0::bigint AS views
        FROM starsink_internal.live_product() AS l
        JOIN starsink_internal.report_product AS p ON p.product_key = l.product_key
        WHERE (n IS NULL OR n > (SELECT count(*) FROM viewed))
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY p.product_id
        HAVING sum(l.views) = 0 AND (sum(l.selections) > 0 OR sum(l.carts) > 0 OR sum(l.orders) > 0 OR sum(l.quantity) > 0)
    ), ranked AS (
        SELECT dense_rank() OVER (ORDER BY a.views DESC) AS rank, a.*
        FROM (SELECT * FROM viewed UNION ALL SELECT * FROM unviewed) AS a
    ), top AS MATERIALIZED (
        SELECT r.rank, r.product_id, r.product_name, r.views
        FROM ranked AS r ORDER BY r.rank, r.product_id COLLATE "C" LIMIT n
    ), keys AS MATERIALIZED (
        -- Every version: one may have orders and no views.
        SELECT p.product_key, p.product_id FROM starsink_internal.report_product AS p JOIN top ON top.product_id = p.product_id
    ), sums AS MATERIALIZED (
        SELECT k.product_id, starsink.distinct_devices(l.viewers) AS viewers, sum(l.selections)::bigint AS selections,
               sum(l.carts)::bigint AS carts, sum(l.orders)::bigint AS orders, sum(l.quantity) AS quantity, sum(l.revenue) AS revenue,
               sum(l.timed_views)::bigint AS timed_views, sum(l.view_micros) AS view_micros, starsink.tally_sum(l.view_seconds) AS view_seconds
        FROM starsink_internal.live_product() AS l
        JOIN keys AS k ON k.product_key = l.product_key
        WHERE l.product_key = ANY (ARRAY(SELECT keys.product_key FROM keys))
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY k.product_id
    ), unconverted AS MATERIALIZED (
        SELECT k.product_id, count(DISTINCT u.order_id) AS orders
        FROM starsink_internal.unconverted(first_day, last_day, include_bots) AS u
        CROSS JOIN LATERAL unnest(u.product_keys) AS line (product_key)
        JOIN keys AS k ON k.product_key = line.product_key
        GROUP BY k.product_id
    )
    SELECT top.rank, top.product_id, top.product_name, top.views, coalesce(s.viewers, 0), coalesce(s.selections, 0), coalesce(s.carts, 0),
           coalesce(s.orders, 0), coalesce(s.quantity, 0), coalesce(s.revenue, 0)::numeric(18,4),
           s.carts::numeric / nullif(top.views, 0), s.orders::numeric / nullif(s.carts, 0),
           s.view_micros::double precision / 1e6 / nullif(s.timed_views, 0), starsink.tally_percentile(s.view_seconds, 0.5), coalesce(u.orders, 0)
    FROM top LEFT JOIN sums AS s ON s.product_id = top.product_id LEFT JOIN unconverted AS u ON u.product_id = top.product_id
    ORDER BY top.rank, top.product_id COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.product_engagement(integer, date, date, boolean) IS 'Products by product views: what visitors do with them, from view to order. [report]';
