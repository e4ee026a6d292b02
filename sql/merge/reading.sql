-- The reading half of a merge: it runs with the rights of the caller, and so does whatever stands behind a view that the
-- caller names. So the parts of the engine are operators', too; those that write take no name that merge_columns() does
-- not know, and no rows but from a table that only they can make. This half finds the rows that differ, judges them, and
-- hands them over in that table.
CREATE TYPE starsink.merge_result AS (
    rows_read bigint, inserted bigint, updated bigint, versioned bigint, unchanged bigint, rejected bigint, rekeyed bigint,
    duration interval, merge_id bigint);
COMMENT ON TYPE starsink.merge_result IS 'What a merge did: starsink.merge_log explains each.';

CREATE FUNCTION starsink_internal.merge_list(template text, names text[], separator text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT COALESCE(string_agg(format(template, n), separator ORDER BY ord), '') FROM unnest(names) WITH ORDINALITY AS u (n, ord)
$$;
COMMENT ON FUNCTION starsink_internal.merge_list(text, text[], text) IS 'Names put into a template of format(), joined.';
GRANT EXECUTE ON FUNCTION starsink_internal.merge_list(text, text[], text) TO starsink_admin;

CREATE FUNCTION starsink_internal.merge_judgement(dimension text, names text[], raw text[], types text[], input text, document text, documents_all boolean) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    cleaned text;
    judged  text;
    chosen  text;
    missing text;
    bad_key text;
    bad     text;
    detail  text;
    rule_of_row text;
    meaning text;
    keys_ok text;
    all_ok  text;
    key     text;
BEGIN
    SELECT string_agg(format('%s AS v%s', format(r.clean, format('(%s)', u.raw)), u.n), ', '),
           string_agg(format(CASE WHEN c.part = 'key' OR c.rule = 'rate' THEN 'COALESCE(%2$s, false) AS ok%1$s' ELSE 'COALESCE(%2$s, true) AS ok%1$s' END,
                             u.n, format(r.good, 'v' || u.n)), ', '),
           string_agg(format('CASE WHEN ok%1$s THEN v%1$s::%2$s END', u.n, CASE u.type WHEN 'smallint' THEN 'numeric::smallint' ELSE u.type END), ', ' ORDER BY u.n),
           string_agg(format('v%s IS NULL', u.n), ' OR ') FILTER (WHERE c.part = 'key'),
           string_agg(format('v%1$s IS NOT NULL AND NOT ok%1$s', u.n), ' OR ') FILTER (WHERE c.part = 'key'),
           string_agg(format('NOT ok%s', u.n), ' OR ') FILTER (WHERE c.part <> 'key'),
           string_agg(format('CASE WHEN NOT ok%1$s THEN CASE WHEN v%1$s IS NULL THEN %2$L ELSE %3$L END END', u.n, u.name || ' is missing', u.name || ' is not ' || r.meaning), ', ' ORDER BY u.n),
           string_agg(format('ok%s', u.n), ' AND ') FILTER (WHERE c.part = 'key'), string_agg(format('ok%s', u.n), ' AND '),
           format('SELECT %s', string_agg(format('v%s AS %I', u.n, u.name), ', ') FILTER (WHERE c.part = 'key')),
           string_agg(format('%L || NULLIF(left(v%s, 100), '''')', u.name || ' ', u.n), ', ' ORDER BY u.n) FILTER (WHERE c.part = 'key')
    INTO cleaned, judged, chosen, missing, bad_key, bad, detail, keys_ok, all_ok, rule_of_row, key
    FROM unnest(names, raw, types) WITH ORDINALITY AS u (name, raw, type, n)
    JOIN starsink_internal.merge_columns() AS c ON c.dimension = dimension AND c.column_name = u.name
    JOIN starsink_internal.merge_rules() AS r ON r.rule = c.rule;
    SELECT format('CASE WHEN %s THEN NOT (SELECT %s FROM (%s) AS key) ELSE false END', keys_ok, t.row_rule, rule_of_row), t.row_meaning
    INTO rule_of_row, meaning FROM starsink_internal.merge_targets() AS t WHERE t.dimension = dimension AND t.row_rule IS NOT NULL;
    IF meaning IS NOT NULL THEN
        bad_key := bad_key || ' OR ' || rule_of_row;
        all_ok := all_ok || ' AND NOT ' || rule_of_row;
        detail := format('%s, CASE WHEN %s THEN %L END', detail, rule_of_row, meaning);
    END IF;
    -- OFFSET 0 keeps the planner from writing each expression out wherever it is used.
    RETURN format('SELECT %s, codes, CASE WHEN codes IS NOT NULL THEN concat_ws('': '', NULLIF(concat_ws('', '', %s), ''''), concat_ws(''; '', %s)) END, CASE WHEN %s THEN %s::text END '
        'FROM (SELECT *, CASE WHEN %s THEN NULL ELSE array_remove(ARRAY[CASE WHEN %s THEN ''MERGE_KEY_MISSING'' END, CASE WHEN %s THEN ''MERGE_KEY_INVALID'' END, '
        'CASE WHEN %s THEN ''MERGE_VALUE_INVALID'' END], NULL) END AS codes FROM (SELECT *, %s FROM (SELECT *, %s FROM %s OFFSET 0) AS a OFFSET 0) AS b OFFSET 0) AS c',
        chosen, key, detail, CASE WHEN documents_all THEN 'true' ELSE 'codes IS NOT NULL' END, document, all_ok, missing, bad_key, COALESCE(bad, 'false'), judged, cleaned, input);
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_judgement(text, text[], text[], text[], text, text, boolean) IS 'The query that turns a source''s texts into typed rows: names of the columns, texts and types for each, where from, the row as a document.';
GRANT EXECUTE ON FUNCTION starsink_internal.merge_judgement(text, text[], text[], text[], text, text, boolean) TO starsink_admin;

CREATE FUNCTION starsink.merge_dimension(dimension text, source regclass, effective timestamptz) RETURNS starsink.merge_result
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET jit = off
SET work_mem = '24MB' SET parallel_tuple_cost = 0.01 SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_variable
DECLARE
    started_at timestamptz := clock_timestamp();
    target     text;
    surrogate  text;
    versioned  boolean;
    there      text[];
    there_type oid[];
    known      text[];
    wanting    text[];
    needed     text[];
    names      text[];
    keys       text[];
    texts      text[];
    raw        text[];
    types      text[];
    joins      text;
    differs    text;
    document   text;
    summary    text;
    digest     text;
    rows_read  bigint;
    has_rows   boolean;
    result     starsink.merge_result;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a merge cannot run in a transaction that is %', current_setting('transaction_isolation')
            USING ERRCODE = '25001', HINT = 'Run it in a transaction of READ COMMITTED: it has to see what ingestion commits meanwhile.';
    ELSIF to_regclass('starsink.merge_history') IS NULL THEN
        RAISE EXCEPTION 'this database has no warehouse yet' USING ERRCODE = '55000', HINT = 'Run SELECT starsink.create_warehouse().';
    ELSIF source IS NULL OR effective IS NULL OR NOT isfinite(effective) THEN
        RAISE EXCEPTION 'a merge needs a source and a finite time' USING ERRCODE = '22023',
            HINT = format('As in SELECT * FROM starsink.merge_%s(''my_schema.my_table'', now()).', dimension);
    ELSIF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = source AND c.relkind IN ('r', 'p', 'v', 'm', 'f')) THEN
        RAISE EXCEPTION '% is not a table or view', source USING ERRCODE = '42809', HINT = 'Give a table, a temporary one or a foreign one too, or a view.';
    END IF;
    SELECT t.target, t.surrogate, t.is_versioned INTO target, surrogate, versioned FROM starsink_internal.merge_targets() AS t WHERE t.dimension = dimension;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'unknown dimension "%"', dimension USING ERRCODE = '22023',
            HINT = (SELECT 'Known are ' || string_agg(t.dimension, ', ') || '.' FROM starsink_internal.merge_targets() AS t);
    END IF;

    -- What the source has, beside what is known.
    SELECT COALESCE(array_agg(a.attname::text ORDER BY a.attnum), '{}'), array_agg(a.atttypid ORDER BY a.attnum) INTO there, there_type
    FROM pg_attribute AS a WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped;
    SELECT array_agg(c.column_name ORDER BY c.ordinal),
           array_agg(c.column_name ORDER BY c.ordinal) FILTER (WHERE c.is_needed AND c.column_name <> ALL (there) AND COALESCE(c.if_absent <> ALL (there), true)),
           array_agg(c.column_name ORDER BY c.ordinal) FILTER (WHERE c.part = 'key' OR c.column_name = ANY (there)),
           array_agg(c.column_name ORDER BY c.ordinal) FILTER (WHERE c.part = 'key'),
           array_agg(c.column_name ORDER BY c.ordinal) FILTER (WHERE c.is_needed)
    INTO known, wanting, names, keys, needed
    FROM (SELECT *, c.part = 'key' AND COALESCE(c.if_absent NOT LIKE '''%', true) OR c.rule = 'rate' AS is_needed FROM starsink_internal.merge_columns() AS c) AS c
    WHERE c.dimension = dimension;
    IF NOT there <@ known OR wanting IS NOT NULL THEN
        RAISE EXCEPTION '% %', source, CASE WHEN wanting IS NOT NULL THEN 'lacks ' || array_to_string(wanting, ', ')
                ELSE 'has columns that are not known: ' || (SELECT string_agg(c, ', ') FROM unnest(there) AS c WHERE c <> ALL (known)) END
            USING ERRCODE = '42703', HINT = format('A merge of %s needs %s and knows %s.', dimension,
                array_to_string(needed, ', '), array_to_string(known, ', '));
    ELSIF 'email' = ANY (names) AND dimension = 'customer' AND COALESCE(current_setting('starsink.keep_email', true), '') <> 'full' THEN
        RAISE EXCEPTION 'addresses are not kept here' USING ERRCODE = '55000',
            HINT = 'Leave the column email out, or set starsink.keep_email = full.';
    END IF;

    -- One merge of a dimension at a time; the statements after this see what the one before committed.
    PERFORM pg_advisory_xact_lock(hashtext('starsink.merge'), hashtext(dimension));
    SELECT array_agg(format('s.%I::text COLLATE "C" AS r%s', c, n) ORDER BY n), format('json_build_object(%s)', string_agg(format('%L, r%s', c, n), ', ' ORDER BY n)),
           format('SELECT count(*), %L || count(*) || '' '' || COALESCE(sum(%s(%s, 0)), 0) FROM %s AS s', format('%s %s ', there, there_type),
               CASE WHEN current_setting('server_version_num')::integer < 140000 THEN 'hashtextextended' ELSE 'hash_record_extended' END,
               format(CASE WHEN current_setting('server_version_num')::integer < 140000 THEN 'ROW(%s)::text' ELSE 'ROW(%s)' END,
                   string_agg(format('s.%I::text', c), ', ' ORDER BY n)), source)
    INTO texts, document, summary FROM unnest(there) WITH ORDINALITY AS u (c, n);
    IF starsink_internal.merge_may_repeat(dimension, effective) THEN
        EXECUTE summary INTO rows_read, digest;
        result := starsink_internal.merge_repeated(dimension, effective, source::text, rows_read, started_at, digest);
        IF result.merge_id IS NOT NULL THEN
            RETURN result;
        END IF;
    END IF;
    PERFORM starsink_internal.merge_stage(dimension, names);

    -- How each column compares: by its own type where the source has that, else as text.
    WITH u AS (
        SELECT n.name, n.ord, c.part, t.type, p.place, COALESCE(p.place, i.place) AS source_place, c.if_absent,
               t.type <> 'text' AND (format_type(s.oid, NULL) = t.type OR t.type = 'numeric' AND s.oid IN (20, 21, 23, 1700)) AS is_native
        FROM unnest(names) WITH ORDINALITY AS n (name, ord)
        JOIN starsink_internal.merge_columns() AS c ON c.dimension = dimension AND c.column_name = n.name
        CROSS JOIN LATERAL (SELECT format_type(a.atttypid, NULL) AS type FROM pg_attribute AS a
                            WHERE a.attrelid = 'pg_temp.starsink_merge_rows'::regclass AND a.attname = n.name) AS t
        CROSS JOIN LATERAL (SELECT array_position(there, n.name) AS place) AS p
        CROSS JOIN LATERAL (SELECT array_position(there, c.if_absent) AS place) AS i
        LEFT JOIN pg_type AS s ON s.oid = there_type[COALESCE(p.place, i.place)]
    ), v AS (
        SELECT u.*, COALESCE('r' || u.source_place, u.if_absent) AS raw,
               CASE WHEN u.is_native THEN format('s.%I', there[u.source_place])
                    WHEN u.source_place IS NULL THEN u.if_absent ELSE format('s.%I::text COLLATE "C"', there[u.source_place]) END AS mine,
               CASE WHEN u.is_native OR u.type = 'text' THEN format('d.%I', u.name)
                    WHEN u.type = 'numeric' THEN format('trim_scale(d.%I)::text COLLATE "C"', u.name) ELSE format('d.%I::text COLLATE "C"', u.name) END AS theirs
        FROM u
    )
    SELECT array_agg(v.raw ORDER BY v.ord), array_agg(v.type ORDER BY v.ord),
           string_agg(format('%s = %s', v.theirs, v.mine), ' AND ' ORDER BY v.ord) FILTER (WHERE v.part = 'key'),
           COALESCE(string_agg(format(' OR %s IS DISTINCT FROM %s', v.theirs, v.mine), '' ORDER BY v.ord) FILTER (WHERE v.part <> 'key'), '')
    INTO raw, types, joins, differs FROM v;
    IF versioned THEN
        joins := format('%s AND d.valid_from <= %L AND d.valid_to > %2$L', joins, effective);
    END IF;
    -- One hash join over everything, in parallel where the source is no temporary table. work_mem is small on purpose:
    -- a hash table that fits the processor's cache, in batches, is quicker than one of hundreds of megabytes.
    EXECUTE format('CREATE TEMP TABLE starsink_merge_found ON COMMIT DROP AS SELECT %s, NULL::bigint AS total, NULL::text AS digest '
        'FROM %s AS s LEFT JOIN %s AS d ON %s WHERE d.%I IS NULL OR d.%5$I < 0 OR d.is_inferred%s UNION ALL SELECT %s, t.* FROM (%s) AS t',
        array_to_string(texts, ', '), source, target, joins, surrogate, differs, array_to_string(array_fill('NULL'::text, ARRAY[cardinality(texts)]), ', '), summary);
    EXECUTE 'SELECT f.total, f.digest, EXISTS (SELECT FROM pg_temp.starsink_merge_found AS o WHERE o.total IS NULL) '
        'FROM pg_temp.starsink_merge_found AS f WHERE f.total IS NOT NULL' INTO rows_read, digest, has_rows;
    IF has_rows THEN
        EXECUTE 'INSERT INTO pg_temp.starsink_merge_rows ' || starsink_internal.merge_judgement(dimension, names, raw, types,
            '(SELECT * FROM pg_temp.starsink_merge_found WHERE total IS NULL) AS f', document, false);
        PERFORM starsink_internal.merge_repetitions(dimension, names, keys, raw, types,
            format('(SELECT %s FROM %s AS s) AS f', array_to_string(texts, ', '), source), document);
    END IF;
    DROP TABLE pg_temp.starsink_merge_found;
    IF dimension = 'exchange_rate' THEN
        result := starsink_internal.merge_rates(names, effective, source::text, rows_read, started_at, digest);
    ELSE
        result := starsink_internal.merge_members(dimension, names, effective, source::text, rows_read, started_at, digest);
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION starsink.merge_dimension(text, regclass, timestamptz) IS 'The engine behind starsink.merge_product() and its like.';
GRANT EXECUTE ON FUNCTION starsink.merge_dimension(text, regclass, timestamptz) TO starsink_admin;

CREATE FUNCTION starsink_internal.merge_repetitions(dimension text, names text[], keys text[], raw text[], types text[], input text, document text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    cleaned text;
    matches text := starsink_internal.merge_list('m.%1$I::text COLLATE "C" = f.%1$I', keys, ' AND ');
    same    text := starsink_internal.merge_list('m.%1$I = f.%1$I', keys, ' AND ');
    listed  text := starsink_internal.merge_list('%I', keys, ', ');
    several boolean;
BEGIN
    SELECT string_agg(format('%s AS %I', format(r.clean, format('(%s)', u.raw)), u.name), ', ') INTO cleaned
    FROM unnest(names, raw) AS u (name, raw)
    JOIN starsink_internal.merge_columns() AS c ON c.dimension = dimension AND c.column_name = u.name AND c.part = 'key'
    JOIN starsink_internal.merge_rules() AS r ON r.rule = c.rule;
    EXECUTE format('CREATE TEMP TABLE starsink_merge_repeated ON COMMIT DROP AS SELECT %s FROM (SELECT %s FROM %s) AS f '
        'WHERE EXISTS (SELECT FROM pg_temp.starsink_merge_rows AS m WHERE %s) GROUP BY %1$s HAVING count(*) > 1', listed, cleaned, input, matches);
    EXECUTE 'SELECT EXISTS (SELECT FROM pg_temp.starsink_merge_repeated)' INTO several;
    IF several THEN
        -- All rows of these keys anew, also those that looked unchanged.
        EXECUTE format('DELETE FROM pg_temp.starsink_merge_rows AS m USING pg_temp.starsink_merge_repeated AS f WHERE %s', matches);
        EXECUTE 'INSERT INTO pg_temp.starsink_merge_rows SELECT j.*, row_number() OVER () FROM ('
            || starsink_internal.merge_judgement(dimension, names, raw, types,
                format('(SELECT i.* FROM (SELECT *, %s FROM %s) AS i JOIN pg_temp.starsink_merge_repeated AS f ON %s) AS k',
                    cleaned, input, starsink_internal.merge_list('i.%1$I = f.%1$I', keys, ' AND ')), document, true)
            || ') AS j';
        EXECUTE format('UPDATE pg_temp.starsink_merge_rows AS m SET codes = array_append(m.codes, ''MERGE_KEY_AMBIGUOUS''), '
            'detail = CASE WHEN m.detail IS NULL THEN concat_ws('', '', %4$s) || '': '' ELSE m.detail || ''; '' END || ''other rows say otherwise of the same natural key'' '
            'FROM (SELECT %1$s FROM (SELECT DISTINCT %2$s, codes FROM pg_temp.starsink_merge_rows WHERE line IS NOT NULL) AS x GROUP BY %1$s HAVING count(*) > 1) AS f WHERE %3$s',
            listed, starsink_internal.merge_list('%I', names, ', '), same, starsink_internal.merge_list('''%1$s '' || NULLIF(left(m.%1$I::text, 100), '''')', keys, ', '));
        EXECUTE format('DELETE FROM pg_temp.starsink_merge_rows AS m USING pg_temp.starsink_merge_rows AS f WHERE %s AND m.codes IS NULL AND f.codes IS NULL AND m.line > f.line', same);
    END IF;
    DROP TABLE pg_temp.starsink_merge_repeated;
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_repetitions(text, text[], text[], text[], text[], text, text) IS 'Natural keys that a source repeats: rows that say the same become one, others are refused.';
GRANT EXECUTE ON FUNCTION starsink_internal.merge_repetitions(text, text[], text[], text[], text[], text, text) TO starsink_admin;
