//! This session's loader: made at the first use, for ingestion from SQL.

use std::cell::RefCell;

use pgrx::prelude::*;

use crate::layout;
use crate::load::Loader;
use crate::load::knowledge::Knowledge;
use crate::server::failure::Failure;
use crate::server::statement::script;
use crate::settings::Settings;
use crate::worker::partition_maker;
use starsink_core::batch::Frame;
use starsink_core::event::reader::Reader;

/// Keys that a session remembers per dimension; sessions come and go, so few.
const CACHE_ENTRIES: usize = 10_000;

/// Natural keys are hashed within one process, and only its own operator feeds it: any seed will do.
const SEED: u64 = 0x5eed;

thread_local! {
    static LOADER: RefCell<Option<Loader>> = const { RefCell::new(None) };
    /// Its caches, and the database of countries, are worth keeping from call to call.
    static READER: RefCell<Option<Reader>> = const { RefCell::new(None) };
}

/// What the batches of one call share.
pub struct Call {
    pub frame: Frame,
    pub reader: Reader,
}

impl Call {
    /// The settings of now, for messages of `topic`.
    pub fn new(topic: &str) -> Result<Call, Failure> {
        if !layout::exists() {
            // By its SQL name: it runs with the rights of a superuser, which the caller's owner has not.
            script("SELECT starsink.create_warehouse()")?;
        }
        let policy = Knowledge::current()?.complete(Settings::current().policy);
        let mut reader = match READER.take() {
            Some(reader) if *reader.policy() == policy => reader,
            _ => Reader::new(policy),
        };
        if let Some(warning) = reader.refresh() {
            warning!("starsink.geoip_database: {warning}");
        }
        let frame = Frame::new(topic, reader.policy(), SEED);
        Ok(Call { frame, reader })
    }

    /// Keeps the reader for the next call of the session.
    pub fn end(self) {
        READER.set(Some(self.reader));
    }
}

/// Runs `body` with the session's loader. An error inside drops it, as its plans may be half made.
pub fn with_loader<R>(body: impl FnOnce(&mut Loader) -> Result<R, Failure>) -> Result<R, Failure> {
    let mut loader = LOADER
        .take()
        .unwrap_or_else(|| Loader::new(CACHE_ENTRIES, Some(partition_maker::ask)));
    // Another session may have merged since, or this one rolled back.
    loader.forget_members();
    let result = body(&mut loader)?;
    LOADER.set(Some(loader));
    Ok(result)
}
