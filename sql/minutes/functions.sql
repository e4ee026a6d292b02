-- The job that counts the last half hour by the minute, and what the dashboard Live adds to it.

-- Whatever the statistics say, the block ranges of the newest batches are found by their index.
CREATE FUNCTION starsink_internal.facts_of(after_key bigint, to_key bigint DEFAULT 9223372036854775807) RETURNS TABLE (
    event_time timestamptz, event_id text, audit_key bigint, event_type_key integer, product_key integer, device_key integer, browser_key integer,
    user_agent_key integer, store_key integer, kafka_time timestamptz)
LANGUAGE sql STABLE STRICT ROWS 5000 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
    SELECT f.event_time, f.event_id, f.audit_key, f.event_type_key, f.product_key, f.device_key, f.browser_key, f.user_agent_key, f.store_key, f.kafka_time
    FROM warehouse.fact_event AS f
    WHERE f.audit_key > facts_of.after_key AND f.audit_key <= facts_of.to_key AND NOT f.is_bot
$$;
COMMENT ON FUNCTION starsink_internal.facts_of(bigint, bigint) IS 'Events of the batches after this one, robots'' left out.';
GRANT EXECUTE ON FUNCTION starsink_internal.facts_of(bigint, bigint) TO starsink_admin, starsink_reader;

CREATE FUNCTION starsink_internal.minutes_kept_from() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT date_trunc('minute', now()) - interval '30 min'
$$;
COMMENT ON FUNCTION starsink_internal.minutes_kept_from() IS 'The first minute that job minutes keeps.';

CREATE FUNCTION starsink_internal.count_minute_store(after_key bigint, to_key bigint DEFAULT 9223372036854775807) RETURNS TABLE (
    minute timestamptz, store_key integer, events bigint, views bigint, pages bigint, options bigint, carts bigint, orders bigint, devices integer[])
LANGUAGE sql STABLE STRICT ROWS 100 SET search_path = pg_catalog, pg_temp AS $$
    SELECT date_trunc('minute', f.event_time), f.store_key, count(*), count(*) FILTER (WHERE t.is_product_view),
           count(*) FILTER (WHERE t.is_page_view AND NOT t.is_product_view), count(*) FILTER (WHERE t.funnel_step = 2),
           count(*) FILTER (WHERE t.funnel_step = 3), count(*) FILTER (WHERE t.funnel_step = 5),
           COALESCE(array_agg(DISTINCT f.device_key) FILTER (WHERE f.device_key > 0), '{}')
    FROM starsink_internal.facts_of(after_key, to_key) AS f JOIN warehouse.dim_event_type AS t ON t.event_type_key = f.event_type_key
    WHERE f.event_time >= starsink_internal.minutes_kept_from()
    GROUP BY 1, 2
$$;
COMMENT ON FUNCTION starsink_internal.count_minute_store(bigint, bigint) IS 'Batches counted as rows of starsink.minute_store.';

CREATE FUNCTION starsink_internal.count_minute_product(after_key bigint, to_key bigint DEFAULT 9223372036854775807) RETURNS TABLE (
    product_key integer, minute timestamptz, views bigint, viewers integer[])
LANGUAGE sql STABLE STRICT ROWS 1000 SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.product_key, date_trunc('minute', f.event_time), count(*),
           COALESCE(array_agg(DISTINCT f.device_key) FILTER (WHERE f.device_key > 0), '{}')
    FROM starsink_internal.facts_of(after_key, to_key) AS f JOIN warehouse.dim_event_type AS t ON t.event_type_key = f.event_type_key
    WHERE t.is_product_view AND f.event_time >= starsink_internal.minutes_kept_from()
    GROUP BY 1, 2
$$;
COMMENT ON FUNCTION starsink_internal.count_minute_product(bigint, bigint) IS 'Batches counted as rows of starsink.minute_product.';

-- An event of these minutes came at most starsink.max_event_ahead before them: whatever the job left, older batches need
-- not be looked at.
CREATE FUNCTION starsink_internal.minutes_counted_to() RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT GREATEST(COALESCE(starsink_internal.job_mark('minutes')::bigint, 0),
                    CASE WHEN (SELECT max(m.marked_at) FROM starsink.job_mark AS m WHERE m.name = 'minutes') > now() - interval '1 min' THEN 0
                         ELSE COALESCE((SELECT min(l.audit_key) - 1 FROM starsink.ledger AS l
                                        WHERE l.committed_at >= starsink_internal.minutes_kept_from() - current_setting('starsink.max_event_ahead')::interval),
                                       (SELECT max(l.last_audit_key) FROM starsink.ledger AS l), 0) END)
$$;
COMMENT ON FUNCTION starsink_internal.minutes_counted_to() IS 'The last batch that starsink.minute_store and minute_product count, or that cannot hold an event of their minutes.';

CREATE FUNCTION starsink_internal.tail_minute_store() RETURNS TABLE (
    minute timestamptz, store_key integer, events bigint, views bigint, pages bigint, options bigint, carts bigint, orders bigint, devices integer[])
LANGUAGE sql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.* FROM starsink_internal.count_minute_store(starsink_internal.minutes_counted_to()) AS c
$$;
COMMENT ON FUNCTION starsink_internal.tail_minute_store() IS 'What is committed and not counted yet, as rows of starsink.minute_store.';
GRANT EXECUTE ON FUNCTION starsink_internal.tail_minute_store() TO starsink_admin, starsink_reader;

CREATE FUNCTION starsink_internal.tail_minute_product() RETURNS TABLE (product_key integer, minute timestamptz, views bigint, viewers integer[])
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.* FROM starsink_internal.count_minute_product(starsink_internal.minutes_counted_to()) AS c
$$;
COMMENT ON FUNCTION starsink_internal.tail_minute_product() IS 'What is committed and not counted yet, as rows of starsink.minute_product.';
GRANT EXECUTE ON FUNCTION starsink_internal.tail_minute_product() TO starsink_admin, starsink_reader;

CREATE FUNCTION starsink_internal.fold_minutes(at_most bigint DEFAULT 20000) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    from_key bigint := starsink_internal.minutes_counted_to();
    to_key   bigint := starsink_internal.last_folded_key(from_key, at_most);
    changed  bigint;
BEGIN
    IF to_key IS NULL THEN
        RETURN NULL;
    END IF;
    DELETE FROM starsink.minute_store AS m WHERE m.minute < starsink_internal.minutes_kept_from();
    IF FOUND THEN
        DELETE FROM starsink.minute_product AS m WHERE m.minute < starsink_internal.minutes_kept_from();
    END IF;
    INSERT INTO starsink.minute_store AS m SELECT c.* FROM starsink_internal.count_minute_store(from_key, to_key) AS c
    ON CONFLICT (minute, store_key) DO UPDATE
    SET events = m.events + EXCLUDED.events, views = m.views + EXCLUDED.views, pages = m.pages + EXCLUDED.pages, options = m.options + EXCLUDED.options,
        carts = m.carts + EXCLUDED.carts, orders = m.orders + EXCLUDED.orders,
        devices = ARRAY(SELECT DISTINCT d.key FROM unnest(m.devices || EXCLUDED.devices) AS d (key));
    GET DIAGNOSTICS changed = ROW_COUNT;
    INSERT INTO starsink.minute_product AS m SELECT c.* FROM starsink_internal.count_minute_product(from_key, to_key) AS c
    ON CONFLICT (product_key, minute) DO UPDATE
    SET views = m.views + EXCLUDED.views, viewers = ARRAY(SELECT DISTINCT d.key FROM unnest(m.viewers || EXCLUDED.viewers) AS d (key));
    INSERT INTO starsink.job_mark (name, mark) VALUES ('minutes', to_key);
    RETURN changed;
END
$$;
COMMENT ON FUNCTION starsink_internal.fold_minutes(bigint) IS 'Job minutes: counts about so many new facts by minute in starsink.minute_store and minute_product, and deletes what is older than half an hour; returns how many rows of the former changed, NULL where there was nothing new.';
