{#- What is looked at just now. -#}
WITH tail AS MATERIALIZED (
    SELECT product_key, views, viewers FROM starsink_internal.tail_minute_product() WHERE minute > now() - interval '30 minutes' AND minute <= now()
), counted AS NOT MATERIALIZED (
    SELECT product_key, views, viewers FROM starsink.minute_product WHERE minute > now() - interval '30 minutes' AND minute <= now()
), top AS (
    -- Versions of a product are one product.
    SELECT p.product_id, max(p.product_name) AS product_name, sum(r.views) AS views, array_agg(r.product_key) AS keys
    FROM (SELECT product_key, sum(views) AS views
          FROM (SELECT product_key, views FROM counted UNION ALL SELECT product_key, views FROM tail) AS v GROUP BY product_key) AS r
    JOIN warehouse.dim_product AS p ON p.product_key = r.product_key
    GROUP BY p.product_id
    ORDER BY views DESC, p.product_id
    LIMIT 10
)
SELECT COALESCE(NULLIF(t.product_name, '') || ' (' || t.product_id || ')', 'No. ' || t.product_id) AS product, t.views::bigint AS views,
       -- Devices of these ten only.
       (SELECT count(DISTINCT d.key)
        FROM (SELECT viewers FROM counted AS c WHERE c.product_key = ANY (t.keys) UNION ALL SELECT viewers FROM tail AS n WHERE n.product_key = ANY (t.keys)) AS r
        CROSS JOIN LATERAL unnest(r.viewers) AS d (key)) AS viewers
FROM top AS t
