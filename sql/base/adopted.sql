-- Statements that give starsink_worker what superusers own of the warehouse. $1 to $3: kinds, schemas and names of what
-- the script lays out; partitions of the facts belong to them.
WITH laid AS (
    SELECT * FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) AS u (kind, schema_name, name)
), super AS (
    SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolsuper AND r.rolname <> 'starsink_worker'
), relation AS (
    SELECT c.oid FROM laid AS l
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = l.schema_name
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = l.name
    WHERE l.kind = 'relation'
)
SELECT pg_catalog.format('ALTER %s %s OWNER TO starsink_worker', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                         c.oid::pg_catalog.regclass)
FROM pg_catalog.pg_class AS c JOIN super AS s ON s.oid = c.relowner
WHERE c.relkind IN ('r', 'p', 'v', 'S')
  AND (c.oid IN (SELECT r.oid FROM relation AS r)
       OR c.relispartition AND c.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN relation AS r ON r.oid = i.inhparent))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                  AND d.objid = c.oid AND d.deptype IN ('i', 'a') AND c.relkind = 'S')
UNION ALL
SELECT pg_catalog.format('ALTER FUNCTION %s OWNER TO starsink_worker', p.oid::pg_catalog.regprocedure)
FROM laid AS l
JOIN pg_catalog.pg_namespace AS n ON n.nspname = l.schema_name
JOIN pg_catalog.pg_proc AS p ON p.pronamespace = n.oid AND p.proname = l.name
JOIN super AS s ON s.oid = p.proowner
WHERE l.kind = 'function'
