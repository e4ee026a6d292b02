-- What lies where the warehouse is to be laid out, or hangs on its tables, and belongs to neither a superuser nor
-- starsink_worker: what it is, whose, and what to do. A table could bring triggers along, a schema functions; whoever
-- owns them would run code as whoever writes there. $1 to $3: kinds, schemas and names of what the script lays out.
WITH laid AS (
    SELECT * FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) AS u (kind, schema_name, name)
), stranger AS (
    SELECT r.oid, r.rolname::text AS name FROM pg_catalog.pg_roles AS r WHERE NOT r.rolsuper AND r.rolname <> 'starsink_worker'
), relation AS (
    SELECT c.oid, c.relname, c.relkind, c.relowner, n.nspname
    FROM laid AS l
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = l.schema_name
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = l.name
    WHERE l.kind IN ('relation', 'index')
), found AS (
    SELECT 1 AS ordinal, pg_catalog.format('schema %I', n.nspname) AS what, n.nspowner AS owner,
           pg_catalog.format('DROP SCHEMA %I, or have a superuser take it: ALTER SCHEMA %1$I OWNER TO CURRENT_USER. Look at what lies in it first.', n.nspname) AS hint
    FROM pg_catalog.pg_namespace AS n WHERE n.nspname IN ('warehouse', 'starsink', 'starsink_internal')
    UNION ALL
    SELECT 2, pg_catalog.format('%s %I.%I', CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                                             WHEN 'i' THEN 'index' WHEN 'c' THEN 'type' WHEN 'f' THEN 'foreign table' ELSE 'table' END, r.nspname, r.relname),
           r.relowner, 'The name is the warehouse''s: drop it, rename it, or move it to a schema of your own; then SELECT starsink.create_warehouse().'
    FROM relation AS r
    UNION ALL
    SELECT 3, pg_catalog.format('function %s', p.oid::pg_catalog.regprocedure), p.proowner,
           'The name is the warehouse''s: drop it, rename it, or move it to a schema of your own; then SELECT starsink.create_warehouse().'
    FROM laid AS l
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = l.schema_name
    JOIN pg_catalog.pg_proc AS p ON p.pronamespace = n.oid AND p.proname = l.name
    WHERE l.kind = 'function'
    UNION ALL
    -- A table's row type has its name.
    SELECT 4, pg_catalog.format('type %I.%I', n.nspname, t.typname), t.typowner,
           'The name is the warehouse''s: drop it, rename it, or move it to a schema of your own; then SELECT starsink.create_warehouse().'
    FROM laid AS l
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = l.schema_name
    JOIN pg_catalog.pg_type AS t ON t.typnamespace = n.oid AND t.typname = l.name
    WHERE l.kind = 'relation' AND t.typrelid = 0
    UNION ALL
    -- In the schema that is starsink's alone, whatever it is called: it could fit a call better than what we lay.
    SELECT 5, o.what, o.owner, 'The schema starsink_internal is for starsink alone: drop it, or move it to a schema of your own; then SELECT starsink.create_warehouse().'
    FROM (SELECT pg_catalog.format('function %s', p.oid::pg_catalog.regprocedure) AS what, p.proowner AS owner, p.pronamespace AS schema FROM pg_catalog.pg_proc AS p
          UNION ALL SELECT pg_catalog.format('type %s', t.oid::pg_catalog.regtype), t.typowner, t.typnamespace FROM pg_catalog.pg_type AS t
          UNION ALL SELECT pg_catalog.format('operator %s', x.oid::pg_catalog.regoperator), x.oprowner, x.oprnamespace FROM pg_catalog.pg_operator AS x) AS o
    WHERE o.schema = (SELECT n.oid FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'starsink_internal')
    UNION ALL
    SELECT 6, pg_catalog.format('the function of trigger %I on %s', g.tgname, g.tgrelid::pg_catalog.regclass), p.proowner,
           pg_catalog.format('It would run as starsink_worker. DROP TRIGGER %I ON %s, or have a superuser own its function.', g.tgname, g.tgrelid::pg_catalog.regclass)
    FROM pg_catalog.pg_trigger AS g
    JOIN pg_catalog.pg_proc AS p ON p.oid = g.tgfoid
    WHERE NOT g.tgisinternal
      AND (g.tgrelid IN (SELECT r.oid FROM relation AS r)
           OR g.tgrelid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN relation AS r ON r.oid = i.inhparent))
)
SELECT f.what, s.name, f.hint FROM found AS f JOIN stranger AS s ON s.oid = f.owner ORDER BY f.ordinal, f.what LIMIT 1
