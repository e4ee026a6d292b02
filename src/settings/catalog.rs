//! What each setting is for: the text behind pg_settings, `starsink.settings` and the README's table.
//! Units, defaults and bounds are not repeated here: the server knows them.

use std::ffi::CStr;

/// One setting's documentation.
pub struct Entry {
    pub name: &'static CStr,
    /// What it sets, in a line.
    pub short: &'static CStr,
    /// What to know before changing it.
    pub long: &'static CStr,
}

const fn entry(name: &'static CStr, short: &'static CStr, long: &'static CStr) -> Entry {
    Entry { name, short, long }
}

/// Every setting, in the order a newcomer meets them.
pub const SETTINGS: &[Entry] = &[
    entry(c"starsink.database", c"Database that holds the warehouse.", c"Workers connect to it once it exists and has the extension; until then the log and starsink.status say what is missing. Takes effect at reload; workers move over."),
    entry(c"starsink.bootstrap_servers", c"Kafka brokers to ask first, host:port separated by commas.", c"librdkafka's bootstrap.servers. Empty: nothing is consumed."),
    entry(c"starsink.topic", c"Kafka topic of shop events.", c"Empty: nothing is consumed. Each topic keeps its own offsets, so changing back continues where it was."),
    entry(c"starsink.group_id", c"Consumer group shown to Kafka's lag tools.", c"librdkafka's group.id. Offsets are kept in the database; what is committed to the group is a copy for show."),
    entry(c"starsink.client_id", c"Name of this client in the broker's log and quotas.", c"librdkafka's client.id."),
    entry(c"starsink.security_protocol", c"How to talk to the brokers.", c"librdkafka's security.protocol."),
    entry(c"starsink.sasl_mechanism", c"How to log in.", c"librdkafka's sasl.mechanism; used with sasl_plaintext and sasl_ssl."),
    entry(c"starsink.sasl_username", c"User to log in as.", c"librdkafka's sasl.username."),
    entry(c"starsink.sasl_password", c"Password to log in with; shown as a mask everywhere.", c"librdkafka's sasl.password. Superusers set it; no view or log line shows it."),
    entry(c"starsink.sasl_password_file", c"File that holds the password, in place of starsink.sasl_password.", c"One line; read by the workers, and again at reload. Both set is an error. The file should be the server's alone: a warning says so if not."),
    entry(c"starsink.ssl_ca_location", c"File of the CA certificates that vouch for the brokers.", c"librdkafka's ssl.ca.location; empty: the system's. The file must be readable by the server."),
    entry(c"starsink.ssl_certificate_location", c"File of this client's certificate.", c"librdkafka's ssl.certificate.location."),
    entry(c"starsink.ssl_key_location", c"File of this client's private key.", c"librdkafka's ssl.key.location."),
    entry(c"starsink.ssl_key_password", c"Password of the private key; shown as a mask everywhere.", c"librdkafka's ssl.key.password."),
    entry(c"starsink.ssl_key_password_file", c"File that holds the password of the private key, in place of starsink.ssl_key_password.", c"As starsink.sasl_password_file."),
    entry(c"starsink.ssl_endpoint_identification_algorithm", c"Whether the broker's certificate must name its host.", c"librdkafka's ssl.endpoint.identification.algorithm; none only for tests."),
    entry(c"starsink.kafka_options", c"Further librdkafka properties, name=value separated by commas.", c"Every name and value is checked when it is set. Secrets belong in starsink.kafka_secret_options."),
    entry(c"starsink.kafka_secret_options", c"Further librdkafka properties that hold secrets, name=value separated by commas.", c"For example ssl.keystore.password; shown as a mask everywhere."),
    entry(c"starsink.kafka_secret_options_file", c"File that holds the options, in place of starsink.kafka_secret_options.", c"As starsink.sasl_password_file; checked when it is read."),
    entry(c"starsink.isolation_level", c"Whether messages of open or aborted Kafka transactions are read.", c"librdkafka's isolation.level."),
    entry(c"starsink.workers", c"Ingest workers that share the topic's partitions.", c"Partition p belongs to worker p modulo this number, plus 1. Each takes one of max_worker_processes. Takes effect at reload."),
    entry(c"starsink.batch_max_events", c"Most messages in one transaction.", c"A batch ends at this number, at its share of starsink.memory, or at starsink.batch_max_wait."),
    entry(c"starsink.batch_max_wait", c"Longest time a message waits for company before its batch is written.", c"Latency at rest is about half of this and a commit. Larger: fewer commits. While a commit runs, the next batch grows by itself."),
    entry(c"starsink.memory", c"Memory for one worker's messages and batches.", c"Bounds librdkafka's queues and the batches under way; a worker's own caches come on top, at most as much again."),
    entry(c"starsink.auto_offset_reset", c"Where to begin in a partition without a committed offset.", c"librdkafka's auto.offset.reset. New partitions of a known topic always begin at the earliest."),
    entry(c"starsink.on_trimmed", c"What to do when retention has deleted messages not read yet.", c"earliest or latest go on from there, count what was lost and warn; pause waits for starsink.seek()."),
    entry(c"starsink.on_recreated", c"What to do when the topic was deleted and created again, or cut short.", c"earliest or latest go on in the new topic and warn; pause waits for starsink.seek()."),
    entry(c"starsink.metadata_refresh", c"How often to look for new partitions and a recreated topic.", c"librdkafka's topic.metadata.refresh.interval.ms."),
    entry(c"starsink.retry_backoff", c"Wait before the first retry after an error.", c"librdkafka's retry.backoff.ms. Doubles with each further error, with jitter, up to starsink.retry_backoff_max."),
    entry(c"starsink.retry_backoff_max", c"Longest wait between retries.", c"librdkafka's retry.backoff.max.ms."),
    entry(c"starsink.message_max_bytes", c"Largest message that is decoded.", c"A larger one is quarantined with PAYLOAD_TOO_LARGE."),
    entry(c"starsink.message_max_depth", c"Deepest nesting that is decoded.", c"A deeper message is quarantined with PAYLOAD_TOO_DEEP."),
    entry(c"starsink.message_max_lines", c"Most lines of one order.", c"An order with more is quarantined with LINES_TOO_MANY."),
    entry(c"starsink.oldest_event", c"Oldest day an event may be of, YYYY-MM-DD.", c"An older event is quarantined with TS_TOO_OLD."),
    entry(c"starsink.max_event_ahead", c"How far an event's time may lie in the future.", c"An event further ahead is quarantined with TS_FUTURE."),
    entry(c"starsink.keep_email", c"How much of an e-mail address is kept.", c"none, hash (keyed, one warehouse's own), or full. Applies to events loaded from now on."),
    entry(c"starsink.keep_ip", c"How much of an IP address is kept.", c"none, truncated (IPv4 to /24, IPv6 to /48), or full. Applies to events loaded from now on."),
    entry(c"starsink.report_time_zone", c"Time zone that decides the day and minute of an event.", c"A name of the IANA database. Reports follow with the next fold; date_key and time_key only of events loaded from now on."),
    entry(c"starsink.session_max_events", c"Most events of one session; the next one begins another.", c"Applies to what is folded from now on; starsink.rebuild_aggregates() makes the others anew. What follows without a pause has fact_session.is_continued."),
    entry(c"starsink.session_max_length", c"Longest time from a session's first event to its last; the next one begins another.", c"As starsink.session_max_events. A session without a pause is a robot's or a screen's that nobody sits at."),
    entry(c"starsink.tail_memory", c"Memory for events that are not folded yet, in one report.", c"Given back at the transaction's end. A report that would need more is refused, as it would not count every event: the steward's folds catch up by themselves."),
    entry(c"starsink.base_currency", c"Currency that order lines are converted to, ISO 4217.", c"Applies to orders loaded from now on; starsink.revalue_order_lines() values the others anew."),
    entry(c"starsink.geoip_database", c"File of the database that tells the visitor's country by IP address, in MMDB format.", c"Looked at every few seconds and read again when it changes. Empty: starsink/country.mmdb in the server's share folder, if it is there."),
    entry(c"starsink.exchange_rates_file", c"File of exchange rates on the server, loaded by the job exchange_rates when its time or size changes.", c"The history of the European Central Bank as CSV, or CSV with the columns date, currency and rate; a zip archive of one. Empty: none."),
    entry(c"starsink.exchange_rates_url", c"Address of exchange rates, asked by the job exchange_rates_url; loaded when the answer changes.", c"http or https, the same formats as the file. Everybody can read this setting: where an address needs a key, have a timer download the file. Empty: none."),
    entry(c"starsink.retention", c"How long events are kept: days, weeks, months or years, for example 2 years.", c"The job retention drops partitions that are wholly older and folded; sessions and aggregates stay. Empty: for ever."),
    entry(c"starsink.quarantine_retention", c"How long messages are kept in quarantine, for example 90 days.", c"Days, weeks, months or years, or 12h or 30min; a number alone is minutes. The job quarantine_cleanup deletes older ones, re-driven or not. 0: for ever."),
    entry(c"starsink.ledger_detail", c"How long the ledger keeps each batch before it is rolled up by the minute.", c"Rows by the minute are rolled up by the day after a day."),
    entry(c"starsink.crawl_enabled", c"Whether the crawler visits product pages.", c"Needs starsink.crawl_user_agent_contact. Takes effect at reload; it takes one of max_worker_processes."),
    entry(c"starsink.crawl_user_agent_contact", c"Where the crawler's operator can be reached, a URL or an e-mail address.", c"Part of the User-Agent header of every request. Empty: nothing is visited."),
    entry(c"starsink.crawl_allowed_hosts", c"Hosts to visit beside the stores' domains, separated by commas.", c"A name covers the hosts below it, at the usual ports; host:port allows another one, http:// in front a host without TLS to begin with."),
    entry(c"starsink.crawl_allow_private_addresses", c"Whether private, loopback and link-local addresses may be connected to.", c"Off: a host that resolves to such an address is not visited, nor is a redirect to one. On for a shop in the same network."),
    entry(c"starsink.crawl_sitemap", c"Whether sitemaps are read for products that no event has shown yet.", c"Those that robots.txt names, else /sitemap.xml; of the stores' domains and the allowed hosts."),
    entry(c"starsink.crawl_refresh", c"How long after a visit a page is visited again.", c"With the validators of the last visit, so that an unchanged page costs its host little."),
    entry(c"starsink.crawl_delay", c"Wait between two requests to a host.", c"A longer Crawl-delay in robots.txt goes before. There is never more than one request to a host at a time."),
    entry(c"starsink.crawl_retry", c"Wait after a page's first failure.", c"Doubles with each further failure, up to a day; after eight the page waits for starsink.crawl_refresh."),
    entry(c"starsink.crawl_connections", c"Hosts that are asked at the same time.", c"Each request is a thread of the crawler, at work only while it lasts."),
    entry(c"starsink.crawl_timeout", c"Longest time for one request, its answer included.", c"Also how long, with some seconds more, a host is left alone after the crawler was killed during a request."),
    entry(c"starsink.crawl_max_bytes", c"Largest page, before and after decompression.", c"A larger one counts as failed. It holds for sitemaps too."),
    entry(c"starsink.alert_webhook", c"URL that alerts are sent to as JSON by POST when they fire or resolve; never shown.", c"http or https. An answer other than 2xx is tried again for an hour. Empty: nowhere."),
    entry(c"starsink.alert_webhook_file", c"File that holds the URL, in place of starsink.alert_webhook.", c"As starsink.sasl_password_file; read by the steward."),
];

/// Short and long description of a setting; empty for a name that is not listed, which a test forbids.
pub fn describe(name: &CStr) -> (&'static CStr, &'static CStr) {
    SETTINGS
        .iter()
        .find(|entry| entry.name == name)
        .map_or((c"", c""), |entry| (entry.short, entry.long))
}
