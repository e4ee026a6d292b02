{#- The stores of the world, by views. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT rank, store_id, COALESCE(domain, store_id) AS store_name, views, viewers, sessions, orders, revenue, share
FROM warehouse.store_ranking('world', {{ shop.days }})
{%- else -%}
SELECT dense_rank() OVER (ORDER BY sum(l.views) DESC) AS rank, s.store_id, COALESCE(max(s.domain), s.store_id) AS store_name, sum(l.views)::bigint AS views,
       starsink.distinct_devices(l.viewers) AS viewers, sum(l.sessions)::bigint AS sessions, sum(l.orders)::bigint AS orders,
       sum(l.revenue) AS revenue, sum(l.views) / NULLIF(sum(sum(l.views)) OVER (), 0) AS share
FROM {{ shop.places }} AS l
JOIN warehouse.dim_store AS s ON s.store_key = l.store_key
GROUP BY s.store_id
{%- endif %}
