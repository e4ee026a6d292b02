//! How partitions are shared among ingest workers: by their number, so that every worker knows without asking.

/// A worker's part of any topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Number of the worker, from 1.
    pub worker: i32,
    pub workers: i32,
}

impl Share {
    pub fn has(self, partition: i32) -> bool {
        partition.rem_euclid(self.workers.max(1)) == self.worker - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_one_worker() {
        for workers in 1..=32 {
            for partition in 0..200 {
                let owners = (1..=workers)
                    .filter(|&worker| Share { worker, workers }.has(partition))
                    .count();
                assert_eq!(owners, 1);
            }
        }
    }
}
