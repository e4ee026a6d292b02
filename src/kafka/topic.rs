//! Look-ups about a topic. Each asks the broker and waits, at most as long as it is told to; never call one inside
//! a transaction that holds locks.

use std::ffi::{CString, c_char, c_int};
use std::time::Duration;

use rdkafka::bindings as rd;

use crate::kafka::client::{Client, Error};
use crate::kafka::text::text;

/// A topic as the cluster describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Changes when a topic is deleted and created again; empty where the broker has no topic ids.
    pub id: String,
    pub partitions: Vec<i32>,
}

/// First and next offset of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    pub low: i64,
    pub high: i64,
}

const OK: rd::rd_kafka_resp_err_t = rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;

pub(super) fn c_string(value: &str) -> Result<CString, Error> {
    CString::new(value).map_err(|_| Error {
        code: None,
        text: "a topic name holds a NUL character".to_owned(),
    })
}

fn millis(timeout: Duration) -> c_int {
    c_int::try_from(timeout.as_millis()).unwrap_or(c_int::MAX)
}

impl Client {
    /// Partitions and id of a topic; `UnknownTopicOrPartition` if it is not there.
    pub fn describe(&self, topic: &str, timeout: Duration) -> Result<Description, Error> {
        let (broker, partitions) = self.partitions(topic, timeout)?;
        // Old brokers have no topic ids, and some proxies do not tell them: then a recreated topic is known by its
        // offsets only.
        let id = self
            .topic_id(topic, broker, timeout.min(Duration::from_secs(2)))
            .unwrap_or_default();
        Ok(Description { id, partitions })
    }

    /// A broker that answers, and the topic's partitions in order.
    fn partitions(&self, topic: &str, timeout: Duration) -> Result<(i32, Vec<i32>), Error> {
        let name = c_string(topic)?;
        // SAFETY: the topic object and the metadata are released here; what is read is copied before.
        unsafe {
            let object = rd::rd_kafka_topic_new(self.handle, name.as_ptr(), std::ptr::null_mut());
            if object.is_null() {
                return Err(Error::of(rd::rd_kafka_last_error(), LOOKING));
            }
            let mut metadata = std::ptr::null();
            let code =
                rd::rd_kafka_metadata(self.handle, 0, object, &mut metadata, millis(timeout));
            rd::rd_kafka_topic_destroy(object);
            if code != OK {
                return Err(Error::of(code, LOOKING));
            }
            let answer = listed(&*metadata);
            rd::rd_kafka_metadata_destroy(metadata);
            answer
        }
    }

    /// Kafka's id of the topic, asked of one broker: any knows it.
    fn topic_id(&self, topic: &str, broker: i32, timeout: Duration) -> Option<String> {
        let name = c_string(topic).ok()?;
        // SAFETY: each object made here is destroyed here; what is read from the event is copied before its end.
        unsafe {
            let queue = rd::rd_kafka_queue_new(self.handle);
            let mut names: [*const c_char; 1] = [name.as_ptr()];
            let topics =
                rd::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len());
            let options = rd::rd_kafka_AdminOptions_new(
                self.handle,
                rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
            );
            rd::rd_kafka_AdminOptions_set_request_timeout(
                options,
                millis(timeout),
                std::ptr::null_mut(),
                0,
            );
            rd::rd_kafka_AdminOptions_set_broker(options, broker, std::ptr::null_mut(), 0);
            rd::rd_kafka_DescribeTopics(self.handle, topics, options, queue);
            let event = rd::rd_kafka_queue_poll(queue, millis(timeout).saturating_add(500));
            let id = described(event);
            if !event.is_null() {
                rd::rd_kafka_event_destroy(event);
            }
            rd::rd_kafka_AdminOptions_destroy(options);
            rd::rd_kafka_TopicCollection_destroy(topics);
            rd::rd_kafka_queue_destroy(queue);
            id
        }
    }

    /// First and next offset of a partition, from its leader.
    pub fn watermarks(
        &self,
        topic: &str,
        partition: i32,
        timeout: Duration,
    ) -> Result<Watermarks, Error> {
        let name = c_string(topic)?;
        let (mut low, mut high) = (0, 0);
        // SAFETY: the out pointers live across the call.
        let code = unsafe {
            rd::rd_kafka_query_watermark_offsets(
                self.handle,
                name.as_ptr(),
                partition,
                &mut low,
                &mut high,
                millis(timeout),
            )
        };
        if code == OK {
            Ok(Watermarks { low, high })
        } else {
            Err(Error::of(code, "asking for a partition's offsets"))
        }
    }

    /// The high watermark as the last fetch told it; no question to the broker. `None` before the first fetch.
    pub fn known_high_watermark(&self, topic: &str, partition: i32) -> Option<i64> {
        let name = c_string(topic).ok()?;
        let (mut low, mut high) = (0, 0);
        // SAFETY: the out pointers live across the call.
        let code = unsafe {
            rd::rd_kafka_get_watermark_offsets(
                self.handle,
                name.as_ptr(),
                partition,
                &mut low,
                &mut high,
            )
        };
        (code == OK && high >= 0).then_some(high)
    }

    /// The first offset at or after a time (milliseconds since the Unix epoch); the high watermark if there is none.
    pub fn offset_at(
        &self,
        topic: &str,
        partition: i32,
        time_ms: i64,
        timeout: Duration,
    ) -> Result<i64, Error> {
        let name = c_string(topic)?;
        // SAFETY: the list and its only element live until destroyed below.
        let (code, found) = unsafe {
            let list = rd::rd_kafka_topic_partition_list_new(1);
            let entry = rd::rd_kafka_topic_partition_list_add(list, name.as_ptr(), partition);
            (*entry).offset = time_ms;
            let code = rd::rd_kafka_offsets_for_times(self.handle, list, millis(timeout));
            let found = ((*entry).err, (*entry).offset);
            rd::rd_kafka_topic_partition_list_destroy(list);
            (code, found)
        };
        for code in [code, found.0] {
            if code != OK {
                return Err(Error::of(code, "asking for the offset of a time"));
            }
        }
        if found.1 >= 0 {
            Ok(found.1)
        } else {
            self.watermarks(topic, partition, timeout)
                .map(|watermarks| watermarks.high)
        }
    }
}

const LOOKING: &str = "looking for the topic";

unsafe fn listed(metadata: &rd::rd_kafka_metadata) -> Result<(i32, Vec<i32>), Error> {
    let unknown = rd::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    // SAFETY: the arrays have the lengths that stand beside them.
    unsafe {
        let topics = entries(metadata.topics, metadata.topic_cnt);
        let topic = topics.first().ok_or_else(|| Error::of(unknown, LOOKING))?;
        if topic.err != OK {
            return Err(Error::of(topic.err, LOOKING));
        }
        let mut partitions: Vec<i32> = entries(topic.partitions, topic.partition_cnt)
            .iter()
            .map(|partition| partition.id)
            .collect();
        partitions.sort_unstable();
        Ok((metadata.orig_broker_id, partitions))
    }
}

unsafe fn entries<'a, T>(start: *const T, count: c_int) -> &'a [T] {
    if start.is_null() || count <= 0 {
        return &[];
    }
    // SAFETY: the caller's array holds `count` entries.
    unsafe { std::slice::from_raw_parts(start, count as usize) }
}

unsafe fn described(event: *mut rd::rd_kafka_event_t) -> Option<String> {
    // SAFETY: the event is live or NULL; every pointer below belongs to it.
    unsafe {
        if event.is_null() || rd::rd_kafka_event_error(event) != OK {
            return None;
        }
        let mut count = 0;
        let topics = rd::rd_kafka_DescribeTopics_result_topics(
            rd::rd_kafka_event_DescribeTopics_result(event),
            &mut count,
        );
        if count == 0 || topics.is_null() {
            return None;
        }
        let id = rd::rd_kafka_TopicDescription_topic_id(*topics);
        let known = !id.is_null()
            && (rd::rd_kafka_Uuid_most_significant_bits(id) != 0
                || rd::rd_kafka_Uuid_least_significant_bits(id) != 0);
        known.then(|| text(rd::rd_kafka_Uuid_base64str(id)))
    }
}
