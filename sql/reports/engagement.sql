-- Engagement: how long visitors look and customise, and what countries prefer.
CREATE OR REPLACE FUNCTION warehouse.view_duration(by text DEFAULT 'product', n integer DEFAULT 10, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (rank bigint, key text, country_code text, views bigint, timed_views bigint, coverage numeric, mean_seconds double precision,
               median_seconds double precision, p90_seconds double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    zone text := starsink_internal.report_zone();
    begins timestamptz := coalesce(first_day::timestamp AT TIME ZONE zone, '-infinity');
    ends timestamptz := coalesce((last_day + 1)::timestamp AT TIME ZONE zone, 'infinity');
BEGIN
    PERFORM starsink_internal.check_choice('by', by, ARRAY['product', 'country', 'product_country']), starsink_internal.check_count('n', n),
            starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH totals AS (
        SELECT t.product_id::text AS key, NULL::text AS country_code, t.views
        FROM starsink_internal.product_totals(first_day, last_day, include_bots) AS t WHERE view_duration.by = 'product'
        UNION ALL
        SELECT s.country_code, s.country_code, sum(l.views)::bigint
        FROM starsink_internal.live_store() AS l JOIN starsink_internal.report_store AS s ON s.store_key = l.store_key
        WHERE view_duration.by = 'country'
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY s.country_code
        UNION ALL
        SELECT p.product_id, i.country_code, sum(e.count)::bigint
        FROM (SELECT s.country_code, starsink.tally_sum(l.products) AS products
              FROM starsink_internal.live_place_interest() AS l JOIN starsink_internal.report_store AS s ON s.store_key = l.place_key
              WHERE view_duration.by = 'product_country' AND l.basis = 'store'
                AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
              GROUP BY s.country_code) AS i
        CROSS JOIN LATERAL starsink.tally_entries(i.products) AS e
        JOIN starsink_internal.report_product AS p ON p.product_key = e.key
        GROUP BY 1, 2
    ), top AS MATERIALIZED (
        SELECT dense_rank() OVER (ORDER BY t.views DESC) AS rank, t.*
        FROM totals AS t WHERE t.views > 0
        ORDER BY rank, t.key COLLATE "C", t.country_code COLLATE "C" LIMIT n
    ), product_keys AS MATERIALIZED (
        SELECT p.product_key, p.product_id FROM starsink_internal.report_product AS p
        WHERE view_duration.by <> 'country' AND p.product_id IN (SELECT top.key FROM top)
    ), timed AS MATERIALIZED (
        SELECT k.product_id::text AS key, NULL::text AS country_code, sum(l.timed_views)::bigint AS timed_views, sum(l.view_micros) AS micros,
               starsink.tally_sum(l.view_seconds) AS seconds
        FROM starsink_internal.live_product() AS l JOIN product_keys AS k ON k.product_key = l.product_key
        WHERE view_duration.by = 'product' AND l.product_key = ANY (ARRAY(SELECT product_keys.product_key FROM product_keys))
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY k.product_id
        UNION ALL
        SELECT s.country_code, s.country_code, sum(l.timed_views)::bigint, sum(l.view_micros), starsink.tally_sum(l.view_seconds)
        FROM starsink_internal.live_store() AS l JOIN starsink_internal.report_store AS s ON s.store_key = l.store_key
        WHERE view_duration.by = 'country'
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY s.country_code
    ), answers AS (
        SELECT top.rank, top.key, top.country_code, top.views, coalesce(d.timed_views, 0) AS timed_views, d.micros,
               starsink.tally_percentile(d.seconds, 0.5) AS median, starsink.tally_percentile(d.seconds, 0.9) AS p90
        FROM top LEFT JOIN timed AS d ON d.key = top.key
        WHERE view_duration.by <> 'product_country'
        UNION ALL
        -- No aggregate times products by country: the sessions that hold their views do.
        SELECT top.rank, top.key, top.country_code, top.views, count(d.dwell), sum(d.dwell),
               percentile_cont(0.5) WITHIN GROUP (ORDER BY floor(d.dwell / 1e6 + 0.5)::double precision),
               percentile_cont(0.9) WITHIN GROUP (ORDER BY floor(d.dwell / 1e6 + 0.5)::double precision)
        FROM top
        LEFT JOIN (SELECT k.product_id, s.country_code, v.dwell_micros AS dwell
                   FROM starsink_internal.live_session() AS f
                   CROSS JOIN LATERAL starsink.session_views(f.path) AS v
                   JOIN product_keys AS k ON k.product_key = v.product_key
                   JOIN starsink_internal.report_store AS s ON s.store_key = v.store_key
                   WHERE view_duration.by = 'product_country' AND f.views > 0 AND f.session_start < ends AND f.session_end >= begins
                     AND v.event_time >= begins AND v.event_time < ends AND (include_bots OR NOT f.is_bot)) AS d
            ON d.product_id = top.key AND d.country_code = top.country_code
        WHERE view_duration.by = 'product_country'
        GROUP BY top.rank, top.key, top.country_code, top.views
    )
    SELECT a.rank, a.key, CASE view_duration.by WHEN 'product' THEN NULL ELSE a.country_code END, a.views, a.timed_views,
           a.timed_views::numeric / nullif(a.views, 0), a.micros::double precision / 1e6 / nullif(a.timed_views, 0), a.median, a.p90
    FROM answers AS a
    ORDER BY a.rank, a.key COLLATE "C", a.country_code COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.view_duration(text, integer, date, date, boolean) IS 'How long product views last, by product, store''s country or both; ranked by views. [report]';

CREATE OR REPLACE FUNCTION warehouse.customization_time(by text DEFAULT 'product', n integer DEFAULT 10, first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (rank bigint, key text, views bigint, customized_views bigint, selections_per_view numeric, mean_seconds double precision, median_seconds double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_choice('by', by, ARRAY['product', 'country']), starsink_internal.check_count('n', n), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH totals AS (
        SELECT t.product_id::text AS key, t.views FROM starsink_internal.product_totals(first_day, last_day, include_bots) AS t WHERE customization_time.by = 'product'
        UNION ALL
        SELECT s.country_code, sum(l.views)::bigint
        FROM starsink_internal.live_store() AS l JOIN starsink_internal.report_store AS s ON s.store_key = l.store_key
        WHERE customization_time.by = 'country'
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY s.country_code
    ), top AS MATERIALIZED (
        SELECT dense_rank() OVER (ORDER BY t.views DESC) AS rank, t.*
        FROM totals AS t WHERE t.views > 0 ORDER BY rank, t.key COLLATE "C" LIMIT n
    ), product_keys AS MATERIALIZED (
        SELECT p.product_key, p.product_id FROM starsink_internal.report_product AS p
        WHERE customization_time.by = 'product' AND p.product_id IN (SELECT top.key FROM top)
    ), timed AS MATERIALIZED (
        SELECT k.product_id::text AS key, sum(l.selections)::bigint AS selections, sum(l.customized_views)::bigint AS customized,
               sum(l.customization_micros) AS micros, starsink.tally_sum(l.customization_seconds) AS seconds
        FROM starsink_internal.live_product() AS l JOIN product_keys AS k ON k.product_key = l.product_key
        WHERE customization_time.by = 'product' AND l.product_key = ANY (ARRAY(SELECT product_keys.product_key FROM product_keys))
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY k.product_id
        UNION ALL
        SELECT s.country_code, sum(l.selections)::bigint, sum(l.customized_views)::bigint, sum(l.customization_micros),
               starsink.tally_sum(l.customization_seconds)
        FROM starsink_internal.live_store() AS l JOIN starsink_internal.report_store AS s ON s.store_key = l.store_key
        WHERE customization_time.by = 'country'
          AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
        GROUP BY s.country_code
    )
    SELECT top.rank, top.key, top.views, coalesce(d.customized, 0), coalesce(d.selections, 0)::numeric / nullif(top.views, 0),
           d.micros::double precision / 1e6 / nullif(d.customized, 0), starsink.tally_percentile(d.seconds, 0.5)
    FROM top LEFT JOIN timed AS d ON d.key = top.key
    ORDER BY top.rank, top.key COLLATE "C";
END
$$;
COMMENT ON FUNCTION warehouse.customization_time(text, integer, date, date, boolean) IS 'Time from a product view to its last selection, by product or store''s country; ranked by views. [report]';

CREATE OR REPLACE FUNCTION warehouse.country_preferences(level text DEFAULT 'product', n integer DEFAULT 10, basis text DEFAULT 'store', first_day date DEFAULT NULL, last_day date DEFAULT NULL, include_bots boolean DEFAULT false)
RETURNS TABLE (country_code text, key text, views bigint, share_in_country numeric, share_in_world numeric, preference_index numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM starsink_internal.check_choice('level', level, ARRAY['product', 'category', 'alloy', 'diamond']),
            starsink_internal.check_choice('basis', basis, ARRAY['store', 'visitor']), starsink_internal.check_count('n', n), starsink_internal.check_days(first_day, last_day, include_bots);
    RETURN QUERY
    WITH members AS MATERIALIZED (
        -- Members of one name count as one: the least of their keys stands for them.
        SELECT m.member, m.name, min(m.member) OVER (PARTITION BY m.name) AS group_key
        FROM (SELECT p.product_key AS member, CASE country_preferences.level WHEN 'product' THEN p.product_id ELSE p.category END AS name
              FROM starsink_internal.report_product AS p WHERE country_preferences.level IN ('product', 'category')
              UNION ALL
              SELECT o.alloy_option_key, CASE WHEN o.alloy_option_key < 0 THEN '(unknown)' ELSE o.value END
              FROM warehouse.dim_alloy_option AS o WHERE country_preferences.level = 'alloy'
              UNION ALL
              SELECT o.diamond_option_key, CASE WHEN o.diamond_option_key < 0 THEN '(unknown)' ELSE o.value END
              FROM warehouse.dim_diamond_option AS o WHERE country_preferences.level = 'diamond') AS m
    ), regrouping AS MATERIALIZED (
        SELECT array_agg(m.member) AS members, array_agg(m.group_key) AS groups FROM members AS m
    ), interest AS MATERIALIZED (
        SELECT i.country_code, starsink_internal.tally_regroup(i.tally, g.members, g.groups) AS tally
        FROM (SELECT p.country_code,
                     starsink.tally_sum(CASE WHEN country_preferences.level IN ('product', 'category') THEN l.products
                                             WHEN country_preferences.level = 'alloy' THEN l.alloys ELSE l.diamonds END) AS tally
              FROM starsink_internal.live_place_interest() AS l
              JOIN starsink_internal.report_place AS p ON p.basis = country_preferences.basis AND p.place_key = l.place_key
              WHERE l.basis = country_preferences.basis
                AND l.day BETWEEN coalesce(first_day, '-infinity') AND coalesce(last_day, 'infinity') AND (include_bots OR NOT l.is_bot)
              GROUP BY p.country_code) AS i
        CROSS JOIN regrouping AS g
    ), named AS MATERIALIZED (
        -- Ties of the last place are told apart by name, so that only few names are compared.
        SELECT i.country_code, m.name, e.key::integer AS group_key, e.count AS views, starsink.tally_total(i.tally)::numeric AS of_country,
               row_number() OVER (PARTITION BY i.country_code ORDER BY e.count DESC, m.name COLLATE "C") AS place
        FROM interest AS i
        CROSS JOIN LATERAL starsink_internal.tally_top(i.tally, n) AS e
        JOIN members AS m ON m.member = e.key
    ), world AS MATERIALIZED (
        SELECT starsink.tally_sum(i.tally) AS tally FROM interest AS i
    ), world_views AS (
        SELECT e.key::integer AS group_key, e.count::numeric AS views, starsink.tally_total(w.tally)::numeric AS of_world
        FROM world AS w
        CROSS JOIN LATERAL starsink_internal.tally_pick(w.tally, ARRAY(SELECT DISTINCT r.group_key FROM named AS r)) AS e
    )
    SELECT r.country_code::text, r.name::text, r.views, r.views / r.of_country, w.views / w.of_world, (r.views * w.of_world) / (r.of_country * w.views)
    FROM named AS r JOIN world_views AS w ON w.group_key = r.group_key
    WHERE n IS NULL OR r.place <= n
    ORDER BY r.country_code COLLATE "C", r.place;
END
$$;
COMMENT ON FUNCTION warehouse.country_preferences(text, integer, text, date, date, boolean) IS 'What each country looks at most, and how much more than the world does (preference_index). [report]';
