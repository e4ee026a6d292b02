-- Members that stand in the dimensions before the first event: the special ones, days, minutes, known collections and
-- stores. Each statement adds what is missing and leaves what is there.
INSERT INTO warehouse.dim_date (date_key, date, year, quarter, month, month_name, day, day_of_week, day_name, iso_year, iso_week, is_weekend)
SELECT pg_catalog.to_char(d, 'YYYYMMDD')::integer, d::date, EXTRACT(year FROM d), EXTRACT(quarter FROM d), EXTRACT(month FROM d),
       pg_catalog.to_char(d, 'FMMonth'), EXTRACT(day FROM d), EXTRACT(isodow FROM d), pg_catalog.to_char(d, 'FMDay'),
       EXTRACT(isoyear FROM d), EXTRACT(week FROM d), EXTRACT(isodow FROM d) > 5
FROM pg_catalog.generate_series(timestamp '1969-12-31', timestamp '2060-12-31', interval '1 day') AS d
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.dim_time (time_key, minute_of_day, hour, minute, day_part)
SELECT m, m, m / 60, m % 60, CASE WHEN m < 360 THEN 'night' WHEN m < 720 THEN 'morning' WHEN m < 1080 THEN 'afternoon' ELSE 'evening' END
FROM pg_catalog.generate_series(0, 1439) AS m
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.dim_event_type (collection)
SELECT c FROM pg_catalog.unnest(ARRAY[
    'view_product_detail', 'view_listing_page', 'select_product_option', 'select_product_option_quality', 'add_to_cart_action',
    'view_shopping_cart', 'checkout', 'checkout_success', 'search_box_action', 'view_landing_page', 'view_home_page',
    'view_static_page', 'view_my_account', 'product_detail_recommendation_visible', 'product_detail_recommendation_noticed',
    'product_detail_recommendation_clicked', 'listing_page_recommendation_visible', 'listing_page_recommendation_noticed',
    'listing_page_recommendation_clicked', 'landing_page_recommendation_visible', 'landing_page_recommendation_noticed',
    'landing_page_recommendation_clicked', 'view_all_recommend', 'back_to_product_action']) AS c
WHERE NOT EXISTS (SELECT FROM warehouse.dim_event_type AS t WHERE t.collection = c);

INSERT INTO warehouse.dim_geography (country_code, alpha3, numeric_code, country_name, region, sub_region, continent, is_inferred)
SELECT c.alpha2, c.alpha3, c.numeric_code, c.name, c.region, c.sub_region, c.continent, false
FROM starsink_internal.iso_countries() AS c
WHERE NOT EXISTS (SELECT FROM warehouse.dim_geography AS t WHERE t.country_code = c.alpha2);
INSERT INTO warehouse.dim_currency (currency_code, currency_name, symbol, minor_units, is_inferred)
SELECT c.code, c.name, c.symbol, c.minor_units, false
FROM starsink_internal.iso_currencies() AS c
WHERE NOT EXISTS (SELECT FROM warehouse.dim_currency AS t WHERE t.currency_code = c.code);
INSERT INTO warehouse.dim_currency_alias (token, country_code, currency_code)
SELECT a.token, COALESCE(a.country_code, ''), a.currency_code
FROM starsink_internal.currency_aliases() AS a
ON CONFLICT DO NOTHING;

INSERT INTO starsink.site (domain, kind)
SELECT s.domain, s.kind FROM starsink_internal.known_sites() AS s
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.dim_store (store_id, domain, country_code, region, currency, time_zone, is_inferred)
SELECT s.id, 'glamira.' || s.suffix, s.country, g.region, s.currency, s.time_zone, false
FROM (VALUES
    ('6', 'de', 'DE', 'EUR', 'Europe/Berlin'), ('7', 'co.uk', 'GB', 'GBP', 'Europe/London'), ('8', 'es', 'ES', 'EUR', 'Europe/Madrid'),
    ('9', 'at', 'AT', 'EUR', 'Europe/Vienna'), ('10', 'ch', 'CH', 'CHF', 'Europe/Zurich'), ('11', 'nl', 'NL', 'EUR', 'Europe/Amsterdam'),
    ('12', 'fr', 'FR', 'EUR', 'Europe/Paris'), ('14', 'it', 'IT', 'EUR', 'Europe/Rome'), ('19', 'se', 'SE', 'SEK', 'Europe/Stockholm'),
    ('29', 'com.au', 'AU', 'AUD', 'Australia/Sydney'), ('34', 'pt', 'PT', 'EUR', 'Europe/Lisbon'), ('38', 'ca', 'CA', 'CAD', 'America/Toronto'),
    ('41', 'com', NULL, NULL, NULL), ('50', 'pl', 'PL', 'PLN', 'Europe/Warsaw'), ('52', 'rs', 'RS', 'RSD', 'Europe/Belgrade'),
    ('53', 'sk', 'SK', 'EUR', 'Europe/Bratislava'), ('62', 'com.mx', 'MX', 'MXN', 'America/Mexico_City'),
    ('66', 'bg', 'BG', 'BGN', 'Europe/Sofia'), ('85', 'cl', 'CL', 'CLP', 'America/Santiago')) AS s (id, suffix, country, currency, time_zone)
LEFT JOIN warehouse.dim_geography AS g ON g.country_code = s.country
WHERE NOT EXISTS (SELECT FROM warehouse.dim_store AS t WHERE t.store_id = s.id);
