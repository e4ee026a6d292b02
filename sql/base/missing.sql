-- What of a warehouse is not there. $1 to $3: kinds, schemas and names of what the script lays out.
SELECT l.kind, l.schema_name, l.name
FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) AS l (kind, schema_name, name)
WHERE CASE l.kind
      WHEN 'function' THEN NOT EXISTS (SELECT FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
                                       WHERE n.nspname = l.schema_name AND p.proname = l.name)
      ELSE pg_catalog.to_regclass(pg_catalog.format('%I.%I', l.schema_name, l.name)) IS NULL END
LIMIT 1
