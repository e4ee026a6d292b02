-- Single values read as ingestion reads them.
COMMENT ON FUNCTION starsink.parse_user_agent(text) IS 'What a user-agent header says.';
GRANT EXECUTE ON FUNCTION starsink.parse_user_agent(text) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink.expand_options(jsonb, text) IS 'The options chosen in an event, one row each, whatever shape they came in; blank values stand in the page''s address, if that is given.';
GRANT EXECUTE ON FUNCTION starsink.expand_options(jsonb, text) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink.parse_price(text) IS 'The amount in a price as it is written, and what stands beside it for the currency; NULL where there is no amount.';
GRANT EXECUTE ON FUNCTION starsink.parse_price(text) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink.classify_referrer(text, text) IS 'Where a referring address comes from, as seen from a page; NULL where it is no address.';
GRANT EXECUTE ON FUNCTION starsink.classify_referrer(text, text) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink.classify_channel(text, text, text) IS 'Google Analytics 4''s default channel group of a source, medium and campaign.';
GRANT EXECUTE ON FUNCTION starsink.classify_channel(text, text, text) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink.country_of_ip(inet) IS 'ISO 3166-1 alpha-2 of the country an address belongs to, by starsink.geoip_database; NULL where it is not known.';
GRANT EXECUTE ON FUNCTION starsink.country_of_ip(inet) TO starsink_admin, starsink_reader;
