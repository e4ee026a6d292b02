-- Attribution: what earns the orders, under six models.
CREATE OR REPLACE FUNCTION warehouse.attribution(model text DEFAULT 'last_non_direct', by text DEFAULT 'channel', first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (key text, conversions numeric, revenue numeric, share numeric, unconverted_orders bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_choice('model', model, ARRAY['first', 'last', 'last_non_direct', 'linear', 'position', 'time_decay']),
            starsink_internal.check_choice('by', by, ARRAY['channel', 'source', 'campaign']), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH earned AS (
        SELECT CASE WHEN l.channel = '(unknown)' THEN '(unknown)' WHEN attribution.by = 'channel' THEN l.channel
                    WHEN attribution.by = 'source' THEN l.source ELSE coalesce(nullif(l.campaign, ''), '(none)') END COLLATE "C" AS key,
               sum(l.conversions) AS conversions, sum(l.revenue) AS revenue
        FROM starsink_internal.live_attribution() AS l
        WHERE l.model = attribution.model
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY 1
    ), touches AS (
        -- An order without a session has one touch, that nothing is known of.
        SELECT u.order_id, coalesce(c.channel, '(unknown)') AS channel, c.source, c.campaign,
               row_number() OVER (PARTITION BY u.order_id ORDER BY s.session_start) AS number, count(*) OVER (PARTITION BY u.order_id) AS last
        FROM starsink_internal.unconverted(first_day, last_day, include_bots) AS u
        LEFT JOIN starsink_internal.live_session() AS s ON s.device_key = u.device_key AND s.is_bot = u.is_bot AND u.device_key >= 0
            AND s.session_start >= u.event_time - interval '720 hours' AND s.session_start <= u.event_time
        LEFT JOIN warehouse.dim_campaign AS c ON c.campaign_key = s.campaign_key
    ), chosen AS (
        SELECT t.*, CASE attribution.model WHEN 'first' THEN 1 WHEN 'last' THEN t.last
                        WHEN 'last_non_direct' THEN coalesce(max(t.number) FILTER (WHERE t.channel <> 'Direct') OVER (PARTITION BY t.order_id), t.last)
                        ELSE t.number END AS owed
        FROM touches AS t
    ), unconverted AS MATERIALIZED (
        SELECT CASE WHEN c.channel = '(unknown)' THEN '(unknown)' WHEN attribution.by = 'channel' THEN c.channel
                    WHEN attribution.by = 'source' THEN c.source ELSE coalesce(nullif(c.campaign, ''), '(none)') END COLLATE "C" AS key,
               count(DISTINCT c.order_id) AS orders
        FROM chosen AS c WHERE c.number = c.owed
        GROUP BY 1
    )
    SELECT e.key::text, e.conversions, e.revenue::numeric(18,4), e.conversions / nullif(sum(e.conversions) OVER (), 0), coalesce(u.orders, 0)
    FROM earned AS e LEFT JOIN unconverted AS u ON u.key = e.key
    WHERE e.conversions > 0
    ORDER BY round(e.conversions, 9) DESC, e.key COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.attribution(text, text, date, date, boolean) IS 'Orders and revenue by channel, source or campaign under one model of attribution. [report]';

CREATE OR REPLACE FUNCTION warehouse.attribution_comparison(by text DEFAULT 'channel', first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (key text, first numeric, last numeric, last_non_direct numeric, linear numeric, "position" numeric, time_decay numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_choice('by', by, ARRAY['channel', 'source', 'campaign']), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH earned AS (
        SELECT CASE WHEN l.channel = '(unknown)' THEN '(unknown)' WHEN attribution_comparison.by = 'channel' THEN l.channel
                    WHEN attribution_comparison.by = 'source' THEN l.source ELSE coalesce(nullif(l.campaign, ''), '(none)') END COLLATE "C" AS key,
               l.model, sum(l.conversions) AS conversions
        FROM starsink_internal.live_attribution() AS l
        WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY 1, 2
        HAVING sum(l.conversions) > 0
    )
    SELECT e.key::text,
           coalesce(sum(e.conversions) FILTER (WHERE e.model = 'first'), 0),
           coalesce(sum(e.conversions) FILTER (WHERE e.model = 'last'), 0),
           coalesce(sum(e.conversions) FILTER (WHERE e.model = 'last_non_direct'), 0),
           coalesce(sum(e.conversions) FILTER (WHERE e.model = 'linear'), 0),
           coalesce(sum(e.conversions) FILTER (WHERE e.model = 'position'), 0),
           coalesce(sum(e.conversions) FILTER (WHERE e.model = 'time_decay'), 0)
    FROM earned AS e
    GROUP BY e.key
    ORDER BY e.key COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.attribution_comparison(text, date, date, boolean) IS 'Orders by channel, source or campaign, one column per model of attribution. [report]';
