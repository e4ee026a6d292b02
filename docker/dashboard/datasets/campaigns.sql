{#- What each campaign brought. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT campaign, source, medium, sessions, bounce_rate, orders, conversion_rate, revenue
FROM warehouse.campaign_effectiveness(10, {{ shop.days }})
{%- else -%}
SELECT c.campaign, c.source, c.medium, sum(t.sessions)::bigint AS sessions, 1 - sum(t.engaged) / NULLIF(sum(t.sessions), 0) AS bounce_rate,
       sum(t.orders)::bigint AS orders, sum(t.orders) / NULLIF(sum(t.sessions), 0) AS conversion_rate, sum(t.revenue) AS revenue
FROM (SELECT s.campaign_key, 1::numeric AS sessions, s.is_engaged::integer AS engaged, 0 AS orders, 0::numeric AS revenue FROM {{ shop.sessions }} AS s
      UNION ALL
      SELECT o.campaign_key, 0, 0, 1, o.revenue FROM {{ shop.orders }} AS o) AS t
JOIN warehouse.dim_campaign AS c ON c.campaign_key = t.campaign_key
WHERE c.campaign <> '' AND c.campaign_key > 0
GROUP BY c.campaign, c.source, c.medium
ORDER BY sessions DESC, c.campaign COLLATE "C"
LIMIT 10
{%- endif %}
