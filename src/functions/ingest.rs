//! Messages from SQL and from files: the same path and the same books as Kafka's, in the caller's transaction.

use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use pgrx::prelude::*;

use crate::functions::file::{self, Cancellable};
use crate::functions::loader::{Call, with_loader};
use crate::functions::quarantined;
use crate::load::Source;
use crate::load::account::Counts;
use crate::load::ledger::Kind;
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use crate::server::transaction;
use crate::worker::state::Progress;
use starsink_core::batch::{Batch, Origin};
use starsink_core::text::lines;
use starsink_core::world::compression;

/// What the books call messages of starsink.ingest().
const SQL_TOPIC: &str = "(sql)";
/// Messages of a file that are loaded at one go.
const CHUNK: usize = 10_000;
/// Bytes of a file's messages that are held at most, near enough.
const CHUNK_BYTES: usize = 32 << 20;
/// Longest line that is kept whole in quarantine, however short messages must be; of a longer one so much is kept.
const MAX_LINE: usize = 8 << 20;

/// Loads one message, as if it came from Kafka: `loaded`, `duplicate`, `dropped` or `quarantined`, and then a notice says why.
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
    let offset = Statement::new("SELECT pg_catalog.nextval('starsink.sql_offset')", &[])
        .first(&[], |row| row.get::<i64>(1))?
        .unwrap_or_default();
    let mut batch = Batch::new();
    add(&mut batch, &mut call, offset, payload);
    call.end();
    let counts = load(&mut batch, SQL_TOPIC, None)?;
    if counts.quarantined > 0 {
        quarantined::tell_of(SQL_TOPIC, offset)?;
    }
    Ok(counts)
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

/// Loads a file of JSON lines in UTF-8 from the server: plain, gzip or zstd. Whole or not at all, as the caller's transaction
/// commits; starsink.progress_ingest_file shows how far it is. Whether the caller may read it is asked with the caller's rights;
/// the rest is done as starsink_worker.
#[pg_extern(volatile, parallel_unsafe, strict)]
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
    let loaded = file::may_read().and_then(|()| {
        transaction::as_writer(|| {
            transaction::unconfined(|| transaction::without_triggers(|| read_file(path)))
        })
    });
    match loaded {
        Ok(sum) => TableIterator::once(sum.row()),
        Err(failure) => failure.raise(),
    }
}

fn read_file(path: &str) -> Result<Counts, Failure> {
    let unreadable = |error| Failure::file(path, &error);
    let (file, about) = file::open(Path::new(path))?;
    let read = Arc::new(AtomicU64::new(0));
    let counted = Counted {
        inner: Cancellable(file),
        read: Arc::clone(&read),
    };
    let mut source = compression::text(counted).map_err(unreadable)?;
    let topic = format!("file:{}", path.rsplit('/').next().unwrap_or(path));
    let mut call = Call::new(&topic)?;
    let longest = call.reader.policy().max_bytes.max(MAX_LINE);
    let last = quarantined::last()?;
    let progress = Progress::begin(path, about.len() as i64);
    let (mut sum, mut batch, mut line, mut number) =
        (Counts::default(), Batch::new(), Vec::new(), 0);
    loop {
        let more = next_line(&mut source, &mut line, longest).map_err(unreadable)?;
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
            if sum.quarantined > 0 {
                quarantined::tell_since(&topic, last)?;
            }
            return Ok(sum);
        }
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

/// The next line. What is unpacked may be without end where what is read is not: each block of it is a time to look for
/// a cancellation.
fn next_line(
    source: &mut impl BufRead,
    line: &mut Vec<u8>,
    longest: usize,
) -> std::io::Result<bool> {
    lines::next(&mut Blocks(source), line, longest)
}

struct Blocks<'a, R>(&'a mut R);

impl<R: BufRead> BufRead for Blocks<'_, R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        pgrx::check_for_interrupts!();
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

impl<R: Read> Read for Blocks<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}
