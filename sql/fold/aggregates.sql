-- Aggregate facts, folded from committed batches. Insert-only: a fold adds rows with what it changed, so that sums, unions
-- of sets and sums of tallies over the rows of a key are its figures; a compaction puts the rows of a key together.
-- Reports read them through starsink_internal.live_…(), which add what is committed but not yet folded.
CREATE TABLE IF NOT EXISTS warehouse.agg_hour (
    fold_id    bigint NOT NULL,
    day        date NOT NULL,
    is_bot     boolean NOT NULL,
    hour_start timestamptz NOT NULL,
    views      bigint NOT NULL DEFAULT 0,
    viewers    bytea
);
CREATE INDEX IF NOT EXISTS agg_hour_day ON warehouse.agg_hour (day);
COMMENT ON TABLE warehouse.agg_hour IS 'Grain: a day, robots or not. One hour of the shop. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_hour.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_hour.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_hour.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_hour.hour_start IS 'Start of the hour in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_hour.views IS 'Product views. [unit: events]';
COMMENT ON COLUMN warehouse.agg_hour.viewers IS 'Devices with a view: a set for starsink.distinct_devices().';

CREATE TABLE IF NOT EXISTS warehouse.agg_product_hour (
    fold_id  bigint NOT NULL,
    day      date NOT NULL,
    is_bot   boolean NOT NULL,
    hour     smallint NOT NULL,
    products bytea
);
CREATE INDEX IF NOT EXISTS agg_product_hour_day ON warehouse.agg_product_hour (day);
COMMENT ON TABLE warehouse.agg_product_hour IS 'Grain: a day, robots or not. One hour of the day: product views by product. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_product_hour.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_product_hour.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_product_hour.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_product_hour.hour IS 'Hour of the day, 0 to 23.';
COMMENT ON COLUMN warehouse.agg_product_hour.products IS 'Product views by product_key: a tally.';

CREATE TABLE IF NOT EXISTS warehouse.agg_place (
    fold_id       bigint NOT NULL,
    day           date NOT NULL,
    is_bot        boolean NOT NULL,
    store_key     integer NOT NULL,
    geography_key integer NOT NULL,
    device_class  text COLLATE "C" NOT NULL,
    views         bigint NOT NULL DEFAULT 0,
    viewers       bytea,
    views_by_hour bytea,
    sessions      bigint NOT NULL DEFAULT 0,
    engaged       bigint NOT NULL DEFAULT 0,
    orders        bigint NOT NULL DEFAULT 0,
    revenue       numeric NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS agg_place_day ON warehouse.agg_place (day);
COMMENT ON TABLE warehouse.agg_place IS 'Grain: a day, robots or not. One store, visitor''s country and class of device. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_place.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_place.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_place.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_place.store_key IS 'Store.';
COMMENT ON COLUMN warehouse.agg_place.geography_key IS 'Visitor''s country.';
COMMENT ON COLUMN warehouse.agg_place.device_class IS 'desktop, mobile, tablet, tv, bot or other.';
COMMENT ON COLUMN warehouse.agg_place.views IS 'Product views. [unit: events]';
COMMENT ON COLUMN warehouse.agg_place.viewers IS 'Devices with a view: a set for starsink.distinct_devices().';
COMMENT ON COLUMN warehouse.agg_place.views_by_hour IS 'Product views by hour of the day: a tally for starsink.tally_entries().';
COMMENT ON COLUMN warehouse.agg_place.sessions IS 'Sessions, by the attributes of their first event. [unit: sessions]';
COMMENT ON COLUMN warehouse.agg_place.engaged IS 'Engaged ones among them. [unit: sessions]';
COMMENT ON COLUMN warehouse.agg_place.orders IS 'Orders, by their own attributes. [unit: orders]';
COMMENT ON COLUMN warehouse.agg_place.revenue IS 'What they are worth. [unit: base currency]';

CREATE TABLE IF NOT EXISTS warehouse.agg_place_interest (
    fold_id   bigint NOT NULL,
    day       date NOT NULL,
    is_bot    boolean NOT NULL,
    basis     text COLLATE "C" NOT NULL,
    place_key integer NOT NULL,
    products  bytea,
    alloys    bytea,
    diamonds  bytea
);
CREATE INDEX IF NOT EXISTS agg_place_interest_day ON warehouse.agg_place_interest (day);
COMMENT ON TABLE warehouse.agg_place_interest IS 'Grain: a day, robots or not. One store or visitor''s country: what is looked at there. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_place_interest.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_place_interest.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_place_interest.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_place_interest.basis IS 'store or visitor.';
COMMENT ON COLUMN warehouse.agg_place_interest.place_key IS 'store_key or geography_key.';
COMMENT ON COLUMN warehouse.agg_place_interest.products IS 'Product views by product_key: a tally.';
COMMENT ON COLUMN warehouse.agg_place_interest.alloys IS 'Product views by alloy_option_key shown: a tally; of keys with one value one is taken.';
COMMENT ON COLUMN warehouse.agg_place_interest.diamonds IS 'Product views by diamond_option_key shown: likewise.';

CREATE TABLE IF NOT EXISTS warehouse.agg_store (
    fold_id               bigint NOT NULL,
    day                   date NOT NULL,
    is_bot                boolean NOT NULL,
    store_key             integer NOT NULL,
    views                 bigint NOT NULL DEFAULT 0,
    selections            bigint NOT NULL DEFAULT 0,
    timed_views           bigint NOT NULL DEFAULT 0,
    view_micros           bigint NOT NULL DEFAULT 0,
    view_seconds          bytea,
    customized_views      bigint NOT NULL DEFAULT 0,
    customization_micros  bigint NOT NULL DEFAULT 0,
    customization_seconds bytea
);
CREATE INDEX IF NOT EXISTS agg_store_day ON warehouse.agg_store (day);
COMMENT ON TABLE warehouse.agg_store IS 'Grain: a day, robots or not. One store: how long views and customisation take. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_store.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_store.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_store.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_store.store_key IS 'Store.';
COMMENT ON COLUMN warehouse.agg_store.views IS 'Product views. [unit: events]';
COMMENT ON COLUMN warehouse.agg_store.selections IS 'Option selections and add-to-cart events. [unit: events]';
COMMENT ON COLUMN warehouse.agg_store.timed_views IS 'Product views whose duration is known. [unit: events]';
COMMENT ON COLUMN warehouse.agg_store.view_micros IS 'Sum of their durations. [unit: microseconds]';
COMMENT ON COLUMN warehouse.agg_store.view_seconds IS 'How many lasted how many whole seconds: a tally.';
COMMENT ON COLUMN warehouse.agg_store.customized_views IS 'Product views with a selection of the same product before the next page. [unit: events]';
COMMENT ON COLUMN warehouse.agg_store.customization_micros IS 'Sum of the times from view to last selection. [unit: microseconds]';
COMMENT ON COLUMN warehouse.agg_store.customization_seconds IS 'How many took how many whole seconds: a tally.';

CREATE TABLE IF NOT EXISTS warehouse.agg_technology (
    fold_id       bigint NOT NULL,
    day           date NOT NULL,
    is_bot        boolean NOT NULL,
    browser       text COLLATE "C" NOT NULL,
    os            text COLLATE "C" NOT NULL,
    device_class  text COLLATE "C" NOT NULL,
    views         bigint NOT NULL DEFAULT 0,
    viewers       bytea,
    views_by_hour bytea,
    sessions      bigint NOT NULL DEFAULT 0,
    engaged       bigint NOT NULL DEFAULT 0,
    orders        bigint NOT NULL DEFAULT 0,
    revenue       numeric NOT NULL DEFAULT 0,
    timed_views   bigint NOT NULL DEFAULT 0,
    view_micros   bigint NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS agg_technology_day ON warehouse.agg_technology (day);
COMMENT ON TABLE warehouse.agg_technology IS 'Grain: a day, robots or not. One family of browsers and of operating systems, and class of device. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_technology.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_technology.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_technology.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_technology.browser IS 'Browser''s family.';
COMMENT ON COLUMN warehouse.agg_technology.os IS 'Operating system''s family.';
COMMENT ON COLUMN warehouse.agg_technology.device_class IS 'desktop, mobile, tablet, tv, bot or other.';
COMMENT ON COLUMN warehouse.agg_technology.views IS 'Product views. [unit: events]';
COMMENT ON COLUMN warehouse.agg_technology.viewers IS 'Devices with a view: a set for starsink.distinct_devices().';
COMMENT ON COLUMN warehouse.agg_technology.views_by_hour IS 'Product views by hour of the day: a tally for starsink.tally_entries().';
COMMENT ON COLUMN warehouse.agg_technology.sessions IS 'Sessions, by the attributes of their first event. [unit: sessions]';
COMMENT ON COLUMN warehouse.agg_technology.engaged IS 'Engaged ones among them. [unit: sessions]';
COMMENT ON COLUMN warehouse.agg_technology.orders IS 'Orders, by their own attributes. [unit: orders]';
COMMENT ON COLUMN warehouse.agg_technology.revenue IS 'What they are worth. [unit: base currency]';
COMMENT ON COLUMN warehouse.agg_technology.timed_views IS 'Product views whose duration is known. [unit: events]';
COMMENT ON COLUMN warehouse.agg_technology.view_micros IS 'Sum of their durations. [unit: microseconds]';

CREATE TABLE IF NOT EXISTS warehouse.agg_traffic (
    fold_id  bigint NOT NULL,
    day      date NOT NULL,
    is_bot   boolean NOT NULL,
    channel  text COLLATE "C" NOT NULL,
    source   text COLLATE "C" NOT NULL,
    medium   text COLLATE "C" NOT NULL,
    campaign text COLLATE "C" NOT NULL,
    sessions bigint NOT NULL DEFAULT 0,
    engaged  bigint NOT NULL DEFAULT 0,
    carts    bigint NOT NULL DEFAULT 0,
    orders   bigint NOT NULL DEFAULT 0,
    revenue  numeric NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS agg_traffic_day ON warehouse.agg_traffic (day);
COMMENT ON TABLE warehouse.agg_traffic IS 'Grain: a day, robots or not. One source of traffic: of sessions, and of the orders and carts in them. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_traffic.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_traffic.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_traffic.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_traffic.channel IS 'Channel; (unknown) for orders and carts without a device.';
COMMENT ON COLUMN warehouse.agg_traffic.source IS 'Source.';
COMMENT ON COLUMN warehouse.agg_traffic.medium IS 'Medium.';
COMMENT ON COLUMN warehouse.agg_traffic.campaign IS 'Campaign; empty where there is none.';
COMMENT ON COLUMN warehouse.agg_traffic.sessions IS 'Sessions, by the attributes of their first event. [unit: sessions]';
COMMENT ON COLUMN warehouse.agg_traffic.engaged IS 'Engaged ones among them. [unit: sessions]';
COMMENT ON COLUMN warehouse.agg_traffic.carts IS 'Add-to-cart events. [unit: events]';
COMMENT ON COLUMN warehouse.agg_traffic.orders IS 'Orders, by their own attributes. [unit: orders]';
COMMENT ON COLUMN warehouse.agg_traffic.revenue IS 'What they are worth. [unit: base currency]';

CREATE TABLE IF NOT EXISTS warehouse.agg_referrer (
    fold_id  bigint NOT NULL,
    day      date NOT NULL,
    is_bot   boolean NOT NULL,
    referrer text COLLATE "C" NOT NULL,
    views    bigint NOT NULL DEFAULT 0,
    sessions bigint NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS agg_referrer_day ON warehouse.agg_referrer (day);
COMMENT ON TABLE warehouse.agg_referrer IS 'Grain: a day, robots or not. One external site that refers. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_referrer.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_referrer.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_referrer.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_referrer.referrer IS 'Registrable domain.';
COMMENT ON COLUMN warehouse.agg_referrer.views IS 'Product views. [unit: events]';
COMMENT ON COLUMN warehouse.agg_referrer.sessions IS 'Sessions, by the attributes of their first event. [unit: sessions]';

CREATE TABLE IF NOT EXISTS warehouse.agg_product (
    fold_id               bigint NOT NULL,
    day                   date NOT NULL,
    is_bot                boolean NOT NULL,
    product_key           integer NOT NULL,
    views                 bigint NOT NULL DEFAULT 0,
    viewers               bytea,
    selections            bigint NOT NULL DEFAULT 0,
    carts                 bigint NOT NULL DEFAULT 0,
    orders                bigint NOT NULL DEFAULT 0,
    quantity              numeric NOT NULL DEFAULT 0,
    revenue               numeric NOT NULL DEFAULT 0,
    timed_views           bigint NOT NULL DEFAULT 0,
    view_micros           bigint NOT NULL DEFAULT 0,
    view_seconds          bytea,
    customized_views      bigint NOT NULL DEFAULT 0,
    customization_micros  bigint NOT NULL DEFAULT 0,
    customization_seconds bytea
);
CREATE INDEX IF NOT EXISTS agg_product_day ON warehouse.agg_product (product_key, day);
COMMENT ON TABLE warehouse.agg_product IS 'Grain: a day, robots or not. One product. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_product.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_product.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_product.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_product.product_key IS 'Product.';
COMMENT ON COLUMN warehouse.agg_product.views IS 'Product views. [unit: events]';
COMMENT ON COLUMN warehouse.agg_product.viewers IS 'Devices with a view: a set for starsink.distinct_devices().';
COMMENT ON COLUMN warehouse.agg_product.selections IS 'Option selections and add-to-cart events. [unit: events]';
COMMENT ON COLUMN warehouse.agg_product.carts IS 'Add-to-cart events. [unit: events]';
COMMENT ON COLUMN warehouse.agg_product.orders IS 'Orders, by their own attributes. [unit: orders]';
COMMENT ON COLUMN warehouse.agg_product.quantity IS 'Pieces ordered. [unit: pieces]';
COMMENT ON COLUMN warehouse.agg_product.revenue IS 'What they are worth. [unit: base currency]';
COMMENT ON COLUMN warehouse.agg_product.timed_views IS 'Product views whose duration is known. [unit: events]';
COMMENT ON COLUMN warehouse.agg_product.view_micros IS 'Sum of their durations. [unit: microseconds]';
COMMENT ON COLUMN warehouse.agg_product.view_seconds IS 'How many lasted how many whole seconds: a tally.';
COMMENT ON COLUMN warehouse.agg_product.customized_views IS 'Product views with a selection of the same product before the next page. [unit: events]';
COMMENT ON COLUMN warehouse.agg_product.customization_micros IS 'Sum of the times from view to last selection. [unit: microseconds]';
COMMENT ON COLUMN warehouse.agg_product.customization_seconds IS 'How many took how many whole seconds: a tally.';

CREATE TABLE IF NOT EXISTS warehouse.agg_option (
    fold_id     bigint NOT NULL,
    day         date NOT NULL,
    is_bot      boolean NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    value       text COLLATE "C" NOT NULL,
    selections  bigint NOT NULL DEFAULT 0,
    carts       bigint NOT NULL DEFAULT 0,
    orders      bigint NOT NULL DEFAULT 0,
    views       bigint NOT NULL DEFAULT 0,
    viewers     bytea,
    timed_views bigint NOT NULL DEFAULT 0,
    view_micros bigint NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS agg_option_day ON warehouse.agg_option (day);
COMMENT ON TABLE warehouse.agg_option IS 'Grain: a day, robots or not. One value of an option. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_option.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_option.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_option.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_option.kind IS 'alloy or diamond.';
COMMENT ON COLUMN warehouse.agg_option.value IS 'Value as written.';
COMMENT ON COLUMN warehouse.agg_option.selections IS 'Option selections and add-to-cart events. [unit: events]';
COMMENT ON COLUMN warehouse.agg_option.carts IS 'Add-to-cart events. [unit: events]';
COMMENT ON COLUMN warehouse.agg_option.orders IS 'Orders, by their own attributes. [unit: orders]';
COMMENT ON COLUMN warehouse.agg_option.views IS 'Product views. [unit: events]';
COMMENT ON COLUMN warehouse.agg_option.viewers IS 'Devices with a view: a set for starsink.distinct_devices().';
COMMENT ON COLUMN warehouse.agg_option.timed_views IS 'Product views whose duration is known. [unit: events]';
COMMENT ON COLUMN warehouse.agg_option.view_micros IS 'Sum of their durations. [unit: microseconds]';

CREATE TABLE IF NOT EXISTS warehouse.agg_combination (
    fold_id    bigint NOT NULL,
    day        date NOT NULL,
    is_bot     boolean NOT NULL,
    alloy      text COLLATE "C" NOT NULL,
    diamond    text COLLATE "C" NOT NULL,
    selections bigint NOT NULL DEFAULT 0,
    orders     bigint NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS agg_combination_day ON warehouse.agg_combination (day);
COMMENT ON TABLE warehouse.agg_combination IS 'Grain: a day, robots or not. One alloy with one primary stone. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_combination.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_combination.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_combination.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_combination.alloy IS 'Alloy.';
COMMENT ON COLUMN warehouse.agg_combination.diamond IS 'Primary stone.';
COMMENT ON COLUMN warehouse.agg_combination.selections IS 'Option selections and add-to-cart events. [unit: events]';
COMMENT ON COLUMN warehouse.agg_combination.orders IS 'Orders, by their own attributes. [unit: orders]';

CREATE TABLE IF NOT EXISTS warehouse.agg_funnel (
    fold_id      bigint NOT NULL,
    day          date NOT NULL,
    is_bot       boolean NOT NULL,
    segment_kind text COLLATE "C" NOT NULL,
    segment      text COLLATE "C" NOT NULL,
    mode         text COLLATE "C" NOT NULL,
    step         smallint NOT NULL,
    sessions     bigint NOT NULL DEFAULT 0,
    lag_seconds  bytea
);
CREATE INDEX IF NOT EXISTS agg_funnel_day ON warehouse.agg_funnel (day);
COMMENT ON TABLE warehouse.agg_funnel IS 'Grain: a day, robots or not. One step of the funnel in one segment. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_funnel.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_funnel.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_funnel.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_funnel.segment_kind IS 'all, store, device_class, channel or browser.';
COMMENT ON COLUMN warehouse.agg_funnel.segment IS 'Its key: store_key for store, else the name; empty for all.';
COMMENT ON COLUMN warehouse.agg_funnel.mode IS 'closed (within a day) or open.';
COMMENT ON COLUMN warehouse.agg_funnel.step IS '1 view, 2 option, 3 cart, 4 checkout, 5 success; 0 all sessions.';
COMMENT ON COLUMN warehouse.agg_funnel.sessions IS 'Sessions that reached it. [unit: sessions]';
COMMENT ON COLUMN warehouse.agg_funnel.lag_seconds IS 'How many needed how many whole seconds from the step before: a tally.';

CREATE TABLE IF NOT EXISTS warehouse.agg_attribution (
    fold_id     bigint NOT NULL,
    day         date NOT NULL,
    is_bot      boolean NOT NULL,
    model       text COLLATE "C" NOT NULL,
    channel     text COLLATE "C" NOT NULL,
    source      text COLLATE "C" NOT NULL,
    campaign    text COLLATE "C" NOT NULL,
    conversions numeric NOT NULL DEFAULT 0,
    revenue     numeric NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS agg_attribution_day ON warehouse.agg_attribution (day);
COMMENT ON TABLE warehouse.agg_attribution IS 'Grain: a day, robots or not. One source of traffic under one model. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_attribution.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_attribution.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_attribution.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_attribution.model IS 'first, last, last_non_direct, linear, position or time_decay.';
COMMENT ON COLUMN warehouse.agg_attribution.channel IS 'Channel of the touch; (unknown) where the order has none.';
COMMENT ON COLUMN warehouse.agg_attribution.source IS 'Source of the touch.';
COMMENT ON COLUMN warehouse.agg_attribution.campaign IS 'Campaign of the touch; empty where there is none.';
COMMENT ON COLUMN warehouse.agg_attribution.conversions IS 'Orders, by weight. [unit: orders]';
COMMENT ON COLUMN warehouse.agg_attribution.revenue IS 'Their revenue, by weight. [unit: base currency]';

CREATE TABLE IF NOT EXISTS warehouse.agg_first_seen (
    fold_id bigint NOT NULL,
    day     date NOT NULL,
    is_bot  boolean NOT NULL,
    added   bytea,
    removed bytea
);
CREATE INDEX IF NOT EXISTS agg_first_seen_day ON warehouse.agg_first_seen (day);
COMMENT ON TABLE warehouse.agg_first_seen IS 'Grain: a day, robots or not. Devices whose first event is of that day. Aggregate; several rows of a key add up.';
COMMENT ON COLUMN warehouse.agg_first_seen.fold_id IS 'Fold, or compaction, that wrote the row.';
COMMENT ON COLUMN warehouse.agg_first_seen.day IS 'Day in the reporting time zone.';
COMMENT ON COLUMN warehouse.agg_first_seen.is_bot IS 'By robots'' user agents.';
COMMENT ON COLUMN warehouse.agg_first_seen.added IS 'Devices whose first event seemed to be of that day: a set.';
COMMENT ON COLUMN warehouse.agg_first_seen.removed IS 'Those of them for which an earlier one came late: a set.';
