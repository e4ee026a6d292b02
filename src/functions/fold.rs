//! Folding, called from SQL: by the steward's job, and by hand.

use std::cell::RefCell;

use pgrx::prelude::*;

use crate::fold::write::Folder;
use crate::server::failure::Failure;
use crate::server::transaction;
use crate::settings::Settings;

thread_local! {
    static FOLDER: RefCell<Option<Folder>> = const { RefCell::new(None) };
}

fn with_folder(work: impl FnOnce(&mut Folder, chrono_tz::Tz) -> Result<i64, Failure>) -> i64 {
    let zone = Settings::current().policy.time_zone;
    let outcome = transaction::without_triggers(|| {
        FOLDER.with_borrow_mut(|folder| work(folder.get_or_insert_with(Folder::new), zone))
    });
    match outcome {
        Ok(events) => events,
        Err(failure) => failure.raise(),
    }
}

/// Folds committed events into sessions, orders and aggregates; returns how many.
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn fold() -> i64 {
    with_folder(|folder, zone| folder.fold(zone, false))
}

/// Makes sessions, orders and aggregates anew from the facts; returns how many events were folded.
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn rebuild_aggregates() -> i64 {
    with_folder(|folder, zone| {
        folder.reset()?;
        folder.fold(zone, true)
    })
}
