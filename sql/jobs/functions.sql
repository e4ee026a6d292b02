-- What runs jobs, and what the operator says to them.
CREATE FUNCTION starsink_internal.perform_job(name text, triggered_by text, notes_idle boolean) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    job   record;
    began timestamptz := clock_timestamp();
    works text;
    done  bigint;
    words text;
BEGIN
    SELECT * INTO job FROM starsink.job AS j WHERE j.name = perform_job.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no job %', quote_literal(perform_job.name) USING ERRCODE = '22023',
            HINT = format('The jobs are %s.', (SELECT string_agg(j.name, ', ' ORDER BY j.name) FROM starsink.job AS j));
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('starsink.job'), hashtext(job.name)) THEN
        RAISE EXCEPTION 'the job % is running', quote_literal(job.name) USING ERRCODE = '55006',
            HINT = 'One run of a job at a time: wait until it has ended, then try again.';
    END IF;
    PERFORM set_config('starsink_job.message', '', true), set_config('starsink_job.goes_on', '', true);
    works := (SELECT string_agg(quote_ident(part), '.') FROM unnest(parse_ident(job.command)) AS part);
    EXECUTE format('SELECT %s(%s)', works, quote_literal(job.argument)) INTO done;
    words := NULLIF(current_setting('starsink_job.message', true), '');
    IF done <> 0 OR notes_idle OR words IS NOT NULL THEN
        INSERT INTO starsink.job_run (name, started_at, state, rows, message, triggered_by)
        VALUES (job.name, began, 'succeeded', done, words, perform_job.triggered_by);
    END IF;
    RETURN COALESCE(done, 0);
END
$$;
COMMENT ON FUNCTION starsink_internal.perform_job(text, text, boolean) IS 'Runs a job in this transaction under its lock and writes its history; notes_idle: also when it found nothing to do.';

CREATE FUNCTION starsink.run_job(name text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    began   timestamptz := clock_timestamp();
    message text;
BEGIN
    RETURN starsink_internal.perform_job(name, SESSION_USER::text, true);
EXCEPTION WHEN OTHERS THEN
    -- A row written here would be rolled back with the transaction, so the steward writes it.
    IF SQLSTATE <> '55006' AND EXISTS (SELECT FROM starsink.job AS j WHERE j.name = run_job.name) THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
        PERFORM starsink_internal.note_failure(name, began, SQLSTATE || ': ' || message, SESSION_USER::text);
    END IF;
    RAISE;
END
$$;
ALTER FUNCTION starsink.run_job(text) OWNER TO starsink_worker;
COMMENT ON FUNCTION starsink.run_job(text) IS 'Runs a job now, in the caller''s transaction, with the rights of the warehouse''s owner; returns how many rows it made or changed. A failure is an error, and a row of starsink.job_runs that the steward writes a moment later.';
GRANT EXECUTE ON FUNCTION starsink.run_job(text) TO starsink_admin;

CREATE FUNCTION starsink_internal.require_job(name text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM starsink.job AS j WHERE j.name = require_job.name) THEN
        RAISE EXCEPTION 'there is no job %', COALESCE(quote_literal(require_job.name), 'NULL') USING ERRCODE = '22023',
            HINT = format('The jobs are %s.', (SELECT string_agg(j.name, ', ' ORDER BY j.name) FROM starsink.job AS j));
    END IF;
END
$$;
COMMENT ON FUNCTION starsink_internal.require_job(text) IS 'An error that lists the jobs, unless there is one of this name.';

CREATE FUNCTION starsink.enable_job(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM starsink_internal.require_job(name);
    UPDATE starsink.job AS j SET enabled = true WHERE j.name = enable_job.name AND NOT j.enabled;
END
$$;
COMMENT ON FUNCTION starsink.enable_job(text) IS 'Lets the steward run a job again.';
GRANT EXECUTE ON FUNCTION starsink.enable_job(text) TO starsink_admin;

CREATE FUNCTION starsink.disable_job(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM starsink_internal.require_job(name);
    UPDATE starsink.job AS j SET enabled = false WHERE j.name = disable_job.name AND j.enabled;
END
$$;
COMMENT ON FUNCTION starsink.disable_job(text) IS 'Keeps the steward from running a job; starsink.run_job still does.';
GRANT EXECUTE ON FUNCTION starsink.disable_job(text) TO starsink_admin;

CREATE FUNCTION starsink.schedule_job(name text, schedule text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first_run timestamptz := starsink.next_run(schedule, now());
BEGIN
    PERFORM starsink_internal.require_job(name);
    UPDATE starsink.job AS j SET schedule = schedule_job.schedule WHERE j.name = schedule_job.name AND j.schedule <> schedule_job.schedule;
    RETURN first_run;
END
$$;
COMMENT ON FUNCTION starsink.schedule_job(text, text) IS 'Gives a job a schedule: an interval such as 10 s, or five fields of cron on the clock of starsink.report_time_zone. Returns when that is next.';
GRANT EXECUTE ON FUNCTION starsink.schedule_job(text, text) TO starsink_admin;

CREATE FUNCTION starsink_internal.job_rows() RETURNS TABLE (
    name text, schedule text, depends_on text[], enabled boolean, timeout interval, last_run timestamptz, next_run timestamptz,
    state text, last_error text, attempts integer, description text, last_error_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF to_regclass('starsink.job') IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT j.name, j.schedule, j.depends_on, j.enabled, j.timeout, GREATEST(s.last_run, r.started_at),
           CASE WHEN j.enabled THEN s.next_run END, CASE WHEN j.enabled THEN COALESCE(s.state, 'waiting') ELSE 'disabled' END,
           NULLIF(s.last_error, ''), COALESCE(s.attempts, 0), j.description, s.last_error_at
    FROM starsink.job AS j
    LEFT JOIN starsink_internal.job_states() AS s ON s.name = j.name AND current_setting('starsink.database') = current_database()
    LEFT JOIN LATERAL (SELECT r.started_at FROM starsink.job_run AS r WHERE r.name = j.name ORDER BY r.run_id DESC LIMIT 1) AS r ON true
    ORDER BY j.ordinal, j.name;
END
$$;
COMMENT ON FUNCTION starsink_internal.job_rows() IS 'The rows of starsink.jobs.';
GRANT EXECUTE ON FUNCTION starsink_internal.job_rows() TO starsink_admin, starsink_reader;

CREATE VIEW starsink.jobs AS SELECT * FROM starsink_internal.job_rows();
COMMENT ON VIEW starsink.jobs IS 'One row per job of the steward: schedule, what it depends on, when it ran and runs next, and how it stands.';
COMMENT ON COLUMN starsink.jobs.name IS 'Name.';
COMMENT ON COLUMN starsink.jobs.schedule IS 'An interval, or five fields of cron on the clock of starsink.report_time_zone.';
COMMENT ON COLUMN starsink.jobs.depends_on IS 'Jobs that must have succeeded, and not be failing, before it runs.';
COMMENT ON COLUMN starsink.jobs.enabled IS 'Whether the steward runs it.';
COMMENT ON COLUMN starsink.jobs.timeout IS 'Longest time a run may take.';
COMMENT ON COLUMN starsink.jobs.last_run IS 'When it ran last.';
COMMENT ON COLUMN starsink.jobs.next_run IS 'When it runs next; NULL where it is disabled or no steward runs.';
COMMENT ON COLUMN starsink.jobs.state IS 'idle, running, failed (tried again at next_run), waiting (for a job it depends on, or for a steward) or disabled.';
COMMENT ON COLUMN starsink.jobs.last_error IS 'Its last error since the steward started, also after it recovered.';
COMMENT ON COLUMN starsink.jobs.attempts IS 'Failures in a row.';
COMMENT ON COLUMN starsink.jobs.description IS 'What it does.';
COMMENT ON COLUMN starsink.jobs.last_error_at IS 'When that error was.';
GRANT SELECT ON starsink.jobs TO starsink_admin, starsink_reader;

-- What jobs are made with.
CREATE FUNCTION starsink_internal.job_mark(job text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.mark FROM starsink.job_mark AS m WHERE m.name = job ORDER BY m.mark_id DESC LIMIT 1
$$;
COMMENT ON FUNCTION starsink_internal.job_mark(text) IS 'How far a job had come when it last said so; NULL: never.';

CREATE FUNCTION starsink_internal.say(words text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('starsink_job.message', words, true);
END
$$;
COMMENT ON FUNCTION starsink_internal.say(text) IS 'Puts what a job did, in words, beside its run in starsink.job_runs.';

-- The ledger's rows may stand for a minute's batches or a day's, of one partition among several: where one has more
-- events than a portion should, as many of its batches are taken as should hold them.
CREATE FUNCTION starsink_internal.last_folded_key(after_key bigint, at_most bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last_key bigint;
    events   numeric;
BEGIN
    SELECT max(b.last_audit_key) INTO last_key
    FROM (SELECT l.last_audit_key, sum(l.loaded) OVER (ORDER BY l.last_audit_key ROWS UNBOUNDED PRECEDING) - l.loaded AS events_before
          FROM starsink.ledger AS l WHERE l.last_audit_key > after_key) AS b
    WHERE b.events_before < at_most;
    -- Rows that reach beyond count by their part.
    SELECT sum(l.loaded::numeric * (LEAST(l.last_audit_key, last_key) - GREATEST(l.audit_key, after_key + 1) + 1) / (l.last_audit_key - l.audit_key + 1)) INTO events
    FROM starsink.ledger AS l WHERE l.last_audit_key > after_key AND l.audit_key <= last_key;
    IF events > 2 * at_most THEN
        last_key := after_key + GREATEST(floor((last_key - after_key) * at_most / events), 1)::bigint;
    END IF;
    IF NOT starsink_internal.is_folded_up_to(last_key) THEN
        SELECT LEAST(last_key, f.high, f.gap_low[1] - 1) INTO last_key FROM starsink.fold AS f ORDER BY f.fold_id DESC LIMIT 1;
        IF NOT starsink_internal.is_folded_up_to(last_key) THEN
            RETURN NULL;
        END IF;
    END IF;
    RETURN CASE WHEN last_key > after_key THEN last_key END;
END
$$;
COMMENT ON FUNCTION starsink_internal.last_folded_key(bigint, bigint) IS 'The end of a job''s next portion: a batch after this one up to which everything is committed and folded, so that it is about so many events; NULL: none.';

CREATE FUNCTION starsink_internal.in_portions(job text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    began   timestamptz := clock_timestamp();
    changed bigint;
    total   bigint := 0;
BEGIN
    LOOP
        EXECUTE format('SELECT starsink_internal.%I()', job) INTO changed;
        EXIT WHEN changed IS NULL;
        total := total + changed;
        IF clock_timestamp() - began > interval '1 s' THEN
            PERFORM set_config('starsink_job.goes_on', 'on', true);
            EXIT;
        END IF;
    END LOOP;
    RETURN total;
END
$$;
COMMENT ON FUNCTION starsink_internal.in_portions(text) IS 'Calls this function of starsink_internal for one portion after the other until it returns NULL, or for a second: then the steward goes on with it after a rest, and folds and alerts come in between.';

-- Made from Rust.
COMMENT ON FUNCTION starsink_internal.job_states() IS 'How the jobs of the steward stand now.';
GRANT EXECUTE ON FUNCTION starsink_internal.job_states() TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink.next_run(text, timestamptz) IS 'When a schedule comes next after a time; a wrong one is an error that says why.';
GRANT EXECUTE ON FUNCTION starsink.next_run(text, timestamptz) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.note_failure(text, timestamptz, text, text) IS 'Leaves word with the steward that a run of a job by hand has failed.';
