-- What the ledger adds up to.

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
GRANT SELECT ON starsink.reconciliation TO starsink_admin, starsink_reader;

CREATE OR REPLACE VIEW starsink.audit_log AS
SELECT audit_key, pg_catalog.min(last_audit_key) AS last_audit_key, pg_catalog.min(kind) AS what, pg_catalog.min(worker) AS worker,
       pg_catalog.min(topic) AS topic, pg_catalog.count(*)::integer AS partitions, pg_catalog.max(batches) AS batches,
       pg_catalog.sum(received)::bigint AS rows_in, pg_catalog.sum(loaded)::bigint AS inserted, 0::bigint AS updated,
       pg_catalog.sum(duplicates)::bigint AS duplicates, pg_catalog.sum(dropped)::bigint AS dropped,
       pg_catalog.sum(quarantined)::bigint AS quarantined, pg_catalog.sum(lost)::bigint AS lost,
       pg_catalog.jsonb_object_agg(partition, ARRAY[first_offset, next_offset]) FILTER (WHERE next_offset IS NOT NULL) AS offsets,
       pg_catalog.min(started_at) AS started_at, pg_catalog.max(committed_at) AS committed_at,
       EXTRACT(epoch FROM pg_catalog.max(committed_at) - pg_catalog.min(started_at))::double precision * 1000 AS ms,
       pg_catalog.min(rolled_up) AS rolled_up, pg_catalog.min(reason) AS reason, pg_catalog.min(software_version) AS software_version
FROM starsink.ledger
GROUP BY audit_key
UNION ALL
SELECT audit_key, audit_key, 'merge', NULL, 'merge:' || dimension, 0, 1, rows_read, inserted + versioned, updated, 0, 0, rejected, 0, NULL,
       started_at, merged_at, EXTRACT(epoch FROM merged_at - started_at)::double precision * 1000, NULL, source, software_version
FROM starsink.merge_history;
COMMENT ON VIEW starsink.audit_log IS 'One row per batch or merge: what, rows in, inserted (new versions too), updated, duplicates, dropped, quarantined (negative: out of it again), offsets by partition as [first, next], milliseconds, version of starsink. Old batches are summed up by minute, then day.';
GRANT SELECT ON starsink.audit_log TO starsink_admin, starsink_reader;

CREATE OR REPLACE VIEW warehouse.dim_audit AS
SELECT a.audit_key, a.last_audit_key, a.what, a.topic, a.offsets, a.rows_in, a.inserted, a.updated, a.duplicates, a.dropped, a.quarantined,
       1 - a.quarantined / NULLIF(a.rows_in, 0)::numeric AS quality_score, a.started_at, a.committed_at, a.software_version
FROM starsink.audit_log AS a;
COMMENT ON VIEW warehouse.dim_audit IS 'Grain: one batch or merge, or several summed up. A fact belongs to the row with audit_key <= its audit_key <= last_audit_key.';
COMMENT ON COLUMN warehouse.dim_audit.audit_key IS 'First batch of the row.';
COMMENT ON COLUMN warehouse.dim_audit.last_audit_key IS 'Last batch of the row.';
COMMENT ON COLUMN warehouse.dim_audit.what IS 'batch, sql, redrive, reset or merge.';
COMMENT ON COLUMN warehouse.dim_audit.topic IS 'Kafka topic, or the source''s name.';
COMMENT ON COLUMN warehouse.dim_audit.offsets IS 'By partition: first and next offset.';
COMMENT ON COLUMN warehouse.dim_audit.rows_in IS 'Messages, or rows of a merge.';
COMMENT ON COLUMN warehouse.dim_audit.inserted IS 'Rows added to the facts, or members to a dimension.';
COMMENT ON COLUMN warehouse.dim_audit.updated IS 'Members changed in place.';
COMMENT ON COLUMN warehouse.dim_audit.duplicates IS 'Messages that were there already.';
COMMENT ON COLUMN warehouse.dim_audit.dropped IS 'Messages dropped by rule.';
COMMENT ON COLUMN warehouse.dim_audit.quarantined IS 'Messages or rows put in quarantine; negative where they left it.';
COMMENT ON COLUMN warehouse.dim_audit.quality_score IS '1 - quarantined / rows_in. [unit: share of 1]';
COMMENT ON COLUMN warehouse.dim_audit.started_at IS 'When the transaction began.';
COMMENT ON COLUMN warehouse.dim_audit.committed_at IS 'Just before the commit.';
COMMENT ON COLUMN warehouse.dim_audit.software_version IS 'Version of starsink that wrote it, of several summed up the last one; NULL before versions were noted.';
GRANT SELECT ON warehouse.dim_audit TO starsink_reader;
