{#- Where the shop is visited just now. -#}
SELECT COALESCE(g.country_name, s.country_code, '(unknown)') AS country, count(*) AS events
FROM warehouse.fact_event AS f
JOIN warehouse.dim_store AS s ON s.store_key = f.store_key
LEFT JOIN warehouse.dim_geography AS g ON g.country_code = s.country_code
WHERE NOT f.is_bot AND f.event_time > now() - interval '30 minutes'
GROUP BY 1
ORDER BY events DESC, country
LIMIT 10
