//! The pipeline: a thread that fetches and decodes while the main thread commits. It hands over one finished batch
//! at a time; while the main thread is busy, the next batch grows, so that batches are small at rest and large under
//! load, and memory stays bounded. Ending it loses nothing: what was not committed is read again.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::{Condvar, Mutex};

use crate::kafka::client::Error;
use crate::kafka::consumer::{Consumer, Fetched};
use crate::server::process::wake_main;
use starsink_core::batch::{Batch, Frame, Origin};
use starsink_core::event::reader::Reader;

/// When a batch is finished.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub events: usize,
    pub bytes: usize,
    pub wait: Duration,
}

impl Limits {
    /// Whether the batch is full.
    fn are_reached(&self, batch: &Batch) -> bool {
        batch.messages() >= self.events || batch.bytes() >= self.bytes
    }
}

/// Why the thread ended by itself.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// A committed offset is not in the topic any more.
    OutOfRange,
    Failed {
        partition: i32,
        error: Error,
    },
}

#[derive(Default)]
struct Exchange {
    ready: Option<Box<Batch>>,
    /// An empty batch with its memory, for the next round.
    spare: Option<Box<Batch>>,
    trouble: Option<Trouble>,
    /// For the operator's log.
    warning: Option<String>,
    /// How messages are read from the next batch on.
    reading: Option<Reading>,
}

/// How messages become batches. It can change while they come.
pub struct Reading {
    pub frame: Frame,
    pub reader: Reader,
    pub limits: Limits,
}

struct Shared {
    exchange: Mutex<Exchange>,
    taken: Condvar,
    stop: AtomicBool,
}

/// A running pipeline. Dropping it stops the thread and waits for it.
pub struct Pipeline {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Pipeline {
    pub fn start(
        consumer: Consumer,
        positions: HashMap<i32, i64>,
        reading: Reading,
    ) -> std::io::Result<Pipeline> {
        let shared = Arc::new(Shared {
            exchange: Mutex::default(),
            taken: Condvar::new(),
            stop: AtomicBool::new(false),
        });
        let mut decoder = Decoder {
            consumer,
            positions,
            reading,
            shared: Arc::clone(&shared),
        };
        let thread = thread::Builder::new()
            .name("starsink decode".to_owned())
            .spawn(move || decoder.run())?;
        Ok(Pipeline {
            shared,
            thread: Some(thread),
        })
    }

    /// The finished batch, if there is one.
    pub fn take(&self) -> Option<Box<Batch>> {
        let batch = self.shared.exchange.lock().ready.take();
        if batch.is_some() {
            self.shared.taken.notify_one();
        }
        batch
    }

    /// Whether the thread has ended. Of one that ended by itself, what it handed over and why it ended are asked for after this.
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Gives an empty batch's memory back.
    pub fn give_back(&self, mut batch: Box<Batch>) {
        batch.clear();
        self.shared.exchange.lock().spare = Some(batch);
    }

    /// What the operator should know, once.
    pub fn warning(&self) -> Option<String> {
        self.shared.exchange.lock().warning.take()
    }

    /// Has messages read so from the next batch on. The one that is under way is finished as it was begun.
    pub fn read_so(&self, reading: Reading) {
        self.shared.exchange.lock().reading = Some(reading);
    }

    /// Why the thread ended, once.
    pub fn trouble(&self) -> Option<Trouble> {
        self.shared.exchange.lock().trouble.take()
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.taken.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panicked thread has nothing to tell: its batch was never committed.
            let _ = thread.join();
        }
    }
}

struct Decoder {
    consumer: Consumer,
    /// Next offset by partition.
    positions: HashMap<i32, i64>,
    reading: Reading,
    shared: Arc<Shared>,
}

/// Longest wait for a message before looking whether to stop.
const IDLE: Duration = Duration::from_millis(100);
/// Longest wait for a message while the main thread is busy with the batch before.
const BUSY: Duration = Duration::from_millis(1);

impl Decoder {
    fn run(&mut self) {
        let mut batch = Box::new(Batch::new());
        let mut began: Option<Instant> = None;
        while !self.shared.stop.load(Ordering::Relaxed) {
            if batch.is_empty()
                && let Some(reading) = self.shared.exchange.lock().reading.take()
            {
                self.reading = reading;
            }
            let wait = began.map_or(IDLE, |began| {
                self.reading
                    .limits
                    .wait
                    .saturating_sub(began.elapsed())
                    .max(BUSY)
            });
            if let Some(trouble) = self.fetch_into(&mut batch, wait) {
                // What came before the trouble is good: other partitions must not starve because of one.
                if !batch.is_empty() {
                    let _ = self.hand_over(batch, true);
                }
                self.shared.exchange.lock().trouble = Some(trouble);
                wake_main();
                return;
            }
            if batch.is_empty() {
                continue;
            }
            let began_at = *began.get_or_insert_with(Instant::now);
            let full = self.reading.limits.are_reached(&batch);
            if full || began_at.elapsed() >= self.reading.limits.wait {
                match self.hand_over(batch, full) {
                    Ok(next) => {
                        batch = next;
                        began = None;
                    }
                    Err(same) => batch = same,
                }
            }
        }
    }

    /// Offers a batch; a full one waits until it is taken. Comes back with a batch to go on with.
    fn hand_over(&self, batch: Box<Batch>, full: bool) -> Result<Box<Batch>, Box<Batch>> {
        let mut exchange = self.shared.exchange.lock();
        while exchange.ready.is_some() {
            if !full || self.shared.stop.load(Ordering::Relaxed) {
                return Err(batch);
            }
            self.shared.taken.wait_for(&mut exchange, IDLE);
        }
        exchange.ready = Some(batch);
        let next = exchange.spare.take().unwrap_or_default();
        drop(exchange);
        wake_main();
        Ok(next)
    }

    fn fetch_into(&mut self, batch: &mut Batch, wait: Duration) -> Option<Trouble> {
        let Decoder {
            consumer,
            positions,
            reading:
                Reading {
                    frame,
                    reader,
                    limits,
                },
            shared,
        } = self;
        let mut trouble = None;
        let mut now = None;
        if let Some(warning) = reader.refresh() {
            shared.exchange.lock().warning = Some(warning);
        }
        consumer.fetch(wait, |fetched| {
            match fetched {
                Fetched::Record(record) => {
                    let position = positions.entry(record.partition).or_insert(record.offset);
                    let span = batch.span(record.partition, *position);
                    let origin = Origin {
                        partition: record.partition,
                        offset: record.offset,
                        time_ms: record.time_ms,
                        key: record.key,
                        payload: record.payload,
                    };
                    batch.add(
                        frame,
                        reader,
                        span,
                        &origin,
                        *now.get_or_insert_with(now_micros),
                    );
                    *position = record.offset + 1;
                }
                Fetched::End { partition, offset } => {
                    // Control records and gaps at the end: the position moves though no message came.
                    if let Some(position) = positions
                        .get_mut(&partition)
                        .filter(|position| **position < offset)
                    {
                        let span = batch.span(partition, *position);
                        batch.spans[span].next = offset;
                        *position = offset;
                    }
                }
                Fetched::OutOfRange => trouble = Some(Trouble::OutOfRange),
                Fetched::Failed { partition, error } => {
                    trouble = Some(Trouble::Failed { partition, error })
                }
            }
            !limits.are_reached(batch)
        });
        trouble
    }
}

fn now_micros() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_micros() as i64)
}
