CREATE FUNCTION starsink.warn_unwatched() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT starsink.is_preloaded() THEN
        RAISE WARNING 'no worker follows the command now: starsink is not in shared_preload_libraries'
            USING HINT = 'Add it there and restart the server. The command is kept until then.';
    ELSIF current_database() <> current_setting('starsink.database') THEN
        RAISE WARNING 'no worker follows the command: they look after database %, this is %', quote_ident(current_setting('starsink.database')), quote_ident(current_database())
            USING HINT = format('Give the command there, or ALTER SYSTEM SET starsink.database = %L and reload.', current_database());
    ELSIF NOT EXISTS (SELECT FROM starsink.worker_states() AS w WHERE w.worker BETWEEN 1 AND 32 AND w.pid <> 0) THEN
        RAISE WARNING 'no worker follows the command now: none runs'
            USING HINT = 'SELECT state, reason FROM starsink.status says why. The command is kept until one does.';
    END IF;
END
$$;
COMMENT ON FUNCTION starsink.warn_unwatched() IS 'Warns where no ingest worker is there to follow a command.';

CREATE FUNCTION starsink.pause() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('starsink.control'));
    INSERT INTO starsink.control_log (action, is_paused) VALUES ('pause', true);
    PERFORM starsink.warn_unwatched();
END
$$;
COMMENT ON FUNCTION starsink.pause() IS 'Stops ingestion after the batch under way; offsets stay where they are.';

CREATE FUNCTION starsink.resume() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('starsink.control'));
    INSERT INTO starsink.control_log (action, is_paused) VALUES ('resume', false);
    PERFORM starsink.warn_unwatched();
END
$$;
COMMENT ON FUNCTION starsink.resume() IS 'Goes on after starsink.pause().';
