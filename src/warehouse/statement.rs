//! Prepared SQL: planned once per process, executed with values that never become part of the text. What writes gets
//! its transaction's id from the server; what only looks costs none, and no commit record.

use std::cell::OnceCell;

use pgrx::datum::DatumWithOid;
use pgrx::spi::{OwnedPreparedStatement, Spi, SpiTupleTable};
use pgrx::{PgOid, pg_sys};

use crate::error::Failure;

/// One statement, prepared at its first use.
pub struct Statement {
    sql: String,
    types: Vec<PgOid>,
    prepared: OnceCell<OwnedPreparedStatement>,
}

impl Statement {
    pub fn new(sql: impl Into<String>, types: &[pg_sys::Oid]) -> Statement {
        Statement {
            sql: sql.into(),
            types: types.iter().map(|&oid| PgOid::from(oid)).collect(),
            prepared: OnceCell::new(),
        }
    }

    /// Executes it and hands each row to `row`.
    pub fn each(
        &self,
        values: &[DatumWithOid<'_>],
        mut row: impl FnMut(&SpiTupleTable<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        Spi::connect(|client| {
            let prepared = match self.prepared.get() {
                Some(prepared) => prepared,
                None => {
                    let prepared = client.prepare_mut(self.sql.as_str(), &self.types)?.keep();
                    self.prepared.get_or_init(|| prepared)
                }
            };
            // Prepared to write, it sees what this transaction did and what others have committed by now. pgrx's
            // `update` would take a transaction id beforehand, whether or not anything is written.
            let mut table = client.select(prepared, None, values)?;
            while table.next().is_some() {
                row(&table)?;
            }
            Ok(())
        })
    }

    /// Executes it for its effect.
    pub fn run(&self, values: &[DatumWithOid<'_>]) -> Result<(), Failure> {
        self.each(values, |_| Ok(()))
    }
}

/// A column that cannot be NULL.
pub fn get<T: pgrx::FromDatum + pgrx::IntoDatum>(
    row: &SpiTupleTable<'_>,
    column: usize,
) -> Result<T, Failure> {
    row.get(column)?
        .ok_or_else(|| Failure::sql("reading a row", "unexpected NULL"))
}
