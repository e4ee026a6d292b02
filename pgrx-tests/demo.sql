-- The first reports a person wants, as plain SQL over the star schema.

\echo '\nThe ten products most looked at'
SELECT p.product_id,
       count(*) AS views,
       count(DISTINCT f.device_key) AS viewers,
       dense_rank() OVER (ORDER BY count(*) DESC) AS rank
FROM warehouse.fact_event AS f
JOIN warehouse.dim_event_type AS t USING (event_type_key)
JOIN warehouse.dim_product AS p USING (product_key)
WHERE t.is_product_view AND NOT f.is_bot
GROUP BY p.product_id
ORDER BY views DESC, p.product_id
LIMIT 10;

\echo '\nViews per minute, of late (date_trunc(''hour'', …) for a longer look)'
SELECT date_trunc('minute', f.event_time) AS minute,
       count(*) FILTER (WHERE t.is_page_view) AS page_views,
       count(*) FILTER (WHERE t.is_product_view) AS product_views,
       count(*) AS events
FROM warehouse.fact_event AS f
JOIN warehouse.dim_event_type AS t USING (event_type_key)
WHERE f.event_time > now() - interval '10 minutes' AND NOT f.is_bot
GROUP BY minute
ORDER BY minute;

\echo '\nCountries, by the shop''s domain'
SELECT coalesce(s.country_code, '(international)') AS country,
       count(DISTINCT s.store_key) AS stores,
       count(*) AS views,
       round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent
FROM warehouse.fact_event AS f
JOIN warehouse.dim_event_type AS t USING (event_type_key)
JOIN warehouse.dim_store AS s USING (store_key)
WHERE t.is_product_view AND NOT f.is_bot
GROUP BY country
ORDER BY views DESC, country
LIMIT 8;

\echo '\nBrowsers and operating systems'
SELECT b.family AS browser,
       o.family AS system,
       count(*) AS events,
       count(DISTINCT f.device_key) AS devices
FROM warehouse.fact_event AS f
JOIN warehouse.dim_browser AS b USING (browser_key)
JOIN warehouse.dim_os AS o USING (os_key)
WHERE NOT f.is_bot
GROUP BY b.family, o.family
ORDER BY events DESC, browser, system
LIMIT 8;

\echo '\nFrom the first look to the order'
SELECT t.funnel_step,
       t.collection,
       count(*) AS events,
       count(DISTINCT f.device_key) AS devices
FROM warehouse.fact_event AS f
JOIN warehouse.dim_event_type AS t USING (event_type_key)
WHERE t.funnel_step IS NOT NULL AND NOT f.is_bot
GROUP BY t.funnel_step, t.collection
ORDER BY t.funnel_step, events DESC;

\echo '\nWhat was refused, and why'
SELECT code,
       count(*) AS messages,
       min(q.detail) AS example
FROM starsink.quarantine AS q
CROSS JOIN LATERAL unnest(q.codes) AS code
GROUP BY code
ORDER BY messages DESC, code;

\echo '\nThe books: received = loaded + duplicates + dropped + quarantined'
SELECT topic, partition, received, loaded, duplicates, dropped, quarantined, difference
FROM starsink.reconciliation
ORDER BY topic, partition;
