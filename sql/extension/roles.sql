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
-- The schema may be there, as in a restored dump. Its owner could lay functions beside ours, and take ours away.
DO $$
DECLARE
    stranger name := (SELECT r.rolname FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_roles AS r ON r.oid = n.nspowner
                      WHERE n.nspname = 'starsink' AND NOT r.rolsuper AND r.rolname <> 'starsink_worker');
BEGIN
    IF stranger IS NOT NULL THEN
        RAISE EXCEPTION 'schema starsink belongs to the role "%": the extension is not installed into it', stranger
            USING ERRCODE = '55000', HINT = 'DROP SCHEMA starsink, or have a superuser take it: ALTER SCHEMA starsink OWNER TO CURRENT_USER. Look at what lies in it first.';
    END IF;
END
$$;
COMMENT ON ROLE starsink_admin IS 'Operates starsink: pause, resume, seek, redrive, ingest; reads and clears the quarantine.';
COMMENT ON ROLE starsink_reader IS 'Reads the warehouse and the state of ingestion; no personal data.';
COMMENT ON ROLE starsink_worker IS 'Owns the warehouse; the workers write as this role. Nobody logs in as it.';
-- How far standbys are is told to nobody else.
GRANT pg_read_all_stats TO starsink_worker;
GRANT USAGE ON SCHEMA starsink TO starsink_admin, starsink_reader, starsink_worker;
