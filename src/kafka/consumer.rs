//! Assigned partitions and their messages. Partitions are assigned by hand, from offsets the database keeps; the
//! group exists only so that the broker can show how far we are.

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings as rd;

use crate::kafka::client::{Client, Error};
use crate::kafka::topic::c_string;

const OK: rd::rd_kafka_resp_err_t = rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;

/// One message, borrowed from librdkafka.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub partition: i32,
    pub offset: i64,
    /// Milliseconds since the Unix epoch, by the producer's or the broker's clock as the topic says; -1 if none.
    pub time_ms: i64,
    pub key: Option<&'a [u8]>,
    /// `None`: a tombstone.
    pub payload: Option<&'a [u8]>,
}

/// What a fetch brings.
#[derive(Debug)]
pub enum Fetched<'a> {
    Record(Record<'a>),
    /// Everything below this offset has been read, control records and gaps included.
    End {
        partition: i32,
        offset: i64,
    },
    /// The offset asked for is not there: trimmed, or the topic is another one.
    OutOfRange,
    /// A failure of one partition or of the connection.
    Failed {
        partition: i32,
        error: Error,
    },
}

/// A client with partitions assigned to it.
pub struct Consumer {
    /// Keeps the handle alive while its queue is in use.
    _client: Arc<Client>,
    queue: *mut rd::rd_kafka_queue_t,
    buffer: Vec<*mut rd::rd_kafka_message_t>,
    /// How many messages of the buffer are already handed out.
    given: usize,
}

// SAFETY: librdkafka's queue may be served from any one thread; so may what waits in the buffer.
unsafe impl Send for Consumer {}

/// Messages taken from librdkafka at one go, at most.
const FETCH: usize = 1000;

impl Consumer {
    /// Starts to fetch the partitions of `topic` from the offsets given.
    pub fn assign(
        client: Arc<Client>,
        topic: &str,
        positions: &[(i32, i64)],
    ) -> Result<Consumer, Error> {
        let name = c_string(topic)?;
        // SAFETY: the list is destroyed after assign() has copied it; the queue is released in drop().
        unsafe {
            let list =
                rd::rd_kafka_topic_partition_list_new(i32::try_from(positions.len()).unwrap_or(0));
            for &(partition, offset) in positions {
                (*rd::rd_kafka_topic_partition_list_add(list, name.as_ptr(), partition)).offset =
                    offset;
            }
            let code = rd::rd_kafka_assign(client.handle, list);
            rd::rd_kafka_topic_partition_list_destroy(list);
            if code != OK {
                return Err(Error::of(code, "assigning partitions"));
            }
            let queue = rd::rd_kafka_queue_get_consumer(client.handle);
            Ok(Consumer {
                _client: client,
                queue,
                buffer: Vec::with_capacity(FETCH),
                given: 0,
            })
        }
    }

    /// Waits for the first message, takes what else is there, and hands each to `sink`, until that says it has enough: the rest
    /// waits for the next call.
    pub fn fetch(&mut self, timeout: Duration, mut sink: impl FnMut(Fetched<'_>) -> bool) {
        if self.given == self.buffer.len() {
            self.refill(timeout);
        }
        while let Some(&message) = self.buffer.get(self.given) {
            self.given += 1;
            // SAFETY: the message is ours until destroyed, and what `sink` borrows ends with the call.
            let goes_on = unsafe {
                let goes_on = sink(fetched(&*message));
                rd::rd_kafka_message_destroy(message);
                goes_on
            };
            if !goes_on {
                return;
            }
        }
    }

    fn refill(&mut self, timeout: Duration) {
        self.buffer.clear();
        self.given = 0;
        // SAFETY: the queue is live; librdkafka writes at most FETCH pointers into the buffer's capacity.
        unsafe {
            let wait = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
            let first = rd::rd_kafka_consume_queue(self.queue, wait);
            if first.is_null() {
                return;
            }
            self.buffer.push(first);
            let rest = rd::rd_kafka_consume_batch_queue(
                self.queue,
                0,
                self.buffer.as_mut_ptr().add(1),
                FETCH - 1,
            );
            self.buffer.set_len(1 + usize::try_from(rest).unwrap_or(0));
        }
    }

    /// Copies offsets to the broker's group, for lag tools; failures do not matter and show up as notices.
    pub fn show_offsets(client: &Client, topic: &str, positions: &[(i32, i64)]) {
        let Ok(name) = c_string(topic) else { return };
        // SAFETY: the list is copied by the asynchronous commit before it is destroyed.
        unsafe {
            let list =
                rd::rd_kafka_topic_partition_list_new(i32::try_from(positions.len()).unwrap_or(0));
            for &(partition, offset) in positions {
                (*rd::rd_kafka_topic_partition_list_add(list, name.as_ptr(), partition)).offset =
                    offset;
            }
            rd::rd_kafka_commit(client.handle, list, 1);
            rd::rd_kafka_topic_partition_list_destroy(list);
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // SAFETY: messages that nobody took, and the reference taken in assign().
        unsafe {
            for &message in &self.buffer[self.given..] {
                rd::rd_kafka_message_destroy(message);
            }
            rd::rd_kafka_queue_destroy(self.queue);
        }
    }
}

unsafe fn fetched(message: &rd::rd_kafka_message_t) -> Fetched<'_> {
    use rd::rd_kafka_resp_err_t as code;
    let partition = message.partition;
    match message.err {
        code::RD_KAFKA_RESP_ERR_NO_ERROR => {
            let mut kind = rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
            // SAFETY: the message is live; payload and key point to `len` bytes or are NULL.
            unsafe {
                Fetched::Record(Record {
                    partition,
                    offset: message.offset,
                    time_ms: rd::rd_kafka_message_timestamp(message, &mut kind),
                    key: bytes(message.key, message.key_len),
                    payload: bytes(message.payload, message.len),
                })
            }
        }
        code::RD_KAFKA_RESP_ERR__PARTITION_EOF => Fetched::End {
            partition,
            offset: message.offset,
        },
        code::RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET
        | code::RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE => Fetched::OutOfRange,
        other => Fetched::Failed {
            partition,
            error: Error::of(other, "fetching"),
        },
    }
}

unsafe fn bytes<'a>(start: *const std::ffi::c_void, len: usize) -> Option<&'a [u8]> {
    // SAFETY: the caller's message holds `len` bytes at `start`.
    (!start.is_null()).then(|| unsafe { slice::from_raw_parts(start.cast(), len) })
}
