-- Countries: the store's by its domain, or the visitor's by his address.
CREATE OR REPLACE FUNCTION warehouse.top_countries(n integer DEFAULT 10, basis text DEFAULT 'store', first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (rank bigint, country_code text, country_name text, views bigint, viewers bigint, sessions bigint, orders bigint, revenue numeric, share numeric,
               unconverted_orders bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_choice('basis', basis, ARRAY['store', 'visitor']), starsink_internal.check_count('n', n), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH places AS (
        SELECT CASE top_countries.basis WHEN 'store' THEN l.store_key ELSE l.geography_key END AS place_key,
               sum(l.views) AS views, sum(l.sessions) AS sessions, sum(l.orders) AS orders, sum(l.revenue) AS revenue
        FROM starsink_internal.live_place() AS l
        WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY 1
    ), countries AS (
        SELECT p.country_code, min(p.country_name) AS country_name, sum(c.views)::bigint AS views, sum(c.sessions)::bigint AS sessions,
               sum(c.orders)::bigint AS orders, sum(c.revenue) AS revenue
        FROM places AS c JOIN starsink_internal.report_place AS p ON p.basis = top_countries.basis AND p.place_key = c.place_key
        GROUP BY p.country_code
        HAVING sum(c.views) > 0 OR sum(c.sessions) > 0 OR sum(c.orders) > 0
    ), top AS MATERIALIZED (
        SELECT dense_rank() OVER (ORDER BY c.views DESC) AS rank, c.*, c.views / nullif(sum(c.views) OVER (), 0) AS share
        FROM countries AS c ORDER BY rank, c.country_code COLLATE "C" LIMIT n
    ), devices AS MATERIALIZED (
        SELECT t.country_code, starsink.distinct_devices(l.viewers) AS viewers
        FROM starsink_internal.live_place() AS l
        JOIN starsink_internal.report_place AS p ON p.basis = top_countries.basis
            AND p.place_key = CASE top_countries.basis WHEN 'store' THEN l.store_key ELSE l.geography_key END
        JOIN top AS t ON t.country_code = p.country_code
        WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY t.country_code
    ), unconverted AS MATERIALIZED (
        SELECT p.country_code, count(*) AS orders
        FROM starsink_internal.unconverted(first_day, last_day, include_bots) AS u
        JOIN starsink_internal.report_place AS p ON p.basis = top_countries.basis
            AND p.place_key = CASE top_countries.basis WHEN 'store' THEN u.store_key ELSE u.geography_key END
        GROUP BY p.country_code
    )
    SELECT t.rank, t.country_code::text, t.country_name, t.views, coalesce(d.viewers, 0), t.sessions, t.orders, t.revenue::numeric(18,4), t.share,
           coalesce(u.orders, 0)
    FROM top AS t LEFT JOIN devices AS d ON d.country_code = t.country_code LEFT JOIN unconverted AS u ON u.country_code = t.country_code
    ORDER BY t.rank, t.country_code COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.top_countries(integer, text, date, date, boolean) IS 'Countries of stores or visitors by product views. [report]';

CREATE OR REPLACE FUNCTION warehouse.country_distribution(basis text DEFAULT 'store', first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (region text, sub_region text, country_code text, views bigint, viewers bigint, sessions bigint, level text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_choice('basis', basis, ARRAY['store', 'visitor']), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH countries AS (
        SELECT p.region, p.sub_region, p.country_code, sum(l.views) AS views, sum(l.sessions) AS sessions, starsink.device_set_union(l.viewers) AS viewers
        FROM starsink_internal.live_place() AS l
        JOIN starsink_internal.report_place AS p ON p.basis = country_distribution.basis
            AND p.place_key = CASE country_distribution.basis WHEN 'store' THEN l.store_key ELSE l.geography_key END
        WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY p.region, p.sub_region, p.country_code
        HAVING sum(l.views) > 0 OR sum(l.sessions) > 0
    )
    SELECT c.region::text, c.sub_region::text, c.country_code::text, coalesce(sum(c.views), 0)::bigint, starsink.distinct_devices(c.viewers),
           coalesce(sum(c.sessions), 0)::bigint,
           CASE GROUPING(c.region, c.sub_region, c.country_code) WHEN 0 THEN 'country' WHEN 1 THEN 'sub_region' WHEN 3 THEN 'region' ELSE 'total' END
    FROM countries AS c
    GROUP BY ROLLUP (c.region, c.sub_region, c.country_code)
    ORDER BY c.region COLLATE "C", c.sub_region COLLATE "C", c.country_code COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.country_distribution(text, date, date, boolean) IS 'Product views and sessions by country, with sub-totals by sub-region and region and the total. [report]';

CREATE OR REPLACE FUNCTION warehouse.cross_border(n integer DEFAULT NULL, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (visitor_country text, store_country text, views bigint, sessions bigint, orders bigint, revenue numeric, is_cross_border boolean,
               unconverted_orders bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_count('n', n), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH unconverted AS MATERIALIZED (
        SELECT v.country_code AS visitor, s.country_code AS store, count(*) AS orders
        FROM starsink_internal.unconverted(first_day, last_day, include_bots) AS u
        JOIN starsink_internal.report_country AS v ON v.geography_key = u.geography_key
        JOIN starsink_internal.report_store AS s ON s.store_key = u.store_key
        GROUP BY 1, 2
    )
    SELECT v.country_code::text, s.country_code::text, sum(l.views)::bigint, sum(l.sessions)::bigint, sum(l.orders)::bigint, sum(l.revenue)::numeric(18,4),
           CASE WHEN v.country_code <> '(unknown)' AND s.country_code <> '(unknown)' THEN v.country_code <> s.country_code END,
           coalesce((SELECT u.orders FROM unconverted AS u WHERE u.visitor = v.country_code AND u.store = s.country_code), 0)
    FROM starsink_internal.live_place() AS l
    JOIN starsink_internal.report_country AS v ON v.geography_key = l.geography_key
    JOIN starsink_internal.report_store AS s ON s.store_key = l.store_key
    WHERE l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
    GROUP BY v.country_code, s.country_code
    HAVING sum(l.views) > 0 OR sum(l.sessions) > 0 OR sum(l.orders) > 0
    ORDER BY sum(l.views) DESC, v.country_code COLLATE "C", s.country_code COLLATE "C" LIMIT n;
END
$$;
COMMENT ON FUNCTION warehouse.cross_border(integer, date, date, boolean) IS 'Visitors'' countries with stores'' countries by product views. [report]';

CREATE OR REPLACE FUNCTION warehouse.cross_border_rate(first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (store_country text, views_known bigint, views_cross_border bigint, rate numeric, views_unknown bigint, unknown_share numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH pairs AS (
        SELECT c.store_country, c.views, c.is_cross_border FROM warehouse.cross_border(NULL, first_day, last_day, include_bots) AS c
    ), rates AS (
        SELECT p.store_country, GROUPING(p.store_country) AS is_total,
               coalesce(sum(p.views) FILTER (WHERE p.is_cross_border IS NOT NULL), 0)::bigint AS known,
               coalesce(sum(p.views) FILTER (WHERE p.is_cross_border), 0)::bigint AS crossing,
               coalesce(sum(p.views) FILTER (WHERE p.is_cross_border IS NULL), 0)::bigint AS unknown
        FROM pairs AS p
        GROUP BY ROLLUP (p.store_country)
    )
    SELECT r.store_country, r.known, r.crossing, r.crossing::numeric / nullif(r.known, 0), r.unknown, r.unknown::numeric / nullif(r.known + r.unknown, 0)
    FROM rates AS r
    WHERE r.is_total = 1 OR r.store_country <> '(unknown)' AND r.known + r.unknown > 0
    ORDER BY r.store_country COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.cross_border_rate(date, date, boolean) IS 'Share of product views from another country than the store''s, among those with both known; by store''s country and over all (NULL). [report]';

CREATE OR REPLACE FUNCTION warehouse.market_penetration(basis text DEFAULT 'store', first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (country_code text, viewers bigint, share_of_viewers numeric, new_viewers bigint, previous_viewers bigint, growth numeric, conversion_rate numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    period_end date := last_day;
    previous_first date;
BEGIN
    PERFORM starsink_internal.check_choice('basis', basis, ARRAY['store', 'visitor']), starsink_internal.check_days(first_day, last_day, include_bots);
    -- An open range starts at the first event, before which there is no period; one open at the end ends at the last event.
    IF first_day IS NOT NULL THEN
        IF period_end IS NULL THEN
            SELECT greatest(first_day, (e.event_time AT TIME ZONE starsink.fold_time_zone())::date) INTO period_end
            FROM warehouse.fact_event AS e WHERE include_bots OR NOT e.is_bot ORDER BY e.event_time DESC LIMIT 1;
        END IF;
        previous_first := first_day - (coalesce(period_end, first_day) - first_day + 1);
    END IF;
    RETURN QUERY
    WITH places AS NOT MATERIALIZED (
        SELECT p.country_code, l.day >= coalesce(first_day, '-infinity') AS is_now, l.sessions, l.orders, l.viewers
        FROM starsink_internal.live_place() AS l
        JOIN starsink_internal.report_place AS p ON p.basis = market_penetration.basis
            AND p.place_key = CASE market_penetration.basis WHEN 'store' THEN l.store_key ELSE l.geography_key END
        WHERE l.day BETWEEN coalesce(previous_first, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
    ), countries AS (
        SELECT p.country_code, p.is_now, GROUPING(p.country_code) = 1 AS is_total,
               sum(p.sessions) AS sessions, sum(p.orders) AS orders, starsink.distinct_devices(p.viewers) AS viewers
        FROM places AS p
        GROUP BY GROUPING SETS ((p.country_code, p.is_now), (p.is_now))
    ), first_seen AS (
        -- Per day and side (robots or not): what was added, without what an earlier event took away again.
        SELECT l.day, starsink.device_set_minus(starsink.device_set_union(l.added), starsink.device_set_union(l.removed)) AS devices
        FROM starsink_internal.live_first_seen() AS l
        WHERE l.day <= coalesce(last_day, 'infinity') AND (l.day >= coalesce(first_day, '-infinity') OR include_bots)
          AND (include_bots OR NOT l.is_bot)
        GROUP BY l.day, l.is_bot
    ), fresh AS MATERIALIZED (
        -- A device that came as a robot and as a person is new at the earlier of the two.
        SELECT starsink.device_set_minus(
                   starsink.device_set_union(f.devices) FILTER (WHERE f.day >= coalesce(first_day, '-infinity')),
                   starsink.device_set_union(f.devices) FILTER (WHERE f.day < coalesce(first_day, '-infinity'))) AS devices
        FROM first_seen AS f
    ), arrivals AS MATERIALIZED (
        -- Before an open range there is nothing, so all are new, and nobody has to look.
        SELECT p.country_code, starsink.device_set_common(starsink.device_set_union(p.viewers), (SELECT f.devices FROM fresh AS f)) AS viewers
        FROM places AS p
        WHERE first_day IS NOT NULL AND p.is_now
        GROUP BY p.country_code
    ), measured AS (
        SELECT c.country_code, c.viewers, CASE WHEN first_day IS NULL THEN c.viewers ELSE coalesce(a.viewers, 0) END AS new_viewers,
               coalesce(b.viewers, 0) AS previous_viewers, c.sessions, c.orders
        FROM countries AS c
        LEFT JOIN countries AS b ON b.country_code = c.country_code AND NOT b.is_now AND NOT b.is_total
        LEFT JOIN arrivals AS a ON a.country_code = c.country_code
        WHERE c.is_now AND NOT c.is_total
    )
    SELECT m.country_code::text, m.viewers, m.viewers::numeric / nullif(total.viewers, 0), m.new_viewers, m.previous_viewers,
           (m.viewers - m.previous_viewers)::numeric / nullif(m.previous_viewers, 0), m.orders / nullif(m.sessions, 0)
    FROM measured AS m JOIN countries AS total ON total.is_now AND total.is_total
    WHERE m.viewers > 0
    ORDER BY m.country_code COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.market_penetration(text, date, date, boolean) IS 'Viewers by country: share, new ones, growth over the equally long period before, conversion. [report]';
