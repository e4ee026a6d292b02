{#- Events by minute and kind. -#}
SELECT timezone(starsink.fold_time_zone(), m.minute) AS minute, count(f.event_time) FILTER (WHERE t.is_product_view) AS views,
       count(f.event_time) FILTER (WHERE t.is_page_view AND NOT t.is_product_view) AS pages, count(f.event_time) FILTER (WHERE t.funnel_step = 2) AS options,
       count(f.event_time) FILTER (WHERE t.funnel_step = 3) AS carts
FROM generate_series(date_trunc('minute', now()) - interval '29 minutes', date_trunc('minute', now()), interval '1 minute') AS m (minute)
LEFT JOIN warehouse.fact_event AS f ON f.event_time >= m.minute AND f.event_time < m.minute + interval '1 minute' AND NOT f.is_bot
                                       AND f.event_time > now() - interval '31 minutes'
LEFT JOIN warehouse.dim_event_type AS t ON t.event_type_key = f.event_type_key
GROUP BY m.minute
