//! The values of one moment, out of the GUCs, in the terms of those who use them.

use std::ffi::{CStr, c_char};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pgrx::{GucSetting, pg_sys};

use super::Settings;
use super::check;
use super::choices::{Email, EndpointCheck, Ip, IsolationLevel, SaslMechanism, SecurityProtocol};
use super::guc::*;
use crate::error::Failure;
use crate::kafka::properties;
use starsink_core::event::policy::{KeepEmail, KeepIp, Policy};
use starsink_core::session::cut::Bounds;

/// File that exchange rates come from, if one is set.
pub fn exchange_rates_file() -> Option<PathBuf> {
    Some(PathBuf::from(get(&EXCHANGE_RATES_FILE))).filter(|path| !path.as_os_str().is_empty())
}

/// Address that exchange rates come from, if one is set.
pub fn exchange_rates_url() -> Option<url::Url> {
    url::Url::parse(&get(&EXCHANGE_RATES_URL)).ok()
}

/// The zone on whose clock days begin and cron expressions are read.
pub fn report_time_zone() -> chrono_tz::Tz {
    get(&REPORT_TIME_ZONE).parse().unwrap_or(chrono_tz::Tz::UTC)
}

/// How far a session may go.
pub fn session_bounds() -> Bounds {
    Bounds {
        events: SESSION_MAX_EVENTS.get().max(1) as usize,
        length: i64::from(SESSION_MAX_LENGTH.get()) * 1_000_000,
    }
}

/// Bytes that a report may use for what is not folded yet.
pub fn tail_memory() -> usize {
    TAIL_MEMORY.get().max(1) as usize * 1024 * 1024
}

/// Where alerts are sent; empty for nowhere.
pub fn alert_webhook() -> Result<String, Failure> {
    let path = get(&ALERT_WEBHOOK_FILE);
    ALERT_WEBHOOK_VALUE.read("starsink.alert_webhook", &path, check::alert_webhook)
}

/// Whether the secret setting of this name has a value; `None` if the setting is no secret.
pub fn secret_is_set(name: &str) -> Option<bool> {
    let secret = match name {
        "starsink.sasl_password" => &SASL_PASSWORD_VALUE,
        "starsink.ssl_key_password" => &SSL_KEY_PASSWORD_VALUE,
        "starsink.kafka_secret_options" => &KAFKA_SECRET_OPTIONS_VALUE,
        "starsink.alert_webhook" => &ALERT_WEBHOOK_VALUE,
        _ => return None,
    };
    Some(secret.is_set())
}

pub(super) fn get(setting: &'static Text) -> String {
    setting
        .get()
        .map(|value| value.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Midnight UTC of a day written YYYY-MM-DD, microseconds since the Unix epoch.
pub fn day_start(value: &str) -> Option<i64> {
    let day = chrono::NaiveDate::parse_from_str(value, "%Y-%m-%d").ok()?;
    let start = day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros();
    (0..=253_402_214_400_000_000)
        .contains(&start)
        .then_some(start)
}

pub fn current() -> Settings {
    let millis =
        |setting: &'static GucSetting<i32>| Duration::from_millis(setting.get().max(0) as u64);
    Settings {
        database: get(&DATABASE),
        topic: get(&TOPIC),
        kafka: kafka_properties(),
        workers: WORKERS.get(),
        crawl_enabled: CRAWL_ENABLED.get(),
        batch_max_events: BATCH_MAX_EVENTS.get().max(1) as usize,
        batch_max_wait: millis(&BATCH_MAX_WAIT),
        memory: MEMORY.get().max(1) as usize * 1024 * 1024,
        auto_offset_reset: AUTO_OFFSET_RESET.get(),
        on_trimmed: ON_TRIMMED.get(),
        on_recreated: ON_RECREATED.get(),
        metadata_refresh: millis(&METADATA_REFRESH),
        retry_backoff: millis(&RETRY_BACKOFF),
        retry_backoff_max: millis(&RETRY_BACKOFF_MAX),
        policy: policy(),
    }
}

fn policy() -> Policy {
    Policy {
        max_bytes: MESSAGE_MAX_BYTES.get().max(0) as usize,
        max_depth: MESSAGE_MAX_DEPTH.get().max(0) as usize,
        max_lines: MESSAGE_MAX_LINES.get().max(0) as usize,
        oldest: day_start(&get(&OLDEST_EVENT)).unwrap_or(Policy::default().oldest),
        max_ahead: i64::from(MAX_EVENT_AHEAD.get()) * 1_000_000,
        keep_email: match KEEP_EMAIL.get() {
            Email::None => KeepEmail::None,
            Email::Hash => KeepEmail::Hash,
            Email::Full => KeepEmail::Full,
        },
        keep_ip: match KEEP_IP.get() {
            Ip::None => KeepIp::None,
            Ip::Truncated => KeepIp::Truncated,
            Ip::Full => KeepIp::Full,
        },
        email_key: Vec::new(),
        store_labels: Vec::new(),
        sites: String::new(),
        geoip_database: geoip_database(),
        time_zone: report_time_zone(),
    }
}

/// The file set, else the one that was installed beside the extension; empty where there is none.
fn geoip_database() -> PathBuf {
    let set = get(&GEOIP_DATABASE);
    if !set.is_empty() {
        return PathBuf::from(set);
    }
    let mut share = [0 as c_char; pg_sys::MAXPGPATH as usize];
    // SAFETY: the server's own path, and a buffer of the size the callee expects.
    let share = unsafe {
        pg_sys::get_share_path((&raw const pg_sys::my_exec_path).cast(), share.as_mut_ptr());
        CStr::from_ptr(share.as_ptr())
    };
    let installed = Path::new(share.to_string_lossy().as_ref()).join("starsink/country.mmdb");
    if installed.exists() {
        installed
    } else {
        PathBuf::new()
    }
}

/// The settings that librdkafka takes, in its own words; an empty setting leaves librdkafka's default.
fn kafka_properties() -> Vec<(String, String)> {
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
pub fn kafka_secrets() -> Result<Vec<(String, String)>, Failure> {
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
        let password = SASL_PASSWORD_VALUE.read(setting, &path, |_| Ok(()))?;
        add("sasl.password", password);
    }
    if ssl {
        let (setting, path) = ("starsink.ssl_key_password", get(&SSL_KEY_PASSWORD_FILE));
        let password = SSL_KEY_PASSWORD_VALUE.read(setting, &path, |_| Ok(()))?;
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
