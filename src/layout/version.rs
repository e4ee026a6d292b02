//! Which lay-out a warehouse has, and the steps from one to the next: see `sql/upgrade`.

use pgrx::pg_sys;

use crate::manifest::STEPS;
use crate::server::catalog::has_relation;
use crate::server::failure::Failure;
use crate::server::statement::{Statement, script};
use crate::server::transaction;

/// The lay-out of this library.
const OURS: i32 = STEPS[STEPS.len() - 1].0;

/// How a warehouse stands to this library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    Absent,
    /// It has this lay-out, which this library knows how to bring forward.
    Older(i32),
    Current,
    /// It has this lay-out, of which this library knows nothing.
    Newer(i32),
    /// It has this lay-out, but something of it was dropped.
    Incomplete,
    /// It is a superuser's, as after a restore that left the owners out, and to be taken over first.
    Unowned,
}

/// Looks, as the warehouse's owner.
pub fn stand() -> Result<Stand, Failure> {
    if !super::exists() {
        return Ok(Stand::Absent);
    }
    if !has_relation(c"layout") {
        return Ok(Stand::Older(1));
    }
    let is_ours = Statement::new(
        "SELECT c.relowner = 'starsink_worker'::pg_catalog.regrole FROM pg_catalog.pg_class AS c \
         WHERE c.oid = pg_catalog.to_regclass('starsink.layout')",
        &[],
    );
    if is_ours.first(&[], |row| row.get(1))? != Some(true) {
        return Ok(Stand::Unowned);
    }
    let version = transaction::as_writer(|| {
        Statement::new(
            "SELECT COALESCE(pg_catalog.max(version), 1) FROM starsink.layout",
            &[],
        )
        .first(&[], |row| row.get::<i32>(1))
    })?;
    Ok(match version.unwrap_or(1) {
        OURS if super::is_incomplete()? => Stand::Incomplete,
        OURS => Stand::Current,
        older if older < OURS => Stand::Older(older),
        newer => Stand::Newer(newer),
    })
}

/// An error for a warehouse that this library must not touch.
pub fn refuse_newer(stand: Stand) -> Result<(), Failure> {
    match stand {
        Stand::Newer(version) => Err(Failure::layout_newer(version, OURS)),
        _ => Ok(()),
    }
}

/// Takes the steps that are missing, as the warehouse's owner.
pub fn bring_forward(stand: Stand) -> Result<(), Failure> {
    let Stand::Older(version) = stand else {
        return Ok(());
    };
    STEPS
        .iter()
        .filter(|&&(to, _)| to > version)
        .try_for_each(|&(to, step)| {
            script(step)
                .map_err(|failure| Failure::sql(&format!("upgrading to lay-out {to}"), failure))
        })
}

/// Writes down what the warehouse has now, as its owner; says in the log what it had.
pub fn note(stand: Stand) -> Result<(), Failure> {
    Statement::new(
        "INSERT INTO starsink.layout (version, software_version) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        &[pg_sys::INT4OID, pg_sys::TEXTOID],
    )
    .run(&[OURS.into(), env!("CARGO_PKG_VERSION").into()])?;
    if let Stand::Older(version) = stand {
        pgrx::log!("starsink: the warehouse was brought from lay-out {version} to {OURS}");
    }
    Ok(())
}
