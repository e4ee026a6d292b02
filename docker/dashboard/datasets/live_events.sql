{#- The latest events, as they come. -#}
SELECT timezone(starsink.fold_time_zone(), f.event_time) AS event_time, f.audit_key, t.collection, COALESCE(s.domain, s.store_id) AS store_name,
       CASE WHEN p.product_key > 0 THEN p.product_id ELSE '' END AS product, a.device_class, b.family AS browser
FROM (SELECT * FROM (SELECT event_time, event_id, audit_key, event_type_key, store_key, product_key, user_agent_key, browser_key FROM warehouse.fact_event
                     WHERE event_time > now() - interval '30 minutes' AND NOT is_bot) AS recent
      ORDER BY event_time DESC, event_id LIMIT 12) AS f
JOIN warehouse.dim_event_type AS t ON t.event_type_key = f.event_type_key
JOIN warehouse.dim_store AS s ON s.store_key = f.store_key
JOIN warehouse.dim_product AS p ON p.product_key = f.product_key
JOIN warehouse.dim_user_agent AS a ON a.user_agent_key = f.user_agent_key
JOIN warehouse.dim_browser AS b ON b.browser_key = f.browser_key
