{#- Where the shop is visited just now. -#}
SELECT COALESCE(g.country_name, s.country_code, '(unknown)') AS country, sum(m.events)::bigint AS events
FROM starsink_internal.live_minute_store() AS m
JOIN warehouse.dim_store AS s ON s.store_key = m.store_key
LEFT JOIN warehouse.dim_geography AS g ON g.country_code = s.country_code
WHERE m.minute > now() - interval '30 minutes' AND m.minute <= now()
GROUP BY 1
ORDER BY events DESC, country
LIMIT 10
