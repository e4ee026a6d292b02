-- What the parsers of single values return.
CREATE TYPE starsink.user_agent AS (
    browser text, browser_version text, os text, os_version text, device_class text, vendor text, is_bot boolean);
COMMENT ON TYPE starsink.user_agent IS 'What a user-agent header says; NULL where it does not. vendor: of the browser.';

CREATE TYPE starsink.price AS (amount numeric, currency text);
COMMENT ON TYPE starsink.price IS 'An amount and the currency''s token beside it, normalised; NULL where there is none.';

CREATE TYPE starsink.product_page AS (
    product_id text, sku text, product_name text, product_type text, category text, collection text, gender text, brand text, image_url text,
    canonical_url text, price numeric, currency text, availability text, offered jsonb, alternates jsonb, found jsonb);
COMMENT ON TYPE starsink.product_page IS 'What a product page says. offered: alloys and stones with their roles; alternates: language and address of the page in other languages; found: which attribute was found where (json-ld, microdata, open graph, page).';

CREATE TYPE starsink.referrer AS (
    host text, registrable_domain text, kind text, source text, medium text, term text, is_internal boolean);
COMMENT ON TYPE starsink.referrer IS 'Where a visit came from. kind: search, social, video, shopping, email, other, internal.';
