-- Jobs that count validation codes, a portion of events in each run, and how fresh the warehouse is.
CREATE FUNCTION starsink_internal.fold_quality(at_most bigint DEFAULT 20000) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    from_key bigint := COALESCE(starsink_internal.job_mark('quality')::bigint, 0);
    to_key   bigint := starsink_internal.last_folded_key(from_key, at_most);
    changed  bigint;
BEGIN
    IF to_key IS NULL THEN
        RETURN NULL;
    END IF;
    WITH counted AS (
        SELECT date_trunc('hour', f.event_time) AS hour, starsink.quality_codes(f.quality_flags)::text[] AS codes, count(*) AS events, 0 AS quarantined
        FROM warehouse.fact_event AS f WHERE f.audit_key > from_key AND f.audit_key <= to_key
        GROUP BY 1, f.quality_flags
        UNION ALL
        SELECT date_trunc('hour', COALESCE(q.kafka_time, q.quarantined_at)), q.codes, count(*), count(*)
        FROM starsink.quarantine AS q WHERE q.audit_key > from_key AND q.audit_key <= to_key AND q.stage <> 'merge'
        GROUP BY 1, 2
    )
    INSERT INTO starsink.quality_hour AS h (hour, code, events, quarantined)
    SELECT c.hour, k.code, sum(c.events), sum(CASE WHEN k.code = '' THEN c.quarantined ELSE 0 END)
    FROM counted AS c CROSS JOIN LATERAL (SELECT DISTINCT u.code FROM unnest(array_prepend(''::text, c.codes)) AS u (code)) AS k
    GROUP BY c.hour, k.code
    ON CONFLICT (hour, code) DO UPDATE SET events = h.events + EXCLUDED.events, quarantined = h.quarantined + EXCLUDED.quarantined;
    GET DIAGNOSTICS changed = ROW_COUNT;
    INSERT INTO starsink.job_mark (name, mark) VALUES ('quality', to_key);
    RETURN changed;
END
$$;
COMMENT ON FUNCTION starsink_internal.fold_quality(bigint) IS 'Job quality: adds the codes of about so many new facts, and of messages in quarantine beside them, to starsink.quality_hour; returns how many of its rows changed, NULL where there was nothing new.';

-- Days of events are hashed: an index on time that is looked through for each of them would take hours.
CREATE FUNCTION starsink_internal.find_reused_ids(at_most bigint DEFAULT 200000, most_compared bigint DEFAULT 2000000) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET enable_nestloop = off AS $$
DECLARE
    from_key bigint := COALESCE(starsink_internal.job_mark('reused_ids')::bigint, 0);
    to_key   bigint := starsink_internal.last_folded_key(from_key, at_most);
    found    bigint;
    earliest timestamptz;
    latest   timestamptz;
    plan     json;
    compared bigint;
BEGIN
    IF to_key IS NULL THEN
        RETURN 0;
    END IF;
    INSERT INTO starsink.job_mark (name, mark) VALUES ('reused_ids', to_key);
    SELECT min(f.event_time) - interval '1 day', max(f.event_time) + interval '1 day' INTO earliest, latest
    -- Not by the index on time, which would be read from both ends until it meets one of them.
    FROM (SELECT n.event_time FROM warehouse.fact_event AS n WHERE n.audit_key > from_key AND n.audit_key <= to_key OFFSET 0) AS f;
    IF earliest IS NULL THEN
        RETURN 0;
    END IF;
    -- No index leads from an id to its events: the days around them are read, which the planner knows the size of.
    EXECUTE format('EXPLAIN (FORMAT json) SELECT FROM warehouse.fact_event AS f WHERE f.event_time BETWEEN %L AND %L', earliest, latest) INTO plan;
    compared := (plan -> 0 -> 'Plan' ->> 'Plan Rows')::numeric;
    IF compared > most_compared THEN
        PERFORM starsink_internal.say(format('not compared: about %s events lie within a day', compared));
        RETURN 0;
    END IF;
    WITH fresh AS MATERIALIZED (
        SELECT f.event_time, f.event_id FROM warehouse.fact_event AS f WHERE f.audit_key > from_key AND f.audit_key <= to_key
    ), reused AS (
        -- Of two events with one id, the later one reuses it.
        SELECT a.event_time, a.event_id FROM fresh AS n
        JOIN warehouse.fact_event AS o ON o.event_id = n.event_id AND o.event_time <> n.event_time
            AND o.event_time BETWEEN n.event_time - interval '1 day' AND n.event_time + interval '1 day'
        CROSS JOIN LATERAL (SELECT GREATEST(n.event_time, o.event_time) AS event_time, n.event_id) AS a
        WHERE o.event_time BETWEEN earliest AND latest
          AND o.audit_key <= to_key
        GROUP BY 1, 2
    )
    INSERT INTO starsink.quality_hour AS h (hour, code, events)
    SELECT date_trunc('hour', r.event_time), 'ID_REUSED', count(*) FROM reused AS r GROUP BY 1
    ON CONFLICT (hour, code) DO UPDATE SET events = h.events + EXCLUDED.events;
    GET DIAGNOSTICS found = ROW_COUNT;
    RETURN found;
END
$$;
COMMENT ON FUNCTION starsink_internal.find_reused_ids(bigint, bigint) IS 'Job reused_ids: counts as ID_REUSED, in starsink.quality_hour, those of about so many new events whose id another event within a day before bears; says so and leaves it where more events than that lie within a day. Returns how many hours it found some in.';
