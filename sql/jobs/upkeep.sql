-- Housekeeping jobs: statistics, history.

-- VACUUM cannot run in a transaction: that is left to autovacuum. What it leaves undone is done here.
CREATE FUNCTION starsink_internal.maintain() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    item   record;
    ranges bigint := 0;
    tables bigint := 0;
BEGIN
    FOR item IN
        SELECT i.indexrelid::regclass AS name
        FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS a ON a.oid = c.relam
        WHERE a.amname = 'brin' AND c.relkind = 'i' AND c.relnamespace = to_regnamespace('warehouse') AND c.relowner = 'starsink_worker'::regrole
    LOOP
        ranges := ranges + brin_summarize_new_values(item.name);
    END LOOP;
    -- Autovacuum never analyzes a partitioned table itself.
    FOR item IN
        SELECT s.relid::regclass AS name
        FROM pg_stat_user_tables AS s JOIN pg_class AS c ON c.oid = s.relid
        WHERE s.schemaname IN ('warehouse', 'starsink') AND c.relowner = 'starsink_worker'::regrole
          AND CASE c.relkind
              WHEN 'p' THEN GREATEST(s.last_analyze, s.last_autoanalyze) IS NULL
                            AND EXISTS (SELECT FROM pg_inherits AS h JOIN pg_class AS k ON k.oid = h.inhrelid WHERE h.inhparent = s.relid AND k.relpages > 0)
                            OR s.last_analyze < now() - interval '1 day'
              ELSE s.n_mod_since_analyze > 1000 + 0.2 * s.n_live_tup END
        ORDER BY s.n_mod_since_analyze DESC LIMIT 10
    LOOP
        EXECUTE format('ANALYZE %s', item.name);
        tables := tables + 1;
    END LOOP;
    INSERT INTO starsink.job_mark (name, mark) SELECT 'members', jsonb_object_agg(k.dimension, k.last_key) FROM starsink_internal.dimension_keys() AS k;
    INSERT INTO starsink.job_mark (name, mark) VALUES ('bytes', pg_database_size(current_database()));
    IF ranges + tables > 0 THEN
        PERFORM starsink_internal.say(format('%s block ranges summarised, %s tables analyzed', ranges, tables));
    END IF;
    RETURN ranges + tables;
END
$$;
COMMENT ON FUNCTION starsink_internal.maintain() IS 'Job maintenance: summarises new block ranges of BRIN indexes, analyzes tables that changed much and notes how far dimensions and the database have grown; returns how many of both.';

CREATE FUNCTION starsink_internal.prune_history() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
    more bigint;
BEGIN
    -- Of each job the last thousand runs, and nothing older than a month but its very last one.
    DELETE FROM starsink.job_run AS r
    USING (SELECT run_id, started_at, row_number() OVER (PARTITION BY name ORDER BY run_id DESC) AS place FROM starsink.job_run) AS o
    WHERE o.run_id = r.run_id AND (o.place > 1000 OR o.place > 1 AND o.started_at < now() - interval '1 month');
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM starsink.job_mark AS m
    WHERE EXISTS (SELECT FROM starsink.job_mark AS later WHERE later.name = m.name AND later.mark_id > m.mark_id)
      -- How fast dimensions grow is told by the marks of a while.
      AND (m.name <> 'members' OR m.marked_at < now() - interval '1 day');
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN gone + more + starsink_internal.prune_alerts();
END
$$;
COMMENT ON FUNCTION starsink_internal.prune_history() IS 'Job history: keeps the last thousand runs of each job, for a month, and its last mark; of alerts, what starsink_internal.prune_alerts() does; returns how many rows it deleted.';
