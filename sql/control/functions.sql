-- Operators' commands to the workers.

CREATE FUNCTION starsink_internal.warn_unwatched() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT starsink_internal.is_preloaded() THEN
        RAISE WARNING 'no worker follows the command now: starsink is not in shared_preload_libraries'
            USING HINT = 'Add it there and restart the server. The command is kept until then.';
    ELSIF current_database() <> current_setting('starsink.database') THEN
        RAISE WARNING 'no worker follows the command: they look after database %, this is %', quote_ident(current_setting('starsink.database')), quote_ident(current_database())
            USING HINT = format('Give the command there, or ALTER SYSTEM SET starsink.database = %L and reload.', current_database());
    ELSIF NOT EXISTS (SELECT FROM starsink_internal.worker_states() AS w WHERE w.worker BETWEEN 1 AND 32 AND w.pid <> 0) THEN
        RAISE WARNING 'no worker follows the command now: none runs'
            USING HINT = 'SELECT state, reason FROM starsink.status says why. The command is kept until one does.';
    END IF;
END
$$;
COMMENT ON FUNCTION starsink_internal.warn_unwatched() IS 'Warns where no ingest worker is there to follow a command.';

CREATE FUNCTION starsink.pause() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('starsink.control'));
    INSERT INTO starsink.control_log (action, is_paused) VALUES ('pause', true);
    PERFORM starsink_internal.warn_unwatched();
END
$$;
COMMENT ON FUNCTION starsink.pause() IS 'Stops ingestion after the batch under way; offsets stay where they are.';
GRANT EXECUTE ON FUNCTION starsink.pause() TO starsink_admin;

CREATE FUNCTION starsink.resume() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('starsink.control'));
    INSERT INTO starsink.control_log (action, is_paused) VALUES ('resume', false);
    PERFORM starsink_internal.warn_unwatched();
END
$$;
COMMENT ON FUNCTION starsink.resume() IS 'Goes on after starsink.pause().';
GRANT EXECUTE ON FUNCTION starsink.resume() TO starsink_admin;

-- Made from Rust.
COMMENT ON FUNCTION starsink.seek(text) IS 'Goes to the earliest or latest message of every partition; returns from where to where.';
GRANT EXECUTE ON FUNCTION starsink.seek(text) TO starsink_admin;
COMMENT ON FUNCTION starsink.seek(timestamptz) IS 'Goes to the first message at or after a time, by Kafka''s timestamps, in every partition.';
GRANT EXECUTE ON FUNCTION starsink.seek(timestamptz) TO starsink_admin;
COMMENT ON FUNCTION starsink.seek(integer, bigint) IS 'Goes to an offset of one partition.';
GRANT EXECUTE ON FUNCTION starsink.seek(integer, bigint) TO starsink_admin;
