CREATE TABLE IF NOT EXISTS starsink.secret (
    name  text PRIMARY KEY,
    value bytea NOT NULL
);
COMMENT ON TABLE starsink.secret IS 'Keys of this warehouse, readable by its owner only. Without the e-mail key, hashes of new addresses no longer match the old ones.';
COMMENT ON COLUMN starsink.secret.name IS 'What the key is for: email.';
COMMENT ON COLUMN starsink.secret.value IS 'The key.';
INSERT INTO starsink.secret (name, value)
SELECT 'email', pg_catalog.decode(pg_catalog.replace(pg_catalog.gen_random_uuid()::text || pg_catalog.gen_random_uuid()::text, '-', ''), 'hex')
WHERE NOT EXISTS (SELECT FROM starsink.secret WHERE name = 'email');

CREATE TABLE IF NOT EXISTS starsink.erasure_log (
    erasure_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    erased_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    erased_by   text NOT NULL,
    what        text NOT NULL CHECK (what IN ('customer', 'device')),
    members     bigint NOT NULL,
    events      bigint NOT NULL,
    quarantined bigint NOT NULL
);
COMMENT ON TABLE starsink.erasure_log IS 'Grain: one request to forget somebody. Says that it was done, not who it was.';
COMMENT ON COLUMN starsink.erasure_log.erasure_id IS 'Order of the requests.';
COMMENT ON COLUMN starsink.erasure_log.erased_at IS 'When.';
COMMENT ON COLUMN starsink.erasure_log.erased_by IS 'By which login role.';
COMMENT ON COLUMN starsink.erasure_log.what IS 'customer or device.';
COMMENT ON COLUMN starsink.erasure_log.members IS 'Rows of the dimension that were made anonymous.';
COMMENT ON COLUMN starsink.erasure_log.events IS 'Events whose addresses, pages and extras were erased.';
COMMENT ON COLUMN starsink.erasure_log.quarantined IS 'Messages in quarantine whose bytes were erased.';
GRANT SELECT ON starsink.erasure_log TO starsink_admin;
