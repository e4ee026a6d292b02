CREATE FUNCTION starsink.pause() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('starsink.control'));
    INSERT INTO starsink.control_log (action, is_paused) VALUES ('pause', true);
END
$$;
COMMENT ON FUNCTION starsink.pause() IS 'Stops ingestion after the batch under way; offsets stay where they are.';

CREATE FUNCTION starsink.resume() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('starsink.control'));
    INSERT INTO starsink.control_log (action, is_paused) VALUES ('resume', false);
END
$$;
COMMENT ON FUNCTION starsink.resume() IS 'Goes on after starsink.pause().';
