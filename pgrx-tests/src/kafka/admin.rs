//! The administrator's side of the protocol, made synchronous: each call returns when the broker has answered.

use std::fmt::Debug;
use std::thread;
use std::time::{Duration, Instant};

use futures_executor::block_on;
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaResult, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use rdkafka::{Offset, TopicPartitionList};

const LIMIT: Duration = Duration::from_secs(30);

/// First offset still there, and the one the next message gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    pub low: i64,
    pub high: i64,
}

pub(super) struct Admin {
    client: AdminClient<DefaultClientContext>,
}

impl Admin {
    pub fn new(config: &ClientConfig) -> Admin {
        let mut config = config.clone();
        // Quick to notice that a broker is back, and silent while it is away.
        config
            .set("reconnect.backoff.ms", "20")
            .set("reconnect.backoff.max.ms", "100")
            .set("log_level", "0");
        Admin {
            client: config.create().expect("an admin client"),
        }
    }

    pub fn answers(&self) -> bool {
        self.metadata(None, Duration::from_millis(500))
            .is_ok_and(|metadata| !metadata.brokers().is_empty())
    }

    /// How many partitions of a topic have a leader; `None` when there is no such topic.
    pub fn led_partitions(&self, topic: &str) -> Option<usize> {
        let metadata = self.metadata(Some(topic), LIMIT).expect("metadata");
        let topic = metadata.topics().first()?;
        let led = topic
            .partitions()
            .iter()
            .filter(|partition| partition.leader() >= 0)
            .count();
        topic.error().is_none().then_some(led)
    }

    pub fn watermarks(&self, topic: &str, partition: i32) -> Watermarks {
        let deadline = Instant::now() + LIMIT;
        loop {
            match self
                .client
                .inner()
                .fetch_watermarks(topic, partition, LIMIT)
            {
                Ok((low, high)) => return Watermarks { low, high },
                // A partition that was made just now is announced before its leader serves it.
                Err(_) if Instant::now() < deadline => thread::sleep(Duration::from_millis(10)),
                Err(error) => panic!("watermarks of {topic} {partition}: {error}"),
            }
        }
    }

    pub fn create(&self, topic: &str, partitions: i32, config: &[(&str, &str)]) {
        let mut wanted = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        for (name, value) in config {
            wanted = wanted.set(name, value);
        }
        all_done(block_on(self.client.create_topics(&[wanted], &options())));
    }

    pub fn delete(&self, topic: &str) {
        all_done(block_on(self.client.delete_topics(&[topic], &options())));
    }

    pub fn add_partitions(&self, topic: &str, total: usize) {
        all_done(block_on(self.client.create_partitions(
            &[NewPartitions::new(topic, total)],
            &options(),
        )));
    }

    pub fn alter(&self, topic: &str, config: &[(&str, &str)]) {
        let mut wanted = AlterConfig::new(ResourceSpecifier::Topic(topic));
        for (name, value) in config {
            wanted = wanted.set(name, value);
        }
        all_done(block_on(self.client.alter_configs(&[wanted], &options())));
    }

    pub fn delete_before(&self, topic: &str, partition: i32, offset: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset))
            .expect("an offset");
        let done = block_on(self.client.delete_records(&list, &options())).expect("DeleteRecords");
        for element in done.elements() {
            element.error().unwrap_or_else(|error| {
                panic!("trimming {topic} {partition} to {offset}: {error}")
            });
        }
    }

    fn metadata(&self, topic: Option<&str>, limit: Duration) -> KafkaResult<Metadata> {
        self.client.inner().fetch_metadata(topic, limit)
    }
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(LIMIT))
        .operation_timeout(Some(LIMIT))
}

fn all_done<T: Debug, W: Debug>(answer: KafkaResult<Vec<Result<T, (W, RDKafkaErrorCode)>>>) {
    for result in answer.expect("the broker answers") {
        result.unwrap_or_else(|(what, code)| panic!("{what:?}: {code}"));
    }
}
