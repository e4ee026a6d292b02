{#- How long a product page is looked at, by product; of the ten with the most views. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT rank, key, views, coverage, mean_seconds, median_seconds, p90_seconds FROM warehouse.view_duration('product', 10, {{ shop.days }})
{%- else -%}
SELECT dense_rank() OVER (ORDER BY count(*) DESC) AS rank, p.product_id AS key, count(*) AS views,
       count(v.dwell_micros)::numeric / count(*) AS coverage, avg(v.dwell_micros)::double precision / 1e6 AS mean_seconds,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY floor(v.dwell_micros / 1e6 + 0.5)) AS median_seconds,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY floor(v.dwell_micros / 1e6 + 0.5)) AS p90_seconds
FROM {{ shop.timed_views }} AS v
JOIN warehouse.dim_product AS p ON p.product_key = v.product_key
GROUP BY 2
ORDER BY rank, 2
LIMIT 10
{%- endif %}
