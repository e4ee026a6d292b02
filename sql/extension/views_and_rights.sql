-- Aggregates and views over functions that are made from Rust.
CREATE AGGREGATE starsink.device_set_union(bytea) (SFUNC = starsink.device_set_add, STYPE = internal, FINALFUNC = starsink.device_set_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE starsink.device_set_union(bytea) IS 'Union of sets of devices; NULL of no rows.';
CREATE AGGREGATE starsink.distinct_devices(bytea) (SFUNC = starsink.device_set_add, STYPE = internal, FINALFUNC = starsink.device_set_final_count, PARALLEL = SAFE);
COMMENT ON AGGREGATE starsink.distinct_devices(bytea) IS 'How many devices a union of sets holds, exactly.';
CREATE AGGREGATE starsink.tally_sum(bytea) (SFUNC = starsink.tally_add, STYPE = internal, FINALFUNC = starsink.tally_final, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE starsink.tally_sum(bytea) IS 'Sum of tallies, key by key; NULL where nothing is left.';

CREATE VIEW starsink.codes AS
SELECT * FROM starsink.validation_codes()
UNION ALL SELECT m.code, NULL, 'quarantine', m.meaning FROM starsink.merge_codes() AS m;
COMMENT ON VIEW starsink.codes IS 'Every validation code: its bit in quality_flags (none for those of merges), what becomes of the message or row, what it means and what to do.';

CREATE VIEW starsink.progress_ingest_file AS
SELECT p.*, CASE WHEN p.bytes_total > 0 THEN round(100.0 * p.bytes_processed / p.bytes_total, 1) END AS percent
FROM starsink.file_progress() AS p JOIN pg_catalog.pg_stat_activity AS a ON a.pid = p.pid AND a.state = 'active';
COMMENT ON VIEW starsink.progress_ingest_file IS 'One row per running starsink.ingest_file(): bytes of the file and messages so far.';
-- Nothing is everybody's. Functions that run with their owner's rights belong to starsink_worker, which owns the tables
-- they touch: what hangs on those tables never runs as a superuser. starsink_worker is whom all of it runs as, and calls
-- everything. Two stay a superuser's: create_warehouse() makes schemas, and does what is beyond that as starsink_worker;
-- follow_tablespaces() grants what only a superuser can, by the catalog alone.
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT p.oid::pg_catalog.regprocedure AS name, p.prosecdef AND p.oid <> ALL (ARRAY['starsink.create_warehouse()', 'starsink.follow_tablespaces()']::pg_catalog.regprocedure[]) AS is_workers,
               pg_catalog.strpos(p.prosrc, E'\\') > 0 AS has_backslashes
        FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = 'starsink'::pg_catalog.regnamespace
    LOOP
        IF item.is_workers THEN
            EXECUTE pg_catalog.format('ALTER FUNCTION %s OWNER TO starsink_worker', item.name);
        END IF;
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', item.name);
        -- Whoever calls it may read backslashes in another way.
        IF item.has_backslashes THEN
            EXECUTE pg_catalog.format('ALTER FUNCTION %s SET standard_conforming_strings = on', item.name);
        END IF;
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO starsink_worker', item.name);
    END LOOP;
END
$$;

-- Operators: commands.
GRANT EXECUTE ON FUNCTION starsink.create_warehouse(), starsink.pause(), starsink.resume(), starsink.seek(text), starsink.seek(timestamptz), starsink.seek(integer, bigint),
    starsink.ingest(text), starsink.ingest_file(text), starsink.redrive(text, bigint[]), starsink.mend(bigint, text, text), starsink.discard(bigint[], text), starsink.verify(), starsink.forget_customer(text), starsink.forget_device(text),
    starsink.email_hash(text), starsink.fold(), starsink.rebuild_aggregates(), starsink.forget_folds(boolean), starsink.run_job(text), starsink.enable_job(text), starsink.disable_job(text),
    starsink.schedule_job(text, text), starsink.crawl(text), starsink.crawl(bigint), starsink.crawl_pause(), starsink.crawl_resume(),
    starsink.load_exchange_rates(text, text), starsink.teach_currency(text, text, text), starsink.revalue_order_lines() TO starsink_admin;
-- Merges read with the rights of who calls them, so that the parts of the engine are theirs too. Those that write take
-- no name that starsink.merge_columns() does not know, and no rows but from a table that only they can make.
GRANT EXECUTE ON FUNCTION starsink.merge_product(regclass, timestamptz), starsink.merge_customer(regclass, timestamptz), starsink.merge_store(regclass, timestamptz),
    starsink.merge_currency(regclass, timestamptz), starsink.merge_alloy_option(regclass, timestamptz), starsink.merge_diamond_option(regclass, timestamptz),
    starsink.merge_geography(regclass, timestamptz), starsink.merge_exchange_rate(regclass, timestamptz), starsink.merge_dimension(text, regclass, timestamptz),
    starsink.merge_targets(), starsink.merge_columns(), starsink.merge_rules(), starsink.merge_list(text, text[], text),
    starsink.merge_judgement(text, text[], text[], text[], text, text, boolean), starsink.merge_repetitions(text, text[], text[], text[], text[], text, text),
    starsink.merge_stage(text, text[]), starsink.merge_may_repeat(text, timestamptz), starsink.merge_repeated(text, timestamptz, text, bigint, timestamptz, text),
    starsink.merge_members(text, text[], timestamptz, text, bigint, timestamptz, text), starsink.merge_rates(text[], timestamptz, text, bigint, timestamptz, text) TO starsink_admin;
-- Operators and readers: what is going on.
GRANT EXECUTE ON FUNCTION starsink.next_run(text, timestamptz), starsink.star_diagram(), starsink.status_rows(), starsink.setting_rows(), starsink.validation_codes(),
    starsink.merge_codes(), starsink.quality_codes(bigint), starsink.is_preloaded(), starsink.file_progress(), starsink.worker_states(), starsink.partition_states(),
    starsink.job_rows(), starsink.job_states(), starsink.freshness_rows(), starsink.metrics(text), starsink.metric_names(), starsink.prometheus(), starsink.alert_rows()
    TO starsink_admin, starsink_reader;
-- Operators and readers: single values.
GRANT EXECUTE ON FUNCTION starsink.extract_product(text, text), starsink.parse_user_agent(text), starsink.expand_options(jsonb, text), starsink.parse_price(text),
    starsink.classify_referrer(text, text), starsink.classify_channel(text, text, text), starsink.country_of_ip(inet), starsink.convert_currency(numeric, text, date, text), starsink.valued(numeric, text, date, text),
    starsink.exchange_rate(text, date), starsink.currency_of(text, text, text) TO starsink_admin, starsink_reader;
-- Operators and readers: what reports are made of.
GRANT EXECUTE ON FUNCTION starsink.fold_time_zone(), starsink.session_views(bytea), starsink.device_set_add(internal, bytea), starsink.device_set_final(internal),
    starsink.device_set_final_count(internal), starsink.device_set_union(bytea), starsink.distinct_devices(bytea), starsink.device_set_minus(bytea, bytea),
    starsink.device_set_common(bytea, bytea), starsink.tally_add(internal, bytea), starsink.tally_final(internal), starsink.tally_sum(bytea),
    starsink.tally_entries(bytea), starsink.tally_pick(bytea, integer[]), starsink.tally_top(bytea, integer), starsink.tally_regroup(bytea, integer[], integer[]),
    starsink.tally_total(bytea), starsink.tally_percentile(bytea, double precision), starsink.tail_hour(), starsink.tail_product_hour(), starsink.tail_place(),
    starsink.tail_place_interest(), starsink.tail_store(), starsink.tail_technology(), starsink.tail_traffic(), starsink.tail_referrer(), starsink.tail_product(),
    starsink.tail_option(), starsink.tail_combination(), starsink.tail_funnel(), starsink.tail_attribution(), starsink.tail_first_seen(), starsink.tail_session(),
    starsink.tail_session_replaced(), starsink.tail_order(), starsink.tail_order_replaced(), starsink.tail_minute_store(), starsink.tail_minute_product(),
    starsink.facts_of(bigint, bigint) TO starsink_admin, starsink_reader;
GRANT SELECT ON starsink.jobs, starsink.freshness TO starsink_admin, starsink_reader;
-- What is picked is mostly little.
ALTER FUNCTION starsink.tally_pick(bytea, integer[]) ROWS 20;
ALTER FUNCTION starsink.tally_top(bytea, integer) ROWS 20;
GRANT SELECT ON starsink.alerts, starsink.status, starsink.settings, starsink.codes, starsink.progress_ingest_file TO starsink_admin, starsink_reader;

-- Ingestion and folding from SQL look keys up as the workers do.
DO $$
DECLARE
    function text;
BEGIN
    FOREACH function IN ARRAY ARRAY['starsink.ingest(text)', 'starsink.ingest_file(text)', 'starsink.redrive(text, bigint[])', 'starsink.fold()', 'starsink.rebuild_aggregates()'] LOOP
        EXECUTE 'ALTER FUNCTION ' || function || ' SET plan_cache_mode = force_generic_plan';
        EXECUTE 'ALTER FUNCTION ' || function || ' SET enable_hashjoin = off';
        EXECUTE 'ALTER FUNCTION ' || function || ' SET enable_mergejoin = off';
        EXECUTE 'ALTER FUNCTION ' || function || ' SET enable_seqscan = off';
        EXECUTE 'ALTER FUNCTION ' || function || ' SET jit = off';
    END LOOP;
END
$$;
COMMENT ON FUNCTION starsink.create_warehouse() IS 'Lays out the warehouse: schemas, tables, views, known members. Idempotent; workers call it at first contact.';
COMMENT ON FUNCTION starsink.seek(text) IS 'Goes to the earliest or latest message of every partition; returns from where to where.';
COMMENT ON FUNCTION starsink.seek(timestamptz) IS 'Goes to the first message at or after a time, by Kafka''s timestamps, in every partition.';
COMMENT ON FUNCTION starsink.seek(integer, bigint) IS 'Goes to an offset of one partition.';
COMMENT ON FUNCTION starsink.ingest(text) IS 'Loads one message as if it came from Kafka: loaded, duplicate, dropped or quarantined; then a notice says why.';
COMMENT ON FUNCTION starsink.ingest_file(text) IS 'Loads a file of JSON lines on the server, plain, gzip or zstd, in the caller''s transaction.';
COMMENT ON FUNCTION starsink.redrive(text, bigint[]) IS 'Tries the messages in quarantine again: all, those with one code, or those with these numbers; what loads leaves it.';
COMMENT ON FUNCTION starsink.mend(bigint, text, text) IS 'Puts other bytes in the place of those of a message in quarantine, if they would be loaded; keeps the first ones beside them, and notes who did it and why. starsink.redrive(ids => ...) loads it then.';
COMMENT ON FUNCTION starsink.names_person(bytea, text[], text[], text[]) IS 'Whether one of these attributes of a message holds one of these ids, or an e-mail address with one of these hashes stands anywhere in it.';
COMMENT ON FUNCTION starsink.without_addresses(text, text[], text) IS 'A text with the e-mail addresses of these hashes, and the hashes, replaced; NULL where it has none.';
COMMENT ON FUNCTION starsink.address_hashes(text) IS 'Keyed hashes of an e-mail address, in all spellings of its domain.';
COMMENT ON FUNCTION starsink.quality_codes(bigint) IS 'The codes in fact_event.quality_flags.';
COMMENT ON FUNCTION starsink.validation_codes() IS 'The rows of starsink.codes.';
COMMENT ON FUNCTION starsink.worker_states() IS 'What each worker is doing; 0 is the steward, 33 the crawler, 34 who looks after alerts while a long job keeps the steward.';
COMMENT ON FUNCTION starsink.partition_states() IS 'What each partition''s worker is doing with it.';
COMMENT ON FUNCTION starsink.known_sites() IS 'Sites that starsink.site begins with: AI assistants and payment providers.';
COMMENT ON FUNCTION starsink.extract_product(text, text) IS 'What a product page says, by its HTML and address; NULL if it shows no product. The first columns are those of starsink.merge_product().';
COMMENT ON FUNCTION starsink.crawl_place(text) IS 'A page''s address as the crawler keeps it, its host, and whether that may be visited.';
COMMENT ON FUNCTION starsink.warehouse_inventory() IS 'What create_warehouse() lays out, by name: relations (tables, views, sequences), indexes and functions.';
COMMENT ON FUNCTION starsink.aggregate_tables() IS 'The tables of warehouse that folds write aggregates to.';
COMMENT ON FUNCTION starsink.file_progress() IS 'Files being ingested now.';
COMMENT ON FUNCTION starsink.job_states() IS 'How the jobs of the steward stand now.';
COMMENT ON FUNCTION starsink.next_run(text, timestamptz) IS 'When a schedule comes next after a time; a wrong one is an error that says why.';
COMMENT ON FUNCTION starsink.load_exchange_rates(text, text) IS 'Loads exchange rates from the path of a file on the server or from the text of one: the European Central Bank''s history (ecb), or rows of date, currency and rate (rows, csv); auto tells them apart by the header. Order lines are valued anew.';
COMMENT ON FUNCTION starsink.refresh_exchange_rates() IS 'Job exchange_rates: loads starsink.exchange_rates_file if its time or size changed; returns how many rates are new or changed.';
COMMENT ON FUNCTION starsink.fetch_exchange_rates() IS 'Job exchange_rates_url: loads what starsink.exchange_rates_url answers if that changed; returns how many rates are new or changed.';
COMMENT ON FUNCTION starsink.currency_token(text) IS 'What stands beside a price, in the form that warehouse.dim_currency_alias has it: AU $ is AU$.';
COMMENT ON FUNCTION starsink.note_failure(text, timestamptz, text, text) IS 'Leaves word with the steward that a run of a job by hand has failed.';
COMMENT ON FUNCTION starsink.registrable_domain(text) IS 'Registrable domain of an address''s host; NULL where it has none.';
COMMENT ON FUNCTION starsink.country_of_domain(text) IS 'ISO 3166-1 alpha-2 of a host''s suffix; NULL where it names no country.';
COMMENT ON FUNCTION starsink.setting_notes() IS 'Every setting, in the order of the manual.';
COMMENT ON FUNCTION starsink.fold() IS 'Folds committed events into sessions, orders and aggregates; returns how many. The steward does it every second.';
COMMENT ON FUNCTION starsink.rebuild_aggregates() IS 'Makes sessions, orders and aggregates anew from the facts, in one transaction; reports wait meanwhile.';
COMMENT ON FUNCTION starsink.fold_time_zone() IS 'Zone that days and hours of the aggregates are cut in.';
COMMENT ON FUNCTION starsink.is_folded_up_to(bigint) IS 'Whether every batch up to this audit key is folded.';
COMMENT ON FUNCTION starsink.device_set_add(internal, bytea) IS 'Step of device_set_union and distinct_devices.';
COMMENT ON FUNCTION starsink.device_set_final(internal) IS 'End of device_set_union.';
COMMENT ON FUNCTION starsink.device_set_final_count(internal) IS 'End of distinct_devices.';
COMMENT ON FUNCTION starsink.device_set_minus(bytea, bytea) IS 'Devices of the first set that are not in the second.';
COMMENT ON FUNCTION starsink.device_set_common(bytea, bytea) IS 'How many devices are in both sets.';
COMMENT ON FUNCTION starsink.tally_add(internal, bytea) IS 'Step of tally_sum.';
COMMENT ON FUNCTION starsink.tally_final(internal) IS 'End of tally_sum.';
COMMENT ON FUNCTION starsink.tally_entries(bytea) IS 'Keys of a tally and their counts.';
COMMENT ON FUNCTION starsink.tally_pick(bytea, integer[]) IS 'As tally_entries, of these keys alone; of all for NULL.';
COMMENT ON FUNCTION starsink.tally_top(bytea, integer) IS 'The n keys of a tally with the highest counts, highest first, with all that share the last place; all for NULL.';
COMMENT ON FUNCTION starsink.tally_regroup(bytea, integer[], integer[]) IS 'The tally with each of the keys counted as the one at the same place of the second list; other keys are left out.';
COMMENT ON FUNCTION starsink.tally_total(bytea) IS 'Sum of the counts of a tally; 0 for NULL.';
COMMENT ON FUNCTION starsink.tally_percentile(bytea, double precision) IS 'percentile_cont over the keys of a tally, each as often as its count says; NULL of nothing.';
COMMENT ON FUNCTION starsink.session_views(bytea) IS 'Product views of fact_session.path, with how long each lasted and how long its customisation took, in microseconds.';
COMMENT ON FUNCTION starsink.is_preloaded() IS 'Whether the server preloaded the library, and so can run workers.';

-- A second run need not tell what is there already.
ALTER FUNCTION starsink.create_warehouse() SET client_min_messages = warning;

DO $$
BEGIN
    -- CREATE EXTENSION keeps notices back, up to its end; these are for whoever runs it.
    PERFORM pg_catalog.set_config('client_min_messages', 'notice', true);
    IF NOT starsink.is_preloaded() THEN
        RAISE NOTICE 'starsink is not in shared_preload_libraries: its functions work, but nothing is consumed from Kafka'
            USING HINT = 'Add it with ALTER SYSTEM SET shared_preload_libraries = ''starsink'' (keep what is there) and restart the server.';
    ELSIF pg_catalog.current_setting('starsink.database') <> pg_catalog.current_database() THEN
        RAISE NOTICE 'the workers look after database %', pg_catalog.quote_ident(pg_catalog.current_setting('starsink.database'))
            USING HINT = pg_catalog.format('To have them here: ALTER SYSTEM SET starsink.database = %L; SELECT pg_reload_conf();', pg_catalog.current_database());
    END IF;
END
$$;
