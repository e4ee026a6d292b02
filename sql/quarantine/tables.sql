-- What could not be loaded, as it came.

CREATE TABLE IF NOT EXISTS starsink.quarantine (
    quarantine_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic          text COLLATE "C" NOT NULL,
    partition      integer NOT NULL,
    kafka_offset   bigint NOT NULL,
    kafka_time     timestamptz,
    key            bytea,
    payload        bytea,
    codes          text[] NOT NULL,
    detail         text NOT NULL,
    stage          text NOT NULL CHECK (stage IN ('decode', 'load', 'merge')),
    state          text NOT NULL DEFAULT 'quarantined' CHECK (state IN ('quarantined', 'redriven', 'discarded')),
    attempts       integer NOT NULL DEFAULT 0,
    audit_key      bigint NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    redriven_at    timestamptz,
    original_payload bytea
);
GRANT SELECT ON starsink.quarantine TO starsink_admin;

-- What an earlier build laid out knows no discarded messages, and no mended ones.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_constraint AS c WHERE c.conrelid = 'starsink.quarantine'::pg_catalog.regclass AND c.conname = 'quarantine_state_check'
               AND pg_catalog.strpos(pg_catalog.pg_get_constraintdef(c.oid), 'discarded') = 0) THEN
        ALTER TABLE starsink.quarantine DROP CONSTRAINT quarantine_state_check,
            ADD CONSTRAINT quarantine_state_check CHECK (state IN ('quarantined', 'redriven', 'discarded'));
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = pg_catalog.to_regclass('starsink.quarantine_message')
               AND pg_catalog.strpos(pg_catalog.pg_get_indexdef(c.oid), 'original_payload') = 0) THEN
        DROP INDEX starsink.quarantine_message;
    END IF;
END
$$;
-- A message that is read again, as after a seek, is in quarantine once, as it came.
CREATE UNIQUE INDEX IF NOT EXISTS quarantine_message ON starsink.quarantine (topic, partition, kafka_offset, pg_catalog.md5(COALESCE(original_payload, payload)));
CREATE INDEX IF NOT EXISTS quarantine_waiting ON starsink.quarantine (quarantine_id) WHERE state = 'quarantined';

COMMENT ON TABLE starsink.quarantine IS 'Grain: one message, or row of a merge, that could not be loaded, with its bytes and the reasons. starsink.redrive() tries messages again after a mend; rows are merged again.';
COMMENT ON COLUMN starsink.quarantine.quarantine_id IS 'Order of arrival.';
COMMENT ON COLUMN starsink.quarantine.topic IS 'Kafka topic, or the source''s name for SQL ingestion; merge:product and so on for rows of merges.';
COMMENT ON COLUMN starsink.quarantine.partition IS 'Partition.';
COMMENT ON COLUMN starsink.quarantine.kafka_offset IS 'Offset; the line number for ingest_file; the order of arrival for merges.';
COMMENT ON COLUMN starsink.quarantine.kafka_time IS 'Timestamp of the message; NULL where it has none, or none between the year 2000 and an hour from its arrival.';
COMMENT ON COLUMN starsink.quarantine.key IS 'Key of the message as it came.';
COMMENT ON COLUMN starsink.quarantine.payload IS 'The message as it came, or as starsink.mend() left it; the row as JSON for merges. May hold personal data.';
COMMENT ON COLUMN starsink.quarantine.codes IS 'Validation codes; starsink.codes explains each.';
COMMENT ON COLUMN starsink.quarantine.detail IS 'A sentence for a person.';
COMMENT ON COLUMN starsink.quarantine.stage IS 'decode: the message is at fault; load: the table refused the row; merge: a merge refused it.';
COMMENT ON COLUMN starsink.quarantine.state IS 'quarantined; redriven: it was loaded; discarded: starsink.discard() took it out, starsink.quarantine_log says who.';
COMMENT ON COLUMN starsink.quarantine.attempts IS 'How often it was redriven in vain.';
COMMENT ON COLUMN starsink.quarantine.audit_key IS 'Batch that put it here.';
COMMENT ON COLUMN starsink.quarantine.quarantined_at IS 'When it came here.';
COMMENT ON COLUMN starsink.quarantine.redriven_at IS 'When it left.';
COMMENT ON COLUMN starsink.quarantine.original_payload IS 'The message as it came, where starsink.mend() changed it. May hold personal data.';

CREATE TABLE IF NOT EXISTS starsink.quarantine_log (
    log_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    changed_by    text NOT NULL DEFAULT SESSION_USER,
    action        text NOT NULL CHECK (action IN ('mend', 'discard')),
    quarantine_id bigint NOT NULL,
    note          text
);
COMMENT ON TABLE starsink.quarantine_log IS 'Grain: one message in quarantine that somebody mended or discarded. Stays when the message is gone.';
COMMENT ON COLUMN starsink.quarantine_log.log_id IS 'Order of the changes.';
COMMENT ON COLUMN starsink.quarantine_log.changed_at IS 'When.';
COMMENT ON COLUMN starsink.quarantine_log.changed_by IS 'By which login role.';
COMMENT ON COLUMN starsink.quarantine_log.action IS 'mend: other bytes took the place of the message''s; discard: it was taken out without being loaded.';
COMMENT ON COLUMN starsink.quarantine_log.quarantine_id IS 'The message, in starsink.quarantine as long as it is kept there.';
COMMENT ON COLUMN starsink.quarantine_log.note IS 'Why, in the words of who did it.';
GRANT SELECT ON starsink.quarantine_log TO starsink_admin;
