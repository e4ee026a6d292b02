-- What can be measured, once for all who ask: alert rules, Prometheus, dashboards.
CREATE FUNCTION starsink.metric_names() RETURNS TABLE (name text, type text, help text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    VALUES
        ('starsink_worker_running', 'gauge', 'Whether the worker is at work: steward, or the number of an ingest worker.'),
        ('starsink_partition_running', 'gauge', 'Whether the partition is consumed, or paused on purpose.'),
        ('starsink_partition_paused', 'gauge', 'Whether the partition is paused.'),
        ('starsink_partition_lag_messages', 'gauge', 'High watermark minus committed offset.'),
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
        ('starsink_topic_error_rate', 'gauge', 'Quarantined / received over the last 5 minutes; 0 when nothing came.'),
        ('starsink_topic_quarantine_growth', 'gauge', 'Messages put in quarantine over the last 5 minutes.'),
        ('starsink_topic_quality_score', 'gauge', '1 - quarantined / received over the last hour; 1 when nothing came.'),
        ('starsink_topic_lost_recently', 'gauge', 'Offsets lost over the last hour.'),
        ('starsink_topic_lateness_p95_seconds', 'gauge', 'From the event to its arrival in Kafka, 95th percentile of the newest 2,000 events or so, if they came in the last 5 minutes.'),
        ('starsink_dimension_keys_used', 'gauge', 'Share of its surrogate keys that a dimension has given: from 0 to 1.'),
        ('starsink_dimension_new_members', 'gauge', 'Surrogate keys given per 10 minutes, measured over the last 10 to 20 minutes.'),
        ('starsink_job_failed', 'gauge', 'Whether the job failed at its last run.'),
        ('starsink_alert_firing', 'gauge', 'Whether the alert fires.')
$$;
COMMENT ON FUNCTION starsink.metric_names() IS 'Every metric of starsink.metrics(): its type in Prometheus'' terms, and what it measures.';

-- The part of one subject: worker, partition, topic, dimension, job, alert; NULL for all.
CREATE FUNCTION starsink.metrics(subject text DEFAULT NULL) RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wanted text[] := CASE WHEN metrics.subject IS NULL THEN ARRAY['worker', 'partition', 'topic', 'dimension', 'job', 'alert'] ELSE ARRAY[metrics.subject] END;
    here   text := NULLIF(current_setting('starsink.topic', true), '');
BEGIN
    IF 'worker' = ANY (wanted) AND NOT pg_is_in_recovery() AND current_database() = current_setting('starsink.database', true) THEN
        RETURN QUERY
        SELECT 'starsink_worker_running', jsonb_build_object('worker', CASE n WHEN 0 THEN 'steward' ELSE n::text END),
               ((w.pid <> 0 AND (n = 0 OR w.state <> 'retrying')) IS TRUE)::integer::double precision
        FROM generate_series(0, current_setting('starsink.workers')::integer) AS n LEFT JOIN starsink.worker_states() AS w ON w.worker = n;
    END IF;
    IF 'partition' = ANY (wanted) AND here IS NOT NULL AND NOT pg_is_in_recovery() THEN
        RETURN QUERY
        SELECT m.name, jsonb_build_object('topic', s.topic, 'partition', COALESCE(s.partition::text, '')), m.value
        FROM starsink.status_rows() AS s CROSS JOIN LATERAL (VALUES
            ('starsink_partition_running', CASE WHEN s.state IN ('running', 'paused') OR (
                -- A worker more than there are partitions has nothing to do.
                s.partition IS NULL AND s.state = 'waiting' AND s.reason NOT LIKE 'no free background worker%') THEN 1 ELSE 0 END),
            ('starsink_partition_paused', (s.state = 'paused')::integer::double precision),
            ('starsink_partition_lag_messages', s.lag_messages::double precision),
            ('starsink_partition_lag_seconds', s.lag_seconds),
            ('starsink_partition_events_per_second', s.events_per_second),
            ('starsink_partition_latency_p50_seconds', s.latency_p50_ms / 1000),
            ('starsink_partition_latency_p99_seconds', s.latency_p99_ms / 1000)) AS m (name, value)
        WHERE m.value IS NOT NULL;
    END IF;
    IF to_regclass('starsink.ledger') IS NULL THEN
        RETURN;
    END IF;
    IF 'topic' = ANY (wanted) THEN
        RETURN QUERY SELECT * FROM starsink.topic_metrics();
    END IF;
    IF 'dimension' = ANY (wanted) AND to_regclass('starsink.job_mark') IS NOT NULL THEN
        RETURN QUERY SELECT * FROM starsink.dimension_metrics();
    END IF;
    IF 'job' = ANY (wanted) AND to_regclass('starsink.job') IS NOT NULL THEN
        RETURN QUERY
        SELECT 'starsink_job_failed', jsonb_build_object('job', j.name), (j.state = 'failed')::integer::double precision
        FROM starsink.job_rows() AS j WHERE j.enabled;
    END IF;
    IF 'alert' = ANY (wanted) AND to_regclass('starsink.alert_rule') IS NOT NULL THEN
        RETURN QUERY
        SELECT 'starsink_alert_firing', jsonb_build_object('rule', r.name, 'severity', r.severity), (COALESCE(e.state, 'ok') = 'firing')::integer::double precision
        FROM starsink.alert_rule AS r
        LEFT JOIN LATERAL (SELECT e.state FROM starsink.alert_event AS e WHERE e.rule = r.name ORDER BY e.event_id DESC LIMIT 1) AS e ON true
        WHERE r.enabled;
    END IF;
END
$$;
COMMENT ON FUNCTION starsink.metrics(text) IS 'What there is to measure now, as name, labels and value: all of it, or of one subject: worker, partition, topic, dimension, job, alert. starsink.metric_names() explains each.';

-- Whatever the statistics say, the block ranges of the newest batches are found by their index. The limit stands outside
-- of what is planned there: it would speak for an index on time, read from end to end.
CREATE FUNCTION starsink.lateness_p95(topic text, first_key bigint) RETURNS double precision
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
    WITH newest AS MATERIALIZED (
        SELECT GREATEST(EXTRACT(epoch FROM f.kafka_time - f.event_time), 0)::double precision AS lateness
        FROM warehouse.fact_event AS f
        WHERE f.audit_key >= lateness_p95.first_key AND f.kafka_topic = lateness_p95.topic AND f.kafka_time IS NOT NULL
    )
    SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY n.lateness) FROM (SELECT * FROM newest LIMIT 5000) AS n
$$;
COMMENT ON FUNCTION starsink.lateness_p95(text, bigint) IS 'Seconds from an event to its arrival in Kafka, 95th percentile of up to 5,000 events from a batch on, none below 0; NULL of none.';

CREATE FUNCTION starsink.topic_metrics() RETURNS TABLE (name text, labels jsonb, value double precision)
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
        ('starsink_topic_error_rate', COALESCE(h.quarantined_5m / NULLIF(h.received_5m, 0), 0)::double precision),
        ('starsink_topic_quarantine_growth', COALESCE(h.quarantined_5m, 0)::double precision),
        ('starsink_topic_quality_score', COALESCE(1 - h.quarantined / NULLIF(h.received, 0), 1)::double precision),
        ('starsink_topic_lost_recently', COALESCE(h.lost, 0)::double precision),
        -- Of a topic that nobody reads any more, time only passes.
        ('starsink_topic_freshness_seconds', CASE WHEN b.topic = NULLIF(current_setting('starsink.topic', true), '')
             THEN EXTRACT(epoch FROM clock_timestamp() - b.committed_at)::double precision END),
        ('starsink_topic_lateness_p95_seconds', starsink.lateness_p95(b.topic, n.first_key))) AS m (name, value)
    WHERE m.value IS NOT NULL
$$;
COMMENT ON FUNCTION starsink.topic_metrics() IS 'The part of starsink.metrics() that is counted by topic.';

CREATE FUNCTION starsink.dimension_keys() RETURNS TABLE (dimension text, last_key bigint, most bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.relname::text, COALESCE(pg_sequence_last_value(q.seqrelid), 0), q.seqmax
    FROM (SELECT DISTINCT k.confrelid FROM pg_constraint AS k WHERE k.conrelid = to_regclass('warehouse.fact_event') AND k.contype = 'f') AS k
    JOIN pg_class AS c ON c.oid = k.confrelid AND c.relnamespace = to_regnamespace('warehouse')
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'
    JOIN pg_sequence AS q ON q.seqrelid = d.objid
$$;
COMMENT ON FUNCTION starsink.dimension_keys() IS 'The surrogate key that each dimension of fact_event gave last, and the last one it can give.';

CREATE FUNCTION starsink.dimension_metrics() RETURNS TABLE (name text, labels jsonb, value double precision)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH before AS (
        -- The mark before the last one: the last may be of this very moment.
        SELECT m.mark::jsonb AS keys, GREATEST(EXTRACT(epoch FROM clock_timestamp() - m.marked_at), 60) AS seconds
        FROM (SELECT m.mark, m.marked_at, m.mark_id FROM starsink.job_mark AS m WHERE m.name = 'members' ORDER BY m.mark_id DESC LIMIT 2) AS m
        ORDER BY m.mark_id LIMIT 1
    )
    SELECT m.name, jsonb_build_object('dimension', k.dimension), m.value
    FROM starsink.dimension_keys() AS k LEFT JOIN before AS b ON true
    CROSS JOIN LATERAL (VALUES
        ('starsink_dimension_keys_used', k.last_key / k.most::double precision),
        ('starsink_dimension_new_members', ((k.last_key - (b.keys ->> k.dimension)::bigint) * 600 / b.seconds)::double precision)) AS m (name, value)
    WHERE m.value IS NOT NULL
$$;
COMMENT ON FUNCTION starsink.dimension_metrics() IS 'The part of starsink.metrics() that is counted by dimension.';

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
