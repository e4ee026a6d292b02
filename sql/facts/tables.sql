-- The fact: key with the time first, so that inserts stay at the right edge of the index. Partitions are made by
-- starsink_internal.ensure_partition(), there is no default one.
CREATE TABLE IF NOT EXISTS warehouse.fact_event (
    event_time      timestamptz NOT NULL,
    audit_key       bigint NOT NULL,
    date_key        integer NOT NULL REFERENCES warehouse.dim_date,
    time_key        integer NOT NULL REFERENCES warehouse.dim_time,
    event_type_key  integer NOT NULL REFERENCES warehouse.dim_event_type,
    product_key     integer NOT NULL REFERENCES warehouse.dim_product,
    customer_key    integer NOT NULL REFERENCES warehouse.dim_customer,
    device_key      integer NOT NULL REFERENCES warehouse.dim_device,
    browser_key     integer NOT NULL REFERENCES warehouse.dim_browser,
    os_key          integer NOT NULL REFERENCES warehouse.dim_os,
    user_agent_key  integer NOT NULL REFERENCES warehouse.dim_user_agent,
    store_key       integer NOT NULL REFERENCES warehouse.dim_store,
    referrer_key    integer NOT NULL REFERENCES warehouse.dim_referrer,
    geography_key          integer NOT NULL REFERENCES warehouse.dim_geography,
    campaign_key           integer NOT NULL REFERENCES warehouse.dim_campaign,
    alloy_option_key       integer NOT NULL REFERENCES warehouse.dim_alloy_option,
    diamond_option_key     integer NOT NULL REFERENCES warehouse.dim_diamond_option,
    option_combination_key integer NOT NULL REFERENCES warehouse.dim_option_combination,
    kafka_partition integer NOT NULL,
    kafka_offset    bigint NOT NULL,
    quality_flags   bigint NOT NULL,
    payload_hash    bigint NOT NULL,
    is_bot          boolean NOT NULL,
    event_id        text COLLATE "C" NOT NULL,
    kafka_topic     text COLLATE "C" NOT NULL,
    kafka_time      timestamptz,
    current_url     text,
    referrer_url    text,
    ip              inet,
    local_time      timestamp,
    extras          jsonb,
    PRIMARY KEY (event_time, event_id)
) PARTITION BY RANGE (event_time);
CREATE INDEX IF NOT EXISTS fact_event_audit_key ON warehouse.fact_event USING brin (audit_key);
REVOKE SELECT ON warehouse.fact_event FROM starsink_reader;
GRANT SELECT (event_time, audit_key, date_key, time_key, event_type_key, product_key, customer_key, device_key, browser_key, os_key,
              user_agent_key, store_key, referrer_key, geography_key, campaign_key, alloy_option_key, diamond_option_key,
              option_combination_key, kafka_partition, kafka_offset, quality_flags, is_bot, event_id, kafka_topic,
              kafka_time, local_time)
    ON warehouse.fact_event TO starsink_reader;

-- Whoever is to be forgotten is found without a look at every row; new rows, at the table's end, cost next to nothing.
-- PostgreSQL 13 has no such index, and looks at every row. Every statement that lays something out begins its line.
DO $$
BEGIN
    IF pg_catalog.current_setting('server_version_num')::integer >= 140000 THEN
CREATE INDEX IF NOT EXISTS fact_event_person ON warehouse.fact_event
    USING brin (customer_key pg_catalog.int4_bloom_ops (n_distinct_per_range = 500), device_key pg_catalog.int4_bloom_ops (n_distinct_per_range = 1500));
    END IF;
END
$$;
-- Events with an e-mail address where none belongs, ADDRESS_MASKED: hardly any.
CREATE INDEX IF NOT EXISTS fact_event_masked ON warehouse.fact_event (audit_key) WHERE quality_flags & 35184372088832 <> 0;

COMMENT ON TABLE warehouse.fact_event IS 'Grain: one accepted event. Transaction fact, partitioned by event time: months, years for the far past.';
COMMENT ON COLUMN warehouse.fact_event.event_time IS 'When it happened, by the event''s time_stamp. [source: time_stamp]';
COMMENT ON COLUMN warehouse.fact_event.audit_key IS 'Batch that wrote the row: starsink.ledger.';
COMMENT ON COLUMN warehouse.fact_event.date_key IS 'Day in the reporting time zone. [source: time_stamp]';
COMMENT ON COLUMN warehouse.fact_event.time_key IS 'Minute of the day in the reporting time zone. [source: time_stamp]';
COMMENT ON COLUMN warehouse.fact_event.event_type_key IS 'Collection. [source: collection]';
COMMENT ON COLUMN warehouse.fact_event.product_key IS 'Product; -2 where the event names none. [source: product_id]';
COMMENT ON COLUMN warehouse.fact_event.customer_key IS 'Customer; -2 for anonymous visitors. [source: user_id_db, else email_address]';
COMMENT ON COLUMN warehouse.fact_event.device_key IS 'Device; -3 where it is blank. [source: device_id]';
COMMENT ON COLUMN warehouse.fact_event.browser_key IS 'Browser. [source: user_agent]';
COMMENT ON COLUMN warehouse.fact_event.os_key IS 'Operating system. [source: user_agent]';
COMMENT ON COLUMN warehouse.fact_event.user_agent_key IS 'User-agent header; -3 where it is blank. [source: user_agent]';
COMMENT ON COLUMN warehouse.fact_event.store_key IS 'Store; -3 where it is blank. [source: store_id]';
COMMENT ON COLUMN warehouse.fact_event.referrer_key IS 'Referring page; -2 for direct visits, -1 where it is no address. [source: referer_url, referrer_url, referer, referrer]';
COMMENT ON COLUMN warehouse.fact_event.geography_key IS 'Visitor''s country by the IP address; -1 where it is not known, -3 without an address. [source: ip]';
COMMENT ON COLUMN warehouse.fact_event.campaign_key IS 'Source of traffic, as if the event were the first of its session. [source: current_url, utm_source, utm_medium, referer_url]';
COMMENT ON COLUMN warehouse.fact_event.alloy_option_key IS 'First alloy chosen in the event; -2 where there is none. [source: option]';
COMMENT ON COLUMN warehouse.fact_event.diamond_option_key IS 'First primary stone chosen in the event; -2 where there is none. [source: option]';
COMMENT ON COLUMN warehouse.fact_event.option_combination_key IS 'All alloys and stones chosen in the event; -2 where there is none. [source: option]';
COMMENT ON COLUMN warehouse.fact_event.kafka_partition IS 'Provenance: partition.';
COMMENT ON COLUMN warehouse.fact_event.kafka_offset IS 'Provenance: offset; line number for files.';
COMMENT ON COLUMN warehouse.fact_event.quality_flags IS 'Warnings and fixes, one bit each: starsink.quality_codes() names them.';
COMMENT ON COLUMN warehouse.fact_event.payload_hash IS 'XXH3 of the message, tells a redelivery from another message with the same id and time.';
COMMENT ON COLUMN warehouse.fact_event.is_bot IS 'The user agent is a robot''s.';
COMMENT ON COLUMN warehouse.fact_event.event_id IS 'Natural key together with event_time: the event''s id. [source: id, else _id]';
COMMENT ON COLUMN warehouse.fact_event.kafka_topic IS 'Provenance: topic, or the source''s name.';
COMMENT ON COLUMN warehouse.fact_event.kafka_time IS 'Timestamp of the message in Kafka; NULL where it has none, or none between the year 2000 and an hour from its arrival.';
COMMENT ON COLUMN warehouse.fact_event.current_url IS 'Address of the page. [source: current_url]';
COMMENT ON COLUMN warehouse.fact_event.referrer_url IS 'The referrer as it came. [source: referer_url, referrer_url, referer, referrer]';
COMMENT ON COLUMN warehouse.fact_event.ip IS 'Visitor''s address as far as starsink.keep_ip keeps it. Personal data. [source: ip]';
COMMENT ON COLUMN warehouse.fact_event.local_time IS 'The visitor''s clock as the event says; often a 12-hour clock, do not count by it. [source: local_time]';
COMMENT ON COLUMN warehouse.fact_event.extras IS 'Every attribute that has no column.';

CREATE TABLE IF NOT EXISTS starsink.retention_log (
    topic       text COLLATE "C" NOT NULL,
    partition   integer NOT NULL,
    facts       bigint NOT NULL,
    quarantined bigint NOT NULL,
    source      text NOT NULL,
    deleted_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE starsink.retention_log IS 'Grain: what retention deleted of one Kafka partition at one go. starsink.verify() adds it to what is there.';
COMMENT ON COLUMN starsink.retention_log.topic IS 'Kafka topic, or the source''s name.';
COMMENT ON COLUMN starsink.retention_log.partition IS 'Partition of the topic.';
COMMENT ON COLUMN starsink.retention_log.facts IS 'Events deleted. [unit: events]';
COMMENT ON COLUMN starsink.retention_log.quarantined IS 'Messages deleted that were waiting in quarantine. [unit: messages]';
COMMENT ON COLUMN starsink.retention_log.source IS 'Partition of fact_event, or quarantine.';
COMMENT ON COLUMN starsink.retention_log.deleted_at IS 'When.';
GRANT SELECT ON starsink.retention_log TO starsink_admin, starsink_reader;
