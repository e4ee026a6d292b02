-- The role that prometheus-postgres-exporter logs in as: it reads the state of ingestion and nothing personal.
--   psql -v password="$(cat file)" -d shop -f exporter_role.sql
CREATE ROLE starsink_exporter LOGIN PASSWORD :'password' CONNECTION LIMIT 5 IN ROLE starsink_reader;
COMMENT ON ROLE starsink_exporter IS 'Prometheus'' exporter: reads what starsink_reader may read.';
ALTER ROLE starsink_exporter SET default_transaction_read_only = on;
ALTER ROLE starsink_exporter SET statement_timeout = '10s';
