-- The star schema as a picture.

CREATE FUNCTION starsink.star_diagram() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT E'erDiagram\n' || COALESCE(string_agg(format(E'    %s }o--|| %s : %s\n', f.relname, d.relname, a.attname), '' ORDER BY f.relname, c.conkey[1]), '')
    FROM pg_constraint AS c
    JOIN pg_class AS f ON f.oid = c.conrelid
    JOIN pg_class AS d ON d.oid = c.confrelid
    JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND c.conparentid = 0 AND f.relnamespace = to_regnamespace('warehouse') AND NOT f.relispartition
$$;
COMMENT ON FUNCTION starsink.star_diagram() IS 'The star schema as a Mermaid diagram, drawn from the foreign keys in the catalog.';
GRANT EXECUTE ON FUNCTION starsink.star_diagram() TO starsink_admin, starsink_reader;
