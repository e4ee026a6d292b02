//! starsink: a Kafka topic of shop events as a live star schema inside PostgreSQL, exactly once.
//!
//! # Layout: each module uses only those listed above it
//! - [`starsink_core`] what needs no server: messages, sessions, aggregates, pages
//! - [`server`]    what everything needs of PostgreSQL: transactions, statements, failures
//! - [`kafka`]     the broker: the only place that names librdkafka
//! - [`settings`]  every GUC, and what a worker takes of them at a moment
//! - [`manifest`]  every SQL file: whose it is, and in which order it runs
//! - [`layout`]    the tables of the warehouse
//! - [`load`]      a batch's transaction: keys, facts, quarantine, ledger
//! - [`fold`]      committed batches into sessions, orders and aggregates
//! - [`worker`]    the processes that join them
//! - [`functions`] what SQL calls

mod fold;
mod functions;
mod kafka;
mod layout;
mod load;
mod manifest;
mod server;
mod settings;
mod worker;

use pgrx::prelude::*;

/// Allocator of the Rust code; the server and librdkafka have their own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pgrx::pg_module_magic!();

/// Called by the server when it loads the library.
#[pg_guard]
pub extern "C-unwind" fn _PG_init() {
    server::failure::keep_backtraces_from_clients();
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
