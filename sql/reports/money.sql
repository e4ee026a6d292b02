-- Money that no rate was there for: reports count the orders, as revenue is the sum of what could be converted.
CREATE OR REPLACE FUNCTION starsink_internal.unconverted(first_day date, last_day date, include_bots boolean)
RETURNS TABLE (order_id text, event_time timestamptz, device_key integer, is_bot boolean, store_key integer, geography_key integer, device_class text,
               campaign_key integer, product_keys integer[])
LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    zone text := starsink_internal.report_zone();
BEGIN
    RETURN QUERY
    SELECT o.order_id::text, o.event_time, o.device_key, o.is_bot, o.store_key, o.geography_key, o.device_class, o.campaign_key, l.product_keys
    FROM starsink_internal.live_order() AS o
    CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT f.product_key) AS product_keys FROM warehouse.fact_order_line AS f
        WHERE f.event_time = o.event_time AND f.event_id = o.event_id AND f.fx_status IN ('missing rate', 'unknown currency')) AS l
    WHERE NOT o.is_valued AND l.product_keys IS NOT NULL AND (include_bots OR NOT o.is_bot)
      AND o.event_time >= coalesce(first_day::timestamp AT TIME ZONE zone, '-infinity')
      AND o.event_time < coalesce((last_day + 1)::timestamp AT TIME ZONE zone, 'infinity');
END
$$;
COMMENT ON FUNCTION starsink_internal.unconverted(date, date, boolean) IS 'Orders with a line that has a price and no rate, or a currency that is not known; product_keys are those of such lines.';
