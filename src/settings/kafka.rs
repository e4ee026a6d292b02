//! The settings in librdkafka's words, and what the loader's guarantees rest on.

use std::time::Duration;

use crate::kafka::properties;
use crate::server::failure::Failure;
use crate::settings::Settings;
use crate::settings::check;
use crate::settings::choices::{EndpointCheck, IsolationLevel, SaslMechanism, SecurityProtocol};
use crate::settings::guc::get;
use crate::settings::table::*;

impl Settings {
    /// librdkafka's properties for looking at a topic: the settings, and what the loader's guarantees rest on.
    pub fn kafka_client(&self) -> Vec<(String, String)> {
        let fixed = [
            ("allow.auto.create.topics", "false".to_owned()),
            ("auto.offset.reset", "error".to_owned()),
            ("enable.auto.commit", "false".to_owned()),
            ("enable.auto.offset.store", "false".to_owned()),
            ("enable.partition.eof", "true".to_owned()),
            ("fetch.error.backoff.ms", "100".to_owned()),
            ("fetch.queue.backoff.ms", "5".to_owned()),
            ("log.connection.close", "false".to_owned()),
            // How long an offset shown to a group that cannot be reached holds up the client's end, and so the worker.
            ("session.timeout.ms", "1000".to_owned()),
            (
                "reconnect.backoff.max.ms",
                self.retry_backoff_max.as_millis().to_string(),
            ),
            (
                "reconnect.backoff.ms",
                self.retry_backoff
                    .as_millis()
                    .min(self.retry_backoff_max.as_millis())
                    .to_string(),
            ),
            (
                "topic.metadata.refresh.interval.ms",
                self.metadata_refresh
                    .max(Duration::from_millis(10))
                    .as_millis()
                    .to_string(),
            ),
        ];
        let mut properties: Vec<(String, String)> = fixed
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        properties.extend(self.kafka.iter().cloned());
        properties
    }

    /// The same for consuming so many partitions: librdkafka bounds its queue per partition, the setting is for all.
    pub fn kafka_consumer(&self, partitions: usize) -> Vec<(String, String)> {
        let queue = self.memory / 3 / partitions.max(1);
        let fetch = (self.memory / 8).clamp(1 << 20, 50 << 20);
        let bounds = [
            (
                "queued.max.messages.kbytes",
                (queue / 1024).clamp(64, 2_097_151).to_string(),
            ),
            ("queued.min.messages", "100000".to_owned()),
            (
                "fetch.message.max.bytes",
                (1 << 20).min(queue.max(64 << 10)).to_string(),
            ),
            ("fetch.max.bytes", fetch.to_string()),
        ];
        let mut properties: Vec<(String, String)> = bounds
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        properties.extend(self.kafka_client());
        properties
    }
}

/// The settings that librdkafka takes, in its own words; an empty setting leaves librdkafka's default.
pub fn properties() -> Vec<(String, String)> {
    let protocol = match SECURITY_PROTOCOL.get() {
        SecurityProtocol::Plaintext => "plaintext",
        SecurityProtocol::Ssl => "ssl",
        SecurityProtocol::SaslPlaintext => "sasl_plaintext",
        SecurityProtocol::SaslSsl => "sasl_ssl",
    };
    let mut properties = vec![
        ("bootstrap.servers", get(&BOOTSTRAP_SERVERS)),
        ("group.id", get(&GROUP_ID)),
        ("client.id", get(&CLIENT_ID)),
        ("security.protocol", protocol.to_owned()),
        (
            "isolation.level",
            match ISOLATION_LEVEL.get() {
                IsolationLevel::ReadCommitted => "read_committed".to_owned(),
                IsolationLevel::ReadUncommitted => "read_uncommitted".to_owned(),
            },
        ),
    ];
    if protocol.starts_with("sasl") {
        properties.push((
            "sasl.mechanism",
            match SASL_MECHANISM.get() {
                SaslMechanism::Plain => "PLAIN".to_owned(),
                SaslMechanism::ScramSha256 => "SCRAM-SHA-256".to_owned(),
                SaslMechanism::ScramSha512 => "SCRAM-SHA-512".to_owned(),
                SaslMechanism::OauthBearer => "OAUTHBEARER".to_owned(),
            },
        ));
        properties.push(("sasl.username", get(&SASL_USERNAME)));
    }
    if protocol.ends_with("ssl") {
        properties.push(("ssl.ca.location", get(&SSL_CA_LOCATION)));
        properties.push(("ssl.certificate.location", get(&SSL_CERTIFICATE_LOCATION)));
        properties.push(("ssl.key.location", get(&SSL_KEY_LOCATION)));
        properties.push((
            "ssl.endpoint.identification.algorithm",
            match SSL_ENDPOINT_CHECK.get() {
                EndpointCheck::Https => "https".to_owned(),
                EndpointCheck::None => "none".to_owned(),
            },
        ));
    }
    let mut properties: Vec<(String, String)> = properties
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    properties.extend(properties::parse(&get(&KAFKA_OPTIONS)).unwrap_or_default());
    properties
}

/// What of librdkafka's properties is secret, from settings or files.
pub fn secrets() -> Result<Vec<(String, String)>, Failure> {
    let (sasl, ssl) = match SECURITY_PROTOCOL.get() {
        SecurityProtocol::Plaintext => (false, false),
        SecurityProtocol::Ssl => (false, true),
        SecurityProtocol::SaslPlaintext => (true, false),
        SecurityProtocol::SaslSsl => (true, true),
    };
    let mut secrets = Vec::new();
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            secrets.push((name.to_owned(), value));
        }
    };
    if sasl {
        let (setting, path) = ("starsink.sasl_password", get(&SASL_PASSWORD_FILE));
        let password = SASL_PASSWORD_VALUE.read(setting, &path, check::anything)?;
        add("sasl.password", password);
    }
    if ssl {
        let (setting, path) = ("starsink.ssl_key_password", get(&SSL_KEY_PASSWORD_FILE));
        let password = SSL_KEY_PASSWORD_VALUE.read(setting, &path, check::anything)?;
        add("ssl.key.password", password);
    }
    let (setting, path) = (
        "starsink.kafka_secret_options",
        get(&KAFKA_SECRET_OPTIONS_FILE),
    );
    let options = KAFKA_SECRET_OPTIONS_VALUE.read(setting, &path, check::kafka_secret_options)?;
    secrets.extend(properties::parse(&options).unwrap_or_default());
    Ok(secrets)
}
