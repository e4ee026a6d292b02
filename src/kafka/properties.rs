//! librdkafka's properties: parsing `name=value, …`, and asking librdkafka itself whether it knows them.

use std::ffi::{CString, c_char};

use rdkafka::bindings as rd;

use crate::kafka::text::text;

/// Why a list of properties is refused.
#[derive(Debug)]
pub struct Refusal {
    pub message: String,
    pub hint: String,
}

fn refusal(message: String, hint: &str) -> Refusal {
    Refusal {
        message,
        hint: hint.to_owned(),
    }
}

/// Properties that the loader's guarantees rest on: it sets them itself.
const RESERVED: &[(&str, &str)] = &[
    ("auto.offset.reset", "starsink.auto_offset_reset"),
    ("bootstrap.servers", "starsink.bootstrap_servers"),
    ("metadata.broker.list", "starsink.bootstrap_servers"),
    ("client.id", "starsink.client_id"),
    ("group.id", "starsink.group_id"),
    ("isolation.level", "starsink.isolation_level"),
    ("sasl.mechanism", "starsink.sasl_mechanism"),
    ("sasl.mechanisms", "starsink.sasl_mechanism"),
    ("sasl.password", "starsink.sasl_password"),
    ("sasl.username", "starsink.sasl_username"),
    ("security.protocol", "starsink.security_protocol"),
    ("ssl.key.password", "starsink.ssl_key_password"),
    (
        "enable.auto.commit",
        "nothing: offsets commit with the data",
    ),
    (
        "enable.auto.offset.store",
        "nothing: offsets commit with the data",
    ),
    ("enable.partition.eof", "nothing: starsink needs it"),
    ("group.protocol", "nothing: partitions are assigned by hand"),
    (
        "plugin.library.paths",
        "nothing: no code is loaded into the server",
    ),
];

const SECRETS: &[&str] = &[
    "ssl.key.pem",
    "ssl.keystore.password",
    "sasl.oauthbearer.config",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.assertion.private.key.pem",
    "sasl.oauthbearer.assertion.private.key.passphrase",
];

/// Splits `name=value, name=value`. A backslash before a comma keeps it.
pub fn parse(options: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut pairs = Vec::new();
    for option in split(options) {
        let option = option.trim();
        if option.is_empty() {
            continue;
        }
        let Some((name, value)) = option.split_once('=') else {
            return Err(refusal(
                "an entry has no '='".to_owned(),
                "Write name=value, several separated by commas, for example fetch.wait.max.ms=50,check.crcs=true.",
            ));
        };
        pairs.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(pairs)
}

fn split(options: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = options.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&',') => {
                chars.next();
                if let Some(part) = parts.last_mut() {
                    part.push(',');
                }
            }
            ',' => parts.push(String::new()),
            c => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    parts
}

/// Refuses a property librdkafka does not know, a value it does not take, one that starsink sets itself, and a
/// secret where it would be shown. No message repeats a value that may be secret.
pub fn check(name: &str, value: &str, secret: bool) -> Result<(), Refusal> {
    if let Some((_, instead)) = RESERVED.iter().find(|(reserved, _)| *reserved == name) {
        return Err(refusal(
            format!("property \"{name}\" cannot be set here"),
            &format!("Use {instead}."),
        ));
    }
    if !secret && SECRETS.contains(&name) {
        return Err(refusal(
            format!("property \"{name}\" holds a secret"),
            "Set it in starsink.kafka_secret_options, which is never shown.",
        ));
    }
    Configuration::new()?.set(name, value).map_err(|reason| {
        let message = match (secret, reason.contains("No such configuration property")) {
            (_, true) => format!("librdkafka knows no property \"{name}\""),
            (true, false) => format!("librdkafka refuses the value of \"{name}\""),
            (false, false) => format!("librdkafka refuses \"{name}={value}\": {reason}"),
        };
        refusal(
            message,
            "librdkafka's CONFIGURATION.md lists every property with its range.",
        )
    })
}

/// A librdkafka configuration under construction.
pub struct Configuration(*mut rd::rd_kafka_conf_t);

impl Configuration {
    pub fn new() -> Result<Configuration, Refusal> {
        // SAFETY: no preconditions.
        let conf = unsafe { rd::rd_kafka_conf_new() };
        if conf.is_null() {
            return Err(refusal(
                "librdkafka has no memory for a configuration".to_owned(),
                "Free memory on the server.",
            ));
        }
        Ok(Configuration(conf))
    }

    /// Sets one property; the error is librdkafka's sentence.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let (Ok(c_name), Ok(c_value)) = (CString::new(name), CString::new(value)) else {
            return Err("contains a NUL character".to_owned());
        };
        let mut reason = [0 as c_char; 512];
        // SAFETY: conf is live; the strings are terminated; the buffer's length is passed along.
        let answer = unsafe {
            rd::rd_kafka_conf_set(
                self.0,
                c_name.as_ptr(),
                c_value.as_ptr(),
                reason.as_mut_ptr(),
                reason.len(),
            )
        };
        if answer == rd::rd_kafka_conf_res_t::RD_KAFKA_CONF_OK {
            return Ok(());
        }
        Err(text(reason.as_ptr()))
    }

    pub fn as_ptr(&self) -> *mut rd::rd_kafka_conf_t {
        self.0
    }

    /// Gives the configuration away: `rd_kafka_new` takes it over.
    pub fn into_ptr(self) -> *mut rd::rd_kafka_conf_t {
        let conf = self.0;
        std::mem::forget(self);
        conf
    }
}

impl Drop for Configuration {
    fn drop(&mut self) {
        // SAFETY: still ours, as into_ptr() forgets self.
        unsafe { rd::rd_kafka_conf_destroy(self.0) }
    }
}
