//! Failures: one constructor for each, with its SQLSTATE, and a hint where something can be done. Inside, a failure
//! is a value; [`Failure::raise`] turns it into the server's error once, at the SQL boundary. No text holds a secret.

use std::fmt;

use pgrx::PgLogLevel;
use pgrx::PgSqlErrorCode as Code;
use pgrx::pg_sys::panic::{CaughtError, ErrorReport};

/// What went wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: Code,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
}

/// What a failure of a write says about the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// A key is there already: perhaps the event was loaded before.
    Duplicate,
    /// The table refuses the values.
    Row,
    /// The server could not do it now; the rows are innocent.
    Server,
    /// An SQLSTATE that tells neither: a user's own, or an internal error.
    Unclear,
}

impl Failure {
    fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure {
            code,
            message: message.into(),
            detail: None,
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// A constraint refuses a row, or no partition holds it.
    pub fn is_refused_row(&self) -> bool {
        self.code == Code::ERRCODE_CHECK_VIOLATION
    }

    /// Somebody else holds, or waits for, what was to be locked.
    pub fn is_about_locks(&self) -> bool {
        matches!(
            self.code,
            Code::ERRCODE_LOCK_NOT_AVAILABLE | Code::ERRCODE_T_R_DEADLOCK_DETECTED
        )
    }

    pub fn blame(&self) -> Blame {
        // A dimension without a key to give is nobody's row.
        if self.code == Code::ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED {
            return Blame::Server;
        }
        if self.code == Code::ERRCODE_UNIQUE_VIOLATION {
            return Blame::Duplicate;
        }
        match &sqlstate(self.code)[..2] {
            "21" | "22" | "23" | "27" | "38" | "39" | "44" | "54" | "P0" => Blame::Row,
            "XX" if self.code == Code::ERRCODE_INTERNAL_ERROR => Blame::Unclear,
            _ => Blame::Server,
        }
    }

    /// Raises the failure as the server's error.
    pub fn raise(self) -> ! {
        let mut report = ErrorReport::new(self.code, self.message, "starsink");
        if let Some(detail) = self.detail {
            report = report.set_detail(detail);
        }
        if let Some(hint) = self.hint {
            report = report.set_hint(hint);
        }
        report.report(PgLogLevel::ERROR);
        // report() at ERROR does not return; the type system does not know.
        std::process::abort()
    }

    pub fn warehouse_missing() -> Failure {
        Failure::new(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "this database has no warehouse yet",
        )
        .hint("Run SELECT starsink.create_warehouse().")
    }

    pub fn layout_newer(version: i32, ours: i32) -> Failure {
        Failure::new(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("the warehouse has lay-out {version}, this library of starsink knows {ours}"),
        )
        .hint("A newer starsink wrote it: install that version's library and restart the server. Nothing was touched.")
    }

    pub fn not_utf8(encoding: &str) -> Failure {
        Failure::new(
            Code::ERRCODE_FEATURE_NOT_SUPPORTED,
            format!("the encoding of this database is {encoding}: starsink needs UTF8"),
        )
        .hint("CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0, and set starsink.database to it.")
    }

    pub fn role_missing() -> Failure {
        Failure::new(
            Code::ERRCODE_UNDEFINED_OBJECT,
            "the role starsink_worker, which owns the warehouse, does not exist",
        )
        .hint("CREATE ROLE starsink_worker NOLOGIN, then SELECT starsink.create_warehouse().")
    }

    /// `what` is in the way of the warehouse, as its owner could run code with the rights of who writes there.
    pub fn laid_by_another(what: &str, owner: &str, hint: &str) -> Failure {
        Failure::new(
            Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("{what} belongs to the role \"{owner}\": the warehouse is not laid out"),
        )
        .hint(hint)
    }

    /// Of a setting that holds a secret, or the file that does. `reason` never holds the secret.
    pub fn secret(reason: impl Into<String>, hint: &str) -> Failure {
        Failure::new(Code::ERRCODE_CONFIG_FILE_ERROR, reason).hint(hint)
    }

    /// `month`: of the event that has no partition.
    pub fn partition_locked(month: &str) -> Failure {
        Failure::new(
            Code::ERRCODE_LOCK_NOT_AVAILABLE,
            format!("the partition of warehouse.fact_event for {month} cannot be made now: other transactions hold locks on it or on its dimensions"),
        )
        .hint("Try again when they are over: look in pg_stat_activity for transactions that have loaded or merged and stay open.")
    }

    /// Others were faster, every time.
    pub fn versions_keep_changing() -> Failure {
        Failure::new(
            Code::ERRCODE_T_R_SERIALIZATION_FAILURE,
            "dimensions were merged again each time as events were to be loaded",
        )
        .hint("Try again when the merges are through.")
    }

    pub fn no_source() -> Failure {
        Failure::new(Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "no Kafka topic is set")
            .hint("Set starsink.bootstrap_servers and starsink.topic with ALTER SYSTEM, then SELECT pg_reload_conf().")
    }

    pub fn kafka(error: &impl std::fmt::Display) -> Failure {
        Failure::new(Code::ERRCODE_CONNECTION_FAILURE, format!("Kafka: {error}"))
            .hint("Check starsink.bootstrap_servers, starsink.topic and the security settings.")
    }

    pub fn no_such_partition(topic: &str, partition: i32, partitions: &[i32]) -> Failure {
        let hint = match (partitions.first(), partitions.last()) {
            (Some(first), Some(last)) => format!("Valid partitions are {first} to {last}."),
            _ => "The topic has no partitions.".to_owned(),
        };
        Failure::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("topic \"{topic}\" has no partition {partition}"),
        )
        .hint(hint)
    }

    pub fn no_such_offset(
        topic: &str,
        partition: i32,
        offset: i64,
        low: i64,
        high: i64,
    ) -> Failure {
        Failure::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("partition {partition} of topic \"{topic}\" has no offset {offset}"),
        )
        .hint(format!(
            "Valid offsets are {low} to {high}; {high} is the next message to come."
        ))
    }

    pub fn bad_seek(target: &str) -> Failure {
        Failure::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("cannot seek to \"{target}\""),
        )
        .hint("Use 'earliest', 'latest', a timestamptz, or a partition and an offset.")
    }

    pub fn file(path: &str, error: &std::io::Error) -> Failure {
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => Code::ERRCODE_UNDEFINED_FILE,
            std::io::ErrorKind::PermissionDenied => Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
            std::io::ErrorKind::Unsupported => Code::ERRCODE_FEATURE_NOT_SUPPORTED,
            _ => Code::ERRCODE_IO_ERROR,
        };
        Failure::new(code, format!("could not read file \"{path}\": {error}"))
            .hint("The file must be on the server and readable by its operating-system user: JSON lines in UTF-8, plain or compressed with gzip or zstd.")
    }

    /// The same of a file of exchange rates; a text without a line break is taken for its path.
    pub fn about_rates(self) -> Failure {
        self.hint("Give the path of a file on the server that its operating-system user may read, as CSV, plain or in a zip archive; or the text of one, a line for each row below the header: E'date,currency,rate\\n2026-11-20,GBP,0.8411'.")
    }

    pub fn no_regular_file(path: &str) -> Failure {
        Failure::new(
            Code::ERRCODE_IO_ERROR,
            format!("\"{path}\" is no regular file"),
        )
        .hint("Folders, pipes, sockets and devices are not read; write what comes from there to a file first.")
    }

    pub fn file_denied() -> Failure {
        Failure::new(
            Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
            "permission denied to read a file of the server",
        )
        .hint("Only members of pg_read_server_files may; COPY has the same rule.")
    }

    pub fn rates(reason: &str) -> Failure {
        Failure::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("these are no exchange rates: {reason}"),
        )
        .hint("Give the path of a file on the server, or its text: the European Central Bank's history with a column for each currency (format 'ecb'), or the columns date, currency and rate (format 'rows'); 'auto' tells them apart by the header.")
    }

    /// `reason` never holds the address: it may hold a key.
    pub fn rates_url(host: &str, reason: &str) -> Failure {
        Failure::new(
            Code::ERRCODE_CONNECTION_FAILURE,
            format!("could not get exchange rates from host \"{host}\": {reason}"),
        )
        .hint("See that the server reaches starsink.exchange_rates_url and that a file of rates is there; redirects are not followed, so give the address where they end. The job asks again by its schedule.")
    }

    pub fn rates_format(format: &str) -> Failure {
        Failure::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("unknown format of exchange rates \"{format}\""),
        )
        .hint("Use one of: auto (by the header), ecb (the history of the European Central Bank), rows or csv (CSV with the columns date, currency and rate).")
    }

    pub fn bad_schedule(schedule: &str, reason: &str) -> Failure {
        Failure::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("invalid schedule \"{schedule}\": {reason}"),
        )
        .hint("Give an interval such as 10 s, 5 min or 1 day, or five fields of cron: minute, hour, day of the month, month, day of the week, such as 30 3 * * *.")
    }

    pub fn never(schedule: &str) -> Failure {
        Failure::bad_schedule(schedule, "it never comes")
    }

    pub fn unknown_code(code: &str) -> Failure {
        Failure::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("there is no validation code \"{code}\""),
        )
        .hint("SELECT code FROM starsink.codes lists them.")
    }

    pub fn not_waiting(id: i64) -> Failure {
        Failure::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("no message {id} waits in quarantine"),
        )
        .hint("SELECT quarantine_id, codes, detail FROM starsink.quarantine WHERE state = 'quarantined' AND stage <> 'merge' lists those that do; rows of merges are merged again.")
    }

    /// `reason`: what would be wrong with the mended message.
    pub fn not_mended(id: i64, codes: &str, reason: &str) -> Failure {
        let mut failure = Failure::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("message {id} would not be loaded with this payload: {codes}"),
        )
        .hint("Nothing was changed. Give the whole message, mended; starsink.codes says what each code asks for.");
        failure.detail = Some(reason.to_owned());
        failure
    }

    pub fn mended_away(id: i64) -> Failure {
        Failure::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("message {id} would be dropped with this payload"),
        )
        .hint("Nothing was changed. SELECT starsink.discard(ARRAY[…]) takes messages out of quarantine.")
    }

    pub fn fold_needs_read_committed() -> Failure {
        Failure::new(
            Code::ERRCODE_ACTIVE_SQL_TRANSACTION,
            "events can be folded in a transaction of isolation level READ COMMITTED only",
        )
        .hint("An older snapshot cannot tell which batches are still to commit. BEGIN ISOLATION LEVEL READ COMMITTED, or no BEGIN at all.")
    }

    pub fn tail_too_large(bytes: usize) -> Failure {
        Failure::new(
            Code::ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
            format!(
                "events that are not folded yet need more memory than starsink.tail_memory, {} MB",
                bytes >> 20
            ),
        )
        .hint(
            "The steward folds them by itself: starsink.freshness says how many are left, starsink.jobs how the job fold stands; SELECT starsink.fold() folds by hand. Or raise starsink.tail_memory.",
        )
    }

    pub fn column_missing(name: &str) -> Failure {
        Failure::new(
            Code::ERRCODE_UNDEFINED_COLUMN,
            format!("a table of the warehouse has no column {name}"),
        )
        .hint("Somebody has renamed or dropped it: give it its name back, or drop the table and SELECT starsink.create_warehouse(), starsink.rebuild_aggregates().")
    }

    pub fn column_retyped() -> Failure {
        Failure::new(
            Code::ERRCODE_DATATYPE_MISMATCH,
            "a column of the warehouse has another type than it was laid out with",
        )
        .hint("Give it its type back, or drop the table and SELECT starsink.create_warehouse(), starsink.rebuild_aggregates().")
    }

    pub fn no_tail() -> Failure {
        Failure::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            "nothing of what is not folded yet has this row type",
        )
        .hint("Give a row of a table that folds write, as in starsink_internal.tail(NULL::warehouse.agg_hour).")
    }

    pub fn sql(doing: &str, error: impl fmt::Display) -> Failure {
        Failure::new(Code::ERRCODE_INTERNAL_ERROR, format!("{doing}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        if let Some(hint) = &self.hint {
            let stop = if self.message.ends_with('.') { "" } else { "." };
            write!(f, "{stop} {hint}")?;
        }
        Ok(())
    }
}

impl From<CaughtError> for Failure {
    fn from(error: CaughtError) -> Failure {
        let (CaughtError::PostgresError(report)
        | CaughtError::ErrorReport(report)
        | CaughtError::RustPanic {
            ereport: report, ..
        }) = error;
        let code = report.sql_error_code();
        let no_key_left = (code == Code::ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED).then(|| {
            "A table has given all its keys; starsink_dimension_keys_used of starsink.metrics() tells which. Nothing is lost: loading goes on once it has keys again.".to_owned()
        });
        Failure {
            code,
            message: report.message().to_owned(),
            detail: report.detail().map(str::to_owned),
            hint: report.hint().map(str::to_owned).or(no_key_left),
        }
    }
}

impl From<pgrx::spi::Error> for Failure {
    fn from(error: pgrx::spi::Error) -> Failure {
        Failure::sql("SPI", error)
    }
}

/// The five characters of an SQLSTATE.
pub fn sqlstate(code: Code) -> String {
    let bits = code as i32;
    (0..5)
        .map(|place| char::from((((bits >> (6 * place)) & 0x3f) as u8) + b'0'))
        .collect()
}

/// pgrx's hook takes down where every error of the server came by, and shows it to the client in the DETAIL wherever
/// RUST_BACKTRACE stands in the server's environment. This one does nothing for errors, and leaves a panic of our own to
/// Rust's: it writes message and place to the server's log, and the backtrace too where the environment asks for it.
/// Nothing of the environment is changed, as other threads may be reading it.
pub fn keep_backtraces_from_clients() {
    // The first hook is pgrx's, set when the server looked at the library; behind it is Rust's own.
    drop(std::panic::take_hook());
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        if payload.is::<&'static str>() || payload.is::<String>() {
            default(info);
        }
    }));
}
