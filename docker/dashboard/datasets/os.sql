{#- What visitors come with: os. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT rank, name, views, viewers, share FROM warehouse.os_usage(10, {{ shop.days }})
{%- else -%}
SELECT dense_rank() OVER (ORDER BY count(*) DESC) AS rank, b.family AS name, count(*) AS views,
       count(DISTINCT v.device_key) FILTER (WHERE v.device_key > 0) AS viewers, count(*) / sum(count(*)) OVER () AS share
FROM {{ shop.views }} AS v
JOIN warehouse.dim_os AS b ON b.os_key = v.os_key
GROUP BY b.family
ORDER BY rank, b.family
LIMIT 10
{%- endif %}
