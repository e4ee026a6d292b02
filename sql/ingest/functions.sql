-- Ingestion from SQL.

COMMENT ON FUNCTION starsink.ingest(text) IS 'Loads one message as if it came from Kafka: loaded, duplicate, dropped or quarantined; then a notice says why.';
GRANT EXECUTE ON FUNCTION starsink.ingest(text) TO starsink_admin;
COMMENT ON FUNCTION starsink.ingest_file(text) IS 'Loads a file of JSON lines on the server, plain, gzip or zstd, in the caller''s transaction.';
GRANT EXECUTE ON FUNCTION starsink.ingest_file(text) TO starsink_admin;
COMMENT ON FUNCTION starsink_internal.file_progress() IS 'Files being ingested now.';
GRANT EXECUTE ON FUNCTION starsink_internal.file_progress() TO starsink_admin, starsink_reader;
