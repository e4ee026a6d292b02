-- A publication FOR ALL TABLES refuses to change rows of a table that cannot name them: those without a key name the whole row.
DO $$
DECLARE
    item text;
BEGIN
    FOREACH item IN ARRAY ARRAY[
        'starsink.ledger', 'starsink.fold_day', 'starsink.retention_log',
        'warehouse.agg_hour', 'warehouse.agg_product_hour', 'warehouse.agg_place', 'warehouse.agg_place_interest', 'warehouse.agg_store',
        'warehouse.agg_technology', 'warehouse.agg_traffic', 'warehouse.agg_referrer', 'warehouse.agg_product', 'warehouse.agg_option',
        'warehouse.agg_combination', 'warehouse.agg_funnel', 'warehouse.agg_attribution', 'warehouse.agg_first_seen']
    LOOP
        -- Asked first: a second run need not lock what is as it should be.
        IF (SELECT c.relreplident FROM pg_catalog.pg_class AS c WHERE c.oid = item::pg_catalog.regclass) = 'd' THEN
            EXECUTE 'ALTER TABLE ' || item || ' REPLICA IDENTITY FULL';
        END IF;
    END LOOP;
END
$$;
