-- The data dictionary, made from the comments: a comment may end in notes such as [unit: ms; source: time_stamp; scd: 1].
CREATE OR REPLACE VIEW starsink.dictionary AS
WITH object AS (
    SELECT c.oid, n.nspname || '.' || c.relname AS name, pg_catalog.obj_description(c.oid, 'pg_class') AS comment
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('warehouse', 'starsink') AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
), entry AS (
    SELECT o.oid, o.name, 0::smallint AS position, NULL::text AS column_name, NULL::text AS type, o.comment, o.comment AS table_comment
    FROM object AS o
    UNION ALL
    SELECT o.oid, o.name, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
           pg_catalog.col_description(o.oid, a.attnum), o.comment
    FROM object AS o JOIN pg_catalog.pg_attribute AS a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
)
SELECT e.name AS object, e.column_name AS "column", e.type,
       pg_catalog.btrim(pg_catalog.regexp_replace(e.comment, '\[(unit|source|scd): [^]]*\]$', '')) AS meaning,
       pg_catalog.substring(e.comment, '[[;] ?unit: ([^];]*)[];]') AS unit,
       pg_catalog.substring(e.comment, '[[;] ?source: ([^];]*)[];]') AS source_attribute,
       COALESCE(pg_catalog.substring(e.comment, '[[;] ?scd: ([^];]*)[];]'), pg_catalog.substring(e.table_comment, 'SCD type ([0-9])')) AS scd_type,
       e.position
FROM entry AS e;
COMMENT ON VIEW starsink.dictionary IS 'Every table and view of the warehouse and its columns, made from the comments. A row without a column is the table itself.';
COMMENT ON COLUMN starsink.dictionary.object IS 'Schema and name.';
COMMENT ON COLUMN starsink.dictionary."column" IS 'Column; NULL for the table or view itself.';
COMMENT ON COLUMN starsink.dictionary.type IS 'SQL type.';
COMMENT ON COLUMN starsink.dictionary.meaning IS 'What it says; of a table, also its grain.';
COMMENT ON COLUMN starsink.dictionary.unit IS 'Unit of a figure.';
COMMENT ON COLUMN starsink.dictionary.source_attribute IS 'Attribute of the event it comes from.';
COMMENT ON COLUMN starsink.dictionary.scd_type IS 'How it changes: 0 never, 1 in place, 2 as a new version.';
COMMENT ON COLUMN starsink.dictionary.position IS 'Order of the columns.';
GRANT SELECT ON starsink.dictionary TO starsink_admin, starsink_reader;
