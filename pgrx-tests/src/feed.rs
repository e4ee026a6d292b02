//! A shop that keeps selling while a test does its worst: events at a steady pace from a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::config::ClientConfig;

use crate::bulk::Sent;
use crate::producer::Producer;
use crate::shop::Shop;

const STEP: Duration = Duration::from_millis(20);

pub struct Feed {
    stopping: Arc<AtomicBool>,
    messages: Arc<AtomicU64>,
    thread: JoinHandle<Sent>,
}

impl Feed {
    /// Sends that many messages a second to the first `partitions` partitions, until `finish`. A broker that dies
    /// neither loses nor repeats one: the producer is idempotent, and waits.
    pub fn start(
        client: &ClientConfig,
        topic: &str,
        partitions: i32,
        mut shop: Shop,
        per_second: u32,
    ) -> Feed {
        let producer = Producer::builder(client)
            .idempotent()
            .set("linger.ms", "5")
            .build();
        let stopping = Arc::new(AtomicBool::new(false));
        let messages = Arc::new(AtomicU64::new(0));
        let (is_stopping, counter) = (Arc::clone(&stopping), Arc::clone(&messages));
        let topic = topic.to_owned();
        let thread = thread::spawn(move || {
            let begin = Instant::now();
            let mut sent = Sent::default();
            while !is_stopping.load(Ordering::Relaxed) {
                let due = (begin.elapsed().as_secs_f64() * f64::from(per_second)) as u64;
                let count = due.saturating_sub(sent.messages()) as usize;
                sent.add(producer.send_events(&topic, partitions, &mut shop, count, now));
                counter.store(sent.messages(), Ordering::Relaxed);
                thread::sleep(STEP);
            }
            producer.flush();
            sent
        });
        Feed {
            stopping,
            messages,
            thread,
        }
    }

    /// How many messages were sent so far.
    pub fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// Waits until so many messages were sent.
    pub fn wait_for(&self, messages: u64) {
        while self.messages() < messages {
            assert!(!self.thread.is_finished(), "the feed died");
            thread::sleep(STEP);
        }
    }

    /// Stops; returns what was sent when the broker has it all.
    pub fn finish(self) -> Sent {
        self.stopping.store(true, Ordering::Relaxed);
        self.thread.join().expect("the feed")
    }
}

/// Microseconds since the epoch.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a clock after 1970").as_micros() as i64
}
