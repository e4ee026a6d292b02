-- How many messages bear which code, by the hour.

CREATE TABLE IF NOT EXISTS starsink.quality_hour (
    hour        timestamptz NOT NULL,
    code        text COLLATE "C" NOT NULL,
    events      bigint NOT NULL,
    quarantined bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (hour, code)
);
COMMENT ON TABLE starsink.quality_hour IS 'Grain: one hour of event time and one validation code; the code '''' is all messages of the hour. starsink.quality reads it.';
COMMENT ON COLUMN starsink.quality_hour.hour IS 'Hour of the event; of the message''s Kafka timestamp, or its arrival, where it is in quarantine.';
COMMENT ON COLUMN starsink.quality_hour.code IS 'Validation code; ID_REUSED: an id that came with two times; '''': all messages.';
COMMENT ON COLUMN starsink.quality_hour.events IS 'Messages that bear it. [unit: messages]';
COMMENT ON COLUMN starsink.quality_hour.quarantined IS 'For the code '''': messages put into quarantine. [unit: messages]';
GRANT SELECT ON starsink.quality_hour TO starsink_admin, starsink_reader;

CREATE OR REPLACE VIEW starsink.quality AS
SELECT q.hour, c.code, q.events, q.events / NULLIF(a.events, 0)::numeric AS share, 1 - a.quarantined / NULLIF(a.events, 0)::numeric AS score
FROM starsink.quality_hour AS q
CROSS JOIN LATERAL (SELECT CASE q.code WHEN '' THEN '(all)' ELSE q.code END AS code) AS c
JOIN starsink.quality_hour AS a ON a.hour = q.hour AND a.code = '';
COMMENT ON VIEW starsink.quality IS 'Per hour and validation code: messages that bear it and their share of all; score is the share of the hour''s messages that were not put into quarantine. The code (all) counts them all.';
GRANT SELECT ON starsink.quality TO starsink_admin, starsink_reader;
