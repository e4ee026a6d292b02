{#- The ten products looked at most. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
SELECT rank, COALESCE(NULLIF(product_name, '') || ' (' || product_id || ')', 'No. ' || product_id) AS product, product_id, views, viewers, share
FROM (
{%- if shop.is_of_days_only %}
    SELECT rank, product_id, product_name, views, viewers, share FROM warehouse.top_products(10, {{ shop.days }})
{%- else %}
    SELECT dense_rank() OVER (ORDER BY count(*) DESC) AS rank, p.product_id, max(c.product_name) AS product_name, count(*) AS views,
           count(DISTINCT v.device_key) FILTER (WHERE v.device_key > 0) AS viewers, count(*) / sum(count(*)) OVER () AS share
    FROM {{ shop.views }} AS v
    JOIN warehouse.dim_product AS p ON p.product_key = v.product_key
    LEFT JOIN warehouse.dim_product AS c ON c.product_id = p.product_id AND c.is_current
    GROUP BY p.product_id
    ORDER BY rank, p.product_id
    LIMIT 10
{%- endif %}
) AS t
