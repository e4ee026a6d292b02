{#- Each partition: what it is doing, and how far behind. -#}
SELECT topic, partition, state, COALESCE(reason, '') AS reason, next_offset, high_watermark, lag_messages, lag_seconds, events_per_second, latency_p50_ms, latency_p99_ms
FROM starsink.status
