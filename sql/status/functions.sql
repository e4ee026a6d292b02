-- What is going on: workers, settings, freshness.

CREATE FUNCTION starsink_internal.status_rows() RETURNS TABLE (
    topic text, partition integer, state text, reason text, next_offset bigint, high_watermark bigint, lag_messages bigint,
    lag_seconds double precision, events_per_second double precision, latency_p50_ms double precision, latency_p99_ms double precision,
    last_commit_at timestamptz, last_error text, worker integer, last_error_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    preloaded boolean := starsink_internal.is_preloaded();
    this_topic text := NULLIF(current_setting('starsink.topic', true), '');
    workers    integer := COALESCE(current_setting('starsink.workers', true), '1')::integer;
    why_state  text;
    why        text;
BEGIN
    IF NOT preloaded THEN
        why_state := 'disabled';
        why := 'starsink is not in shared_preload_libraries: add it there and restart the server';
    ELSIF pg_is_in_recovery() THEN
        why_state := 'standby';
        why := 'this server is a standby; ingestion goes on here after promotion';
    ELSIF current_database() <> current_setting('starsink.database') THEN
        why_state := 'disabled';
        why := format('starsink.database is %L, this database is %L', current_setting('starsink.database'), current_database())
            || CASE WHEN EXISTS (SELECT FROM pg_database AS d WHERE d.datname = current_setting('starsink.database')) THEN '' ELSE '; there is no database of that name' END;
    END IF;
    IF to_regclass('starsink.ledger') IS NULL THEN
        RETURN QUERY
        SELECT this_topic, NULL::integer, COALESCE(why_state, w.state, 'stopped'), COALESCE(why, NULLIF(w.reason, ''), CASE WHEN w.pid IS NULL OR w.pid = 0 THEN 'no worker yet' END),
               NULL::bigint, NULL::bigint, NULL::bigint, NULL::double precision, NULL::double precision, NULL::double precision,
               NULL::double precision, NULL::timestamptz, NULLIF(w.last_error, ''), n, w.last_error_at
        FROM generate_series(1, workers) AS n LEFT JOIN starsink_internal.worker_states() AS w ON w.worker = n;
        RETURN;
    END IF;
    RETURN QUERY
    WITH live AS (
        SELECT * FROM starsink_internal.partition_states() AS s WHERE s.topic = this_topic AND why_state IS NULL
    ), process AS (
        SELECT n AS number, w.pid, w.state, NULLIF(w.reason, '') AS reason, NULLIF(w.last_error, '') AS last_error, w.last_error_at
        FROM generate_series(1, workers) AS n LEFT JOIN starsink_internal.worker_states() AS w ON w.worker = n
    ), place AS (
        SELECT r.partition, l.next_offset, l.committed_at, l.latest_kafka_time
        FROM (SELECT DISTINCT r.partition FROM starsink.ledger AS r WHERE r.topic = this_topic AND r.kind = 'reset') AS r
        CROSS JOIN LATERAL (
            SELECT l.next_offset, l.committed_at, l.latest_kafka_time FROM starsink.ledger AS l
            WHERE l.topic = this_topic AND l.partition = r.partition AND l.first_offset IS NOT NULL
            ORDER BY l.epoch DESC, l.first_offset DESC LIMIT 1) AS l
    ), recent AS (
        SELECT l.partition, sum(l.received)::double precision / 10 AS rate,
               round(percentile_cont(0.5) WITHIN GROUP (ORDER BY l.latency_p50_ms)::numeric, 1)::double precision AS p50,
               round(percentile_cont(0.99) WITHIN GROUP (ORDER BY l.latency_p99_ms)::numeric, 1)::double precision AS p99
        FROM starsink.ledger AS l
        WHERE l.committed_at > now() - interval '10 s' AND l.topic = this_topic AND l.kind = 'batch'
        GROUP BY l.partition
    ), shown AS (
        SELECT COALESCE(place.partition, live.partition) AS partition, live.state, NULLIF(live.reason, '') AS reason,
               place.next_offset, live.high_watermark, place.committed_at, place.latest_kafka_time
        FROM place FULL JOIN live ON live.partition = place.partition
    )
    SELECT this_topic, s.partition,
           COALESCE(why_state, s.state, CASE WHEN p.state = 'running' THEN 'waiting' ELSE p.state END, 'stopped'),
           COALESCE(why, CASE WHEN s.state IS NULL THEN p.reason ELSE s.reason END, CASE WHEN p.pid IS NULL OR p.pid = 0 THEN 'no worker yet' END),
           -- GREATEST leaves NULL out: what is unknown would read 0.
           s.next_offset, s.high_watermark, CASE WHEN s.high_watermark < s.next_offset THEN 0 ELSE s.high_watermark - s.next_offset END,
           CASE WHEN s.high_watermark > s.next_offset THEN GREATEST(EXTRACT(epoch FROM clock_timestamp() - s.latest_kafka_time), CASE WHEN s.latest_kafka_time IS NOT NULL THEN 0 END)::double precision
                WHEN s.high_watermark <= s.next_offset THEN 0 END,
           COALESCE(recent.rate, 0), recent.p50, recent.p99, s.committed_at, p.last_error, p.number, p.last_error_at
    FROM shown AS s
    LEFT JOIN recent ON recent.partition = s.partition
    LEFT JOIN process AS p ON p.number = s.partition % workers + 1
    UNION ALL
    SELECT this_topic, NULL, COALESCE(why_state, p.state, 'stopped'), COALESCE(why, p.reason, CASE WHEN p.pid IS NULL OR p.pid = 0 THEN 'no worker yet' END), NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, p.last_error, p.number, p.last_error_at
    FROM process AS p
    WHERE NOT EXISTS (SELECT FROM shown AS s WHERE s.partition % workers + 1 = p.number)
    ORDER BY 2 NULLS LAST, 14;
END
$$;
COMMENT ON FUNCTION starsink_internal.status_rows() IS 'The rows of starsink.status.';
GRANT EXECUTE ON FUNCTION starsink_internal.status_rows() TO starsink_admin, starsink_reader;

CREATE VIEW starsink.status AS SELECT * FROM starsink_internal.status_rows();
COMMENT ON VIEW starsink.status IS 'One row per partition of starsink.topic, or per worker that has none: what it is doing and why, where it stands, how far behind.';
COMMENT ON COLUMN starsink.status.topic IS 'Kafka topic.';
COMMENT ON COLUMN starsink.status.partition IS 'Partition; NULL where a worker has none.';
COMMENT ON COLUMN starsink.status.state IS 'running, waiting, connecting, retrying, paused, stopped, standby or disabled.';
COMMENT ON COLUMN starsink.status.reason IS 'Why it is not simply running, and what to do.';
COMMENT ON COLUMN starsink.status.next_offset IS 'Committed position.';
COMMENT ON COLUMN starsink.status.high_watermark IS 'Offset of the next message to come, as the worker that has the partition saw it last; NULL where none has it.';
COMMENT ON COLUMN starsink.status.lag_messages IS 'high_watermark minus next_offset; NULL where the watermark is unknown: while paused, or while the broker cannot be reached.';
COMMENT ON COLUMN starsink.status.lag_seconds IS 'Age of the last committed message while there is lag, by its Kafka timestamp; 0 without lag, NULL where the lag is unknown or no timestamp makes sense.';
COMMENT ON COLUMN starsink.status.events_per_second IS 'Messages committed over the last 10 seconds, per second.';
COMMENT ON COLUMN starsink.status.latency_p50_ms IS 'From the Kafka timestamp to the commit, median of the batches of the last 10 seconds; milliseconds.';
COMMENT ON COLUMN starsink.status.latency_p99_ms IS 'The same, 99th percentile.';
COMMENT ON COLUMN starsink.status.last_commit_at IS 'When the position moved last.';
COMMENT ON COLUMN starsink.status.last_error IS 'The worker''s last error, also after it recovered.';
COMMENT ON COLUMN starsink.status.worker IS 'Number of the ingest worker in charge.';
COMMENT ON COLUMN starsink.status.last_error_at IS 'When that error was.';
GRANT SELECT ON starsink.status TO starsink_admin, starsink_reader;

CREATE FUNCTION starsink_internal.setting_rows() RETURNS TABLE (
    name text, value text, unit text, default_value text, min_value text, max_value text, allowed text[], takes_effect text,
    description text, is_secret boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- Secrets are not in pg_settings, but for superusers.
    RETURN QUERY
    SELECT n.name, CASE WHEN n.is_secret THEN CASE WHEN n.is_set THEN '(set, not shown)' ELSE '(not set)' END ELSE s.setting END,
           s.unit, CASE WHEN n.is_secret THEN '(not set)' ELSE s.boot_val END, s.min_val, s.max_val, s.enumvals,
           'at pg_reload_conf()', n.description, n.is_secret
    FROM starsink_internal.setting_notes() AS n LEFT JOIN pg_settings AS s ON s.name = n.name AND NOT n.is_secret
    ORDER BY n.ordinal;
END
$$;
COMMENT ON FUNCTION starsink_internal.setting_rows() IS 'The rows of starsink.settings.';
GRANT EXECUTE ON FUNCTION starsink_internal.setting_rows() TO starsink_admin, starsink_reader;

CREATE VIEW starsink.settings AS SELECT * FROM starsink_internal.setting_rows();
COMMENT ON VIEW starsink.settings IS 'Every setting with unit, default, bounds, when it takes effect and what it does. Secrets are never shown.';
GRANT SELECT ON starsink.settings TO starsink_admin, starsink_reader;

CREATE FUNCTION starsink_internal.freshness_rows() RETURNS TABLE (
    topic text, partition integer, last_commit_at timestamptz, age interval, lag_messages bigint, events_not_folded bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF to_regclass('starsink.ledger') IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT l.topic, l.partition, max(l.committed_at) FILTER (WHERE l.kind <> 'reset'),
           clock_timestamp() - max(l.committed_at) FILTER (WHERE l.kind <> 'reset'),
           (SELECT CASE WHEN s.high_watermark < o.next_offset THEN 0 ELSE s.high_watermark - o.next_offset END
            FROM starsink_internal.partition_states() AS s
            CROSS JOIN LATERAL (SELECT p.next_offset FROM starsink.ledger AS p
                                WHERE p.topic = l.topic AND p.partition = l.partition AND p.first_offset IS NOT NULL
                                ORDER BY p.epoch DESC, p.first_offset DESC LIMIT 1) AS o
            WHERE s.topic = l.topic AND s.partition = l.partition
              AND current_setting('starsink.database') = current_database()),
           COALESCE(sum(l.loaded) FILTER (WHERE l.loaded > 0 AND NOT starsink_internal.is_folded_up_to(l.last_audit_key)), 0)::bigint
    FROM starsink.ledger AS l
    GROUP BY l.topic, l.partition ORDER BY l.topic, l.partition;
END
$$;
COMMENT ON FUNCTION starsink_internal.freshness_rows() IS 'The rows of starsink.freshness.';
GRANT EXECUTE ON FUNCTION starsink_internal.freshness_rows() TO starsink_admin, starsink_reader;

CREATE VIEW starsink.freshness AS SELECT * FROM starsink_internal.freshness_rows();
COMMENT ON VIEW starsink.freshness IS 'Per topic and partition: how fresh the warehouse is.';
COMMENT ON COLUMN starsink.freshness.topic IS 'Kafka topic, or the source''s name.';
COMMENT ON COLUMN starsink.freshness.partition IS 'Partition.';
COMMENT ON COLUMN starsink.freshness.last_commit_at IS 'When something of it was committed last.';
COMMENT ON COLUMN starsink.freshness.age IS 'How long ago that is.';
COMMENT ON COLUMN starsink.freshness.lag_messages IS 'Messages in Kafka that are not committed; NULL where no worker has the partition or knows its end.';
COMMENT ON COLUMN starsink.freshness.events_not_folded IS 'Events committed that sessions and aggregates do not hold yet; reports count them all the same.';
GRANT SELECT ON starsink.freshness TO starsink_admin, starsink_reader;

CREATE VIEW starsink.codes AS
SELECT * FROM starsink_internal.validation_codes()
UNION ALL SELECT m.code, NULL, 'quarantine', m.meaning FROM starsink_internal.merge_codes() AS m;
COMMENT ON VIEW starsink.codes IS 'Every validation code: its bit in quality_flags (none for those of merges), what becomes of the message or row, what it means and what to do.';
GRANT SELECT ON starsink.codes TO starsink_admin, starsink_reader;

CREATE VIEW starsink.progress_ingest_file AS
SELECT p.*, CASE WHEN p.bytes_total > 0 THEN round(100.0 * p.bytes_processed / p.bytes_total, 1) END AS percent
FROM starsink_internal.file_progress() AS p JOIN pg_catalog.pg_stat_activity AS a ON a.pid = p.pid AND a.state = 'active';
COMMENT ON VIEW starsink.progress_ingest_file IS 'One row per running starsink.ingest_file(): bytes of the file and messages so far.';
GRANT SELECT ON starsink.progress_ingest_file TO starsink_admin, starsink_reader;

-- Made from Rust.
COMMENT ON FUNCTION starsink.quality_codes(bigint) IS 'The codes in fact_event.quality_flags.';
GRANT EXECUTE ON FUNCTION starsink.quality_codes(bigint) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.validation_codes() IS 'The rows of starsink.codes.';
GRANT EXECUTE ON FUNCTION starsink_internal.validation_codes() TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.worker_states() IS 'What each worker is doing; 0 is the steward, 33 the crawler, 34 who looks after alerts while a long job keeps the steward.';
GRANT EXECUTE ON FUNCTION starsink_internal.worker_states() TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.partition_states() IS 'What each partition''s worker is doing with it.';
GRANT EXECUTE ON FUNCTION starsink_internal.partition_states() TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.setting_notes() IS 'Every setting, in the order of the manual.';
COMMENT ON FUNCTION starsink_internal.is_preloaded() IS 'Whether the server preloaded the library, and so can run workers.';
GRANT EXECUTE ON FUNCTION starsink_internal.is_preloaded() TO starsink_admin, starsink_reader;
