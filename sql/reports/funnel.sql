-- The funnel view, option, cart, checkout, success. The closed one within a day and the open one are aggregates; a closed
-- one within another time is counted from the sessions.
CREATE OR REPLACE FUNCTION warehouse.conversion_funnel(mode text DEFAULT 'closed', within interval DEFAULT '1 day', by text DEFAULT NULL, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false,
    conversion_window interval DEFAULT NULL)
RETURNS TABLE (segment text, step_number integer, step text, sessions bigint, step_rate numeric, overall_rate numeric, median_lag_seconds double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    zone text := starsink_internal.report_zone();
    is_folded boolean := mode = 'open' OR coalesce(conversion_window, within) = interval '1 day';
    kind text := CASE by WHEN 'country' THEN 'store' ELSE coalesce(by, 'all') END;
BEGIN
    PERFORM starsink_internal.check_choice('mode', mode, ARRAY['closed', 'open']), starsink_internal.check_days(first_day, last_day, include_bots);
    IF by IS NOT NULL THEN
        PERFORM starsink_internal.check_choice('by', by, ARRAY['store', 'country', 'device_class', 'channel', 'browser']);
    END IF;
    within := coalesce(conversion_window, within);
    IF within IS NULL OR within < interval '0' THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('within cannot be %L', within), HINT = 'Use an interval of 0 or more, such as 1 day.';
    END IF;
    RETURN QUERY
    WITH folded AS (
        SELECT l.segment, l.step, sum(l.sessions) AS sessions, starsink.tally_sum(l.lag_seconds) AS lags
        FROM starsink_internal.live_funnel() AS l
        WHERE is_folded AND l.segment_kind = kind AND l.mode = conversion_funnel.mode
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY l.segment, l.step
    ), folded_named AS (
        SELECT CASE conversion_funnel.by WHEN 'store' THEN s.store_id WHEN 'country' THEN s.country_code
                    ELSE CASE WHEN f.segment IN ('(not applicable)', '(blank)') OR f.segment = '' AND conversion_funnel.by IS NOT NULL
                              THEN '(unknown)' ELSE f.segment END END AS segment,
               f.step, sum(f.sessions) AS sessions, starsink.tally_percentile(starsink.tally_sum(f.lags), 0.5) AS lag
        FROM folded AS f
        LEFT JOIN starsink_internal.report_store AS s ON kind = 'store' AND s.store_key::text = f.segment
        GROUP BY 1, 2
    ), lags AS (
        -- How many sessions took how many seconds from the step before: few rows, where sessions are many.
        SELECT CASE conversion_funnel.by WHEN 'store' THEN t.store_id WHEN 'country' THEN t.country_code WHEN 'device_class' THEN s.device_class
                    WHEN 'channel' THEN c.channel
                    WHEN 'browser' THEN CASE WHEN s.browser_key < 0 THEN '(unknown)' ELSE b.family END ELSE '' END AS segment,
               k.step, floor(EXTRACT(epoch FROM k.reached_at - k.before) + 0.5)::bigint AS seconds, count(*) AS sessions
        FROM starsink_internal.live_session() AS s
        JOIN starsink_internal.report_store AS t ON t.store_key = s.store_key
        JOIN warehouse.dim_campaign AS c ON c.campaign_key = s.campaign_key
        JOIN warehouse.dim_browser AS b ON b.browser_key = s.browser_key
        CROSS JOIN LATERAL (VALUES (0, NULL, NULL), (1, s.view_at, NULL), (2, s.option_at, s.view_at), (3, s.cart_at, s.option_at),
                                   (4, s.checkout_at, s.cart_at), (5, s.success_at, s.checkout_at)) AS k (step, reached_at, before)
        WHERE NOT is_folded AND (include_bots OR NOT s.is_bot)
          AND s.session_start >= coalesce(first_day::timestamp AT TIME ZONE zone, '-infinity')
          AND s.session_start < coalesce((last_day + 1)::timestamp AT TIME ZONE zone, 'infinity')
          AND (k.step = 0 OR k.reached_at - s.view_at <= within)
        GROUP BY 1, 2, 3
    ), lags_in_order AS (
        SELECT l.*, sum(l.sessions) OVER (PARTITION BY l.segment, l.step ORDER BY l.seconds) AS up_to,
               (sum(l.sessions) FILTER (WHERE l.seconds IS NOT NULL) OVER (PARTITION BY l.segment, l.step))::bigint AS n
        FROM lags AS l
    ), counted AS (
        SELECT f.segment, f.step::integer AS step, f.sessions::bigint AS sessions, f.lag FROM folded_named AS f
        UNION ALL
        -- The median: the mean of the two in the middle, which are one where their number is odd.
        SELECT l.segment, l.step, sum(l.sessions)::bigint,
               (min(l.seconds) FILTER (WHERE l.up_to > (l.n - 1) / 2) + min(l.seconds) FILTER (WHERE l.up_to > l.n / 2)) / 2.0::double precision
        FROM lags_in_order AS l GROUP BY l.segment, l.step
    ), segments AS (
        SELECT c.segment FROM counted AS c WHERE c.step = 0 AND c.sessions > 0
    ), steps AS (
        SELECT g.segment, k.step_number::integer AS step_number, k.step, coalesce(c.sessions, 0) AS sessions, c.lag,
               lag(coalesce(c.sessions, 0)) OVER w AS before, first_value(coalesce(c.sessions, 0)) OVER w AS entered
        FROM segments AS g
        CROSS JOIN unnest(ARRAY['view', 'option', 'cart', 'checkout', 'success']) WITH ORDINALITY AS k (step, step_number)
        LEFT JOIN counted AS c ON c.segment = g.segment AND c.step = k.step_number
        WINDOW w AS (PARTITION BY g.segment ORDER BY k.step_number)
    )
    SELECT CASE WHEN conversion_funnel.by IS NOT NULL THEN s.segment::text END, s.step_number, s.step, s.sessions,
           s.sessions::numeric / nullif(CASE s.step_number WHEN 1 THEN s.sessions ELSE s.before END, 0),
           s.sessions::numeric / nullif(s.entered, 0), CASE WHEN s.step_number > 1 THEN s.lag END
    FROM steps AS s
    ORDER BY s.segment COLLATE "C", s.step_number;
END
$$;
COMMENT ON FUNCTION warehouse.conversion_funnel(text, interval, text, date, date, boolean, interval) IS 'Sessions that reach each step of the funnel: rates and median lag, over all or by segment. [report]';
