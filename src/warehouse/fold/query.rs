//! Reading with the snapshot of whoever asks: what a report sees of the aggregates and what it sees of the facts are of
//! one moment. Rows come in portions, so that no result stands in memory whole.

use starsink_core::time::POSTGRES_EPOCH;
use std::cell::OnceCell;
use std::ffi::CString;

use pgrx::pg_sys;
use pgrx::{FromDatum, IntoDatum};

use crate::error::Failure;

const PORTION: i64 = 10_000;

/// One prepared SELECT.
pub struct Query {
    sql: &'static str,
    types: &'static [pg_sys::Oid],
    plan: OnceCell<pg_sys::SPIPlanPtr>,
}

/// A parameter's value.
pub fn argument(value: impl IntoDatum) -> Option<pg_sys::Datum> {
    value.into_datum()
}

impl Query {
    pub const fn new(sql: &'static str, types: &'static [pg_sys::Oid]) -> Query {
        Query {
            sql,
            types,
            plan: OnceCell::new(),
        }
    }

    /// Executes it and hands each row to `row`.
    pub fn each(
        &self,
        arguments: &[Option<pg_sys::Datum>],
        mut row: impl FnMut(&Row<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut values: Vec<pg_sys::Datum> = arguments
            .iter()
            .map(|value| value.unwrap_or(pg_sys::Datum::from(0)))
            .collect();
        let nulls: Vec<std::ffi::c_char> = arguments
            .iter()
            .map(|value| if value.is_some() { b' ' } else { b'n' } as std::ffi::c_char)
            .collect();
        // SAFETY: main thread, inside a transaction with an active snapshot; an error of the server unwinds to the
        // transaction's guard, which closes what was opened here.
        unsafe {
            if pg_sys::SPI_connect() != pg_sys::SPI_OK_CONNECT as i32 {
                return Err(Failure::sql("reading", "SPI cannot connect"));
            }
            let plan = self.plan()?;
            let portal = pg_sys::SPI_cursor_open(
                std::ptr::null(),
                plan,
                values.as_mut_ptr(),
                nulls.as_ptr(),
                true,
            );
            loop {
                pg_sys::SPI_cursor_fetch(portal, true, PORTION as _);
                let count = pg_sys::SPI_processed;
                let table = pg_sys::SPI_tuptable;
                if count == 0 || table.is_null() {
                    break;
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
                        fields: &fields,
                        absent: &absent,
                    })?;
                }
                pg_sys::SPI_freetuptable(table);
            }
            pg_sys::SPI_cursor_close(portal);
            pg_sys::SPI_finish();
        }
        Ok(())
    }

    unsafe fn plan(&self) -> Result<pg_sys::SPIPlanPtr, Failure> {
        if let Some(&plan) = self.plan.get() {
            return Ok(plan);
        }
        let sql = CString::new(self.sql).map_err(|error| Failure::sql("preparing", error))?;
        let mut types = self.types.to_vec();
        // SAFETY: connected to SPI; the plan is kept for the life of the process.
        unsafe {
            let plan = pg_sys::SPI_prepare(sql.as_ptr(), types.len() as i32, types.as_mut_ptr());
            if plan.is_null() || pg_sys::SPI_keepplan(plan) != 0 {
                return Err(Failure::sql("preparing", self.sql));
            }
            Ok(*self.plan.get_or_init(|| plan))
        }
    }
}

/// One row; columns count from 0.
pub struct Row<'a> {
    fields: &'a [pg_sys::Datum],
    absent: &'a [bool],
}

impl Row<'_> {
    /// A value; `None` where it is NULL.
    pub fn get<T: FromDatum>(&self, column: usize) -> Option<T> {
        // SAFETY: every caller names the type its SELECT has there.
        unsafe { T::from_datum(self.fields[column], self.absent[column]) }
    }

    pub fn int(&self, column: usize) -> i32 {
        self.fields[column].value() as i32
    }

    pub fn big(&self, column: usize) -> i64 {
        self.fields[column].value() as i64
    }

    pub fn bool(&self, column: usize) -> bool {
        self.fields[column].value() & 1 == 1
    }

    /// A timestamptz in microseconds since the Unix epoch.
    pub fn time(&self, column: usize) -> i64 {
        self.big(column).saturating_add(POSTGRES_EPOCH)
    }

    pub fn optional_time(&self, column: usize) -> Option<i64> {
        (!self.absent[column]).then(|| self.time(column))
    }

    /// A text; empty where it is NULL.
    pub fn text(&self, column: usize) -> &str {
        self.get(column).unwrap_or("")
    }
}
