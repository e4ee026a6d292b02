//! The GUCs: one static each, registered in `_PG_init`.

use std::ffi::{CStr, CString, c_char, c_int, c_void};

use pgrx::pg_sys::GucSource;
use pgrx::prelude::*;
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};

use crate::settings::catalog;
use crate::settings::check;
use crate::settings::choices::{
    Email, EndpointCheck, Ip, IsolationLevel, OffsetReset, OnReset, SaslMechanism, SecurityProtocol,
};
use crate::settings::secret::{self, Secret};
use starsink_core::event::order::MAX_LINES;

pub(super) type Text = GucSetting<Option<CString>>;

pub(super) static DATABASE: Text = Text::new(Some(c"postgres"));
pub(super) static BOOTSTRAP_SERVERS: Text = Text::new(Some(c""));
pub(super) static TOPIC: Text = Text::new(Some(c""));
pub(super) static GROUP_ID: Text = Text::new(Some(c"starsink"));
pub(super) static CLIENT_ID: Text = Text::new(Some(c"starsink"));
pub(super) static SECURITY_PROTOCOL: GucSetting<SecurityProtocol> =
    GucSetting::<SecurityProtocol>::new(SecurityProtocol::Plaintext);
pub(super) static SASL_MECHANISM: GucSetting<SaslMechanism> =
    GucSetting::<SaslMechanism>::new(SaslMechanism::ScramSha512);
pub(super) static SASL_USERNAME: Text = Text::new(Some(c""));
pub(super) static SASL_PASSWORD: Text = Text::new(Some(c""));
pub(super) static SASL_PASSWORD_FILE: Text = Text::new(Some(c""));
pub(super) static SSL_KEY_PASSWORD_FILE: Text = Text::new(Some(c""));
pub(super) static KAFKA_SECRET_OPTIONS_FILE: Text = Text::new(Some(c""));
pub(super) static ALERT_WEBHOOK_FILE: Text = Text::new(Some(c""));
pub(super) static SSL_CA_LOCATION: Text = Text::new(Some(c""));
pub(super) static SSL_CERTIFICATE_LOCATION: Text = Text::new(Some(c""));
pub(super) static SSL_KEY_LOCATION: Text = Text::new(Some(c""));
pub(super) static SSL_KEY_PASSWORD: Text = Text::new(Some(c""));
pub(super) static SSL_ENDPOINT_CHECK: GucSetting<EndpointCheck> =
    GucSetting::<EndpointCheck>::new(EndpointCheck::Https);
pub(super) static KAFKA_OPTIONS: Text = Text::new(Some(c""));
pub(super) static KAFKA_SECRET_OPTIONS: Text = Text::new(Some(c""));
pub(super) static ISOLATION_LEVEL: GucSetting<IsolationLevel> =
    GucSetting::<IsolationLevel>::new(IsolationLevel::ReadCommitted);
pub(super) static WORKERS: GucSetting<i32> = GucSetting::<i32>::new(1);
pub(super) static BATCH_MAX_EVENTS: GucSetting<i32> = GucSetting::<i32>::new(20_000);
pub(super) static BATCH_MAX_WAIT: GucSetting<i32> = GucSetting::<i32>::new(5);
pub(super) static MEMORY: GucSetting<i32> = GucSetting::<i32>::new(128);
pub(super) static AUTO_OFFSET_RESET: GucSetting<OffsetReset> =
    GucSetting::<OffsetReset>::new(OffsetReset::Earliest);
pub(super) static ON_TRIMMED: GucSetting<OnReset> = GucSetting::<OnReset>::new(OnReset::Earliest);
pub(super) static ON_RECREATED: GucSetting<OnReset> = GucSetting::<OnReset>::new(OnReset::Earliest);
pub(super) static METADATA_REFRESH: GucSetting<i32> = GucSetting::<i32>::new(5_000);
pub(super) static RETRY_BACKOFF: GucSetting<i32> = GucSetting::<i32>::new(100);
pub(super) static RETRY_BACKOFF_MAX: GucSetting<i32> = GucSetting::<i32>::new(10_000);
pub(super) static MESSAGE_MAX_BYTES: GucSetting<i32> = GucSetting::<i32>::new(512 * 1024);
pub(super) static MESSAGE_MAX_DEPTH: GucSetting<i32> = GucSetting::<i32>::new(128);
pub(super) static MESSAGE_MAX_LINES: GucSetting<i32> = GucSetting::<i32>::new(1000);
pub(super) static OLDEST_EVENT: Text = Text::new(Some(c"2000-01-01"));
pub(super) static MAX_EVENT_AHEAD: GucSetting<i32> = GucSetting::<i32>::new(3600);
pub(super) static KEEP_EMAIL: GucSetting<Email> = GucSetting::<Email>::new(Email::Hash);
pub(super) static KEEP_IP: GucSetting<Ip> = GucSetting::<Ip>::new(Ip::Truncated);
pub(super) static REPORT_TIME_ZONE: Text = Text::new(Some(c"UTC"));
pub(super) static SESSION_MAX_EVENTS: GucSetting<i32> = GucSetting::<i32>::new(10_000);
pub(super) static SESSION_MAX_LENGTH: GucSetting<i32> = GucSetting::<i32>::new(86_400);
pub(super) static TAIL_MEMORY: GucSetting<i32> = GucSetting::<i32>::new(512);
pub(super) static BASE_CURRENCY: Text = Text::new(Some(c"EUR"));
pub(super) static GEOIP_DATABASE: Text = Text::new(Some(c""));
pub(super) static EXCHANGE_RATES_FILE: Text = Text::new(Some(c""));
pub(super) static EXCHANGE_RATES_URL: Text = Text::new(Some(c""));
pub(super) static RETENTION: Text = Text::new(Some(c""));
pub(super) static QUARANTINE_RETENTION: Text = Text::new(Some(c"90 days"));
pub(super) static LEDGER_DETAIL: GucSetting<i32> = GucSetting::<i32>::new(120);
pub(super) static CRAWL_ENABLED: GucSetting<bool> = GucSetting::<bool>::new(false);
pub(super) static CRAWL_USER_AGENT_CONTACT: Text = Text::new(Some(c""));
pub(super) static CRAWL_ALLOWED_HOSTS: Text = Text::new(Some(c""));
pub(super) static CRAWL_ALLOW_PRIVATE_ADDRESSES: GucSetting<bool> = GucSetting::<bool>::new(false);
pub(super) static CRAWL_SITEMAP: GucSetting<bool> = GucSetting::<bool>::new(false);
pub(super) static CRAWL_REFRESH: GucSetting<i32> = GucSetting::<i32>::new(7 * 86_400);
pub(super) static CRAWL_DELAY: GucSetting<i32> = GucSetting::<i32>::new(1_000);
pub(super) static CRAWL_RETRY: GucSetting<i32> = GucSetting::<i32>::new(60);
pub(super) static CRAWL_CONNECTIONS: GucSetting<i32> = GucSetting::<i32>::new(4);
pub(super) static CRAWL_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(20_000);
pub(super) static CRAWL_MAX_BYTES: GucSetting<i32> = GucSetting::<i32>::new(8 * 1024 * 1024);

pub(super) static ALERT_WEBHOOK: Text = Text::new(Some(c""));

pub(super) static SASL_PASSWORD_VALUE: Secret = Secret::new();
pub(super) static SSL_KEY_PASSWORD_VALUE: Secret = Secret::new();
pub(super) static KAFKA_SECRET_OPTIONS_VALUE: Secret = Secret::new();
pub(super) static ALERT_WEBHOOK_VALUE: Secret = Secret::new();

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
check_hook!(check_base_currency, check::base_currency);
check_hook!(check_oldest_event, check::oldest_event);
check_hook!(check_retention, check::retention);
check_hook!(check_quarantine_retention, check::quarantine_retention);
check_hook!(check_database, check::database);
check_hook!(check_geoip_database, check::geoip_database);
check_hook!(check_exchange_rates_file, check::exchange_rates_file);
check_hook!(check_ssl_ca_location, check::ssl_ca_location);
check_hook!(
    check_ssl_certificate_location,
    check::ssl_certificate_location
);
check_hook!(check_ssl_key_location, check::ssl_key_location);
check_hook!(check_exchange_rates_url, check::exchange_rates_url);
check_hook!(check_kafka_options, check::kafka_options);
check_hook!(check_allowed_hosts, check::crawl_allowed_hosts);
check_hook!(check_contact, check::crawl_user_agent_contact);

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

secret_hooks!(
    check_alert_webhook,
    assign_alert_webhook,
    ALERT_WEBHOOK_VALUE,
    check::alert_webhook
);

macro_rules! file_hook {
    ($assign_hook:ident, $value:ident) => {
        #[pg_guard]
        unsafe extern "C-unwind" fn $assign_hook(_newval: *const c_char, _extra: *mut c_void) {
            $value.forget_file();
        }
    };
}
file_hook!(assign_sasl_password_file, SASL_PASSWORD_VALUE);
file_hook!(assign_ssl_key_password_file, SSL_KEY_PASSWORD_VALUE);
file_hook!(assign_secret_options_file, KAFKA_SECRET_OPTIONS_VALUE);
file_hook!(assign_alert_webhook_file, ALERT_WEBHOOK_VALUE);

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

/// The path of a file that holds a secret.
fn file(name: &'static CStr, setting: &'static Text, assign: AssignHook) {
    string(name, setting, GucFlags::default(), None, Some(assign));
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

fn switch(name: &'static CStr, setting: &'static GucSetting<bool>) {
    let (short, long) = catalog::describe(name);
    GucRegistry::define_bool_guc(
        name,
        short,
        long,
        setting,
        GucContext::Sighup,
        GucFlags::default(),
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

/// The text of a setting.
pub(super) fn get(setting: &'static Text) -> String {
    setting
        .get()
        .map(|value| value.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Registers every setting. Called once, from `_PG_init`.
pub fn register() {
    text(c"starsink.database", &DATABASE, Some(check_database));
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
    file(
        c"starsink.sasl_password_file",
        &SASL_PASSWORD_FILE,
        assign_sasl_password_file,
    );
    text(
        c"starsink.ssl_ca_location",
        &SSL_CA_LOCATION,
        Some(check_ssl_ca_location),
    );
    text(
        c"starsink.ssl_certificate_location",
        &SSL_CERTIFICATE_LOCATION,
        Some(check_ssl_certificate_location),
    );
    text(
        c"starsink.ssl_key_location",
        &SSL_KEY_LOCATION,
        Some(check_ssl_key_location),
    );
    secret(
        c"starsink.ssl_key_password",
        &SSL_KEY_PASSWORD,
        check_ssl_key_password,
        assign_ssl_key_password,
    );
    file(
        c"starsink.ssl_key_password_file",
        &SSL_KEY_PASSWORD_FILE,
        assign_ssl_key_password_file,
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
    file(
        c"starsink.kafka_secret_options_file",
        &KAFKA_SECRET_OPTIONS_FILE,
        assign_secret_options_file,
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
    int(
        c"starsink.message_max_lines",
        &MESSAGE_MAX_LINES,
        1,
        MAX_LINES as i32,
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
        c"starsink.session_max_events",
        &SESSION_MAX_EVENTS,
        2,
        1_000_000,
        GucFlags::default(),
    );
    int(
        c"starsink.session_max_length",
        &SESSION_MAX_LENGTH,
        1_800,
        2_592_000,
        GucFlags::UNIT_S,
    );
    int(
        c"starsink.tail_memory",
        &TAIL_MEMORY,
        1,
        1_048_576,
        GucFlags::UNIT_MB,
    );
    text(
        c"starsink.base_currency",
        &BASE_CURRENCY,
        Some(check_base_currency),
    );
    text(
        c"starsink.geoip_database",
        &GEOIP_DATABASE,
        Some(check_geoip_database),
    );
    text(
        c"starsink.exchange_rates_file",
        &EXCHANGE_RATES_FILE,
        Some(check_exchange_rates_file),
    );
    text(
        c"starsink.exchange_rates_url",
        &EXCHANGE_RATES_URL,
        Some(check_exchange_rates_url),
    );
    text(c"starsink.retention", &RETENTION, Some(check_retention));
    text(
        c"starsink.quarantine_retention",
        &QUARANTINE_RETENTION,
        Some(check_quarantine_retention),
    );
    int(
        c"starsink.ledger_detail",
        &LEDGER_DETAIL,
        10,
        86_400,
        GucFlags::UNIT_S,
    );
    register_crawl();
    secret(
        c"starsink.alert_webhook",
        &ALERT_WEBHOOK,
        check_alert_webhook,
        assign_alert_webhook,
    );
    file(
        c"starsink.alert_webhook_file",
        &ALERT_WEBHOOK_FILE,
        assign_alert_webhook_file,
    );
    #[cfg(not(any(feature = "pg13", feature = "pg14")))]
    // SAFETY: called from _PG_init with a terminated string.
    unsafe {
        pgrx::pg_sys::MarkGUCPrefixReserved(c"starsink".as_ptr());
    }
}

fn register_crawl() {
    switch(c"starsink.crawl_enabled", &CRAWL_ENABLED);
    text(
        c"starsink.crawl_user_agent_contact",
        &CRAWL_USER_AGENT_CONTACT,
        Some(check_contact),
    );
    text(
        c"starsink.crawl_allowed_hosts",
        &CRAWL_ALLOWED_HOSTS,
        Some(check_allowed_hosts),
    );
    switch(
        c"starsink.crawl_allow_private_addresses",
        &CRAWL_ALLOW_PRIVATE_ADDRESSES,
    );
    switch(c"starsink.crawl_sitemap", &CRAWL_SITEMAP);
    let seconds = GucFlags::UNIT_S;
    int(
        c"starsink.crawl_refresh",
        &CRAWL_REFRESH,
        1,
        i32::MAX,
        seconds,
    );
    let millis = GucFlags::UNIT_MS;
    int(c"starsink.crawl_delay", &CRAWL_DELAY, 0, 3_600_000, millis);
    int(c"starsink.crawl_retry", &CRAWL_RETRY, 1, 86_400, seconds);
    int(
        c"starsink.crawl_connections",
        &CRAWL_CONNECTIONS,
        1,
        64,
        GucFlags::default(),
    );
    int(
        c"starsink.crawl_timeout",
        &CRAWL_TIMEOUT,
        100,
        600_000,
        millis,
    );
    int(
        c"starsink.crawl_max_bytes",
        &CRAWL_MAX_BYTES,
        1024,
        256 * 1024 * 1024,
        GucFlags::UNIT_BYTE,
    );
}
