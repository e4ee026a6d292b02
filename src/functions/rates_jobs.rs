//! The jobs that keep exchange rates current: a file of the server's when it changes, and an address when its answer does.

use std::io::Cursor;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use pgrx::pg_sys;
use pgrx::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::functions::file;
use crate::functions::rates;
use crate::server::failure::Failure;
use crate::server::process::with_signals_blocked;
use crate::server::statement::Statement;
use crate::server::transaction;
use crate::settings;
use starsink_core::crawl::fetch::{Answer, Fetcher, Limits, Request};
use starsink_core::crawl::resolver::SystemNames;
use starsink_core::world::archive;

/// For the whole answer: other jobs wait for it.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How soon a cancellation is noticed while the answer is awaited.
const GLANCE: Duration = Duration::from_millis(50);

/// Loads the file of `starsink.exchange_rates_file` if its time or size is not what it was at the last load.
#[pg_extern(
    security_definer,
    volatile,
    parallel_unsafe,
    schema = "starsink_internal"
)]
#[search_path(pg_catalog, pg_temp)]
fn refresh_exchange_rates() -> i64 {
    match transaction::unconfined(refresh) {
        Ok(count) => count,
        Err(failure) => failure.raise(),
    }
}

/// Loads what `starsink.exchange_rates_url` answers if that is not what it was at the last load.
#[pg_extern(
    security_definer,
    volatile,
    parallel_unsafe,
    schema = "starsink_internal"
)]
#[search_path(pg_catalog, pg_temp)]
fn fetch_exchange_rates() -> i64 {
    match transaction::unconfined(fetch) {
        Ok(count) => count,
        Err(failure) => failure.raise(),
    }
}

/// For whoever runs the job by hand: it had nothing to do, or came before the reload.
fn unset(setting: &str) {
    notice!(
        "{setting} is not set, or this session has not seen the reload yet: nothing was asked for"
    );
}

fn refresh() -> Result<i64, Failure> {
    let Some(path) = settings::exchange_rates_file() else {
        unset("starsink.exchange_rates_file");
        return Ok(0);
    };
    let name = path.to_string_lossy();
    let unreadable = |error: std::io::Error| Failure::file(&name, &error).about_rates();
    let (file, about) = file::open(&path).map_err(Failure::about_rates)?;
    let modified = about
        .modified()
        .map_err(unreadable)?
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros());
    let mark = format!("{} {modified} {name}", about.len());
    let last = mark_of("exchange_rates")?;
    if last.as_deref() == Some(mark.as_str()) {
        return Ok(0);
    }
    let input = rates::content(file, &about, &name)?;
    load(input, &name, "exchange_rates", &mark)
}

/// What a job noted last.
fn mark_of(job: &str) -> Result<Option<String>, Failure> {
    let mut mark = None;
    Statement::new(
        "SELECT starsink_internal.job_mark($1)",
        &[pgrx::pg_sys::TEXTOID],
    )
    .each(&[job.into()], |row| {
        mark = row.optional(1)?;
        Ok(())
    })?;
    Ok(mark)
}

/// What is kept of the last answer.
#[derive(Default, Serialize, Deserialize)]
struct Mark {
    /// Digest of the address.
    url: String,
    etag: Option<String>,
    last_modified: Option<String>,
    /// Digest of the body, for servers that say neither.
    body: String,
}

fn fetch() -> Result<i64, Failure> {
    let Some(url) = settings::exchange_rates_url() else {
        unset("starsink.exchange_rates_url");
        return Ok(0);
    };
    let address = digest(url.as_str().as_bytes());
    let last: Mark = mark_of("exchange_rates_url")?
        .and_then(|mark| serde_json::from_str(&mark).ok())
        .filter(|mark: &Mark| mark.url == address)
        .unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    let failed = |reason: &str| Failure::rates_url(host, reason);
    let answer = get(Request {
        url: url.to_string(),
        etag: last.etag,
        last_modified: last.last_modified,
    })
    .map_err(|reason| failed(&reason))?;
    match answer.status {
        200 => {}
        304 => return Ok(0),
        status => return Err(failed(&format!("it answered {status}"))),
    }
    let mark = Mark {
        url: address,
        etag: answer.etag,
        last_modified: answer.last_modified,
        body: digest(&answer.body),
    };
    let is_known = mark.body == last.body;
    let mark = serde_json::to_string(&mark).map_err(|error| Failure::sql("a mark", error))?;
    if is_known {
        note("exchange_rates_url", &mark)?;
        return Ok(0);
    }
    let input =
        archive::content(Cursor::new(answer.body)).map_err(|error| failed(&error.to_string()))?;
    load(input, host, "exchange_rates_url", &mark)
}

/// The answer, or why there is none. A thread asks, so that the wait can be cancelled.
fn get(request: Request) -> Result<Answer, String> {
    let limits = Limits {
        timeout: TIMEOUT,
        max_bytes: archive::MAX_BYTES,
        // The address is the superuser's own word.
        allow_internal: true,
        user_agent: concat!("starsink/", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let (sender, receiver) = mpsc::sync_channel(1);
    let ask = move || {
        let answer = Fetcher::new(&limits, Arc::new(SystemNames)).get(&request);
        // Nobody listens any more after a cancellation.
        let _ = sender.send(answer);
    };
    with_signals_blocked(|| {
        thread::Builder::new()
            .name("starsink rates".to_owned())
            .spawn(ask)
    })
    .map_err(|error| error.to_string())?;
    loop {
        match receiver.recv_timeout(GLANCE) {
            Ok(answer) => return answer.map_err(|trouble| trouble.name().to_owned()),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                pgrx::check_for_interrupts!();
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => return Err("its thread ended".to_owned()),
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// Loads rates, notes how far the job has come, and says what it did.
fn load(
    input: Box<dyn std::io::BufRead + '_>,
    name: &str,
    job: &str,
    mark: &str,
) -> Result<i64, Failure> {
    let loaded = rates::read(input, "auto", name)?;
    note(job, mark)?;
    let (rates, inserted, updated, _, rejected, unreadable, problem, revalued) = loaded;
    let mut words = format!(
        "{name}: {rates} rates, {inserted} new, {updated} changed, {revalued} order lines revalued"
    );
    if let Some(problem) = problem {
        words.push_str(&format!(
            "; {} refused, the first: {problem}",
            rejected + unreadable
        ));
    }
    Statement::new("SELECT starsink_internal.say($1)", &[pg_sys::TEXTOID]).run(&[words.into()])?;
    Ok(inserted + updated)
}

/// Notes how far a job has come.
fn note(job: &str, mark: &str) -> Result<(), Failure> {
    Statement::new(
        "INSERT INTO starsink.job_mark (name, mark) VALUES ($1, $2)",
        &[pg_sys::TEXTOID, pg_sys::TEXTOID],
    )
    .run(&[job.into(), mark.into()])
}
