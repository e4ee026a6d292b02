{#- Alloy and stone that are chosen together. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
{%- if shop.is_of_days_only -%}
SELECT rank, alloy, diamond, selections, support FROM warehouse.popular_combinations(10, {{ shop.days }})
{%- else -%}
WITH counted AS (
    SELECT a.value AS alloy, d.value AS diamond, count(*) AS selections, count(*) / sum(count(*)) OVER () AS support
    FROM {{ shop.selections }} AS e
    JOIN warehouse.dim_alloy_option AS a ON a.alloy_option_key = e.alloy_option_key AND a.alloy_option_key > 0
    JOIN warehouse.dim_diamond_option AS d ON d.diamond_option_key = e.diamond_option_key AND d.diamond_option_key > 0
    GROUP BY a.value, d.value
)
SELECT dense_rank() OVER (ORDER BY selections DESC) AS rank, alloy, diamond, selections, support
FROM counted
ORDER BY rank, alloy COLLATE "C", diamond COLLATE "C"
LIMIT 10
{%- endif %}
