{#- What the filters offer: stores, countries and devices that have been seen. -#}
SELECT DISTINCT COALESCE(s.domain, s.store_id) AS store, COALESCE(s.country_code, '(unknown)') AS country, l.device_class AS device
FROM starsink_internal.live_place() AS l
JOIN warehouse.dim_store AS s ON s.store_key = l.store_key
WHERE NOT l.is_bot
