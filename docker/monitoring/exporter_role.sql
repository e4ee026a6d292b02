-- The role that prometheus-postgres-exporter logs in as: it reads the state of ingestion and nothing personal.
--   psql -d shop -v password_file=/etc/starsink/exporter_password -f exporter_role.sql
-- Again when the password has changed. It goes from its file to psql: no list of processes and no log shows it.
SET log_statement = 'none';
SET client_min_messages = warning;
SET log_min_duration_statement = -1;
SET log_min_error_statement = panic;
\set password `cat -- :'password_file'`
SELECT to_regrole('starsink_exporter') IS NULL AS is_new \gset
\if :is_new
CREATE ROLE starsink_exporter LOGIN CONNECTION LIMIT 5 IN ROLE starsink_reader;
COMMENT ON ROLE starsink_exporter IS 'Prometheus'' exporter: reads what starsink_reader may read.';
ALTER ROLE starsink_exporter SET default_transaction_read_only = on;
ALTER ROLE starsink_exporter SET statement_timeout = '10s';
\endif
-- PostgreSQL's own statistics. Of pg_monitor's rights these alone: pg_read_all_settings would show passwords that stand
-- in settings. What other sessions are executing it may see.
GRANT pg_read_all_stats TO starsink_exporter;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO starsink_exporter;
ALTER ROLE starsink_exporter PASSWORD :'password';
