{#- Views and visitors by hour, day or week, as long as the period is. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT timezone(starsink.fold_time_zone(), period_start) AS period_start, views, viewers
FROM warehouse.product_views_over_time('{{ shop.grain }}', {{ shop.days }})
{%- elif shop.grain != 'hour' -%}
SELECT date_trunc('{{ shop.grain }}', l.day::timestamp) AS period_start, sum(l.views)::bigint AS views, starsink.distinct_devices(l.viewers) AS viewers
FROM {{ shop.places }} AS l
GROUP BY 1
HAVING sum(l.views) > 0
{%- else -%}
SELECT date_trunc('{{ shop.grain }}', timezone(starsink.fold_time_zone(), event_time)) AS period_start,
       count(*) AS views, count(DISTINCT device_key) FILTER (WHERE device_key > 0) AS viewers
FROM {{ shop.views }} AS v
GROUP BY 1
{%- endif %}
