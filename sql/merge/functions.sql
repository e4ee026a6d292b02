-- What people call. The rates come first: they are no dimension, and are written in a way of their own.
CREATE FUNCTION starsink_internal.merge_rates(names text[], effective timestamptz, source text, rows_read bigint, started_at timestamptz, digest text) RETURNS starsink.merge_result
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET jit = off SET work_mem = '256MB' AS $$
DECLARE
    audit    bigint;
    inserted bigint;
    updated  bigint;
    rejected bigint;
BEGIN
    PERFORM starsink_internal.merge_check_stage();
    PERFORM starsink_internal.merge_check_names('exchange_rate', names);
    audit := nextval('starsink.audit_key');
    rejected := starsink_internal.merge_refuse('exchange_rate', audit);
    INSERT INTO warehouse.dim_currency (currency_code)
    SELECT DISTINCT r.currency_code FROM pg_temp.starsink_merge_rows AS r
    WHERE r.codes IS NULL AND NOT EXISTS (SELECT FROM warehouse.dim_currency AS c WHERE c.currency_code = r.currency_code)
    ORDER BY 1 ON CONFLICT DO NOTHING;
    EXECUTE format('WITH written AS (INSERT INTO warehouse.fact_exchange_rate AS f (rate_date, currency_key, date_key, units_per_eur, source) '
        'SELECT r.rate_date, c.currency_key, to_char(r.rate_date, ''YYYYMMDD'')::integer, r.rate, COALESCE(%s, $1) '
        'FROM pg_temp.starsink_merge_rows AS r JOIN warehouse.dim_currency AS c ON c.currency_code = r.currency_code '
        'WHERE r.codes IS NULL ORDER BY c.currency_key, r.rate_date '
        'ON CONFLICT (currency_key, rate_date) DO UPDATE SET units_per_eur = excluded.units_per_eur, source = excluded.source, loaded_at = clock_timestamp() '
        'WHERE f.units_per_eur <> excluded.units_per_eur%s RETURNING xmax = 0 AS is_new) '
        'SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written',
        CASE WHEN 'source' = ANY (names) THEN 'r.source' ELSE 'NULL' END, CASE WHEN 'source' = ANY (names) THEN ' OR f.source <> excluded.source' ELSE '' END)
    INTO inserted, updated USING source;
    DROP TABLE pg_temp.starsink_merge_rows;
    RETURN starsink_internal.merge_note('exchange_rate', source, effective, started_at, audit, rows_read, inserted, updated, 0, rejected, 0, digest);
END
$$;
COMMENT ON FUNCTION starsink_internal.merge_rates(text[], timestamptz, text, bigint, timestamptz, text) IS 'Writes what starsink.merge_exchange_rate() handed over.';
GRANT EXECUTE ON FUNCTION starsink_internal.merge_rates(text[], timestamptz, text, bigint, timestamptz, text) TO starsink_admin;
ALTER FUNCTION starsink_internal.merge_rates(text[], timestamptz, text, bigint, timestamptz, text) OWNER TO starsink_worker;

DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT * FROM starsink_internal.merge_targets() LOOP
        EXECUTE format('CREATE FUNCTION starsink.%I(source regclass, effective timestamptz DEFAULT now()) RETURNS starsink.merge_result '
            'LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS %L',
            'merge_' || t.dimension, format('SELECT * FROM starsink.merge_dimension(%L, source, effective)', t.dimension));
        EXECUTE format('GRANT EXECUTE ON FUNCTION starsink.%I(regclass, timestamptz) TO starsink_admin', 'merge_' || t.dimension);
        EXECUTE format('COMMENT ON FUNCTION starsink.%I(regclass, timestamptz) IS %L', 'merge_' || t.dimension,
            format('Merges a table or view that the caller may read into %s: columns by name (%s), of any type; those it lacks are left alone, NULL makes unknown. %s '
                'Rows that cannot be are put in quarantine. starsink.merge_log keeps what it did.',
                CASE t.dimension WHEN 'exchange_rate' THEN 'warehouse.fact_exchange_rate' ELSE t.target END,
                (SELECT string_agg(c.column_name, ', ' ORDER BY c.ordinal) FROM starsink_internal.merge_columns() AS c WHERE c.dimension = t.dimension),
                CASE WHEN t.is_versioned THEN 'effective: from when the content holds; a version begins there.' ELSE 'effective is logged only: there are no versions.' END));
    END LOOP;
END
$$;
