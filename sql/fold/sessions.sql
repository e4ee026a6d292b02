-- What the fold makes of events: sessions, orders, attribution. All of it can be made anew from the facts.
CREATE TABLE IF NOT EXISTS warehouse.fact_session (
    device_key    integer NOT NULL REFERENCES warehouse.dim_device,
    is_bot        boolean NOT NULL,
    session_start timestamptz NOT NULL,
    session_end   timestamptz NOT NULL,
    date_key      integer NOT NULL REFERENCES warehouse.dim_date,
    first_event_id text COLLATE "C" NOT NULL,
    store_key     integer NOT NULL REFERENCES warehouse.dim_store,
    geography_key integer NOT NULL REFERENCES warehouse.dim_geography,
    browser_key   integer NOT NULL REFERENCES warehouse.dim_browser,
    os_key        integer NOT NULL REFERENCES warehouse.dim_os,
    device_class  text NOT NULL,
    referrer_key  integer NOT NULL REFERENCES warehouse.dim_referrer,
    campaign_key  integer NOT NULL REFERENCES warehouse.dim_campaign,
    landing_page  text,
    events        integer NOT NULL,
    page_views    integer NOT NULL,
    views         integer NOT NULL,
    selections    integer NOT NULL,
    carts         integer NOT NULL,
    orders        integer NOT NULL,
    revenue       numeric NOT NULL,
    is_engaged    boolean NOT NULL,
    is_bounce     boolean NOT NULL GENERATED ALWAYS AS (NOT is_engaged) STORED,
    view_at       timestamptz,
    option_at     timestamptz,
    cart_at       timestamptz,
    checkout_at   timestamptz,
    success_at    timestamptz,
    first_view_at     timestamptz,
    first_option_at   timestamptz,
    first_cart_at     timestamptz,
    first_checkout_at timestamptz,
    first_success_at  timestamptz,
    path          bytea NOT NULL,
    fold_id       bigint NOT NULL,
    is_continued  boolean NOT NULL,
    PRIMARY KEY (device_key, is_bot, session_start)
);
CREATE INDEX IF NOT EXISTS fact_session_date ON warehouse.fact_session USING brin (session_start);
-- What a fold wrote is found by those who go on from there.
CREATE INDEX IF NOT EXISTS fact_session_fold_device ON warehouse.fact_session (fold_id, device_key);
COMMENT ON TABLE warehouse.fact_session IS 'Grain: one session: events of one device (and of its robot''s user agents apart) with no pause of more than 1,800 s, at most starsink.session_max_events of them within starsink.session_max_length. Accumulating: a later event extends it, a late one may join two.';
COMMENT ON COLUMN warehouse.fact_session.device_key IS 'Device.';
COMMENT ON COLUMN warehouse.fact_session.is_bot IS 'Its events'' user agents are robots''.';
COMMENT ON COLUMN warehouse.fact_session.session_start IS 'Time of its first event.';
COMMENT ON COLUMN warehouse.fact_session.session_end IS 'Time of its last event.';
COMMENT ON COLUMN warehouse.fact_session.date_key IS 'Day of its first event in the reporting time zone.';
COMMENT ON COLUMN warehouse.fact_session.first_event_id IS 'Id of its first event; with session_start the key of fact_event.';
COMMENT ON COLUMN warehouse.fact_session.store_key IS 'Store of its first event.';
COMMENT ON COLUMN warehouse.fact_session.geography_key IS 'Visitor''s country at its first event.';
COMMENT ON COLUMN warehouse.fact_session.browser_key IS 'Browser of its first event.';
COMMENT ON COLUMN warehouse.fact_session.os_key IS 'Operating system of its first event.';
COMMENT ON COLUMN warehouse.fact_session.device_class IS 'Of its first event: desktop, mobile, tablet, tv, bot or other.';
COMMENT ON COLUMN warehouse.fact_session.referrer_key IS 'Referrer of its first event.';
COMMENT ON COLUMN warehouse.fact_session.campaign_key IS 'Source of traffic of its first event, and so its channel.';
COMMENT ON COLUMN warehouse.fact_session.landing_page IS 'Address of its first page, without query and fragment.';
COMMENT ON COLUMN warehouse.fact_session.events IS 'Events. [unit: events]';
COMMENT ON COLUMN warehouse.fact_session.page_views IS 'Page views. [unit: events]';
COMMENT ON COLUMN warehouse.fact_session.views IS 'Product views. [unit: events]';
COMMENT ON COLUMN warehouse.fact_session.selections IS 'Option selections and add-to-cart events. [unit: events]';
COMMENT ON COLUMN warehouse.fact_session.carts IS 'Add-to-cart events. [unit: events]';
COMMENT ON COLUMN warehouse.fact_session.orders IS 'Orders whose first success it holds. [unit: orders]';
COMMENT ON COLUMN warehouse.fact_session.revenue IS 'What they are worth, in the base currency. [unit: base currency]';
COMMENT ON COLUMN warehouse.fact_session.is_engaged IS 'Longer than 10 s, or two page views or more, or a checkout_success.';
COMMENT ON COLUMN warehouse.fact_session.is_bounce IS 'Not engaged.';
COMMENT ON COLUMN warehouse.fact_session.view_at IS 'Closed funnel, step 1: its first product view.';
COMMENT ON COLUMN warehouse.fact_session.option_at IS 'Step 2: the first option selection not before step 1; NULL where there is none, and so below.';
COMMENT ON COLUMN warehouse.fact_session.cart_at IS 'Step 3: the first add-to-cart event not before step 2.';
COMMENT ON COLUMN warehouse.fact_session.checkout_at IS 'Step 4: the first checkout not before step 3.';
COMMENT ON COLUMN warehouse.fact_session.success_at IS 'Step 5: the first checkout_success not before step 4.';
COMMENT ON COLUMN warehouse.fact_session.first_view_at IS 'Open funnel: its first product view.';
COMMENT ON COLUMN warehouse.fact_session.first_option_at IS 'Open funnel: its first option selection.';
COMMENT ON COLUMN warehouse.fact_session.first_cart_at IS 'Open funnel: its first add-to-cart event.';
COMMENT ON COLUMN warehouse.fact_session.first_checkout_at IS 'Open funnel: its first checkout.';
COMMENT ON COLUMN warehouse.fact_session.first_success_at IS 'Open funnel: its first checkout_success.';
COMMENT ON COLUMN warehouse.fact_session.path IS 'Its events, packed: starsink.session_views(path) unpacks the product views.';
COMMENT ON COLUMN warehouse.fact_session.fold_id IS 'Fold that wrote the row.';
COMMENT ON COLUMN warehouse.fact_session.is_continued IS 'No pause lies before it: the session before had reached starsink.session_max_events or starsink.session_max_length.';
REVOKE SELECT ON warehouse.fact_session FROM starsink_reader;
GRANT SELECT (device_key, is_bot, session_start, session_end, date_key, first_event_id, store_key, geography_key, browser_key, os_key, device_class,
              referrer_key, campaign_key, events, page_views, views, selections, carts, orders, revenue, is_engaged, is_bounce, view_at, option_at,
              cart_at, checkout_at, success_at, first_view_at, first_option_at, first_cart_at, first_checkout_at, first_success_at, path, fold_id, is_continued)
    ON warehouse.fact_session TO starsink_reader;

CREATE TABLE IF NOT EXISTS warehouse.fact_order (
    order_id      text COLLATE "C" PRIMARY KEY,
    event_time    timestamptz NOT NULL,
    event_id      text COLLATE "C" NOT NULL,
    date_key      integer NOT NULL REFERENCES warehouse.dim_date,
    device_key    integer NOT NULL REFERENCES warehouse.dim_device,
    is_bot        boolean NOT NULL,
    store_key     integer NOT NULL REFERENCES warehouse.dim_store,
    geography_key integer NOT NULL REFERENCES warehouse.dim_geography,
    browser_key   integer NOT NULL REFERENCES warehouse.dim_browser,
    os_key        integer NOT NULL REFERENCES warehouse.dim_os,
    device_class  text NOT NULL,
    session_start timestamptz,
    campaign_key  integer NOT NULL REFERENCES warehouse.dim_campaign,
    line_count    integer NOT NULL,
    quantity      numeric NOT NULL,
    revenue       numeric NOT NULL,
    is_valued     boolean NOT NULL,
    line_product_keys     integer[] NOT NULL,
    line_alloy_keys       integer[] NOT NULL,
    line_diamond_keys     integer[] NOT NULL,
    line_combination_keys integer[] NOT NULL,
    line_quantities       numeric[] NOT NULL,
    line_revenues         numeric[] NOT NULL,
    fold_id       bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS fact_order_device ON warehouse.fact_order (device_key, event_time);
CREATE INDEX IF NOT EXISTS fact_order_unvalued ON warehouse.fact_order (event_time) WHERE NOT is_valued;
COMMENT ON TABLE warehouse.fact_order IS 'Grain: one order: the earliest checkout_success (event_time, then event_id) of its order_id. Accumulating: an earlier one that comes late takes its place.';
COMMENT ON COLUMN warehouse.fact_order.order_id IS 'Natural key. [source: order_id]';
COMMENT ON COLUMN warehouse.fact_order.event_time IS 'Time of its first checkout_success.';
COMMENT ON COLUMN warehouse.fact_order.event_id IS 'Id of that event; with event_time the key of fact_event.';
COMMENT ON COLUMN warehouse.fact_order.date_key IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.fact_order.device_key IS 'Device; negative where the event names none.';
COMMENT ON COLUMN warehouse.fact_order.is_bot IS 'The event''s user agent is a robot''s.';
COMMENT ON COLUMN warehouse.fact_order.store_key IS 'Store of the event.';
COMMENT ON COLUMN warehouse.fact_order.geography_key IS 'Visitor''s country.';
COMMENT ON COLUMN warehouse.fact_order.browser_key IS 'Browser of the event.';
COMMENT ON COLUMN warehouse.fact_order.os_key IS 'Operating system of the event.';
COMMENT ON COLUMN warehouse.fact_order.device_class IS 'Of the event: desktop, mobile, tablet, tv, bot or other.';
COMMENT ON COLUMN warehouse.fact_order.session_start IS 'Session that holds it: fact_session of the same device_key and is_bot; NULL without a device.';
COMMENT ON COLUMN warehouse.fact_order.campaign_key IS 'Source of traffic of that session; -1 without a device.';
COMMENT ON COLUMN warehouse.fact_order.line_count IS 'Lines. [unit: lines]';
COMMENT ON COLUMN warehouse.fact_order.quantity IS 'Pieces over all lines. [unit: pieces]';
COMMENT ON COLUMN warehouse.fact_order.revenue IS 'Sum of its lines'' base_amount; a line without a rate adds nothing. [unit: base currency]';
COMMENT ON COLUMN warehouse.fact_order.is_valued IS 'Every line has a base_amount.';
COMMENT ON COLUMN warehouse.fact_order.line_product_keys IS 'Products, line by line.';
COMMENT ON COLUMN warehouse.fact_order.line_alloy_keys IS 'First alloys, line by line.';
COMMENT ON COLUMN warehouse.fact_order.line_diamond_keys IS 'First primary stones, line by line.';
COMMENT ON COLUMN warehouse.fact_order.line_combination_keys IS 'Alloys and stones, line by line.';
COMMENT ON COLUMN warehouse.fact_order.line_quantities IS 'Pieces, line by line. [unit: pieces]';
COMMENT ON COLUMN warehouse.fact_order.line_revenues IS 'Amounts, line by line; 0 without a rate. [unit: base currency]';
COMMENT ON COLUMN warehouse.fact_order.fold_id IS 'Fold that wrote the row.';

CREATE TABLE IF NOT EXISTS warehouse.fact_attribution (
    order_id      text COLLATE "C" NOT NULL,
    model         text COLLATE "C" NOT NULL CHECK (model IN ('first', 'last', 'last_non_direct', 'linear', 'position', 'time_decay')),
    touch_number  integer NOT NULL,
    event_time    timestamptz NOT NULL,
    is_bot        boolean NOT NULL,
    device_key    integer NOT NULL REFERENCES warehouse.dim_device,
    session_start timestamptz,
    campaign_key  integer NOT NULL REFERENCES warehouse.dim_campaign,
    weight        numeric NOT NULL,
    revenue       numeric NOT NULL,
    fold_id       bigint NOT NULL,
    PRIMARY KEY (order_id, model, touch_number)
);
COMMENT ON TABLE warehouse.fact_attribution IS 'Grain: one touch of an order under one model. Touches are the sessions of the device that began in the 30 days before the order, its own included; touches of weight 0 have no row.';
COMMENT ON COLUMN warehouse.fact_attribution.order_id IS 'Order: fact_order.';
COMMENT ON COLUMN warehouse.fact_attribution.model IS 'first, last, last_non_direct, linear, position or time_decay.';
COMMENT ON COLUMN warehouse.fact_attribution.touch_number IS 'Place among the touches in order of time, from 1; 1 where the order has none.';
COMMENT ON COLUMN warehouse.fact_attribution.event_time IS 'Time of the order.';
COMMENT ON COLUMN warehouse.fact_attribution.is_bot IS 'The order''s user agent is a robot''s.';
COMMENT ON COLUMN warehouse.fact_attribution.device_key IS 'Device.';
COMMENT ON COLUMN warehouse.fact_attribution.session_start IS 'The touch: fact_session of the same device_key and is_bot; NULL where the order has none.';
COMMENT ON COLUMN warehouse.fact_attribution.campaign_key IS 'Source of traffic of the touch; -1 where the order has none.';
COMMENT ON COLUMN warehouse.fact_attribution.weight IS 'Share of the order; those of an order and model sum to exactly 1. [unit: share of 1]';
COMMENT ON COLUMN warehouse.fact_attribution.revenue IS 'weight x the order''s revenue. [unit: base currency]';
COMMENT ON COLUMN warehouse.fact_attribution.fold_id IS 'Fold that wrote the row.';
