-- Jobs are rows: a name, a schedule, and a function that returns a count. What a job is doing
-- now stands in shared memory; here is what must last, and it is only ever inserted and pruned.
CREATE TABLE IF NOT EXISTS starsink.job (
    name        text COLLATE "C" PRIMARY KEY,
    ordinal     integer NOT NULL,
    schedule    text NOT NULL,
    command     text NOT NULL,
    argument    text,
    depends_on  text[] NOT NULL DEFAULT '{}',
    enabled     boolean NOT NULL DEFAULT true,
    timeout     interval NOT NULL DEFAULT '10 min' CHECK (timeout > '0'),
    description text NOT NULL
);
COMMENT ON TABLE starsink.job IS 'Grain: one job of the steward. starsink.schedule_job, enable_job and disable_job change a row; its command is its owner''s.';
COMMENT ON COLUMN starsink.job.name IS 'Name.';
COMMENT ON COLUMN starsink.job.ordinal IS 'Of several jobs that are due, the lowest runs first.';
COMMENT ON COLUMN starsink.job.schedule IS 'An interval, such as 10 s, or five fields of cron on the clock of starsink.report_time_zone.';
COMMENT ON COLUMN starsink.job.command IS 'Function with its schema; it returns a bigint: how many rows it made or changed.';
COMMENT ON COLUMN starsink.job.argument IS 'Its one argument; NULL: it takes none.';
COMMENT ON COLUMN starsink.job.depends_on IS 'Jobs that must have succeeded, and not be failing, before it runs. A name that is no job holds nothing back.';
COMMENT ON COLUMN starsink.job.enabled IS 'Whether the steward runs it.';
COMMENT ON COLUMN starsink.job.timeout IS 'Longest time a run may take.';
COMMENT ON COLUMN starsink.job.description IS 'What it does.';
GRANT SELECT ON starsink.job TO starsink_admin;

CREATE TABLE IF NOT EXISTS starsink.job_run (
    run_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text COLLATE "C" NOT NULL,
    started_at   timestamptz NOT NULL,
    finished_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    state        text NOT NULL CHECK (state IN ('succeeded', 'failed')),
    rows         bigint,
    message      text,
    error        text,
    triggered_by text NOT NULL
);
CREATE INDEX IF NOT EXISTS job_run_name ON starsink.job_run (name, run_id);
COMMENT ON TABLE starsink.job_run IS 'Grain: one run of a job that did something or failed; of runs that found nothing to do, one a minute at most. The job history keeps it small.';
COMMENT ON COLUMN starsink.job_run.run_id IS 'Order of the runs.';
COMMENT ON COLUMN starsink.job_run.name IS 'Job.';
COMMENT ON COLUMN starsink.job_run.started_at IS 'When it began.';
COMMENT ON COLUMN starsink.job_run.finished_at IS 'When it ended.';
COMMENT ON COLUMN starsink.job_run.state IS 'succeeded or failed.';
COMMENT ON COLUMN starsink.job_run.rows IS 'What it returned.';
COMMENT ON COLUMN starsink.job_run.message IS 'What it did, in words.';
COMMENT ON COLUMN starsink.job_run.error IS 'SQLSTATE and message of its failure.';
COMMENT ON COLUMN starsink.job_run.triggered_by IS 'schedule, retry, or the login role that called starsink.run_job.';

CREATE TABLE IF NOT EXISTS starsink.job_mark (
    mark_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name      text COLLATE "C" NOT NULL,
    mark      text NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
CREATE INDEX IF NOT EXISTS job_mark_name ON starsink.job_mark (name, mark_id);
COMMENT ON TABLE starsink.job_mark IS 'Grain: one time that a job noted how far it has come. The last one of a job counts.';
COMMENT ON COLUMN starsink.job_mark.mark_id IS 'Order of the marks.';
COMMENT ON COLUMN starsink.job_mark.name IS 'Job.';
COMMENT ON COLUMN starsink.job_mark.mark IS 'How far, in the job''s own terms.';
COMMENT ON COLUMN starsink.job_mark.marked_at IS 'When.';

-- What a new version changes comes with it; schedule, enabled and timeout are the operator's from the first day on.
INSERT INTO starsink.job AS j (ordinal, name, schedule, command, argument, depends_on, timeout, description) VALUES
    (5, 'alerts', '5 s', 'starsink_internal.evaluate_alerts', NULL, '{}', '1 min', 'Compares the rules of starsink.alert_rule to what is measured, and tells what changed.'),
    (10, 'partitions', '1 h', 'starsink_internal.make_partitions', NULL, '{}', '1 min', 'Makes the partitions of this and the next month.'),
    (20, 'roll_up_ledger', '10 s', 'starsink_internal.roll_up_ledger', NULL, '{}', '5 min', 'Sums old ledger rows up by minute and by day.'),
    (30, 'fold', '1 s', 'starsink.fold', NULL, '{}', '10 min', 'Folds committed events into sessions, orders, attribution and aggregates.'),
    (35, 'minutes', '2 s', 'starsink_internal.in_portions', 'fold_minutes', '{fold}', '2 min', 'Counts the last half hour by the minute.'),
    (40, 'compact', '10 s', 'starsink_internal.in_portions', 'compact_aggregates', '{fold}', '10 min', 'Puts together what folds added to the days of the aggregates.'),
    (50, 'devices', '1 min', 'starsink_internal.in_portions', 'fold_devices', '{fold}', '2 min', 'Folds first and last time and class of devices out of new sessions.'),
    (60, 'store_domains', '1 min', 'starsink_internal.in_portions', 'settle_store_domains', '{fold}', '2 min', 'Gives stores that only events have named the domain seen most often, and its country.'),
    (70, 'quality', '1 min', 'starsink_internal.in_portions', 'fold_quality', '{fold}', '2 min', 'Counts validation codes by hour.'),
    (80, 'reused_ids', '10 min', 'starsink_internal.find_reused_ids', NULL, '{fold}', '2 min', 'Reports ids that came with two times within a day of each other.'),
    (90, 'exchange_rates', '1 min', 'starsink_internal.refresh_exchange_rates', NULL, '{}', '10 min', 'Loads starsink.exchange_rates_file when it changed.'),
    (95, 'exchange_rates_url', '1 h', 'starsink_internal.fetch_exchange_rates', NULL, '{}', '10 min', 'Loads what starsink.exchange_rates_url answers when that changed.'),
    (100, 'retention', '7 * * * *', 'starsink_internal.drop_old_partitions', NULL, '{fold}', '10 min', 'Drops partitions of events older than starsink.retention, once they are folded.'),
    (110, 'quarantine_cleanup', '17 * * * *', 'starsink_internal.clean_quarantine', NULL, '{}', '10 min', 'Deletes messages in quarantine older than starsink.quarantine_retention.'),
    (120, 'maintenance', '10 min', 'starsink_internal.maintain', NULL, '{}', '30 min', 'Summarises block ranges of indexes and analyzes what changed much.'),
    (130, 'history', '1 h', 'starsink_internal.prune_history', NULL, '{}', '5 min', 'Deletes old rows of the jobs'' own history, and of the alerts''.')
ON CONFLICT (name) DO UPDATE
SET ordinal = EXCLUDED.ordinal, command = EXCLUDED.command, argument = EXCLUDED.argument, depends_on = EXCLUDED.depends_on, description = EXCLUDED.description
WHERE (j.ordinal, j.command, j.argument, j.depends_on, j.description)
      IS DISTINCT FROM (EXCLUDED.ordinal, EXCLUDED.command, EXCLUDED.argument, EXCLUDED.depends_on, EXCLUDED.description);

CREATE OR REPLACE VIEW starsink.job_runs AS
SELECT name, started_at, finished_at, state, rows, message, error, triggered_by FROM starsink.job_run ORDER BY run_id DESC;
COMMENT ON VIEW starsink.job_runs IS 'Runs of jobs that did something or failed, newest first; of those that found nothing to do, one a minute at most.';
GRANT SELECT ON starsink.job_runs TO starsink_admin, starsink_reader;
