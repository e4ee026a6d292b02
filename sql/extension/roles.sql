-- Roles are the cluster's, not the extension's: they are made when missing and never dropped.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'starsink_admin') THEN
        CREATE ROLE starsink_admin NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'starsink_reader') THEN
        CREATE ROLE starsink_reader NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'starsink_worker') THEN
        CREATE ROLE starsink_worker NOLOGIN;
    END IF;
END
$$;
COMMENT ON ROLE starsink_admin IS 'Operates starsink: pause, resume, seek, redrive, ingest; reads the quarantine.';
COMMENT ON ROLE starsink_reader IS 'Reads the warehouse and the state of ingestion; no personal data.';
COMMENT ON ROLE starsink_worker IS 'Owns the warehouse; the workers write as this role. Nobody logs in as it.';
GRANT USAGE ON SCHEMA starsink TO starsink_admin, starsink_reader, starsink_worker;
