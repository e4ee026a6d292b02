//! Shared memory: how each job stands now, for `starsink.jobs`. Nothing depends on it; the steward keeps its own
//! account and writes here what of it changed.

use chrono::{DateTime, Utc};
use pgrx::PGRXSharedMemory;

use crate::server::shared::Shared;
use crate::worker::state::Text;

/// Jobs that can be shown with live state; more run all the same.
const MAX_JOBS: usize = 64;

/// How a job stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JobState {
    #[default]
    Idle,
    Running,
    Failed,
    Waiting,
    Disabled,
}

impl JobState {
    pub fn name(self) -> &'static str {
        match self {
            JobState::Idle => "idle",
            JobState::Running => "running",
            JobState::Failed => "failed",
            JobState::Waiting => "waiting",
            JobState::Disabled => "disabled",
        }
    }
}

/// One job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub name: String,
    pub state: JobState,
    pub last_run: Option<DateTime<Utc>>,
    pub next_run: Option<DateTime<Utc>>,
    /// Failures in a row.
    pub attempts: i32,
    pub last_error: String,
    pub last_error_at: Option<DateTime<Utc>>,
}

/// A run by hand that failed, for the steward to write down: what the run itself wrote was rolled back with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub name: String,
    /// Microseconds since the Unix epoch.
    pub began: i64,
    pub error: String,
    pub triggered_by: String,
}

/// Notes that wait at a time; of more, the newest.
const MAX_NOTES: usize = 16;

#[derive(Clone, Copy, Default)]
struct NoteSlot {
    database: u32,
    began: i64,
    name: Text<64>,
    error: Text<400>,
    triggered_by: Text<64>,
}

/// The same as plain data; times in microseconds since the Unix epoch, 0 for none.
#[derive(Clone, Copy, Default)]
struct Slot {
    name: Text<64>,
    state: JobState,
    last_run: i64,
    next_run: i64,
    attempts: i32,
    last_error: Text<400>,
    last_error_at: i64,
}

#[derive(Clone, Copy)]
pub struct JobBoard {
    count: usize,
    slots: [Slot; MAX_JOBS],
    noted: usize,
    notes: [NoteSlot; MAX_NOTES],
}

impl Default for JobBoard {
    fn default() -> Self {
        JobBoard {
            count: 0,
            slots: [Slot::default(); MAX_JOBS],
            noted: 0,
            notes: [NoteSlot::default(); MAX_NOTES],
        }
    }
}

// SAFETY: plain data without pointers.
unsafe impl PGRXSharedMemory for JobBoard {}

/// The board. Attached only if the library was preloaded.
static JOBS: Shared<JobBoard> = Shared::new(c"starsink_jobs");

/// Asks the server for the board's memory. Called while the library is preloaded.
pub fn attach() {
    use pgrx::prelude::*;
    pgrx::pg_shmem_init!(JOBS);
}

/// Puts these jobs on the board, and nothing else.
pub fn show<'a>(entries: impl Iterator<Item = &'a Standing>) {
    let micros = |time: Option<DateTime<Utc>>| time.map_or(0, |time| time.timestamp_micros());
    JOBS.change(|board| {
        board.count = 0;
        for (place, entry) in entries.take(MAX_JOBS).enumerate() {
            let slot = &mut board.slots[place];
            slot.name.set(&entry.name);
            slot.state = entry.state;
            slot.last_run = micros(entry.last_run);
            slot.next_run = micros(entry.next_run);
            slot.attempts = entry.attempts;
            slot.last_error.set(&entry.last_error);
            slot.last_error_at = micros(entry.last_error_at);
            board.count = place + 1;
        }
    });
}

/// What is on the board.
pub fn all() -> Vec<Standing> {
    let time = |micros: i64| DateTime::from_timestamp_micros(micros).filter(|_| micros != 0);
    let entries = JOBS.read(|board| {
        board.slots[..board.count]
            .iter()
            .map(|slot| Standing {
                name: slot.name.get().to_owned(),
                state: slot.state,
                last_run: time(slot.last_run),
                next_run: time(slot.next_run),
                attempts: slot.attempts,
                last_error: slot.last_error.get().to_owned(),
                last_error_at: time(slot.last_error_at),
            })
            .collect()
    });
    entries.unwrap_or_default()
}

/// Leaves a note with the steward of this database.
pub fn leave(note: &Note) {
    JOBS.change(|board| {
        if board.noted == MAX_NOTES {
            board.notes.rotate_left(1);
            board.noted -= 1;
        }
        let slot = &mut board.notes[board.noted];
        slot.database = this_database();
        slot.began = note.began;
        slot.name.set(&note.name);
        slot.error.set(&note.error);
        slot.triggered_by.set(&note.triggered_by);
        board.noted += 1;
    });
}

/// Takes the notes that were left in this database. Those of others have no steward to wait for.
pub fn take() -> Vec<Note> {
    let notes = JOBS.change(|board| {
        let notes = &board.notes[..board.noted];
        let mine = notes.iter().filter(|slot| slot.database == this_database());
        let taken: Vec<Note> = mine
            .map(|slot| Note {
                name: slot.name.get().to_owned(),
                began: slot.began,
                error: slot.error.get().to_owned(),
                triggered_by: slot.triggered_by.get().to_owned(),
            })
            .collect();
        board.noted = 0;
        taken
    });
    notes.unwrap_or_default()
}

fn this_database() -> u32 {
    // SAFETY: a plain global of this process.
    u32::from(unsafe { pgrx::pg_sys::MyDatabaseId })
}
