//! The settings: a row each, in the order a newcomer meets them. Its kind, its static, its name, then what the kind needs:
//!
//! - `text`: default, check
//! - `int`: default, least, most, unit
//! - `switch`: default
//! - `choice`: type, default
//! - `secret`: where its true value is kept, check
//! - `file`: the secret that stands in the file
//!
//! Then what it sets, in a line, and what to know before changing it: the text behind pg_settings, `starsink.settings` and
//! the manual's table. Units, defaults and bounds are not repeated there: the server knows them.

use super::check;
use super::choices::{
    Email, EndpointCheck, Ip, IsolationLevel, OffsetReset, OnReset, SaslMechanism, SecurityProtocol,
};
use super::guc::settings;
use starsink_core::event::order::MAX_LINES;

settings! {
    text DATABASE c"starsink.database" (c"postgres", check::database)
        c"Database that holds the warehouse.",
        c"Workers connect to it once it exists and has the extension; until then the log and starsink.status say what is missing. Takes effect at reload; workers move over.";
    text BOOTSTRAP_SERVERS c"starsink.bootstrap_servers" (c"", check::bootstrap_servers)
        c"Kafka brokers to ask first, host:port separated by commas.",
        c"librdkafka's bootstrap.servers. Empty: nothing is consumed.";
    text TOPIC c"starsink.topic" (c"", check::topic)
        c"Kafka topic of shop events.",
        c"Empty: nothing is consumed. Each topic keeps its own offsets, so changing back continues where it was.";
    text GROUP_ID c"starsink.group_id" (c"starsink", check::anything)
        c"Consumer group shown to Kafka's lag tools.",
        c"librdkafka's group.id. Offsets are kept in the database; what is committed to the group is a copy for show.";
    text CLIENT_ID c"starsink.client_id" (c"starsink", check::anything)
        c"Name of this client in the broker's log and quotas.",
        c"librdkafka's client.id.";
    choice SECURITY_PROTOCOL c"starsink.security_protocol" (SecurityProtocol, SecurityProtocol::Plaintext)
        c"How to talk to the brokers.",
        c"librdkafka's security.protocol.";
    choice SASL_MECHANISM c"starsink.sasl_mechanism" (SaslMechanism, SaslMechanism::ScramSha512)
        c"How to log in.",
        c"librdkafka's sasl.mechanism; used with sasl_plaintext and sasl_ssl.";
    text SASL_USERNAME c"starsink.sasl_username" (c"", check::anything)
        c"User to log in as.",
        c"librdkafka's sasl.username.";
    secret SASL_PASSWORD c"starsink.sasl_password" (SASL_PASSWORD_VALUE, check::anything)
        c"Password to log in with; shown as a mask everywhere.",
        c"librdkafka's sasl.password. Superusers set it; no view or log line shows it.";
    file SASL_PASSWORD_FILE c"starsink.sasl_password_file" (SASL_PASSWORD_VALUE)
        c"File that holds the password, in place of starsink.sasl_password.",
        c"One line; read by the workers, and again at reload. Both set is an error. The file should be the server's alone: a warning says so if not.";
    text SSL_CA_LOCATION c"starsink.ssl_ca_location" (c"", check::ssl_ca_location)
        c"File of the CA certificates that vouch for the brokers.",
        c"librdkafka's ssl.ca.location; empty: the system's. The file must be readable by the server.";
    text SSL_CERTIFICATE_LOCATION c"starsink.ssl_certificate_location" (c"", check::ssl_certificate_location)
        c"File of this client's certificate.",
        c"librdkafka's ssl.certificate.location.";
    text SSL_KEY_LOCATION c"starsink.ssl_key_location" (c"", check::ssl_key_location)
        c"File of this client's private key.",
        c"librdkafka's ssl.key.location.";
    secret SSL_KEY_PASSWORD c"starsink.ssl_key_password" (SSL_KEY_PASSWORD_VALUE, check::anything)
        c"Password of the private key; shown as a mask everywhere.",
        c"librdkafka's ssl.key.password.";
    file SSL_KEY_PASSWORD_FILE c"starsink.ssl_key_password_file" (SSL_KEY_PASSWORD_VALUE)
        c"File that holds the password of the private key, in place of starsink.ssl_key_password.",
        c"As starsink.sasl_password_file.";
    choice SSL_ENDPOINT_CHECK c"starsink.ssl_endpoint_identification_algorithm" (EndpointCheck, EndpointCheck::Https)
        c"Whether the broker's certificate must name its host.",
        c"librdkafka's ssl.endpoint.identification.algorithm; none only for tests.";
    text KAFKA_OPTIONS c"starsink.kafka_options" (c"", check::kafka_options)
        c"Further librdkafka properties, name=value separated by commas.",
        c"Every name and value is checked when it is set. Secrets belong in starsink.kafka_secret_options.";
    secret KAFKA_SECRET_OPTIONS c"starsink.kafka_secret_options" (KAFKA_SECRET_OPTIONS_VALUE, check::kafka_secret_options)
        c"Further librdkafka properties that hold secrets, name=value separated by commas.",
        c"For example ssl.keystore.password; shown as a mask everywhere.";
    file KAFKA_SECRET_OPTIONS_FILE c"starsink.kafka_secret_options_file" (KAFKA_SECRET_OPTIONS_VALUE)
        c"File that holds the options, in place of starsink.kafka_secret_options.",
        c"As starsink.sasl_password_file; checked when it is read.";
    choice ISOLATION_LEVEL c"starsink.isolation_level" (IsolationLevel, IsolationLevel::ReadCommitted)
        c"Whether messages of open or aborted Kafka transactions are read.",
        c"librdkafka's isolation.level.";
    int WORKERS c"starsink.workers" (1, 1, 32, Plain)
        c"Ingest workers that share the topic's partitions.",
        c"Partition p belongs to worker p modulo this number, plus 1. Each takes one of max_worker_processes. Takes effect at reload.";
    int BATCH_MAX_EVENTS c"starsink.batch_max_events" (20_000, 1, 200_000, Plain)
        c"Most messages in one transaction.",
        c"A batch ends at this number, at its share of starsink.memory, or at starsink.batch_max_wait.";
    int BATCH_MAX_WAIT c"starsink.batch_max_wait" (5, 0, 60_000, Ms)
        c"Longest time a message waits for company before its batch is written.",
        c"Latency at rest is about half of this and a commit. Larger: fewer commits. While a commit runs, the next batch grows by itself.";
    int MEMORY c"starsink.memory" (128, 16, 65_536, Megabytes)
        c"Memory for one worker's messages and batches.",
        c"Bounds librdkafka's queues and the batches under way; a worker's own caches come on top, at most as much again.";
    choice AUTO_OFFSET_RESET c"starsink.auto_offset_reset" (OffsetReset, OffsetReset::Earliest)
        c"Where to begin in a partition without a committed offset.",
        c"librdkafka's auto.offset.reset. New partitions of a known topic always begin at the earliest.";
    choice ON_TRIMMED c"starsink.on_trimmed" (OnReset, OnReset::Earliest)
        c"What to do when retention has deleted messages not read yet.",
        c"earliest or latest go on from there, count what was lost and warn; pause waits for starsink.seek().";
    choice ON_RECREATED c"starsink.on_recreated" (OnReset, OnReset::Earliest)
        c"What to do when the topic was deleted and created again, or cut short.",
        c"earliest or latest go on in the new topic and warn; pause waits for starsink.seek().";
    int METADATA_REFRESH c"starsink.metadata_refresh" (5_000, 100, 3_600_000, Ms)
        c"How often to look for new partitions and a recreated topic.",
        c"librdkafka's topic.metadata.refresh.interval.ms.";
    int RETRY_BACKOFF c"starsink.retry_backoff" (100, 10, 60_000, Ms)
        c"Wait before the first retry after an error.",
        c"librdkafka's retry.backoff.ms. Doubles with each further error, with jitter, up to starsink.retry_backoff_max.";
    int RETRY_BACKOFF_MAX c"starsink.retry_backoff_max" (10_000, 100, 600_000, Ms)
        c"Longest wait between retries.",
        c"librdkafka's retry.backoff.max.ms.";
    int MESSAGE_MAX_BYTES c"starsink.message_max_bytes" (512 * 1024, 1024, 64 * 1024 * 1024, Bytes)
        c"Largest message that is decoded.",
        c"A larger one is quarantined with PAYLOAD_TOO_LARGE.";
    int MESSAGE_MAX_DEPTH c"starsink.message_max_depth" (128, 8, 1024, Plain)
        c"Deepest nesting that is decoded.",
        c"A deeper message is quarantined with PAYLOAD_TOO_DEEP.";
    int MESSAGE_MAX_LINES c"starsink.message_max_lines" (1000, 1, MAX_LINES as i32, Plain)
        c"Most lines of one order.",
        c"An order with more is quarantined with LINES_TOO_MANY.";
    text OLDEST_EVENT c"starsink.oldest_event" (c"2000-01-01", check::oldest_event)
        c"Oldest day an event may be of, YYYY-MM-DD.",
        c"An older event is quarantined with TS_TOO_OLD.";
    int MAX_EVENT_AHEAD c"starsink.max_event_ahead" (3600, 0, 31_536_000, Seconds)
        c"How far an event's time may lie in the future.",
        c"An event further ahead is quarantined with TS_FUTURE.";
    choice KEEP_EMAIL c"starsink.keep_email" (Email, Email::Hash)
        c"How much of an e-mail address is kept.",
        c"none, hash (keyed, one warehouse's own), or full. Applies to events loaded from now on.";
    choice KEEP_IP c"starsink.keep_ip" (Ip, Ip::Truncated)
        c"How much of an IP address is kept.",
        c"none, truncated (IPv4 to /24, IPv6 to /48), or full. Applies to events loaded from now on.";
    text REPORT_TIME_ZONE c"starsink.report_time_zone" (c"UTC", check::time_zone)
        c"Time zone that decides the day and minute of an event.",
        c"A name of the IANA database. Reports follow with the next fold; date_key and time_key only of events loaded from now on.";
    int SESSION_MAX_EVENTS c"starsink.session_max_events" (10_000, 2, 1_000_000, Plain)
        c"Most events of one session; the next one begins another.",
        c"Applies to what is folded from now on; starsink.rebuild_aggregates() makes the others anew. What follows without a pause has fact_session.is_continued.";
    int SESSION_MAX_LENGTH c"starsink.session_max_length" (86_400, 1_800, 2_592_000, Seconds)
        c"Longest time from a session's first event to its last; the next one begins another.",
        c"As starsink.session_max_events. A session without a pause is a robot's or a screen's that nobody sits at.";
    int TAIL_MEMORY c"starsink.tail_memory" (512, 1, 1_048_576, Megabytes)
        c"Memory for events that are not folded yet, in one report.",
        c"Given back at the transaction's end. A report that would need more is refused, as it would not count every event: the steward's folds catch up by themselves.";
    text BASE_CURRENCY c"starsink.base_currency" (c"EUR", check::base_currency)
        c"Currency that order lines are converted to, ISO 4217.",
        c"Applies to orders loaded from now on; starsink.revalue_order_lines() values the others anew.";
    text GEOIP_DATABASE c"starsink.geoip_database" (c"", check::geoip_database)
        c"File of the database that tells the visitor's country by IP address, in MMDB format.",
        c"Looked at every few seconds and read again when it changes. Empty: starsink/country.mmdb in the server's share folder, if it is there.";
    text EXCHANGE_RATES_FILE c"starsink.exchange_rates_file" (c"", check::exchange_rates_file)
        c"File of exchange rates on the server, loaded by the job exchange_rates when its time or size changes.",
        c"The history of the European Central Bank as CSV, or CSV with the columns date, currency and rate; a zip archive of one. Empty: none.";
    text EXCHANGE_RATES_URL c"starsink.exchange_rates_url" (c"", check::exchange_rates_url)
        c"Address of exchange rates, asked by the job exchange_rates_url; loaded when the answer changes.",
        c"http or https, the same formats as the file. Everybody can read this setting: where an address needs a key, have a timer download the file. Empty: none.";
    text RETENTION c"starsink.retention" (c"", check::retention)
        c"How long events are kept: days, weeks, months or years, for example 2 years.",
        c"The job retention drops partitions that are wholly older and folded; sessions and aggregates stay. Empty: for ever.";
    text QUARANTINE_RETENTION c"starsink.quarantine_retention" (c"90 days", check::quarantine_retention)
        c"How long messages are kept in quarantine, for example 90 days.",
        c"Days, weeks, months or years, or 12h or 30min; a number alone is minutes. The job quarantine_cleanup deletes older ones, re-driven or not. 0: for ever.";
    int LEDGER_DETAIL c"starsink.ledger_detail" (120, 10, 86_400, Seconds)
        c"How long the ledger keeps each batch before it is rolled up by the minute.",
        c"Rows by the minute are rolled up by the day after a day.";
    switch CRAWL_ENABLED c"starsink.crawl_enabled" (false)
        c"Whether the crawler visits product pages.",
        c"Needs starsink.crawl_user_agent_contact. Takes effect at reload; it takes one of max_worker_processes.";
    text CRAWL_USER_AGENT_CONTACT c"starsink.crawl_user_agent_contact" (c"", check::crawl_user_agent_contact)
        c"Where the crawler's operator can be reached, a URL or an e-mail address.",
        c"Part of the User-Agent header of every request. Empty: nothing is visited.";
    text CRAWL_ALLOWED_HOSTS c"starsink.crawl_allowed_hosts" (c"", check::crawl_allowed_hosts)
        c"Hosts to visit beside the stores' domains, separated by commas.",
        c"A name covers the hosts below it, at the usual ports; host:port allows another one, http:// in front a host without TLS to begin with.";
    switch CRAWL_ALLOW_PRIVATE_ADDRESSES c"starsink.crawl_allow_private_addresses" (false)
        c"Whether private, loopback and link-local addresses may be connected to.",
        c"Off: a host that resolves to such an address is not visited, nor is a redirect to one. On for a shop in the same network.";
    switch CRAWL_SITEMAP c"starsink.crawl_sitemap" (false)
        c"Whether sitemaps are read for products that no event has shown yet.",
        c"Those that robots.txt names, else /sitemap.xml; of the stores' domains and the allowed hosts.";
    int CRAWL_REFRESH c"starsink.crawl_refresh" (7 * 86_400, 1, i32::MAX, Seconds)
        c"How long after a visit a page is visited again.",
        c"With the validators of the last visit, so that an unchanged page costs its host little.";
    int CRAWL_DELAY c"starsink.crawl_delay" (1_000, 0, 3_600_000, Ms)
        c"Wait between two requests to a host.",
        c"A longer Crawl-delay in robots.txt goes before. There is never more than one request to a host at a time.";
    int CRAWL_RETRY c"starsink.crawl_retry" (60, 1, 86_400, Seconds)
        c"Wait after a page's first failure.",
        c"Doubles with each further failure, up to a day; after eight the page waits for starsink.crawl_refresh.";
    int CRAWL_CONNECTIONS c"starsink.crawl_connections" (4, 1, 64, Plain)
        c"Hosts that are asked at the same time.",
        c"Each request is a thread of the crawler, at work only while it lasts.";
    int CRAWL_TIMEOUT c"starsink.crawl_timeout" (20_000, 100, 600_000, Ms)
        c"Longest time for one request, its answer included.",
        c"Also how long, with some seconds more, a host is left alone after the crawler was killed during a request.";
    int CRAWL_MAX_BYTES c"starsink.crawl_max_bytes" (8 * 1024 * 1024, 1024, 256 * 1024 * 1024, Bytes)
        c"Largest page, before and after decompression.",
        c"A larger one counts as failed. It holds for sitemaps too.";
    secret ALERT_WEBHOOK c"starsink.alert_webhook" (ALERT_WEBHOOK_VALUE, check::alert_webhook)
        c"URL that alerts are sent to as JSON by POST when they fire or resolve; never shown.",
        c"http or https. An answer other than 2xx is tried again for an hour. Empty: nowhere.";
    file ALERT_WEBHOOK_FILE c"starsink.alert_webhook_file" (ALERT_WEBHOOK_VALUE)
        c"File that holds the URL, in place of starsink.alert_webhook.",
        c"As starsink.sasl_password_file; read by the steward.";
}
