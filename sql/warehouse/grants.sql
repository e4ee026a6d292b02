-- The worker's role owns the tables. Readers see the warehouse without personal data; operators see the quarantine too.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT c.oid::pg_catalog.regclass AS name, c.relkind
        FROM pg_catalog.pg_class AS c
        WHERE (c.relnamespace = 'warehouse'::pg_catalog.regnamespace AND (c.relname ~ '^(dim|fact|bridge|agg)_')
               OR c.relnamespace = 'warehouse'::pg_catalog.regnamespace AND c.relname IN ('order_line', 'exchange_rate_daily')
               OR c.relnamespace = 'starsink'::pg_catalog.regnamespace
                  AND c.relname IN ('ledger', 'control_log', 'secret', 'quarantine', 'audit_key', 'sql_offset', 'merge_history', 'merge_digest',
                                    'merge_log', 'erasure_log', 'fold', 'fold_day', 'dictionary', 'reconciliation', 'audit_log',
                                    'job', 'job_run', 'job_mark', 'retention_log', 'quality_hour', 'store_domain', 'job_runs', 'quality'))
          AND c.relkind IN ('r', 'p', 'v', 'S')
          AND c.relowner <> 'starsink_worker'::pg_catalog.regrole
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                          AND d.objid = c.oid AND d.deptype IN ('i', 'a') AND c.relkind = 'S')
    LOOP
        EXECUTE pg_catalog.format('ALTER %s %s OWNER TO starsink_worker',
            CASE item.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, item.name);
    END LOOP;
    FOR item IN
        SELECT c.oid::pg_catalog.regclass AS name FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = 'warehouse'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p')
          AND c.relname ~ '^(dim|bridge|agg)_|^fact_(order_line|exchange_rate|session|order|attribution)$' AND c.relname <> 'dim_customer'
    LOOP
        EXECUTE pg_catalog.format('GRANT SELECT ON %s TO starsink_reader', item.name);
    END LOOP;
END
$$;
GRANT SELECT ON ALL TABLES IN SCHEMA warehouse TO starsink_admin;
GRANT SELECT (customer_key, identity_type, user_id_db, email_hash, email_domain, customer_group, country_code, language, registered_on, is_inferred, valid_from, valid_to, is_current)
    ON warehouse.dim_customer TO starsink_reader;
GRANT SELECT (event_time, audit_key, date_key, time_key, event_type_key, product_key, customer_key, device_key, browser_key, os_key,
              user_agent_key, store_key, referrer_key, geography_key, campaign_key, alloy_option_key, diamond_option_key,
              option_combination_key, kafka_partition, kafka_offset, quality_flags, is_bot, event_id, kafka_topic,
              kafka_time, local_time)
    ON warehouse.fact_event TO starsink_reader;
GRANT SELECT ON starsink.ledger, starsink.fold, starsink.merge_history, starsink.merge_log, starsink.reconciliation, starsink.audit_log TO starsink_admin, starsink_reader;
GRANT SELECT ON warehouse.order_line, warehouse.exchange_rate_daily, warehouse.dim_audit, starsink.dictionary TO starsink_reader;
GRANT SELECT ON starsink.job_runs, starsink.quality, starsink.quality_hour, starsink.retention_log TO starsink_admin, starsink_reader;
GRANT SELECT ON starsink.job TO starsink_admin;
GRANT SELECT ON starsink.control_log, starsink.quarantine, starsink.erasure_log, starsink.dictionary TO starsink_admin;
