-- Which lay-out the warehouse has: see sql/upgrade.
CREATE TABLE IF NOT EXISTS starsink.layout (
    version          integer PRIMARY KEY,
    software_version text NOT NULL,
    reached_at       timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE starsink.layout IS 'Grain: one lay-out that the warehouse reached; the highest version is the one it has.';
COMMENT ON COLUMN starsink.layout.version IS 'Number of the lay-out; 1 stands for all before they had one.';
COMMENT ON COLUMN starsink.layout.software_version IS 'Version of starsink that brought it there.';
COMMENT ON COLUMN starsink.layout.reached_at IS 'When.';
GRANT SELECT ON starsink.layout TO starsink_admin, starsink_reader;
