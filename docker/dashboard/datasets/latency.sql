{#- From the broker to the committed row, by minute. -#}
SELECT timezone(starsink.fold_time_zone(), m.minute) AS minute, m.p50, m.p99
FROM (SELECT date_trunc('minute', committed_at) AS minute, percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_p50_ms) AS p50, max(latency_p99_ms) AS p99
      FROM starsink.ledger
      WHERE committed_at > now() - interval '30 minutes' AND kind = 'batch' AND latency_p50_ms IS NOT NULL
      GROUP BY 1) AS m
