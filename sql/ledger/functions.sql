-- The ledger summed up, and compared with what is there.

CREATE FUNCTION starsink_internal.roll_up_ledger(detail_seconds integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    level   text;
    rolled  bigint := 0;
    more    bigint;
    up_to   timestamptz;
    so_far  timestamptz;
    -- The first batch that a fold waits for: while a long transaction is open, batches are told apart from there on.
    awaited bigint := (SELECT f.gap_low[1] FROM starsink.fold AS f ORDER BY f.fold_id DESC LIMIT 1);
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('starsink_internal.roll_up_ledger')) THEN
        RETURN 0;
    END IF;
    FOREACH level IN ARRAY ARRAY['minute', 'day'] LOOP
        -- Rows of a unit of time that is over, older than the detail kept, and not rolled up as far yet: from the oldest on, so
        -- that a run ends however many there are.
        up_to := date_trunc(level, now() - CASE level WHEN 'minute' THEN make_interval(secs => detail_seconds) ELSE interval '1 day' END);
        IF level = 'minute' THEN
            SELECT date_trunc(level, l.committed_at + interval '6 hours') INTO so_far
            FROM starsink.ledger AS l WHERE l.rolled_up IS NULL AND l.kind <> 'reset' ORDER BY l.last_audit_key LIMIT 1;
        ELSE
            SELECT date_trunc(level, l.committed_at + interval '30 days') INTO so_far
            FROM starsink.ledger AS l WHERE l.rolled_up = 'minute' AND l.kind <> 'reset' ORDER BY l.last_audit_key LIMIT 1;
        END IF;
        WITH gone AS (
            DELETE FROM starsink.ledger AS l
            WHERE l.kind <> 'reset'
              AND l.committed_at < LEAST(up_to, so_far)
              AND l.rolled_up IS NOT DISTINCT FROM CASE level WHEN 'day' THEN 'minute' END
              AND (awaited IS NULL OR l.last_audit_key < awaited OR l.committed_at < now() - interval '1 day')
            RETURNING l.*
        )
        -- Whichever workers wrote them: rows of one partition must go on joining end to end.
        INSERT INTO starsink.ledger (audit_key, last_audit_key, batches, kind, rolled_up, topic, partition, epoch, first_offset, next_offset,
            received, loaded, duplicates, dropped, quarantined, lost, reason, worker, latest_kafka_time, latency_p50_ms, latency_p99_ms, latency_max_ms,
            started_at, committed_at, software_version)
        SELECT min(g.audit_key), max(g.last_audit_key), sum(g.batches), g.kind, level, g.topic, g.partition, g.epoch,
               min(g.first_offset), max(g.next_offset), sum(g.received), sum(g.loaded), sum(g.duplicates), sum(g.dropped), sum(g.quarantined),
               sum(g.lost), g.reason, max(g.worker), max(g.latest_kafka_time),
               percentile_cont(0.5) WITHIN GROUP (ORDER BY g.latency_p50_ms), max(g.latency_p99_ms), max(g.latency_max_ms),
               min(g.started_at), max(g.committed_at),
               (array_agg(g.software_version ORDER BY g.last_audit_key DESC) FILTER (WHERE g.software_version IS NOT NULL))[1]
        FROM gone AS g
        GROUP BY g.kind, g.topic, g.partition, g.epoch, g.reason, date_trunc(level, g.committed_at);
        GET DIAGNOSTICS more = ROW_COUNT;
        rolled := rolled + more;
        IF more > 0 AND so_far < up_to THEN
            PERFORM set_config('starsink_job.goes_on', 'on', true);
            EXIT;
        END IF;
    END LOOP;
    RETURN rolled;
END
$$;
COMMENT ON FUNCTION starsink_internal.roll_up_ledger(integer) IS 'Sums up ledger rows by the minute once they are older than so many seconds, and by the day after a day; positions and sums stay. The steward calls it.';

CREATE FUNCTION starsink.verify() RETURNS TABLE (
    topic text, partition integer, loaded bigint, facts bigint, quarantined bigint, in_quarantine bigint, difference bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- Retention drops no partition between the moment that is looked at and the end.
    LOCK TABLE ONLY warehouse.fact_event IN ACCESS SHARE MODE;
    RETURN QUERY
    WITH booked AS (
        SELECT l.topic, l.partition, sum(l.loaded)::bigint AS loaded, sum(l.quarantined)::bigint AS quarantined
        FROM starsink.ledger AS l GROUP BY l.topic, l.partition
    ), fact AS (
        SELECT c.kafka_topic, c.kafka_partition, sum(c.facts)::bigint AS facts
        FROM (SELECT f.kafka_topic, f.kafka_partition, count(*) AS facts FROM warehouse.fact_event AS f GROUP BY 1, 2
              UNION ALL SELECT r.topic, r.partition, r.facts FROM starsink.retention_log AS r) AS c
        GROUP BY c.kafka_topic, c.kafka_partition
    ), aside AS (
        SELECT c.topic, c.partition, sum(c.waiting)::bigint AS waiting
        FROM (SELECT q.topic, q.partition, count(*) FILTER (WHERE q.state = 'quarantined') AS waiting
              FROM starsink.quarantine AS q WHERE q.stage <> 'merge' GROUP BY 1, 2
              UNION ALL SELECT r.topic, r.partition, r.quarantined FROM starsink.retention_log AS r) AS c
        GROUP BY c.topic, c.partition
    )
    SELECT COALESCE(b.topic, f.kafka_topic, a.topic), COALESCE(b.partition, f.kafka_partition, a.partition),
           COALESCE(b.loaded, 0), COALESCE(f.facts, 0), COALESCE(b.quarantined, 0), COALESCE(a.waiting, 0),
           abs(COALESCE(b.loaded, 0) - COALESCE(f.facts, 0)) + abs(COALESCE(b.quarantined, 0) - COALESCE(a.waiting, 0))
    FROM booked AS b
    FULL JOIN fact AS f ON f.kafka_topic = b.topic AND f.kafka_partition = b.partition
    FULL JOIN aside AS a ON a.topic = COALESCE(b.topic, f.kafka_topic) AND a.partition = COALESCE(b.partition, f.kafka_partition)
    ORDER BY 1, 2;
END
$$;
COMMENT ON FUNCTION starsink.verify() IS 'Counts fact_event and the quarantined messages themselves, and what retention deleted, and compares them with the ledger; reads every row. difference is 0.';
GRANT EXECUTE ON FUNCTION starsink.verify() TO starsink_admin;

CREATE FUNCTION starsink_internal.later_audit_key() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    later bigint;
BEGIN
    -- A batch takes its own key under the shared lock; the exclusive one waits for those under way, and the undone block
    -- gives it back at once.
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('starsink.versions'), 0);
        later := nextval('starsink.audit_key');
        RAISE EXCEPTION 'undone' USING ERRCODE = 'SS000';
    EXCEPTION WHEN SQLSTATE 'SS000' THEN
        NULL;
    END;
    RETURN later;
END
$$;
COMMENT ON FUNCTION starsink_internal.later_audit_key() IS 'An audit key that is lower than that of every batch which is not committed when this returns.';

CREATE FUNCTION starsink_internal.roll_up_ledger() RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT starsink_internal.roll_up_ledger(EXTRACT(epoch FROM current_setting('starsink.ledger_detail')::interval)::integer)
$$;
COMMENT ON FUNCTION starsink_internal.roll_up_ledger() IS 'Job roll_up_ledger: sums up rows older than starsink.ledger_detail.';
