{#- The shop's key figures, and the same of the equally long period before. -#}
{%- set shop = shop_filters(get_time_filter, filter_values) -%}
WITH period AS (
    SELECT 'now' AS name, {{ shop.first_day }} AS first_day, {{ shop.last_day }} AS last_day
    UNION ALL
    SELECT 'before', {{ shop.first_day }} - ({{ shop.last_day }} - {{ shop.first_day }} + 1), {{ shop.first_day }} - 1
    WHERE {{ shop.first_day }} IS NOT NULL AND {{ shop.last_day }} IS NOT NULL
), place AS (
    SELECT p.name, sum(l.views) AS views, starsink.distinct_devices(l.viewers) AS viewers, sum(l.sessions) AS sessions,
           sum(l.engaged) AS engaged, sum(l.orders) AS orders, sum(l.revenue) AS revenue
    FROM period AS p
    JOIN (SELECT * FROM starsink_internal.live_place() AS r WHERE NOT r.is_bot AND {{ shop.place('r') }}) AS l
      ON l.day >= COALESCE(p.first_day, l.day) AND l.day <= COALESCE(p.last_day, l.day)
    GROUP BY p.name
), figure AS (
    SELECT place.name, f.position, f.label, f.value::numeric AS value, f.mask, f.note
    FROM place CROSS JOIN LATERAL (VALUES
        (1, 'Product views', views::numeric, 'FM999G999G999G990', 'product pages shown'),
        (2, 'Visitors', viewers, 'FM999G999G999G990', 'different devices that saw a product'),
        (3, 'Visits', sessions, 'FM999G999G999G990', 'sessions, ended by half an hour of silence'),
        (4, 'Engaged visits', engaged / NULLIF(sessions, 0), 'percent', 'longer than 10 s, two pages, or an order'),
        (5, 'Orders', orders, 'FM999G999G999G990', 'checkouts that succeeded'),
        (6, 'Conversion', orders / NULLIF(sessions, 0), 'percent', 'orders per visit'),
        (7, 'Revenue', revenue, 'money', 'of all orders, in the base currency'),
        (8, 'Average order', revenue / NULLIF(orders, 0), 'money', 'revenue per order')
    ) AS f (position, label, value, mask, note)
), pair AS (
    SELECT n.position, n.label, n.value, n.mask, n.note, b.value AS before, (n.value - b.value) / NULLIF(b.value, 0) AS change
    FROM figure AS n LEFT JOIN figure AS b ON b.position = n.position AND b.name = 'before'
    WHERE n.name = 'now'
), shown AS (
    SELECT p.*, CASE mask
               WHEN 'percent' THEN to_char(100 * value, 'FM990.0') || ' %'
               WHEN 'money' THEN to_char(value, 'FM999G999G999G990') || ' ' || current_setting('starsink.base_currency')
               ELSE to_char(value, mask) END AS display,
           CASE mask
               WHEN 'percent' THEN to_char(100 * before, 'FM990.0') || ' %'
               WHEN 'money' THEN to_char(before, 'FM999G999G999G990') || ' ' || current_setting('starsink.base_currency')
               ELSE to_char(before, mask) END AS before_display
    FROM pair AS p
)
SELECT position, label, value, COALESCE(display, '–') AS display, note,
       CASE WHEN change IS NULL THEN '' WHEN round(100 * change, 1) > 0 THEN '▲ ' WHEN round(100 * change, 1) < 0 THEN '▼ ' ELSE '= ' END
           || COALESCE(to_char(abs(100 * change), 'FM999G990.0') || ' %', '') AS change,
       CASE WHEN change IS NULL THEN 'same' WHEN change > 0 THEN 'up' WHEN change < 0 THEN 'down' ELSE 'same' END AS trend,
       COALESCE('from ' || before_display || ' in the period before', 'nothing to compare it with') AS before
FROM shown
