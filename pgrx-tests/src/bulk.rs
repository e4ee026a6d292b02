//! Shop events in bulk: as many as a broker takes, and a record of what was sent.

use std::thread;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;

use crate::producer::{Compression, Message, Producer};
use crate::shop::{Fault, Id, Shop};

/// What a bulk run sent. `ids` holds each well-formed event once, however often it was sent.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    pub ids: Vec<Id>,
    pub bad: Vec<Fault>,
    pub duplicates: u64,
}

impl Sent {
    /// Messages on the topic.
    pub fn messages(&self) -> u64 {
        self.ids.len() as u64 + self.bad.len() as u64 + self.duplicates
    }

    pub fn add(&mut self, other: Sent) {
        self.ids.extend(other.ids);
        self.bad.extend(other.bad);
        self.duplicates += other.duplicates;
    }
}

impl Producer {
    /// A producer with large batches: for throughput, not for latency.
    pub fn bulk(client: &ClientConfig, compression: Compression) -> Producer {
        Producer::builder(client)
            .compression(compression)
            .set("linger.ms", "20")
            .set("batch.size", "1000000")
            .set("batch.num.messages", "10000")
            .set("queue.buffering.max.messages", "500000")
            .set("queue.buffering.max.kbytes", "262144")
            .build()
    }

    /// Sends the shop's next `count` events, a device always to the same partition, and returns what they were.
    /// `now` tells the event time in microseconds.
    pub fn send_events(
        &self,
        topic: &str,
        partitions: i32,
        shop: &mut Shop,
        count: usize,
        mut now: impl FnMut() -> i64,
    ) -> Sent {
        let mut sent = Sent {
            ids: Vec::with_capacity(count),
            ..Sent::default()
        };
        let mut json = Vec::with_capacity(2_048);
        for _ in 0..count {
            let drawn = shop.fill(now(), &mut json);
            let message = Message::new(&json)
                .key(drawn.device.as_bytes())
                .partition(drawn.device.partition(partitions));
            self.send(topic, &message);
            match drawn.fault {
                Some(fault) => sent.bad.push(fault),
                None if drawn.is_duplicate => sent.duplicates += 1,
                None => sent.ids.push(drawn.id),
            }
        }
        sent
    }

    /// Keeps a rate by the clock, a few messages each millisecond, until `is_enough` of what was sent; returns that.
    pub fn send_at_rate(
        &self,
        topic: &str,
        partitions: i32,
        rate: u64,
        now: impl Fn() -> i64,
        mut is_enough: impl FnMut(u64) -> bool,
    ) -> u64 {
        let mut shop = Shop::new(rate);
        let started = Instant::now();
        let mut sent = 0;
        while !is_enough(sent) {
            let due = (started.elapsed().as_secs_f64() * rate as f64) as u64;
            if due > sent {
                self.send_events(topic, partitions, &mut shop, (due - sent) as usize, &now);
                sent = due;
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.flush();
        sent
    }
}
