//! The GUCs: one static each, registered in `_PG_init`, read as a whole by [`current`].

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::time::Duration;

use pgrx::pg_sys::GucSource;
use pgrx::prelude::*;
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting, PostgresGucEnum};

use super::catalog;
use super::secret::{self, Secret};
use super::{Settings, check};
use crate::event::policy::{KeepEmail, KeepIp, Policy};

/// Where to begin in a partition that has no committed offset yet: librdkafka's `auto.offset.reset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
pub enum OffsetReset {
    #[name = c"earliest"]
    Earliest,
    #[name = c"latest"]
    Latest,
}

/// What to do when the committed offset is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
pub enum OnReset {
    #[name = c"earliest"]
    Earliest,
    #[name = c"latest"]
    Latest,
    #[name = c"pause"]
    Pause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
enum SecurityProtocol {
    #[name = c"plaintext"]
    Plaintext,
    #[name = c"ssl"]
    Ssl,
    #[name = c"sasl_plaintext"]
    SaslPlaintext,
    #[name = c"sasl_ssl"]
    SaslSsl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
enum SaslMechanism {
    #[name = c"PLAIN"]
    Plain,
    #[name = c"SCRAM-SHA-256"]
    ScramSha256,
    #[name = c"SCRAM-SHA-512"]
    ScramSha512,
    #[name = c"OAUTHBEARER"]
    OauthBearer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
enum IsolationLevel {
    #[name = c"read_committed"]
    ReadCommitted,
    #[name = c"read_uncommitted"]
    ReadUncommitted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
enum EndpointCheck {
    #[name = c"https"]
    Https,
    #[name = c"none"]
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
enum Email {
    #[name = c"none"]
    None,
    #[name = c"hash"]
    Hash,
    #[name = c"full"]
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
enum Ip {
    #[name = c"none"]
    None,
    #[name = c"truncated"]
    Truncated,
    #[name = c"full"]
    Full,
}

type Text = GucSetting<Option<CString>>;

static DATABASE: Text = Text::new(Some(c"postgres"));
static BOOTSTRAP_SERVERS: Text = Text::new(Some(c""));
static TOPIC: Text = Text::new(Some(c""));
static GROUP_ID: Text = Text::new(Some(c"starsink"));
static CLIENT_ID: Text = Text::new(Some(c"starsink"));
static SECURITY_PROTOCOL: GucSetting<SecurityProtocol> =
    GucSetting::<SecurityProtocol>::new(SecurityProtocol::Plaintext);
static SASL_MECHANISM: GucSetting<SaslMechanism> =
    GucSetting::<SaslMechanism>::new(SaslMechanism::ScramSha512);
static SASL_USERNAME: Text = Text::new(Some(c""));
static SASL_PASSWORD: Text = Text::new(Some(c""));
static SSL_CA_LOCATION: Text = Text::new(Some(c""));
static SSL_CERTIFICATE_LOCATION: Text = Text::new(Some(c""));
static SSL_KEY_LOCATION: Text = Text::new(Some(c""));
static SSL_KEY_PASSWORD: Text = Text::new(Some(c""));
static SSL_ENDPOINT_CHECK: GucSetting<EndpointCheck> =
    GucSetting::<EndpointCheck>::new(EndpointCheck::Https);
static KAFKA_OPTIONS: Text = Text::new(Some(c""));
static KAFKA_SECRET_OPTIONS: Text = Text::new(Some(c""));
static ISOLATION_LEVEL: GucSetting<IsolationLevel> =
    GucSetting::<IsolationLevel>::new(IsolationLevel::ReadCommitted);
static WORKERS: GucSetting<i32> = GucSetting::<i32>::new(1);
static BATCH_MAX_EVENTS: GucSetting<i32> = GucSetting::<i32>::new(20_000);
static BATCH_MAX_WAIT: GucSetting<i32> = GucSetting::<i32>::new(5);
static MEMORY: GucSetting<i32> = GucSetting::<i32>::new(128);
static AUTO_OFFSET_RESET: GucSetting<OffsetReset> =
    GucSetting::<OffsetReset>::new(OffsetReset::Earliest);
static ON_TRIMMED: GucSetting<OnReset> = GucSetting::<OnReset>::new(OnReset::Earliest);
static ON_RECREATED: GucSetting<OnReset> = GucSetting::<OnReset>::new(OnReset::Earliest);
static METADATA_REFRESH: GucSetting<i32> = GucSetting::<i32>::new(5_000);
static RETRY_BACKOFF: GucSetting<i32> = GucSetting::<i32>::new(100);
static RETRY_BACKOFF_MAX: GucSetting<i32> = GucSetting::<i32>::new(10_000);
static MESSAGE_MAX_BYTES: GucSetting<i32> = GucSetting::<i32>::new(512 * 1024);
static MESSAGE_MAX_DEPTH: GucSetting<i32> = GucSetting::<i32>::new(128);
static OLDEST_EVENT: Text = Text::new(Some(c"2000-01-01"));
static MAX_EVENT_AHEAD: GucSetting<i32> = GucSetting::<i32>::new(3600);
static KEEP_EMAIL: GucSetting<Email> = GucSetting::<Email>::new(Email::Hash);
static KEEP_IP: GucSetting<Ip> = GucSetting::<Ip>::new(Ip::Truncated);
static REPORT_TIME_ZONE: Text = Text::new(Some(c"UTC"));
static LEDGER_DETAIL: GucSetting<i32> = GucSetting::<i32>::new(120);

static SASL_PASSWORD_VALUE: Secret = Secret::new();
static SSL_KEY_PASSWORD_VALUE: Secret = Secret::new();
static KAFKA_SECRET_OPTIONS_VALUE: Secret = Secret::new();

macro_rules! check_hook {
    ($hook:ident, $check:path) => {
        #[pg_guard]
        unsafe extern "C-unwind" fn $hook(
            newval: *mut *mut c_char,
            _extra: *mut *mut c_void,
            _source: GucSource::Type,
        ) -> bool {
            // SAFETY: the GUC machinery passes its own value.
            unsafe { check::run(newval, $check) }
        }
    };
}
check_hook!(check_topic, check::topic);
check_hook!(check_bootstrap_servers, check::bootstrap_servers);
check_hook!(check_time_zone, check::time_zone);
check_hook!(check_oldest_event, check::oldest_event);
check_hook!(check_kafka_options, check::kafka_options);

macro_rules! secret_hooks {
    ($check_hook:ident, $assign_hook:ident, $value:ident, $check:expr) => {
        #[pg_guard]
        unsafe extern "C-unwind" fn $check_hook(
            newval: *mut *mut c_char,
            extra: *mut *mut c_void,
            _source: GucSource::Type,
        ) -> bool {
            // SAFETY: the GUC machinery passes its own value and extra.
            unsafe { check::run(newval, $check) && secret::conceal(newval, extra) }
        }
        #[pg_guard]
        unsafe extern "C-unwind" fn $assign_hook(_newval: *const c_char, extra: *mut c_void) {
            // SAFETY: extra is what the check hook above left.
            unsafe { secret::reveal(&$value, extra) }
        }
    };
}
secret_hooks!(
    check_sasl_password,
    assign_sasl_password,
    SASL_PASSWORD_VALUE,
    |_| Ok(())
);
secret_hooks!(
    check_ssl_key_password,
    assign_ssl_key_password,
    SSL_KEY_PASSWORD_VALUE,
    |_| Ok(())
);
secret_hooks!(
    check_secret_options,
    assign_secret_options,
    KAFKA_SECRET_OPTIONS_VALUE,
    check::kafka_secret_options
);

type CheckHook =
    unsafe extern "C-unwind" fn(*mut *mut c_char, *mut *mut c_void, GucSource::Type) -> bool;
type AssignHook = unsafe extern "C-unwind" fn(*const c_char, *mut c_void);

fn text(name: &'static CStr, setting: &'static Text, check: Option<CheckHook>) {
    string(name, setting, GucFlags::default(), check, None);
}

fn secret(name: &'static CStr, setting: &'static Text, check: CheckHook, assign: AssignHook) {
    string(
        name,
        setting,
        GucFlags::SUPERUSER_ONLY,
        Some(check),
        Some(assign),
    );
}

fn string(
    name: &'static CStr,
    setting: &'static Text,
    flags: GucFlags,
    check: Option<CheckHook>,
    assign: Option<AssignHook>,
) {
    let (short, long) = catalog::describe(name);
    // SAFETY: the hooks have the signatures the server calls, and live as long as the library.
    unsafe {
        GucRegistry::define_string_guc_with_hooks(
            name,
            short,
            long,
            setting,
            GucContext::Sighup,
            flags,
            check,
            assign,
            None,
        );
    }
}

fn int(
    name: &'static CStr,
    setting: &'static GucSetting<i32>,
    min: c_int,
    max: c_int,
    unit: GucFlags,
) {
    let (short, long) = catalog::describe(name);
    GucRegistry::define_int_guc(
        name,
        short,
        long,
        setting,
        min,
        max,
        GucContext::Sighup,
        unit,
    );
}

fn choice<T: pgrx::guc::GucEnum + 'static>(name: &'static CStr, setting: &'static GucSetting<T>) {
    let (short, long) = catalog::describe(name);
    GucRegistry::define_enum_guc(
        name,
        short,
        long,
        setting,
        GucContext::Sighup,
        GucFlags::default(),
    );
}

/// Registers every setting. Called once, from `_PG_init`.
pub fn register() {
    text(c"starsink.database", &DATABASE, None);
    text(
        c"starsink.bootstrap_servers",
        &BOOTSTRAP_SERVERS,
        Some(check_bootstrap_servers),
    );
    text(c"starsink.topic", &TOPIC, Some(check_topic));
    text(c"starsink.group_id", &GROUP_ID, None);
    text(c"starsink.client_id", &CLIENT_ID, None);
    choice(c"starsink.security_protocol", &SECURITY_PROTOCOL);
    choice(c"starsink.sasl_mechanism", &SASL_MECHANISM);
    text(c"starsink.sasl_username", &SASL_USERNAME, None);
    secret(
        c"starsink.sasl_password",
        &SASL_PASSWORD,
        check_sasl_password,
        assign_sasl_password,
    );
    text(c"starsink.ssl_ca_location", &SSL_CA_LOCATION, None);
    text(
        c"starsink.ssl_certificate_location",
        &SSL_CERTIFICATE_LOCATION,
        None,
    );
    text(c"starsink.ssl_key_location", &SSL_KEY_LOCATION, None);
    secret(
        c"starsink.ssl_key_password",
        &SSL_KEY_PASSWORD,
        check_ssl_key_password,
        assign_ssl_key_password,
    );
    choice(
        c"starsink.ssl_endpoint_identification_algorithm",
        &SSL_ENDPOINT_CHECK,
    );
    text(
        c"starsink.kafka_options",
        &KAFKA_OPTIONS,
        Some(check_kafka_options),
    );
    secret(
        c"starsink.kafka_secret_options",
        &KAFKA_SECRET_OPTIONS,
        check_secret_options,
        assign_secret_options,
    );
    choice(c"starsink.isolation_level", &ISOLATION_LEVEL);
    int(c"starsink.workers", &WORKERS, 1, 32, GucFlags::default());
    int(
        c"starsink.batch_max_events",
        &BATCH_MAX_EVENTS,
        1,
        200_000,
        GucFlags::default(),
    );
    int(
        c"starsink.batch_max_wait",
        &BATCH_MAX_WAIT,
        0,
        60_000,
        GucFlags::UNIT_MS,
    );
    int(c"starsink.memory", &MEMORY, 16, 65_536, GucFlags::UNIT_MB);
    choice(c"starsink.auto_offset_reset", &AUTO_OFFSET_RESET);
    choice(c"starsink.on_trimmed", &ON_TRIMMED);
    choice(c"starsink.on_recreated", &ON_RECREATED);
    int(
        c"starsink.metadata_refresh",
        &METADATA_REFRESH,
        100,
        3_600_000,
        GucFlags::UNIT_MS,
    );
    int(
        c"starsink.retry_backoff",
        &RETRY_BACKOFF,
        10,
        60_000,
        GucFlags::UNIT_MS,
    );
    int(
        c"starsink.retry_backoff_max",
        &RETRY_BACKOFF_MAX,
        100,
        600_000,
        GucFlags::UNIT_MS,
    );
    int(
        c"starsink.message_max_bytes",
        &MESSAGE_MAX_BYTES,
        1024,
        64 * 1024 * 1024,
        GucFlags::UNIT_BYTE,
    );
    int(
        c"starsink.message_max_depth",
        &MESSAGE_MAX_DEPTH,
        8,
        1024,
        GucFlags::default(),
    );
    text(
        c"starsink.oldest_event",
        &OLDEST_EVENT,
        Some(check_oldest_event),
    );
    int(
        c"starsink.max_event_ahead",
        &MAX_EVENT_AHEAD,
        0,
        31_536_000,
        GucFlags::UNIT_S,
    );
    choice(c"starsink.keep_email", &KEEP_EMAIL);
    choice(c"starsink.keep_ip", &KEEP_IP);
    text(
        c"starsink.report_time_zone",
        &REPORT_TIME_ZONE,
        Some(check_time_zone),
    );
    int(
        c"starsink.ledger_detail",
        &LEDGER_DETAIL,
        10,
        86_400,
        GucFlags::UNIT_S,
    );
    #[cfg(not(any(feature = "pg13", feature = "pg14")))]
    // SAFETY: called from _PG_init with a terminated string.
    unsafe {
        pgrx::pg_sys::MarkGUCPrefixReserved(c"starsink".as_ptr());
    }
}

/// Seconds for which ledger rows are kept one by one before they are rolled up by the minute.
pub fn ledger_detail() -> i32 {
    LEDGER_DETAIL.get()
}

/// Whether the secret setting of this name has a value; `None` if the setting is no secret.
pub fn secret_is_set(name: &str) -> Option<bool> {
    match name {
        "starsink.sasl_password" => Some(SASL_PASSWORD_VALUE.is_set()),
        "starsink.ssl_key_password" => Some(SSL_KEY_PASSWORD_VALUE.is_set()),
        "starsink.kafka_secret_options" => Some(KAFKA_SECRET_OPTIONS_VALUE.is_set()),
        _ => None,
    }
}

fn get(setting: &'static Text) -> String {
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
        time_zone: get(&REPORT_TIME_ZONE).parse().unwrap_or(chrono_tz::Tz::UTC),
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
        properties.push(("sasl.password", SASL_PASSWORD_VALUE.get()));
    }
    if protocol.ends_with("ssl") {
        properties.push(("ssl.ca.location", get(&SSL_CA_LOCATION)));
        properties.push(("ssl.certificate.location", get(&SSL_CERTIFICATE_LOCATION)));
        properties.push(("ssl.key.location", get(&SSL_KEY_LOCATION)));
        properties.push(("ssl.key.password", SSL_KEY_PASSWORD_VALUE.get()));
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
    for options in [get(&KAFKA_OPTIONS), KAFKA_SECRET_OPTIONS_VALUE.get()] {
        properties.extend(crate::kafka::properties::parse(&options).unwrap_or_default());
    }
    properties
}
