-- The crawler's steps in the database, each a short transaction, and what operators call.
CREATE FUNCTION starsink.crawl_pause() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO starsink.crawl_control (is_paused) VALUES (true);
END
$$;
COMMENT ON FUNCTION starsink.crawl_pause() IS 'Stops crawling after the requests under way.';
GRANT EXECUTE ON FUNCTION starsink.crawl_pause() TO starsink_admin;

CREATE FUNCTION starsink.crawl_resume() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO starsink.crawl_control (is_paused) VALUES (false);
END
$$;
COMMENT ON FUNCTION starsink.crawl_resume() IS 'Goes on after starsink.crawl_pause().';
GRANT EXECUTE ON FUNCTION starsink.crawl_resume() TO starsink_admin;

CREATE FUNCTION starsink_internal.crawl_add(urls text[], hosts text[], kind text, source text, product_ids text[], store_ids text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    added bigint;
BEGIN
    INSERT INTO starsink.crawl_host AS h (host) SELECT DISTINCT u.host FROM unnest(hosts) AS u (host) ORDER BY u.host ON CONFLICT DO NOTHING;
    INSERT INTO starsink.crawl_page AS p (kind, url, host, target_url, target_host, source, next_try)
    SELECT 'robots', min(u.robots), u.host, min(u.robots), u.host, 'robots', '-infinity'
    FROM (SELECT substring(n.url, '^https?://[^/?#]+') || '/robots.txt' AS robots, n.host FROM unnest(urls, hosts) AS n (url, host)) AS u
    GROUP BY u.host ORDER BY u.host ON CONFLICT DO NOTHING;
    IF kind <> 'robots' THEN
        INSERT INTO starsink.crawl_page AS p (kind, url, host, target_url, target_host, source, product_id, store_id)
        SELECT kind, u.url, min(u.host), u.url, min(u.host), source, min(u.product_id), min(u.store_id)
        FROM unnest(urls, hosts, product_ids, store_ids) AS u (url, host, product_id, store_id)
        GROUP BY u.url ORDER BY u.url ON CONFLICT DO NOTHING;
    END IF;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_add(text[], text[], text, text, text[], text[]) IS 'Queues pages that are not known yet, with their hosts'' robots.txt; says how many.';

CREATE FUNCTION starsink.crawl(target text) RETURNS TABLE (page_id bigint, url text, product_id text, store_id text, state text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    place record;
BEGIN
    IF to_regclass('starsink.crawl_page') IS NULL THEN
        RAISE EXCEPTION 'this database has no warehouse yet' USING ERRCODE = '55000', HINT = 'Run SELECT starsink.create_warehouse().';
    END IF;
    IF target ~* '^https?://' COLLATE "C" THEN
        SELECT * INTO place FROM starsink_internal.crawl_place(target) AS a;
        IF place.url IS NULL THEN
            RAISE EXCEPTION 'this is no address of a page: %', target USING ERRCODE = '22023', HINT = 'Give a URL such as https://www.example.com/ring.html.';
        ELSIF NOT place.is_allowed THEN
            RAISE EXCEPTION 'host "%" may not be visited', place.host USING ERRCODE = '42501',
                HINT = 'Add it to starsink.crawl_allowed_hosts, or give a store this domain with starsink.merge_store(); a domain that only events have named does not count.';
        END IF;
        PERFORM starsink_internal.crawl_add(ARRAY[place.url], ARRAY[place.host], 'product', 'sql', ARRAY[NULL::text], ARRAY[NULL::text]);
        RETURN QUERY
        UPDATE starsink.crawl_page AS p SET state = 'queued', next_try = '-infinity', attempts = 0
        WHERE p.url = place.url RETURNING p.page_id, p.url::text, p.product_id::text, p.store_id::text, p.state;
    ELSE
        RETURN QUERY
        UPDATE starsink.crawl_page AS p SET state = 'queued', next_try = '-infinity', attempts = 0
        WHERE p.product_id = btrim(target) AND p.kind = 'product' RETURNING p.page_id, p.url::text, p.product_id::text, p.store_id::text, p.state;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no page of product "%" is known', btrim(target) USING ERRCODE = '02000',
                HINT = 'Give the address of its page; events and sitemaps name pages by themselves.';
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION starsink.crawl(text) IS 'Puts a product''s pages, or the page of an address, before all others in the queue; the crawler fetches them as soon as their host''s turn comes.';
GRANT EXECUTE ON FUNCTION starsink.crawl(text) TO starsink_admin;

CREATE FUNCTION starsink.crawl(number bigint) RETURNS TABLE (page_id bigint, url text, product_id text, store_id text, state text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT * FROM starsink.crawl($1::text);
END
$$;
COMMENT ON FUNCTION starsink.crawl(bigint) IS 'The same for a product number.';
GRANT EXECUTE ON FUNCTION starsink.crawl(bigint) TO starsink_admin;

CREATE FUNCTION starsink_internal.crawl_candidates(lanes integer)
RETURNS TABLE (page_id bigint, kind text, target_url text, etag text, last_modified text, host text, robots text,
    product_id text, redirects integer, attempts integer, source text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT p.page_id, p.kind, p.target_url::text,
           -- A robots.txt is read anew, as its rules begin a new term.
           CASE WHEN p.validated_url = p.target_url AND p.kind <> 'robots' THEN p.etag END,
           CASE WHEN p.validated_url = p.target_url AND p.kind <> 'robots' THEN p.last_modified END,
           h.host::text, h.robots, p.product_id::text, p.redirects, p.attempts, p.source
    FROM (SELECT h.host, h.robots, h.robots_until FROM starsink.crawl_host AS h
          WHERE h.next_request_at <= clock_timestamp()
            AND EXISTS (SELECT FROM starsink.crawl_page AS p WHERE p.target_host = h.host AND p.next_try <= clock_timestamp()
                        AND (p.kind = 'robots' OR h.robots_until > clock_timestamp()))
          ORDER BY h.next_request_at LIMIT lanes FOR UPDATE SKIP LOCKED) AS h
    CROSS JOIN LATERAL (
        SELECT p.* FROM starsink.crawl_page AS p
        WHERE p.target_host = h.host AND p.next_try <= clock_timestamp() AND (p.kind = 'robots' OR h.robots_until > clock_timestamp())
        ORDER BY p.next_try, p.page_id LIMIT 1) AS p;
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_candidates(integer) IS 'The next page of each host that may be asked now, of so many hosts; their rows stay locked until the end of the transaction.';

CREATE FUNCTION starsink_internal.crawl_begin(page bigint, lease interval) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    asked text;
BEGIN
    -- Due again when the lease has ended, should nobody say what came of it.
    UPDATE starsink.crawl_page AS p SET state = 'fetching', next_try = clock_timestamp() + lease WHERE p.page_id = page RETURNING p.target_host INTO asked;
    UPDATE starsink.crawl_host AS h SET next_request_at = clock_timestamp() + lease, last_request_at = clock_timestamp(), requests = h.requests + 1
    WHERE h.host = asked;
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_begin(bigint, interval) IS 'Notes that a page is being fetched: its host is left alone for that long.';

CREATE FUNCTION starsink_internal.crawl_end(page bigint, new_state text, why text, failed boolean, wait interval, host_wait interval,
    new_etag text, new_last_modified text, new_found jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    asked text;
BEGIN
    UPDATE starsink.crawl_page AS p
    SET state = new_state, reason = why, attempts = CASE WHEN failed THEN p.attempts + 1 ELSE 0 END,
        next_try = clock_timestamp() + wait,
        fetched_at = CASE WHEN new_state = 'fetched' THEN clock_timestamp() ELSE p.fetched_at END,
        fetches = p.fetches + (new_state = 'fetched')::integer,
        etag = CASE WHEN new_found IS NULL AND p.kind = 'product' THEN p.etag ELSE new_etag END,
        last_modified = CASE WHEN new_found IS NULL AND p.kind = 'product' THEN p.last_modified ELSE new_last_modified END,
        validated_url = CASE WHEN new_found IS NULL AND p.kind = 'product' THEN p.validated_url ELSE p.target_url END,
        found = COALESCE(new_found, p.found),
        product_id = COALESCE(p.product_id, NULLIF(new_found->>'product_id', '')),
        is_main = p.is_main AND new_state NOT IN ('gone', 'refused'),
        is_merged = p.is_merged AND NOT (new_state = 'fetched' AND p.kind = 'product' AND COALESCE(new_found, p.found) IS NOT NULL),
        -- The next visit begins at the address again: what redirects today may stand there tomorrow.
        target_url = CASE WHEN failed AND new_state = 'retrying' THEN p.target_url ELSE p.url END,
        target_host = CASE WHEN failed AND new_state = 'retrying' THEN p.target_host ELSE p.host END,
        redirects = CASE WHEN failed AND new_state = 'retrying' THEN p.redirects ELSE 0 END
    FROM (SELECT b.target_host FROM starsink.crawl_page AS b WHERE b.page_id = page) AS before
    WHERE p.page_id = page RETURNING before.target_host INTO asked;
    PERFORM starsink_internal.crawl_leave(asked, host_wait);
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_end(bigint, text, text, boolean, interval, interval, text, text, jsonb) IS 'Notes what came of a page, when it is due again, and when its host may be asked again; NULL: as it is.';

CREATE FUNCTION starsink_internal.crawl_leave(asked text, host_wait interval) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE starsink.crawl_host AS h SET next_request_at = clock_timestamp() + GREATEST(host_wait, h.crawl_delay)
    WHERE h.host = asked AND host_wait IS NOT NULL;
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_leave(text, interval) IS 'Leaves a host alone for that long, or as long as its robots.txt asks.';

CREATE FUNCTION starsink_internal.crawl_move(page bigint, to_url text, to_host text, host_wait interval, OUT redirects integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    asked text;
BEGIN
    PERFORM starsink_internal.crawl_add(ARRAY[to_url], ARRAY[to_host], 'robots', 'robots', NULL, NULL);
    UPDATE starsink.crawl_page AS p SET state = 'queued', target_url = to_url, target_host = to_host, redirects = p.redirects + 1, next_try = '-infinity'
    FROM (SELECT b.target_host FROM starsink.crawl_page AS b WHERE b.page_id = page) AS before
    WHERE p.page_id = page RETURNING before.target_host, p.redirects INTO asked, redirects;
    PERFORM starsink_internal.crawl_leave(asked, host_wait);
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_move(bigint, text, text, interval) IS 'Follows a redirect: the page is due at once where it stands now, when that host''s turn comes.';

CREATE FUNCTION starsink_internal.crawl_robots(page bigint, rules text, delay interval, until interval) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE starsink.crawl_host AS h SET robots = rules, crawl_delay = delay, robots_until = clock_timestamp() + until
    FROM starsink.crawl_page AS p WHERE p.page_id = page AND h.host = p.host;
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_robots(bigint, text, interval, interval) IS 'Keeps the robots.txt of a host.';

-- New events are read once, by the blocks they were written to, some seconds after they were: no index tells where
-- they are as cheaply. Events of a transaction that took longer are found when the product is next seen.
CREATE FUNCTION starsink_internal.crawl_discover(sizes jsonb, blocks integer) RETURNS TABLE (product_id text, store_id text, url text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    part    text;
    first   bigint;
    last    bigint;
BEGIN
    SELECT s.key, COALESCE(CASE WHEN m.block <= s.value::bigint THEN m.block ELSE 0 END, 0), s.value::bigint INTO part, first, last
    FROM jsonb_each_text(sizes) AS s LEFT JOIN starsink.crawl_mark AS m ON m.partition = s.key
    WHERE m.block IS DISTINCT FROM s.value::bigint AND to_regclass('warehouse.' || quote_ident(s.key)) IS NOT NULL
    ORDER BY s.key DESC LIMIT 1;
    IF part IS NULL THEN
        RETURN;
    END IF;
    last := LEAST(last, first + blocks);
    INSERT INTO starsink.crawl_mark AS m (partition, block) VALUES (part, last) ON CONFLICT (partition) DO UPDATE SET block = excluded.block;
    RETURN QUERY EXECUTE format(
        'SELECT d.product_id::text, CASE WHEN s.store_key > 0 THEN s.store_id::text END, e.url '
        'FROM (SELECT f.product_key, f.store_key, min(f.current_url) AS url FROM warehouse.%I AS f JOIN warehouse.dim_event_type AS t USING (event_type_key) '
              'WHERE %s AND t.is_product_view AND NOT f.is_bot AND f.product_key > 0 AND f.current_url IS NOT NULL GROUP BY 1, 2) AS e '
        'JOIN warehouse.dim_product AS d USING (product_key) JOIN warehouse.dim_store AS s USING (store_key) '
        'WHERE NOT EXISTS (SELECT FROM starsink.crawl_page AS p WHERE p.kind = ''product'' AND p.product_id = d.product_id '
              'AND p.store_id IS NOT DISTINCT FROM CASE WHEN s.store_key > 0 THEN s.store_id END AND p.state NOT IN (''gone'', ''failed''))', part,
        CASE WHEN current_setting('server_version_num')::integer >= 140000
             THEN format('f.ctid >= %L::tid AND f.ctid < %L::tid', format('(%s,0)', first), format('(%s,0)', last))
             ELSE format('f.ctid = ANY (ARRAY(SELECT format(''(%%s,%%s)'', b, n)::tid FROM generate_series(%s::bigint, %s::bigint - 1) AS b, generate_series(1, 226) AS n))', first, last) END);
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_discover(jsonb, integer) IS 'Product pages in events that have no page yet: in the next blocks of a partition, up to the sizes given. Moves on.';

CREATE FUNCTION starsink_internal.crawl_unsearched(sizes jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM jsonb_each_text(sizes) AS s LEFT JOIN starsink.crawl_mark AS m ON m.partition = s.key
                   WHERE m.block IS DISTINCT FROM s.value::bigint AND to_regclass('warehouse.' || quote_ident(s.key)) IS NOT NULL);
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_unsearched(jsonb) IS 'Whether there are events that were not searched, up to the sizes given.';

CREATE FUNCTION starsink_internal.crawl_sizes() RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT COALESCE(jsonb_object_agg(c.relname, pg_relation_size(c.oid) / current_setting('block_size')::integer), '{}')
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('warehouse.fact_event')
$$;
COMMENT ON FUNCTION starsink_internal.crawl_sizes() IS 'Blocks of each partition of fact_event.';

CREATE FUNCTION starsink_internal.crawl_homes(urls text[], hosts text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM starsink_internal.crawl_add(urls, hosts, 'robots', 'home', NULL, NULL);
    UPDATE starsink.crawl_page AS p SET state = 'queued', next_try = '-infinity' WHERE p.kind = 'sitemap' AND p.state = 'refused';
    UPDATE starsink.crawl_page AS p SET next_try = '-infinity'
    WHERE p.kind = 'robots' AND p.state = 'fetched' AND NOT EXISTS (SELECT FROM starsink.crawl_page AS m WHERE m.kind = 'sitemap' AND m.host = p.host);
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_homes(text[], text[]) IS 'Begins to look for sitemaps: at these hosts, and those that are known.';

CREATE FUNCTION starsink_internal.crawl_offered() RETURNS TABLE (product_id text, store_id text, seen_at timestamptz, role text, value text, metal text, colour text,
    fineness smallint, stone text, shape text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT p.product_id::text, COALESCE(p.store_id, '')::text, p.fetched_at, CASE e.role WHEN 'diamond' THEN 'primary' ELSE e.role END, e.value,
           e.metal, e.colour, e.fineness, e.stone, e.shape
    FROM starsink.crawl_page AS p
    CROSS JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('option_label', o.value->>'role', 'value_label', o.value->>'value')) AS options
        FROM jsonb_array_elements(p.found->'offered') AS o) AS o
    CROSS JOIN LATERAL starsink.expand_options(o.options) AS e
    WHERE NOT p.is_merged AND p.product_id IS NOT NULL AND e.role <> '';
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_offered() IS 'Alloys and stones on unmerged pages.';

CREATE FUNCTION starsink_internal.crawl_offers() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- In the order in which ingestion inserts.
    INSERT INTO warehouse.dim_alloy_option (value, metal, colour, fineness)
    SELECT DISTINCT ON (o.value COLLATE "C") o.value, o.metal, o.colour, o.fineness FROM starsink_internal.crawl_offered() AS o
    WHERE o.role = 'alloy' AND NOT EXISTS (SELECT FROM warehouse.dim_alloy_option AS d WHERE d.value = o.value)
    ORDER BY o.value COLLATE "C" ON CONFLICT DO NOTHING;
    INSERT INTO warehouse.dim_diamond_option (role, value, quality, stone, shape)
    SELECT DISTINCT ON (o.role COLLATE "C", o.value COLLATE "C") o.role, o.value, '', o.stone, o.shape FROM starsink_internal.crawl_offered() AS o
    WHERE o.role <> 'alloy' AND NOT EXISTS (SELECT FROM warehouse.dim_diamond_option AS d WHERE d.role = o.role AND d.value = o.value AND d.quality = '')
    ORDER BY o.role COLLATE "C", o.value COLLATE "C" ON CONFLICT DO NOTHING;
    INSERT INTO warehouse.bridge_product_offer AS b (product_id, store_id, alloy_option_key, diamond_option_key, first_seen_at, last_seen_at)
    SELECT o.product_id, o.store_id, COALESCE(a.alloy_option_key, -2), COALESCE(d.diamond_option_key, -2), max(o.seen_at), max(o.seen_at)
    FROM starsink_internal.crawl_offered() AS o
    LEFT JOIN warehouse.dim_alloy_option AS a ON o.role = 'alloy' AND a.value = o.value
    LEFT JOIN warehouse.dim_diamond_option AS d ON d.role = o.role AND d.value = o.value AND d.quality = ''
    WHERE a.alloy_option_key IS NOT NULL OR d.diamond_option_key IS NOT NULL
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (product_id, store_id, alloy_option_key, diamond_option_key) DO UPDATE SET last_seen_at = GREATEST(b.last_seen_at, excluded.last_seen_at);
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_offers() IS 'Keeps the alloys and stones that unmerged pages offer.';

CREATE FUNCTION starsink_internal.crawl_prepare() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A page that no event named belongs to the store of its domain; events alone make no store's domain.
    UPDATE starsink.crawl_page AS p SET store_id = s.store_id
    FROM warehouse.dim_store AS s
    WHERE NOT p.is_merged AND p.store_id IS NULL AND s.is_current AND NOT s.is_inferred AND s.store_key > 0
      AND right('.' || regexp_replace(p.host, ':[0-9]+$', ''), length(s.domain) + 1) = '.' || s.domain;
    -- And to the product that has its address or article number already.
    UPDATE starsink.crawl_page AS p SET product_id = d.product_id
    FROM warehouse.dim_product AS d
    WHERE NOT p.is_merged AND p.product_id IS NULL AND d.is_current AND d.product_key > 0
      AND (d.canonical_url = p.found->>'canonical_url' OR d.sku = p.found->>'sku');
    -- The first page of a product that was read speaks for it.
    UPDATE starsink.crawl_page AS p SET is_main = true
    WHERE p.page_id IN (
        SELECT min(n.page_id) FROM starsink.crawl_page AS n
        WHERE NOT n.is_merged AND n.product_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM starsink.crawl_page AS m WHERE m.kind = 'product' AND m.product_id = n.product_id AND m.is_main)
        GROUP BY n.product_id);
    RETURN EXISTS (SELECT FROM starsink.crawl_product);
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_prepare() IS 'Finds out whose the unmerged pages are; says whether starsink.crawl_product has something to merge.';

CREATE FUNCTION starsink_internal.crawl_prices(merge bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO warehouse.fact_product_price (event_time, page_id, audit_key, date_key, product_key, store_key, currency_key, price, currency_token, availability)
    SELECT p.fetched_at, p.page_id, COALESCE((SELECT h.audit_key FROM starsink.merge_history AS h WHERE h.merge_id = merge), -1),
           to_char(p.fetched_at AT TIME ZONE 'UTC', 'YYYYMMDD')::integer, d.product_key, COALESCE(s.store_key, -3),
           CASE WHEN COALESCE(p.found->>'currency', s.currency) IS NULL THEN -3 ELSE COALESCE(c.currency_key, -1) END,
           (p.found->>'price')::numeric, p.found->>'currency', p.found->>'availability'
    FROM starsink.crawl_page AS p
    JOIN warehouse.dim_product AS d ON d.product_id = p.product_id AND d.is_current
    LEFT JOIN warehouse.dim_store AS s ON s.store_id = p.store_id AND s.is_current
    LEFT JOIN LATERAL (
        SELECT c.currency_key FROM warehouse.dim_currency AS c
        WHERE c.currency_code IN (p.found->>'currency', starsink.currency_of(p.found->>'currency', s.country_code, s.currency))
        ORDER BY c.currency_code = p.found->>'currency' DESC LIMIT 1) AS c ON true
    WHERE NOT p.is_merged AND p.found->>'price' IS NOT NULL
    ON CONFLICT DO NOTHING;
    UPDATE starsink.crawl_page AS p SET is_merged = true WHERE NOT p.is_merged;
END
$$;
COMMENT ON FUNCTION starsink_internal.crawl_prices(bigint) IS 'Keeps the prices of unmerged pages, by the merge that brought their attributes; the pages are merged then.';

-- Made from Rust.
COMMENT ON FUNCTION starsink.extract_product(text, text) IS 'What a product page says, by its HTML and address; NULL if it shows no product. The first columns are those of starsink.merge_product().';
GRANT EXECUTE ON FUNCTION starsink.extract_product(text, text) TO starsink_admin, starsink_reader;
COMMENT ON FUNCTION starsink_internal.crawl_place(text) IS 'A page''s address as the crawler keeps it, its host, and whether that may be visited.';
