//! Prepared SQL, the one way to it: planned once per process, executed with values that never become part of the text.
//! Columns count from 1, as parameters do.
//!
//! What writes gets its transaction's id from the server; what only looks costs none, and no commit record.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ffi::{CString, c_char};

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys;
use pgrx::{FromDatum, IntoDatum};
use starsink_core::time::POSTGRES_EPOCH;

use super::failure::Failure;

/// Rows fetched at one go from a snapshot.
const PORTION: i64 = 10_000;

/// What a statement sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// What this transaction did and what others have committed by now.
    Now,
    /// The snapshot of whoever asks: what a report sees of the aggregates and what it sees of the facts are of one
    /// moment. Rows come in portions, so that no result stands in memory whole.
    Snapshot,
}

/// The values of a statement's parameters, as the server takes them.
#[derive(Default)]
struct Given {
    datums: Vec<pg_sys::Datum>,
    nulls: Vec<c_char>,
}

/// One statement, prepared at its first use.
pub struct Statement {
    sql: Cow<'static, str>,
    types: Vec<pg_sys::Oid>,
    sight: Sight,
    plan: OnceCell<pg_sys::SPIPlanPtr>,
}

impl Statement {
    /// Sees what this transaction did and what others have committed by now.
    pub fn new(sql: impl Into<Cow<'static, str>>, types: &[pg_sys::Oid]) -> Statement {
        Statement {
            sql: sql.into(),
            types: types.to_vec(),
            sight: Sight::Now,
            plan: OnceCell::new(),
        }
    }

    /// A SELECT with the snapshot of whoever asks.
    pub fn of_snapshot(sql: &'static str, types: &[pg_sys::Oid]) -> Statement {
        let mut statement = Statement::new(sql, types);
        statement.sight = Sight::Snapshot;
        statement
    }

    /// Executes it for its effect.
    pub fn run(&self, values: &[DatumWithOid<'_>]) -> Result<(), Failure> {
        self.each(values, |_| Ok(()))
    }

    /// Executes it and takes the first row, if there is one.
    pub fn first<R>(
        &self,
        values: &[DatumWithOid<'_>],
        read: impl Fn(&Row<'_>) -> Result<R, Failure>,
    ) -> Result<Option<R>, Failure> {
        let mut first = None;
        self.each(values, |row| {
            if first.is_none() {
                first = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(first)
    }

    /// Executes it and hands each row to `row`.
    pub fn each(
        &self,
        values: &[DatumWithOid<'_>],
        row: impl FnMut(&Row<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut given = Given::default();
        for value in values {
            let datum = value.datum().map(|datum| datum.sans_lifetime());
            given
                .nulls
                .push(if datum.is_some() { b' ' } else { b'n' } as c_char);
            given.datums.push(datum.unwrap_or(pg_sys::Datum::from(0)));
        }
        // SAFETY: main thread, inside a transaction with an active snapshot. An error of the server unwinds to the
        // transaction's guard, which closes what was opened here.
        unsafe {
            if pg_sys::SPI_connect() != pg_sys::SPI_OK_CONNECT as i32 {
                return Err(Failure::sql("executing", "SPI cannot connect"));
            }
            let outcome = match self.sight {
                Sight::Now => self.execute(given, row),
                Sight::Snapshot => self.fetch(given, row),
            };
            pg_sys::SPI_finish();
            outcome
        }
    }

    unsafe fn execute(
        &self,
        mut given: Given,
        mut row: impl FnMut(&Row<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        // SAFETY: connected to SPI; as many values as the plan has parameters.
        unsafe {
            let plan = self.plan()?;
            let code = pg_sys::SPI_execute_plan(
                plan,
                given.datums.as_mut_ptr(),
                given.nulls.as_ptr(),
                false,
                0,
            );
            if code < 0 {
                return Err(Failure::sql("executing", &self.sql));
            }
            hand_out(&mut row)
        }
    }

    unsafe fn fetch(
        &self,
        mut given: Given,
        mut row: impl FnMut(&Row<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        // SAFETY: as above.
        unsafe {
            let plan = self.plan()?;
            let portal = pg_sys::SPI_cursor_open(
                std::ptr::null(),
                plan,
                given.datums.as_mut_ptr(),
                given.nulls.as_ptr(),
                true,
            );
            loop {
                pg_sys::SPI_cursor_fetch(portal, true, PORTION as _);
                if pg_sys::SPI_processed == 0 {
                    break;
                }
                hand_out(&mut row)?;
            }
            pg_sys::SPI_cursor_close(portal);
        }
        Ok(())
    }

    unsafe fn plan(&self) -> Result<pg_sys::SPIPlanPtr, Failure> {
        if let Some(&plan) = self.plan.get() {
            return Ok(plan);
        }
        let sql = CString::new(&*self.sql).map_err(|error| Failure::sql("preparing", error))?;
        let mut types = self.types.clone();
        // SAFETY: connected to SPI; the plan is kept for the life of the process.
        unsafe {
            let plan = pg_sys::SPI_prepare(sql.as_ptr(), types.len() as i32, types.as_mut_ptr());
            if plan.is_null() || pg_sys::SPI_keepplan(plan) != 0 {
                return Err(Failure::sql("preparing", &self.sql));
            }
            Ok(*self.plan.get_or_init(|| plan))
        }
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        if let Some(plan) = self.plan.take() {
            // SAFETY: kept by us, and in use by nobody any more.
            unsafe { pg_sys::SPI_freeplan(plan) };
        }
    }
}

/// Hands out the rows of SPI's last result, if it has rows, and frees it.
unsafe fn hand_out(row: &mut impl FnMut(&Row<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
    // SAFETY: connected to SPI; the table is this level's own, and nobody else frees it.
    unsafe {
        let (count, table) = (pg_sys::SPI_processed, pg_sys::SPI_tuptable);
        if table.is_null() {
            return Ok(());
        }
        let descriptor = (*table).tupdesc;
        let columns = usize::try_from((*descriptor).natts).unwrap_or(0);
        let mut fields = vec![pg_sys::Datum::from(0); columns];
        let mut absent = vec![false; columns];
        for place in 0..count as usize {
            pg_sys::heap_deform_tuple(
                *(*table).vals.add(place),
                descriptor,
                fields.as_mut_ptr(),
                absent.as_mut_ptr(),
            );
            row(&Row {
                descriptor,
                fields: &fields,
                absent: &absent,
            })?;
        }
        pg_sys::SPI_freetuptable(table);
    }
    Ok(())
}

/// Executes a text of several statements that has no values and no result: a script of ours.
pub fn script(sql: &str) -> Result<(), Failure> {
    pgrx::spi::Spi::run(sql).map_err(Failure::from)
}

/// One row; columns count from 1.
pub struct Row<'a> {
    descriptor: pg_sys::TupleDesc,
    fields: &'a [pg_sys::Datum],
    absent: &'a [bool],
}

impl Row<'_> {
    /// A value that cannot be NULL.
    pub fn get<T: FromDatum + IntoDatum>(&self, column: usize) -> Result<T, Failure> {
        self.optional(column)?
            .ok_or_else(|| Failure::sql("reading a row", "unexpected NULL"))
    }

    /// A value; `None` where it is NULL.
    pub fn optional<T: FromDatum + IntoDatum>(&self, column: usize) -> Result<Option<T>, Failure> {
        // SAFETY: the descriptor is that of the row's table; the type is looked at before the value is read.
        unsafe {
            if column == 0
                || column > self.fields.len()
                || !T::is_compatible_with(pg_sys::SPI_gettypeid(self.descriptor, column as i32))
            {
                return Err(Failure::sql("reading a row", "another type than expected"));
            }
            Ok(T::from_datum(
                self.fields[column - 1],
                self.absent[column - 1],
            ))
        }
    }

    // Below, for what is read by the million: each caller names the type its SELECT has there.

    pub fn int(&self, column: usize) -> i32 {
        self.fields[column - 1].value() as i32
    }

    pub fn big(&self, column: usize) -> i64 {
        self.fields[column - 1].value() as i64
    }

    pub fn bool(&self, column: usize) -> bool {
        self.fields[column - 1].value() & 1 == 1
    }

    /// A timestamptz in microseconds since the Unix epoch.
    pub fn time(&self, column: usize) -> i64 {
        self.big(column).saturating_add(POSTGRES_EPOCH)
    }

    pub fn optional_time(&self, column: usize) -> Option<i64> {
        (!self.absent[column - 1]).then(|| self.time(column))
    }

    /// A text; empty where it is NULL.
    pub fn text(&self, column: usize) -> &str {
        self.bytes_of(column).unwrap_or("")
    }

    fn bytes_of(&self, column: usize) -> Option<&str> {
        // SAFETY: see above.
        unsafe { FromDatum::from_datum(self.fields[column - 1], self.absent[column - 1]) }
    }
}
