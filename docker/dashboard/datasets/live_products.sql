{#- What is looked at just now. -#}
SELECT COALESCE(NULLIF(max(p.product_name), '') || ' (' || p.product_id || ')', 'No. ' || p.product_id) AS product, count(*) AS views,
       count(DISTINCT f.device_key) FILTER (WHERE f.device_key > 0) AS viewers
FROM warehouse.fact_event AS f
JOIN warehouse.dim_event_type AS t ON t.event_type_key = f.event_type_key
JOIN warehouse.dim_product AS p ON p.product_key = f.product_key
WHERE t.is_product_view AND NOT f.is_bot AND f.event_time > now() - interval '30 minutes'
GROUP BY p.product_id
ORDER BY views DESC, p.product_id
LIMIT 10
