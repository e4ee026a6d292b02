//! Shared memory: what each worker and partition is doing now, for `starsink.status`. Nothing depends on it: what
//! must survive stands in the ledger.

use std::time::Duration;

use pgrx::PGRXSharedMemory;

use crate::server::shared::Shared;

/// Slots for workers: 0 is the steward's, then those of the ingest workers, as many as the setting's bound says,
/// the crawler's and the watch's.
pub const MAX_WORKERS: usize = 35;
/// The crawler's slot.
pub const CRAWLER: i32 = 33;
/// The slot of the watch: see [`crate::worker::steward::watch`].
pub const WATCH: i32 = 34;
/// How long the steward may be away from the alerts until somebody else looks after them. [unit: microseconds]
const LATE: i64 = 10_000_000;
/// Partitions that can be shown with live state; more are ingested but shown from the ledger only.
pub const MAX_PARTITIONS: usize = 512;

/// Text of fixed size: shared memory holds no pointers.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    len: u16,
    bytes: [u8; N],
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Text {
            len: 0,
            bytes: [0; N],
        }
    }
}

impl<const N: usize> Text<N> {
    /// Keeps as many whole characters as fit.
    pub fn set(&mut self, text: &str) {
        let len = text.floor_char_boundary(N.min(text.len()));
        self.bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        self.len = len as u16;
    }

    pub fn get(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

/// What a worker or a partition is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Stopped,
    Waiting,
    Connecting,
    Running,
    Paused,
    Retrying,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Stopped => "stopped",
            State::Waiting => "waiting",
            State::Connecting => "connecting",
            State::Running => "running",
            State::Paused => "paused",
            State::Retrying => "retrying",
        }
    }
}

/// One worker.
#[derive(Clone, Copy, Default)]
pub struct WorkerSlot {
    pub pid: i32,
    pub state: State,
    pub reason: Text<240>,
    pub last_error: Text<240>,
    /// When that was; microseconds since the Unix epoch, 0 for never.
    pub last_error_at: i64,
}

/// One partition.
#[derive(Clone, Copy, Default)]
pub struct PartitionSlot {
    pub in_use: bool,
    pub worker: i32,
    pub partition: i32,
    pub state: State,
    pub high_watermark: i64,
    pub topic: Text<250>,
    pub reason: Text<200>,
}

/// One file being ingested.
#[derive(Clone, Copy, Default)]
pub struct FileSlot {
    pub pid: i32,
    pub bytes_processed: i64,
    pub bytes_total: i64,
    pub received: i64,
    pub loaded: i64,
    pub quarantined: i64,
    pub path: Text<240>,
}

/// Files whose progress can be shown at a time; more are ingested all the same.
const MAX_FILES: usize = 16;

#[derive(Clone, Copy)]
pub struct Board {
    /// When the steward last began a round, on the system's own clock; 0 for never.
    round_at: i64,
    pub workers: [WorkerSlot; MAX_WORKERS],
    pub partitions: [PartitionSlot; MAX_PARTITIONS],
    pub files: [FileSlot; MAX_FILES],
}

impl Default for Board {
    fn default() -> Self {
        Board {
            round_at: 0,
            workers: [WorkerSlot::default(); MAX_WORKERS],
            partitions: [PartitionSlot::default(); MAX_PARTITIONS],
            files: [FileSlot::default(); MAX_FILES],
        }
    }
}

// SAFETY: plain data without pointers.
unsafe impl PGRXSharedMemory for Board {}

impl Board {
    fn worker(&mut self, worker: i32) -> Option<&mut WorkerSlot> {
        self.workers.get_mut(usize::try_from(worker).ok()?)
    }
}

/// The board. Attached only if the library was preloaded: see [`is_attached`].
pub static BOARD: Shared<Board> = Shared::new(c"starsink_board");

/// Whether this server preloaded the library, and so has the board.
pub fn is_attached() -> bool {
    PRELOADED.load(std::sync::atomic::Ordering::Relaxed)
}

pub static PRELOADED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Says what a worker is doing; true if that is news.
pub fn report(worker: i32, state: State, reason: &str) -> bool {
    let is_news = BOARD.change(|board| {
        let slot = board.worker(worker)?;
        let before = (slot.state, slot.reason);
        slot.state = state;
        slot.reason.set(reason);
        Some(before.0 != state || before.1.get() != slot.reason.get())
    });
    is_news.flatten().unwrap_or(false)
}

pub fn report_error(worker: i32, error: &str) {
    BOARD.change(|board| {
        if let Some(slot) = board.worker(worker) {
            slot.last_error.set(error);
            slot.last_error_at = chrono::Utc::now().timestamp_micros();
        }
    });
}

/// Says which partitions a worker has, each with its state, high watermark (-1 unknown) and reason.
pub fn report_partitions(worker: i32, topic: &str, partitions: &[(i32, State, i64, &str)]) {
    BOARD.change(|board| {
        for slot in &mut board.partitions {
            if slot.in_use && slot.worker == worker {
                slot.in_use = slot.topic.get() == topic
                    && partitions
                        .iter()
                        .any(|(partition, ..)| *partition == slot.partition);
            }
        }
        for &(partition, state, high_watermark, reason) in partitions {
            let slots = &mut board.partitions;
            let at = slots
                .iter()
                .position(|slot| {
                    slot.in_use && slot.partition == partition && slot.topic.get() == topic
                })
                .or_else(|| slots.iter().position(|slot| !slot.in_use));
            let Some(at) = at else { return };
            let slot = &mut slots[at];
            if !slot.in_use {
                slot.topic.set(topic);
                slot.high_watermark = -1;
            }
            slot.in_use = true;
            slot.worker = worker;
            slot.partition = partition;
            slot.state = state;
            if high_watermark >= 0 {
                slot.high_watermark = high_watermark;
            }
            slot.reason.set(reason);
        }
    });
}

/// A worker is gone, or has nothing any more.
pub fn clear(worker: i32, pid: i32) {
    BOARD.change(|board| {
        for slot in &mut board.partitions {
            slot.in_use &= slot.worker != worker;
        }
        if let Some(slot) = board.worker(worker) {
            slot.pid = pid;
            if pid == 0 {
                slot.state = State::Stopped;
                slot.reason.set("");
            }
        }
    });
}

/// The steward begins a round: alerts come first in it.
pub fn begin_round() {
    let now = monotonic();
    BOARD.change(|board| board.round_at = now);
}

/// Whether the steward was there and has not begun a round for long.
pub fn steward_is_late() -> bool {
    let round_at = BOARD.read(|board| board.round_at).unwrap_or(0);
    round_at != 0 && monotonic() - round_at > LATE
}

/// Microseconds on the clock that nobody sets and all processes share.
fn monotonic() -> i64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: fills in a struct of ours.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32).as_micros() as i64
}

/// The process that holds a worker's slot; 0 for none.
pub fn pid_of(worker: i32) -> i32 {
    let pid = BOARD.read(|board| Some(board.workers.get(usize::try_from(worker).ok()?)?.pid));
    pid.flatten().unwrap_or(0)
}

/// Asks the server for the board's memory. Called while the library is preloaded.
pub fn attach() {
    use pgrx::prelude::*;
    pgrx::pg_shmem_init!(BOARD);
    PRELOADED.store(true, std::sync::atomic::Ordering::Relaxed);
}

/// Progress of a file on the board, until dropped. A process that dies leaves its row, which the view leaves out.
pub struct Progress(Option<usize>);

impl Progress {
    pub fn begin(path: &str, bytes_total: i64) -> Progress {
        let pid = std::process::id() as i32;
        let place = BOARD.change(|board| {
            let free = board
                .files
                .iter()
                .position(|slot| slot.pid == pid)
                .or_else(|| board.files.iter().position(|slot| slot.pid == 0))?;
            board.files[free] = FileSlot {
                pid,
                bytes_total,
                ..FileSlot::default()
            };
            board.files[free].path.set(path);
            Some(free)
        });
        Progress(place.flatten())
    }

    pub fn report(&self, bytes_processed: i64, received: i64, loaded: i64, quarantined: i64) {
        self.change(|slot| {
            (
                slot.bytes_processed,
                slot.received,
                slot.loaded,
                slot.quarantined,
            ) = (bytes_processed, received, loaded, quarantined);
        });
    }

    fn change(&self, alter: impl FnOnce(&mut FileSlot)) {
        if let Some(index) = self.0 {
            BOARD.change(|board| alter(&mut board.files[index]));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.change(|slot| slot.pid = 0);
    }
}
