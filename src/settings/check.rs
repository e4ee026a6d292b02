//! Check hooks: refuse a value at the moment it is set, name it, and say what would be right.
//! A refused value in the configuration file is a WARNING in the log, and the old one keeps working.

use std::ffi::{CStr, CString, c_char};

use pgrx::pg_sys;

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
