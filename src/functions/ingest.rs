//! Messages from SQL and from files: the same path and the same books as Kafka's, in the caller's transaction.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::loader::{Call, with_loader};
use crate::error::Failure;
use crate::event::batch::{Batch, Origin};
use crate::warehouse::ledger::Kind;
use crate::warehouse::load::{Counts, Source};
use crate::warehouse::transaction;
use crate::worker::state::Progress;

/// What the books call messages of starsink.ingest().
const SQL_TOPIC: &str = "(sql)";
/// Messages of a file that are loaded at one go.
const CHUNK: usize = 10_000;
/// Bytes of a file's messages that are held at most, near enough.
const CHUNK_BYTES: usize = 32 << 20;
/// Longest line that is kept whole in quarantine.
const MAX_LINE: u64 = 64 << 20;

/// Loads one message, as if it came from Kafka: `loaded`, `duplicate`, `dropped` or `quarantined`.
#[pg_extern(security_definer, volatile, parallel_unsafe, strict)]
#[search_path(pg_catalog, pg_temp)]
fn ingest(payload: &str) -> &'static str {
    match transaction::without_triggers(|| ingest_one(payload.as_bytes())) {
        Ok(counts) if counts.loaded > 0 => "loaded",
        Ok(counts) if counts.duplicates > 0 => "duplicate",
        Ok(counts) if counts.dropped > 0 => "dropped",
        Ok(_) => "quarantined",
        Err(failure) => failure.raise(),
    }
}

fn ingest_one(payload: &[u8]) -> Result<Counts, Failure> {
    let mut call = Call::new(SQL_TOPIC)?;
    let offset = Spi::get_one::<i64>("SELECT pg_catalog.nextval('starsink.sql_offset')")?
        .unwrap_or_default();
    let mut batch = Batch::new();
    add(&mut batch, &mut call, offset, payload);
    call.end();
    load(&mut batch, SQL_TOPIC, None)
}

fn add(batch: &mut Batch, call: &mut Call, offset: i64, payload: &[u8]) {
    let span = batch.span(0, offset);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_micros() as i64);
    let origin = Origin {
        partition: 0,
        offset,
        time_ms: -1,
        key: None,
        payload: Some(payload),
    };
    batch.add(&mut call.frame, &mut call.reader, span, &origin, now);
}

fn load(batch: &mut Batch, topic: &str, reason: Option<&str>) -> Result<Counts, Failure> {
    let source = Source {
        topic,
        kind: Kind::Sql,
        worker: None,
        reason,
        epochs: &HashMap::new(),
    };
    with_loader(|loader| loader.load_within(batch, &source))
}

/// Loads a file of JSON lines from the server: plain, gzip or zstd. Whole or not at all, as the caller's transaction
/// commits; starsink.progress_ingest_file shows how far it is.
#[pg_extern(security_definer, volatile, parallel_unsafe, strict)]
#[search_path(pg_catalog, pg_temp)]
fn ingest_file(
    path: &str,
) -> TableIterator<
    'static,
    (
        name!(received, i64),
        name!(loaded, i64),
        name!(duplicates, i64),
        name!(dropped, i64),
        name!(quarantined, i64),
    ),
> {
    match transaction::without_triggers(|| read_file(path)) {
        Ok(sum) => TableIterator::once(sum.row()),
        Err(failure) => failure.raise(),
    }
}

fn read_file(path: &str) -> Result<Counts, Failure> {
    may_read_files()?;
    let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
    let size = file
        .metadata()
        .map_err(|error| Failure::file(path, &error))?
        .len();
    let read = Arc::new(AtomicU64::new(0));
    let mut lines = open(file, Arc::clone(&read)).map_err(|error| Failure::file(path, &error))?;
    let topic = format!("file:{}", path.rsplit('/').next().unwrap_or(path));
    let mut call = Call::new(&topic)?;
    let progress = Progress::begin(path, size as i64);
    let (mut sum, mut batch, mut line, mut number) =
        (Counts::default(), Batch::new(), Vec::new(), 0);
    loop {
        let more = next_line(&mut lines, &mut line).map_err(|error| Failure::file(path, &error))?;
        if more && !line.is_empty() {
            add(&mut batch, &mut call, number, &line);
        }
        number += 1;
        if batch.messages() > 0
            && (!more || batch.messages() >= CHUNK || batch.bytes() >= CHUNK_BYTES)
        {
            pgrx::check_for_interrupts!();
            sum.add(&load(&mut batch, &topic, Some(path))?);
            batch.clear();
            progress.report(
                read.load(Ordering::Relaxed) as i64,
                sum.received,
                sum.loaded,
                sum.quarantined,
            );
        }
        if !more {
            return Ok(sum);
        }
    }
}

/// COPY's rule: members of pg_read_server_files may read the server's files. The caller counts, not this
/// function's owner.
pub fn may_read_files() -> Result<(), Failure> {
    // SAFETY: catalog look-ups inside a transaction.
    let may = unsafe {
        pg_sys::has_privs_of_role(
            pg_sys::GetOuterUserId(),
            pg_sys::Oid::from(pg_sys::ROLE_PG_READ_SERVER_FILES),
        )
    };
    if may {
        Ok(())
    } else {
        Err(Failure::file_denied())
    }
}

/// Counts what is read of the file itself, compressed or not.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Tells the compression by the first bytes, not by the name.
fn open(mut file: File, read: Arc<AtomicU64>) -> std::io::Result<Box<dyn BufRead>> {
    let mut magic = Vec::new();
    file.by_ref().take(4).read_to_end(&mut magic)?;
    file.rewind()?;
    let file = BufReader::with_capacity(1 << 17, Counted { inner: file, read });
    Ok(match magic.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(file))),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(BufReader::new(zstd::Decoder::with_buffer(file)?)),
        _ => Box::new(file),
    })
}

/// Reads a line without its end; false at the end of the file. Of an endless line, the first [`MAX_LINE`] bytes.
fn next_line(lines: &mut Box<dyn BufRead>, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    let mut read = lines.by_ref().take(MAX_LINE).read_until(b'\n', line)?;
    let any = read > 0;
    let mut rest = Vec::new();
    while read as u64 == MAX_LINE && line.last() != Some(&b'\n') && rest.last() != Some(&b'\n') {
        rest.clear();
        read = lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut rest)?;
    }
    while line
        .last()
        .is_some_and(|&byte| byte == b'\n' || byte == b'\r')
    {
        line.pop();
    }
    Ok(any)
}
