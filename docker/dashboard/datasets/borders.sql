{#- Visitors in stores of another country than theirs. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
SELECT visitor_country, store_country, views, sessions, orders, revenue
FROM (
{%- if shop.is_of_days_only %}
    SELECT visitor_country, store_country, views, sessions, orders, revenue, is_cross_border FROM warehouse.cross_border(NULL, {{ shop.days }})
{%- else %}
    SELECT g.country_code AS visitor_country, s.country_code AS store_country, sum(l.views)::bigint AS views, sum(l.sessions)::bigint AS sessions,
           sum(l.orders)::bigint AS orders, sum(l.revenue) AS revenue, g.country_code <> s.country_code AND g.geography_key > 0 AS is_cross_border
    FROM {{ shop.places }} AS l
    JOIN warehouse.dim_store AS s ON s.store_key = l.store_key
    JOIN warehouse.dim_geography AS g ON g.geography_key = l.geography_key
    GROUP BY g.country_code, s.country_code, g.geography_key
{%- endif %}
) AS b
WHERE is_cross_border
ORDER BY views DESC, visitor_country COLLATE "C", store_country COLLATE "C"
LIMIT 10
