-- What the reports share: checks of their parameters, and the names that products and places are shown by.
-- Reports stay when the extension goes, and work again when it is back.
CREATE OR REPLACE FUNCTION starsink_internal.require_extension() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'starsink') THEN
        RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = 'the reports need the extension starsink, which is not in this database',
            HINT = 'CREATE EXTENSION starsink: the warehouse and its offsets are there, and all goes on where it was.';
    END IF;
END
$$;
COMMENT ON FUNCTION starsink_internal.require_extension() IS 'Raises 55000 where the extension is not in the database.';

CREATE OR REPLACE FUNCTION starsink_internal.report_zone() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM starsink_internal.require_extension();
    RETURN starsink.fold_time_zone();
END
$$;
COMMENT ON FUNCTION starsink_internal.report_zone() IS 'Zone that days and hours of reports are cut in.';

CREATE OR REPLACE FUNCTION starsink_internal.check_choice(parameter text, value text, choices text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF value IS NULL OR value <> ALL (choices) THEN
        RAISE EXCEPTION USING ERRCODE = '22023',
            MESSAGE = format('%s cannot be %L', parameter, value),
            HINT = format('Use one of: %s.', array_to_string(choices, ', '));
    END IF;
END
$$;
COMMENT ON FUNCTION starsink_internal.check_choice(text, text, text[]) IS 'Raises 22023 where a report''s parameter is none of its choices.';

CREATE OR REPLACE FUNCTION starsink_internal.check_count(parameter text, value integer) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF value < 0 THEN
        RAISE EXCEPTION USING ERRCODE = '22023',
            MESSAGE = format('%s cannot be %s', parameter, value),
            HINT = 'Use 0, a positive number, or NULL for no limit.';
    END IF;
END
$$;
COMMENT ON FUNCTION starsink_internal.check_count(text, integer) IS 'Raises 22023 where a report''s number is negative.';

CREATE OR REPLACE FUNCTION starsink_internal.check_days(first_day date, last_day date, include_bots boolean) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM starsink_internal.require_extension();
    IF first_day > last_day THEN
        RAISE EXCEPTION USING ERRCODE = '22023',
            MESSAGE = format('first_day cannot be %s: last_day is %s', first_day, last_day),
            HINT = 'Use a first_day that is not after last_day, or NULL for an open range.';
    END IF;
    IF include_bots IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'include_bots cannot be NULL', HINT = 'Use one of: true, false.';
    END IF;
END
$$;
COMMENT ON FUNCTION starsink_internal.check_days(date, date, boolean) IS 'Raises 22023 where a report''s range of days ends before it begins, or include_bots is NULL, and 55000 where the extension is not there.';

-- Facts carry the version that was valid at their time; reports show the current one, and the special members as one.
CREATE OR REPLACE VIEW starsink_internal.report_product AS
SELECT v.product_key,
       CASE WHEN v.product_key < 0 THEN '(unknown)' ELSE v.product_id END COLLATE "C" AS product_id,
       CASE WHEN v.product_key < 0 THEN '(unknown)' ELSE c.product_name END AS product_name,
       CASE WHEN v.product_key < 0 THEN '(unknown)' ELSE COALESCE(NULLIF(c.current_category, ''), '(unknown)') END COLLATE "C" AS category,
       CASE WHEN v.product_key < 0 THEN -1 ELSE COALESCE(c.product_key, v.product_key) END AS current_key
FROM warehouse.dim_product AS v
LEFT JOIN warehouse.dim_product AS c ON c.product_id = v.product_id AND c.is_current;
COMMENT ON VIEW starsink_internal.report_product IS 'Grain: one version of a product, with what reports show of it: the current version''s attributes.';
COMMENT ON COLUMN starsink_internal.report_product.product_key IS 'Key that facts carry.';
COMMENT ON COLUMN starsink_internal.report_product.product_id IS 'Natural key; (unknown) for the special members.';
COMMENT ON COLUMN starsink_internal.report_product.product_name IS 'Name.';
COMMENT ON COLUMN starsink_internal.report_product.category IS 'Current category.';
COMMENT ON COLUMN starsink_internal.report_product.current_key IS 'Key of the current version; -1 for the special members.';

CREATE OR REPLACE VIEW starsink_internal.report_store AS
SELECT v.store_key,
       CASE WHEN v.store_key < 0 THEN '(unknown)' ELSE v.store_id END COLLATE "C" AS store_id,
       CASE WHEN v.store_key >= 0 THEN c.domain END COLLATE "C" AS domain,
       COALESCE(CASE WHEN v.store_key >= 0 THEN c.country_code END, '(unknown)') COLLATE "C" AS country_code,
       COALESCE(CASE WHEN v.store_key >= 0 THEN g.country_name END, CASE WHEN v.store_key >= 0 THEN c.country_code END, '(unknown)') AS country_name,
       COALESCE(CASE WHEN v.store_key >= 0 AND c.country_code IS NOT NULL THEN COALESCE(g.region, c.region) END, '(unknown)') COLLATE "C" AS region,
       COALESCE(CASE WHEN v.store_key >= 0 AND c.country_code IS NOT NULL THEN g.sub_region END, '(unknown)') COLLATE "C" AS sub_region
FROM warehouse.dim_store AS v
LEFT JOIN warehouse.dim_store AS c ON c.store_id = v.store_id AND c.is_current
LEFT JOIN warehouse.dim_geography AS g ON g.country_code = c.country_code COLLATE "C";
COMMENT ON VIEW starsink_internal.report_store IS 'Grain: one version of a store, with what reports show of it: the current version''s attributes, and its country''s.';
COMMENT ON COLUMN starsink_internal.report_store.store_key IS 'Key that facts carry.';
COMMENT ON COLUMN starsink_internal.report_store.store_id IS 'Natural key; (unknown) for the special members.';
COMMENT ON COLUMN starsink_internal.report_store.domain IS 'Registrable domain.';
COMMENT ON COLUMN starsink_internal.report_store.country_code IS 'Country by domain; (unknown) where it has none.';
COMMENT ON COLUMN starsink_internal.report_store.country_name IS 'Its English name.';
COMMENT ON COLUMN starsink_internal.report_store.region IS 'Region by UN M49.';
COMMENT ON COLUMN starsink_internal.report_store.sub_region IS 'Sub-region by UN M49.';

CREATE OR REPLACE VIEW starsink_internal.report_country AS
SELECT g.geography_key,
       CASE WHEN g.geography_key < 0 THEN '(unknown)' ELSE g.country_code END COLLATE "C" AS country_code,
       CASE WHEN g.geography_key < 0 THEN '(unknown)' ELSE COALESCE(g.country_name, g.country_code) END AS country_name,
       COALESCE(CASE WHEN g.geography_key >= 0 THEN g.region END, '(unknown)') COLLATE "C" AS region,
       COALESCE(CASE WHEN g.geography_key >= 0 THEN g.sub_region END, '(unknown)') COLLATE "C" AS sub_region
FROM warehouse.dim_geography AS g;
COMMENT ON VIEW starsink_internal.report_country IS 'Grain: one country of visitors, as reports show it.';
COMMENT ON COLUMN starsink_internal.report_country.geography_key IS 'Key that facts carry.';
COMMENT ON COLUMN starsink_internal.report_country.country_code IS 'ISO 3166-1 alpha-2; (unknown) for the special members.';
COMMENT ON COLUMN starsink_internal.report_country.country_name IS 'English name.';
COMMENT ON COLUMN starsink_internal.report_country.region IS 'Region by UN M49.';
COMMENT ON COLUMN starsink_internal.report_country.sub_region IS 'Sub-region by UN M49.';

-- Places of either basis under one key: what the facts carry is the store''s or the visitor''s.
CREATE OR REPLACE VIEW starsink_internal.report_place AS
SELECT 'store' COLLATE "C" AS basis, s.store_key AS place_key, s.country_code, s.country_name, s.region, s.sub_region FROM starsink_internal.report_store AS s
UNION ALL
SELECT 'visitor' COLLATE "C", c.geography_key, c.country_code, c.country_name, c.region, c.sub_region FROM starsink_internal.report_country AS c;
COMMENT ON VIEW starsink_internal.report_place IS 'Grain: one store (basis store) or visitors'' country (basis visitor), with its country.';
COMMENT ON COLUMN starsink_internal.report_place.basis IS 'store or visitor.';
COMMENT ON COLUMN starsink_internal.report_place.place_key IS 'store_key or geography_key.';
COMMENT ON COLUMN starsink_internal.report_place.country_code IS 'Country; (unknown) where there is none.';
COMMENT ON COLUMN starsink_internal.report_place.country_name IS 'Its English name.';
COMMENT ON COLUMN starsink_internal.report_place.region IS 'Region by UN M49.';
COMMENT ON COLUMN starsink_internal.report_place.sub_region IS 'Sub-region by UN M49.';
