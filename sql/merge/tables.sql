-- What merges changed. A merge that makes versions moves facts from one surrogate key to another: whoever remembers
-- keys by time forgets them when the greatest merge_id that has versioned > 0 is another one than before.
CREATE TABLE IF NOT EXISTS starsink.merge_history (
    merge_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    audit_key  bigint NOT NULL,
    dimension  text COLLATE "C" NOT NULL,
    source     text NOT NULL,
    effective  timestamptz NOT NULL,
    rows_read  bigint NOT NULL,
    inserted   bigint NOT NULL,
    updated    bigint NOT NULL,
    versioned  bigint NOT NULL,
    unchanged  bigint NOT NULL,
    rejected   bigint NOT NULL,
    rekeyed    bigint NOT NULL,
    started_at timestamptz NOT NULL,
    merged_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    merged_by  text NOT NULL DEFAULT SESSION_USER,
    software_version text
);
CREATE INDEX IF NOT EXISTS merge_history_versions ON starsink.merge_history (merge_id) WHERE versioned > 0;
COMMENT ON TABLE starsink.merge_history IS 'Grain: one merge into a dimension or the exchange rates. rows_read = inserted + updated + versioned + unchanged + rejected.';
COMMENT ON COLUMN starsink.merge_history.merge_id IS 'Order of the merges; of those that made versions, also the order of their commits.';
COMMENT ON COLUMN starsink.merge_history.audit_key IS 'Its number among all batches; quarantine.audit_key of the rows it refused.';
COMMENT ON COLUMN starsink.merge_history.dimension IS 'What was merged: product, customer, store, currency, alloy_option, diamond_option, geography or exchange_rate.';
COMMENT ON COLUMN starsink.merge_history.source IS 'Table or view that was read.';
COMMENT ON COLUMN starsink.merge_history.effective IS 'From when the source''s content holds; bears on type-2 attributes only.';
COMMENT ON COLUMN starsink.merge_history.rows_read IS 'Rows of the source.';
COMMENT ON COLUMN starsink.merge_history.inserted IS 'Rows that brought a new member.';
COMMENT ON COLUMN starsink.merge_history.updated IS 'Rows that changed a member in place: type-1 attributes, an inferred member completed, the version of this very time corrected.';
COMMENT ON COLUMN starsink.merge_history.versioned IS 'Rows that made a new version of a member, whatever else they changed.';
COMMENT ON COLUMN starsink.merge_history.unchanged IS 'Rows that said nothing new, repetitions within the source among them.';
COMMENT ON COLUMN starsink.merge_history.rejected IS 'Rows put in quarantine, or there already.';
COMMENT ON COLUMN starsink.merge_history.rekeyed IS 'Facts that moved to a new version by their time, over all fact tables.';
COMMENT ON COLUMN starsink.merge_history.started_at IS 'When it began.';
COMMENT ON COLUMN starsink.merge_history.merged_at IS 'Just before the function returned; its transaction commits later.';
COMMENT ON COLUMN starsink.merge_history.merged_by IS 'Which login role.';
COMMENT ON COLUMN starsink.merge_history.software_version IS 'Version of starsink that merged; NULL before versions were noted.';
GRANT SELECT ON starsink.merge_history TO starsink_admin, starsink_reader;

CREATE TABLE IF NOT EXISTS starsink.merge_digest (
    dimension text COLLATE "C" PRIMARY KEY,
    digest    text NOT NULL,
    effective timestamptz NOT NULL,
    is_latest boolean NOT NULL
);
COMMENT ON TABLE starsink.merge_digest IS 'Grain: one dimension whose last merge refused nothing, while nobody has changed its members since: the same source again has nothing to say, and need not be compared.';
COMMENT ON COLUMN starsink.merge_digest.dimension IS 'What was merged.';
COMMENT ON COLUMN starsink.merge_digest.digest IS 'Columns, number of rows and sum of the rows'' 64-bit hashes.';
COMMENT ON COLUMN starsink.merge_digest.effective IS 'From when the content holds.';
COMMENT ON COLUMN starsink.merge_digest.is_latest IS 'No version begins later: the content is that of the current versions.';

-- Ingestion only inserts, and members that it infers are in no source that was merged: this costs it nothing.
CREATE OR REPLACE FUNCTION starsink_internal.merge_forget_digest() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM starsink.merge_digest WHERE dimension = TG_ARGV[0];
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_forget_digest() IS 'Makes the next merge compare everything, after members were changed or deleted.';
ALTER FUNCTION starsink_internal.merge_forget_digest() OWNER TO starsink_worker;
REVOKE ALL ON FUNCTION starsink_internal.merge_forget_digest() FROM PUBLIC;

DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT t.name, t.dimension
        FROM (SELECT CASE m.dimension WHEN 'exchange_rate' THEN 'fact_exchange_rate' ELSE 'dim_' || m.dimension END AS name, m.dimension
              FROM starsink_internal.merge_targets() AS m) AS t
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS g WHERE g.tgname = 'merge_forget_digest'
                          AND g.tgrelid = ('warehouse.' || t.name)::pg_catalog.regclass)
    LOOP
        EXECUTE pg_catalog.format('CREATE TRIGGER merge_forget_digest AFTER UPDATE OR DELETE OR TRUNCATE ON warehouse.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION starsink_internal.merge_forget_digest(%L)', item.name, item.dimension);
        EXECUTE pg_catalog.format('ALTER TABLE warehouse.%I ENABLE ALWAYS TRIGGER merge_forget_digest', item.name);
    END LOOP;
END
$$;

CREATE OR REPLACE VIEW starsink.merge_log AS
SELECT merge_id, merged_at, dimension, source, effective, rows_read, inserted, updated, versioned, unchanged, rejected, rekeyed,
       merged_at - started_at AS duration, merged_by, audit_key
FROM starsink.merge_history;
COMMENT ON VIEW starsink.merge_log IS 'One row per merge: what it read, what it changed, how long it took, and who asked.';
COMMENT ON COLUMN starsink.merge_log.merge_id IS 'Order of the merges.';
COMMENT ON COLUMN starsink.merge_log.merged_at IS 'When it was done.';
COMMENT ON COLUMN starsink.merge_log.dimension IS 'What was merged.';
COMMENT ON COLUMN starsink.merge_log.source IS 'Table or view that was read.';
COMMENT ON COLUMN starsink.merge_log.effective IS 'From when the content holds.';
COMMENT ON COLUMN starsink.merge_log.rows_read IS 'Rows of the source: the sum of the five columns after it.';
COMMENT ON COLUMN starsink.merge_log.inserted IS 'New members.';
COMMENT ON COLUMN starsink.merge_log.updated IS 'Members changed in place.';
COMMENT ON COLUMN starsink.merge_log.versioned IS 'Members that got a new version.';
COMMENT ON COLUMN starsink.merge_log.unchanged IS 'Rows that said nothing new.';
COMMENT ON COLUMN starsink.merge_log.rejected IS 'Rows in quarantine, stage merge.';
COMMENT ON COLUMN starsink.merge_log.rekeyed IS 'Facts moved to a new version by their time.';
COMMENT ON COLUMN starsink.merge_log.duration IS 'How long it took.';
COMMENT ON COLUMN starsink.merge_log.merged_by IS 'Which login role asked.';
COMMENT ON COLUMN starsink.merge_log.audit_key IS 'Its number in starsink.audit_log.';
GRANT SELECT ON starsink.merge_log TO starsink_admin, starsink_reader;
