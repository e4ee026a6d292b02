-- Jobs that complete members of dimensions by what the facts say. Each call takes a portion of what came: so few devices
-- are looked up, though the planner cannot tell from a pair of keys how few they are.
CREATE FUNCTION starsink_internal.fold_devices(at_most bigint DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    mark        bigint[] := string_to_array(starsink_internal.job_mark('devices'), ' ')::bigint[];
    from_fold   bigint := COALESCE(mark[1], 0);
    -- A mark without a device is that of a whole fold.
    from_device integer := COALESCE(mark[2], 2147483647);
    to_fold     bigint;
    to_device   integer;
    changed     bigint;
BEGIN
    IF to_regclass('warehouse.fact_session') IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT p.fold_id, p.device_key INTO to_fold, to_device
    FROM (SELECT s.fold_id, s.device_key FROM warehouse.fact_session AS s
          WHERE (s.fold_id, s.device_key) > (from_fold, from_device)
          ORDER BY s.fold_id, s.device_key LIMIT at_most) AS p
    ORDER BY p.fold_id DESC, p.device_key DESC LIMIT 1;
    IF to_fold IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE warehouse.dim_device AS d
    SET first_seen_at = LEAST(d.first_seen_at, n.first_seen_at), last_seen_at = GREATEST(d.last_seen_at, n.last_seen_at),
        device_class = CASE WHEN d.last_seen_at > n.last_seen_at THEN d.device_class ELSE n.device_class END
    FROM (
        SELECT s.device_key, min(s.session_start) AS first_seen_at, max(s.session_end) AS last_seen_at,
               (array_agg(s.device_class ORDER BY s.session_end DESC, s.is_bot))[1] AS device_class
        FROM warehouse.fact_session AS s
        WHERE (s.fold_id, s.device_key) > (from_fold, from_device) AND (s.fold_id, s.device_key) <= (to_fold, to_device) AND s.device_key > 0
        GROUP BY s.device_key
    ) AS n
    WHERE d.device_key = n.device_key
      AND (d.first_seen_at IS NULL OR d.first_seen_at > n.first_seen_at OR d.last_seen_at < n.last_seen_at OR d.device_class IS NULL
           OR d.last_seen_at = n.last_seen_at AND d.device_class <> n.device_class);
    GET DIAGNOSTICS changed = ROW_COUNT;
    INSERT INTO starsink.job_mark (name, mark) VALUES ('devices', to_fold || ' ' || to_device);
    RETURN changed;
END
$$;
COMMENT ON FUNCTION starsink_internal.fold_devices(bigint) IS 'Job devices: first and last time and class of the devices of about so many sessions that were folded since; returns how many devices changed, NULL where there was nothing new.';

CREATE FUNCTION starsink_internal.settle_store_domains(at_most bigint DEFAULT 20000) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    from_key bigint := COALESCE(starsink_internal.job_mark('store_domains')::bigint, 0);
    to_key   bigint := starsink_internal.last_folded_key(from_key, at_most);
    changed  bigint;
BEGIN
    IF to_key IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO starsink.store_domain AS d (store_id, domain, events)
    SELECT u.store_id, starsink_internal.registrable_domain(u.address), sum(u.events)
    FROM (
        -- Few hosts, many pages: what comes behind the host is cut off before it is looked up.
        SELECT s.store_id, regexp_replace(f.current_url, '^([^/?#]*//)?([^/?#]*).*$', '\1\2') AS address, count(*) AS events
        FROM warehouse.fact_event AS f JOIN warehouse.dim_store AS s ON s.store_key = f.store_key
        WHERE f.audit_key > from_key AND f.audit_key <= to_key AND s.store_key > 0 AND s.is_inferred
        GROUP BY 1, 2
    ) AS u
    WHERE starsink_internal.registrable_domain(u.address) IS NOT NULL
    GROUP BY 1, 2
    ON CONFLICT (store_id, domain) DO UPDATE SET events = d.events + EXCLUDED.events;
    -- Type 1: a store that only events have named has one version.
    UPDATE warehouse.dim_store AS s
    SET domain = n.domain, country_code = c.alpha2, region = c.region
    FROM (
        SELECT DISTINCT ON (d.store_id) d.store_id, d.domain, starsink_internal.country_of_domain(d.domain) AS country_code
        FROM starsink.store_domain AS d ORDER BY d.store_id, d.events DESC, d.domain
    ) AS n
    LEFT JOIN starsink_internal.iso_countries() AS c ON c.alpha2 = n.country_code
    WHERE s.store_id = n.store_id AND s.is_inferred AND s.is_current
      AND (s.domain, s.country_code, s.region) IS DISTINCT FROM (n.domain, c.alpha2, c.region);
    GET DIAGNOSTICS changed = ROW_COUNT;
    INSERT INTO starsink.job_mark (name, mark) VALUES ('store_domains', to_key);
    -- What kr or $ means depends on the store's country.
    IF changed > 0 THEN
        PERFORM starsink.revalue_order_lines();
    END IF;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION starsink_internal.settle_store_domains(bigint) IS 'Job store_domains: a store that only events have named takes the registrable domain seen most often, and its country and region; looks at about so many events, returns how many stores changed, NULL where there was nothing new.';

-- Made from Rust.
COMMENT ON FUNCTION starsink_internal.known_sites() IS 'Sites that starsink.site begins with: AI assistants and payment providers.';
COMMENT ON FUNCTION starsink_internal.registrable_domain(text) IS 'Registrable domain of an address''s host; NULL where it has none.';
COMMENT ON FUNCTION starsink_internal.country_of_domain(text) IS 'ISO 3166-1 alpha-2 of a host''s suffix; NULL where it names no country.';
