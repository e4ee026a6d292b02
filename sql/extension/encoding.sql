-- Messages are UTF-8, and texts are written as they came: a database of another encoding would keep other characters, or
-- refuse what cannot be converted for ever. This file and all others are plain ASCII, so that every database can read them.
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
