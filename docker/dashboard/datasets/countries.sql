{#- The ten countries with the most views, by the store that was visited. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT rank, country_code, country_name, views, viewers, sessions, orders, revenue, share
FROM warehouse.top_countries(10, {{ shop.days }})
{%- else -%}
SELECT dense_rank() OVER (ORDER BY sum(l.views) DESC) AS rank, COALESCE(s.country_code, '(unknown)') AS country_code,
       COALESCE(min(g.country_name), '(unknown)') AS country_name, sum(l.views)::bigint AS views, starsink.distinct_devices(l.viewers) AS viewers,
       sum(l.sessions)::bigint AS sessions, sum(l.orders)::bigint AS orders, sum(l.revenue) AS revenue,
       sum(l.views) / NULLIF(sum(sum(l.views)) OVER (), 0) AS share
FROM {{ shop.places }} AS l
JOIN warehouse.dim_store AS s ON s.store_key = l.store_key
LEFT JOIN warehouse.dim_geography AS g ON g.country_code = s.country_code
GROUP BY s.country_code
ORDER BY rank, country_code
LIMIT 10
{%- endif %}
