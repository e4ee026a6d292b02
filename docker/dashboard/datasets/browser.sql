{#- What visitors come with: browser. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT rank, name, views, viewers, share FROM warehouse.browser_usage(10, {{ shop.days }})
{%- elif shop.is_of_devices_only -%}
SELECT dense_rank() OVER (ORDER BY sum(l.views) DESC) AS rank, l.browser AS name, sum(l.views)::bigint AS views,
       starsink.distinct_devices(l.viewers) AS viewers, sum(l.views) / sum(sum(l.views)) OVER () AS share
FROM {{ shop.technology }} AS l
GROUP BY l.browser
HAVING sum(l.views) > 0
ORDER BY rank, l.browser
LIMIT 10
{%- else -%}
SELECT dense_rank() OVER (ORDER BY count(*) DESC) AS rank, b.family AS name, count(*) AS views,
       count(DISTINCT v.device_key) FILTER (WHERE v.device_key > 0) AS viewers, count(*) / sum(count(*)) OVER () AS share
FROM {{ shop.views }} AS v
JOIN warehouse.dim_browser AS b ON b.browser_key = v.browser_key
GROUP BY b.family
ORDER BY rank, b.family
LIMIT 10
{%- endif %}
