{#- Events by minute and kind. -#}
SELECT timezone(starsink.fold_time_zone(), n.minute) AS minute, COALESCE(sum(m.views), 0)::bigint AS views, COALESCE(sum(m.pages), 0)::bigint AS pages,
       COALESCE(sum(m.options), 0)::bigint AS options, COALESCE(sum(m.carts), 0)::bigint AS carts
FROM generate_series(date_trunc('minute', now()) - interval '29 minutes', date_trunc('minute', now()), interval '1 minute') AS n (minute)
LEFT JOIN starsink_internal.live_minute_store() AS m ON m.minute = n.minute
GROUP BY n.minute
