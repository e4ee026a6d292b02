-- The fold, and what reports add to its aggregates: the tail.
CREATE FUNCTION starsink_internal.tail(like_row anyelement, replaced boolean DEFAULT false) RETURNS SETOF anyelement
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink_internal.tail(anyelement, boolean) IS 'What is committed and not folded yet, as rows of a table: tail(NULL::warehouse.agg_hour); replaced: only keys, of the sessions or orders that it changes.';
GRANT EXECUTE ON FUNCTION starsink_internal.tail(anyelement, boolean) TO starsink_admin, starsink_reader;

CREATE FUNCTION starsink_internal.has_dropped_facts() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM starsink.retention_log AS r WHERE r.source <> 'quarantine')
$$;
COMMENT ON FUNCTION starsink_internal.has_dropped_facts() IS 'Whether retention ever dropped events: aggregates may count what cannot be folded again.';

CREATE FUNCTION starsink.forget_folds(dropped_too boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    item record;
BEGIN
    IF NOT dropped_too AND starsink_internal.has_dropped_facts() THEN
        RAISE EXCEPTION 'sessions, orders and aggregates cannot be made anew: retention dropped events that they count'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'SELECT starsink.forget_folds(dropped_too => true) and what is left is folded anew; the figures of the days that were dropped are lost.';
    END IF;
    TRUNCATE warehouse.fact_session, warehouse.fact_order, warehouse.fact_attribution, starsink.fold_day;
    FOR item IN SELECT t.relname FROM starsink_internal.aggregate_tables() AS t (relname) LOOP
        EXECUTE format('TRUNCATE warehouse.%I', item.relname);
    END LOOP;
    INSERT INTO starsink.fold (fold_id, high, gap_low, gap_high, gap_seen_at, time_zone, events, sessions, orders, rows_written, ms, system_identifier)
    SELECT COALESCE(max(f.fold_id), 0) + 1, 0, '{}', '{}', '{}', current_setting('starsink.report_time_zone'), 0, 0, 0, 0, 0, s.system_identifier
    FROM (SELECT c.system_identifier FROM pg_control_system() AS c) AS s LEFT JOIN starsink.fold AS f ON true GROUP BY s.system_identifier;
END
$$;
COMMENT ON FUNCTION starsink.forget_folds(boolean) IS 'Empties sessions, orders and aggregates, so that the next folds make them anew. Reports count the facts themselves until then. Refuses where events that they count were dropped, unless told to lose them.';
GRANT EXECUTE ON FUNCTION starsink.forget_folds(boolean) TO starsink_admin;

-- By audit key events are found through ranges of pages; one that is not summarised is read by every fold and every
-- report. A wait for the lock would end an autovacuum after deadlock_timeout, so it is given up sooner.
CREATE FUNCTION starsink_internal.summarise_facts(all_of_them boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
    -- Of a range: BRIN's default.
    pages constant bigint := 128;
    item  record;
    range bigint;
BEGIN
    FOR item IN
        SELECT x.indexrelid::regclass AS name, x.indrelid
        FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid LEFT JOIN pg_inherits AS i ON i.inhrelid = x.indexrelid
        WHERE (i.inhparent = 'warehouse.fact_event_audit_key'::regclass
               OR all_of_them AND i.inhparent = to_regclass('warehouse.fact_event_person')
               OR x.indexrelid = 'warehouse.fact_order_line_audit_key'::regclass)
          -- A partition may have become somebody else's.
          AND pg_has_role(c.relowner, 'USAGE')
    LOOP
        BEGIN
            IF all_of_them THEN
                PERFORM brin_summarize_new_values(item.name);
            ELSE
                -- From the last full range back to one that is summarised.
                range := pg_relation_size(item.indrelid) / current_setting('block_size')::bigint / pages - 1;
                WHILE range >= 0 AND brin_summarize_range(item.name, range * pages) > 0 LOOP
                    range := range - 1;
                END LOOP;
            END IF;
        EXCEPTION WHEN lock_not_available THEN
            NULL;
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION starsink_internal.summarise_facts(boolean) IS 'Summarises the pages that events were written to last, or all that are not summarised, for who looks for them by audit key.';

CREATE FUNCTION starsink_internal.compact_aggregates() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Tiered compaction: a day's newest rows are put together once this many folds or compactions wrote them. An older
    -- row joins if it stands for no more folds than the newer ones together (size ratio 1), so that the more a day has,
    -- the less often it is rewritten. Where no fold has added to the day for an hour, two rows are enough, and the size
    -- ratio is `heaviest`.
    enough   constant bigint := 10;
    heaviest constant bigint := 16;
    part     record;
    item     record;
    changed  bigint;
    total    bigint := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('starsink.fold'), 0);
    SELECT p.day, min(p.fold_id) AS oldest, max(p.fold_id) AS newest, sum(p.folds) AS folds INTO part
    FROM (
        SELECT n.day, n.fold_id, n.folds, n.is_quiet,
               bool_and(n.newer IS NULL OR n.folds <= n.newer * CASE WHEN n.is_quiet THEN heaviest ELSE 1 END) OVER (PARTITION BY n.day ORDER BY n.fold_id DESC) AS is_light
        FROM (
            SELECT t.day, t.fold_id, t.folds,
                   sum(t.folds) OVER (PARTITION BY t.day ORDER BY t.fold_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newer,
                   coalesce(max(f.folded_at) OVER (PARTITION BY t.day) < now() - interval '1 hour', true) AS is_quiet
            FROM starsink.fold_day AS t LEFT JOIN starsink.fold AS f ON f.fold_id = t.fold_id) AS n) AS p
    WHERE p.is_light
    GROUP BY p.day, p.is_quiet
    HAVING count(*) >= CASE WHEN p.is_quiet THEN 2 ELSE enough END
    ORDER BY count(*) DESC, p.day LIMIT 1;
    IF part.day IS NULL THEN
        -- Once a run, not with each portion.
        PERFORM starsink_internal.summarise_facts(true);
        RETURN NULL;
    END IF;
    FOR item IN
        SELECT c.relname,
               string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns,
               string_agg(CASE
                   WHEN a.attname = 'fold_id' THEN '$3'
                   WHEN a.atttypid = 'bytea'::regtype AND a.attname IN ('viewers', 'added', 'removed') THEN format('starsink.device_set_union(%I)', a.attname)
                   WHEN a.atttypid = 'bytea'::regtype THEN format('starsink.tally_sum(%I)', a.attname)
                   WHEN a.atthasdef THEN format('sum(%I)', a.attname)
                   ELSE quote_ident(a.attname) END, ', ' ORDER BY a.attnum) AS sums,
               string_agg(CASE WHEN a.attname <> 'fold_id' AND a.atttypid <> 'bytea'::regtype AND NOT a.atthasdef THEN quote_ident(a.attname) END, ', ' ORDER BY a.attnum) AS keys
        FROM starsink_internal.aggregate_tables() AS t (name)
        JOIN pg_class AS c ON c.relnamespace = 'warehouse'::regnamespace AND c.relname = t.name
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        GROUP BY c.relname
    LOOP
        EXECUTE format('WITH old AS (DELETE FROM warehouse.%I WHERE day = $1 AND fold_id BETWEEN $2 AND $3 RETURNING *) INSERT INTO warehouse.%I (%s) SELECT %s FROM old GROUP BY %s',
            item.relname, item.relname, item.columns, item.sums, item.keys) USING part.day, part.oldest, part.newest;
        GET DIAGNOSTICS changed = ROW_COUNT;
        total := total + changed;
    END LOOP;
    DELETE FROM starsink.fold_day WHERE day = part.day AND fold_id BETWEEN part.oldest AND part.newest;
    INSERT INTO starsink.fold_day (fold_id, day, folds) VALUES (part.newest, part.day, part.folds);
    DELETE FROM starsink.fold WHERE fold_id < (SELECT max(f.fold_id) - 10000 FROM starsink.fold AS f)
        OR folded_at < now() - interval '1 day' AND fold_id < (SELECT max(f.fold_id) FROM starsink.fold AS f);
    RETURN total;
END
$$;
COMMENT ON FUNCTION starsink_internal.compact_aggregates() IS 'Puts together rows that folds added to a day of the aggregates; returns how many rows are left of them, NULL where no day has enough of them.';

-- Made from Rust.
COMMENT ON FUNCTION starsink.fold() IS 'Folds committed events into sessions, orders and aggregates; returns how many. The steward does it every second.';
GRANT EXECUTE ON FUNCTION starsink.fold() TO starsink_admin;
COMMENT ON FUNCTION starsink.rebuild_aggregates() IS 'Makes sessions, orders and aggregates anew from the facts, in one transaction; reports wait meanwhile.';
GRANT EXECUTE ON FUNCTION starsink.rebuild_aggregates() TO starsink_admin;
COMMENT ON FUNCTION starsink.fold_time_zone() IS 'Zone that days and hours of the aggregates are cut in.';
GRANT EXECUTE ON FUNCTION starsink.fold_time_zone() TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.is_folded_up_to(bigint) IS 'Whether every batch up to this audit key is folded.';
