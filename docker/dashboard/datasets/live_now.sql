{#- The last half hour in figures. -#}
WITH m AS MATERIALIZED (
    SELECT * FROM starsink_internal.live_minute_store() WHERE minute > now() - interval '30 minutes' AND minute <= now()
), l AS (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_p50_ms) AS p50
    FROM starsink.ledger WHERE committed_at > now() - interval '1 minute' AND kind = 'batch' AND rolled_up IS NULL
), c AS (
    -- By the server's own clock.
    SELECT extract(epoch FROM clock_timestamp() - max(committed_at)) AS age FROM starsink.ledger WHERE loaded > 0
), figure AS (
    SELECT COALESCE(sum(events), 0) AS events, COALESCE(sum(events) FILTER (WHERE minute = date_trunc('minute', now()) - interval '1 minute'), 0) AS minute_events,
           (SELECT count(DISTINCT d.key) FROM m AS r CROSS JOIN LATERAL unnest(r.devices) AS d (key) WHERE r.minute > now() - interval '5 minutes') AS visitors,
           COALESCE(sum(views), 0) AS views, COALESCE(sum(carts), 0) AS carts, COALESCE(sum(orders), 0) AS orders
    FROM m
)
SELECT position, label, value::numeric AS value, COALESCE(display, '–') AS display, note, '' AS change, 'none' AS trend, '' AS before
FROM figure AS f CROSS JOIN l CROSS JOIN c CROSS JOIN LATERAL (VALUES
    (1, 'Events', f.events::numeric, to_char(f.events, 'FM999G999G990'), 'in the last 30 minutes'),
    (2, 'Last minute', f.minute_events, to_char(f.minute_events, 'FM999G999G990'), 'events in the minute before this one'),
    (3, 'Visitors', f.visitors, to_char(f.visitors, 'FM999G999G990'), 'active in the last 5 minutes'),
    (4, 'Product views', f.views, to_char(f.views, 'FM999G999G990'), 'in the last 30 minutes'),
    (5, 'Into the cart', f.carts, to_char(f.carts, 'FM999G999G990'), 'in the last 30 minutes'),
    (6, 'Orders', f.orders, to_char(f.orders, 'FM999G999G990'), 'in the last 30 minutes'),
    (7, 'Latest event', c.age, CASE WHEN c.age < 90 THEN to_char(c.age, 'FM990.0') || ' s ago' ELSE to_char(c.age / 60, 'FM999G990') || ' min ago' END, 'since it was committed'),
    (8, 'Click to report', l.p50, to_char(l.p50, 'FM999G990.0') || ' ms', 'broker to committed, median of the last minute')
) AS v (position, label, value, display, note)
