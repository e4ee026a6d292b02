-- What a merge may change: every dimension, its columns, and when a value is good. The engine knows no dimension by name.
CREATE FUNCTION starsink_internal.merge_targets() RETURNS TABLE (dimension text, target text, surrogate text, is_versioned boolean, row_rule text, row_meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    VALUES
        ('product', 'warehouse.dim_product', 'product_key', true, NULL, NULL),
        ('customer', 'warehouse.dim_customer', 'customer_key', true,
         'identity_type <> ''email'' OR identity ~ ''^[0-9a-f]{32}$''', 'identity: of type email, not the keyed hash of an address (32 hex digits)'),
        ('store', 'warehouse.dim_store', 'store_key', true, NULL, NULL),
        ('currency', 'warehouse.dim_currency', 'currency_key', false, NULL, NULL),
        ('alloy_option', 'warehouse.dim_alloy_option', 'alloy_option_key', false, NULL, NULL),
        ('diamond_option', 'warehouse.dim_diamond_option', 'diamond_option_key', false, NULL, NULL),
        ('geography', 'warehouse.dim_geography', 'geography_key', false, NULL, NULL),
        ('exchange_rate', '(SELECT c.currency_code, f.rate_date, f.units_per_eur AS rate, f.source, f.currency_key, false AS is_inferred '
         'FROM warehouse.fact_exchange_rate AS f JOIN warehouse.dim_currency AS c ON c.currency_key = f.currency_key)', 'currency_key', false, NULL, NULL)
$$;
COMMENT ON FUNCTION starsink_internal.merge_targets() IS 'What merges compare with and write to: a table, or for the rates a query; surrogate key; whether it has versions; what must hold between the columns of a natural key.';
GRANT EXECUTE ON FUNCTION starsink_internal.merge_targets() TO starsink_admin;

CREATE FUNCTION starsink_internal.merge_columns() RETURNS TABLE (dimension text, ordinal integer, column_name text, part text, rule text, if_absent text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.dimension, row_number() OVER (PARTITION BY c.dimension ORDER BY c.number)::integer, c.column_name, c.part, c.rule, c.if_absent
    FROM (VALUES
        (101, 'product', 'product_id', 'key', 'name', NULL),
        (102, 'product', 'sku', 'type 1', 'text', NULL),
        (103, 'product', 'product_name', 'type 2', 'text', NULL),
        (104, 'product', 'product_type', 'type 2', 'text', NULL),
        (105, 'product', 'category', 'type 2', 'text', NULL),
        (106, 'product', 'collection', 'type 2', 'text', NULL),
        (107, 'product', 'gender', 'type 2', 'text', NULL),
        (108, 'product', 'brand', 'type 2', 'text', NULL),
        (109, 'product', 'image_url', 'type 1', 'text', NULL),
        (110, 'product', 'canonical_url', 'type 1', 'text', NULL),
        (201, 'customer', 'identity_type', 'key', 'identity type', '''user_id'''),
        (202, 'customer', 'identity', 'key', 'name', 'user_id_db'),
        (203, 'customer', 'user_id_db', 'type 1', 'name', 'CASE r.identity_type WHEN ''user_id'' THEN r.identity END'),
        (204, 'customer', 'email_hash', 'type 1', 'hash', 'CASE r.identity_type WHEN ''email'' THEN r.identity END'),
        (205, 'customer', 'email_domain', 'type 1', 'text', NULL),
        (206, 'customer', 'email', 'type 1', 'e-mail', NULL),
        (207, 'customer', 'customer_group', 'type 2', 'text', NULL),
        (208, 'customer', 'country_code', 'type 2', 'country', NULL),
        (209, 'customer', 'language', 'type 2', 'language', NULL),
        (210, 'customer', 'registered_on', 'type 1', 'date', NULL),
        (301, 'store', 'store_id', 'key', 'name', NULL),
        (302, 'store', 'domain', 'type 2', 'text', NULL),
        (303, 'store', 'country_code', 'type 2', 'country', NULL),
        (304, 'store', 'region', 'type 2', 'text', NULL),
        (305, 'store', 'currency', 'type 2', 'currency', NULL),
        (306, 'store', 'time_zone', 'type 2', 'time zone', NULL),
        (401, 'currency', 'currency_code', 'key', 'currency', NULL),
        (402, 'currency', 'currency_name', 'type 1', 'text', NULL),
        (403, 'currency', 'symbol', 'type 1', 'text', NULL),
        (404, 'currency', 'minor_units', 'type 1', 'minor units', NULL),
        (501, 'alloy_option', 'option_id', 'type 1', 'text', NULL),
        (502, 'alloy_option', 'value_id', 'type 1', 'text', NULL),
        (503, 'alloy_option', 'value', 'key', 'name', NULL),
        (504, 'alloy_option', 'metal', 'type 1', 'text', NULL),
        (505, 'alloy_option', 'colour', 'type 1', 'text', NULL),
        (506, 'alloy_option', 'fineness', 'type 1', 'fineness', NULL),
        (601, 'diamond_option', 'role', 'key', 'role', NULL),
        (602, 'diamond_option', 'option_id', 'type 1', 'text', NULL),
        (603, 'diamond_option', 'value_id', 'type 1', 'text', NULL),
        (604, 'diamond_option', 'value', 'key', 'name', NULL),
        (605, 'diamond_option', 'quality', 'key', 'part', NULL),
        (606, 'diamond_option', 'stone', 'type 1', 'text', NULL),
        (607, 'diamond_option', 'shape', 'type 1', 'text', NULL),
        (608, 'diamond_option', 'is_lab_grown', 'type 1', 'boolean', NULL),
        (701, 'geography', 'country_code', 'key', 'country', NULL),
        (702, 'geography', 'alpha3', 'type 1', 'alpha-3', NULL),
        (703, 'geography', 'numeric_code', 'type 1', 'three digits', NULL),
        (704, 'geography', 'country_name', 'type 1', 'text', NULL),
        (705, 'geography', 'region', 'type 1', 'text', NULL),
        (706, 'geography', 'sub_region', 'type 1', 'text', NULL),
        (707, 'geography', 'continent', 'type 1', 'text', NULL),
        (801, 'exchange_rate', 'currency_code', 'key', 'currency', NULL),
        (802, 'exchange_rate', 'rate_date', 'key', 'known day', NULL),
        (803, 'exchange_rate', 'rate', 'type 1', 'rate', NULL),
        (804, 'exchange_rate', 'source', 'type 1', 'text', NULL)
    ) AS c (number, dimension, column_name, part, rule, if_absent)
$$;
COMMENT ON FUNCTION starsink_internal.merge_columns() IS 'The columns a merge reads, by dimension. part: key (natural key), type 1 or type 2. if_absent: where the source lacks the column, the column or constant that stands in for a key, or what a new member gets as attribute. A column current_x of the table repeats x of the current version on every version.';
GRANT EXECUTE ON FUNCTION starsink_internal.merge_columns() TO starsink_admin;

-- clean makes text of a value comparable, codes in ASCII whatever the database's locale makes of an i; good tells whether
-- it can be stored; %1$s is the value. NULL is good for an
-- attribute and missing for a key, whatever the rule says.
CREATE FUNCTION starsink_internal.merge_rules() RETURNS TABLE (rule text, clean text, good text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    VALUES
        ('text', '%1$s', 'true', 'text'),
        ('name', 'NULLIF(btrim(%1$s, E'' \t\r\n''), '''')',
         'octet_length(%1$s) <= 255 AND %1$s NOT IN (''(unknown)'', ''(not applicable)'', ''(blank)'', ''(anonymous)'')',
         'at most 255 bytes long, and not the name of a special member'),
        ('part', 'COALESCE(btrim(%1$s, E'' \t\r\n''), '''')', 'octet_length(%1$s) <= 255', 'at most 255 bytes long'),
        ('identity type', 'lower(NULLIF(btrim(%1$s), '''') COLLATE "C")', '%1$s IN (''user_id'', ''email'')', 'user_id or email'),
        ('role', 'lower(NULLIF(btrim(%1$s), '''') COLLATE "C")', '%1$s IN (''primary'', ''stone2'', ''stone3'', ''stone4'', ''pearl'')', 'primary, stone2, stone3, stone4 or pearl'),
        ('country', 'upper(NULLIF(btrim(%1$s), '''') COLLATE "C")', '%1$s ~ ''^[A-Z]{2}$''', 'a code of ISO 3166-1 alpha-2: two letters'),
        ('alpha-3', 'upper(NULLIF(btrim(%1$s), '''') COLLATE "C")', '%1$s ~ ''^[A-Z]{3}$''', 'a code of ISO 3166-1 alpha-3: three letters'),
        ('currency', 'upper(NULLIF(btrim(%1$s), '''') COLLATE "C")', '%1$s ~ ''^[A-Z]{3}$''', 'a code of ISO 4217: three letters'),
        ('three digits', 'NULLIF(lpad(btrim(%1$s), GREATEST(length(btrim(%1$s)), CASE WHEN btrim(%1$s) <> '''' THEN 3 ELSE 0 END), ''0''), '''')',
         '%1$s ~ ''^[0-9]{3}$''', 'a number of at most three digits'),
        ('language', 'NULLIF(replace(btrim(%1$s), ''_'', ''-''), '''')', '%1$s ~ ''^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$''', 'a language tag of BCP 47'),
        ('time zone', 'NULLIF(btrim(%1$s), '''')', '%1$s IN (SELECT z.name FROM pg_catalog.pg_timezone_names AS z)', 'a name in pg_timezone_names'),
        ('hash', 'lower(NULLIF(btrim(%1$s), '''') COLLATE "C")', '%1$s ~ ''^[0-9a-f]{32}$''', 'a keyed hash: 32 hex digits'),
        ('e-mail', 'NULLIF(btrim(%1$s), '''')', '%1$s ~ ''^[^@[:space:]]+@[^@[:space:]]+$'' AND octet_length(%1$s) <= 320', 'an e-mail address'),
        ('fineness', 'NULLIF(btrim(%1$s), '''')', 'CASE WHEN %1$s ~ ''^[0-9]{1,4}([.]0+)?$'' THEN %1$s::numeric BETWEEN 1 AND 1000 ELSE false END', 'a whole number from 1 to 1000'),
        ('minor units', 'NULLIF(btrim(%1$s), '''')', 'CASE WHEN %1$s ~ ''^[0-9]{1,2}([.]0+)?$'' THEN %1$s::numeric BETWEEN 0 AND 18 ELSE false END', 'a whole number from 0 to 18'),
        ('boolean', 'lower(NULLIF(btrim(%1$s), '''') COLLATE "C")', '%1$s IN (''t'', ''true'', ''y'', ''yes'', ''on'', ''1'', ''f'', ''false'', ''n'', ''no'', ''off'', ''0'')', 'true or false'),
        -- CASE keeps the order of the tests; AND would not.
        ('date', 'CASE WHEN btrim(%1$s) ~ ''^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]'' THEN left(btrim(%1$s), 10) ELSE NULLIF(btrim(%1$s), '''') END',
         'CASE WHEN %1$s !~ ''^[0-9]{4}-(0[1-9]|1[0-2])-[0-9]{2}$'' OR %1$s ~ ''^0000'' THEN false '
         'ELSE substr(%1$s, 9)::integer BETWEEN 1 AND EXTRACT(day FROM make_date(substr(%1$s, 1, 4)::integer, substr(%1$s, 6, 2)::integer, 1) + interval ''1 month - 1 day'') END',
         'a day as yyyy-mm-dd'),
        ('known day', 'CASE WHEN btrim(%1$s) ~ ''^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]'' THEN left(btrim(%1$s), 10) ELSE NULLIF(btrim(%1$s), '''') END',
         '%1$s IN (SELECT to_char(k.date, ''YYYY-MM-DD'') FROM warehouse.dim_date AS k WHERE k.date IS NOT NULL)', 'a day of dim_date as yyyy-mm-dd'),
        ('rate', 'NULLIF(btrim(%1$s), '''')',
         'CASE WHEN %1$s ~ ''^([0-9]{1,15}([.][0-9]{0,30})?|[.][0-9]{1,30})([eE][+-]?[0-9]{1,2})?$'' THEN round(%1$s::numeric, 12) > 0 AND %1$s::numeric < 1e15 ELSE false END',
         'a number above 0')
$$;
COMMENT ON FUNCTION starsink_internal.merge_rules() IS 'When a value is good, by kind: how its text is cleaned, what must be true of it, and how to say so.';
GRANT EXECUTE ON FUNCTION starsink_internal.merge_rules() TO starsink_admin;

CREATE FUNCTION starsink_internal.merge_codes() RETURNS TABLE (code text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    VALUES
        ('MERGE_KEY_MISSING', 'A row for a merge lacks its natural key; mend the source and merge again.'),
        ('MERGE_KEY_INVALID', 'The natural key of a row for a merge cannot be one: too long, no code of its kind, or a special member''s; mend the source and merge again.'),
        ('MERGE_KEY_AMBIGUOUS', 'Rows of one source contradict each other about a natural key; none is taken. Leave one of them and merge again.'),
        ('MERGE_VALUE_INVALID', 'A value of a row for a merge does not fit its column; the detail names the column. Mend the source and merge again.')
$$;
COMMENT ON FUNCTION starsink_internal.merge_codes() IS 'Why a merge puts rows in quarantine, stage merge.';
GRANT EXECUTE ON FUNCTION starsink_internal.merge_codes() TO starsink_admin, starsink_reader;
