//! Transactions of a worker, and sub-transactions. A failure inside is a value outside; whatever was begun is ended.

use std::ffi::CStr;
use std::panic::AssertUnwindSafe;

use pgrx::PgTryBuilder;
use pgrx::pg_sys;

use crate::server::failure::Failure;
use crate::server::process::leave_without_postmaster;

/// Role that owns the warehouse and writes to it.
pub const WRITER: &CStr = c"starsink_worker";

/// Runs `body` in a transaction of its own and commits; any failure aborts it. `activity` is what
/// pg_stat_activity shows meanwhile. A worker's session is the superuser's, but whatever it reads or writes of the
/// warehouse it does as the warehouse's owner: whoever could change a table could else run code as the superuser.
pub fn run<R>(activity: &CStr, body: impl FnOnce() -> Result<R, Failure>) -> Result<R, Failure> {
    run_as_superuser(activity, || as_writer(body))
}

/// The same with the rights of the session: for the server's own catalogs, and to lay the warehouse out.
pub fn run_as_superuser<R>(
    activity: &CStr,
    body: impl FnOnce() -> Result<R, Failure>,
) -> Result<R, Failure> {
    // A failure is often followed by another try: without a postmaster there shall be none.
    leave_without_postmaster();
    let outcome = guarded(|| {
        // SAFETY: main thread of a connected worker, outside any transaction.
        unsafe {
            pg_sys::SetCurrentStatementStartTimestamp();
            pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_RUNNING, activity.as_ptr());
            pg_sys::StartTransactionCommand();
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        }
        let result = body()?;
        // SAFETY: ends what was begun above.
        unsafe {
            pg_sys::PopActiveSnapshot();
            pg_sys::CommitTransactionCommand();
        }
        Ok(result)
    });
    // SAFETY: after an error, whatever is left of the transaction is rolled back; the rest is bookkeeping.
    unsafe {
        if outcome.is_err() {
            pg_sys::AbortCurrentTransaction();
        }
        #[cfg(any(feature = "pg13", feature = "pg14"))]
        pg_sys::pgstat_report_stat(false);
        #[cfg(not(any(feature = "pg13", feature = "pg14")))]
        let _ = pg_sys::pgstat_report_stat(false);
        pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_IDLE, std::ptr::null());
    }
    outcome
}

/// Runs `body` in a sub-transaction: it is kept if `body` succeeds and undone if it fails.
pub fn sub<R>(body: impl FnOnce() -> Result<R, Failure>) -> Result<R, Failure> {
    // SAFETY: inside a transaction, as PL/pgSQL's exception blocks do it.
    unsafe {
        let (context, owner) = (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner);
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::MemoryContextSwitchTo(context);
        let outcome = guarded(|| {
            let result = body()?;
            pg_sys::ReleaseCurrentSubTransaction();
            Ok(result)
        });
        if outcome.is_err() {
            pg_sys::MemoryContextSwitchTo(context);
            pg_sys::RollbackAndReleaseCurrentSubTransaction();
        }
        pg_sys::MemoryContextSwitchTo(context);
        pg_sys::CurrentResourceOwner = owner;
        outcome
    }
}

/// Takes in what was asked of the process meanwhile: a cancelled statement is a failure, an ended session ends here.
pub fn interrupted() -> Result<(), Failure> {
    sub(|| {
        pgrx::check_for_interrupts!();
        Ok(())
    })
}

/// Runs `body`; an error of the server comes back as a [`Failure`]. The caller must end the transaction or
/// sub-transaction that the error left behind.
fn guarded<R>(body: impl FnOnce() -> Result<R, Failure>) -> Result<R, Failure> {
    PgTryBuilder::new(AssertUnwindSafe(body))
        .catch_others(|error| Err(Failure::from(error)))
        .catch_rust_panic(|error| Err(Failure::from(error)))
        .execute()
}

/// Runs `body` as the role that owns the warehouse, confined as for a maintenance command: what tables' triggers do
/// is done with that role's rights. An abort restores the user by itself.
pub fn as_writer<R>(body: impl FnOnce() -> Result<R, Failure>) -> Result<R, Failure> {
    let (mut user, mut context) = (pg_sys::InvalidOid, 0);
    // SAFETY: plain getters and setters of the session's user.
    unsafe {
        let writer = pg_sys::get_role_oid(WRITER.as_ptr(), true);
        if writer == pg_sys::InvalidOid {
            return Err(Failure::role_missing());
        }
        pg_sys::GetUserIdAndSecContext(&mut user, &mut context);
        pg_sys::SetUserIdAndSecContext(
            writer,
            context
                | (pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION)
                    as i32,
        );
    }
    let outcome = body();
    // SAFETY: back to the user from above.
    unsafe { pg_sys::SetUserIdAndSecContext(user, context) };
    outcome
}

/// Runs `body` with the rights it has, but not confined as [`as_writer`] confines: it may make temporary tables. For
/// functions of ours that run as their owner. An abort restores the context by itself.
pub fn unconfined<R>(body: impl FnOnce() -> Result<R, Failure>) -> Result<R, Failure> {
    let (mut user, mut context) = (pg_sys::InvalidOid, 0);
    // SAFETY: plain getters and setters of the session's user.
    unsafe {
        pg_sys::GetUserIdAndSecContext(&mut user, &mut context);
        let freed = context & !(pg_sys::SECURITY_RESTRICTED_OPERATION as i32);
        pg_sys::SetUserIdAndSecContext(user, freed);
    }
    let outcome = body();
    // SAFETY: back to the context from above.
    unsafe { pg_sys::SetUserIdAndSecContext(user, context) };
    outcome
}

/// Runs `body` with the triggers off that a worker's session has off: keys were looked up in the same transaction.
/// Setting that needs a superuser, which the owner of our functions is not. An abort undoes it by itself.
pub fn without_triggers<R>(body: impl FnOnce() -> Result<R, Failure>) -> Result<R, Failure> {
    // SAFETY: a known setting with a valid value, undone at the end of the nesting level that is begun here.
    let level = unsafe {
        let level = pg_sys::NewGUCNestLevel();
        pg_sys::set_config_option(
            c"session_replication_role".as_ptr(),
            c"replica".as_ptr(),
            pg_sys::GucContext::PGC_SUSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
        level
    };
    let outcome = body();
    // SAFETY: the level from above.
    unsafe { pg_sys::AtEOXact_GUC(true, level) };
    outcome
}
