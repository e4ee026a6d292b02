//! The topics of a broker: made, grown, trimmed, configured, dropped. Each call returns when its effect can be seen.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{Kafka, Watermarks};

const LIMIT: Duration = Duration::from_secs(30);

impl Kafka {
    /// A topic with a name of its own, for tests that share a broker.
    pub fn topic(&self, prefix: &str, partitions: i32) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("{prefix}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.create_topic(&name, partitions, &[]);
        name
    }

    pub fn create_topic(&self, name: &str, partitions: i32, config: &[(&str, &str)]) {
        self.admin().create(name, partitions, config);
        self.wait_for_partitions(name, usize::try_from(partitions).ok());
    }

    pub fn delete_topic(&self, name: &str) {
        self.admin().delete(name);
        self.wait_for_partitions(name, None);
    }

    pub fn add_partitions(&self, name: &str, total: usize) {
        self.admin().add_partitions(name, total);
        self.wait_for_partitions(name, Some(total));
    }

    /// Deletes what stands before `offset`, as retention does.
    pub fn trim(&self, name: &str, partition: i32, offset: i64) {
        self.admin().delete_before(name, partition, offset);
    }

    /// Replaces the topic's configuration: settings that are not named return to their defaults.
    pub fn alter_topic(&self, name: &str, config: &[(&str, &str)]) {
        self.admin().alter(name, config);
    }

    pub fn watermarks(&self, name: &str, partition: i32) -> Watermarks {
        self.admin().watermarks(name, partition)
    }

    /// `None`: until the topic is gone.
    fn wait_for_partitions(&self, name: &str, wanted: Option<usize>) {
        let deadline = Instant::now() + LIMIT;
        while self.admin().led_partitions(name) != wanted {
            assert!(
                Instant::now() < deadline,
                "{name}: not {wanted:?} partitions within {LIMIT:?}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}
