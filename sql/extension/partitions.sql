CREATE FUNCTION starsink.ensure_partition(event_time timestamptz) RETURNS regclass
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    month_start timestamptz := date_trunc('month', event_time);
    year_start  timestamptz := date_trunc('year', event_time);
    first_time  timestamptz := month_start;
    next_time   timestamptz := month_start + interval '1 month';
    name        text := 'fact_event_' || to_char(month_start, 'YYYY_MM');
BEGIN
    -- The far past is a year to a partition: stray old events must not make hundreds of them. A year that has its
    -- months already keeps them.
    IF year_start < date_trunc('year', now()) - interval '2 years'
       AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'warehouse'::regnamespace
                       AND relname ~ ('^fact_event_' || to_char(year_start, 'YYYY') || '_\d\d$')) THEN
        first_time := year_start;
        next_time := year_start + interval '1 year';
        name := 'fact_event_' || to_char(year_start, 'YYYY');
    END IF;
    IF to_regclass('warehouse.' || quote_ident(name)) IS NOT NULL THEN
        RETURN to_regclass('warehouse.' || quote_ident(name));
    END IF;
    -- Attaching takes this lock too. Unlike an advisory lock, waiting for it shows what its holder made meanwhile.
    LOCK TABLE warehouse.fact_event IN SHARE UPDATE EXCLUSIVE MODE;
    IF to_regclass('warehouse.' || quote_ident(name)) IS NULL THEN
        -- Attaching takes no lock that a reader would hold up; CREATE TABLE ... PARTITION OF would.
        EXECUTE format('CREATE TABLE warehouse.%I (LIKE warehouse.fact_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMMENTS)', name);
        EXECUTE format('ALTER TABLE warehouse.%I OWNER TO starsink_worker', name);
        EXECUTE format('ALTER TABLE warehouse.fact_event ATTACH PARTITION warehouse.%I FOR VALUES FROM (%L) TO (%L)', name, first_time, next_time);
    END IF;
    RETURN to_regclass('warehouse.' || quote_ident(name));
END
$$;
COMMENT ON FUNCTION starsink.ensure_partition(timestamptz) IS 'Makes the partition of warehouse.fact_event that holds this time, if it is not there; returns it.';
