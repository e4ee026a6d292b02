//! A connection to the cluster: one librdkafka handle, its callbacks, and its end.

use std::ffi::{c_char, c_int, c_void};
use std::fmt;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

use rdkafka::bindings as rd;
use rdkafka::types::RDKafkaErrorCode;

use crate::kafka::notices::{Notice, Notices};
use crate::kafka::properties::Configuration;
use crate::kafka::text::text;

/// A failure of Kafka or of the way to it. The text names no secret.
#[derive(Clone, Debug)]
pub struct Error {
    /// librdkafka's error code; `None` where the configuration was refused.
    pub code: Option<RDKafkaErrorCode>,
    pub text: String,
}

impl Error {
    pub fn of(code: rd::rd_kafka_resp_err_t, doing: &str) -> Error {
        // SAFETY: the function returns a static string for every code.
        let reason = text(unsafe { rd::rd_kafka_err2str(code) });
        Error {
            code: Some(code.into()),
            text: format!("{doing}: {reason}"),
        }
    }

    /// The topic is not there, or not ours to read: no use in going on with it.
    pub fn is_gone(&self) -> bool {
        use RDKafkaErrorCode::{TopicAuthorizationFailed, UnknownTopic, UnknownTopicOrPartition};
        matches!(
            self.code,
            Some(UnknownTopicOrPartition | UnknownTopic | TopicAuthorizationFailed)
        )
    }

    /// No broker answered: it may be too early, or there may be none.
    pub fn is_silence(&self) -> bool {
        use RDKafkaErrorCode::{AllBrokersDown, BrokerTransportFailure, OperationTimedOut};
        matches!(
            self.code,
            Some(BrokerTransportFailure | OperationTimedOut | AllBrokersDown)
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One librdkafka consumer handle.
pub struct Client {
    pub(super) handle: *mut rd::rd_kafka_t,
    /// What the callbacks fill; librdkafka holds a plain pointer to it, so it outlives the handle.
    _notices: Arc<Notices>,
}

// SAFETY: librdkafka's handle may be used from any thread; the rest is an Arc.
unsafe impl Send for Client {}
// SAFETY: librdkafka's functions are thread-safe on one handle.
unsafe impl Sync for Client {}

impl Client {
    /// Creates the handle. Connecting goes on in librdkafka's threads; trouble shows up in `notices`.
    pub fn connect(
        properties: &[(String, String)],
        notices: Arc<Notices>,
    ) -> Result<Client, Error> {
        let refused = |text: String| Error { code: None, text };
        let mut configuration = Configuration::new().map_err(|refusal| refused(refusal.message))?;
        for (name, value) in properties {
            configuration
                .set(name, value)
                .map_err(|_| refused(format!("librdkafka refuses the value of \"{name}\"")))?;
        }
        let mut reason = [0 as c_char; 512];
        // SAFETY: the configuration is live; the opaque pointer stays valid as `notices` is kept until the handle is
        // destroyed; rd_kafka_new owns the configuration only when it succeeds.
        unsafe {
            let conf = configuration.as_ptr();
            rd::rd_kafka_conf_set_opaque(conf, Arc::as_ptr(&notices).cast_mut().cast());
            rd::rd_kafka_conf_set_log_cb(conf, Some(on_log));
            rd::rd_kafka_conf_set_error_cb(conf, Some(on_error));
            let handle = rd::rd_kafka_new(
                rd::rd_kafka_type_t::RD_KAFKA_CONSUMER,
                conf,
                reason.as_mut_ptr(),
                reason.len(),
            );
            if handle.is_null() {
                return Err(refused(with_file(&text(reason.as_ptr()), properties)));
            }
            let _ = configuration.into_ptr();
            rd::rd_kafka_poll_set_consumer(handle);
            Ok(Client {
                handle,
                _notices: notices,
            })
        }
    }

    /// Lets librdkafka say what it has to say; for a client that fetches nothing.
    pub fn serve_callbacks(&self) {
        // SAFETY: the handle is live; a message that comes is ours to destroy.
        unsafe {
            let message = rd::rd_kafka_consumer_poll(self.handle, 0);
            if !message.is_null() {
                rd::rd_kafka_message_destroy(message);
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // SAFETY: the last use of the handle. Offsets are not the group's business, so there is no group to leave.
        unsafe { rd::rd_kafka_destroy_flags(self.handle, rd::RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE) }
    }
}

/// Why a client cannot be made: of a file that cannot be read, which and why; else librdkafka's words, which are mostly
/// OpenSSL's, with the file that they are about.
fn with_file(reason: &str, properties: &[(String, String)]) -> String {
    let files: Vec<(String, &str, &str)> = properties
        .iter()
        .filter(|(name, path)| name.ends_with(".location") && path != "probe")
        .map(|(name, path)| (setting_of(name), name.as_str(), path.as_str()))
        .collect();
    let unreadable = files.iter().find_map(|(setting, _, path)| {
        let error = File::options()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)
            .err()?;
        Some(format!("could not read \"{path}\", of {setting}: {error}"))
    });
    unreadable.unwrap_or_else(
        || match files.iter().find(|(_, name, _)| reason.contains(name)) {
            Some((setting, _, path)) => format!("\"{path}\", of {setting}, is refused: {reason}"),
            None => reason.to_owned(),
        },
    )
}

/// What the operator calls a property.
fn setting_of(property: &str) -> String {
    match property {
        "ssl.ca.location" | "ssl.certificate.location" | "ssl.key.location" => {
            format!("starsink.{}", property.replace('.', "_"))
        }
        other => other.to_owned(),
    }
}

/// A log line without the thread's name and the statistics around it, so that the same trouble reads the same again.
fn reason_of(line: &str) -> &str {
    let line = line
        .strip_prefix("[thrd:")
        .and_then(|rest| rest.split_once("]: "))
        .map_or(line, |(_, rest)| rest);
    line.split_once(" (after ")
        .map_or(line, |(reason, _)| reason)
}

unsafe extern "C" fn on_log(
    handle: *const rd::rd_kafka_t,
    level: c_int,
    facility: *const c_char,
    line: *const c_char,
) {
    const WARNING: c_int = 4;
    if level > WARNING {
        return;
    }
    // SAFETY: librdkafka passes a live handle; its opaque is the queue set in connect().
    if let Some(notices) = unsafe { rd::rd_kafka_opaque(handle).cast::<Notices>().as_ref() } {
        let (kind, line) = (text(facility), text(line));
        notices.push(Notice {
            // Why it cannot connect is told here at once, and by the error callback when somebody polls the client; so is what
            // is wrong with an address.
            is_error: matches!(kind.as_str(), "FAIL" | "BROKER"),
            text: reason_of(&line).to_owned(),
            kind,
        });
    }
}

unsafe extern "C" fn on_error(
    _handle: *mut rd::rd_kafka_t,
    code: c_int,
    reason: *const c_char,
    opaque: *mut c_void,
) {
    // What went wrong with each broker was told before.
    if code == rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN as c_int {
        return;
    }
    // SAFETY: opaque is the queue set in connect(); the name of an unknown code is still a static string.
    unsafe {
        if let Some(notices) = opaque.cast::<Notices>().as_ref() {
            let kind = rd::rd_kafka_resp_err_t::try_from(code).map_or_else(
                |_| code.to_string(),
                |code| text(rd::rd_kafka_err2name(code)),
            );
            notices.push(Notice {
                is_error: true,
                kind,
                text: reason_of(&text(reason)).to_owned(),
            });
        }
    }
}
