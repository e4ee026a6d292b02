//! Versions of dimension members, as merges change them beside ingestion. A batch resolves its keys, then takes the
//! shared lock, then looks whether a merge was committed since its keys were remembered: if so, it begins again. A
//! merge takes the same lock exclusively before it re-keys the facts that are there, so no fact can slip through
//! between with a key of the version before.

use crate::server::failure::Failure;
use crate::server::statement::Statement;

/// Changes with every merge that made versions and every erasure, in the order of their commits.
pub const GENERATION: &str =
    "SELECT COALESCE(pg_catalog.max(merge_id), 0) FROM starsink.merge_history WHERE versioned > 0";

pub struct Versions {
    lock: Statement,
    generation: Statement,
    /// The merges that are behind the remembered keys.
    known: Option<i64>,
}

impl Versions {
    pub fn new() -> Versions {
        Versions {
            lock: Statement::new(
                "SELECT pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtext('starsink.versions'), 0)",
                &[],
            ),
            generation: Statement::new(GENERATION, &[]),
            known: None,
        }
    }

    pub fn forget(&mut self) {
        self.known = None;
    }

    /// Before keys are resolved: what is resolved from now on is at least this new.
    pub fn begin(&mut self) -> Result<(), Failure> {
        if self.known.is_none() {
            self.known = Some(self.current()?);
        }
        Ok(())
    }

    /// After keys are resolved: from here to the end of the transaction no version can change. False if one has
    /// already: what is remembered is void, and the transaction must end before anything is resolved again, as a
    /// merge may be waiting for its lock with a member that this batch would wait for.
    pub fn hold(&mut self) -> Result<bool, Failure> {
        self.lock.run(&[])?;
        let is_same = self.known == Some(self.current()?);
        if !is_same {
            self.forget();
        }
        Ok(is_same)
    }

    fn current(&self) -> Result<i64, Failure> {
        let mut generation = 0;
        self.generation.each(&[], |row| {
            generation = row.get(1)?;
            Ok(())
        })?;
        Ok(generation)
    }
}
