-- Customisation: alloys and stones that visitors choose.
CREATE OR REPLACE FUNCTION warehouse.popular_combinations(n integer DEFAULT 10, min_count integer DEFAULT 5, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (rank bigint, alloy text, diamond text, selections bigint, orders bigint, support numeric, lift numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_count('n', n), starsink_internal.check_count('min_count', min_count), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH chosen AS (
        SELECT l.alloy, l.diamond, sum(l.selections)::bigint AS selections, sum(l.orders)::bigint AS orders
        FROM starsink_internal.live_combination() AS l
        WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY l.alloy, l.diamond
        HAVING sum(l.selections) > 0 OR sum(l.orders) > 0
    ), ranked AS (
        SELECT dense_rank() OVER (ORDER BY c.selections DESC) AS rank, c.*,
               sum(c.selections) OVER () AS total,
               sum(c.selections) OVER (PARTITION BY c.alloy) AS of_alloy,
               sum(c.selections) OVER (PARTITION BY c.diamond) AS of_diamond
        FROM chosen AS c
    )
    -- lift = P(alloy and diamond) / (P(alloy) P(diamond)) with P = count / total.
    SELECT r.rank, r.alloy, r.diamond, r.selections, r.orders, r.selections / nullif(r.total, 0),
           r.selections * r.total / nullif(r.of_alloy * r.of_diamond, 0)
    FROM ranked AS r
    WHERE r.selections >= coalesce(min_count, 0)
    ORDER BY r.rank, r.alloy COLLATE "C", r.diamond COLLATE "C" LIMIT n;
END
$$;
COMMENT ON FUNCTION warehouse.popular_combinations(integer, integer, date, date, boolean) IS 'Alloys with primary stones by selections: how often together, and how much oftener than by chance (lift). [report]';

CREATE OR REPLACE FUNCTION warehouse.popular_options(kind text DEFAULT 'alloy', n integer DEFAULT 10, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (rank bigint, value text, selections bigint, carts bigint, orders bigint, share numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_choice('kind', kind, ARRAY['alloy', 'diamond']), starsink_internal.check_count('n', n), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH chosen AS (
        SELECT l.value, sum(l.selections)::bigint AS selections, sum(l.carts)::bigint AS carts, sum(l.orders)::bigint AS orders
        FROM starsink_internal.live_option() AS l
        WHERE l.kind = popular_options.kind
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY l.value
        HAVING sum(l.selections) > 0 OR sum(l.carts) > 0 OR sum(l.orders) > 0
    )
    SELECT dense_rank() OVER (ORDER BY c.selections DESC) AS rank, c.value, c.selections, c.carts, c.orders,
           c.selections / nullif(sum(c.selections) OVER (), 0)
    FROM chosen AS c
    ORDER BY rank, c.value COLLATE "C" LIMIT n;
END
$$;
COMMENT ON FUNCTION warehouse.popular_options(text, integer, date, date, boolean) IS 'Alloys or stones by selections. [report]';

CREATE OR REPLACE FUNCTION warehouse.option_engagement(kind text DEFAULT 'alloy', n integer DEFAULT 10, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (rank bigint, value text, selections bigint, viewers bigint, carts bigint, cart_rate numeric, mean_view_seconds double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_choice('kind', kind, ARRAY['alloy', 'diamond']), starsink_internal.check_count('n', n), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH days AS MATERIALIZED (
        SELECT l.value, l.selections, l.carts, l.viewers, l.timed_views, l.view_micros
        FROM starsink_internal.live_option() AS l
        WHERE l.kind = option_engagement.kind
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
    ), chosen AS (
        SELECT d.value, sum(d.selections)::bigint AS selections, sum(d.carts)::bigint AS carts,
               sum(d.timed_views)::bigint AS timed_views, sum(d.view_micros) AS view_micros, starsink.distinct_devices(d.viewers) AS viewers
        FROM days AS d GROUP BY d.value
    )
    SELECT dense_rank() OVER (ORDER BY c.selections DESC) AS rank, c.value, c.selections, c.viewers, c.carts,
           c.carts::numeric / nullif(c.selections, 0), c.view_micros::double precision / 1e6 / nullif(c.timed_views, 0)
    FROM chosen AS c
    WHERE c.selections > 0 OR c.viewers > 0 OR c.carts > 0
    ORDER BY rank, c.value COLLATE "C" LIMIT n;
END
$$;
COMMENT ON FUNCTION warehouse.option_engagement(text, integer, date, date, boolean) IS 'Alloys or stones by selections: who views them, for how long, and what goes into carts. [report]';
