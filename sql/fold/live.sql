-- Aggregates with the tail: what is committed and not folded yet. Every report reads these, and so counts every event.
-- They name functions of the extension in their text alone: nothing of the warehouse depends on the extension.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT pg_catalog.substr(t.table_name, 5) FROM starsink_internal.aggregate_tables() AS t (table_name) LOOP
        EXECUTE pg_catalog.format('CREATE OR REPLACE FUNCTION starsink_internal.live_%1$s() RETURNS SETOF warehouse.agg_%1$s LANGUAGE sql STABLE AS %2$L', name,
            pg_catalog.format('SELECT * FROM warehouse.agg_%1$s UNION ALL SELECT * FROM starsink_internal.tail(NULL::warehouse.agg_%1$s)', name));
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION starsink_internal.live_%1$s() IS %2$L', name, 'warehouse.agg_' || name || ' and its tail.');
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION starsink_internal.live_session() RETURNS SETOF warehouse.fact_session LANGUAGE sql STABLE AS $$
    -- Readers may not see addresses.
    SELECT s.device_key, s.is_bot, s.session_start, s.session_end, s.date_key, s.first_event_id, s.store_key, s.geography_key, s.browser_key,
           s.os_key, s.device_class, s.referrer_key, s.campaign_key, NULL::text, s.events, s.page_views, s.views, s.selections, s.carts, s.orders,
           s.revenue, s.is_engaged, s.is_bounce, s.view_at, s.option_at, s.cart_at, s.checkout_at, s.success_at, s.first_view_at,
           s.first_option_at, s.first_cart_at, s.first_checkout_at, s.first_success_at, s.path, s.fold_id, s.is_continued
    FROM warehouse.fact_session AS s
    WHERE NOT EXISTS (SELECT FROM starsink_internal.tail(NULL::warehouse.fact_session, replaced => true) AS t
                      WHERE (t.device_key, t.is_bot, t.session_start) = (s.device_key, s.is_bot, s.session_start))
    UNION ALL
    SELECT * FROM starsink_internal.tail(NULL::warehouse.fact_session)
$$;
COMMENT ON FUNCTION starsink_internal.live_session() IS 'warehouse.fact_session as it will be when the tail is folded, without the landing pages.';

CREATE OR REPLACE FUNCTION starsink_internal.live_order() RETURNS SETOF warehouse.fact_order LANGUAGE sql STABLE AS $$
    SELECT o.* FROM warehouse.fact_order AS o
    WHERE NOT EXISTS (SELECT FROM starsink_internal.tail(NULL::warehouse.fact_order, replaced => true) AS t WHERE t.order_id = o.order_id)
    UNION ALL
    SELECT * FROM starsink_internal.tail(NULL::warehouse.fact_order)
$$;
COMMENT ON FUNCTION starsink_internal.live_order() IS 'warehouse.fact_order as it will be when the tail is folded.';
