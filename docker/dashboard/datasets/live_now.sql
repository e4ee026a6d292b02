{#- The last half hour in figures. -#}
WITH e AS (
    SELECT f.event_time, f.kafka_time, f.device_key, t.is_product_view, t.funnel_step
    FROM warehouse.fact_event AS f JOIN warehouse.dim_event_type AS t ON t.event_type_key = f.event_type_key
    WHERE f.event_time > now() - interval '30 minutes' AND f.event_time <= now() + interval '1 minute' AND NOT f.is_bot
), l AS (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_p50_ms) AS p50, max(latency_p99_ms) AS p99
    FROM starsink.ledger WHERE committed_at > now() - interval '1 minute' AND kind = 'batch' AND rolled_up IS NULL
), figure AS (
    SELECT count(*) AS events, count(*) FILTER (WHERE event_time > now() - interval '1 minute') AS minute_events,
           count(DISTINCT device_key) FILTER (WHERE device_key > 0 AND event_time > now() - interval '5 minutes') AS visitors,
           count(*) FILTER (WHERE is_product_view) AS views, count(*) FILTER (WHERE funnel_step = 3) AS carts,
           count(*) FILTER (WHERE funnel_step = 5) AS orders,
           greatest(extract(epoch FROM now() - max(kafka_time)), 0) AS age
    FROM e
)
SELECT position, label, value::numeric AS value, COALESCE(display, '–') AS display, note, '' AS change, 'none' AS trend, '' AS before
FROM figure AS f CROSS JOIN l CROSS JOIN LATERAL (VALUES
    (1, 'Events', f.events::numeric, to_char(f.events, 'FM999G999G990'), 'in the last 30 minutes'),
    (2, 'Right now', f.minute_events, to_char(f.minute_events, 'FM999G999G990'), 'events in the last minute'),
    (3, 'Visitors', f.visitors, to_char(f.visitors, 'FM999G999G990'), 'active in the last 5 minutes'),
    (4, 'Product views', f.views, to_char(f.views, 'FM999G999G990'), 'in the last 30 minutes'),
    (5, 'Into the cart', f.carts, to_char(f.carts, 'FM999G999G990'), 'in the last 30 minutes'),
    (6, 'Orders', f.orders, to_char(f.orders, 'FM999G999G990'), 'in the last 30 minutes'),
    (7, 'Latest event', f.age, CASE WHEN f.age < 90 THEN to_char(f.age, 'FM990.0') || ' s ago' ELSE to_char(f.age / 60, 'FM999G990') || ' min ago' END, 'since the broker received it'),
    (8, 'Click to report', l.p50, to_char(l.p50, 'FM999G990.0') || ' ms', 'broker to committed, median of the last minute')
) AS v (position, label, value, display, note)
