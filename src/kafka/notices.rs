//! What librdkafka has to say. Its threads only queue lines here; whoever owns the log takes them out.

use std::collections::VecDeque;

use parking_lot::Mutex;

/// Longest queue of lines; the oldest go first.
const CAPACITY: usize = 64;

/// A line or an error of librdkafka.
#[derive(Clone, Debug)]
pub struct Notice {
    /// True for an error of the connection (unreachable, refused), false for a log line.
    pub is_error: bool,
    /// librdkafka's name of the error, such as `_TRANSPORT`, or the log's facility, such as `FAIL`.
    pub kind: String,
    pub text: String,
}

/// A bounded queue between librdkafka's threads and ours.
#[derive(Default)]
pub struct Notices(Mutex<VecDeque<Notice>>);

impl Notices {
    pub fn push(&self, notice: Notice) {
        let mut queue = self.0.lock();
        if queue.len() == CAPACITY {
            queue.pop_front();
        }
        queue.push_back(notice);
    }

    pub fn take(&self) -> Vec<Notice> {
        self.0.lock().drain(..).collect()
    }
}
