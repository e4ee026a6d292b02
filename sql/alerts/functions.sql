-- Alerting: compares the rules of starsink.alert_rule to starsink.metrics(), and tells what changed.
CREATE FUNCTION starsink_internal.open_alerts() RETURNS TABLE (
    event_id bigint, rule text, labels jsonb, state text, at timestamptz, threshold double precision, severity text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE series (rule, labels) AS (
        -- Those that have a history, by leaps over the index: there are few of them, and many events.
        (SELECT e.rule, e.labels FROM starsink.alert_event AS e WHERE e.labels IS NOT NULL ORDER BY e.rule, e.labels LIMIT 1)
        UNION ALL
        SELECT n.rule, n.labels FROM series AS s CROSS JOIN LATERAL (
            SELECT e.rule, e.labels FROM starsink.alert_event AS e
            WHERE (e.rule, e.labels) > (s.rule, s.labels) AND e.labels IS NOT NULL ORDER BY e.rule, e.labels LIMIT 1) AS n
    )
    SELECT e.event_id, e.rule, e.labels, e.state, e.at, e.threshold, e.severity
    FROM series AS s CROSS JOIN LATERAL (
        SELECT * FROM starsink.alert_event AS e WHERE e.rule = s.rule AND e.labels = s.labels ORDER BY e.event_id DESC LIMIT 1) AS e
    WHERE e.state <> 'ok'
$$;
COMMENT ON FUNCTION starsink_internal.open_alerts() IS 'The series of rules that are pending or firing, by their newest event.';

CREATE FUNCTION starsink_internal.alert_values() RETURNS TABLE (rule text, labels jsonb, value double precision, badness double precision)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Of several with the same labels, the worst.
    SELECT DISTINCT ON (r.name, m.labels) r.name, m.labels, m.value, b.badness
    FROM starsink.alert_rule AS r JOIN starsink_internal.measure() AS m ON m.name = r.metric
    CROSS JOIN LATERAL (SELECT CASE WHEN r.comparison IN ('>', '>=') THEN m.value ELSE -m.value END AS badness) AS b
    WHERE r.enabled
    ORDER BY r.name, m.labels, b.badness DESC NULLS LAST
$$;
COMMENT ON FUNCTION starsink_internal.alert_values() IS 'Each series of each enabled rule''s metric: its value, NULL where that is unknown, and how bad it is beside the others.';

CREATE FUNCTION starsink_internal.compares(value double precision, comparison text, threshold double precision) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE comparison WHEN '>' THEN value > threshold WHEN '>=' THEN value >= threshold
                           WHEN '<' THEN value < threshold WHEN '<=' THEN value <= threshold END
$$;
COMMENT ON FUNCTION starsink_internal.compares(double precision, text, double precision) IS 'Whether a value compares so to a threshold; NULL for no value.';

CREATE FUNCTION starsink_internal.alert_json(event_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- "text" is what chat systems show. A notification holds 8,000 bytes.
    RETURN (SELECT jsonb_build_object('text', left(e.message, 1000), 'rule', e.rule, 'state', e.state, 'previous', e.previous, 'severity', e.severity,
                       'value', e.value, 'threshold', e.threshold, 'labels', e.labels, 'at', e.at, 'event_id', e.event_id, 'database', current_database())
            FROM starsink.alert_event AS e WHERE e.event_id = alert_json.event_id);
END
$$;
COMMENT ON FUNCTION starsink_internal.alert_json(bigint) IS 'A row of starsink.alert_event as notifications and the webhook have it.';

CREATE FUNCTION starsink_internal.evaluate_alerts() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    change  record;
    changes bigint := 0;
    event   record;
    place   text;
    told    text;
BEGIN
    -- One at a time: two that see the same state would both change it.
    IF to_regclass('starsink.alert_rule') IS NULL OR NOT pg_try_advisory_xact_lock(hashtext('starsink_internal.evaluate_alerts')) THEN
        RETURN 0;
    END IF;
    FOR change IN
        WITH seen AS (
            SELECT COALESCE(v.rule, o.rule) AS rule, COALESCE(v.labels, o.labels) AS labels, v.value, v.rule IS NOT NULL AS is_there,
                   COALESCE(o.state, 'ok') AS state, o.at AS since, o.threshold AS last_threshold, o.severity AS last_severity
            FROM starsink_internal.alert_values() AS v FULL JOIN starsink_internal.open_alerts() AS o ON o.rule = v.rule AND o.labels = v.labels
        ), next AS (
            SELECT s.rule, s.labels, s.value, s.is_there, s.state, COALESCE(r.enabled, false) AS enabled, r.metric, r.comparison, r.description,
                   COALESCE(r.threshold, s.last_threshold) AS threshold, COALESCE(r.severity, s.last_severity) AS severity, CASE
                -- The rule is disabled, or the job, the topic, the table that it was about is no more.
                WHEN NOT s.is_there THEN 'ok'
                -- Silence proves nothing: neither that something is wrong, nor that it is over.
                WHEN s.value IS NULL THEN CASE s.state WHEN 'firing' THEN 'firing' ELSE 'ok' END
                WHEN s.state = 'firing' THEN CASE WHEN starsink_internal.compares(s.value, r.comparison, r.clear_threshold) THEN 'firing' ELSE 'ok' END
                WHEN NOT starsink_internal.compares(s.value, r.comparison, r.threshold) THEN 'ok'
                WHEN r.hold_for = interval '0' OR (s.state = 'pending' AND clock_timestamp() - s.since >= r.hold_for) THEN 'firing'
                ELSE 'pending' END AS becomes
            FROM seen AS s LEFT JOIN starsink.alert_rule AS r ON r.name = s.rule
        )
        SELECT * FROM next AS n WHERE n.becomes <> n.state ORDER BY n.rule COLLATE "C", n.labels
    LOOP
        place := COALESCE(' of ' || (SELECT string_agg(l.key || ' ' || l.value, ', ' ORDER BY l.key DESC) FROM jsonb_each_text(change.labels) AS l WHERE l.value <> ''), '');
        told := format('alert %s (%s) %s: ', change.rule, change.severity,
                    CASE WHEN change.becomes = 'firing' THEN 'fires' WHEN change.becomes = 'pending' THEN 'is pending'
                         WHEN change.state = 'firing' THEN 'resolved' ELSE 'is no longer pending' END)
             || CASE WHEN NOT change.enabled THEN 'its rule is disabled or gone'
                     WHEN NOT change.is_there THEN format('%s%s is no more', change.metric, place)
                     WHEN change.value IS NULL THEN format('%s%s has no value any more', change.metric, place)
                     WHEN change.becomes = 'ok' THEN format('%s%s is %s', change.metric, place, trim_scale(round(change.value::numeric, 3)))
                     ELSE format('%s%s is %s, %s %s', change.metric, place, trim_scale(round(change.value::numeric, 3)), change.comparison, change.threshold) END
             || CASE change.becomes WHEN 'firing' THEN '. ' || change.description ELSE '' END;
        INSERT INTO starsink.alert_event (rule, state, previous, value, threshold, severity, labels, message)
        VALUES (change.rule, change.becomes, change.state, change.value, change.threshold, change.severity, change.labels, told)
        RETURNING * INTO event;
        PERFORM pg_notify('starsink_alerts', starsink_internal.alert_json(event.event_id)::text);
        IF change.becomes = 'firing' AND change.severity <> 'info' THEN
            RAISE WARNING 'starsink: %', told;
        ELSIF 'firing' IN (change.becomes, change.state) THEN
            RAISE LOG 'starsink: %', told;
        END IF;
        changes := changes + 1;
    END LOOP;
    RETURN changes;
END
$$;
COMMENT ON FUNCTION starsink_internal.evaluate_alerts() IS 'Looks at every series of every rule''s metric, records, notifies and logs what changed; returns how many alerts did. The steward calls it every few seconds.';

CREATE FUNCTION starsink_internal.alert_rows() RETURNS TABLE (
    rule text, state text, since timestamptz, value double precision, threshold double precision, severity text,
    last_fired_at timestamptz, last_resolved_at timestamptz, description text, labels jsonb, metric text, enabled boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF to_regclass('starsink.alert_rule') IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH seen AS MATERIALIZED (
        SELECT * FROM starsink_internal.alert_values()
    ), past AS MATERIALIZED (
        SELECT e.rule, e.labels, max(e.at) AS changed_at, max(e.at) FILTER (WHERE e.state = 'firing') AS fired_at,
               max(e.at) FILTER (WHERE e.state = 'ok' AND e.previous = 'firing') AS resolved_at
        FROM starsink.alert_event AS e GROUP BY e.rule, e.labels
    )
    SELECT r.name, COALESCE(o.state, 'ok'), p.changed_at, v.value, r.threshold, r.severity, p.fired_at, p.resolved_at,
           r.description, COALESCE(o.labels, v.labels), r.metric, r.enabled
    FROM starsink.alert_rule AS r
    LEFT JOIN starsink_internal.open_alerts() AS o ON o.rule = r.name
    LEFT JOIN LATERAL (SELECT s.value, s.labels FROM seen AS s WHERE s.rule = r.name AND (o.labels IS NULL OR s.labels = o.labels)
                       ORDER BY s.badness DESC NULLS LAST LIMIT 1) AS v ON true
    CROSS JOIN LATERAL (SELECT max(p.changed_at) AS changed_at, max(p.fired_at) AS fired_at, max(p.resolved_at) AS resolved_at
                        FROM past AS p WHERE p.rule = r.name AND (o.labels IS NULL OR p.labels = o.labels)) AS p
    ORDER BY array_position(ARRAY['firing', 'pending', 'ok'], COALESCE(o.state, 'ok')), r.name, COALESCE(o.labels, v.labels);
END
$$;
COMMENT ON FUNCTION starsink_internal.alert_rows() IS 'The rows of starsink.alerts.';
GRANT EXECUTE ON FUNCTION starsink_internal.alert_rows() TO starsink_admin, starsink_reader;

CREATE VIEW starsink.alerts AS SELECT * FROM starsink_internal.alert_rows();
COMMENT ON VIEW starsink.alerts IS 'What is wrong first: a row per series (partition, job, table and so on) of a rule that is pending or firing; of a rule that is quiet, one row. Rules: starsink.alert_rule; history: starsink.alert_event.';
COMMENT ON COLUMN starsink.alerts.rule IS 'Name of the rule.';
COMMENT ON COLUMN starsink.alerts.state IS 'ok, pending (the threshold is crossed, not for long enough yet) or firing.';
COMMENT ON COLUMN starsink.alerts.since IS 'When it came into this state; NULL if it was in no other for 90 days.';
COMMENT ON COLUMN starsink.alerts.value IS 'Value of the metric now, of a quiet rule that of the worst series; NULL where there is none.';
COMMENT ON COLUMN starsink.alerts.threshold IS 'Where something is wrong.';
COMMENT ON COLUMN starsink.alerts.severity IS 'info, warning or critical.';
COMMENT ON COLUMN starsink.alerts.last_fired_at IS 'When it, of a quiet rule any series, fired last.';
COMMENT ON COLUMN starsink.alerts.last_resolved_at IS 'When it, of a quiet rule any series, resolved last.';
COMMENT ON COLUMN starsink.alerts.description IS 'What it means and what to do.';
COMMENT ON COLUMN starsink.alerts.labels IS 'Which series the value is of.';
COMMENT ON COLUMN starsink.alerts.metric IS 'Metric that the rule looks at.';
COMMENT ON COLUMN starsink.alerts.enabled IS 'Whether the rule is looked at.';
GRANT SELECT ON starsink.alerts TO starsink_admin, starsink_reader;

CREATE FUNCTION starsink_internal.prune_alerts() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
    more bigint;
BEGIN
    DELETE FROM starsink.alert_event AS e
    WHERE e.at < now() - interval '90 days' AND e.event_id NOT IN (SELECT o.event_id FROM starsink_internal.open_alerts() AS o);
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM starsink.alert_delivery AS d WHERE NOT EXISTS (SELECT FROM starsink.alert_event AS e WHERE e.event_id = d.event_id);
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN gone + more;
END
$$;
COMMENT ON FUNCTION starsink_internal.prune_alerts() IS 'Deletes alerts'' changes of state that are older than 90 days, but for those that hold still, and what became of their delivery; returns how many rows.';
