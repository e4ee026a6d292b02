-- Money: rates, conversion, and what order lines are worth.
CREATE FUNCTION starsink.exchange_rate(currency text, on_day date, OUT units_per_eur numeric, OUT rate_date date)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF currency = 'EUR' THEN
        units_per_eur := 1;
        rate_date := on_day;
    ELSE
        SELECT r.units_per_eur, r.rate_date INTO exchange_rate.units_per_eur, exchange_rate.rate_date
        FROM warehouse.fact_exchange_rate AS r JOIN warehouse.dim_currency AS c ON c.currency_key = r.currency_key
        WHERE c.currency_code = exchange_rate.currency AND r.rate_date <= on_day AND r.rate_date >= on_day - 7
        ORDER BY r.rate_date DESC LIMIT 1;
    END IF;
END
$$;
COMMENT ON FUNCTION starsink.exchange_rate(text, date) IS 'Units of a currency for one euro: the latest rate not after the day and at most 7 days old; NULL where there is none.';
GRANT EXECUTE ON FUNCTION starsink.exchange_rate(text, date) TO starsink_admin, starsink_reader;

CREATE FUNCTION starsink_internal.valued(amount numeric, currency text, on_day date, base text,
    OUT base_amount numeric, OUT rate_date date, OUT fx_status text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    local_units numeric;
    local_day   date;
    base_units  numeric;
    base_day    date;
BEGIN
    IF amount IS NULL THEN
        fx_status := 'no price';
    ELSIF currency IS NULL THEN
        fx_status := 'unknown currency';
    ELSIF currency = base THEN
        base_amount := round(amount, 4);
        rate_date := on_day;
        fx_status := 'converted';
    ELSE
        SELECT r.units_per_eur, r.rate_date INTO local_units, local_day FROM starsink.exchange_rate(currency, on_day) AS r;
        SELECT r.units_per_eur, r.rate_date INTO base_units, base_day FROM starsink.exchange_rate(base, on_day) AS r;
        rate_date := LEAST(local_day, base_day);
        base_amount := round(amount * base_units / local_units, 4);
        IF base_amount IS NULL THEN
            rate_date := NULL;
            fx_status := 'missing rate';
        ELSE
            fx_status := CASE WHEN rate_date = on_day THEN 'converted' ELSE 'carried' END;
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION starsink_internal.valued(numeric, text, date, text) IS 'An amount in the base currency on a day: amount / rate(currency) x rate(base), rounded half up to 4 places, with the day of the older rate and what became of it.';
GRANT EXECUTE ON FUNCTION starsink_internal.valued(numeric, text, date, text) TO starsink_admin, starsink_reader;

CREATE FUNCTION starsink.convert_currency(amount numeric, currency text, on_day date, base text DEFAULT pg_catalog.current_setting('starsink.base_currency'))
RETURNS numeric LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT base_amount FROM starsink_internal.valued(amount, upper(currency COLLATE "C"), on_day, upper(base COLLATE "C"))
$$;
COMMENT ON FUNCTION starsink.convert_currency(numeric, text, date, text) IS 'An amount in another currency (ISO 4217), by default starsink.base_currency, at the rates of a day or the 7 days before; NULL where there are none.';
GRANT EXECUTE ON FUNCTION starsink.convert_currency(numeric, text, date, text) TO starsink_admin, starsink_reader;

CREATE FUNCTION starsink.currency_of(token text, country text, store_currency text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN token IS NULL THEN store_currency ELSE (
        SELECT a.currency_code FROM warehouse.dim_currency_alias AS a
        WHERE a.token = currency_of.token AND a.country_code IN ('', COALESCE(country, ''))
        ORDER BY a.country_code DESC LIMIT 1) END
$$;
COMMENT ON FUNCTION starsink.currency_of(text, text, text) IS 'ISO 4217 code of what stands beside a price in a store of that country; the store''s own currency where nothing does.';
GRANT EXECUTE ON FUNCTION starsink.currency_of(text, text, text) TO starsink_admin, starsink_reader;

CREATE FUNCTION starsink.teach_currency(written text, currency text, country text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    token text := NULLIF(starsink_internal.currency_token(written), '');
    code  text := upper(btrim(currency) COLLATE "C");
    place text := upper(btrim(COALESCE(country, '')) COLLATE "C");
BEGIN
    IF to_regclass('warehouse.dim_currency_alias') IS NULL THEN
        RAISE EXCEPTION 'this database has no warehouse yet' USING ERRCODE = '55000', HINT = 'Run SELECT starsink.create_warehouse().';
    ELSIF token IS NULL OR octet_length(token) > 255 THEN
        RAISE EXCEPTION 'written cannot be %', COALESCE(quote_literal(left(written, 40)), 'NULL') USING ERRCODE = '22023',
            HINT = 'Give what stands beside the price, as starsink.quarantine or warehouse.fact_order_line.currency_token has it, for example ''kr.''.';
    ELSIF code IS NULL OR NOT EXISTS (SELECT FROM warehouse.dim_currency AS c WHERE c.currency_code = code AND c.currency_key > 0) THEN
        RAISE EXCEPTION 'there is no currency %', COALESCE(quote_literal(left(currency, 40)), 'NULL') USING ERRCODE = '22023',
            HINT = 'Give a code of ISO 4217, for example SEK; starsink.merge_currency() makes others.';
    ELSIF place <> '' AND NOT EXISTS (SELECT FROM warehouse.dim_geography AS g WHERE g.country_code = place AND g.geography_key > 0) THEN
        RAISE EXCEPTION 'there is no country %', quote_literal(left(country, 40)) USING ERRCODE = '22023',
            HINT = 'Give a code of ISO 3166-1 alpha-2, for example SE, or leave it out for the stores of all countries.';
    END IF;
    INSERT INTO warehouse.dim_currency_alias AS a (token, country_code, currency_code) VALUES (token, place, code)
    ON CONFLICT ON CONSTRAINT dim_currency_alias_pkey DO UPDATE SET currency_code = excluded.currency_code;
    RETURN starsink.revalue_order_lines();
END
$$;
COMMENT ON FUNCTION starsink.teach_currency(text, text, text) IS 'Teaches what a shop writes for a currency, in the stores of one country or of all, and values the order lines anew; returns how many changed.';
GRANT EXECUTE ON FUNCTION starsink.teach_currency(text, text, text) TO starsink_admin;

CREATE FUNCTION starsink.revalue_order_lines() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    base    text := current_setting('starsink.base_currency');
    began   timestamptz := clock_timestamp();
    priced  bigint;
    changed bigint;
    batch   bigint;
BEGIN
    -- As for every batch: first the transaction's id, then a number. The fold finds what changed by it.
    PERFORM pg_current_xact_id();
    batch := nextval('starsink.audit_key');
    SELECT count(*) INTO priced FROM warehouse.fact_order_line WHERE fx_status <> 'no price';
    UPDATE warehouse.fact_order_line AS l
    SET audit_key = batch, currency_key = n.currency_key, base_amount = n.base_amount, base_currency = base, rate_date = n.rate_date, fx_status = n.fx_status
    FROM (
        SELECT o.event_time, o.event_id, o.line_number, COALESCE(c.currency_key, o.currency_key) AS currency_key, v.base_amount, v.rate_date, v.fx_status
        FROM warehouse.fact_order_line AS o
        JOIN warehouse.dim_date AS d ON d.date_key = o.date_key
        JOIN warehouse.dim_store AS s ON s.store_key = o.store_key
        CROSS JOIN LATERAL (SELECT starsink.currency_of(o.currency_token, s.country_code, s.currency) AS code) AS a
        LEFT JOIN warehouse.dim_currency AS c ON c.currency_code = a.code
        CROSS JOIN LATERAL starsink_internal.valued(o.unit_price * o.quantity, c.currency_code, d.date, base) AS v
        WHERE o.fx_status <> 'no price'
    ) AS n
    WHERE l.event_time = n.event_time AND l.event_id = n.event_id AND l.line_number = n.line_number
      AND (l.base_amount, l.base_currency, l.rate_date, l.fx_status, l.currency_key)
          IS DISTINCT FROM (n.base_amount, base, n.rate_date, n.fx_status, n.currency_key);
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed > 0 THEN
        INSERT INTO starsink.merge_history (audit_key, dimension, source, effective, rows_read, inserted, updated, versioned, unchanged, rejected, rekeyed, started_at, software_version)
        VALUES (batch, 'order_line', 'exchange rates', now(), priced, 0, changed, 0, priced - changed, 0, 0, began,
            (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'starsink'));
    END IF;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION starsink.revalue_order_lines() IS 'Values all order lines anew with the rates, aliases and base currency of now; returns how many changed. Loading rates calls it.';
GRANT EXECUTE ON FUNCTION starsink.revalue_order_lines() TO starsink_admin;

-- Made from Rust.
COMMENT ON FUNCTION starsink.load_exchange_rates(text, text) IS 'Loads exchange rates from the path of a file on the server or from the text of one: the European Central Bank''s history (ecb), or rows of date, currency and rate (rows, csv); auto tells them apart by the header. Order lines are valued anew.';
GRANT EXECUTE ON FUNCTION starsink.load_exchange_rates(text, text) TO starsink_admin;
COMMENT ON FUNCTION starsink_internal.refresh_exchange_rates() IS 'Job exchange_rates: loads starsink.exchange_rates_file if its time or size changed; returns how many rates are new or changed.';
COMMENT ON FUNCTION starsink_internal.fetch_exchange_rates() IS 'Job exchange_rates_url: loads what starsink.exchange_rates_url answers if that changed; returns how many rates are new or changed.';
COMMENT ON FUNCTION starsink_internal.currency_token(text) IS 'What stands beside a price, in the form that warehouse.dim_currency_alias has it: AU $ is AU$.';
