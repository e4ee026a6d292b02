-- Messages that nobody will load: out of quarantine, and in the books among those that were dropped.
CREATE FUNCTION starsink.discard(ids bigint[], note text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    missing bigint;
    gone    bigint;
BEGIN
    IF to_regclass('starsink.quarantine_log') IS NULL THEN
        RAISE EXCEPTION 'this database has no warehouse of this version yet' USING ERRCODE = '55000', HINT = 'Run SELECT starsink.create_warehouse().';
    ELSIF ids IS NULL THEN
        RAISE EXCEPTION 'ids cannot be NULL' USING ERRCODE = '22023',
            HINT = 'Give the quarantine_id of each message, as in SELECT starsink.discard(ARRAY[17, 18], ''why'').';
    END IF;
    -- In one order, so that two of these do not wait for each other.
    PERFORM FROM starsink.quarantine AS q WHERE q.quarantine_id = ANY (ids) ORDER BY q.quarantine_id FOR UPDATE;
    SELECT i INTO missing FROM unnest(ids) AS i
    WHERE NOT EXISTS (SELECT FROM starsink.quarantine AS q WHERE q.quarantine_id = i AND q.state = 'quarantined') ORDER BY i LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'no message % waits in quarantine', COALESCE(missing::text, 'NULL') USING ERRCODE = '22023',
            HINT = 'SELECT quarantine_id, codes, detail FROM starsink.quarantine WHERE state = ''quarantined'' lists those that do.';
    END IF;
    -- As for every batch: first the transaction's id, then a number; one for each topic.
    PERFORM pg_current_xact_id();
    WITH discarded AS (
        UPDATE starsink.quarantine AS q SET state = 'discarded', redriven_at = clock_timestamp()
        WHERE q.quarantine_id = ANY (ids) RETURNING q.quarantine_id, q.topic, q.partition, q.stage
    ), noted AS (
        INSERT INTO starsink.quarantine_log (action, quarantine_id, note)
        SELECT 'discard', d.quarantine_id, note FROM discarded AS d ORDER BY d.quarantine_id
    ), batch AS MATERIALIZED (
        SELECT t.topic, nextval('starsink.audit_key') AS number FROM (SELECT DISTINCT d.topic FROM discarded AS d WHERE d.stage <> 'merge') AS t
    ), booked AS (
        -- They were received and quarantined before: now they only move from one column to the other.
        INSERT INTO starsink.ledger (audit_key, last_audit_key, kind, reason, topic, partition, epoch, received, dropped, quarantined, started_at, committed_at, software_version)
        SELECT b.number, b.number, 'redrive', 'discarded', d.topic, d.partition, 0, 0, count(*), -count(*), statement_timestamp(), clock_timestamp(),
               (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'starsink')
        FROM discarded AS d JOIN batch AS b ON b.topic = d.topic WHERE d.stage <> 'merge' GROUP BY b.number, d.topic, d.partition
    )
    SELECT count(*) INTO gone FROM discarded;
    RETURN gone;
END
$$;
COMMENT ON FUNCTION starsink.discard(bigint[], text) IS 'Takes messages out of quarantine that nobody will load: the books count them as dropped, starsink.quarantine_log says who did it and why. Their bytes stay for starsink.quarantine_retention. Returns how many.';
GRANT EXECUTE ON FUNCTION starsink.discard(bigint[], text) TO starsink_admin;

COMMENT ON FUNCTION starsink.redrive(text, bigint[]) IS 'Tries the messages in quarantine again: all, those with one code, or those with these numbers; what loads leaves it.';
GRANT EXECUTE ON FUNCTION starsink.redrive(text, bigint[]) TO starsink_admin;
COMMENT ON FUNCTION starsink.mend(bigint, text, text) IS 'Puts other bytes in the place of those of a message in quarantine, if they would be loaded; keeps the first ones beside them, and notes who did it and why. starsink.redrive(ids => ...) loads it then.';
GRANT EXECUTE ON FUNCTION starsink.mend(bigint, text, text) TO starsink_admin;
