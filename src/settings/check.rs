//! Check hooks: refuse a value at the moment it is set, name it, and say what would be right.
//! A refused value in the configuration file is a WARNING in the log, and the old one keeps working.

use std::ffi::{CStr, CString, c_char};

use pgrx::pg_sys;

use crate::crawl::hosts::AllowedHosts;
use crate::kafka::properties;

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
    let legal = value.split(',').map(str::trim).all(|server| {
        let server = server.rsplit_once("://").map_or(server, |(_, rest)| rest);
        match server.rsplit_once(':') {
            Some((host, port)) => {
                !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
            }
            None => !server.is_empty() && !server.contains(char::is_whitespace),
        }
    });
    if value.is_empty() || legal {
        return Ok(());
    }
    refuse(
        format!("invalid value for parameter \"starsink.bootstrap_servers\": \"{value}\""),
        "Give host:port, several separated by commas, for example kafka-1:9092,kafka-2:9092.",
    )
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
    if value.len() == 3 && value.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    refuse(
        format!("invalid value for parameter \"starsink.base_currency\": \"{value}\""),
        "Give an ISO 4217 code in capitals, for example EUR.",
    )
}

pub fn oldest_event(value: &str) -> Result<(), Refusal> {
    if super::current::day_start(value).is_some() {
        return Ok(());
    }
    refuse(
        format!("invalid value for parameter \"starsink.oldest_event\": \"{value}\""),
        "Give a day as YYYY-MM-DD between 1970-01-01 and 9999-12-31, for example 2000-01-01.",
    )
}

pub fn retention(value: &str) -> Result<(), Refusal> {
    if value.is_empty() || crate::schedule::span::is_days(value) {
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
    if is_plain {
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
