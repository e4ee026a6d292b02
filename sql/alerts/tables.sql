-- Alerts: rules as rows, and the history of what became of them. Insert-only: the newest event of a rule's series is its
-- state.
CREATE TABLE IF NOT EXISTS starsink.alert_rule (
    -- A notification has room for 8,000 bytes.
    name            text COLLATE "C" PRIMARY KEY CHECK (pg_catalog.octet_length(name) <= 200),
    metric          text COLLATE "C" NOT NULL,
    comparison      text NOT NULL CHECK (comparison IN ('>', '>=', '<', '<=')),
    threshold       double precision NOT NULL,
    clear_threshold double precision NOT NULL,
    hold_for        interval NOT NULL DEFAULT '1 minute' CHECK (hold_for >= interval '0'),
    severity        text NOT NULL DEFAULT 'warning' CHECK (severity IN ('info', 'warning', 'critical')),
    enabled         boolean NOT NULL DEFAULT true,
    description     text NOT NULL CHECK (pg_catalog.octet_length(description) <= 1000),
    -- Else an alert would resolve while its threshold is still crossed, and fire again at once.
    CONSTRAINT clear_threshold_lies_on_the_good_side CHECK (
        CASE WHEN comparison IN ('>', '>=') THEN clear_threshold <= threshold ELSE clear_threshold >= threshold END)
);
COMMENT ON TABLE starsink.alert_rule IS 'Grain: one rule of alerting. Change them as you like; to be rid of one that came with starsink, disable it.';
COMMENT ON COLUMN starsink.alert_rule.name IS 'Name of the rule and its alert.';
COMMENT ON COLUMN starsink.alert_rule.metric IS 'A name of starsink.metrics(). Each of its series, such as a partition or a job, is an alert of its own.';
COMMENT ON COLUMN starsink.alert_rule.comparison IS 'How the value compares to the threshold when something is wrong.';
COMMENT ON COLUMN starsink.alert_rule.threshold IS 'Where something is wrong.';
COMMENT ON COLUMN starsink.alert_rule.clear_threshold IS 'A firing alert resolves once the value no longer compares so to this: hysteresis.';
COMMENT ON COLUMN starsink.alert_rule.hold_for IS 'How long the threshold must be crossed, without a break, before the alert fires.';
COMMENT ON COLUMN starsink.alert_rule.severity IS 'info, warning or critical.';
COMMENT ON COLUMN starsink.alert_rule.enabled IS 'Whether the rule is looked at; an alert of a rule that is disabled resolves.';
COMMENT ON COLUMN starsink.alert_rule.description IS 'What it means and what to do, for a person.';
GRANT SELECT ON starsink.alert_rule TO starsink_admin, starsink_reader;
GRANT INSERT, UPDATE, DELETE ON starsink.alert_rule TO starsink_admin;

CREATE TABLE IF NOT EXISTS starsink.alert_event (
    event_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule      text COLLATE "C" NOT NULL,
    state     text NOT NULL CHECK (state IN ('ok', 'pending', 'firing')),
    previous  text NOT NULL CHECK (previous IN ('ok', 'pending', 'firing')),
    at        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    value     double precision,
    threshold double precision NOT NULL,
    severity  text NOT NULL,
    labels    jsonb,
    message   text NOT NULL
);
CREATE INDEX IF NOT EXISTS alert_event_rule ON starsink.alert_event (rule, event_id);
CREATE INDEX IF NOT EXISTS alert_event_at ON starsink.alert_event (at);
COMMENT ON TABLE starsink.alert_event IS 'Grain: one change of an alert''s state. The newest row of a rule and its labels says their state; older ones are its history, kept for 90 days.';
COMMENT ON COLUMN starsink.alert_event.event_id IS 'Order of the changes.';
COMMENT ON COLUMN starsink.alert_event.rule IS 'Name of the rule.';
COMMENT ON COLUMN starsink.alert_event.state IS 'ok, pending (the threshold is crossed, not for long enough yet) or firing.';
COMMENT ON COLUMN starsink.alert_event.previous IS 'State before.';
COMMENT ON COLUMN starsink.alert_event.at IS 'When it changed.';
COMMENT ON COLUMN starsink.alert_event.value IS 'Value of the metric then; NULL where there was none.';
COMMENT ON COLUMN starsink.alert_event.threshold IS 'Threshold that the value was compared to.';
COMMENT ON COLUMN starsink.alert_event.severity IS 'Severity of the rule then.';
COMMENT ON COLUMN starsink.alert_event.labels IS 'Which of the metric''s series it is.';
COMMENT ON COLUMN starsink.alert_event.message IS 'The sentence that the log and the webhook have.';
GRANT SELECT ON starsink.alert_event TO starsink_admin, starsink_reader;

CREATE TABLE IF NOT EXISTS starsink.alert_delivery (
    event_id bigint PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    attempts integer NOT NULL,
    error    text
);
COMMENT ON TABLE starsink.alert_delivery IS 'Grain: an alert that fired or resolved and was sent to starsink.alert_webhook, or given up.';
COMMENT ON COLUMN starsink.alert_delivery.event_id IS 'Which change: starsink.alert_event.';
COMMENT ON COLUMN starsink.alert_delivery.at IS 'When it was received, or given up.';
COMMENT ON COLUMN starsink.alert_delivery.attempts IS 'How often it was sent, since the server''s last start.';
COMMENT ON COLUMN starsink.alert_delivery.error IS 'Why it was given up; NULL when it was received.';
GRANT SELECT ON starsink.alert_delivery TO starsink_admin, starsink_reader;

-- An earlier build kept one state for all series of a rule: what it left open under other labels than the rule's last
-- is over, and was told so then.
DO $$
BEGIN
    IF pg_catalog.to_regclass('starsink.alert_event_series') IS NULL THEN
        WITH last AS (
            SELECT DISTINCT ON (e.rule) e.rule, e.event_id, e.at FROM starsink.alert_event AS e ORDER BY e.rule, e.event_id DESC
        ), closed AS (
            INSERT INTO starsink.alert_event (rule, state, previous, at, threshold, severity, labels, message)
            SELECT o.rule, 'ok', o.state, l.at, o.threshold, o.severity, o.labels, 'closed: an earlier build told its end under other labels'
            FROM starsink_internal.open_alerts() AS o JOIN last AS l ON l.rule = o.rule AND l.event_id <> o.event_id
            RETURNING event_id, previous
        )
        INSERT INTO starsink.alert_delivery (event_id, attempts, error)
        SELECT c.event_id, 0, 'an earlier build told its end under other labels' FROM closed AS c WHERE c.previous = 'firing';
    END IF;
END
$$;
CREATE INDEX IF NOT EXISTS alert_event_series ON starsink.alert_event (rule, labels, event_id);

-- What you changed stays; a rule that a new version brings is added.
INSERT INTO starsink.alert_rule (name, metric, comparison, threshold, clear_threshold, hold_for, severity, description)
VALUES
    ('worker_not_running', 'starsink_partition_running', '<', 1, 1, '30 s', 'critical',
     'Something keeps a worker from consuming: starsink.status has the reason. Messages wait in Kafka meanwhile.'),
    ('paused', 'starsink_partition_paused', '>=', 1, 1, '1 h', 'warning',
     'Ingestion has been paused for long: SELECT starsink.resume() if that is not on purpose.'),
    ('lag_messages', 'starsink_partition_lag_messages', '>', 100000, 10000, '1 min', 'warning',
     'Messages come faster than they are loaded: look at latency and disk, raise starsink.workers.'),
    ('lag_seconds', 'starsink_partition_lag_seconds', '>', 60, 10, '1 min', 'critical',
     'What the warehouse shows is old: look at starsink.status and at what holds the workers up.'),
    ('freshness', 'starsink_topic_freshness_seconds', '>', 900, 60, '1 min', 'warning',
     'Nothing has been committed for a quarter of an hour: the shop is quiet, or the producer or Kafka is down.'),
    ('error_rate', 'starsink_topic_error_rate', '>', 0.05, 0.02, '1 min', 'warning',
     'More than one message in twenty of the last 5 minutes is in quarantine: group starsink.quarantine by code.'),
    ('quality_score', 'starsink_topic_quality_score', '<', 0.95, 0.97, '5 min', 'warning',
     'The share of good messages over the last hour is low: group starsink.quarantine by code, tell the producer.'),
    ('lateness', 'starsink_topic_lateness_p95_seconds', '>', 300, 120, '5 min', 'warning',
     'Events reach Kafka long after they happened: look at the producer, or at its clock.'),
    ('quarantine_growth', 'starsink_topic_quarantine_growth', '>', 1000, 500, '1 min', 'warning',
     'More than a thousand messages came to quarantine in 5 minutes: group starsink.quarantine by code.'),
    ('messages_lost', 'starsink_topic_lost_recently', '>', 0, 0, '0', 'critical',
     'Kafka deleted messages of the last hour''s reading before they were read: its retention is shorter than the outage was.'),
    ('unbalanced_books', 'starsink_topic_difference', '>', 0, 0, '0', 'critical',
     'received is not loaded + duplicates + dropped + quarantined: run SELECT * FROM starsink.verify() and report it.'),
    ('new_members', 'starsink_dimension_new_members', '>', 500000, 200000, '1 min', 'warning',
     'A dimension grows by more than half a million members in 10 minutes: look at the newest rows of the one it names. Robots, or somebody who sends made-up ids, may be at work; their events are loaded all the same.'),
    ('keys_used', 'starsink_dimension_keys_used', '>', 0.8, 0.75, '0', 'critical',
     'A dimension has given four fifths of its 2,147,483,647 keys: find out what makes so many members while there is time. Nothing is loaded once there is no key left.'),
    ('job_failed', 'starsink_job_failed', '>=', 1, 1, '0', 'warning',
     'A job of the steward failed at its last run: starsink.jobs has the error. It is tried again.'),
    ('job_late', 'starsink_job_late_seconds', '>', 3600, 600, '1 min', 'warning',
     'A job has been due, or running, for more than an hour: starsink.jobs and pg_stat_activity say what keeps the steward.'),
    ('fold_age', 'starsink_warehouse_fold_age_seconds', '>', 300, 60, '1 min', 'warning',
     'Events have been waiting for 5 minutes to be folded: reports count them, and take longer. Look at the job fold in starsink.jobs.'),
    ('quarantine_size', 'starsink_topic_quarantine_messages', '>', 100000, 50000, '1 min', 'warning',
     'More than a hundred thousand messages wait in quarantine: mend the cause and SELECT starsink.redrive(), or let starsink.quarantine_retention delete them.'),
    ('rates_age', 'starsink_warehouse_rates_age_days', '>', 5, 5, '0', 'warning',
     'No exchange rate is newer than 5 days; after 7 amounts are no longer converted. Look at the jobs exchange_rates and exchange_rates_url.'),
    ('crawler_idle', 'starsink_warehouse_crawl_idle_seconds', '>', 900, 60, '5 min', 'warning',
     'A page could be fetched for a quarter of an hour and was not: look at the crawler in the server''s log and at starsink.crawl_status.'),
    ('dead_rows', 'starsink_table_dead_share', '>', 0.5, 0.3, '1 h', 'warning',
     'More than half of a table''s rows are dead: autovacuum does not keep up, or an old transaction or a replication slot holds it back.'),
    ('xid_age', 'starsink_server_xid_age', '>', 1000000000, 800000000, '0', 'critical',
     'Transaction ids are half used up since the last freeze: autovacuum is held back. The server stops taking writes once they are.'),
    ('slot_keeps_wal', 'starsink_slot_wal_kept_bytes', '>', 10000000000, 5000000000, '5 min', 'warning',
     'A replication slot keeps more than 10 GB of WAL: its reader is gone or slow. Drop the slot of one that does not come back, before the disk is full.'),
    ('wal_size', 'starsink_server_wal_bytes', '>', 20000000000, 15000000000, '5 min', 'warning',
     'There are more than 20 GB of WAL: a slot, archiving that fails or wal_keep_size keeps it, or checkpoints do not come to an end. Where max_wal_size is as large, raise the threshold.'),
    ('certificate_ends', 'starsink_server_certificate_days', '<', 14, 14, '0', 'warning',
     'The certificate that ssl_cert_file names ends in less than 14 days: replace it and SELECT pg_reload_conf(). Clients that verify it are refused from then on.'),
    ('standby_lag', 'starsink_standby_lag_bytes', '>', 1000000000, 100000000, '1 min', 'warning',
     'A standby is more than 1 GB of WAL behind: look at its log, its disk and the network.'),
    ('archive_failing', 'starsink_server_archive_failing', '>=', 1, 1, '5 min', 'critical',
     'WAL cannot be archived: it stays until the disk is full, and there is no backup of what it holds. Look at the server''s log.')
ON CONFLICT (name) DO NOTHING;
-- How much a disk holds, SQL cannot tell.
INSERT INTO starsink.alert_rule (name, metric, comparison, threshold, clear_threshold, hold_for, severity, enabled, description)
VALUES
    ('warehouse_size', 'starsink_warehouse_bytes', '>', 1000000000000, 950000000000, '0', 'warning', false,
     'The database is larger than you want it to be: shorten starsink.retention, or find it more room.')
ON CONFLICT (name) DO NOTHING;
