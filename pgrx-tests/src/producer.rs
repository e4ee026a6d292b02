//! Producing to a broker: single messages with every attribute a message has, transactions, and shop events in bulk.
//!
//! Owns delivery: what could not be delivered makes the fixture panic at the next `flush` or `commit`.

mod message;

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

pub use message::{Compression, Message};
use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;

/// How long deliveries may take, over a broker's crash and restart too.
const LIMIT: Duration = Duration::from_secs(300);

pub struct Builder {
    config: ClientConfig,
}

impl Builder {
    pub fn compression(self, compression: Compression) -> Self {
        self.set("compression.type", compression.name())
    }

    /// The broker drops what a retry sends twice.
    pub fn idempotent(self) -> Self {
        self.set("enable.idempotence", "true")
    }

    /// For `begin`, `commit` and `abort`; a second producer with the same id fences the first.
    pub fn transactional(self, id: &str) -> Self {
        // A message may not wait longer than its transaction.
        self.set("transactional.id", id)
            .set("transaction.timeout.ms", LIMIT.as_millis())
    }

    /// Any librdkafka property.
    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.config.set(name, value.to_string());
        self
    }

    pub fn build(self) -> Producer {
        let transactional = self.config.get("transactional.id").is_some();
        let client: ThreadedProducer<Deliveries> = self
            .config
            .create_with_context(Deliveries::default())
            .expect("a producer");
        if transactional {
            client
                .init_transactions(LIMIT)
                .expect("the broker knows the transactional id");
        }
        Producer { client }
    }
}

pub struct Producer {
    client: ThreadedProducer<Deliveries>,
}

impl Producer {
    /// Acknowledged by the broker, uncompressed, retried across a crash.
    pub fn new(client: &ClientConfig) -> Producer {
        Producer::builder(client).build()
    }

    pub fn builder(client: &ClientConfig) -> Builder {
        let builder = Builder {
            config: client.clone(),
        };
        // Only failures are reported: a report per message is what bulk production would spend its time on.
        builder
            .set("delivery.report.only.error", "true")
            .set("message.timeout.ms", LIMIT.as_millis())
            .set("reconnect.backoff.ms", "20")
            .set("reconnect.backoff.max.ms", "200")
            .set("message.max.bytes", "16777216")
            .set("queue.buffering.max.messages", "200000")
            .set("log_level", "3")
    }

    /// Hands a message over; waits while the send queue is full.
    pub fn send(&self, topic: &str, message: &Message<'_>) {
        let mut record = message.record(topic);
        while let Err((error, back)) = self.client.send(record) {
            let full = matches!(
                error,
                KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)
            );
            assert!(full, "sending to {topic}: {error}");
            record = back;
            thread::sleep(Duration::from_micros(500));
        }
    }

    /// Returns when the broker has everything.
    pub fn flush(&self) {
        self.client
            .flush(LIMIT)
            .expect("the broker takes what was sent");
        self.check();
    }

    pub fn begin(&self) {
        self.client
            .begin_transaction()
            .expect("a transactional producer");
    }

    pub fn commit(&self) {
        self.client
            .commit_transaction(LIMIT)
            .expect("the transaction commits");
        self.check();
    }

    /// What was sent since `begin` stays in the log and is never seen by a reader of committed messages.
    pub fn abort(&self) {
        // Else what is still in the queue is thrown away, and nothing of the transaction reaches the log.
        self.client
            .flush(LIMIT)
            .expect("the broker takes what was sent");
        self.client
            .abort_transaction(LIMIT)
            .expect("the transaction aborts");
    }

    fn check(&self) {
        let failed = self
            .client
            .context()
            .failed
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        assert!(
            failed.is_none(),
            "not delivered: {}",
            failed.unwrap_or_default()
        );
    }
}

#[derive(Default)]
struct Deliveries {
    /// The first failure since the last look.
    failed: Mutex<Option<String>>,
}

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            let mut failed = self
                .failed
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            failed.get_or_insert_with(|| error.to_string());
        }
    }
}
