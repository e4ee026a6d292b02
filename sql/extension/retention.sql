-- Jobs that delete: old events, old messages in quarantine. What they delete is booked, so that the books still agree.
CREATE FUNCTION starsink.drop_old_partitions() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s' AS $$
DECLARE
    retention text := current_setting('starsink.retention');
    item      record;
    last_key  bigint;
    events    bigint;
    dropped   bigint := 0;
BEGIN
    IF retention = '' THEN
        RETURN 0;
    END IF;
    FOR item IN
        SELECT c.oid::regclass AS name, c.relname, b.next_time
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        CROSS JOIN LATERAL (SELECT (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz AS next_time) AS b
        WHERE i.inhparent = 'warehouse.fact_event'::regclass AND b.next_time <= now() - retention::interval
        ORDER BY b.next_time
    LOOP
        -- Late events could still come in: nobody writes between the count and the end.
        EXECUTE format('LOCK TABLE %s IN SHARE MODE', item.name);
        EXECUTE format('SELECT max(audit_key) FROM %s', item.name) INTO last_key;
        CONTINUE WHEN NOT starsink.is_folded_up_to(last_key);
        EXECUTE format('INSERT INTO starsink.retention_log (topic, partition, facts, quarantined, source) '
            'SELECT kafka_topic, kafka_partition, count(*), 0, %L FROM %s GROUP BY kafka_topic, kafka_partition', item.relname, item.name);
        EXECUTE format('SELECT count(*) FROM %s', item.name) INTO events;
        EXECUTE format('ALTER TABLE warehouse.fact_event DETACH PARTITION %s', item.name);
        EXECUTE format('DROP TABLE %s', item.name);
        dropped := dropped + 1;
        RAISE LOG 'starsink: retention: dropped %, % events before %', item.relname, events, item.next_time;
    END LOOP;
    IF dropped > 0 THEN
        PERFORM starsink.say(format('partitions dropped: %s', dropped));
    END IF;
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION starsink.drop_old_partitions() IS 'Job retention: drops partitions of fact_event that are wholly older than starsink.retention and folded; returns how many. Aggregates stay.';

CREATE FUNCTION starsink.clean_quarantine() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    setting text := current_setting('starsink.quarantine_retention');
    -- A number alone is minutes.
    kept interval := CASE WHEN setting ~ '^[0-9]+$' THEN setting::integer * interval '1 min' ELSE setting::interval END;
    gone bigint;
BEGIN
    IF kept = '0' THEN
        RETURN 0;
    END IF;
    WITH deleted AS (
        DELETE FROM starsink.quarantine AS q
        WHERE q.quarantine_id IN (
            SELECT o.quarantine_id FROM starsink.quarantine AS o
            WHERE o.quarantined_at < now() - kept ORDER BY o.quarantine_id LIMIT 50000 FOR UPDATE SKIP LOCKED)
        RETURNING q.topic, q.partition, q.state, q.stage
    ), booked AS (
        INSERT INTO starsink.retention_log (topic, partition, facts, quarantined, source)
        SELECT d.topic, d.partition, 0, count(*), 'quarantine' FROM deleted AS d
        WHERE d.state = 'quarantined' AND d.stage <> 'merge' GROUP BY d.topic, d.partition
    )
    SELECT count(*) INTO gone FROM deleted;
    IF gone > 0 THEN
        RAISE LOG 'starsink: quarantine_cleanup: deleted % messages older than %', gone, kept;
        PERFORM starsink.say(format('messages deleted: %s', gone));
    END IF;
    RETURN gone;
END
$$;
COMMENT ON FUNCTION starsink.clean_quarantine() IS 'Job quarantine_cleanup: deletes messages that have been in quarantine, waiting, re-driven or discarded, for longer than starsink.quarantine_retention; returns how many.';
