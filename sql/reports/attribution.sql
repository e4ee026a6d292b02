-- Attribution: what earns the orders, under six models.
CREATE OR REPLACE FUNCTION warehouse.attribution(model text DEFAULT 'last_non_direct', by text DEFAULT 'channel', first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (key text, conversions numeric, revenue numeric, share numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM warehouse.check_choice('model', model, ARRAY['first', 'last', 'last_non_direct', 'linear', 'position', 'time_decay']),
            warehouse.check_choice('by', by, ARRAY['channel', 'source', 'campaign']), warehouse.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH earned AS (
        SELECT CASE WHEN l.channel = '(unknown)' THEN '(unknown)' WHEN attribution.by = 'channel' THEN l.channel
                    WHEN attribution.by = 'source' THEN l.source ELSE coalesce(nullif(l.campaign, ''), '(none)') END COLLATE "C" AS key,
               sum(l.conversions) AS conversions, sum(l.revenue) AS revenue
        FROM warehouse.live_attribution() AS l
        WHERE l.model = attribution.model
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY 1
    )
    SELECT e.key::text, e.conversions, e.revenue::numeric(18,4), e.conversions / nullif(sum(e.conversions) OVER (), 0)
    FROM earned AS e
    WHERE e.conversions > 0
    ORDER BY round(e.conversions, 9) DESC, e.key COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.attribution(text, text, date, date, boolean) IS 'Orders and revenue by channel, source or campaign under one model of attribution.';

CREATE OR REPLACE FUNCTION warehouse.attribution_comparison(by text DEFAULT 'channel', first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (key text, first numeric, last numeric, last_non_direct numeric, linear numeric, "position" numeric, time_decay numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM warehouse.check_choice('by', by, ARRAY['channel', 'source', 'campaign']), warehouse.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH earned AS (
        SELECT CASE WHEN l.channel = '(unknown)' THEN '(unknown)' WHEN attribution_comparison.by = 'channel' THEN l.channel
                    WHEN attribution_comparison.by = 'source' THEN l.source ELSE coalesce(nullif(l.campaign, ''), '(none)') END COLLATE "C" AS key,
               l.model, sum(l.conversions) AS conversions
        FROM warehouse.live_attribution() AS l
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
COMMENT ON FUNCTION warehouse.attribution_comparison(text, date, date, boolean) IS 'Orders by channel, source or campaign, one column per model of attribution.';
