-- How far the aggregates are. Insert-only: the newest row counts, older ones are its history.
CREATE TABLE IF NOT EXISTS starsink.fold (
    fold_id     bigint PRIMARY KEY,
    high        bigint NOT NULL,
    gap_low     bigint[] NOT NULL,
    gap_high    bigint[] NOT NULL,
    gap_seen_at bigint[] NOT NULL,
    time_zone   text NOT NULL,
    events      bigint NOT NULL,
    sessions    bigint NOT NULL,
    orders      bigint NOT NULL,
    rows_written bigint NOT NULL,
    ms          double precision NOT NULL,
    folded_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    system_identifier bigint NOT NULL
);
COMMENT ON TABLE starsink.fold IS 'Grain: one fold of committed batches into sessions, orders and aggregates. Its newest row says how far they are.';
COMMENT ON COLUMN starsink.fold.fold_id IS 'Order of the folds.';
COMMENT ON COLUMN starsink.fold.high IS 'Every batch with an audit_key up to this is folded, but for the gaps.';
COMMENT ON COLUMN starsink.fold.gap_low IS 'Batches that had not committed then: first audit_key of each range.';
COMMENT ON COLUMN starsink.fold.gap_high IS 'Last audit_key of each range.';
COMMENT ON COLUMN starsink.fold.gap_seen_at IS 'Transaction id from which on a transaction cannot hold the range: once all before it have ended, what is missing will never come. Of the cluster of system_identifier; in another one, as after a restored dump, nobody holds it.';
COMMENT ON COLUMN starsink.fold.time_zone IS 'Zone that days and hours are cut in.';
COMMENT ON COLUMN starsink.fold.events IS 'Events folded. [unit: events]';
COMMENT ON COLUMN starsink.fold.sessions IS 'Sessions made or changed. [unit: sessions]';
COMMENT ON COLUMN starsink.fold.orders IS 'Orders made or changed. [unit: orders]';
COMMENT ON COLUMN starsink.fold.rows_written IS 'Rows of aggregates. [unit: rows]';
COMMENT ON COLUMN starsink.fold.ms IS 'Duration. [unit: ms]';
COMMENT ON COLUMN starsink.fold.folded_at IS 'When.';
COMMENT ON COLUMN starsink.fold.system_identifier IS 'Cluster that folded: system_identifier of pg_control_system().';
GRANT SELECT ON starsink.fold TO starsink_admin, starsink_reader;

CREATE TABLE IF NOT EXISTS starsink.fold_day (
    fold_id bigint NOT NULL,
    day     date NOT NULL,
    folds   bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE starsink.fold_day IS 'Grain: rows of the aggregates of a day that one fold wrote, or one compaction of what several had written.';
COMMENT ON COLUMN starsink.fold_day.fold_id IS 'The fold; of a compaction, the newest of its folds.';
COMMENT ON COLUMN starsink.fold_day.day IS 'Day.';
COMMENT ON COLUMN starsink.fold_day.folds IS 'Folds that the rows stand for. [unit: folds]';
