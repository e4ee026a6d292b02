-- The crawler's queue, and what its pages say. A host has one row: whoever claims a page locks it, and sets the time
-- before which nobody asks that host again. That time is the lease of a claim too: a crawler that dies in the middle
-- leaves the host alone until its request must have ended.
CREATE TABLE IF NOT EXISTS starsink.crawl_host (
    host            text COLLATE "C" PRIMARY KEY,
    robots          text,
    robots_until    timestamptz NOT NULL DEFAULT '-infinity',
    crawl_delay     interval NOT NULL DEFAULT '0',
    next_request_at timestamptz NOT NULL DEFAULT '-infinity',
    last_request_at timestamptz,
    requests        bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE starsink.crawl_host IS 'Grain: one host that has pages to fetch.';
COMMENT ON COLUMN starsink.crawl_host.host IS 'Name or address, with the port unless it is the usual one.';
COMMENT ON COLUMN starsink.crawl_host.robots IS 'Its robots.txt; empty where it has none.';
COMMENT ON COLUMN starsink.crawl_host.robots_until IS 'Until when its robots.txt is believed. Without one that is, no page is fetched.';
COMMENT ON COLUMN starsink.crawl_host.crawl_delay IS 'What its robots.txt asks for.';
COMMENT ON COLUMN starsink.crawl_host.next_request_at IS 'Before this nobody asks it: the delay, Retry-After, or a request under way.';
COMMENT ON COLUMN starsink.crawl_host.last_request_at IS 'When it was asked last.';
COMMENT ON COLUMN starsink.crawl_host.requests IS 'Requests so far.';
GRANT SELECT ON starsink.crawl_host TO starsink_admin;

CREATE TABLE IF NOT EXISTS starsink.crawl_page (
    page_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('product', 'robots', 'sitemap')),
    url           text COLLATE "C" NOT NULL UNIQUE,
    host          text COLLATE "C" NOT NULL,
    target_url    text COLLATE "C" NOT NULL,
    target_host   text COLLATE "C" NOT NULL,
    redirects     integer NOT NULL DEFAULT 0,
    product_id    text COLLATE "C",
    store_id      text COLLATE "C",
    source        text NOT NULL CHECK (source IN ('event', 'sitemap', 'sql', 'robots', 'home')),
    is_main       boolean NOT NULL DEFAULT false,
    state         text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'fetching', 'fetched', 'retrying', 'failed', 'gone', 'refused')),
    reason        text,
    attempts      integer NOT NULL DEFAULT 0,
    next_try      timestamptz DEFAULT pg_catalog.now(),
    queued_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    fetched_at    timestamptz,
    fetches       integer NOT NULL DEFAULT 0,
    etag          text,
    last_modified text,
    validated_url text,
    found         jsonb,
    is_merged     boolean NOT NULL DEFAULT true
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
CREATE INDEX IF NOT EXISTS crawl_page_due ON starsink.crawl_page (target_host, next_try) WHERE next_try IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS crawl_page_robots ON starsink.crawl_page (host) WHERE kind = 'robots';
CREATE INDEX IF NOT EXISTS crawl_page_product ON starsink.crawl_page (product_id, store_id) WHERE kind = 'product';
CREATE INDEX IF NOT EXISTS crawl_page_unmerged ON starsink.crawl_page (page_id) WHERE NOT is_merged;
COMMENT ON TABLE starsink.crawl_page IS 'Grain: one page to fetch: of a product in a store, a robots.txt or a sitemap. The crawler''s queue and its memory.';
COMMENT ON COLUMN starsink.crawl_page.page_id IS 'Number.';
COMMENT ON COLUMN starsink.crawl_page.kind IS 'product, robots or sitemap.';
COMMENT ON COLUMN starsink.crawl_page.url IS 'Address, without what does not make it another page.';
COMMENT ON COLUMN starsink.crawl_page.host IS 'Host of the address.';
COMMENT ON COLUMN starsink.crawl_page.target_url IS 'Where the next request goes: the address, or where it was redirected.';
COMMENT ON COLUMN starsink.crawl_page.target_host IS 'Host of the target.';
COMMENT ON COLUMN starsink.crawl_page.redirects IS 'Redirects from the address to the target.';
COMMENT ON COLUMN starsink.crawl_page.product_id IS 'Product, by the event that named the page, else by the page itself.';
COMMENT ON COLUMN starsink.crawl_page.store_id IS 'Store, by the event that named the page, else by the host.';
COMMENT ON COLUMN starsink.crawl_page.source IS 'Who named it: event, sitemap, sql (starsink.crawl), robots, home.';
COMMENT ON COLUMN starsink.crawl_page.is_main IS 'The product''s attributes are this page''s; other stores'' pages give prices and options only, as each has its own language.';
COMMENT ON COLUMN starsink.crawl_page.state IS 'queued, fetching, fetched, retrying after a failure, failed for now, gone, refused by robots.txt or the settings.';
COMMENT ON COLUMN starsink.crawl_page.reason IS 'Why it failed, is gone or refused.';
COMMENT ON COLUMN starsink.crawl_page.attempts IS 'Failures in a row.';
COMMENT ON COLUMN starsink.crawl_page.next_try IS 'When it is due; NULL: never.';
COMMENT ON COLUMN starsink.crawl_page.queued_at IS 'When it was first named.';
COMMENT ON COLUMN starsink.crawl_page.fetched_at IS 'When it was last fetched, or seen to be unchanged.';
COMMENT ON COLUMN starsink.crawl_page.fetches IS 'How often that was.';
COMMENT ON COLUMN starsink.crawl_page.etag IS 'Its ETag, for the next request.';
COMMENT ON COLUMN starsink.crawl_page.last_modified IS 'Its Last-Modified, for the next request.';
COMMENT ON COLUMN starsink.crawl_page.validated_url IS 'Address that the two belong to.';
COMMENT ON COLUMN starsink.crawl_page.found IS 'What the page says of its product; found: which attribute was found where; alternates: the page in other languages.';
COMMENT ON COLUMN starsink.crawl_page.is_merged IS 'False while what was found has yet to reach the warehouse.';
GRANT SELECT ON starsink.crawl_page TO starsink_admin;

CREATE TABLE IF NOT EXISTS starsink.crawl_mark (
    partition text COLLATE "C" PRIMARY KEY,
    block     bigint NOT NULL
);
COMMENT ON TABLE starsink.crawl_mark IS 'Grain: one partition of fact_event: how far its events were searched for product pages.';
COMMENT ON COLUMN starsink.crawl_mark.partition IS 'Name.';
COMMENT ON COLUMN starsink.crawl_mark.block IS 'Next block to be searched.';

CREATE TABLE IF NOT EXISTS starsink.crawl_control (
    control_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    changed_by text NOT NULL DEFAULT SESSION_USER,
    is_paused  boolean NOT NULL
);
COMMENT ON TABLE starsink.crawl_control IS 'Grain: one crawl_pause() or crawl_resume(); the last row holds.';
COMMENT ON COLUMN starsink.crawl_control.control_id IS 'Order of the commands.';
COMMENT ON COLUMN starsink.crawl_control.changed_at IS 'When.';
COMMENT ON COLUMN starsink.crawl_control.changed_by IS 'By which login role.';
COMMENT ON COLUMN starsink.crawl_control.is_paused IS 'Whether crawling is paused after it.';
GRANT SELECT ON starsink.crawl_control TO starsink_admin;

CREATE TABLE IF NOT EXISTS warehouse.fact_product_price (
    event_time     timestamptz NOT NULL,
    page_id        bigint NOT NULL,
    audit_key      bigint NOT NULL,
    date_key       integer NOT NULL REFERENCES warehouse.dim_date,
    product_key    integer NOT NULL REFERENCES warehouse.dim_product,
    store_key      integer NOT NULL REFERENCES warehouse.dim_store,
    currency_key   integer NOT NULL REFERENCES warehouse.dim_currency,
    price          numeric NOT NULL,
    currency_token text,
    availability   text,
    PRIMARY KEY (event_time, page_id)
);
CREATE INDEX IF NOT EXISTS fact_product_price_product ON warehouse.fact_product_price (product_key, store_key);
COMMENT ON TABLE warehouse.fact_product_price IS 'Grain: a product in a store at one visit of its page. Periodic snapshot, as often as the page is visited.';
COMMENT ON COLUMN warehouse.fact_product_price.event_time IS 'When the page was read.';
COMMENT ON COLUMN warehouse.fact_product_price.page_id IS 'Page: starsink.crawl_page.';
COMMENT ON COLUMN warehouse.fact_product_price.audit_key IS 'Merge that wrote the row: starsink.merge_log.';
COMMENT ON COLUMN warehouse.fact_product_price.date_key IS 'Day in UTC.';
COMMENT ON COLUMN warehouse.fact_product_price.product_key IS 'Product.';
COMMENT ON COLUMN warehouse.fact_product_price.store_key IS 'Store; -3 where none is known.';
COMMENT ON COLUMN warehouse.fact_product_price.currency_key IS 'Currency; -1 where it could not be told, -3 where neither page nor store names one.';
COMMENT ON COLUMN warehouse.fact_product_price.price IS 'Price on the page. [unit: currency]';
COMMENT ON COLUMN warehouse.fact_product_price.currency_token IS 'The currency as the page writes it, normalised.';
COMMENT ON COLUMN warehouse.fact_product_price.availability IS 'InStock, OutOfStock and the like, in schema.org''s words.';

CREATE TABLE IF NOT EXISTS warehouse.bridge_product_offer (
    product_id         text COLLATE "C" NOT NULL,
    store_id           text COLLATE "C" NOT NULL,
    alloy_option_key   integer NOT NULL REFERENCES warehouse.dim_alloy_option,
    diamond_option_key integer NOT NULL REFERENCES warehouse.dim_diamond_option,
    first_seen_at      timestamptz NOT NULL,
    last_seen_at       timestamptz NOT NULL,
    PRIMARY KEY (product_id, store_id, alloy_option_key, diamond_option_key)
);
COMMENT ON TABLE warehouse.bridge_product_offer IS 'Grain: an alloy (its diamond is -2) or a stone (its alloy is -2) that a product''s page offered in a store.';
COMMENT ON COLUMN warehouse.bridge_product_offer.product_id IS 'Product, by its natural key: what is on offer belongs to all its versions.';
COMMENT ON COLUMN warehouse.bridge_product_offer.store_id IS 'Store; empty where none is known.';
COMMENT ON COLUMN warehouse.bridge_product_offer.alloy_option_key IS 'Alloy; -2 where the row is about a stone.';
COMMENT ON COLUMN warehouse.bridge_product_offer.diamond_option_key IS 'Stone; -2 where the row is about an alloy.';
COMMENT ON COLUMN warehouse.bridge_product_offer.first_seen_at IS 'When a page offered it first.';
COMMENT ON COLUMN warehouse.bridge_product_offer.last_seen_at IS 'When a page offered it last: the current offer has the greatest one of product and store.';

-- An attribute that the page lacks keeps its known value.
CREATE OR REPLACE VIEW starsink.crawl_product AS
SELECT DISTINCT ON (p.product_id) p.product_id,
       COALESCE(p.found->>'sku', d.sku) AS sku,
       COALESCE(p.found->>'product_name', d.product_name) AS product_name,
       COALESCE(p.found->>'product_type', d.product_type) AS product_type,
       COALESCE(p.found->>'category', d.category) AS category,
       COALESCE(p.found->>'collection', d.collection) AS collection,
       COALESCE(p.found->>'gender', d.gender) AS gender,
       COALESCE(p.found->>'brand', d.brand) AS brand,
       COALESCE(p.found->>'image_url', d.image_url) AS image_url,
       COALESCE(p.found->>'canonical_url', d.canonical_url) AS canonical_url
FROM starsink.crawl_page AS p
LEFT JOIN warehouse.dim_product AS d ON d.product_id = p.product_id AND d.is_current
WHERE NOT p.is_merged AND p.is_main AND p.product_id IS NOT NULL
ORDER BY p.product_id, p.page_id;
COMMENT ON VIEW starsink.crawl_product IS 'Products whose pages were read and are to be merged: what the crawler gives to starsink.merge_product().';
COMMENT ON COLUMN starsink.crawl_product.product_id IS 'Product.';
COMMENT ON COLUMN starsink.crawl_product.sku IS 'As the page says, else as it is known; so are the others.';
COMMENT ON COLUMN starsink.crawl_product.product_name IS 'Name.';
COMMENT ON COLUMN starsink.crawl_product.product_type IS 'Kind of jewellery; where the page names none, the widest category.';
COMMENT ON COLUMN starsink.crawl_product.category IS 'Path of categories, widest first.';
COMMENT ON COLUMN starsink.crawl_product.collection IS 'Design collection.';
COMMENT ON COLUMN starsink.crawl_product.gender IS 'female, male, unisex, or as the page writes it.';
COMMENT ON COLUMN starsink.crawl_product.brand IS 'Brand.';
COMMENT ON COLUMN starsink.crawl_product.image_url IS 'Main image.';
COMMENT ON COLUMN starsink.crawl_product.canonical_url IS 'The page''s canonical address.';
GRANT SELECT ON starsink.crawl_product TO starsink_admin;

CREATE OR REPLACE VIEW starsink.crawl_status AS
SELECT h.host,
       pg_catalog.count(*) FILTER (WHERE p.state IN ('queued', 'fetching')) AS queued,
       pg_catalog.count(*) FILTER (WHERE p.state = 'fetched') AS fetched,
       pg_catalog.count(*) FILTER (WHERE p.state = 'retrying') AS retrying,
       pg_catalog.count(*) FILTER (WHERE p.state IN ('failed', 'gone', 'refused')) AS failed,
       (SELECT pg_catalog.jsonb_object_agg(r.reason, r.pages)
        FROM (SELECT COALESCE(f.reason, f.state) AS reason, pg_catalog.count(*) AS pages FROM starsink.crawl_page AS f
              WHERE f.host = h.host AND f.state IN ('retrying', 'failed', 'gone', 'refused') GROUP BY 1) AS r) AS reasons,
       pg_catalog.count(*) FILTER (WHERE p.state = 'fetching') AS fetching,
       pg_catalog.count(*) FILTER (WHERE NOT p.is_merged) AS to_be_merged,
       h.requests, h.last_request_at, h.next_request_at, h.crawl_delay,
       CASE WHEN h.robots_until > pg_catalog.now() THEN h.robots_until END AS robots_until,
       COALESCE((SELECT c.is_paused FROM starsink.crawl_control AS c ORDER BY c.control_id DESC LIMIT 1), false) AS is_paused
FROM starsink.crawl_host AS h
LEFT JOIN starsink.crawl_page AS p ON p.host = h.host
GROUP BY h.host;
COMMENT ON VIEW starsink.crawl_status IS 'One row per host: pages by state, failures by reason, and when it is asked next.';
COMMENT ON COLUMN starsink.crawl_status.host IS 'Host.';
COMMENT ON COLUMN starsink.crawl_status.queued IS 'Pages not fetched yet.';
COMMENT ON COLUMN starsink.crawl_status.fetched IS 'Pages that were fetched.';
COMMENT ON COLUMN starsink.crawl_status.retrying IS 'Pages that failed and are tried again soon.';
COMMENT ON COLUMN starsink.crawl_status.failed IS 'Pages that failed, are gone, or refused.';
COMMENT ON COLUMN starsink.crawl_status.reasons IS 'Pages that are not well, by reason.';
COMMENT ON COLUMN starsink.crawl_status.fetching IS 'Requests under way: 1 at most.';
COMMENT ON COLUMN starsink.crawl_status.to_be_merged IS 'Pages that were read and have yet to reach the warehouse.';
COMMENT ON COLUMN starsink.crawl_status.requests IS 'Requests so far.';
COMMENT ON COLUMN starsink.crawl_status.last_request_at IS 'When it was asked last.';
COMMENT ON COLUMN starsink.crawl_status.next_request_at IS 'When it may be asked next.';
COMMENT ON COLUMN starsink.crawl_status.crawl_delay IS 'What its robots.txt asks for.';
COMMENT ON COLUMN starsink.crawl_status.robots_until IS 'Until when its robots.txt is believed; NULL while it could not be read.';
COMMENT ON COLUMN starsink.crawl_status.is_paused IS 'Whether crawling is paused: starsink.crawl_resume().';
GRANT SELECT ON starsink.crawl_status TO starsink_admin;
