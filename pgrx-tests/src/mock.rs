//! librdkafka's mock cluster: a broker inside this process, up in milliseconds, that fails on command.
//!
//! It speaks the protocol's common part (produce, fetch, groups, transactions), keeps what it gets in memory only,
//! and has no administrator's side: topics are made by `create_topic`, or by the first client that names one.

use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

pub struct Mock {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

// SAFETY: librdkafka's mock calls hand an operation to the mock cluster's own thread and wait for its answer;
// the handle itself is never changed through them.
unsafe impl Send for Mock {}
// SAFETY: as above.
unsafe impl Sync for Mock {}

impl Mock {
    pub fn start() -> Mock {
        Mock::with_brokers(1)
    }

    pub fn with_brokers(count: i32) -> Mock {
        Mock {
            cluster: MockCluster::new(count).expect("a mock cluster"),
        }
    }

    pub fn bootstrap(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.bootstrap());
        config
    }

    pub fn create_topic(&self, name: &str, partitions: i32) {
        self.cluster
            .create_topic(name, partitions, 1)
            .unwrap_or_else(|error| panic!("topic {name}: {error}"));
    }

    /// The broker (1, 2, …) refuses connections until `up`.
    pub fn down(&self, broker: i32) {
        self.cluster
            .broker_down(broker)
            .expect("a broker of this cluster");
    }

    pub fn up(&self, broker: i32) {
        self.cluster
            .broker_up(broker)
            .expect("a broker of this cluster");
    }

    /// Every answer of the broker comes this much later.
    pub fn delay(&self, broker: i32, round_trip: Duration) {
        self.cluster
            .broker_round_trip_time(broker, round_trip)
            .expect("a broker of this cluster");
    }

    /// The next requests of a kind fail with these errors, one each.
    pub fn fail(&self, request: RDKafkaApiKey, errors: &[RDKafkaRespErr]) {
        self.cluster.request_errors(request, errors);
    }

    /// Every request for the topic fails so, until it is set to `RD_KAFKA_RESP_ERR_NO_ERROR`.
    pub fn fail_topic(&self, name: &str, error: RDKafkaRespErr) {
        self.cluster
            .topic_error(name, error)
            .unwrap_or_else(|error| panic!("topic {name}: {error}"));
    }

    /// Moves a partition's leadership, as a rolling restart does; `None` leaves it without a leader.
    pub fn lead(&self, topic: &str, partition: i32, broker: Option<i32>) {
        self.cluster
            .partition_leader(topic, partition, broker)
            .expect("a partition of this cluster");
    }
}
