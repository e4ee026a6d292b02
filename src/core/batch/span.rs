//! What was received of one partition in one batch.

use super::Origin;

/// A stretch of one partition: the offsets `first..next`, and what became of the messages in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub partition: i32,
    /// The committed position the stretch begins at; offsets may be missing after it.
    pub first: i64,
    /// The position after it.
    pub next: i64,
    pub received: i64,
    pub duplicates: i64,
    pub dropped: i64,
    pub quarantined: i64,
    /// Timestamp of the last message that has one, milliseconds since the Unix epoch; -1 if none has.
    pub latest_ms: i64,
}

impl Span {
    pub fn new(partition: i32, position: i64) -> Span {
        Span {
            partition,
            first: position,
            next: position,
            received: 0,
            duplicates: 0,
            dropped: 0,
            quarantined: 0,
            latest_ms: -1,
        }
    }

    pub fn receive(&mut self, origin: &Origin<'_>) {
        self.received += 1;
        self.next = origin.offset + 1;
        if origin.time_ms >= 0 {
            self.latest_ms = origin.time_ms;
        }
    }

    /// Messages that became rows.
    pub fn loaded(&self) -> i64 {
        self.received - self.duplicates - self.dropped - self.quarantined
    }
}
