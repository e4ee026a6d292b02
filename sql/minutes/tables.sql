-- The last half hour by the minute of the event, for the dashboard Live: what job minutes counts out of committed batches.
-- Read through starsink_internal.live_…(), which add what is committed since.
CREATE TABLE IF NOT EXISTS starsink.minute_store (
    minute    timestamptz NOT NULL,
    store_key integer NOT NULL,
    events    bigint NOT NULL,
    views     bigint NOT NULL,
    pages     bigint NOT NULL,
    options   bigint NOT NULL,
    carts     bigint NOT NULL,
    orders    bigint NOT NULL,
    devices   integer[] NOT NULL,
    PRIMARY KEY (minute, store_key)
);
COMMENT ON TABLE starsink.minute_store IS 'Grain: one minute of event time, of the last half hour or ahead, and one store. Robots are left out.';
COMMENT ON COLUMN starsink.minute_store.minute IS 'Start of the minute.';
COMMENT ON COLUMN starsink.minute_store.store_key IS 'Store.';
COMMENT ON COLUMN starsink.minute_store.events IS 'Events. [unit: events]';
COMMENT ON COLUMN starsink.minute_store.views IS 'Product views. [unit: events]';
COMMENT ON COLUMN starsink.minute_store.pages IS 'Views of other pages. [unit: events]';
COMMENT ON COLUMN starsink.minute_store.options IS 'Option selections. [unit: events]';
COMMENT ON COLUMN starsink.minute_store.carts IS 'Add-to-cart events. [unit: events]';
COMMENT ON COLUMN starsink.minute_store.orders IS 'checkout_success events. [unit: events]';
COMMENT ON COLUMN starsink.minute_store.devices IS 'Devices: each key once.';
GRANT SELECT ON starsink.minute_store TO starsink_admin, starsink_reader;

CREATE TABLE IF NOT EXISTS starsink.minute_product (
    product_key integer NOT NULL,
    minute      timestamptz NOT NULL,
    views       bigint NOT NULL,
    viewers     integer[] NOT NULL,
    PRIMARY KEY (product_key, minute)
);
COMMENT ON TABLE starsink.minute_product IS 'Grain: one product that was viewed and one minute of event time, of the last half hour or ahead. Robots are left out.';
COMMENT ON COLUMN starsink.minute_product.product_key IS 'Product.';
COMMENT ON COLUMN starsink.minute_product.minute IS 'Start of the minute.';
COMMENT ON COLUMN starsink.minute_product.views IS 'Product views. [unit: events]';
COMMENT ON COLUMN starsink.minute_product.viewers IS 'Devices with a view: each key once.';
GRANT SELECT ON starsink.minute_product TO starsink_admin, starsink_reader;

CREATE OR REPLACE FUNCTION starsink_internal.live_minute_store() RETURNS SETOF starsink.minute_store LANGUAGE sql STABLE AS $$
    SELECT minute, store_key, events, views, pages, options, carts, orders, devices FROM starsink.minute_store
    UNION ALL
    SELECT minute, store_key, events, views, pages, options, carts, orders, devices FROM starsink_internal.tail_minute_store()
$$;
COMMENT ON FUNCTION starsink_internal.live_minute_store() IS 'starsink.minute_store and what is committed since: several rows of a key add up.';

CREATE OR REPLACE FUNCTION starsink_internal.live_minute_product() RETURNS SETOF starsink.minute_product LANGUAGE sql STABLE AS $$
    SELECT product_key, minute, views, viewers FROM starsink.minute_product
    UNION ALL
    SELECT product_key, minute, views, viewers FROM starsink_internal.tail_minute_product()
$$;
COMMENT ON FUNCTION starsink_internal.live_minute_product() IS 'starsink.minute_product and what is committed since: several rows of a key add up.';
