-- Readers see the warehouse without personal data; operators see all of it, and the quarantine. By the list of what was
-- laid out: tables that users have in the schema are theirs.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT c.oid::pg_catalog.regclass AS name, c.relname, c.relkind
        FROM starsink.warehouse_inventory() AS i
        JOIN pg_catalog.pg_class AS c ON c.relnamespace = 'warehouse'::pg_catalog.regnamespace AND c.relname = i.name
        WHERE i.schema_name = 'warehouse' AND i.kind = 'relation' AND c.relkind IN ('r', 'p', 'v')
    LOOP
        EXECUTE pg_catalog.format('GRANT SELECT ON %s TO starsink_admin', item.name);
        IF item.relkind = 'r' AND item.relname <> ALL (ARRAY['dim_customer', 'dim_referrer', 'fact_session']) THEN
            EXECUTE pg_catalog.format('GRANT SELECT ON %s TO starsink_reader', item.name);
        END IF;
    END LOOP;
END
$$;
-- By column, where a column could tell a person: who it is, or a page's full address. What an earlier build granted goes.
REVOKE SELECT ON warehouse.dim_customer, warehouse.dim_referrer, warehouse.fact_session, warehouse.fact_event FROM starsink_reader;
REVOKE SELECT (user_id_db, email_hash) ON warehouse.dim_customer FROM starsink_reader;
GRANT SELECT (customer_key, identity_type, email_domain, customer_group, country_code, language, registered_on, is_inferred, valid_from, valid_to, is_current)
    ON warehouse.dim_customer TO starsink_reader;
GRANT SELECT (referrer_key, host, registrable_domain, kind, source, medium, term, is_internal) ON warehouse.dim_referrer TO starsink_reader;
GRANT SELECT (device_key, is_bot, session_start, session_end, date_key, first_event_id, store_key, geography_key, browser_key, os_key, device_class,
              referrer_key, campaign_key, events, page_views, views, selections, carts, orders, revenue, is_engaged, is_bounce, view_at, option_at,
              cart_at, checkout_at, success_at, first_view_at, first_option_at, first_cart_at, first_checkout_at, first_success_at, path, fold_id, is_continued)
    ON warehouse.fact_session TO starsink_reader;
GRANT SELECT (event_time, audit_key, date_key, time_key, event_type_key, product_key, customer_key, device_key, browser_key, os_key,
              user_agent_key, store_key, referrer_key, geography_key, campaign_key, alloy_option_key, diamond_option_key,
              option_combination_key, kafka_partition, kafka_offset, quality_flags, is_bot, event_id, kafka_topic,
              kafka_time, local_time)
    ON warehouse.fact_event TO starsink_reader;
GRANT SELECT ON starsink.layout, starsink.ledger, starsink.fold, starsink.merge_history, starsink.merge_log, starsink.reconciliation, starsink.audit_log TO starsink_admin, starsink_reader;
GRANT SELECT ON warehouse.order_line, warehouse.exchange_rate_daily, warehouse.dim_audit, starsink.dictionary TO starsink_reader;
GRANT SELECT ON starsink.job_runs, starsink.quality, starsink.quality_hour, starsink.minute_store, starsink.minute_product, starsink.retention_log TO starsink_admin, starsink_reader;
GRANT SELECT ON starsink.job TO starsink_admin;
GRANT SELECT ON starsink.crawl_host, starsink.crawl_page, starsink.crawl_control, starsink.crawl_product, starsink.crawl_status, starsink.control_log, starsink.quarantine, starsink.quarantine_log, starsink.erasure_log, starsink.dictionary TO starsink_admin;
GRANT SELECT ON starsink.alert_rule, starsink.alert_event, starsink.alert_delivery TO starsink_admin, starsink_reader;
GRANT INSERT, UPDATE, DELETE ON starsink.alert_rule TO starsink_admin;
GRANT SELECT ON starsink.site TO starsink_admin, starsink_reader;
GRANT INSERT, UPDATE, DELETE ON starsink.site TO starsink_admin;
