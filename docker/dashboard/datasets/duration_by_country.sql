{#- How long a product page is looked at, by country; of the ten with the most views. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT rank, key, views, coverage, mean_seconds, median_seconds, p90_seconds FROM warehouse.view_duration('country', 10, {{ shop.days }})
{%- elif not shop.devices -%}
SELECT dense_rank() OVER (ORDER BY sum(l.views) DESC) AS rank, COALESCE(s.country_code, '(unknown)') AS key, sum(l.views)::bigint AS views,
       sum(l.timed_views) / NULLIF(sum(l.views), 0) AS coverage, sum(l.view_micros)::double precision / 1e6 / NULLIF(sum(l.timed_views), 0) AS mean_seconds,
       starsink.tally_percentile(starsink.tally_sum(l.view_seconds), 0.5) AS median_seconds,
       starsink.tally_percentile(starsink.tally_sum(l.view_seconds), 0.9) AS p90_seconds
FROM {{ shop.stores_by_day }} AS l
JOIN warehouse.dim_store AS s ON s.store_key = l.store_key
GROUP BY 2
HAVING sum(l.views) > 0
ORDER BY rank, 2
LIMIT 10
{%- else -%}
SELECT dense_rank() OVER (ORDER BY count(*) DESC) AS rank, COALESCE(s.country_code, '(unknown)') AS key, count(*) AS views,
       count(v.dwell_micros)::numeric / count(*) AS coverage, avg(v.dwell_micros)::double precision / 1e6 AS mean_seconds,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY floor(v.dwell_micros / 1e6 + 0.5)) AS median_seconds,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY floor(v.dwell_micros / 1e6 + 0.5)) AS p90_seconds
FROM {{ shop.timed_views }} AS v
JOIN warehouse.dim_store AS s ON s.store_key = v.store_key
GROUP BY 2
ORDER BY rank, 2
LIMIT 10
{%- endif %}
