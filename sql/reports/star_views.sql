-- Facts with readable names: one row per fact, no personal data. They read tables alone, so that nothing of the warehouse
-- depends on the extension.
CREATE OR REPLACE VIEW warehouse.events AS
SELECT e.event_time, e.event_id, t.collection, t.event_group, t.funnel_step, t.is_page_view, t.is_product_view, e.is_bot,
       e.device_key, p.product_id, p.product_name, p.category, s.store_id, s.domain, s.country_code AS store_country,
       g.country_code AS visitor_country, b.family AS browser, b.version AS browser_version, o.family AS os, o.version AS os_version,
       u.device_class, r.registrable_domain AS referrer_domain, r.is_internal AS is_internal_referrer, c.channel, c.source, c.medium, c.campaign,
       a.value AS alloy, d.value AS diamond, k.description AS option_combination, e.audit_key, e.kafka_topic, e.kafka_partition, e.kafka_offset
FROM warehouse.fact_event AS e
JOIN warehouse.dim_event_type AS t ON t.event_type_key = e.event_type_key
JOIN warehouse.dim_product AS p ON p.product_key = e.product_key
JOIN warehouse.dim_store AS s ON s.store_key = e.store_key
JOIN warehouse.dim_geography AS g ON g.geography_key = e.geography_key
JOIN warehouse.dim_browser AS b ON b.browser_key = e.browser_key
JOIN warehouse.dim_os AS o ON o.os_key = e.os_key
JOIN warehouse.dim_user_agent AS u ON u.user_agent_key = e.user_agent_key
JOIN warehouse.dim_referrer AS r ON r.referrer_key = e.referrer_key
JOIN warehouse.dim_campaign AS c ON c.campaign_key = e.campaign_key
JOIN warehouse.dim_alloy_option AS a ON a.alloy_option_key = e.alloy_option_key
JOIN warehouse.dim_diamond_option AS d ON d.diamond_option_key = e.diamond_option_key
JOIN warehouse.dim_option_combination AS k ON k.option_combination_key = e.option_combination_key;
COMMENT ON VIEW warehouse.events IS 'Grain: one event, with the names of its members as they were at its time; no personal data.';

-- A view of an earlier build shows the landing page, which readers may not see.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = pg_catalog.to_regclass('warehouse.sessions') AND a.attname = 'landing_page') THEN
        DROP VIEW warehouse.sessions;
    END IF;
END
$$;
CREATE OR REPLACE VIEW warehouse.sessions AS
SELECT f.session_start, f.session_end, f.device_key, f.is_bot, d.date AS day, s.store_id, s.domain, s.country_code AS store_country,
       g.country_code AS visitor_country, b.family AS browser, o.family AS os, f.device_class, r.registrable_domain AS referrer_domain,
       c.channel, c.source, c.medium, c.campaign, f.events, f.page_views, f.views, f.selections, f.carts, f.orders,
       f.revenue::numeric(18,4) AS revenue, f.is_engaged, f.is_bounce, f.view_at, f.option_at, f.cart_at, f.checkout_at, f.success_at,
       f.is_continued
FROM warehouse.fact_session AS f
JOIN warehouse.dim_date AS d ON d.date_key = f.date_key
JOIN warehouse.dim_store AS s ON s.store_key = f.store_key
JOIN warehouse.dim_geography AS g ON g.geography_key = f.geography_key
JOIN warehouse.dim_browser AS b ON b.browser_key = f.browser_key
JOIN warehouse.dim_os AS o ON o.os_key = f.os_key
JOIN warehouse.dim_referrer AS r ON r.referrer_key = f.referrer_key
JOIN warehouse.dim_campaign AS c ON c.campaign_key = f.campaign_key;
COMMENT ON VIEW warehouse.sessions IS 'Grain: one folded session, by its first event, with the times of the closed funnel.';

CREATE OR REPLACE VIEW warehouse.orders AS
SELECT f.order_id, f.event_time, f.event_id, d.date AS day, f.device_key, f.is_bot, s.store_id, s.domain, s.country_code AS store_country,
       g.country_code AS visitor_country, b.family AS browser, o.family AS os, f.device_class, f.session_start,
       c.channel, c.source, c.medium, c.campaign, f.line_count, f.quantity, f.revenue::numeric(18,4) AS revenue, f.is_valued
FROM warehouse.fact_order AS f
JOIN warehouse.dim_date AS d ON d.date_key = f.date_key
JOIN warehouse.dim_store AS s ON s.store_key = f.store_key
JOIN warehouse.dim_geography AS g ON g.geography_key = f.geography_key
JOIN warehouse.dim_browser AS b ON b.browser_key = f.browser_key
JOIN warehouse.dim_os AS o ON o.os_key = f.os_key
JOIN warehouse.dim_campaign AS c ON c.campaign_key = f.campaign_key;
COMMENT ON VIEW warehouse.orders IS 'Grain: one folded order, with the source of traffic of the session that holds it.';

CREATE OR REPLACE VIEW warehouse.order_lines AS
SELECT l.order_id, l.line_number, l.event_time, l.event_id,
       EXISTS (SELECT FROM warehouse.fact_order AS f
               WHERE f.order_id = l.order_id AND f.event_time = l.event_time AND f.event_id = l.event_id) AS is_of_order,
       d.date AS day, l.device_key, l.is_bot, p.product_id, p.product_name, p.category, s.store_id, s.domain, s.country_code AS store_country,
       g.country_code AS visitor_country, k.description AS option_combination, y.currency_code AS currency, l.quantity, l.unit_price,
       l.local_amount, l.base_amount, l.base_currency, l.rate_date, l.fx_status
FROM warehouse.fact_order_line AS l
JOIN warehouse.dim_date AS d ON d.date_key = l.date_key
JOIN warehouse.dim_product AS p ON p.product_key = l.product_key
JOIN warehouse.dim_store AS s ON s.store_key = l.store_key
JOIN warehouse.dim_geography AS g ON g.geography_key = l.geography_key
JOIN warehouse.dim_option_combination AS k ON k.option_combination_key = l.option_combination_key
JOIN warehouse.dim_currency AS y ON y.currency_key = l.currency_key;
COMMENT ON VIEW warehouse.order_lines IS 'Grain: one line of a checkout_success; is_of_order tells those of the order''s first, which reports count.';

-- A function: a view would depend on the extension, whose function unpacks the sessions.
CREATE OR REPLACE FUNCTION warehouse.fact_product_view()
RETURNS TABLE (event_time timestamptz, event_id text, device_key integer, is_bot boolean, session_start timestamptz, product_key integer,
               store_key integer, browser_key integer, os_key integer, device_class text, option_combination_key integer,
               dwell_seconds double precision, customization_seconds double precision, selections integer)
LANGUAGE sql STABLE AS $$
    SELECT v.event_time, v.event_id, s.device_key, s.is_bot, s.session_start, v.product_key, v.store_key, v.browser_key, v.os_key,
           v.device_class, v.option_combination_key, v.dwell_micros / 1e6::double precision, v.customization_micros / 1e6::double precision, v.selections
    FROM starsink_internal.live_session() AS s
    CROSS JOIN LATERAL starsink.session_views(s.path) AS v
    UNION ALL
    SELECT e.event_time, e.event_id, e.device_key, e.is_bot, NULL, e.product_key, e.store_key, e.browser_key, e.os_key,
           u.device_class, e.option_combination_key, NULL, NULL, 0
    FROM warehouse.fact_event AS e
    JOIN warehouse.dim_event_type AS t ON t.event_type_key = e.event_type_key AND t.is_product_view
    JOIN warehouse.dim_user_agent AS u ON u.user_agent_key = e.user_agent_key
    WHERE e.device_key < 0
$$;
COMMENT ON FUNCTION warehouse.fact_product_view() IS 'Grain: one product view, with its dwell (NULL where unknown). From the sessions; views without a device from the events.';

COMMENT ON COLUMN warehouse.events.event_time IS 'When it happened.';
COMMENT ON COLUMN warehouse.events.event_id IS 'Id of the event.';
COMMENT ON COLUMN warehouse.events.collection IS 'Kind of event.';
COMMENT ON COLUMN warehouse.events.event_group IS 'What the event is about.';
COMMENT ON COLUMN warehouse.events.funnel_step IS '1 view, 2 option, 3 cart, 4 checkout, 5 success; NULL outside the funnel.';
COMMENT ON COLUMN warehouse.events.is_page_view IS 'A page was shown.';
COMMENT ON COLUMN warehouse.events.is_product_view IS 'A product''s page was shown.';
COMMENT ON COLUMN warehouse.events.is_bot IS 'The user agent is a robot''s.';
COMMENT ON COLUMN warehouse.events.device_key IS 'Device, by its surrogate key.';
COMMENT ON COLUMN warehouse.events.product_id IS 'Product.';
COMMENT ON COLUMN warehouse.events.product_name IS 'Its name at the time.';
COMMENT ON COLUMN warehouse.events.category IS 'Its category at the time.';
COMMENT ON COLUMN warehouse.events.store_id IS 'Store.';
COMMENT ON COLUMN warehouse.events.domain IS 'Registrable domain of the store.';
COMMENT ON COLUMN warehouse.events.store_country IS 'Country of the store, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN warehouse.events.visitor_country IS 'Country of the visitor''s address, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN warehouse.events.browser IS 'Family of the browser.';
COMMENT ON COLUMN warehouse.events.browser_version IS 'Version of the browser.';
COMMENT ON COLUMN warehouse.events.os IS 'Family of the operating system.';
COMMENT ON COLUMN warehouse.events.os_version IS 'Version of the operating system.';
COMMENT ON COLUMN warehouse.events.device_class IS 'desktop, mobile, tablet, tv, bot or other.';
COMMENT ON COLUMN warehouse.events.referrer_domain IS 'Registrable domain of the referring page.';
COMMENT ON COLUMN warehouse.events.is_internal_referrer IS 'The referring page is the shop''s own.';
COMMENT ON COLUMN warehouse.events.channel IS 'Google Analytics 4''s default channel group.';
COMMENT ON COLUMN warehouse.events.source IS 'Source of traffic.';
COMMENT ON COLUMN warehouse.events.medium IS 'Medium of traffic.';
COMMENT ON COLUMN warehouse.events.campaign IS 'Campaign; empty where there is none.';
COMMENT ON COLUMN warehouse.events.alloy IS 'First alloy chosen.';
COMMENT ON COLUMN warehouse.events.diamond IS 'First primary stone chosen.';
COMMENT ON COLUMN warehouse.events.option_combination IS 'Alloys and stones chosen together.';
COMMENT ON COLUMN warehouse.events.audit_key IS 'Batch that wrote the fact.';
COMMENT ON COLUMN warehouse.events.kafka_topic IS 'Provenance: topic.';
COMMENT ON COLUMN warehouse.events.kafka_partition IS 'Provenance: partition.';
COMMENT ON COLUMN warehouse.events.kafka_offset IS 'Provenance: offset.';
COMMENT ON COLUMN warehouse.order_lines.order_id IS 'Order.';
COMMENT ON COLUMN warehouse.order_lines.line_number IS 'Place in the order, from 1.';
COMMENT ON COLUMN warehouse.order_lines.event_time IS 'When it happened.';
COMMENT ON COLUMN warehouse.order_lines.event_id IS 'Id of the event.';
COMMENT ON COLUMN warehouse.order_lines.is_of_order IS 'The line counts: its event is the order''s first success.';
COMMENT ON COLUMN warehouse.order_lines.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.order_lines.device_key IS 'Device, by its surrogate key.';
COMMENT ON COLUMN warehouse.order_lines.is_bot IS 'The user agent is a robot''s.';
COMMENT ON COLUMN warehouse.order_lines.product_id IS 'Product.';
COMMENT ON COLUMN warehouse.order_lines.product_name IS 'Its name at the time.';
COMMENT ON COLUMN warehouse.order_lines.category IS 'Its category at the time.';
COMMENT ON COLUMN warehouse.order_lines.store_id IS 'Store.';
COMMENT ON COLUMN warehouse.order_lines.domain IS 'Registrable domain of the store.';
COMMENT ON COLUMN warehouse.order_lines.store_country IS 'Country of the store, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN warehouse.order_lines.visitor_country IS 'Country of the visitor''s address, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN warehouse.order_lines.option_combination IS 'Alloys and stones chosen together.';
COMMENT ON COLUMN warehouse.order_lines.currency IS 'Currency of the price, ISO 4217.';
COMMENT ON COLUMN warehouse.order_lines.quantity IS 'Pieces. [unit: pieces]';
COMMENT ON COLUMN warehouse.order_lines.unit_price IS 'Price of one piece. [unit: local currency]';
COMMENT ON COLUMN warehouse.order_lines.local_amount IS 'unit_price x quantity. [unit: local currency]';
COMMENT ON COLUMN warehouse.order_lines.base_amount IS 'The same in the base currency; NULL without a rate. [unit: base_currency]';
COMMENT ON COLUMN warehouse.order_lines.base_currency IS 'Base currency it was valued in.';
COMMENT ON COLUMN warehouse.order_lines.rate_date IS 'Day of the rate.';
COMMENT ON COLUMN warehouse.order_lines.fx_status IS 'converted, carried, missing rate, unknown currency or no price.';
COMMENT ON COLUMN warehouse.orders.order_id IS 'Order.';
COMMENT ON COLUMN warehouse.orders.event_time IS 'When it happened.';
COMMENT ON COLUMN warehouse.orders.event_id IS 'Id of the event.';
COMMENT ON COLUMN warehouse.orders.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.orders.device_key IS 'Device, by its surrogate key.';
COMMENT ON COLUMN warehouse.orders.is_bot IS 'The user agent is a robot''s.';
COMMENT ON COLUMN warehouse.orders.store_id IS 'Store.';
COMMENT ON COLUMN warehouse.orders.domain IS 'Registrable domain of the store.';
COMMENT ON COLUMN warehouse.orders.store_country IS 'Country of the store, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN warehouse.orders.visitor_country IS 'Country of the visitor''s address, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN warehouse.orders.browser IS 'Family of the browser.';
COMMENT ON COLUMN warehouse.orders.os IS 'Family of the operating system.';
COMMENT ON COLUMN warehouse.orders.device_class IS 'desktop, mobile, tablet, tv, bot or other.';
COMMENT ON COLUMN warehouse.orders.session_start IS 'Time of the session''s first event.';
COMMENT ON COLUMN warehouse.orders.channel IS 'Google Analytics 4''s default channel group.';
COMMENT ON COLUMN warehouse.orders.source IS 'Source of traffic.';
COMMENT ON COLUMN warehouse.orders.medium IS 'Medium of traffic.';
COMMENT ON COLUMN warehouse.orders.campaign IS 'Campaign; empty where there is none.';
COMMENT ON COLUMN warehouse.orders.line_count IS 'Lines. [unit: lines]';
COMMENT ON COLUMN warehouse.orders.quantity IS 'Pieces. [unit: pieces]';
COMMENT ON COLUMN warehouse.orders.revenue IS 'What they are worth. [unit: base currency]';
COMMENT ON COLUMN warehouse.orders.is_valued IS 'Every line has an amount in the base currency.';
COMMENT ON COLUMN warehouse.sessions.session_start IS 'Time of the session''s first event.';
COMMENT ON COLUMN warehouse.sessions.session_end IS 'Time of its last event.';
COMMENT ON COLUMN warehouse.sessions.device_key IS 'Device, by its surrogate key.';
COMMENT ON COLUMN warehouse.sessions.is_bot IS 'The user agent is a robot''s.';
COMMENT ON COLUMN warehouse.sessions.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.sessions.store_id IS 'Store.';
COMMENT ON COLUMN warehouse.sessions.domain IS 'Registrable domain of the store.';
COMMENT ON COLUMN warehouse.sessions.store_country IS 'Country of the store, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN warehouse.sessions.visitor_country IS 'Country of the visitor''s address, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN warehouse.sessions.browser IS 'Family of the browser.';
COMMENT ON COLUMN warehouse.sessions.os IS 'Family of the operating system.';
COMMENT ON COLUMN warehouse.sessions.device_class IS 'desktop, mobile, tablet, tv, bot or other.';
COMMENT ON COLUMN warehouse.sessions.referrer_domain IS 'Registrable domain of the referring page.';
COMMENT ON COLUMN warehouse.sessions.channel IS 'Google Analytics 4''s default channel group.';
COMMENT ON COLUMN warehouse.sessions.source IS 'Source of traffic.';
COMMENT ON COLUMN warehouse.sessions.medium IS 'Medium of traffic.';
COMMENT ON COLUMN warehouse.sessions.campaign IS 'Campaign; empty where there is none.';
COMMENT ON COLUMN warehouse.sessions.events IS 'Events. [unit: events]';
COMMENT ON COLUMN warehouse.sessions.page_views IS 'Page views. [unit: events]';
COMMENT ON COLUMN warehouse.sessions.views IS 'Product views. [unit: events]';
COMMENT ON COLUMN warehouse.sessions.selections IS 'Option selections and add-to-cart events. [unit: events]';
COMMENT ON COLUMN warehouse.sessions.carts IS 'Add-to-cart events. [unit: events]';
COMMENT ON COLUMN warehouse.sessions.orders IS 'Orders. [unit: orders]';
COMMENT ON COLUMN warehouse.sessions.revenue IS 'What they are worth. [unit: base currency]';
COMMENT ON COLUMN warehouse.sessions.is_engaged IS 'Longer than 10 s, or two page views or more, or an order.';
COMMENT ON COLUMN warehouse.sessions.is_bounce IS 'Not engaged.';
COMMENT ON COLUMN warehouse.sessions.view_at IS 'Funnel: first product view.';
COMMENT ON COLUMN warehouse.sessions.option_at IS 'Funnel: first option selection after it.';
COMMENT ON COLUMN warehouse.sessions.cart_at IS 'Funnel: first add-to-cart event after that.';
COMMENT ON COLUMN warehouse.sessions.checkout_at IS 'Funnel: first checkout after that.';
COMMENT ON COLUMN warehouse.sessions.success_at IS 'Funnel: first checkout_success after that.';
COMMENT ON COLUMN warehouse.sessions.is_continued IS 'No pause lies before it: the session before had reached its bounds.';
