-- Jobs that delete: old events, old messages in quarantine. What they delete is booked in the same transaction, so that the
-- books agree at every moment.

-- No event of a batch up to the last folded key can still come: those are counted beside everybody, a portion at a time, and
-- what came since is found by its key. How far that is stands in the job's mark:
-- {"partition", "oid", "key", "time", "id": of the last one counted, "is_whole", "since", "facts": [{"topic", "partition", "facts"}]}.
CREATE FUNCTION starsink_internal.count_old_events(counted jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
-- By the key and no other way, or a portion would read all of the partition.
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off AS $$
DECLARE
    began constant timestamptz := clock_timestamp();
    facts jsonb := counted -> 'facts';
    item  record;
BEGIN
    LOOP
        EXECUTE format('WITH portion AS MATERIALIZED ('
                'SELECT f.event_time, f.event_id, f.kafka_topic, f.kafka_partition, f.audit_key FROM %s AS f '
                'WHERE (f.event_time, f.event_id) > ($1, $2) ORDER BY f.event_time, f.event_id LIMIT 50000) '
            'SELECT l.event_time, l.event_id, (SELECT jsonb_agg(c) FROM ('
                'SELECT p.kafka_topic AS topic, p.kafka_partition AS partition, count(*) AS facts FROM portion AS p WHERE p.audit_key <= $3 GROUP BY 1, 2) AS c) AS facts '
            'FROM (SELECT p.event_time, p.event_id FROM portion AS p ORDER BY p.event_time DESC, p.event_id DESC LIMIT 1) AS l', counted ->> 'partition')
        INTO item USING (counted ->> 'time')::timestamptz, counted ->> 'id', (counted ->> 'key')::bigint;
        IF item.event_id IS NULL THEN
            counted := counted || '{"is_whole": true}';
            EXIT;
        END IF;
        facts := facts || COALESCE(item.facts, '[]');
        counted := counted || jsonb_build_object('time', item.event_time, 'id', item.event_id);
        EXIT WHEN clock_timestamp() - began > interval '1 s';
    END LOOP;
    RETURN counted || jsonb_build_object('facts', (
        SELECT COALESCE(jsonb_agg(s), '[]') FROM (
            SELECT c.topic, c.partition, sum(c.facts) AS facts FROM jsonb_to_recordset(facts) AS c (topic text, partition integer, facts bigint) GROUP BY 1, 2) AS s));
END
$$;
COMMENT ON FUNCTION starsink_internal.count_old_events(jsonb) IS 'Counts events of a partition by where they came from, for a second; returns how far that is, to go on from.';

CREATE FUNCTION starsink_internal.count_late_events(partition regclass, after_key bigint, up_to bigint) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
-- By the ranges of audit_key.
SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off SET jit = off AS $$
DECLARE
    facts jsonb;
BEGIN
    EXECUTE format('SELECT COALESCE(jsonb_agg(c), ''[]'') FROM ('
        'SELECT f.kafka_topic AS topic, f.kafka_partition AS partition, count(*) AS facts FROM %s AS f WHERE f.audit_key > $1 AND f.audit_key <= $2 GROUP BY 1, 2) AS c', partition)
    INTO facts USING after_key, up_to;
    RETURN facts;
END
$$;
COMMENT ON FUNCTION starsink_internal.count_late_events(regclass, bigint, bigint) IS 'Events of a partition that batches after one key, up to another, brought, counted by where they came from.';

CREATE FUNCTION starsink_internal.fact_holders(partition regclass) RETURNS TABLE (holder text, pid integer)
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT l.virtualtransaction, l.pid FROM pg_locks AS l
    WHERE l.locktype = 'relation' AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
      AND l.relation IN ('warehouse.fact_event'::regclass, partition) AND l.pid IS DISTINCT FROM pg_backend_pid()
$$;
COMMENT ON FUNCTION starsink_internal.fact_holders(regclass) IS 'Transactions that hold or want a lock on fact_event or this partition, and their processes.';

-- An attached partition is dropped, not detached first: that locks fact_event and the partition, for some milliseconds. Detaching, concurrently
-- or not, makes its foreign keys its own, which locks every dimension against writing, and dropping it then locks them against reading.
CREATE FUNCTION starsink_internal.drop_old_partitions() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s' AS $$
DECLARE
    retention  text := current_setting('starsink.retention');
    give_up_at timestamptz;
    item       record;
    counted    jsonb;
    folded     bigint;
    is_overdue boolean;
    before     text[];
    in_the_way text;
    words      text;
BEGIN
    IF retention = '' THEN
        RETURN 0;
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'partitions are not dropped in a transaction that looks at an older moment' USING ERRCODE = 'active_sql_transaction',
            HINT = 'It would not see every event that it drops: run the job in a transaction that is READ COMMITTED.';
    END IF;
    -- A partition owned by somebody else cannot be dropped; the others still are.
    SELECT p.partition, p.partition::oid::bigint AS oid, c.relname, p.next_time INTO item
    FROM starsink_internal.fact_partitions() AS p JOIN pg_class AS c ON c.oid = p.partition
    WHERE p.next_time <= now() - retention::interval
    ORDER BY NOT pg_has_role(c.relowner, 'USAGE'), p.next_time LIMIT 1;
    -- The last batch up to which everything has committed and is folded.
    SELECT LEAST(f.high, f.gap_low[1] - 1) INTO folded FROM starsink.fold AS f ORDER BY f.fold_id DESC LIMIT 1;
    IF item.oid IS NULL OR folded IS NULL OR NOT starsink_internal.is_folded_up_to(folded) THEN
        RETURN 0;
    END IF;
    counted := starsink_internal.job_mark('retention');
    IF (counted ->> 'oid', counted ->> 'partition') IS DISTINCT FROM (item.oid::text, item.partition::text) THEN
        PERFORM starsink_internal.summarise_facts(true);
        counted := jsonb_build_object('partition', item.partition::text, 'oid', item.oid, 'key', folded, 'time', '-infinity', 'id', '',
            'is_whole', false, 'since', clock_timestamp(), 'facts', '[]'::jsonb);
    ELSIF folded < (counted ->> 'key')::bigint THEN
        -- All is folded anew.
        RETURN 0;
    END IF;
    PERFORM set_config('starsink_job.goes_on', 'on', true);
    IF NOT (counted ->> 'is_whole')::boolean THEN
        counted := starsink_internal.count_old_events(counted);
    END IF;
    IF (counted ->> 'is_whole')::boolean THEN
        counted := counted || jsonb_build_object('key', folded, 'facts',
            counted -> 'facts' || starsink_internal.count_late_events(item.partition, (counted ->> 'key')::bigint, folded));
    END IF;
    INSERT INTO starsink.job_mark (name, mark) VALUES ('retention', counted);
    IF NOT (counted ->> 'is_whole')::boolean THEN
        RETURN 0;
    END IF;

    -- While this waits for its lock, everybody who wants fact_event waits behind it: so it asks only when all who held
    -- one 50 ms ago have finished, and not for long. If that never happens for a day, it waits longer, once a run.
    is_overdue := clock_timestamp() - (counted ->> 'since')::timestamptz > interval '1 day';
    give_up_at := clock_timestamp() + interval '2 s';
    PERFORM set_config('lock_timeout', CASE WHEN is_overdue THEN '2s'
        ELSE LEAST(500, EXTRACT(epoch FROM current_setting('deadlock_timeout')::interval) * 500)::integer::text END, true);
    LOOP
        SELECT array_agg(h.holder) INTO before FROM starsink_internal.fact_holders(item.partition) AS h;
        PERFORM pg_sleep(0.05);
        SELECT string_agg(COALESCE(h.pid::text, 'prepared'), ', ' ORDER BY h.pid) INTO in_the_way
        FROM starsink_internal.fact_holders(item.partition) AS h WHERE h.holder = ANY (before);
        IF in_the_way IS NULL OR is_overdue THEN
            BEGIN
                -- In the order in which events are written to them.
                LOCK TABLE ONLY warehouse.fact_event IN ACCESS EXCLUSIVE MODE;
                EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', item.partition);
                -- Nobody writes now. What has come since it was counted is not folded yet.
                IF starsink_internal.count_late_events(item.partition, folded, 9223372036854775807) <> '[]' THEN
                    RAISE EXCEPTION 'undone' USING ERRCODE = 'SS000';
                END IF;
                INSERT INTO starsink.retention_log (topic, partition, facts, quarantined, source)
                SELECT c.topic, c.partition, sum(c.facts), 0, item.relname
                FROM jsonb_to_recordset(counted -> 'facts') AS c (topic text, partition integer, facts bigint) GROUP BY 1, 2;
                EXECUTE format('DROP TABLE %s', item.partition);
                RAISE LOG 'starsink: retention: dropped %, % events before %', item.relname,
                    (SELECT COALESCE(sum(c.facts), 0) FROM jsonb_to_recordset(counted -> 'facts') AS c (facts bigint)), item.next_time;
                PERFORM starsink_internal.say(format('dropped %s', item.relname));
                RETURN 1;
            EXCEPTION
                WHEN lock_not_available OR deadlock_detected THEN
                    in_the_way := COALESCE(in_the_way, (SELECT string_agg(h.pid::text, ', ' ORDER BY h.pid) FROM starsink_internal.fact_holders(item.partition) AS h));
                WHEN SQLSTATE 'SS000' THEN
                    RETURN 0;
            END;
        END IF;
        EXIT WHEN is_overdue OR clock_timestamp() > give_up_at;
    END LOOP;
    words := format('%s waits to be dropped until transactions that use fact_event are over: %s', item.relname, in_the_way);
    -- Said once.
    IF words IS DISTINCT FROM (SELECT r.message FROM starsink.job_run AS r WHERE r.name = 'retention' ORDER BY r.run_id DESC LIMIT 1) THEN
        PERFORM starsink_internal.say(words);
    END IF;
    RETURN 0;
END
$$;
COMMENT ON FUNCTION starsink_internal.drop_old_partitions() IS 'Job retention: counts and drops the oldest partition of fact_event that is wholly older than starsink.retention and folded; returns 1 if it dropped it, and goes on while there is one. Aggregates stay.';

CREATE FUNCTION starsink_internal.clean_quarantine() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    setting  text := current_setting('starsink.quarantine_retention');
    -- A number alone is minutes.
    kept     interval := CASE WHEN setting ~ '^[0-9]+$' THEN setting::integer * interval '1 min' ELSE setting::interval END;
    -- So many at a time.
    at_most  constant bigint := 10000;
    gone     bigint;
BEGIN
    IF kept = '0' THEN
        RETURN 0;
    END IF;
    WITH deleted AS (
        DELETE FROM starsink.quarantine AS q
        WHERE q.quarantine_id IN (
            SELECT o.quarantine_id FROM starsink.quarantine AS o
            WHERE o.quarantined_at < now() - kept ORDER BY o.quarantine_id LIMIT at_most FOR UPDATE SKIP LOCKED)
        RETURNING q.topic, q.partition, q.state, q.stage
    ), booked AS (
        INSERT INTO starsink.retention_log (topic, partition, facts, quarantined, source)
        SELECT d.topic, d.partition, 0, count(*), 'quarantine' FROM deleted AS d
        WHERE d.state = 'quarantined' AND d.stage <> 'merge' GROUP BY d.topic, d.partition
    )
    SELECT count(*) INTO gone FROM deleted;
    IF gone = at_most THEN
        PERFORM set_config('starsink_job.goes_on', 'on', true);
    END IF;
    IF gone > 0 THEN
        RAISE LOG 'starsink: quarantine_cleanup: deleted % messages older than %', gone, kept;
        PERFORM starsink_internal.say(format('messages deleted: %s', gone));
    END IF;
    RETURN gone;
END
$$;
COMMENT ON FUNCTION starsink_internal.clean_quarantine() IS 'Job quarantine_cleanup: deletes messages that have been in quarantine, waiting, re-driven or discarded, for longer than starsink.quarantine_retention; returns how many.';
