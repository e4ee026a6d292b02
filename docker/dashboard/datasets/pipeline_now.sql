{#- How the pipeline is, in figures. -#}
WITH s AS (
    SELECT count(*) FILTER (WHERE state = 'running') AS running, count(*) AS partitions, CASE WHEN bool_and(partition IS NULL OR lag_messages IS NOT NULL) THEN sum(lag_messages) END AS lag, max(lag_seconds) AS lag_seconds,
           sum(events_per_second) AS rate, max(latency_p50_ms) AS p50, max(latency_p99_ms) AS p99
    FROM starsink.status
), l AS (
    SELECT sum(received) AS received, sum(loaded) AS loaded, sum(duplicates) AS duplicates, sum(quarantined) AS quarantined
    FROM starsink.ledger
    WHERE committed_at > now() - interval '24 hours' AND kind <> 'redrive'
), b AS (
    SELECT sum(abs(difference)) AS difference, sum(lost) AS lost FROM starsink.reconciliation
)
SELECT position, label, value::numeric AS value, COALESCE(display, '–') AS display, note, '' AS change, CASE WHEN is_good THEN 'none' ELSE 'down' END AS trend, '' AS before
FROM s CROSS JOIN l CROSS JOIN b CROSS JOIN LATERAL (VALUES
    (1, 'Partitions running', s.running::numeric, s.running || ' of ' || s.partitions, 'consuming from Kafka', s.running = s.partitions),
    (2, 'Behind', s.lag, to_char(s.lag, 'FM999G999G990') || ' messages', COALESCE(to_char(s.lag_seconds, 'FM999G990.0') || ' s', 'unknown time') || ' behind Kafka', s.lag_seconds < 60),
    (3, 'Throughput', s.rate::numeric, to_char(s.rate, 'FM999G999G990') || ' /s', 'messages a second, last 10 s', true),
    (4, 'Latency', s.p50::numeric, to_char(s.p50, 'FM999G990.0') || ' ms', 'broker to committed; 99 of 100 within ' || COALESCE(to_char(s.p99, 'FM999G990') || ' ms', '–'), true),
    (5, 'Quality', 1 - l.quarantined / NULLIF(l.received, 0)::numeric, to_char(100 * (1 - l.quarantined / NULLIF(l.received, 0)::numeric), 'FM990.00') || ' %', 'good messages of the last 24 hours', l.quarantined < 0.05 * l.received),
    (6, 'Quarantined', l.quarantined, to_char(l.quarantined, 'FM999G999G990'), 'messages put aside in 24 hours', true),
    (7, 'Books', b.difference, CASE WHEN b.difference = 0 THEN 'balanced' ELSE to_char(b.difference, 'FM999G999G990') || ' missing' END,
        'received = loaded + duplicates + dropped + quarantined', b.difference = 0),
    (8, 'Lost', b.lost, to_char(b.lost, 'FM999G999G990'), 'messages that Kafka deleted before they were read', b.lost = 0)
) AS v (position, label, value, display, note, is_good)
