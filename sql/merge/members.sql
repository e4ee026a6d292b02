-- The writing half for dimensions: members, versions, and the facts that belong to new versions.
CREATE FUNCTION starsink_internal.merge_fill(template text, fragments jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    piece  text[];
    filled text := '';
BEGIN
    -- In one pass, so that a fragment's own text is never searched for names.
    FOR piece IN SELECT m FROM regexp_matches(template, '([^{]+)|[{]([a-z_]+)[}]', 'g') AS m LOOP
        IF piece[1] IS NULL AND fragments->>piece[2] IS NULL THEN
            RAISE EXCEPTION 'a merge has no fragment %', piece[2] USING ERRCODE = 'XX000';
        END IF;
        filled := filled || COALESCE(piece[1], fragments->>piece[2]);
    END LOOP;
    RETURN filled;
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_fill(text, jsonb) IS 'A statement from a template and fragments of SQL, {name} for each.';

CREATE FUNCTION starsink_internal.merge_check_names(dimension text, names text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    known text[] := (SELECT array_agg(c.column_name) FROM starsink_internal.merge_columns() AS c WHERE c.dimension = dimension);
    wrong text;
BEGIN
    IF known IS NULL THEN
        RAISE EXCEPTION 'unknown dimension "%"', dimension USING ERRCODE = '22023',
            HINT = (SELECT 'Known are ' || string_agg(t.dimension, ', ') || '.' FROM starsink_internal.merge_targets() AS t);
    END IF;
    SELECT COALESCE(n, 'NULL') INTO wrong FROM unnest(names) AS n WHERE n IS NULL OR n <> ALL (known) LIMIT 1;
    IF names IS NULL OR wrong IS NOT NULL OR cardinality(names) <> (SELECT count(DISTINCT n) FROM unnest(names) AS n) THEN
        RAISE EXCEPTION 'a merge of % cannot have the columns %', dimension, names USING ERRCODE = '22023',
            HINT = format('It knows %s, each once.', array_to_string(known, ', '));
    END IF;
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_check_names(text, text[]) IS 'Fails unless all of these are columns of the dimension, by starsink_internal.merge_columns(): they become part of statements.';

CREATE FUNCTION starsink_internal.merge_fragments(dimension text, names text[], effective timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $$
#variable_conflict use_variable
DECLARE
    t        record;
    columns  text[];
    keys     text[];
    firsts   text[] := '{}';  -- type 1
    seconds  text[] := '{}';  -- type 2
    mirrored text[] := '{}';  -- type 2 whose current value stands on every version too
    initials text[] := '{}';  -- the source lacks them, and a new member gets them all the same
    initial  text := '';
    carried  text[];          -- a new version has them from the one it is split from
    c        record;
    moment   text := quote_literal(effective) || '::timestamptz';
    second_differs text;
BEGIN
    SELECT * INTO t FROM starsink_internal.merge_targets() AS m WHERE m.dimension = dimension;
    SELECT array_agg(a.attname ORDER BY a.attnum) INTO columns
    FROM pg_attribute AS a WHERE a.attrelid = t.target::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
    FOR c IN SELECT * FROM starsink_internal.merge_columns() AS m WHERE m.dimension = dimension ORDER BY m.ordinal LOOP
        IF c.part = 'key' THEN
            keys := keys || c.column_name;
        ELSIF c.column_name <> ALL (names) THEN
            IF c.if_absent IS NOT NULL THEN
                initials := initials || c.column_name;
                initial := initial || ', ' || c.if_absent;
            END IF;
        ELSIF c.part = 'type 1' THEN
            firsts := firsts || c.column_name;
        ELSE
            seconds := seconds || c.column_name;
            IF 'current_' || c.column_name = ANY (columns) THEN
                mirrored := mirrored || c.column_name;
            END IF;
        END IF;
    END LOOP;
    SELECT array_agg(u.name ORDER BY u.n) INTO carried FROM unnest(columns) WITH ORDINALITY AS u (name, n)
    WHERE u.name <> ALL (keys || seconds || ARRAY[t.surrogate, 'is_inferred', 'valid_from', 'valid_to', 'is_current']);
    second_differs := '(false' || starsink_internal.merge_list(' OR d.%1$I IS DISTINCT FROM r.%1$I', seconds, '') || ')';
    RETURN jsonb_build_object(
        'target', t.target, 'key', quote_ident(t.surrogate), 'effective', moment,
        'sequence', quote_literal(pg_get_serial_sequence(t.target, t.surrogate)),
        'same_member', starsink_internal.merge_list('d.%1$I = r.%1$I', keys, ' AND '),
        'order', starsink_internal.merge_list('r.%I COLLATE "C"', keys, ', '),
        'names', starsink_internal.merge_list('%I', names, ', ') || starsink_internal.merge_list(', %I', initials, '') || starsink_internal.merge_list(', current_%s', mirrored, ''),
        'values', starsink_internal.merge_list('r.%I', names, ', ') || initial || starsink_internal.merge_list(', r.%I', mirrored, ''),
        'plan', starsink_internal.merge_list('r.%I, ', names, ''),
        'first_differs', '(false' || starsink_internal.merge_list(' OR d.%1$I IS DISTINCT FROM r.%1$I', firsts, '') || ')',
        'second_differs', second_differs,
        'set', starsink_internal.merge_list(', %1$I = r.%1$I', firsts, ''),
        'carried', starsink_internal.merge_list('%I, ', keys || seconds || carried, ''),
        'carried_values', starsink_internal.merge_list('r.%I, ', keys || seconds, '') || starsink_internal.merge_list('d.%I, ', carried, ''))
    || CASE WHEN t.is_versioned THEN jsonb_build_object(
        'holds', format('d.valid_from <= %1$s AND d.valid_to > %1$s', moment), 'valid_to', 'd.valid_to',
        'splits', format('NOT d.is_inferred AND %s AND d.valid_from < %s', second_differs, moment),
        'mirrors', 'd.is_current AND (false' || starsink_internal.merge_list(' OR d.current_%1$s IS DISTINCT FROM r.%1$I', mirrored, '') || ')',
        'set_more', starsink_internal.merge_list(format(', %%1$I = CASE WHEN d.%I = r.old_key AND NOT r.is_split THEN r.%%1$I ELSE d.%%1$I END', t.surrogate), seconds, '')
            || starsink_internal.merge_list(', current_%1$s = CASE WHEN r.is_mirrored THEN r.%1$I ELSE d.current_%1$s END', mirrored, '')
            || format(', valid_to = CASE WHEN d.%1$I = r.old_key AND r.is_split THEN %2$s ELSE d.valid_to END'
                      ', is_current = d.is_current AND NOT (d.%1$I = r.old_key AND r.is_split)', t.surrogate, moment))
    ELSE jsonb_build_object('holds', 'true', 'valid_to', 'NULL::timestamptz', 'splits', 'false', 'mirrors', 'false', 'set_more', '') END;
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_fragments(text, text[], timestamptz) IS 'Fragments of SQL about a dimension d, the handed-over rows r and the columns they have.';

CREATE FUNCTION starsink_internal.merge_facts(target regclass) RETURNS TABLE (fact regclass, key_column text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.conrelid::regclass, a.attname::text
    FROM pg_constraint AS k
    JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
    WHERE k.contype = 'f' AND k.confrelid = target AND k.conparentid = 0 AND cardinality(k.conkey) = 1
      AND EXISTS (SELECT FROM pg_attribute AS t WHERE t.attrelid = k.conrelid AND t.attname = 'event_time' AND NOT t.attisdropped)
      -- A table of somebody else's is his own to change, and his triggers are not to run as the writer.
      AND EXISTS (SELECT FROM pg_class AS o WHERE o.oid = k.conrelid AND o.relowner = 'starsink_worker'::regrole)
    ORDER BY 1, 2
$$;
COMMENT ON FUNCTION starsink_internal.merge_facts(regclass) IS 'The facts that refer to a dimension at a time: a foreign key, and a column event_time.';

-- Versions that begin take over the facts of their time. Ingestion holds the lock "starsink.versions" shared from its last
-- look at the versions to its commit: under the exclusive one there is no batch that could still write an old key.
CREATE FUNCTION starsink_internal.merge_rekey(fragments jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rekeyed bigint := 0;
    moved   bigint;
    step    integer;
    latest  timestamptz;
    later   bigint;
    f       record;
BEGIN
    SELECT max(p.valid_to) INTO latest FROM pg_temp.starsink_merge_moved AS p;
    -- Two merges must not move facts at the same time: each would wait for rows of the other.
    PERFORM pg_advisory_xact_lock(hashtext('starsink.rekey'), 0);
    later := starsink_internal.later_audit_key();
    -- Most facts move before ingestion has to wait, those it wrote meanwhile after that.
    FOR step IN 1..2 LOOP
        IF step = 2 THEN
            PERFORM pg_advisory_xact_lock(hashtext('starsink.versions'), 0);
        END IF;
        FOR f IN SELECT * FROM starsink_internal.merge_facts((fragments->>'target')::regclass) LOOP
            EXECUTE starsink_internal.merge_fill('UPDATE {fact} AS f SET {column} = r.new_key FROM pg_temp.starsink_merge_moved AS r '
                'WHERE f.{column} = r.old_key AND f.event_time >= {effective} AND f.event_time < r.valid_to AND f.event_time < {latest}'
                || CASE WHEN step = 2 AND f.fact = 'warehouse.fact_event'::regclass THEN ' AND f.audit_key > ' || later ELSE '' END,
                fragments || jsonb_build_object('fact', f.fact, 'column', quote_ident(f.key_column), 'latest', quote_literal(latest) || '::timestamptz'));
            GET DIAGNOSTICS moved = ROW_COUNT;
            rekeyed := rekeyed + moved;
        END LOOP;
    END LOOP;
    RETURN rekeyed;
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_rekey(jsonb) IS 'Moves facts to the versions that begin; says how many.';
ALTER FUNCTION starsink_internal.merge_rekey(jsonb) OWNER TO starsink_worker;

CREATE FUNCTION starsink_internal.merge_existing(fragments jsonb, OUT updated bigint, OUT versioned bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE starsink_internal.merge_fill('CREATE TEMP TABLE starsink_merge_plan ON COMMIT DROP AS '
        'SELECT p.*, CASE WHEN p.is_split THEN nextval({sequence}) END::integer AS new_key '
        'FROM (SELECT {plan}d.{key} AS old_key, {valid_to} AS valid_to, {splits} AS is_split, {mirrors} AS is_mirrored, {first_differs} AS is_first '
              'FROM pg_temp.starsink_merge_rows AS r JOIN {target} AS d ON {same_member} AND {holds} '
              'WHERE r.codes IS NULL AND d.{key} > 0 AND (d.is_inferred OR {first_differs} OR {second_differs}) ORDER BY {order}) AS p',
        fragments);
    ANALYZE pg_temp.starsink_merge_plan;
    SELECT count(*) - count(p.new_key), count(p.new_key) INTO updated, versioned FROM pg_temp.starsink_merge_plan AS p;
    IF updated + versioned > 0 THEN
        EXECUTE starsink_internal.merge_fill('UPDATE {target} AS d SET is_inferred = d.is_inferred AND d.{key} <> r.old_key{set}{set_more} '
            'FROM pg_temp.starsink_merge_plan AS r WHERE {same_member} AND (d.{key} = r.old_key OR r.is_first OR r.is_mirrored)', fragments);
    END IF;
    IF versioned > 0 THEN
        EXECUTE starsink_internal.merge_fill('INSERT INTO {target} ({key}, {carried}is_inferred, valid_from, valid_to, is_current) '
            'SELECT r.new_key, {carried_values}false, {effective}, r.valid_to, r.valid_to = ''infinity'' '
            'FROM pg_temp.starsink_merge_plan AS r JOIN {target} AS d ON d.{key} = r.old_key WHERE r.is_split ORDER BY {order}', fragments);
        CREATE TEMP TABLE starsink_merge_moved ON COMMIT DROP AS
        SELECT p.old_key, p.new_key, p.valid_to FROM pg_temp.starsink_merge_plan AS p WHERE p.is_split;
        ANALYZE pg_temp.starsink_merge_moved;
    END IF;
    DROP TABLE pg_temp.starsink_merge_plan;
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_existing(jsonb) IS 'Changes the members that are there, judged by the version that holds at the time; notes the versions that were split.';
ALTER FUNCTION starsink_internal.merge_existing(jsonb) OWNER TO starsink_worker;

CREATE FUNCTION starsink_internal.merge_members(dimension text, names text[], effective timestamptz, source text, rows_read bigint, started_at timestamptz, digest text)
RETURNS starsink.merge_result
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET jit = off SET work_mem = '256MB' SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    audit     bigint;
    fragments jsonb;
    inserted  bigint;
    updated   bigint;
    versioned bigint;
    has_late  boolean;
    late      bigint := 0;
    rejected  bigint;
    rekeyed   bigint := 0;
BEGIN
    PERFORM starsink_internal.merge_check_stage();
    PERFORM starsink_internal.merge_check_names(dimension, names);
    IF dimension = 'exchange_rate' OR effective IS NULL OR NOT isfinite(effective) THEN
        RAISE EXCEPTION 'members are merged into a dimension, at a finite time' USING ERRCODE = '22023', HINT = 'Call starsink.merge_product() or its like.';
    END IF;
    audit := nextval('starsink.audit_key');
    fragments := starsink_internal.merge_fragments(dimension, names, effective);
    rejected := starsink_internal.merge_refuse(dimension, audit);
    SELECT e.updated, e.versioned INTO updated, versioned FROM starsink_internal.merge_existing(fragments) AS e;
    -- New members come late, as ingestion waits for one it names too; and in the order in which ingestion inserts, so
    -- that neither waits for the other in a circle.
    EXECUTE starsink_internal.merge_fill('INSERT INTO {target} ({names}, is_inferred) SELECT {values}, false FROM pg_temp.starsink_merge_rows AS r '
        'WHERE r.codes IS NULL AND NOT EXISTS (SELECT FROM {target} AS d WHERE {same_member}) ORDER BY {order} ON CONFLICT DO NOTHING', fragments);
    GET DIAGNOSTICS inserted = ROW_COUNT;
    -- Members that ingestion named since the members were looked up: all rows have one now, so none can follow.
    EXECUTE starsink_internal.merge_fill('SELECT EXISTS (SELECT FROM {target} AS d WHERE d.is_inferred '
        'AND EXISTS (SELECT FROM pg_temp.starsink_merge_rows AS r WHERE {same_member} AND r.codes IS NULL))', fragments) INTO has_late;
    IF has_late THEN
        SELECT e.updated INTO late FROM starsink_internal.merge_existing(fragments) AS e;
    END IF;
    DROP TABLE pg_temp.starsink_merge_rows;
    IF versioned > 0 THEN
        rekeyed := starsink_internal.merge_rekey(fragments);
        DROP TABLE pg_temp.starsink_merge_moved;
    END IF;
    RETURN starsink_internal.merge_note(dimension, source, effective, started_at, audit, rows_read, inserted, updated + late, versioned, rejected, rekeyed, digest);
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_members(text, text[], timestamptz, text, bigint, timestamptz, text) IS 'Writes what a merge handed over into its dimension. Called by starsink.merge_product() and its like.';
GRANT EXECUTE ON FUNCTION starsink_internal.merge_members(text, text[], timestamptz, text, bigint, timestamptz, text) TO starsink_admin;
ALTER FUNCTION starsink_internal.merge_members(text, text[], timestamptz, text, bigint, timestamptz, text) OWNER TO starsink_worker;
