CREATE TABLE IF NOT EXISTS starsink.control_log (
    control_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    changed_by text NOT NULL DEFAULT SESSION_USER,
    action     text NOT NULL CHECK (action IN ('pause', 'resume', 'seek')),
    is_paused  boolean NOT NULL,
    detail     text
);
COMMENT ON TABLE starsink.control_log IS 'Grain: one command of an operator. The last row says whether ingestion is paused; workers re-read everything when there is a new one.';
COMMENT ON COLUMN starsink.control_log.control_id IS 'Order of the commands.';
COMMENT ON COLUMN starsink.control_log.changed_at IS 'When.';
COMMENT ON COLUMN starsink.control_log.changed_by IS 'By which login role.';
COMMENT ON COLUMN starsink.control_log.action IS 'Which command.';
COMMENT ON COLUMN starsink.control_log.is_paused IS 'Whether ingestion is paused after it.';
COMMENT ON COLUMN starsink.control_log.detail IS 'Its arguments.';
GRANT SELECT ON starsink.control_log TO starsink_admin;
