-- Messages are UTF-8, and texts are written as they came: a database of another encoding would keep other characters, or
-- refuse what cannot be converted for ever. What CREATE EXTENSION runs is plain ASCII, so that every database can read it.
DO $$
BEGIN
    IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
        RAISE EXCEPTION 'the encoding of database % is %: starsink needs UTF8',
            pg_catalog.quote_ident(pg_catalog.current_database()), pg_catalog.getdatabaseencoding()
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0, and set starsink.database to it.';
    END IF;
END
$$;

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
-- The schemas may be there, as in a restored dump. Their owner could lay functions beside ours, and take ours away.
DO $$
DECLARE
    stranger record;
BEGIN
    SELECT n.nspname AS schema, r.rolname AS role INTO stranger
    FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_roles AS r ON r.oid = n.nspowner
    WHERE n.nspname IN ('starsink', 'starsink_internal') AND NOT r.rolsuper AND r.rolname <> 'starsink_worker' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'schema % belongs to the role "%": the extension is not installed into it', stranger.schema, stranger.role
            USING ERRCODE = '55000', HINT = pg_catalog.format('DROP SCHEMA %1$s, or have a superuser take it: ALTER SCHEMA %1$s OWNER TO CURRENT_USER. Look at what lies in it first.', stranger.schema);
    END IF;
END
$$;
-- What users call is in the schema starsink; what that is made of is here, and for starsink's roles alone. It belongs to
-- the extension until that is installed. The reports' part of it is the warehouse's, which stays when the extension goes:
-- so the schema stays, too.
DO $$
BEGIN
    IF pg_catalog.to_regnamespace('starsink_internal') IS NULL THEN
        CREATE SCHEMA starsink_internal;
    ELSE
        ALTER EXTENSION starsink ADD SCHEMA starsink_internal;
    END IF;
END
$$;
-- What is there must be ours: it would fit a call better than what we lay.
DO $$
DECLARE
    stranger record;
BEGIN
    SELECT o.what, r.rolname AS role INTO stranger
    FROM (SELECT 'function ' || p.oid::pg_catalog.regprocedure AS what, p.proowner AS owner FROM pg_catalog.pg_proc AS p
          WHERE p.pronamespace = 'starsink_internal'::pg_catalog.regnamespace
          UNION ALL SELECT 'relation ' || c.oid::pg_catalog.regclass, c.relowner FROM pg_catalog.pg_class AS c
          WHERE c.relnamespace = 'starsink_internal'::pg_catalog.regnamespace
          UNION ALL SELECT 'type ' || t.oid::pg_catalog.regtype, t.typowner FROM pg_catalog.pg_type AS t
          WHERE t.typnamespace = 'starsink_internal'::pg_catalog.regnamespace
          UNION ALL SELECT 'operator ' || x.oid::pg_catalog.regoperator, x.oprowner FROM pg_catalog.pg_operator AS x
          WHERE x.oprnamespace = 'starsink_internal'::pg_catalog.regnamespace) AS o
    JOIN pg_catalog.pg_roles AS r ON r.oid = o.owner WHERE NOT r.rolsuper AND r.rolname <> 'starsink_worker' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% belongs to the role "%": the extension is not installed beside it', stranger.what, stranger.role
            USING ERRCODE = '55000', HINT = 'The schema starsink_internal is for starsink alone: drop it, or move it to a schema of your own.';
    END IF;
END
$$;
COMMENT ON SCHEMA starsink_internal IS 'What starsink is made of: nobody calls it, and it may change with every version. For users: starsink and warehouse.';
COMMENT ON ROLE starsink_admin IS 'Operates starsink: pause, resume, seek, redrive, ingest; reads and clears the quarantine.';
COMMENT ON ROLE starsink_reader IS 'Reads the warehouse and the state of ingestion; no personal data.';
COMMENT ON ROLE starsink_worker IS 'Owns the warehouse; the workers write as this role. Nobody logs in as it.';
-- Only members of pg_read_all_stats may see how far standbys are.
GRANT pg_read_all_stats TO starsink_worker;
GRANT USAGE ON SCHEMA starsink, starsink_internal TO starsink_admin, starsink_reader, starsink_worker;
