{#- What is looked at just now. -#}
WITH recent AS (
    SELECT product_key, views, viewers FROM warehouse.live_minute_product() WHERE minute > now() - interval '30 minutes' AND minute <= now()
), top AS (
    -- Versions of a product are one product.
    SELECT p.product_id, max(p.product_name) AS product_name, sum(r.views) AS views, array_agg(r.product_key) AS keys
    FROM (SELECT product_key, sum(views) AS views FROM recent GROUP BY product_key) AS r
    JOIN warehouse.dim_product AS p ON p.product_key = r.product_key
    GROUP BY p.product_id
    ORDER BY views DESC, p.product_id
    LIMIT 10
)
SELECT COALESCE(NULLIF(t.product_name, '') || ' (' || t.product_id || ')', 'No. ' || t.product_id) AS product, t.views::bigint AS views,
       (SELECT count(DISTINCT d.key) FROM recent AS r CROSS JOIN LATERAL unnest(r.viewers) AS d (key) WHERE r.product_key = ANY (t.keys)) AS viewers
FROM top AS t
