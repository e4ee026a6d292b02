{#- What visitors come with: os. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT rank, name, views, viewers, share FROM warehouse.os_usage(10, {{ shop.days }})
{%- elif shop.is_of_devices_only -%}
SELECT dense_rank() OVER (ORDER BY sum(l.views) DESC) AS rank, l.os AS name, sum(l.views)::bigint AS views,
       starsink.distinct_devices(l.viewers) AS viewers, sum(l.views) / sum(sum(l.views)) OVER () AS share
FROM {{ shop.technology }} AS l
GROUP BY l.os
HAVING sum(l.views) > 0
ORDER BY rank, l.os
LIMIT 10
{%- else -%}
SELECT dense_rank() OVER (ORDER BY count(*) DESC) AS rank, b.family AS name, count(*) AS views,
       count(DISTINCT v.device_key) FILTER (WHERE v.device_key > 0) AS viewers, count(*) / sum(count(*)) OVER () AS share
FROM {{ shop.views }} AS v
JOIN warehouse.dim_os AS b ON b.os_key = v.os_key
GROUP BY b.family
ORDER BY rank, b.family
LIMIT 10
{%- endif %}
