-- The role that prometheus-postgres-exporter logs in as: it reads the state of ingestion and nothing personal.
--   psql -v password="$(cat file)" -d shop -f exporter_role.sql
CREATE ROLE starsink_exporter LOGIN PASSWORD :'password' CONNECTION LIMIT 5 IN ROLE starsink_reader;
COMMENT ON ROLE starsink_exporter IS 'Prometheus'' exporter: reads what starsink_reader may read.';
ALTER ROLE starsink_exporter SET default_transaction_read_only = on;
ALTER ROLE starsink_exporter SET statement_timeout = '10s';
-- PostgreSQL's own statistics. Of pg_monitor's rights these alone: pg_read_all_settings would show passwords that stand
-- in settings. What other sessions are executing it may see.
GRANT pg_read_all_stats TO starsink_exporter;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO starsink_exporter;
