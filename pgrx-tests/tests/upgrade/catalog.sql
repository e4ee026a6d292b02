-- What two warehouses are compared by: everything that the lay-out consists of, a line each. Partitions are of the month
-- they were made in, and columns stand where they were added.
WITH schema AS (
    SELECT n.oid, n.nspname FROM pg_namespace AS n WHERE n.nspname IN ('starsink', 'starsink_internal', 'warehouse')
), relation AS (
    SELECT c.*, s.nspname FROM pg_class AS c JOIN schema AS s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'S') AND NOT c.relispartition
), acl AS (
    SELECT format('relation %I.%I', r.nspname, r.relname) AS what, a.*
    FROM relation AS r, aclexplode(COALESCE(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, r.relowner))) AS a
    UNION ALL
    SELECT format('column %I.%I.%I', r.nspname, r.relname, c.attname), a.*
    FROM relation AS r JOIN pg_attribute AS c ON c.attrelid = r.oid, aclexplode(c.attacl) AS a
    UNION ALL
    SELECT format('function %s', p.oid::regprocedure), a.*
    FROM pg_proc AS p JOIN schema AS s ON s.oid = p.pronamespace, aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) AS a
)
SELECT format('relation %I.%I: %s, owner %s, identity %s, options %s, comment %L', nspname, relname, relkind, relowner::regrole, relreplident, reloptions,
              obj_description(oid, 'pg_class'))
FROM relation
UNION ALL
SELECT format('column %I.%I.%I: %s%s, default %s, identity %L, comment %L', r.nspname, r.relname, c.attname, format_type(c.atttypid, c.atttypmod),
              CASE WHEN c.attnotnull THEN ' not null' ELSE '' END, pg_get_expr(d.adbin, d.adrelid), c.attidentity, col_description(r.oid, c.attnum))
FROM relation AS r
JOIN pg_attribute AS c ON c.attrelid = r.oid AND c.attnum > 0 AND NOT c.attisdropped
LEFT JOIN pg_attrdef AS d ON d.adrelid = c.attrelid AND d.adnum = c.attnum
UNION ALL
SELECT format('constraint of %I.%I: %s', r.nspname, r.relname, pg_get_constraintdef(c.oid)) FROM pg_constraint AS c JOIN relation AS r ON r.oid = c.conrelid
UNION ALL
SELECT format('index: %s', pg_get_indexdef(i.indexrelid)) FROM pg_index AS i JOIN relation AS r ON r.oid = i.indrelid
UNION ALL
SELECT format('view %I.%I: %s', nspname, relname, pg_get_viewdef(oid)) FROM relation WHERE relkind = 'v'
UNION ALL
SELECT format('function %s: returns %s, %s, %s, definer %s, settings %s, owner %s, body %s, comment %L', p.oid::regprocedure, pg_get_function_result(p.oid),
              p.provolatile, p.proparallel, p.prosecdef, p.proconfig, p.proowner::regrole, md5(p.prosrc), obj_description(p.oid, 'pg_proc'))
FROM pg_proc AS p JOIN schema AS s ON s.oid = p.pronamespace
UNION ALL
SELECT format('right: %s on %s to %s by %s', privilege_type, what, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, grantor::regrole) FROM acl
ORDER BY 1
