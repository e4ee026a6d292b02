-- The writing half of a merge: these functions belong to starsink_worker, run as that role, and read nothing of the
-- caller's but values: from a table that only they can make.
CREATE FUNCTION starsink_internal.merge_stage(dimension text, names text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    target text;
BEGIN
    PERFORM starsink_internal.merge_check_names(dimension, names);
    SELECT t.target INTO target FROM starsink_internal.merge_targets() AS t WHERE t.dimension = dimension;
    EXECUTE format('CREATE TEMP TABLE starsink_merge_rows ON COMMIT DROP AS SELECT %s, NULL::text[] AS codes, NULL::text AS detail, '
        'NULL::text AS payload, NULL::bigint AS line FROM %s AS d WHERE false', starsink_internal.merge_list('d.%I', names, ', '), target);
    -- No other session can see it.
    GRANT SELECT, INSERT, UPDATE, DELETE ON pg_temp.starsink_merge_rows TO PUBLIC;
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_stage(text, text[]) IS 'Makes the table in which a merge hands over the rows that differ.';
GRANT EXECUTE ON FUNCTION starsink_internal.merge_stage(text, text[]) TO starsink_admin;
ALTER FUNCTION starsink_internal.merge_stage(text, text[]) OWNER TO starsink_worker;

CREATE FUNCTION starsink_internal.merge_check_stage() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = to_regclass('pg_temp.starsink_merge_rows') AND c.relkind = 'r'
                   AND c.relowner = 'starsink_worker'::regrole) THEN
        RAISE EXCEPTION 'there is nothing to merge' USING ERRCODE = '55000', HINT = 'Call starsink.merge_product() or its like.';
    END IF;
    ANALYZE pg_temp.starsink_merge_rows;
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_check_stage() IS 'Fails unless the handed-over table is the writer''s own: one of the caller''s could run code as the writer.';
ALTER FUNCTION starsink_internal.merge_check_stage() OWNER TO starsink_worker;

-- Rows that are in quarantine already are not added again.
CREATE FUNCTION starsink_internal.merge_refuse(dimension text, audit_key bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    rejected bigint;
    first    record;
    topic    text := 'merge:' || dimension;
BEGIN
    SELECT count(*) INTO rejected FROM pg_temp.starsink_merge_rows AS r WHERE r.codes IS NOT NULL;
    IF rejected > 0 THEN
        INSERT INTO starsink.quarantine (topic, partition, kafka_offset, payload, codes, detail, stage, audit_key)
        SELECT topic, 0, COALESCE((SELECT max(q.kafka_offset) FROM starsink.quarantine AS q WHERE q.topic = topic AND q.partition = 0), -1) + row_number() OVER (),
               b.payload, b.codes, b.detail, 'merge', audit_key
        FROM (SELECT DISTINCT ON (r.payload) convert_to(r.payload, 'UTF8') AS payload, r.codes, r.detail
              FROM pg_temp.starsink_merge_rows AS r WHERE r.codes IS NOT NULL ORDER BY r.payload) AS b
        WHERE NOT EXISTS (SELECT FROM starsink.quarantine AS q
                          WHERE q.topic = topic AND q.partition = 0 AND q.stage = 'merge' AND md5(q.payload) = md5(b.payload));
        SELECT array_to_string(r.codes, ', ') AS codes, r.detail INTO first
        FROM pg_temp.starsink_merge_rows AS r WHERE r.codes IS NOT NULL ORDER BY r.detail LIMIT 1;
        RAISE NOTICE '% of the rows are rejected, one of them: %: %', rejected, first.codes, first.detail
            USING HINT = format('SELECT codes, detail FROM starsink.quarantine WHERE topic = %L has them all.', topic);
    END IF;
    RETURN rejected;
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_refuse(text, bigint) IS 'Puts the rows that a merge refuses in quarantine; says how many it refuses.';
ALTER FUNCTION starsink_internal.merge_refuse(text, bigint) OWNER TO starsink_worker;

CREATE FUNCTION starsink_internal.merge_note(dimension text, source text, effective timestamptz, started_at timestamptz, audit_key bigint,
    rows_read bigint, inserted bigint, updated bigint, versioned bigint, rejected bigint, rekeyed bigint, digest text) RETURNS starsink.merge_result
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    result starsink.merge_result;
BEGIN
    INSERT INTO starsink.merge_history AS h (audit_key, dimension, source, effective, rows_read, inserted, updated, versioned, unchanged, rejected, rekeyed, started_at, software_version)
    VALUES (audit_key, dimension, source, effective, rows_read, inserted, updated, versioned,
            GREATEST(rows_read - inserted - updated - versioned - rejected, 0), rejected, rekeyed, started_at,
            (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'starsink'))
    RETURNING h.rows_read, h.inserted, h.updated, h.versioned, h.unchanged, h.rejected, h.rekeyed, h.merged_at - h.started_at, h.merge_id INTO result;
    DELETE FROM starsink.merge_digest AS g WHERE g.dimension = dimension;
    IF rejected = 0 THEN
        INSERT INTO starsink.merge_digest (dimension, digest, effective, is_latest)
        VALUES (dimension, digest, effective, NOT EXISTS (SELECT FROM starsink.merge_history AS h
            WHERE h.dimension = dimension AND h.versioned > 0 AND h.effective > effective));
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_note(text, text, timestamptz, timestamptz, bigint, bigint, bigint, bigint, bigint, bigint, bigint, text) IS 'Writes a merge into starsink.merge_history.';
ALTER FUNCTION starsink_internal.merge_note(text, text, timestamptz, timestamptz, bigint, bigint, bigint, bigint, bigint, bigint, bigint, text) OWNER TO starsink_worker;

CREATE FUNCTION starsink_internal.merge_may_repeat(dimension text, effective timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    RETURN EXISTS (SELECT FROM starsink.merge_digest AS g JOIN starsink_internal.merge_targets() AS t ON t.dimension = g.dimension
                   WHERE g.dimension = dimension AND (NOT t.is_versioned OR g.effective = effective OR g.is_latest AND g.effective < effective));
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_may_repeat(text, timestamptz) IS 'Whether a merge with the content of the last one would change nothing.';
GRANT EXECUTE ON FUNCTION starsink_internal.merge_may_repeat(text, timestamptz) TO starsink_admin;
ALTER FUNCTION starsink_internal.merge_may_repeat(text, timestamptz) OWNER TO starsink_worker;

CREATE FUNCTION starsink_internal.merge_repeated(dimension text, effective timestamptz, source text, rows_read bigint, started_at timestamptz, digest text) RETURNS starsink.merge_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    result starsink.merge_result;
BEGIN
    IF EXISTS (SELECT FROM starsink.merge_digest AS g WHERE g.dimension = dimension AND g.digest = digest) THEN
        INSERT INTO starsink.merge_history AS h (audit_key, dimension, source, effective, rows_read, inserted, updated, versioned, unchanged, rejected, rekeyed, started_at, software_version)
        VALUES (nextval('starsink.audit_key'), dimension, source, effective, rows_read, 0, 0, 0, rows_read, 0, 0, started_at,
            (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'starsink'))
        RETURNING h.rows_read, h.inserted, h.updated, h.versioned, h.unchanged, h.rejected, h.rekeyed, h.merged_at - h.started_at, h.merge_id INTO result;
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_repeated(text, timestamptz, text, bigint, timestamptz, text) IS 'Logs a merge whose source is that of the last one; nothing if it is another.';
GRANT EXECUTE ON FUNCTION starsink_internal.merge_repeated(text, timestamptz, text, bigint, timestamptz, text) TO starsink_admin;
ALTER FUNCTION starsink_internal.merge_repeated(text, timestamptz, text, bigint, timestamptz, text) OWNER TO starsink_worker;
