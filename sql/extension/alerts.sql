-- Alerting: compares the rules of starsink.alert_rule to starsink.metrics(), and tells what changed.
CREATE FUNCTION starsink.alert_values() RETURNS TABLE (rule text, value double precision, labels jsonb)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The worst series of each rule's metric.
    SELECT DISTINCT ON (r.name) r.name, m.value, m.labels
    FROM starsink.alert_rule AS r JOIN starsink.metrics() AS m ON m.name = r.metric
    WHERE r.enabled
    ORDER BY r.name, CASE WHEN r.comparison IN ('>', '>=') THEN -m.value ELSE m.value END
$$;
COMMENT ON FUNCTION starsink.alert_values() IS 'The value that counts for each enabled rule, and whose it is.';

CREATE FUNCTION starsink.compares(value double precision, comparison text, threshold double precision) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE comparison WHEN '>' THEN value > threshold WHEN '>=' THEN value >= threshold
                           WHEN '<' THEN value < threshold WHEN '<=' THEN value <= threshold END
$$;
COMMENT ON FUNCTION starsink.compares(double precision, text, double precision) IS 'Whether a value compares so to a threshold; NULL for no value.';

CREATE FUNCTION starsink.alert_json(event_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- "text" is what chat systems show. A notification holds 8,000 bytes.
    RETURN (SELECT jsonb_build_object('text', left(e.message, 1000), 'rule', e.rule, 'state', e.state, 'previous', e.previous, 'severity', e.severity,
                       'value', e.value, 'threshold', e.threshold, 'labels', e.labels, 'at', e.at, 'event_id', e.event_id, 'database', current_database())
            FROM starsink.alert_event AS e WHERE e.event_id = alert_json.event_id);
END
$$;
COMMENT ON FUNCTION starsink.alert_json(bigint) IS 'A row of starsink.alert_event as notifications and the webhook have it.';

CREATE FUNCTION starsink.evaluate_alerts() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    change  record;
    changes bigint := 0;
    event   record;
    place   text;
    told    text;
BEGIN
    -- One at a time: two that see the same state would both change it.
    IF to_regclass('starsink.alert_rule') IS NULL OR NOT pg_try_advisory_xact_lock(hashtext('starsink.evaluate_alerts')) THEN
        RETURN 0;
    END IF;
    FOR change IN
        WITH RECURSIVE known (rule) AS (
            -- Rules that have a history, by leaps over the index.
            (SELECT e.rule FROM starsink.alert_event AS e ORDER BY e.rule LIMIT 1)
            UNION ALL
            SELECT (SELECT e.rule FROM starsink.alert_event AS e WHERE e.rule > k.rule ORDER BY e.rule LIMIT 1) FROM known AS k WHERE k.rule IS NOT NULL
        ), seen AS (
            SELECT COALESCE(r.name, k.rule) AS rule, COALESCE(r.enabled, false) AS enabled, r.metric, r.comparison, r.hold_for, r.description,
                   COALESCE(r.threshold, e.threshold) AS threshold, r.clear_threshold, COALESCE(r.severity, e.severity) AS severity,
                   v.value, v.labels, COALESCE(e.state, 'ok') AS state, e.at AS since
            FROM starsink.alert_rule AS r
            FULL JOIN (SELECT k.rule FROM known AS k WHERE k.rule IS NOT NULL) AS k ON k.rule = r.name
            LEFT JOIN starsink.alert_values() AS v ON v.rule = r.name
            LEFT JOIN LATERAL (SELECT e.state, e.at, e.threshold, e.severity FROM starsink.alert_event AS e
                               WHERE e.rule = COALESCE(r.name, k.rule) ORDER BY e.event_id DESC LIMIT 1) AS e ON true
        ), next AS (
            SELECT s.*, CASE
                WHEN NOT s.enabled THEN 'ok'
                -- Silence proves nothing: neither that something is wrong, nor that it is over.
                WHEN s.value IS NULL THEN CASE s.state WHEN 'firing' THEN 'firing' ELSE 'ok' END
                WHEN s.state = 'firing' THEN CASE WHEN starsink.compares(s.value, s.comparison, s.clear_threshold) THEN 'firing' ELSE 'ok' END
                WHEN NOT starsink.compares(s.value, s.comparison, s.threshold) THEN 'ok'
                WHEN s.hold_for = interval '0' OR (s.state = 'pending' AND clock_timestamp() - s.since >= s.hold_for) THEN 'firing'
                ELSE 'pending' END AS becomes
            FROM seen AS s
        )
        SELECT * FROM next AS n WHERE n.becomes <> n.state ORDER BY n.rule
    LOOP
        place := COALESCE(' of ' || (SELECT string_agg(l.key || ' ' || l.value, ', ' ORDER BY l.key DESC) FROM jsonb_each_text(change.labels) AS l WHERE l.value <> ''), '');
        told := format('alert %s (%s) %s: ', change.rule, change.severity,
                    CASE WHEN change.becomes = 'firing' THEN 'fires' WHEN change.becomes = 'pending' THEN 'is pending'
                         WHEN change.state = 'firing' THEN 'resolved' ELSE 'is no longer pending' END)
             || CASE WHEN NOT change.enabled THEN 'its rule is disabled or gone'
                     WHEN change.value IS NULL THEN format('%s has no value any more', change.metric)
                     WHEN change.becomes = 'ok' THEN format('%s%s is %s', change.metric, place, trim_scale(round(change.value::numeric, 3)))
                     ELSE format('%s%s is %s, %s %s', change.metric, place, trim_scale(round(change.value::numeric, 3)), change.comparison, change.threshold) END
             || CASE change.becomes WHEN 'firing' THEN '. ' || change.description ELSE '' END;
        INSERT INTO starsink.alert_event (rule, state, previous, value, threshold, severity, labels, message)
        VALUES (change.rule, change.becomes, change.state, change.value, change.threshold, change.severity, change.labels, told)
        RETURNING * INTO event;
        PERFORM pg_notify('starsink_alerts', starsink.alert_json(event.event_id)::text);
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
COMMENT ON FUNCTION starsink.evaluate_alerts() IS 'Looks at every rule, records, notifies and logs what changed; returns how many alerts did. The steward calls it every few seconds.';

CREATE FUNCTION starsink.alert_rows() RETURNS TABLE (
    rule text, state text, since timestamptz, value double precision, threshold double precision, severity text,
    last_fired_at timestamptz, last_resolved_at timestamptz, description text, labels jsonb, metric text, enabled boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF to_regclass('starsink.alert_rule') IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT r.name, COALESCE(e.state, 'ok'), e.at, v.value, r.threshold, r.severity,
           (SELECT f.at FROM starsink.alert_event AS f WHERE f.rule = r.name AND f.state = 'firing' ORDER BY f.event_id DESC LIMIT 1),
           (SELECT f.at FROM starsink.alert_event AS f WHERE f.rule = r.name AND f.state = 'ok' AND f.previous = 'firing' ORDER BY f.event_id DESC LIMIT 1),
           r.description, v.labels, r.metric, r.enabled
    FROM starsink.alert_rule AS r
    LEFT JOIN starsink.alert_values() AS v ON v.rule = r.name
    LEFT JOIN LATERAL (SELECT e.state, e.at FROM starsink.alert_event AS e WHERE e.rule = r.name ORDER BY e.event_id DESC LIMIT 1) AS e ON true
    ORDER BY array_position(ARRAY['firing', 'pending', 'ok'], COALESCE(e.state, 'ok')), r.name;
END
$$;
COMMENT ON FUNCTION starsink.alert_rows() IS 'The rows of starsink.alerts.';

CREATE VIEW starsink.alerts AS SELECT * FROM starsink.alert_rows();
COMMENT ON VIEW starsink.alerts IS 'One row per rule of alerting: its state, what is wrong first. Rules: starsink.alert_rule; history: starsink.alert_event.';
COMMENT ON COLUMN starsink.alerts.rule IS 'Name of the rule.';
COMMENT ON COLUMN starsink.alerts.state IS 'ok, pending (the threshold is crossed, not for long enough yet) or firing.';
COMMENT ON COLUMN starsink.alerts.since IS 'When it came into this state; NULL if it was never in another.';
COMMENT ON COLUMN starsink.alerts.value IS 'Value of the metric now, of the worst series; NULL where there is none.';
COMMENT ON COLUMN starsink.alerts.threshold IS 'Where something is wrong.';
COMMENT ON COLUMN starsink.alerts.severity IS 'info, warning or critical.';
COMMENT ON COLUMN starsink.alerts.last_fired_at IS 'When it fired last.';
COMMENT ON COLUMN starsink.alerts.last_resolved_at IS 'When it resolved last.';
COMMENT ON COLUMN starsink.alerts.description IS 'What it means and what to do.';
COMMENT ON COLUMN starsink.alerts.labels IS 'Which series the value is of.';
COMMENT ON COLUMN starsink.alerts.metric IS 'Metric that the rule looks at.';
COMMENT ON COLUMN starsink.alerts.enabled IS 'Whether the rule is looked at.';
