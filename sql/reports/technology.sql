-- Technology: browsers, operating systems, classes of device.
CREATE OR REPLACE FUNCTION starsink_internal.technology_usage(by text, n integer, first_day date, last_day date, include_bots boolean)
RETURNS TABLE (rank bigint, name text, views bigint, viewers bigint, sessions bigint, share numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_count('n', n), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH days AS MATERIALIZED (
        SELECT CASE technology_usage.by WHEN 'browser' THEN l.browser ELSE l.os END AS name, l.views, l.sessions, l.viewers
        FROM starsink_internal.live_technology() AS l
        WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
    ), families AS (
        SELECT CASE WHEN d.name IN ('', '(not applicable)', '(blank)') THEN '(unknown)' ELSE d.name END COLLATE "C" AS name,
               sum(d.views)::bigint AS views, sum(d.sessions)::bigint AS sessions
        FROM days AS d GROUP BY 1
        HAVING sum(d.views) > 0 OR sum(d.sessions) > 0
    ), top AS MATERIALIZED (
        SELECT dense_rank() OVER (ORDER BY f.views DESC) AS rank, f.*, f.views / nullif(sum(f.views) OVER (), 0) AS share
        FROM families AS f ORDER BY rank, f.name COLLATE "C" LIMIT n
    ), devices AS MATERIALIZED (
        SELECT t.name, starsink.distinct_devices(d.viewers) AS viewers
        FROM days AS d
        JOIN top AS t ON t.name = CASE WHEN d.name IN ('', '(not applicable)', '(blank)') THEN '(unknown)' ELSE d.name END
        GROUP BY t.name
    )
    SELECT t.rank, t.name::text, t.views, coalesce(d.viewers, 0), t.sessions, t.share
    FROM top AS t LEFT JOIN devices AS d ON d.name = t.name
    ORDER BY t.rank, t.name COLLATE "C";
END
$$;
COMMENT ON FUNCTION starsink_internal.technology_usage(text, integer, date, date, boolean) IS 'What browser_usage() and os_usage() share.';

CREATE OR REPLACE FUNCTION warehouse.browser_usage(n integer DEFAULT 10, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (rank bigint, name text, views bigint, viewers bigint, sessions bigint, share numeric)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT u.rank, u.name, u.views, u.viewers, u.sessions, u.share FROM starsink_internal.technology_usage('browser', $1, $2, $3, $4) AS u
$$;
COMMENT ON FUNCTION warehouse.browser_usage(integer, date, date, boolean) IS 'Families of browsers by product views. [report]';

CREATE OR REPLACE FUNCTION warehouse.os_usage(n integer DEFAULT 10, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (rank bigint, name text, views bigint, viewers bigint, sessions bigint, share numeric)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT u.rank, u.name, u.views, u.viewers, u.sessions, u.share FROM starsink_internal.technology_usage('os', $1, $2, $3, $4) AS u
$$;
COMMENT ON FUNCTION warehouse.os_usage(integer, date, date, boolean) IS 'Families of operating systems by product views. [report]';

CREATE OR REPLACE FUNCTION warehouse.device_performance(first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (device_class text, views bigint, sessions bigint, bounce_rate numeric, conversion_rate numeric, mean_view_seconds double precision, revenue numeric,
               unconverted_orders bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH unconverted AS MATERIALIZED (
        SELECT u.device_class, count(*) AS orders FROM starsink_internal.unconverted(first_day, last_day, include_bots) AS u GROUP BY 1
    )
    SELECT l.device_class::text, sum(l.views)::bigint, sum(l.sessions)::bigint,
           (sum(l.sessions) - sum(l.engaged)) / nullif(sum(l.sessions), 0), sum(l.orders) / nullif(sum(l.sessions), 0),
           sum(l.view_micros)::double precision / 1e6 / nullif(sum(l.timed_views), 0)::double precision, sum(l.revenue)::numeric(18,4),
           coalesce((SELECT u.orders FROM unconverted AS u WHERE u.device_class = l.device_class), 0)
    FROM starsink_internal.live_technology() AS l
    WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
    GROUP BY l.device_class
    HAVING sum(l.views) > 0 OR sum(l.sessions) > 0 OR sum(l.orders) > 0
    ORDER BY l.device_class COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.device_performance(date, date, boolean) IS 'Classes of device: views, sessions, conversion, revenue. [report]';

CREATE OR REPLACE FUNCTION warehouse.technology_insights(min_sessions integer DEFAULT 100, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (browser text, os text, device_class text, sessions bigint, conversion_rate numeric, expected_rate numeric, z_score double precision,
               lost_orders numeric, finding text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_count('min_sessions', min_sessions), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH groups AS (
        SELECT CASE WHEN l.browser IN ('', '(not applicable)', '(blank)') THEN '(unknown)' ELSE l.browser END COLLATE "C" AS browser,
               CASE WHEN l.os IN ('', '(not applicable)', '(blank)') THEN '(unknown)' ELSE l.os END COLLATE "C" AS os,
               l.device_class, sum(l.sessions)::bigint AS sessions, sum(l.orders)::bigint AS orders
        FROM starsink_internal.live_technology() AS l
        WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY 1, 2, 3
    ), rates AS (
        SELECT g.*, g.orders::numeric / nullif(g.sessions, 0) AS rate, sum(g.orders) OVER () / nullif(sum(g.sessions) OVER (), 0) AS expected
        FROM groups AS g
    ), scored AS (
        SELECT r.*,
               CASE WHEN r.expected * (1 - r.expected) > 0 AND r.sessions > 0
                    THEN (r.rate - r.expected)::double precision / sqrt((r.expected * (1 - r.expected))::double precision / r.sessions) END AS z,
               greatest(0, (r.expected - r.rate) * r.sessions) AS lost
        FROM rates AS r
        WHERE r.sessions >= coalesce(min_sessions, 0) AND r.sessions > 0
    )
    SELECT s.browser::text, s.os::text, s.device_class::text, s.sessions, s.rate, s.expected, s.z, s.lost,
           CASE WHEN s.z < -1.96 THEN format('%s on %s (%s) converts %s %% of sessions where %s %% are expected: about %s orders lost.',
                                             s.browser, s.os, s.device_class, round(100 * s.rate, 2), round(100 * s.expected, 2), round(s.lost, 1))
                WHEN s.z > 1.96 THEN format('%s on %s (%s) converts %s %% of sessions where %s %% are expected: better than the rest.',
                                            s.browser, s.os, s.device_class, round(100 * s.rate, 2), round(100 * s.expected, 2)) END
    FROM scored AS s
    ORDER BY round(s.lost, 9) DESC, s.browser COLLATE "C", s.os COLLATE "C", s.device_class COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.technology_insights(integer, date, date, boolean) IS 'Browsers, systems and classes of device that convert worse or better than all sessions, by orders lost. [report]';
