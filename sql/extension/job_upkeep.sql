-- Jobs that keep the house: partitions, ledger, statistics, history.
CREATE FUNCTION starsink.make_partitions() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before bigint;
    after  bigint;
BEGIN
    SELECT count(*) INTO before FROM pg_inherits AS i WHERE i.inhparent = 'warehouse.fact_event'::regclass;
    PERFORM starsink.ensure_partition(now() + n * interval '1 month') FROM generate_series(0, 1) AS n;
    SELECT count(*) INTO after FROM pg_inherits AS i WHERE i.inhparent = 'warehouse.fact_event'::regclass;
    RETURN after - before;
END
$$;
COMMENT ON FUNCTION starsink.make_partitions() IS 'Job partitions: makes the partitions of this and the next month; returns how many were missing.';

CREATE FUNCTION starsink.roll_up_ledger() RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT starsink.roll_up_ledger(EXTRACT(epoch FROM current_setting('starsink.ledger_detail')::interval)::integer)
$$;
COMMENT ON FUNCTION starsink.roll_up_ledger() IS 'Job roll_up_ledger: sums up rows older than starsink.ledger_detail.';

-- VACUUM cannot run in a transaction: that is left to autovacuum. What it leaves undone is done here.
CREATE FUNCTION starsink.maintain() RETURNS bigint
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
    IF ranges + tables > 0 THEN
        PERFORM starsink.say(format('%s block ranges summarised, %s tables analyzed', ranges, tables));
    END IF;
    RETURN ranges + tables;
END
$$;
COMMENT ON FUNCTION starsink.maintain() IS 'Job maintenance: summarises new block ranges of BRIN indexes and analyzes tables that changed much; returns how many of both.';

CREATE FUNCTION starsink.prune_history() RETURNS bigint
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
    WHERE EXISTS (SELECT FROM starsink.job_mark AS later WHERE later.name = m.name AND later.mark_id > m.mark_id);
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN gone + more;
END
$$;
COMMENT ON FUNCTION starsink.prune_history() IS 'Job history: keeps the last thousand runs of each job, for a month, and its last mark; returns how many rows it deleted.';
