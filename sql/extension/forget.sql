-- Erasure on request. Rows stay, so that counts stay; what tells a person stays not.
CREATE FUNCTION starsink.forget_facts(key_column text, keys integer[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    erased bigint;
BEGIN
    -- One change of many facts at a time; batches under way end first, and those that come forget the keys they remember: they make a new member.
    PERFORM pg_advisory_xact_lock(hashtext('starsink.rekey'), 0);
    PERFORM pg_advisory_xact_lock(hashtext('starsink.versions'), 0);
    INSERT INTO starsink.merge_history (audit_key, dimension, source, effective, rows_read, inserted, updated, versioned, unchanged, rejected, rekeyed, started_at)
    SELECT nextval('starsink.audit_key'), replace(key_column, '_key', ''), 'erasure', now(), n, 0, 0, n, 0, 0, 0, now()
    FROM (SELECT cardinality(keys) AS n) AS k WHERE n > 0;
    -- Addresses can carry tokens and searches; the extras whatever the shop sends.
    EXECUTE format('UPDATE warehouse.fact_event SET ip = NULL, current_url = NULL, referrer_url = NULL, extras = NULL, local_time = NULL '
                   'WHERE %I = ANY ($1)', key_column) USING keys;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;
COMMENT ON FUNCTION starsink.forget_facts(text, integer[]) IS 'Erases addresses, pages and extras of the events of some keys; forget_customer() and forget_device() call it.';

CREATE FUNCTION starsink.forget_quarantined(identities text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    erased bigint;
BEGIN
    -- Without its bytes a message is what Kafka calls a tombstone: a re-drive drops and counts it.
    UPDATE starsink.quarantine AS q SET payload = NULL, key = NULL, detail = 'erased on request'
    WHERE EXISTS (
        SELECT FROM unnest(identities) AS i
        WHERE position(convert_to(i, 'UTF8') IN q.payload) > 0 OR position(convert_to(i, 'UTF8') IN q.key) > 0);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;
COMMENT ON FUNCTION starsink.forget_quarantined(text[]) IS 'Erases the messages in quarantine that hold one of these texts; forget_customer() and forget_device() call it.';

CREATE FUNCTION starsink.forget_customer(identity text, OUT members bigint, OUT events bigint, OUT quarantined bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wanted text[];
    keys   integer[];
BEGIN
    IF COALESCE(btrim(forget_customer.identity), '') = '' THEN
        RAISE EXCEPTION 'forget_customer() needs a user id, an e-mail address or its hash'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give what identifies the customer in warehouse.dim_customer.';
    END IF;
    wanted := ARRAY[btrim(forget_customer.identity), starsink.email_hash(forget_customer.identity)];
    SELECT array_agg(c.customer_key) INTO keys FROM warehouse.dim_customer AS c
    WHERE c.customer_key > 0
      AND (c.identity = ANY (wanted) OR c.user_id_db = ANY (wanted) OR c.email_hash = ANY (wanted) OR c.email = lower(wanted[1]));
    UPDATE warehouse.dim_customer AS c
    SET identity = '(forgotten ' || c.customer_key || ')', user_id_db = NULL, email_hash = NULL, email_domain = NULL, email = NULL,
        customer_group = NULL, country_code = NULL, language = NULL, registered_on = NULL, is_inferred = false
    WHERE c.customer_key = ANY (keys);
    GET DIAGNOSTICS members = ROW_COUNT;
    events := starsink.forget_facts('customer_key', keys);
    quarantined := starsink.forget_quarantined(ARRAY[wanted[1], lower(wanted[1])]);
    INSERT INTO starsink.erasure_log (erased_by, what, members, events, quarantined)
    VALUES (session_user, 'customer', members, events, quarantined);
END
$$;
COMMENT ON FUNCTION starsink.forget_customer(text) IS 'Erases a customer, by user id, e-mail address or its hash: attributes, addresses and pages of the events, messages in quarantine. Counts stay. Logged in starsink.erasure_log without the identity.';

CREATE FUNCTION starsink.forget_device(device_id text, OUT members bigint, OUT events bigint, OUT quarantined bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wanted text := btrim(forget_device.device_id);
    keys   integer[];
BEGIN
    IF COALESCE(wanted, '') = '' THEN
        RAISE EXCEPTION 'forget_device() needs a device id'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the device_id of warehouse.dim_device.';
    END IF;
    SELECT array_agg(d.device_key) INTO keys FROM warehouse.dim_device AS d WHERE d.device_key > 0 AND d.device_id = wanted;
    UPDATE warehouse.dim_device AS d SET device_id = '(forgotten ' || d.device_key || ')', first_seen_at = NULL, last_seen_at = NULL
    WHERE d.device_key = ANY (keys);
    GET DIAGNOSTICS members = ROW_COUNT;
    events := starsink.forget_facts('device_key', keys);
    quarantined := starsink.forget_quarantined(ARRAY[wanted]);
    INSERT INTO starsink.erasure_log (erased_by, what, members, events, quarantined)
    VALUES (session_user, 'device', members, events, quarantined);
END
$$;
COMMENT ON FUNCTION starsink.forget_device(text) IS 'Erases a device: its id, addresses and pages of its events, messages in quarantine. Counts stay. Logged in starsink.erasure_log without the id.';
