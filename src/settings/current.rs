//! The values of one moment, out of the GUCs, in the terms of those who use them.

use std::ffi::{CStr, c_char};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pgrx::{GucSetting, pg_sys};

use crate::server::failure::Failure;
use crate::settings::Settings;
use crate::settings::check;
use crate::settings::choices::{Email, Ip};
use crate::settings::guc::get;
use crate::settings::kafka;
use crate::settings::table::*;
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

pub fn current() -> Settings {
    let millis =
        |setting: &'static GucSetting<i32>| Duration::from_millis(setting.get().max(0) as u64);
    Settings {
        database: get(&DATABASE),
        topic: get(&TOPIC),
        kafka: kafka::properties(),
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
        oldest: check::day_start(&get(&OLDEST_EVENT)).unwrap_or(Policy::default().oldest),
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
