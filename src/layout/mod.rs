//! The tables: made by one idempotent script, owned by the database and not by the extension, so that DROP EXTENSION
//! never drops an event and pg_dump carries them like any others.
//!
//! A superuser makes the schemas and nothing else: the script runs as the warehouse's owner, so that nothing that lies
//! in its way can gain a superuser's rights. What another role laid there is refused.
//!
//! # Layout
//! - [`version`]   which lay-out a warehouse has, and the steps between them
//! - [`inventory`] their names

pub mod inventory;
pub mod version;

use pgrx::pg_sys;

use crate::manifest;
use crate::server::catalog::has_relation;
use crate::server::failure::Failure;
use crate::server::statement::{Statement, script};
use crate::server::transaction;
use inventory::Laid;
use version::Stand;

/// What a superuser does for it.
const SCHEMA: &str = include_str!("../../sql/base/schema.sql");
/// What lies there and belongs to somebody else.
const STRANGERS: &str = include_str!("../../sql/base/strangers.sql");
/// What a superuser owns that is the warehouse's, as after a restore that left the owners out.
const ADOPTED: &str = include_str!("../../sql/base/adopted.sql");
/// What is not there.
const MISSING: &str = include_str!("../../sql/base/missing.sql");

/// Texts are written as the UTF-8 they came in, which is the only encoding that holds them all.
pub fn require_utf8() -> Result<(), Failure> {
    // SAFETY: plain getters of the connected database; the name is a terminated string that lasts.
    let encoding = unsafe {
        if pgrx::pg_sys::GetDatabaseEncoding() == pgrx::pg_sys::pg_enc::PG_UTF8 as i32 {
            return Ok(());
        }
        std::ffi::CStr::from_ptr(pgrx::pg_sys::GetDatabaseEncodingName())
    };
    Err(Failure::not_utf8(&encoding.to_string_lossy()))
}

/// Everything that the script lays out.
pub fn inventory() -> Vec<Laid> {
    manifest::warehouse()
        .flat_map(|(_, script)| inventory::laid(script))
        .chain(inventory::live())
        .collect()
}

/// Lays out what is missing, or brings an older lay-out forward. Runs with the rights of a superuser.
pub fn create() -> Result<(), Failure> {
    require_utf8()?;
    refuse_strangers()?;
    run("the schemas", SCHEMA)?;
    adopt()?;
    let stand = version::stand()?;
    version::refuse_newer(stand)?;
    transaction::as_writer(|| {
        version::bring_forward(stand)?;
        manifest::warehouse().try_for_each(|(name, script)| run(name, script))?;
        version::note(stand)
    })
}

fn run(name: &str, text: &str) -> Result<(), Failure> {
    script(text).map_err(|failure| Failure::sql(&format!("laying out {name}"), failure))
}

/// An error that names what another role laid in the warehouse's place, or hung on its tables. It reads the server's
/// catalogs alone.
pub fn refuse_strangers() -> Result<(), Failure> {
    let mut found = None;
    of(&inventory(), STRANGERS, |row| {
        found = Some(Failure::laid_by_another(
            &row.get::<String>(1)?,
            &row.get::<String>(2)?,
            &row.get::<String>(3)?,
        ));
        Ok(())
    })?;
    found.map_or(Ok(()), Err)
}

/// Gives what superusers own of it to its owner, and what an earlier lay-out had of it elsewhere.
fn adopt() -> Result<(), Failure> {
    let mut statements: Vec<String> = Vec::new();
    let laid: Vec<Laid> = inventory().into_iter().chain(inventory::former()).collect();
    of(&laid, ADOPTED, |row| {
        statements.push(row.get(1)?);
        Ok(())
    })?;
    statements
        .iter()
        .try_for_each(|statement| run("the owner", statement))
}

/// Whether something of it is missing.
fn is_incomplete() -> Result<bool, Failure> {
    let mut missing = false;
    of(&inventory(), MISSING, |_| {
        missing = true;
        Ok(())
    })?;
    Ok(missing)
}

/// Executes a query whose parameters are kinds, schemas and names of objects.
fn of(
    laid: &[Laid],
    sql: &'static str,
    row: impl FnMut(&crate::server::statement::Row<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let texts = |of: fn(&Laid) -> &str| laid.iter().map(of).collect::<Vec<_>>();
    Statement::new(sql, &[pg_sys::TEXTARRAYOID; 3]).each(
        &[
            texts(|laid| laid.kind).into(),
            texts(|laid| laid.schema).into(),
            texts(|laid| &laid.name).into(),
        ],
        row,
    )
}

/// Whether a warehouse is there: it is laid out in one transaction, so one of its tables tells.
pub fn exists() -> bool {
    has_relation(c"quarantine")
}

/// Lays out under a lock: of several workers that find nothing, an older lay-out or something missing, one does the work.
pub fn create_once() -> Result<(), Failure> {
    lock()?;
    match version::stand()? {
        Stand::Current => Ok(()),
        _ => create(),
    }
}

/// Lays out under the same lock, whether or not something is there.
pub fn create_once_more() -> Result<(), Failure> {
    lock()?;
    create()
}

fn lock() -> Result<(), Failure> {
    script(
        "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('starsink.create_warehouse'))",
    )?;
    // Waiting for an advisory lock does not tell the caches what its holder committed meanwhile.
    // SAFETY: inside a transaction, as at the start of every statement.
    unsafe { pgrx::pg_sys::AcceptInvalidationMessages() };
    Ok(())
}
