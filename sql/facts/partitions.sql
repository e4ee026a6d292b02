-- Partitions of warehouse.fact_event: found by their bounds, whatever they are called, and made so that they follow the table.
CREATE FUNCTION starsink_internal.fact_partitions() RETURNS TABLE (partition regclass, first_time timestamptz, next_time timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    SELECT i.inhrelid::regclass,
           CASE WHEN b.bound <> 'DEFAULT' THEN COALESCE(substring(b.bound FROM 'FROM \(''([^'']+)''\)')::timestamptz, '-infinity') END,
           CASE WHEN b.bound <> 'DEFAULT' THEN COALESCE(substring(b.bound FROM 'TO \(''([^'']+)''\)')::timestamptz, 'infinity') END
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) AS b
    WHERE i.inhparent = to_regclass('warehouse.fact_event') AND c.relpartbound IS NOT NULL
$$;
COMMENT ON FUNCTION starsink_internal.fact_partitions() IS 'Partitions of warehouse.fact_event that are attached, each with the times it holds: from first_time to before next_time. A default one has neither: it holds the rest.';

CREATE FUNCTION starsink_internal.partition_holding(event_time timestamptz) RETURNS regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.partition FROM starsink_internal.fact_partitions() AS p
    WHERE p.first_time IS NULL OR (p.first_time <= event_time AND event_time < p.next_time)
    ORDER BY p.first_time IS NULL LIMIT 1
$$;
COMMENT ON FUNCTION starsink_internal.partition_holding(timestamptz) IS 'The partition of warehouse.fact_event that an event of this time goes to; NULL where there is none.';

-- A tablespace set on the table or an index of it is meant for its partitions too. The function stays with the
-- superuser who made the extension, as nobody else may grant that; it reads the catalog alone.
CREATE FUNCTION starsink_internal.follow_tablespaces() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT DISTINCT s.spcname AS name
        FROM pg_class AS c JOIN pg_tablespace AS s ON s.oid = c.reltablespace
        WHERE (c.oid = to_regclass('warehouse.fact_event')
               OR c.oid IN (SELECT i.indexrelid FROM pg_index AS i WHERE i.indrelid = to_regclass('warehouse.fact_event')))
          AND NOT has_tablespace_privilege('starsink_worker', s.oid, 'CREATE')
    LOOP
        EXECUTE format('GRANT CREATE ON TABLESPACE %I TO starsink_worker', item.name);
    END LOOP;
END
$$;
COMMENT ON FUNCTION starsink_internal.follow_tablespaces() IS 'Lets starsink_worker make partitions in the tablespaces of warehouse.fact_event and its indexes.';

-- Attaching a partition clones foreign keys, and that locks every dimension against writing until the transaction ends: so
-- call this in a transaction of its own. Its lock_timeout ends before the server would look for a deadlock, which could end somebody
-- else's transaction; whoever calls tries again.
CREATE FUNCTION starsink_internal.ensure_partition(event_time timestamptz) RETURNS regclass
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET lock_timeout = '300ms' AS $$
DECLARE
    month_start timestamptz := date_trunc('month', event_time);
    year_start  timestamptz := date_trunc('year', event_time);
    low         timestamptz := month_start;
    high        timestamptz := month_start + interval '1 month';
    stem        text := 'fact_event_' || to_char(month_start, 'YYYY_MM');
    name        text;
    held_by     regclass := starsink_internal.partition_holding(event_time);
    patience    interval := current_setting('deadlock_timeout')::interval / 2;
    parent      record;
    item        record;
BEGIN
    IF held_by IS NOT NULL THEN
        RETURN held_by;
    END IF;
    IF patience < interval '300 ms' THEN
        PERFORM set_config('lock_timeout', GREATEST(1, EXTRACT(epoch FROM patience) * 1000)::integer::text, true);
    END IF;
    -- Attaching takes this lock too. Unlike an advisory lock, waiting for it shows what its holder made meanwhile.
    LOCK TABLE warehouse.fact_event IN SHARE UPDATE EXCLUSIVE MODE;
    held_by := starsink_internal.partition_holding(event_time);
    IF held_by IS NOT NULL THEN
        RETURN held_by;
    END IF;
    -- The far past is a year to a partition: stray old events must not make hundreds of them. A year that is parted
    -- already stays so.
    IF year_start < date_trunc('year', now()) - interval '2 years'
       AND NOT EXISTS (SELECT FROM starsink_internal.fact_partitions() AS p WHERE p.first_time < year_start + interval '1 year' AND p.next_time > year_start) THEN
        low := year_start;
        high := year_start + interval '1 year';
        stem := 'fact_event_' || to_char(year_start, 'YYYY');
    END IF;
    -- Leaves out the part that existing partitions with other bounds hold.
    SELECT GREATEST(low, max(p.next_time) FILTER (WHERE p.next_time <= event_time)),
           LEAST(high, min(p.first_time) FILTER (WHERE p.first_time > event_time))
    INTO low, high FROM starsink_internal.fact_partitions() AS p;
    -- A table of that name that is not attached is somebody's: one detached, or a part of the month.
    SELECT n.name INTO name
    FROM (SELECT 1 AS place, stem AS name UNION ALL SELECT place, stem || '_' || place FROM generate_series(2, 1000) AS place) AS n
    WHERE to_regclass('warehouse.' || quote_ident(n.name)) IS NULL ORDER BY n.place LIMIT 1;
    IF name <> stem THEN
        RAISE LOG 'starsink: warehouse.% does not hold events of %: they go to a new partition, warehouse.%', stem, event_time, name;
    END IF;

    SELECT s.spcname AS tablespace, a.amname AS method, c.relreplident AS identity INTO parent
    FROM pg_class AS c LEFT JOIN pg_tablespace AS s ON s.oid = c.reltablespace LEFT JOIN pg_am AS a ON a.oid = c.relam
    WHERE c.oid = 'warehouse.fact_event'::regclass;
    PERFORM starsink_internal.follow_tablespaces();
    -- Made apart and attached then: that takes no lock that a reader would hold up; CREATE TABLE ... PARTITION OF would.
    -- Indexes, foreign keys and triggers come with attaching.
    EXECUTE format('CREATE TABLE warehouse.%I (LIKE warehouse.fact_event INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY EXCLUDING STATISTICS)', name)
         || COALESCE(' USING ' || quote_ident(parent.method), '') || COALESCE(' TABLESPACE ' || quote_ident(parent.tablespace), '');
    IF parent.identity IN ('f', 'n') THEN
        EXECUTE format('ALTER TABLE warehouse.%I REPLICA IDENTITY %s', name, CASE parent.identity WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END);
    END IF;
    FOR item IN
        SELECT a.attname AS name, a.attstattarget AS target, (SELECT string_agg(o, ', ') FROM unnest(a.attoptions) AS o WHERE o LIKE 'n\_distinct%') AS options FROM pg_attribute AS a
        WHERE a.attrelid = 'warehouse.fact_event'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND (a.attstattarget >= 0 OR a.attoptions IS NOT NULL)
    LOOP
        IF item.target >= 0 THEN
            EXECUTE format('ALTER TABLE warehouse.%I ALTER COLUMN %I SET STATISTICS %s', name, item.name, item.target);
        END IF;
        IF item.options IS NOT NULL THEN
            EXECUTE format('ALTER TABLE warehouse.%I ALTER COLUMN %I SET (%s)', name, item.name, item.options);
        END IF;
    END LOOP;
    -- Storage parameters are set on partitions alone: those of the newest one are copied.
    SELECT string_agg(format('%s%I = %L', o.prefix, split_part(o.option, '=', 1), substring(o.option FROM position('=' IN o.option) + 1)), ', ') AS list INTO item
    FROM (SELECT c.reloptions, t.reloptions AS toast FROM starsink_internal.fact_partitions() AS p
          JOIN pg_class AS c ON c.oid = p.partition AND c.relkind = 'r' LEFT JOIN pg_class AS t ON t.oid = c.reltoastrelid
          WHERE p.first_time IS NOT NULL ORDER BY p.next_time DESC LIMIT 1) AS newest
    CROSS JOIN LATERAL (SELECT '' AS prefix, unnest(newest.reloptions) AS option UNION ALL SELECT 'toast.', unnest(newest.toast)) AS o;
    IF item.list IS NOT NULL THEN
        EXECUTE format('ALTER TABLE warehouse.%I SET (%s)', name, item.list);
    END IF;
    EXECUTE format('ALTER TABLE warehouse.%I OWNER TO starsink_worker', name);
    -- Attaching locks what foreign keys refer to. Here in the order in which ingestion writes to them, so that of the two
    -- one waits for the other and never each for each.
    FOR item IN
        SELECT k.confrelid::regclass AS name FROM pg_constraint AS k
        WHERE k.conrelid = 'warehouse.fact_event'::regclass AND k.contype = 'f' AND has_table_privilege(k.confrelid, 'UPDATE')
        GROUP BY k.confrelid ORDER BY min(k.conkey[1])
    LOOP
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', item.name);
    END LOOP;
    EXECUTE format('ALTER TABLE warehouse.fact_event ATTACH PARTITION warehouse.%I FOR VALUES FROM (%L) TO (%L)', name, low, high);
    RETURN format('warehouse.%I', name)::regclass;
END
$$;
COMMENT ON FUNCTION starsink_internal.ensure_partition(timestamptz) IS 'Makes the partition of warehouse.fact_event that holds this time, if it is not there; returns it. Locks the dimensions against writing until the transaction ends.';

-- Housekeeping jobs: partitions, ledger, statistics, history.
CREATE FUNCTION starsink_internal.make_partitions() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Other jobs wait meanwhile; the steward tries again later.
    give_up_at constant timestamptz := clock_timestamp() + interval '5 s';
    missing    bigint := 0;
    month      timestamptz;
BEGIN
    FOREACH month IN ARRAY ARRAY[now(), now() + interval '1 month'] LOOP
        CONTINUE WHEN starsink_internal.partition_holding(month) IS NOT NULL;
        -- Whoever blocks this may wait for a lock taken here: so all locks are released, and taken again.
        LOOP
            BEGIN
                PERFORM starsink_internal.ensure_partition(month);
                missing := missing + 1;
                EXIT;
            EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
                IF clock_timestamp() > give_up_at THEN
                    RAISE EXCEPTION 'the partition of warehouse.fact_event for % cannot be made now: other transactions hold locks on it or on its dimensions', to_char(month, 'YYYY-MM')
                        USING ERRCODE = 'lock_not_available', HINT = 'It is tried again. Look in pg_stat_activity for transactions that have loaded or merged and stay open.';
                END IF;
            END;
            PERFORM pg_sleep(0.1);
        END LOOP;
    END LOOP;
    RETURN missing;
END
$$;
COMMENT ON FUNCTION starsink_internal.make_partitions() IS 'Job partitions: makes the partitions of this and the next month; returns how many were missing.';
