CREATE OR REPLACE VIEW starsink.reconciliation AS
SELECT topic, partition,
       pg_catalog.sum(received)::bigint AS received,
       pg_catalog.sum(loaded)::bigint AS loaded,
       pg_catalog.sum(duplicates)::bigint AS duplicates,
       pg_catalog.sum(dropped)::bigint AS dropped,
       pg_catalog.sum(quarantined)::bigint AS quarantined,
       pg_catalog.sum(received - loaded - duplicates - dropped - quarantined)::bigint AS difference,
       pg_catalog.sum(lost)::bigint AS lost
FROM starsink.ledger
GROUP BY topic, partition;
COMMENT ON VIEW starsink.reconciliation IS 'Per partition: received = loaded + duplicates + dropped + quarantined; difference is 0. lost: offsets deleted before they were read. starsink.verify() counts the tables themselves.';

CREATE OR REPLACE VIEW starsink.audit_log AS
SELECT audit_key, pg_catalog.min(last_audit_key) AS last_audit_key, pg_catalog.min(kind) AS what, pg_catalog.min(worker) AS worker,
       pg_catalog.min(topic) AS topic, pg_catalog.count(*)::integer AS partitions, pg_catalog.max(batches) AS batches,
       pg_catalog.sum(received)::bigint AS rows_in, pg_catalog.sum(loaded)::bigint AS inserted, 0::bigint AS updated,
       pg_catalog.sum(duplicates)::bigint AS duplicates, pg_catalog.sum(dropped)::bigint AS dropped,
       pg_catalog.sum(quarantined)::bigint AS quarantined, pg_catalog.sum(lost)::bigint AS lost,
       pg_catalog.jsonb_object_agg(partition, ARRAY[first_offset, next_offset]) FILTER (WHERE next_offset IS NOT NULL) AS offsets,
       pg_catalog.min(started_at) AS started_at, pg_catalog.max(committed_at) AS committed_at,
       EXTRACT(epoch FROM pg_catalog.max(committed_at) - pg_catalog.min(started_at))::double precision * 1000 AS ms,
       pg_catalog.min(rolled_up) AS rolled_up, pg_catalog.min(reason) AS reason
FROM starsink.ledger
GROUP BY audit_key;
COMMENT ON VIEW starsink.audit_log IS 'One row per batch: what, rows in, inserted, duplicates, dropped, quarantined, offsets by partition as [first, next], milliseconds. Old batches are summed up by minute, then day.';
