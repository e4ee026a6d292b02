-- Erasure on request. Rows stay, so that counts stay; what identifies a person is erased. Ingestion goes on meanwhile:
-- the long work is done before taking the lock that ingestion waits for, and what it wrote until then is erased under
-- it.
CREATE FUNCTION starsink_internal.forget_check() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'nobody can be forgotten in a transaction that is %', current_setting('transaction_isolation')
            USING ERRCODE = '25001', HINT = 'Run it in a transaction of READ COMMITTED: it has to see what ingestion commits meanwhile.';
    ELSIF to_regclass('warehouse.fact_event') IS NULL THEN
        RAISE EXCEPTION 'this database has no warehouse yet' USING ERRCODE = '55000', HINT = 'Run SELECT starsink.create_warehouse().';
    END IF;
    -- One change of many facts at a time.
    PERFORM pg_advisory_xact_lock(hashtext('starsink.rekey'), 0);
END
$$;
COMMENT ON FUNCTION starsink_internal.forget_check() IS 'Fails where nobody can be forgotten; waits for merges under way.';

CREATE FUNCTION starsink_internal.forget_facts(customers integer[], devices integer[], hashes text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    conditions text[] := '{}';
    condition  text;
    step       integer;
    later      bigint;
    erased     bigint := 0;
    device     integer[];
    bot        boolean[];
    at         timestamptz[];
    all_device integer[] := '{}';
    all_bot    boolean[] := '{}';
    all_at     timestamptz[] := '{}';
BEGIN
    IF customers <> '{}' THEN
        conditions := conditions || 'f.customer_key = ANY ($1)'::text;
    END IF;
    IF devices <> '{}' THEN
        conditions := conditions || 'f.device_key = ANY ($2)'::text;
    END IF;
    IF hashes <> '{}' THEN
        -- Events of others that name the address: the code tells which. Where addresses are or were kept in full, any may.
        conditions := conditions || (CASE WHEN EXISTS (SELECT FROM warehouse.dim_customer AS c WHERE c.email IS NOT NULL) THEN '' ELSE 'f.quality_flags & 35184372088832 <> 0 AND ' END
            || 'starsink_internal.names_person(convert_to(concat_ws('' '', f.current_url, f.referrer_url, f.extras::text), ''UTF8''), ''{}'', ''{}'', $3)');
    END IF;
    later := starsink_internal.later_audit_key();
    FOR step IN 1..2 LOOP
        IF step = 2 THEN
            -- A fold under way could write back a session's first page that it had read before.
            PERFORM pg_advisory_xact_lock(hashtext('starsink.fold'), 0);
            -- From here to the end of the transaction batches wait; then they forget the keys they remember, and so
            -- make a new member.
            PERFORM pg_advisory_xact_lock(hashtext('starsink.versions'), 0);
        END IF;
        FOREACH condition IN ARRAY conditions LOOP
            -- Addresses can carry tokens and searches; the extras whatever the shop sends.
            EXECUTE 'WITH erased AS (UPDATE warehouse.fact_event AS f SET ip = NULL, current_url = NULL, referrer_url = NULL, extras = NULL, local_time = NULL '
                'WHERE (f.ip IS NOT NULL OR f.current_url IS NOT NULL OR f.referrer_url IS NOT NULL OR f.extras IS NOT NULL OR f.local_time IS NOT NULL) AND '
                || condition || CASE step WHEN 2 THEN ' AND f.audit_key > $4' ELSE '' END || ' RETURNING f.device_key, f.is_bot, f.event_time) '
                'SELECT COALESCE(array_agg(e.device_key), ''{}''), COALESCE(array_agg(e.is_bot), ''{}''), COALESCE(array_agg(e.event_time), ''{}'') FROM erased AS e'
            INTO device, bot, at USING customers, devices, hashes, later;
            erased := erased + cardinality(device);
            all_device := all_device || device;
            all_bot := all_bot || bot;
            all_at := all_at || at;
        END LOOP;
    END LOOP;
    UPDATE warehouse.fact_session AS s SET landing_page = NULL
    FROM unnest(all_device, all_bot, all_at) AS e (device_key, is_bot, event_time)
    WHERE s.device_key = e.device_key AND s.is_bot = e.is_bot AND e.event_time BETWEEN s.session_start AND s.session_end AND s.landing_page IS NOT NULL;
    RETURN erased;
END
$$;
COMMENT ON FUNCTION starsink_internal.forget_facts(integer[], integer[], text[]) IS 'Erases addresses, pages and extras of the events of some customers and devices, and of those that name an address with one of these hashes; first pages of their sessions. Ingestion waits from its end to that of the transaction.';

CREATE FUNCTION starsink_internal.forget_quarantined(attributes text[], ids text[], hashes text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    erased bigint;
BEGIN
    -- Without its bytes a message is what Kafka calls a tombstone: a re-drive drops and counts it.
    UPDATE starsink.quarantine AS q
    SET payload = CASE WHEN f.in_payload THEN NULL ELSE q.payload END, original_payload = CASE WHEN f.in_payload THEN NULL ELSE q.original_payload END,
        key = NULL, detail = CASE WHEN f.in_payload THEN 'erased on request' ELSE q.detail END
    FROM (SELECT o.quarantine_id,
                 COALESCE(starsink_internal.names_person(o.payload, n.names, ids, hashes), false) OR COALESCE(starsink_internal.names_person(o.original_payload, n.names, ids, hashes), false) AS in_payload,
                 COALESCE(starsink_internal.names_person(o.key, attributes, ids, hashes) OR o.key = ANY (SELECT convert_to(i, 'UTF8') FROM unnest(ids) AS i), false) AS in_key
          FROM starsink.quarantine AS o
          CROSS JOIN LATERAL (SELECT CASE o.topic WHEN 'merge:customer' THEN attributes || ARRAY['identity'] ELSE attributes END AS names) AS n
          WHERE o.payload IS NOT NULL OR o.original_payload IS NOT NULL OR o.key IS NOT NULL OFFSET 0) AS f
    WHERE q.quarantine_id = f.quarantine_id AND (f.in_payload OR f.in_key);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;
COMMENT ON FUNCTION starsink_internal.forget_quarantined(text[], text[], text[]) IS 'Erases the messages in quarantine in which an attribute holds one of these ids, or that hold an address with one of these hashes; of a message whose key alone does so, the key.';

CREATE FUNCTION starsink_internal.personal_texts() RETURNS TABLE (relation regclass, key_column text, columns text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ('warehouse.' || t.name)::regclass, t.key_column, t.columns
    FROM (VALUES
        ('dim_event_type', 'event_type_key', ARRAY['collection']),
        ('dim_product', 'product_key', ARRAY['product_id']),
        ('dim_device', 'device_key', ARRAY['device_id']),
        ('dim_store', 'store_key', ARRAY['store_id']),
        ('dim_user_agent', 'user_agent_key', ARRAY['user_agent']),
        ('dim_referrer', 'referrer_key', ARRAY['referrer_url', 'host', 'registrable_domain', 'source', 'term']),
        ('dim_campaign', 'campaign_key', ARRAY['source', 'medium', 'campaign', 'term', 'content']),
        ('dim_alloy_option', 'alloy_option_key', ARRAY['option_id', 'value_id', 'value']),
        ('dim_diamond_option', 'diamond_option_key', ARRAY['option_id', 'value_id', 'value', 'quality']),
        ('dim_option_combination', 'option_combination_key', ARRAY['description'])) AS t (name, key_column, columns)
$$;
COMMENT ON FUNCTION starsink_internal.personal_texts() IS 'Columns of dimensions that hold text of messages, which may name somebody.';

CREATE FUNCTION starsink_internal.find_mentions(hashes text[]) RETURNS TABLE (relation regclass, keys integer[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    t record;
BEGIN
    FOR t IN SELECT * FROM starsink_internal.personal_texts() WHERE hashes <> '{}' LOOP
        RETURN QUERY EXECUTE format('SELECT %L::regclass, array_agg(d.%I) FROM %s AS d WHERE d.%I > 0 AND starsink_internal.without_addresses(concat_ws('' '', %s), $1, '''') IS NOT NULL HAVING count(*) > 0',
            t.relation, t.key_column, t.relation, t.key_column, (SELECT string_agg(format('d.%I', c), ', ') FROM unnest(t.columns) AS c)) USING hashes;
    END LOOP;
END
$$;
COMMENT ON FUNCTION starsink_internal.find_mentions(text[]) IS 'Members of dimensions whose text holds an address with one of these hashes, or the hash.';

CREATE FUNCTION starsink_internal.erase_mentions(relation regclass, keys integer[], hashes text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    t      record;
    erased bigint;
BEGIN
    SELECT * INTO t FROM starsink_internal.personal_texts() AS p WHERE p.relation = relation;
    -- With the key in it, what was told apart stays so.
    EXECUTE format('UPDATE %s AS d SET %s WHERE d.%I = ANY ($1)', relation,
        (SELECT string_agg(format('%1$I = COALESCE(starsink_internal.without_addresses(d.%1$I, $2, ''(forgotten '' || d.%2$I || '')''), d.%1$I)', c, t.key_column), ', ') FROM unnest(t.columns) AS c),
        t.key_column) USING keys, hashes;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;
COMMENT ON FUNCTION starsink_internal.erase_mentions(regclass, integer[], text[]) IS 'Replaces addresses with one of these hashes, and the hashes, in these members'' text; says in how many.';

CREATE FUNCTION starsink_internal.forget_pages(hashes text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    erased bigint;
BEGIN
    UPDATE starsink.crawl_page AS p
    SET url = 'forgotten:' || p.page_id, target_url = 'forgotten:' || p.page_id, state = 'gone', reason = 'erased on request', next_try = NULL,
        product_id = NULL, etag = NULL, last_modified = NULL, validated_url = NULL, found = NULL, is_merged = true
    WHERE p.kind <> 'robots' AND hashes <> '{}'
      AND starsink_internal.names_person(convert_to(concat_ws(' ', p.url, p.target_url, p.validated_url, p.product_id, p.found::text), 'UTF8'), '{}', '{}', hashes);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;
COMMENT ON FUNCTION starsink_internal.forget_pages(text[]) IS 'Takes pages whose address names an e-mail address with one of these hashes out of the crawler''s queue.';

-- After a note of this kind ingestion remembers no key.
CREATE FUNCTION starsink_internal.forget_note(dimension text, changed bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO starsink.merge_history (audit_key, dimension, source, effective, rows_read, inserted, updated, versioned, unchanged, rejected, rekeyed, started_at)
    SELECT nextval('starsink.audit_key'), dimension, 'erasure', now(), changed, 0, 0, changed, 0, 0, 0, now() WHERE changed > 0
$$;
COMMENT ON FUNCTION starsink_internal.forget_note(text, bigint) IS 'Notes that members were made anonymous, for those who remember their keys.';

CREATE FUNCTION starsink.forget_customer(identity text, OUT members bigint, OUT events bigint, OUT quarantined bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wanted   text := btrim(forget_customer.identity, E' \t\r\n');
    ids      text[] := ARRAY[wanted];
    hashes   text[] := starsink_internal.address_hashes(wanted);
    keys     integer[];
    mentions jsonb;
    mention  record;
    changed  bigint := 0;
BEGIN
    IF COALESCE(wanted, '') = '' THEN
        RAISE EXCEPTION 'forget_customer() needs a user id, an e-mail address or its hash'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give what identifies the customer in warehouse.dim_customer.';
    END IF;
    PERFORM starsink_internal.forget_check();
    IF lower(wanted COLLATE "C") ~ '^[0-9a-f]{32}$' THEN
        hashes := hashes || lower(wanted COLLATE "C");
    END IF;
    SELECT COALESCE(array_agg(c.customer_key), '{}') INTO keys FROM warehouse.dim_customer AS c
    WHERE c.customer_key > 0 AND c.identity NOT LIKE '(forgotten %'
      AND (c.identity = ANY (ids) OR c.user_id_db = ANY (ids) OR c.email_hash = ANY (hashes)
           OR hashes <> '{}' AND starsink_internal.without_addresses(concat_ws(' ', c.identity, c.user_id_db, c.email), hashes, '') IS NOT NULL);
    -- Known by both: what one of them finds is found by the other too, and so are orders without an account.
    SELECT ids || COALESCE(array_agg(DISTINCT i.id) FILTER (WHERE i.id <> ALL (ids)), '{}') INTO ids
    FROM warehouse.dim_customer AS c CROSS JOIN LATERAL unnest(ARRAY[CASE c.identity_type WHEN 'user_id' THEN c.identity END, c.user_id_db]) AS i (id)
    WHERE c.customer_key = ANY (keys);
    SELECT hashes || COALESCE(array_agg(DISTINCT h.hash) FILTER (WHERE h.hash IS NOT NULL AND h.hash <> ALL (hashes)), '{}') INTO hashes
    FROM warehouse.dim_customer AS c CROSS JOIN LATERAL unnest(c.email_hash || starsink_internal.address_hashes(COALESCE(c.email, ''))) AS h (hash)
    WHERE c.customer_key = ANY (keys);
    SELECT keys || COALESCE(array_agg(c.customer_key), '{}') INTO keys FROM warehouse.dim_customer AS c
    WHERE c.customer_key > 0 AND c.customer_key <> ALL (keys)
      AND (c.identity_type = 'email' AND c.identity = ANY (hashes) OR c.identity_type = 'user_id' AND c.identity = ANY (ids));
    SELECT COALESCE(jsonb_object_agg(m.relation, to_jsonb(m.keys)), '{}') INTO mentions FROM starsink_internal.find_mentions(hashes) AS m;
    quarantined := starsink_internal.forget_quarantined(ARRAY['user_id_db'], ids, hashes);
    PERFORM starsink_internal.forget_pages(hashes);
    events := starsink_internal.forget_facts(keys, '{}', hashes);
    UPDATE warehouse.dim_customer AS c
    SET identity = '(forgotten ' || c.customer_key || ')', user_id_db = NULL, email_hash = NULL, email_domain = NULL, email = NULL,
        customer_group = NULL, country_code = NULL, language = NULL, registered_on = NULL, is_inferred = false
    WHERE c.customer_key = ANY (keys);
    GET DIAGNOSTICS members = ROW_COUNT;
    FOR mention IN SELECT m.key::regclass AS relation, ARRAY(SELECT k::integer FROM jsonb_array_elements_text(m.value) AS k) AS keys FROM jsonb_each(mentions) AS m LOOP
        changed := changed + starsink_internal.erase_mentions(mention.relation, mention.keys, hashes);
    END LOOP;
    PERFORM starsink_internal.forget_note('customer', members + changed);
    INSERT INTO starsink.erasure_log (erased_by, what, members, events, quarantined)
    VALUES (session_user, 'customer', members, events, quarantined);
END
$$;
COMMENT ON FUNCTION starsink.forget_customer(text) IS 'Erases a customer, by user id, e-mail address or its hash: attributes, addresses and pages of the events, the address wherever it stands, messages in quarantine. Counts stay. Logged in starsink.erasure_log without the identity.';
GRANT EXECUTE ON FUNCTION starsink.forget_customer(text) TO starsink_admin;

CREATE FUNCTION starsink.forget_device(device_id text, OUT members bigint, OUT events bigint, OUT quarantined bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wanted text := btrim(forget_device.device_id, E' \t\r\n');
    ids    text[] := ARRAY[wanted] || starsink_internal.address_hashes(wanted);
    keys   integer[];
BEGIN
    IF COALESCE(wanted, '') = '' THEN
        RAISE EXCEPTION 'forget_device() needs a device id'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the device_id of warehouse.dim_device.';
    END IF;
    PERFORM starsink_internal.forget_check();
    SELECT COALESCE(array_agg(d.device_key), '{}') INTO keys FROM warehouse.dim_device AS d WHERE d.device_key > 0 AND d.device_id = ANY (ids);
    quarantined := starsink_internal.forget_quarantined(ARRAY['device_id'], ids, '{}');
    events := starsink_internal.forget_facts('{}', keys, '{}');
    UPDATE warehouse.dim_device AS d SET device_id = '(forgotten ' || d.device_key || ')', first_seen_at = NULL, last_seen_at = NULL
    WHERE d.device_key = ANY (keys);
    GET DIAGNOSTICS members = ROW_COUNT;
    PERFORM starsink_internal.forget_note('device', members);
    INSERT INTO starsink.erasure_log (erased_by, what, members, events, quarantined)
    VALUES (session_user, 'device', members, events, quarantined);
END
$$;
COMMENT ON FUNCTION starsink.forget_device(text) IS 'Erases a device: its id, addresses and pages of its events, messages in quarantine. Counts stay. Logged in starsink.erasure_log without the id.';
GRANT EXECUTE ON FUNCTION starsink.forget_device(text) TO starsink_admin;

-- Made from Rust.
COMMENT ON FUNCTION starsink_internal.names_person(bytea, text[], text[], text[]) IS 'Whether one of these attributes of a message holds one of these ids, or an e-mail address with one of these hashes stands anywhere in it.';
COMMENT ON FUNCTION starsink_internal.without_addresses(text, text[], text) IS 'A text with the e-mail addresses of these hashes, and the hashes, replaced; NULL where it has none.';
COMMENT ON FUNCTION starsink_internal.address_hashes(text) IS 'Keyed hashes of an e-mail address, in all spellings of its domain.';
COMMENT ON FUNCTION starsink.email_hash(text) IS 'The keyed hash of an e-mail address, as dim_customer.email_hash holds it; NULL where the text is no address.';
GRANT EXECUTE ON FUNCTION starsink.email_hash(text) TO starsink_admin;
