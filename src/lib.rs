//! starsink: a Kafka topic of shop events as a live star schema inside PostgreSQL, exactly once.
//!
//! # Layout, in the order the data flows
//! - [`settings`]  every GUC, and what a worker takes of them at a moment
//! - [`kafka`]     the broker: the only place that names librdkafka
//! - [`starsink_core`] what needs no server: messages, sessions, aggregates, pages
//! - [`warehouse`] the transaction: keys, facts, quarantine, ledger; main thread only
//! - [`worker`]    the processes that join them
//! - [`functions`] what SQL calls
//! - [`error`]     failures, and how they become the server's errors

mod error;
mod functions;
mod kafka;
mod settings;
mod warehouse;
mod worker;

use pgrx::prelude::*;

/// For what Rust allocates; the server's and librdkafka's memory is their own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pgrx::pg_module_magic!();

/// Called by the server when it loads the library.
#[pg_guard]
pub extern "C-unwind" fn _PG_init() {
    error::keep_backtraces_from_clients();
    settings::register();
    // SAFETY: plain globals of the server.
    let (is_preloading, is_upgrading) = unsafe {
        (
            pg_sys::process_shared_preload_libraries_in_progress,
            pg_sys::IsBinaryUpgrade,
        )
    };
    if is_preloading {
        worker::state::attach();
        worker::job_board::attach();
        if !is_upgrading {
            worker::launcher::register();
        }
    }
}
