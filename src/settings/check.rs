//! Check hooks: refuse a value at the moment it is set, name it, and say what would be right.
//! A refused value in the configuration file is a WARNING in the log, and the old one keeps working.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_char};
use std::fs::File;
use std::net::Ipv6Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;

use crate::kafka::properties;
use starsink_core::crawl::hosts::AllowedHosts;
use starsink_core::event::country_of_ip::Countries;
use starsink_core::event::email;
use starsink_core::world::currencies::currencies;

/// Outcome of a check: what is wrong, and what would be right.
pub struct Refusal {
    pub message: String,
    pub hint: String,
}

/// Runs `check` on a string setting and reports a refusal the way the server expects it.
///
/// # Safety
/// `newval` comes from the GUC machinery.
pub unsafe fn run(
    newval: *mut *mut c_char,
    check: impl FnOnce(&str) -> Result<(), Refusal>,
) -> bool {
    // SAFETY: a non-NULL value is a terminated string.
    let value = unsafe {
        if (*newval).is_null() {
            return true;
        }
        CStr::from_ptr(*newval).to_string_lossy().into_owned()
    };
    match check(&value) {
        Ok(()) => true,
        Err(refusal) => {
            // SAFETY: these globals are read by the GUC machinery right after the hook; the copies live in the
            // current memory context, as GUC_check_errmsg's own formatting would.
            unsafe {
                pg_sys::GUC_check_errcode(
                    pgrx::PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE as i32,
                );
                pg_sys::GUC_check_errmsg_string = server_copy(&refusal.message);
                pg_sys::GUC_check_errhint_string = server_copy(&refusal.hint);
            }
            false
        }
    }
}

fn server_copy(text: &str) -> *mut c_char {
    let text = CString::new(text.replace('\0', "")).unwrap_or_default();
    // SAFETY: pstrdup copies a terminated string.
    unsafe { pg_sys::pstrdup(text.as_ptr()) }
}

fn refuse(message: String, hint: &str) -> Result<(), Refusal> {
    Err(Refusal {
        message,
        hint: hint.to_owned(),
    })
}

/// For what may be anything.
pub fn anything(_: &str) -> Result<(), Refusal> {
    Ok(())
}

pub fn topic(value: &str) -> Result<(), Refusal> {
    let legal = value.len() <= 249
        && value != "."
        && value != ".."
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if legal {
        return Ok(());
    }
    refuse(
        format!("invalid value for parameter \"starsink.topic\": \"{value}\""),
        "A Kafka topic name has at most 249 letters, digits, dots, underscores and hyphens, for example product_events.",
    )
}

pub fn bootstrap_servers(value: &str) -> Result<(), Refusal> {
    if value.is_empty() || value.split(',').map(str::trim).all(is_server) {
        return Ok(());
    }
    refuse(
        format!("invalid value for parameter \"starsink.bootstrap_servers\": \"{value}\""),
        "Give host:port, several separated by commas, for example kafka-1:9092,kafka-2:9092; an IPv6 address in brackets; in front, if anything, PLAINTEXT://, SSL://, SASL_PLAINTEXT:// or SASL_SSL://.",
    )
}

fn is_server(server: &str) -> bool {
    const PROTOCOLS: [&str; 4] = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"];
    let address = match server.split_once("://") {
        Some((protocol, address)) => {
            if !PROTOCOLS.contains(&protocol.to_ascii_lowercase().as_str()) {
                return false;
            }
            address
        }
        None => server,
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    if let Some((host, rest)) = address
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return host.parse::<Ipv6Addr>().is_ok()
            && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (address, None),
    };
    host.starts_with(char::is_alphanumeric)
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
        && port.is_none_or(is_port)
}

/// Whether somebody sets the value just now, in SQL: then what it refers to can be looked for. At a start or a reload it
/// must be taken as it is: what it refers to may come later.
fn is_typed() -> bool {
    // SAFETY: plain globals and a getter of this process.
    unsafe {
        pg_sys::MyBackendType == pg_sys::BackendType::B_BACKEND
            && !pg_sys::InitializingParallelWorker
            && pg_sys::IsTransactionState()
    }
}

/// A database may be created after the setting, so a missing one is only reported.
pub fn database(value: &str) -> Result<(), Refusal> {
    let Ok(name) = CString::new(value) else {
        return Ok(());
    };
    // SAFETY: a catalog look-up inside a transaction, by a terminated name.
    let is_missing = is_typed()
        && unsafe { pg_sys::get_database_oid(name.as_ptr(), true) } == pg_sys::InvalidOid;
    if is_missing {
        let message = format!("starsink.database: there is no database \"{value}\" yet");
        ErrorReport::new(
            pgrx::PgSqlErrorCode::ERRCODE_INVALID_CATALOG_NAME,
            message,
            "starsink",
        )
        .set_hint("Nothing is loaded until there is: correct the name, or CREATE DATABASE.")
        .report(pgrx::PgLogLevel::WARNING);
    }
    Ok(())
}

/// A file that somebody names must be there, and readable.
fn readable(setting: &str, value: &str, what: &str) -> Result<(), Refusal> {
    if value.is_empty() || !is_typed() {
        return Ok(());
    }
    // Opening a pipe would wait for who writes to it.
    let opened = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(value);
    match opened {
        Ok(_) => Ok(()),
        Err(error) => refuse(
            format!("invalid value for parameter \"{setting}\": \"{value}\": {error}"),
            &format!(
                "Give {what} on the server that its operating-system user may read; put it there first."
            ),
        ),
    }
}

pub fn ssl_ca_location(value: &str) -> Result<(), Refusal> {
    // A word of librdkafka's: it looks in the usual places.
    if value == "probe" {
        return Ok(());
    }
    readable(
        "starsink.ssl_ca_location",
        value,
        "a file, or a folder, of certificates in PEM format",
    )
}

pub fn ssl_certificate_location(value: &str) -> Result<(), Refusal> {
    let what = "a file of a certificate in PEM format";
    readable("starsink.ssl_certificate_location", value, what)
}

pub fn ssl_key_location(value: &str) -> Result<(), Refusal> {
    let what = "a file of a private key in PEM format";
    readable("starsink.ssl_key_location", value, what)
}

pub fn exchange_rates_file(value: &str) -> Result<(), Refusal> {
    let what = "a file of exchange rates";
    readable("starsink.exchange_rates_file", value, what)
}

pub fn geoip_database(value: &str) -> Result<(), Refusal> {
    if value.is_empty() || !is_typed() {
        return Ok(());
    }
    Countries::open(Path::new(value)).map(|_| ()).or_else(|error| {
        let reason = error.strip_prefix(value).unwrap_or(&error);
        refuse(
            format!("invalid value for parameter \"starsink.geoip_database\": \"{value}\"{reason}"),
            "Give a file in MMDB format on the server that its operating-system user may read, GeoLite2-Country.mmdb for example; put it there first.",
        )
    })
}

pub fn time_zone(value: &str) -> Result<(), Refusal> {
    if value.parse::<chrono_tz::Tz>().is_ok() {
        return Ok(());
    }
    refuse(
        format!("invalid value for parameter \"starsink.report_time_zone\": \"{value}\""),
        "Give a name of the IANA time zone database, for example UTC or Europe/Berlin.",
    )
}

pub fn base_currency(value: &str) -> Result<(), Refusal> {
    // Gold, funds and what stands for no currency have no minor units.
    let is_money = currencies().any(|known| known.code == value && known.minor_units.is_some());
    if is_money {
        return Ok(());
    }
    refuse(
        format!("invalid value for parameter \"starsink.base_currency\": \"{value}\""),
        "Give the code of a currency in capitals, by ISO 4217, for example EUR.",
    )
}

pub fn oldest_event(value: &str) -> Result<(), Refusal> {
    if day_start(value).is_some() {
        return Ok(());
    }
    refuse(
        format!("invalid value for parameter \"starsink.oldest_event\": \"{value}\""),
        "Give a day as YYYY-MM-DD between 1970-01-01 and 9999-12-31, for example 2000-01-01.",
    )
}

/// Minutes as a number alone, or with the units that the server's own settings have, or in days and longer.
pub fn quarantine_retention(value: &str) -> Result<(), Refusal> {
    const MOST: u64 = 52_560_000;
    let trimmed = value.trim();
    let digits = trimmed
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(trimmed.len());
    let minutes = trimmed[..digits].parse::<u64>().ok();
    let per_unit = match trimmed[digits..].trim() {
        "" | "min" => Some(1),
        "h" => Some(60),
        "d" => Some(24 * 60),
        _ => None,
    };
    let is_within = minutes
        .zip(per_unit)
        .and_then(|(number, length)| number.checked_mul(length))
        .is_some_and(|minutes| minutes <= MOST);
    if is_within || starsink_core::time::span::is_days(value) {
        return Ok(());
    }
    refuse(
        format!("invalid value for parameter \"starsink.quarantine_retention\": \"{value}\""),
        "Give days, weeks, months or years, for example 90 days, or hours or minutes as 12h or 30min, at most 100 years; 0 keeps everything.",
    )
}

pub fn retention(value: &str) -> Result<(), Refusal> {
    if value.is_empty() || starsink_core::time::span::is_days(value) {
        return Ok(());
    }
    refuse(
        format!("invalid value for parameter \"starsink.retention\": \"{value}\""),
        "Give days, weeks, months or years, for example 400 days or 2 years; empty keeps everything.",
    )
}

pub fn crawl_allowed_hosts(value: &str) -> Result<(), Refusal> {
    match AllowedHosts::new([], value) {
        Ok(_) => Ok(()),
        Err(entry) => refuse(
            format!("invalid value for parameter \"starsink.crawl_allowed_hosts\": \"{entry}\""),
            "Give host names or addresses separated by commas, with a port where it is not the usual one, for example example.com,shop.example:8443.",
        ),
    }
}

/// It becomes part of a header.
pub fn crawl_user_agent_contact(value: &str) -> Result<(), Refusal> {
    let is_plain = value.len() <= 200
        && value
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'(' | b')'));
    let is_contact = |value: &str| {
        web_address(value).is_some() || email::normalised(Cow::Borrowed(value)).is_some()
    };
    if value.is_empty() || is_plain && is_contact(value) {
        return Ok(());
    }
    refuse(
        format!("invalid value for parameter \"starsink.crawl_user_agent_contact\": \"{value}\""),
        "Give an address where you can be reached about the crawler, for example https://www.example.com/crawler or crawler@example.com.",
    )
}

fn web_address(value: &str) -> Option<url::Url> {
    url::Url::parse(value)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

/// The address often holds a token, so the refusal does not repeat it.
pub fn alert_webhook(value: &str) -> Result<(), Refusal> {
    if value.is_empty() || web_address(value).is_some() {
        return Ok(());
    }
    refuse(
        "invalid value for parameter \"starsink.alert_webhook\"".to_owned(),
        "Give a URL, for example https://hooks.example.com/starsink.",
    )
}

/// Everybody may read it, so it must not hold a password, which the refusal does not repeat either.
pub fn exchange_rates_url(value: &str) -> Result<(), Refusal> {
    let is_open = |url: url::Url| url.username().is_empty() && url.password().is_none();
    if value.is_empty() || web_address(value).is_some_and(is_open) {
        return Ok(());
    }
    refuse(
        "invalid value for parameter \"starsink.exchange_rates_url\"".to_owned(),
        "Give a URL without user and password, for example https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip.",
    )
}

/// The names in `starsink.kafka_options` must be librdkafka's, the values its values, and none of them a secret.
pub fn kafka_options(value: &str) -> Result<(), Refusal> {
    options("starsink.kafka_options", value, false)
}

pub fn kafka_secret_options(value: &str) -> Result<(), Refusal> {
    options("starsink.kafka_secret_options", value, true)
}

fn options(setting: &str, value: &str, secret: bool) -> Result<(), Refusal> {
    properties::parse(value)
        .and_then(|options| {
            options
                .iter()
                .try_for_each(|(name, value)| properties::check(name, value, secret))
        })
        .or_else(|refusal| {
            refuse(
                format!(
                    "invalid value for parameter \"{setting}\": {}",
                    refusal.message
                ),
                &refusal.hint,
            )
        })
}

/// Midnight UTC of a day written YYYY-MM-DD, microseconds since the Unix epoch.
pub fn day_start(value: &str) -> Option<i64> {
    let day = chrono::NaiveDate::parse_from_str(value, "%Y-%m-%d").ok()?;
    let start = day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros();
    (0..=253_402_214_400_000_000)
        .contains(&start)
        .then_some(start)
}
