-- What can be measured, once for all who ask: alert rules, Prometheus, dashboards.
CREATE FUNCTION starsink.metric_names() RETURNS TABLE (name text, type text, help text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    VALUES
        ('starsink_worker_running', 'gauge', 'Whether the worker is at work: steward, crawler, or the number of an ingest worker.'),
        ('starsink_partition_running', 'gauge', 'Whether the partition is consumed, or paused on purpose.'),
        ('starsink_partition_paused', 'gauge', 'Whether the partition is paused.'),
        ('starsink_partition_lag_messages', 'gauge', 'High watermark minus committed offset; unknown while nobody sees the watermark.'),
        ('starsink_partition_lag_seconds', 'gauge', 'Age of the last committed message while there is lag; 0 without.'),
        ('starsink_partition_events_per_second', 'gauge', 'Messages committed per second over the last 10 seconds.'),
        ('starsink_partition_latency_p50_seconds', 'gauge', 'From the Kafka timestamp to the commit, median over the last 10 seconds.'),
        ('starsink_partition_latency_p99_seconds', 'gauge', 'The same, 99th percentile.'),
        ('starsink_topic_received_total', 'counter', 'Messages received.'),
        ('starsink_topic_loaded_total', 'counter', 'Events loaded.'),
        ('starsink_topic_duplicates_total', 'counter', 'Messages that were there already.'),
        ('starsink_topic_dropped_total', 'counter', 'Messages dropped by rule.'),
        ('starsink_topic_quarantined_total', 'counter', 'Messages put in quarantine.'),
        ('starsink_topic_lost_total', 'counter', 'Offsets that Kafka deleted before they were read.'),
        ('starsink_topic_quarantine_messages', 'gauge', 'Messages in quarantine now.'),
        ('starsink_topic_difference', 'gauge', 'Messages that the books cannot account for; 0.'),
        ('starsink_topic_freshness_seconds', 'gauge', 'Time since the last commit.'),
        ('starsink_topic_error_rate', 'gauge', 'Quarantined / received over the last 5 minutes, as if 100 messages had come at least.'),
        ('starsink_topic_quarantine_growth', 'gauge', 'Messages put in quarantine over the last 5 minutes.'),
        ('starsink_topic_quality_score', 'gauge', '1 - quarantined / received over the last hour, as if 100 messages had come at least.'),
        ('starsink_topic_lost_recently', 'gauge', 'Offsets lost over the last hour.'),
        ('starsink_topic_lateness_p95_seconds', 'gauge', 'From the event to its arrival in Kafka, 95th percentile of the newest 2,000 events or so, if they came in the last 5 minutes.'),
        ('starsink_dimension_keys_used', 'gauge', 'Share of its surrogate keys that a dimension has given: from 0 to 1.'),
        ('starsink_dimension_new_members', 'gauge', 'Surrogate keys given per 10 minutes, measured over the last 10 to 20 minutes.'),
        ('starsink_job_failed', 'gauge', 'Whether the job failed at its last run.'),
        ('starsink_job_age_seconds', 'gauge', 'Time since the job''s last run that succeeded; of runs that find nothing to do, one a minute is on record.'),
        ('starsink_job_late_seconds', 'gauge', 'How long the job has been due, or running.'),
        ('starsink_warehouse_bytes', 'gauge', 'Size of the database, as the job maintenance measured it last.'),
        ('starsink_warehouse_unfolded_events', 'gauge', 'Events that are committed and not folded.'),
        ('starsink_warehouse_fold_age_seconds', 'gauge', 'How long the oldest of them has been there; 0 without.'),
        ('starsink_warehouse_rates_age_days', 'gauge', 'Age of the newest exchange rate, where a file or an address of rates is set.'),
        ('starsink_warehouse_crawl_idle_seconds', 'gauge', 'How long a page that may be fetched has been waiting at most, where the crawler is enabled and not paused.'),
        ('starsink_warehouse_crawl_unmerged_pages', 'gauge', 'Pages that were read and have yet to reach the warehouse.'),
        ('starsink_table_dead_share', 'gauge', 'Share of dead rows in a table of more than 100,000.'),
        ('starsink_server_standby', 'gauge', 'Whether the server is a standby; a cluster and its standbys have one system identifier.'),
        ('starsink_server_xid_age', 'gauge', 'Transactions since the oldest id that is not frozen, in any database; the server stops at 2,146,000,000 or so.'),
        ('starsink_server_archive_failing', 'gauge', 'Whether the last attempt to archive WAL failed, where WAL is archived.'),
        ('starsink_server_wal_bytes', 'gauge', 'Size of the WAL on disk.'),
        ('starsink_server_certificate_days', 'gauge', 'Whole days until the certificate that ssl_cert_file names ends, where ssl is on; the server reads it at reload.'),
        ('starsink_slot_wal_kept_bytes', 'gauge', 'WAL that is kept for a replication slot.'),
        ('starsink_standby_lag_bytes', 'gauge', 'WAL that a standby or subscriber has yet to replay, as its sender sees it.'),
        ('starsink_standby_lag_seconds', 'gauge', 'Age of what a standby shows, as it sees it itself; 0 when it has replayed all that it is being sent.'),
        ('starsink_alert_firing', 'gauge', 'Whether an alert of the rule fires.')
$$;
COMMENT ON FUNCTION starsink.metric_names() IS 'Every metric of starsink.metrics(): its type in Prometheus'' terms, and what it measures.';
GRANT EXECUTE ON FUNCTION starsink.metric_names() TO starsink_admin, starsink_reader;

-- NULL is not absence: a series without a value is there and unknown, and an alert of it waits for its value; one that
-- is not there is over.
CREATE FUNCTION starsink_internal.measure(subject text DEFAULT NULL) RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wanted text[] := CASE WHEN measure.subject IS NULL THEN ARRAY['server', 'worker', 'partition', 'topic', 'dimension', 'job', 'warehouse', 'table', 'slot', 'standby', 'alert']
                     ELSE ARRAY[measure.subject] END;
    here   text := NULLIF(current_setting('starsink.topic', true), '');
    -- Where starsink is at work, if this server is no standby.
    chosen boolean := current_database() = current_setting('starsink.database', true);
BEGIN
    IF wanted && ARRAY['server', 'slot', 'standby'] THEN
        RETURN QUERY SELECT * FROM starsink_internal.server_metrics() AS m WHERE split_part(m.name, '_', 2) = ANY (wanted);
    END IF;
    IF 'worker' = ANY (wanted) AND NOT pg_is_in_recovery() AND chosen THEN
        RETURN QUERY
        SELECT 'starsink_worker_running', jsonb_build_object('worker', CASE n WHEN 0 THEN 'steward' WHEN 33 THEN 'crawler' ELSE n::text END),
               ((w.pid <> 0 AND (n IN (0, 33) OR w.state <> 'retrying')) IS TRUE)::integer::double precision
        FROM (SELECT generate_series(0, current_setting('starsink.workers')::integer) UNION ALL SELECT 33 WHERE current_setting('starsink.crawl_enabled')::boolean) AS n (n)
        LEFT JOIN starsink_internal.worker_states() AS w ON w.worker = n;
    END IF;
    IF 'partition' = ANY (wanted) AND here IS NOT NULL AND NOT pg_is_in_recovery() THEN
        RETURN QUERY
        -- Workers that have no partition are one series.
        SELECT m.name, m.labels, CASE m.name WHEN 'starsink_partition_running' THEN min(m.value) ELSE max(m.value) END
        FROM starsink_internal.status_rows() AS s CROSS JOIN LATERAL (
            SELECT v.name, jsonb_build_object('topic', s.topic, 'partition', COALESCE(s.partition::text, '')) AS labels, v.value, v.is_of_worker
            FROM (VALUES
                ('starsink_partition_running', CASE WHEN s.state IN ('running', 'paused') OR (
                    -- A worker more than there are partitions has nothing to do.
                    s.partition IS NULL AND s.state = 'waiting' AND s.reason NOT LIKE 'no free background worker%') THEN 1 ELSE 0 END, true),
                ('starsink_partition_paused', (s.state = 'paused')::integer::double precision, true),
                ('starsink_partition_lag_messages', s.lag_messages::double precision, false),
                ('starsink_partition_lag_seconds', s.lag_seconds, false),
                ('starsink_partition_events_per_second', s.events_per_second, false),
                ('starsink_partition_latency_p50_seconds', s.latency_p50_ms / 1000, false),
                ('starsink_partition_latency_p99_seconds', s.latency_p99_ms / 1000, false)) AS v (name, value, is_of_worker)
            WHERE v.is_of_worker OR s.partition IS NOT NULL) AS m
        GROUP BY m.name, m.labels;
    END IF;
    IF to_regclass('starsink.ledger') IS NULL THEN
        RETURN;
    END IF;
    IF 'topic' = ANY (wanted) THEN
        RETURN QUERY SELECT * FROM starsink_internal.topic_metrics();
    END IF;
    IF 'dimension' = ANY (wanted) AND to_regclass('starsink.job_mark') IS NOT NULL THEN
        RETURN QUERY SELECT * FROM starsink_internal.dimension_metrics();
    END IF;
    IF 'job' = ANY (wanted) AND to_regclass('starsink.job') IS NOT NULL THEN
        RETURN QUERY
        SELECT m.name, jsonb_build_object('job', j.name), m.value
        FROM starsink_internal.job_rows() AS j
        LEFT JOIN LATERAL (SELECT r.finished_at FROM starsink.job_run AS r WHERE r.name = j.name AND r.state = 'succeeded' ORDER BY r.run_id DESC LIMIT 1) AS r ON true
        CROSS JOIN LATERAL (VALUES
            ('starsink_job_failed', (j.state = 'failed')::integer::double precision),
            ('starsink_job_age_seconds', EXTRACT(epoch FROM clock_timestamp() - r.finished_at)::double precision),
            ('starsink_job_late_seconds', CASE WHEN j.next_run IS NOT NULL
                THEN GREATEST(EXTRACT(epoch FROM clock_timestamp() - j.next_run), 0)::double precision END)) AS m (name, value)
        WHERE j.enabled;
    END IF;
    IF 'warehouse' = ANY (wanted) AND to_regclass('starsink.crawl_page') IS NOT NULL THEN
        RETURN QUERY SELECT * FROM starsink_internal.warehouse_metrics();
    END IF;
    IF 'table' = ANY (wanted) THEN
        RETURN QUERY
        SELECT 'starsink_table_dead_share', jsonb_build_object('table', c.relnamespace::regnamespace || '.' || c.relname), s.dead / (s.live + s.dead)::double precision
        FROM pg_class AS c CROSS JOIN LATERAL (SELECT pg_stat_get_live_tuples(c.oid) AS live, pg_stat_get_dead_tuples(c.oid) AS dead) AS s
        WHERE c.relnamespace IN (to_regnamespace('warehouse'), to_regnamespace('starsink')) AND c.relkind = 'r' AND s.live + s.dead > 100000;
    END IF;
    IF 'alert' = ANY (wanted) AND to_regclass('starsink.alert_delivery') IS NOT NULL THEN
        RETURN QUERY
        SELECT 'starsink_alert_firing', jsonb_build_object('rule', r.name, 'severity', r.severity),
               (r.name IN (SELECT o.rule FROM starsink_internal.open_alerts() AS o WHERE o.state = 'firing'))::integer::double precision
        FROM starsink.alert_rule AS r WHERE r.enabled;
    END IF;
END
$$;
COMMENT ON FUNCTION starsink_internal.measure(text) IS 'Every series that there is, of all subjects or of one, with its value; NULL where that is unknown.';

CREATE FUNCTION starsink.metrics(subject text DEFAULT NULL) RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.name, m.labels, m.value FROM starsink_internal.measure(metrics.subject) AS m WHERE m.value IS NOT NULL
$$;
COMMENT ON FUNCTION starsink.metrics(text) IS 'What there is to measure now, as name, labels and value: all of it, or of one subject: server, worker, partition, topic, dimension, job, warehouse, table, slot, standby, alert. starsink.metric_names() explains each.';
GRANT EXECUTE ON FUNCTION starsink.metrics(text) TO starsink_admin, starsink_reader;

CREATE FUNCTION starsink_internal.server_metrics() RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH here AS (
        SELECT pg_is_in_recovery() AS is_standby,
               CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS lsn,
               jsonb_build_object('system', (SELECT c.system_identifier FROM pg_control_system() AS c)::text) AS labels
    )
    SELECT m.name, h.labels, m.value::double precision
    FROM here AS h CROSS JOIN pg_stat_archiver AS a CROSS JOIN LATERAL (VALUES
        ('starsink_server_standby', h.is_standby::integer, true),
        ('starsink_server_xid_age', (SELECT max(GREATEST(age(d.datfrozenxid), mxid_age(d.datminmxid))) FROM pg_database AS d), true),
        ('starsink_server_archive_failing', (a.last_failed_time > COALESCE(a.last_archived_time, '-infinity') IS TRUE)::integer,
            current_setting('archive_mode') = 'always' OR current_setting('archive_mode') = 'on' AND NOT h.is_standby),
        ('starsink_server_wal_bytes', starsink_internal.wal_bytes(), true),
        ('starsink_server_certificate_days', starsink_internal.certificate_days(), current_setting('ssl')::boolean)) AS m (name, value, is_there)
    WHERE m.is_there
    UNION ALL
    SELECT 'starsink_slot_wal_kept_bytes', jsonb_build_object('slot', s.slot_name), GREATEST(pg_wal_lsn_diff(h.lsn, s.restart_lsn), 0)::double precision
    FROM here AS h CROSS JOIN pg_replication_slots AS s WHERE s.restart_lsn IS NOT NULL
    UNION ALL
    SELECT 'starsink_standby_lag_bytes', jsonb_build_object('standby', r.application_name), max(GREATEST(pg_wal_lsn_diff(h.lsn, r.replay_lsn), 0))::double precision
    FROM here AS h CROSS JOIN pg_stat_replication AS r WHERE r.replay_lsn IS NOT NULL GROUP BY r.application_name
    UNION ALL
    -- Without a receiver, what was received says nothing of what there is.
    SELECT 'starsink_standby_lag_seconds', jsonb_build_object('standby', current_setting('cluster_name')),
           CASE WHEN r.status = 'streaming' AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                -- Unknown where nothing has been replayed yet; GREATEST alone would say 0.
                WHEN pg_last_xact_replay_timestamp() IS NOT NULL
                THEN GREATEST(EXTRACT(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0) END::double precision
    FROM here AS h LEFT JOIN pg_stat_wal_receiver AS r ON true WHERE h.is_standby
$$;
COMMENT ON FUNCTION starsink_internal.server_metrics() IS 'The part of starsink.metrics() that is about PostgreSQL itself: server, slot and standby.';

CREATE FUNCTION starsink_internal.warehouse_metrics() RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH folded AS (
        -- Before the first fold nothing is.
        (SELECT f.high, f.gap_low, f.gap_high FROM starsink.fold AS f ORDER BY f.fold_id DESC LIMIT 1)
        UNION ALL SELECT 0, '{}', '{}' WHERE NOT EXISTS (SELECT FROM starsink.fold)
    ), tail AS (
        SELECT sum(l.loaded) AS events, min(l.committed_at) AS since
        FROM folded AS f JOIN starsink.ledger AS l ON l.last_audit_key >= LEAST(f.high + 1, f.gap_low[1]) AND l.loaded > 0
        WHERE l.last_audit_key > f.high OR EXISTS (SELECT FROM unnest(f.gap_low, f.gap_high) AS g (low, high) WHERE l.last_audit_key BETWEEN g.low AND g.high)
    ), page AS (
        -- Of each host, the page that has been due longest: its robots.txt, or any while that is known.
        SELECT GREATEST(p.next_try, h.next_request_at) AS since
        FROM starsink.crawl_host AS h CROSS JOIN LATERAL (SELECT LEAST(
            (SELECT r.next_try FROM starsink.crawl_page AS r WHERE r.host = h.host AND r.kind = 'robots'),
            CASE WHEN h.robots_until > clock_timestamp() THEN (
                SELECT p.next_try FROM starsink.crawl_page AS p WHERE p.target_host = h.host AND p.next_try IS NOT NULL ORDER BY p.next_try LIMIT 1) END) AS next_try) AS p
        WHERE p.next_try IS NOT NULL
    )
    SELECT m.name, '{}'::jsonb, m.value::double precision
    FROM tail AS t CROSS JOIN LATERAL (VALUES
        ('starsink_warehouse_bytes', starsink_internal.job_mark('bytes')::numeric, true),
        ('starsink_warehouse_unfolded_events', COALESCE(t.events, 0), true),
        ('starsink_warehouse_fold_age_seconds', COALESCE(EXTRACT(epoch FROM clock_timestamp() - t.since), 0), true),
        ('starsink_warehouse_rates_age_days', (
            SELECT current_date - max(r.rate_date) FROM warehouse.dim_currency AS c CROSS JOIN LATERAL (
                SELECT r.rate_date FROM warehouse.fact_exchange_rate AS r WHERE r.currency_key = c.currency_key ORDER BY r.rate_date DESC LIMIT 1) AS r),
            current_setting('starsink.exchange_rates_file', true) <> '' OR current_setting('starsink.exchange_rates_url', true) <> ''),
        ('starsink_warehouse_crawl_idle_seconds', (SELECT GREATEST(EXTRACT(epoch FROM clock_timestamp() - min(p.since)), 0) FROM page AS p),
            current_setting('starsink.crawl_enabled', true)::boolean
            AND NOT COALESCE((SELECT c.is_paused FROM starsink.crawl_control AS c ORDER BY c.control_id DESC LIMIT 1), false)),
        ('starsink_warehouse_crawl_unmerged_pages', (SELECT count(*) FROM starsink.crawl_page AS p WHERE NOT p.is_merged),
            current_setting('starsink.crawl_enabled', true)::boolean)) AS m (name, value, is_there)
    WHERE m.is_there
$$;
COMMENT ON FUNCTION starsink_internal.warehouse_metrics() IS 'The part of starsink.metrics() that is about the warehouse as a whole.';

-- Whatever the statistics say, the block ranges of the newest batches are found by their index. The limit stands outside
-- of what is planned there: it would speak for an index on time, read from end to end.
CREATE FUNCTION starsink_internal.lateness_p95(topic text, first_key bigint) RETURNS double precision
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
    WITH newest AS MATERIALIZED (
        SELECT GREATEST(EXTRACT(epoch FROM f.kafka_time - f.event_time), 0)::double precision AS lateness
        FROM warehouse.fact_event AS f
        WHERE f.audit_key >= lateness_p95.first_key AND f.kafka_topic = lateness_p95.topic AND f.kafka_time IS NOT NULL
    )
    SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY n.lateness) FROM (SELECT * FROM newest LIMIT 5000) AS n
$$;
COMMENT ON FUNCTION starsink_internal.lateness_p95(text, bigint) IS 'Seconds from an event to its arrival in Kafka, 95th percentile of up to 5,000 events from a batch on, none below 0; NULL of none.';

CREATE FUNCTION starsink_internal.topic_metrics() RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH booked AS (
        SELECT l.topic,
               sum(l.received) AS received, sum(l.loaded) AS loaded, sum(l.duplicates) AS duplicates, sum(l.dropped) AS dropped,
               sum(l.quarantined) FILTER (WHERE l.kind <> 'redrive') AS quarantined, sum(l.quarantined) AS waiting, sum(l.lost) AS lost,
               sum(l.received - l.loaded - l.duplicates - l.dropped - l.quarantined) AS difference,
               max(l.committed_at) FILTER (WHERE l.kind = 'batch') AS committed_at
        FROM starsink.ledger AS l GROUP BY l.topic
    ), hour AS (
        SELECT l.topic, sum(l.received) AS received, sum(l.quarantined) AS quarantined, sum(l.lost) AS lost,
               sum(l.received) FILTER (WHERE l.committed_at > now() - interval '5 min') AS received_5m,
               sum(l.quarantined) FILTER (WHERE l.committed_at > now() - interval '5 min') AS quarantined_5m
        FROM starsink.ledger AS l
        WHERE l.committed_at > now() - interval '1 h' AND l.kind <> 'redrive' GROUP BY l.topic
    ), batch AS (
        -- The newest batches, two thousand events of a topic or a little more: a sample costs the same under any load.
        SELECT l.topic, l.audit_key, l.last_audit_key,
               sum(l.loaded) OVER (PARTITION BY l.topic ORDER BY l.audit_key DESC ROWS UNBOUNDED PRECEDING) - l.loaded AS newer
        FROM starsink.ledger AS l
        WHERE l.committed_at > now() - interval '5 min' AND l.kind = 'batch' AND l.loaded > 0
    ), newest AS (
        SELECT b.topic, min(b.audit_key) AS first_key FROM batch AS b WHERE b.newer < 2000 GROUP BY b.topic
    )
    SELECT m.name, jsonb_build_object('topic', b.topic), m.value
    FROM booked AS b LEFT JOIN hour AS h ON h.topic = b.topic LEFT JOIN newest AS n ON n.topic = b.topic
    CROSS JOIN LATERAL (VALUES
        ('starsink_topic_received_total', b.received::double precision),
        ('starsink_topic_loaded_total', b.loaded::double precision),
        ('starsink_topic_duplicates_total', b.duplicates::double precision),
        ('starsink_topic_dropped_total', b.dropped::double precision),
        ('starsink_topic_quarantined_total', COALESCE(b.quarantined, 0)::double precision),
        ('starsink_topic_lost_total', b.lost::double precision),
        ('starsink_topic_quarantine_messages', b.waiting::double precision),
        ('starsink_topic_difference', abs(b.difference)::double precision),
        -- One bad message of the night's three is no rate.
        ('starsink_topic_error_rate', COALESCE(h.quarantined_5m / GREATEST(h.received_5m, 100), 0)::double precision),
        ('starsink_topic_quarantine_growth', COALESCE(h.quarantined_5m, 0)::double precision),
        ('starsink_topic_quality_score', COALESCE(1 - h.quarantined / GREATEST(h.received, 100), 1)::double precision),
        ('starsink_topic_lost_recently', COALESCE(h.lost, 0)::double precision),
        ('starsink_topic_freshness_seconds', EXTRACT(epoch FROM clock_timestamp() - b.committed_at)::double precision),
        ('starsink_topic_lateness_p95_seconds', starsink_internal.lateness_p95(b.topic, n.first_key))) AS m (name, value)
    -- Of a topic that nobody reads any more, time only passes.
    WHERE b.topic = NULLIF(current_setting('starsink.topic', true), '') OR m.name <> 'starsink_topic_freshness_seconds' AND m.value IS NOT NULL
$$;
COMMENT ON FUNCTION starsink_internal.topic_metrics() IS 'The part of starsink.metrics() that is counted by topic.';

CREATE FUNCTION starsink_internal.dimension_keys() RETURNS TABLE (dimension text, last_key bigint, most bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.relname::text, COALESCE(pg_sequence_last_value(q.seqrelid), 0), q.seqmax
    FROM (SELECT DISTINCT k.confrelid FROM pg_constraint AS k WHERE k.conrelid = to_regclass('warehouse.fact_event') AND k.contype = 'f') AS k
    JOIN pg_class AS c ON c.oid = k.confrelid AND c.relnamespace = to_regnamespace('warehouse')
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'
    JOIN pg_sequence AS q ON q.seqrelid = d.objid
$$;
COMMENT ON FUNCTION starsink_internal.dimension_keys() IS 'The surrogate key that each dimension of fact_event gave last, and the last one it can give.';

CREATE FUNCTION starsink_internal.dimension_metrics() RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH before AS (
        -- The mark before the last one: the last may be of this very moment.
        SELECT m.mark::jsonb AS keys, GREATEST(EXTRACT(epoch FROM clock_timestamp() - m.marked_at), 60) AS seconds
        FROM (SELECT m.mark, m.marked_at, m.mark_id FROM starsink.job_mark AS m WHERE m.name = 'members' ORDER BY m.mark_id DESC LIMIT 2) AS m
        ORDER BY m.mark_id LIMIT 1
    )
    SELECT m.name, jsonb_build_object('dimension', k.dimension), m.value
    FROM starsink_internal.dimension_keys() AS k LEFT JOIN before AS b ON true
    CROSS JOIN LATERAL (VALUES
        ('starsink_dimension_keys_used', k.last_key / k.most::double precision),
        ('starsink_dimension_new_members', ((k.last_key - (b.keys ->> k.dimension)::bigint) * 600 / b.seconds)::double precision)) AS m (name, value)
$$;
COMMENT ON FUNCTION starsink_internal.dimension_metrics() IS 'The part of starsink.metrics() that is counted by dimension.';

CREATE FUNCTION starsink.prometheus() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT COALESCE(string_agg(format(E'# HELP %s %s\n# TYPE %s %s\n%s', n.name, n.help, n.name, n.type, m.lines), '' ORDER BY n.name), '')
    FROM starsink.metric_names() AS n JOIN (
        SELECT m.name, string_agg(format(E'%s{%s} %s\n', m.name, l.list,
                   CASE m.value WHEN 'Infinity' THEN '+Inf' WHEN '-Infinity' THEN '-Inf' ELSE m.value::text END), '' ORDER BY l.list) AS lines
        FROM starsink.metrics() AS m CROSS JOIN LATERAL (
            SELECT string_agg(format('%s="%s"', e.key, replace(replace(replace(e.value, E'\\', E'\\\\'), '"', E'\\"'), E'\n', E'\\n')), ',' ORDER BY e.key) AS list
            FROM jsonb_each_text(m.labels) AS e) AS l
        GROUP BY m.name) AS m ON m.name = n.name
$$;
COMMENT ON FUNCTION starsink.prometheus() IS 'starsink.metrics() in Prometheus'' text format, for whoever serves it over HTTP.';
GRANT EXECUTE ON FUNCTION starsink.prometheus() TO starsink_admin, starsink_reader;
