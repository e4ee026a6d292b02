{#- From the first look to the order: visits that came so far, step after step, within a day. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
SELECT step_number, CASE step WHEN 'view' THEN 'Looked at a product' WHEN 'option' THEN 'Chose an option' WHEN 'cart' THEN 'Put it in the cart'
                              WHEN 'checkout' THEN 'Went to the checkout' WHEN 'success' THEN 'Ordered' ELSE step END AS step, sessions
FROM (
{%- if shop.is_of_days_only %}
    SELECT step_number, step, sessions FROM warehouse.conversion_funnel({{ shop.days }})
{%- else %}
    SELECT n.step_number, n.step,
           count(*) FILTER (WHERE CASE n.step_number WHEN 1 THEN s.view_at WHEN 2 THEN s.option_at WHEN 3 THEN s.cart_at
                                                     WHEN 4 THEN s.checkout_at ELSE s.success_at END - s.view_at <= interval '1 day') AS sessions
    FROM {{ shop.sessions }} AS s
    CROSS JOIN (VALUES (1, 'view'), (2, 'option'), (3, 'cart'), (4, 'checkout'), (5, 'success')) AS n (step_number, step)
    GROUP BY n.step_number, n.step
{%- endif %}
) AS f
