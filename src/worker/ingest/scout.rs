//! The scout: a thread that looks at the topic now and then, so that the main thread never waits for Kafka.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::kafka::client::{Client, Error};
use crate::kafka::topic::{Description, Watermarks};
use crate::server::process::wake_main;

/// What the scout saw.
#[derive(Clone, Debug)]
pub struct Sighting {
    pub description: Description,
    /// Watermarks of every partition.
    pub watermarks: Vec<(i32, Watermarks)>,
}

#[derive(Default)]
struct Shared {
    latest: Option<Result<Sighting, Error>>,
    stop: bool,
}

/// A running scout; dropping it ends the thread, without waiting for it.
pub struct Scout {
    shared: Arc<(Mutex<Shared>, Condvar)>,
}

/// Longest wait for a single answer of a broker.
const PATIENCE: Duration = Duration::from_secs(5);

impl Scout {
    /// Looks at once, and then every `interval`.
    pub fn start(client: Arc<Client>, topic: String, interval: Duration) -> std::io::Result<Scout> {
        let shared = Arc::new((Mutex::new(Shared::default()), Condvar::new()));
        let theirs = Arc::clone(&shared);
        thread::Builder::new()
            .name("starsink scout".to_owned())
            .spawn(move || {
                let (state, signal) = &*theirs;
                loop {
                    let sighting = look(&client, &topic);
                    client.serve_callbacks();
                    let mut state = state.lock();
                    if state.stop {
                        return;
                    }
                    state.latest = Some(sighting);
                    wake_main();
                    signal.wait_for(&mut state, interval);
                    if state.stop {
                        return;
                    }
                }
            })?;
        Ok(Scout { shared })
    }

    /// The latest sighting, once.
    pub fn take(&self) -> Option<Result<Sighting, Error>> {
        self.shared.0.lock().latest.take()
    }
}

impl Drop for Scout {
    fn drop(&mut self) {
        self.shared.0.lock().stop = true;
        self.shared.1.notify_all();
    }
}

fn look(client: &Client, topic: &str) -> Result<Sighting, Error> {
    let description = client.describe(topic, PATIENCE)?;
    let watermarks = description
        .partitions
        .iter()
        .map(|&partition| {
            client
                .watermarks(topic, partition, PATIENCE)
                .map(|watermarks| (partition, watermarks))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Sighting {
        description,
        watermarks,
    })
}
