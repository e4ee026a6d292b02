-- Aggregates with the tail: what is committed and not folded yet. Every report reads these, and so counts every event.
-- They name functions of the extension in their text alone: nothing of the warehouse depends on the extension.
CREATE OR REPLACE FUNCTION warehouse.live_hour() RETURNS SETOF warehouse.agg_hour LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, hour_start, views, viewers FROM warehouse.agg_hour
    UNION ALL
    SELECT fold_id, day, is_bot, hour_start, views, viewers FROM starsink.tail_hour()
$$;
COMMENT ON FUNCTION warehouse.live_hour() IS 'warehouse.agg_hour and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_product_hour() RETURNS SETOF warehouse.agg_product_hour LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, hour, products FROM warehouse.agg_product_hour
    UNION ALL
    SELECT fold_id, day, is_bot, hour, products FROM starsink.tail_product_hour()
$$;
COMMENT ON FUNCTION warehouse.live_product_hour() IS 'warehouse.agg_product_hour and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_place() RETURNS SETOF warehouse.agg_place LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, store_key, geography_key, device_class, views, viewers, views_by_hour, sessions, engaged, orders, revenue FROM warehouse.agg_place
    UNION ALL
    SELECT fold_id, day, is_bot, store_key, geography_key, device_class, views, viewers, views_by_hour, sessions, engaged, orders, revenue FROM starsink.tail_place()
$$;
COMMENT ON FUNCTION warehouse.live_place() IS 'warehouse.agg_place and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_place_interest() RETURNS SETOF warehouse.agg_place_interest LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, basis, place_key, products, alloys, diamonds FROM warehouse.agg_place_interest
    UNION ALL
    SELECT fold_id, day, is_bot, basis, place_key, products, alloys, diamonds FROM starsink.tail_place_interest()
$$;
COMMENT ON FUNCTION warehouse.live_place_interest() IS 'warehouse.agg_place_interest and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_store() RETURNS SETOF warehouse.agg_store LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, store_key, views, selections, timed_views, view_micros, view_seconds, customized_views, customization_micros, customization_seconds FROM warehouse.agg_store
    UNION ALL
    SELECT fold_id, day, is_bot, store_key, views, selections, timed_views, view_micros, view_seconds, customized_views, customization_micros, customization_seconds FROM starsink.tail_store()
$$;
COMMENT ON FUNCTION warehouse.live_store() IS 'warehouse.agg_store and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_technology() RETURNS SETOF warehouse.agg_technology LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, browser, os, device_class, views, viewers, views_by_hour, sessions, engaged, orders, revenue, timed_views, view_micros FROM warehouse.agg_technology
    UNION ALL
    SELECT fold_id, day, is_bot, browser, os, device_class, views, viewers, views_by_hour, sessions, engaged, orders, revenue, timed_views, view_micros FROM starsink.tail_technology()
$$;
COMMENT ON FUNCTION warehouse.live_technology() IS 'warehouse.agg_technology and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_traffic() RETURNS SETOF warehouse.agg_traffic LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, channel, source, medium, campaign, sessions, engaged, carts, orders, revenue FROM warehouse.agg_traffic
    UNION ALL
    SELECT fold_id, day, is_bot, channel, source, medium, campaign, sessions, engaged, carts, orders, revenue FROM starsink.tail_traffic()
$$;
COMMENT ON FUNCTION warehouse.live_traffic() IS 'warehouse.agg_traffic and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_referrer() RETURNS SETOF warehouse.agg_referrer LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, referrer, views, sessions FROM warehouse.agg_referrer
    UNION ALL
    SELECT fold_id, day, is_bot, referrer, views, sessions FROM starsink.tail_referrer()
$$;
COMMENT ON FUNCTION warehouse.live_referrer() IS 'warehouse.agg_referrer and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_product() RETURNS SETOF warehouse.agg_product LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, product_key, views, viewers, selections, carts, orders, quantity, revenue, timed_views, view_micros, view_seconds, customized_views, customization_micros, customization_seconds FROM warehouse.agg_product
    UNION ALL
    SELECT fold_id, day, is_bot, product_key, views, viewers, selections, carts, orders, quantity, revenue, timed_views, view_micros, view_seconds, customized_views, customization_micros, customization_seconds FROM starsink.tail_product()
$$;
COMMENT ON FUNCTION warehouse.live_product() IS 'warehouse.agg_product and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_option() RETURNS SETOF warehouse.agg_option LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, kind, value, selections, carts, orders, views, viewers, timed_views, view_micros FROM warehouse.agg_option
    UNION ALL
    SELECT fold_id, day, is_bot, kind, value, selections, carts, orders, views, viewers, timed_views, view_micros FROM starsink.tail_option()
$$;
COMMENT ON FUNCTION warehouse.live_option() IS 'warehouse.agg_option and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_combination() RETURNS SETOF warehouse.agg_combination LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, alloy, diamond, selections, orders FROM warehouse.agg_combination
    UNION ALL
    SELECT fold_id, day, is_bot, alloy, diamond, selections, orders FROM starsink.tail_combination()
$$;
COMMENT ON FUNCTION warehouse.live_combination() IS 'warehouse.agg_combination and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_funnel() RETURNS SETOF warehouse.agg_funnel LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, segment_kind, segment, mode, step, sessions, lag_seconds FROM warehouse.agg_funnel
    UNION ALL
    SELECT fold_id, day, is_bot, segment_kind, segment, mode, step, sessions, lag_seconds FROM starsink.tail_funnel()
$$;
COMMENT ON FUNCTION warehouse.live_funnel() IS 'warehouse.agg_funnel and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_attribution() RETURNS SETOF warehouse.agg_attribution LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, model, channel, source, campaign, conversions, revenue FROM warehouse.agg_attribution
    UNION ALL
    SELECT fold_id, day, is_bot, model, channel, source, campaign, conversions, revenue FROM starsink.tail_attribution()
$$;
COMMENT ON FUNCTION warehouse.live_attribution() IS 'warehouse.agg_attribution and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_first_seen() RETURNS SETOF warehouse.agg_first_seen LANGUAGE sql STABLE AS $$
    SELECT fold_id, day, is_bot, added, removed FROM warehouse.agg_first_seen
    UNION ALL
    SELECT fold_id, day, is_bot, added, removed FROM starsink.tail_first_seen()
$$;
COMMENT ON FUNCTION warehouse.live_first_seen() IS 'warehouse.agg_first_seen and its tail.';

CREATE OR REPLACE FUNCTION warehouse.live_session() RETURNS SETOF warehouse.fact_session LANGUAGE sql STABLE AS $$
    -- Readers may not see addresses.
    SELECT s.device_key, s.is_bot, s.session_start, s.session_end, s.date_key, s.first_event_id, s.store_key, s.geography_key, s.browser_key,
           s.os_key, s.device_class, s.referrer_key, s.campaign_key, NULL::text, s.events, s.page_views, s.views, s.selections, s.carts, s.orders,
           s.revenue, s.is_engaged, s.is_bounce, s.view_at, s.option_at, s.cart_at, s.checkout_at, s.success_at, s.first_view_at,
           s.first_option_at, s.first_cart_at, s.first_checkout_at, s.first_success_at, s.path, s.fold_id, s.is_continued
    FROM warehouse.fact_session AS s
    WHERE NOT EXISTS (SELECT FROM starsink.tail_session_replaced() AS t
                      WHERE (t.device_key, t.is_bot, t.session_start) = (s.device_key, s.is_bot, s.session_start))
    UNION ALL
    SELECT * FROM starsink.tail_session()
$$;
COMMENT ON FUNCTION warehouse.live_session() IS 'warehouse.fact_session as it will be when the tail is folded, without the landing pages.';

CREATE OR REPLACE FUNCTION warehouse.live_order() RETURNS SETOF warehouse.fact_order LANGUAGE sql STABLE AS $$
    SELECT o.* FROM warehouse.fact_order AS o
    WHERE NOT EXISTS (SELECT FROM starsink.tail_order_replaced() AS t WHERE t.order_id = o.order_id)
    UNION ALL
    SELECT * FROM starsink.tail_order()
$$;
COMMENT ON FUNCTION warehouse.live_order() IS 'warehouse.fact_order as it will be when the tail is folded.';
