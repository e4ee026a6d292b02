{#- The five sites that send the most views; the shop's own pages and typed addresses left out. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT rank, referrer, views, sessions, share FROM warehouse.top_referrers(5, {{ shop.days }})
{%- else -%}
SELECT dense_rank() OVER (ORDER BY sum(c.views) DESC) AS rank, r.registrable_domain AS referrer, sum(c.views)::bigint AS views,
       sum(c.sessions)::bigint AS sessions, sum(c.views) / NULLIF(sum(sum(c.views)) OVER (), 0) AS share
FROM (SELECT v.referrer_key, count(*) AS views, 0 AS sessions FROM {{ shop.views }} AS v GROUP BY v.referrer_key
      UNION ALL
      SELECT s.referrer_key, 0, count(*) FROM {{ shop.sessions }} AS s GROUP BY s.referrer_key) AS c
JOIN warehouse.dim_referrer AS r ON r.referrer_key = c.referrer_key
WHERE NOT r.is_internal AND r.host <> '' AND r.referrer_key > 0
GROUP BY r.registrable_domain
ORDER BY rank, r.registrable_domain COLLATE "C"
LIMIT 5
{%- endif %}
