{#- Of the last half hour, the events that were committed last, whatever their clocks say. -#}
SELECT row_number() OVER (ORDER BY f.audit_key DESC, f.kafka_time DESC NULLS LAST, f.event_id) AS position,
       timezone(starsink.fold_time_zone(), f.event_time) AS event_time, f.audit_key, t.collection, COALESCE(s.domain, s.store_id) AS store_name,
       CASE WHEN p.product_key > 0 THEN p.product_id ELSE '' END AS product, a.device_class, b.family AS browser
FROM (SELECT * FROM starsink_internal.facts_of((
          -- The newest batches, a hundred events or a little more.
          SELECT min(l.audit_key) - 1
          FROM (SELECT audit_key, sum(loaded) OVER (ORDER BY audit_key DESC ROWS UNBOUNDED PRECEDING) - loaded AS newer
                FROM (SELECT audit_key, loaded FROM starsink.ledger
                      WHERE loaded > 0 AND kind <> 'redrive' AND committed_at > now() - interval '30 minutes' ORDER BY committed_at DESC LIMIT 100) AS r) AS l
          WHERE l.newer < 100)) AS n
      WHERE n.event_time > now() - interval '30 minutes'
      ORDER BY n.audit_key DESC, n.kafka_time DESC NULLS LAST, n.event_id LIMIT 12) AS f
JOIN warehouse.dim_event_type AS t ON t.event_type_key = f.event_type_key
JOIN warehouse.dim_store AS s ON s.store_key = f.store_key
JOIN warehouse.dim_product AS p ON p.product_key = f.product_key
JOIN warehouse.dim_user_agent AS a ON a.user_agent_key = f.user_agent_key
JOIN warehouse.dim_browser AS b ON b.browser_key = f.browser_key
