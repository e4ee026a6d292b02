{#- Desktop, mobile, tablet: what each class of device brings. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT device_class, views, sessions, bounce_rate, conversion_rate, revenue FROM warehouse.device_performance({{ shop.days }})
{%- else -%}
SELECT device_class, sum(views)::bigint AS views, sum(sessions)::bigint AS sessions, 1 - sum(engaged) / NULLIF(sum(sessions), 0) AS bounce_rate,
       sum(orders) / NULLIF(sum(sessions), 0) AS conversion_rate, sum(revenue) AS revenue
FROM {{ shop.places }} AS l
GROUP BY device_class
HAVING sum(views) + sum(sessions) + sum(orders) > 0
{%- endif %}
