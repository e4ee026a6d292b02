-- The fold, and what reports add to its aggregates: the tail.
CREATE FUNCTION starsink.tail_hour() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, hour_start timestamptz, views bigint, viewers bytea)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_hour() IS 'What is committed and not folded yet, as rows of warehouse.agg_hour.';

CREATE FUNCTION starsink.tail_product_hour() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, hour smallint, products bytea)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_product_hour() IS 'What is committed and not folded yet, as rows of warehouse.agg_product_hour.';

CREATE FUNCTION starsink.tail_place() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, store_key integer, geography_key integer, device_class text, views bigint, viewers
    bytea, views_by_hour bytea, sessions bigint, engaged bigint, orders bigint, revenue numeric)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_place() IS 'What is committed and not folded yet, as rows of warehouse.agg_place.';

CREATE FUNCTION starsink.tail_place_interest() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, basis text, place_key integer, products bytea, alloys bytea, diamonds bytea)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_place_interest() IS 'What is committed and not folded yet, as rows of warehouse.agg_place_interest.';

CREATE FUNCTION starsink.tail_store() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, store_key integer, views bigint, selections bigint, timed_views bigint, view_micros
    bigint, view_seconds bytea, customized_views bigint, customization_micros bigint, customization_seconds bytea)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_store() IS 'What is committed and not folded yet, as rows of warehouse.agg_store.';

CREATE FUNCTION starsink.tail_technology() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, browser text, os text, device_class text, views bigint, viewers bytea, views_by_hour
    bytea, sessions bigint, engaged bigint, orders bigint, revenue numeric, timed_views bigint, view_micros bigint)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_technology() IS 'What is committed and not folded yet, as rows of warehouse.agg_technology.';

CREATE FUNCTION starsink.tail_traffic() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, channel text, source text, medium text, campaign text, sessions bigint, engaged
    bigint, carts bigint, orders bigint, revenue numeric)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_traffic() IS 'What is committed and not folded yet, as rows of warehouse.agg_traffic.';

CREATE FUNCTION starsink.tail_referrer() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, referrer text, views bigint, sessions bigint)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_referrer() IS 'What is committed and not folded yet, as rows of warehouse.agg_referrer.';

CREATE FUNCTION starsink.tail_product() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, product_key integer, views bigint, viewers bytea, selections bigint, carts bigint,
    orders bigint, quantity numeric, revenue numeric, timed_views bigint, view_micros bigint, view_seconds bytea, customized_views
    bigint, customization_micros bigint, customization_seconds bytea)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_product() IS 'What is committed and not folded yet, as rows of warehouse.agg_product.';

CREATE FUNCTION starsink.tail_option() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, kind text, value text, selections bigint, carts bigint, orders bigint, views bigint,
    viewers bytea, timed_views bigint, view_micros bigint)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_option() IS 'What is committed and not folded yet, as rows of warehouse.agg_option.';

CREATE FUNCTION starsink.tail_combination() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, alloy text, diamond text, selections bigint, orders bigint)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_combination() IS 'What is committed and not folded yet, as rows of warehouse.agg_combination.';

CREATE FUNCTION starsink.tail_funnel() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, segment_kind text, segment text, mode text, step smallint, sessions bigint,
    lag_seconds bytea)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_funnel() IS 'What is committed and not folded yet, as rows of warehouse.agg_funnel.';

CREATE FUNCTION starsink.tail_attribution() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, model text, channel text, source text, campaign text, conversions numeric, revenue
    numeric)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_attribution() IS 'What is committed and not folded yet, as rows of warehouse.agg_attribution.';

CREATE FUNCTION starsink.tail_first_seen() RETURNS TABLE (
    fold_id bigint, day date, is_bot boolean, added bytea, removed bytea)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_first_seen() IS 'What is committed and not folded yet, as rows of warehouse.agg_first_seen.';

CREATE FUNCTION starsink.tail_session() RETURNS TABLE (
    device_key integer, is_bot boolean, session_start timestamptz, session_end timestamptz, date_key integer, first_event_id text,
    store_key integer, geography_key integer, browser_key integer, os_key integer, device_class text, referrer_key integer,
    campaign_key integer, landing_page text, events integer, page_views integer, views integer, selections integer, carts integer,
    orders integer, revenue numeric, is_engaged boolean, is_bounce boolean, view_at timestamptz, option_at timestamptz, cart_at
    timestamptz, checkout_at timestamptz, success_at timestamptz, first_view_at timestamptz, first_option_at timestamptz,
    first_cart_at timestamptz, first_checkout_at timestamptz, first_success_at timestamptz, path bytea, fold_id bigint, is_continued boolean)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_session() IS 'Sessions as the tail makes or changes them.';

CREATE FUNCTION starsink.tail_session_replaced() RETURNS TABLE (
    device_key integer, is_bot boolean, session_start timestamptz)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_session_replaced() IS 'Keys of the sessions that the tail changes.';

CREATE FUNCTION starsink.tail_order() RETURNS TABLE (
    order_id text, event_time timestamptz, event_id text, date_key integer, device_key integer, is_bot boolean, store_key integer,
    geography_key integer, browser_key integer, os_key integer, device_class text, session_start timestamptz, campaign_key integer,
    line_count integer, quantity numeric, revenue numeric, is_valued boolean, line_product_keys integer[],
    line_alloy_keys integer[], line_diamond_keys integer[], line_combination_keys
    integer[], line_quantities numeric[], line_revenues numeric[], fold_id bigint)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_order() IS 'Orders as the tail makes or changes them.';

CREATE FUNCTION starsink.tail_order_replaced() RETURNS TABLE (
    order_id text)
LANGUAGE c STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'starsink_tail';
COMMENT ON FUNCTION starsink.tail_order_replaced() IS 'Orders that the tail changes.';

CREATE FUNCTION starsink.has_dropped_facts() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM starsink.retention_log AS r WHERE r.source <> 'quarantine')
$$;
COMMENT ON FUNCTION starsink.has_dropped_facts() IS 'Whether retention ever dropped events: aggregates may count what cannot be folded again.';

CREATE FUNCTION starsink.forget_folds(dropped_too boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    item record;
BEGIN
    IF NOT dropped_too AND starsink.has_dropped_facts() THEN
        RAISE EXCEPTION 'sessions, orders and aggregates cannot be made anew: retention dropped events that they count'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'SELECT starsink.forget_folds(dropped_too => true) and what is left is folded anew; the figures of the days that were dropped are lost.';
    END IF;
    TRUNCATE warehouse.fact_session, warehouse.fact_order, warehouse.fact_attribution, starsink.fold_day;
    FOR item IN SELECT t.relname FROM starsink.aggregate_tables() AS t (relname) LOOP
        EXECUTE format('TRUNCATE warehouse.%I', item.relname);
    END LOOP;
    INSERT INTO starsink.fold (fold_id, high, gap_low, gap_high, gap_seen_at, time_zone, events, sessions, orders, rows_written, ms, system_identifier)
    SELECT COALESCE(max(f.fold_id), 0) + 1, 0, '{}', '{}', '{}', current_setting('starsink.report_time_zone'), 0, 0, 0, 0, 0, s.system_identifier
    FROM (SELECT c.system_identifier FROM pg_control_system() AS c) AS s LEFT JOIN starsink.fold AS f ON true GROUP BY s.system_identifier;
END
$$;
COMMENT ON FUNCTION starsink.forget_folds(boolean) IS 'Empties sessions, orders and aggregates, so that the next folds make them anew. Reports count the facts themselves until then. Refuses where events that they count were dropped, unless told to lose them.';

-- By audit key events are found through ranges of pages; one that is not summarised is read by every fold and every
-- report. A wait for the lock would end an autovacuum after deadlock_timeout, so it is given up sooner.
CREATE FUNCTION starsink.summarise_facts(all_of_them boolean) RETURNS void
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
COMMENT ON FUNCTION starsink.summarise_facts(boolean) IS 'Summarises the pages that events were written to last, or all that are not summarised, for who looks for them by audit key.';

CREATE FUNCTION starsink.compact_aggregates() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- A day's newest rows are put together once so many folds, or compactions, wrote them. An older one's are among them
    -- where it stands for no more folds than the newer ones together, so that what a day has is written again ever more
    -- seldom the more it is. Where no fold has added to the day for an hour, two are enough, and an older one may stand
    -- for so many times what the newer ones do.
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
        PERFORM starsink.summarise_facts(true);
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
        FROM starsink.aggregate_tables() AS t (name)
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
COMMENT ON FUNCTION starsink.compact_aggregates() IS 'Puts together rows that folds added to a day of the aggregates; returns how many rows are left of them, NULL where no day has enough of them.';
