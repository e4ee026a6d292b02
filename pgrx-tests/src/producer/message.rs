//! What is sent: one message with every attribute a message has, and how batches of them are compressed.

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Compression {
    #[default]
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl Compression {
    pub const ALL: [Compression; 5] = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];

    /// As `compression.type` wants it.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Snappy => "snappy",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        }
    }
}

/// One message; what is not set is the producer's choice.
#[derive(Clone, Debug, Default)]
pub struct Message<'a> {
    key: Option<&'a [u8]>,
    payload: Option<&'a [u8]>,
    partition: Option<i32>,
    timestamp: Option<i64>,
    headers: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Message<'a> {
    pub fn new(payload: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Message {
            payload: Some(payload.as_ref()),
            ..Message::default()
        }
    }

    /// No payload: on a compacted topic, the deletion of the key.
    pub fn tombstone(key: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Message::default().key(key)
    }

    pub fn key(mut self, key: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.key = Some(key.as_ref());
        self
    }

    pub fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// Milliseconds since the epoch; else it is the time of sending.
    pub fn timestamp(mut self, millis: i64) -> Self {
        self.timestamp = Some(millis);
        self
    }

    pub fn header(mut self, name: &'a str, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.headers.push((name, value.as_ref()));
        self
    }

    pub(super) fn record(&self, topic: &'a str) -> BaseRecord<'a, [u8], [u8]> {
        let mut record = BaseRecord::to(topic);
        (record.key, record.payload) = (self.key, self.payload);
        (record.partition, record.timestamp) = (self.partition, self.timestamp);
        if !self.headers.is_empty() {
            let headers = OwnedHeaders::new_with_capacity(self.headers.len());
            let add = |headers: OwnedHeaders, &(key, value)| {
                headers.insert(Header {
                    key,
                    value: Some(value),
                })
            };
            record.headers = Some(self.headers.iter().fold(headers, add));
        }
        record
    }
}
