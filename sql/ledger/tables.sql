-- The one ledger: what was received, what became of it, and where each partition stands. Insert-only; a row of
-- kind reset begins an epoch, and the rows of an epoch join end to end: first_offset is the next_offset before it.
CREATE SEQUENCE IF NOT EXISTS starsink.audit_key;
COMMENT ON SEQUENCE starsink.audit_key IS 'Numbers the batches.';

CREATE SEQUENCE IF NOT EXISTS starsink.sql_offset MINVALUE 0;
COMMENT ON SEQUENCE starsink.sql_offset IS 'Numbers the messages of starsink.ingest().';

CREATE TABLE IF NOT EXISTS starsink.ledger (
    audit_key         bigint NOT NULL,
    last_audit_key    bigint NOT NULL,
    batches           bigint NOT NULL DEFAULT 1,
    kind              text NOT NULL CHECK (kind IN ('batch', 'reset', 'redrive', 'sql')),
    rolled_up         text CHECK (rolled_up IN ('minute', 'day')),
    topic             text COLLATE "C" NOT NULL,
    partition         integer NOT NULL,
    epoch             integer NOT NULL,
    first_offset      bigint,
    next_offset       bigint,
    received          bigint NOT NULL DEFAULT 0,
    loaded            bigint NOT NULL DEFAULT 0,
    duplicates        bigint NOT NULL DEFAULT 0,
    dropped           bigint NOT NULL DEFAULT 0,
    quarantined       bigint NOT NULL DEFAULT 0,
    lost              bigint NOT NULL DEFAULT 0,
    topic_id          text COLLATE "C",
    reason            text,
    worker            integer,
    latest_kafka_time timestamptz,
    latency_p50_ms    double precision,
    latency_p99_ms    double precision,
    latency_max_ms    double precision,
    started_at        timestamptz NOT NULL,
    committed_at      timestamptz NOT NULL,
    software_version  text
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0.5);

-- Two owners of one partition would both begin at the same offset: the second fails here and commits nothing.
CREATE UNIQUE INDEX IF NOT EXISTS ledger_position ON starsink.ledger (topic, partition, epoch, first_offset)
    WHERE first_offset IS NOT NULL;
CREATE INDEX IF NOT EXISTS ledger_committed_at ON starsink.ledger (committed_at);
-- Folds ask which batches have committed, and up to which number the ledger no longer lists single batches.
CREATE INDEX IF NOT EXISTS ledger_audit_key ON starsink.ledger (rolled_up, last_audit_key);

CREATE INDEX IF NOT EXISTS ledger_resets ON starsink.ledger (topic, partition, epoch) WHERE kind = 'reset';

COMMENT ON TABLE starsink.ledger IS 'Grain: one batch and partition until rolled up by minute, then day. Offsets, audit, reconciliation, rates and status are all read from it.';
COMMENT ON COLUMN starsink.ledger.audit_key IS 'First batch of the row; fact_event.audit_key lies between this and last_audit_key.';
COMMENT ON COLUMN starsink.ledger.last_audit_key IS 'Last batch of the row.';
COMMENT ON COLUMN starsink.ledger.batches IS 'Number of batches summed up in the row.';
COMMENT ON COLUMN starsink.ledger.kind IS 'batch: messages from Kafka; reset: an epoch begins; redrive: out of quarantine; sql: starsink.ingest and ingest_file.';
COMMENT ON COLUMN starsink.ledger.rolled_up IS 'NULL: one batch; minute or day: the sum of all batches committed in it.';
COMMENT ON COLUMN starsink.ledger.topic IS 'Kafka topic, or the source''s name for kind sql.';
COMMENT ON COLUMN starsink.ledger.partition IS 'Partition of the topic; 0 for kind sql.';
COMMENT ON COLUMN starsink.ledger.epoch IS 'Counts the resets of the partition: its start, seeks, trims, recreated topics.';
COMMENT ON COLUMN starsink.ledger.first_offset IS 'Where the batch began; -1 for kind reset; NULL where no position moves.';
COMMENT ON COLUMN starsink.ledger.next_offset IS 'Where the next batch begins.';
COMMENT ON COLUMN starsink.ledger.received IS 'Messages.';
COMMENT ON COLUMN starsink.ledger.loaded IS 'Rows added to fact_event.';
COMMENT ON COLUMN starsink.ledger.duplicates IS 'Messages with the id, time and payload of a row that is there.';
COMMENT ON COLUMN starsink.ledger.dropped IS 'Messages dropped by rule: tombstones; those that starsink.discard() took out of quarantine.';
COMMENT ON COLUMN starsink.ledger.quarantined IS 'Messages put in quarantine; negative where they left it.';
COMMENT ON COLUMN starsink.ledger.lost IS 'Offsets that were deleted before they were read; at most so many messages.';
COMMENT ON COLUMN starsink.ledger.topic_id IS 'Kafka''s id of the topic, for kind reset.';
COMMENT ON COLUMN starsink.ledger.reason IS 'Why the epoch began, for kind reset; the file for kind sql.';
COMMENT ON COLUMN starsink.ledger.worker IS 'Number of the ingest worker; NULL for SQL.';
COMMENT ON COLUMN starsink.ledger.latest_kafka_time IS 'Timestamp of the last message that has one.';
COMMENT ON COLUMN starsink.ledger.latency_p50_ms IS 'Median over the messages, from the Kafka timestamp to the commit, never below 0; milliseconds. NULL where no message has a timestamp between the year 2000 and an hour from now. [unit: ms]';
COMMENT ON COLUMN starsink.ledger.latency_p99_ms IS 'The same, 99th percentile; of a rolled-up row the highest. [unit: ms]';
COMMENT ON COLUMN starsink.ledger.latency_max_ms IS 'The same, maximum. [unit: ms]';
COMMENT ON COLUMN starsink.ledger.started_at IS 'When the transaction began.';
COMMENT ON COLUMN starsink.ledger.committed_at IS 'Just before the commit.';
COMMENT ON COLUMN starsink.ledger.software_version IS 'Version of starsink that wrote it, of a rolled-up row the last one; NULL before versions were noted.';
GRANT SELECT ON starsink.ledger TO starsink_admin, starsink_reader;
