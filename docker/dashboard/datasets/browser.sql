{#- What visitors come with: browser. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT rank, name, views, viewers, share FROM warehouse.browser_usage(10, {{ shop.days }})
{%- else -%}
SELECT dense_rank() OVER (ORDER BY count(*) DESC) AS rank, b.family AS name, count(*) AS views,
       count(DISTINCT v.device_key) FILTER (WHERE v.device_key > 0) AS viewers, count(*) / sum(count(*)) OVER () AS share
FROM {{ shop.views }} AS v
JOIN warehouse.dim_browser AS b ON b.browser_key = v.browser_key
GROUP BY b.family
ORDER BY rank, b.family
LIMIT 10
{%- endif %}
