-- Traffic: where visits come from. What needs the full address of the referring page runs as the worker's role.
CREATE OR REPLACE FUNCTION starsink_internal.raw_referrers(first_day date, last_day date, include_bots boolean)
RETURNS TABLE (referrer text, views bigint, sessions bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN btrim(e.referrer_url) <> '' THEN e.referrer_url ELSE '(direct)' END, count(*) FILTER (WHERE t.is_product_view), count(s.first_event_id)
    FROM warehouse.fact_event AS e
    JOIN warehouse.dim_event_type AS t ON t.event_type_key = e.event_type_key
    LEFT JOIN starsink_internal.live_session() AS s
        ON s.session_start = e.event_time AND s.first_event_id = e.event_id AND s.device_key = e.device_key AND s.is_bot = e.is_bot
    WHERE e.event_time >= coalesce($1::timestamp AT TIME ZONE starsink.fold_time_zone(), '-infinity')
      AND e.event_time < coalesce(($2 + 1)::timestamp AT TIME ZONE starsink.fold_time_zone(), 'infinity')
      AND ($3 OR NOT e.is_bot)
    GROUP BY 1
$$;
COMMENT ON FUNCTION starsink_internal.raw_referrers(date, date, boolean) IS 'Product views and sessions by the referring page as the events name it, counted from the events themselves.';

CREATE OR REPLACE FUNCTION warehouse.top_referrers(n integer DEFAULT 5, basis text DEFAULT 'external', first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (rank bigint, referrer text, views bigint, sessions bigint, share numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_choice('basis', basis, ARRAY['external', 'raw']), starsink_internal.check_count('n', n), starsink_internal.check_days(first_day, last_day, include_bots);
    -- Pages as the events name them: an address may tell a person.
    IF top_referrers.basis = 'raw' THEN
        IF NOT has_function_privilege('starsink_internal.raw_referrers(date, date, boolean)', 'EXECUTE') THEN
            RAISE EXCEPTION 'permission denied for full addresses of referring pages' USING ERRCODE = '42501',
                HINT = 'Only members of starsink_admin see them; basis => ''external'' counts by site.';
        END IF;
        RETURN QUERY
        SELECT dense_rank() OVER (ORDER BY s.views DESC) AS rank, s.referrer, s.views, s.sessions, s.views / nullif(sum(s.views) OVER (), 0)
        FROM starsink_internal.raw_referrers(first_day, last_day, include_bots) AS s
        WHERE s.views > 0 OR s.sessions > 0
        ORDER BY rank, s.referrer COLLATE "C" LIMIT n;
        RETURN;
    END IF;
    RETURN QUERY
    WITH sites AS (
        SELECT l.referrer::text, sum(l.views)::bigint AS views, sum(l.sessions)::bigint AS sessions
        FROM starsink_internal.live_referrer() AS l
        WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY l.referrer
    )
    SELECT dense_rank() OVER (ORDER BY s.views DESC) AS rank, s.referrer, s.views, s.sessions, s.views / nullif(sum(s.views) OVER (), 0)
    FROM sites AS s
    WHERE s.views > 0 OR s.sessions > 0
    ORDER BY rank, s.referrer COLLATE "C" LIMIT n;
END
$$;
COMMENT ON FUNCTION warehouse.top_referrers(integer, text, date, date, boolean) IS 'Referring sites (external) or pages (raw) by product views. [report]';

CREATE OR REPLACE FUNCTION warehouse.channels(first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (channel text, sessions bigint, engaged_sessions bigint, bounce_rate numeric, orders bigint, conversion_rate numeric, revenue numeric,
               unconverted_orders bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH unconverted AS MATERIALIZED (
        SELECT c.channel, count(*) AS orders
        FROM starsink_internal.unconverted(first_day, last_day, include_bots) AS u
        JOIN warehouse.dim_campaign AS c ON c.campaign_key = u.campaign_key
        GROUP BY 1
    )
    SELECT l.channel::text, sum(l.sessions)::bigint, sum(l.engaged)::bigint,
           (sum(l.sessions) - sum(l.engaged)) / nullif(sum(l.sessions), 0),
           sum(l.orders)::bigint, sum(l.orders) / nullif(sum(l.sessions), 0), sum(l.revenue)::numeric(18,4),
           coalesce((SELECT u.orders FROM unconverted AS u WHERE u.channel = l.channel), 0)
    FROM starsink_internal.live_traffic() AS l
    WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
    GROUP BY l.channel
    HAVING sum(l.sessions) > 0 OR sum(l.orders) > 0
    ORDER BY sum(l.sessions) DESC, l.channel COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.channels(date, date, boolean) IS 'Channels by sessions: engagement, orders, revenue. [report]';

CREATE OR REPLACE FUNCTION warehouse.campaign_effectiveness(n integer DEFAULT NULL, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (campaign text, source text, medium text, sessions bigint, engaged_sessions bigint, bounce_rate numeric, carts bigint, orders bigint,
               conversion_rate numeric, revenue numeric, average_order_value numeric, unconverted_orders bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_count('n', n), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH unconverted AS MATERIALIZED (
        SELECT c.campaign, c.source, c.medium, count(*) AS orders
        FROM starsink_internal.unconverted(first_day, last_day, include_bots) AS u
        JOIN warehouse.dim_campaign AS c ON c.campaign_key = u.campaign_key
        GROUP BY 1, 2, 3
    )
    SELECT l.campaign::text, l.source::text, l.medium::text, sum(l.sessions)::bigint, sum(l.engaged)::bigint,
           (sum(l.sessions) - sum(l.engaged)) / nullif(sum(l.sessions), 0), sum(l.carts)::bigint, sum(l.orders)::bigint,
           sum(l.orders) / nullif(sum(l.sessions), 0), sum(l.revenue)::numeric(18,4),
           (sum(l.revenue) / nullif(sum(l.orders), 0))::numeric(18,4),
           coalesce((SELECT u.orders FROM unconverted AS u WHERE u.campaign = l.campaign AND u.source = l.source AND u.medium = l.medium), 0)
    FROM starsink_internal.live_traffic() AS l
    WHERE l.campaign <> '' AND l.channel <> '(unknown)'
      AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
    GROUP BY l.campaign, l.source, l.medium
    HAVING sum(l.sessions) > 0 OR sum(l.carts) > 0 OR sum(l.orders) > 0
    ORDER BY sum(l.sessions) DESC, l.campaign COLLATE "C", l.source COLLATE "C", l.medium COLLATE "C" LIMIT n;
END
$$;
COMMENT ON FUNCTION warehouse.campaign_effectiveness(integer, date, date, boolean) IS 'Campaigns by sessions: engagement, carts, orders, revenue. [report]';
