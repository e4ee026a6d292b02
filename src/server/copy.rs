//! PostgreSQL's own COPY machinery, fed from memory in its binary format: partition routing, indexes, constraints
//! and triggers come with it, as in logical replication's first copy of a table.

use std::cell::RefCell;
use std::ffi::{CString, c_int, c_void};

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::server::failure::Failure;

/// What the callback has still to hand out: pieces of memory that outlive the COPY.
#[derive(Default)]
struct Pieces {
    pieces: Vec<(*const u8, usize)>,
    piece: usize,
    offset: usize,
}

impl Pieces {
    fn read(&mut self, out: *mut u8, room: usize) -> usize {
        let mut written = 0;
        while written < room {
            let Some(&(start, len)) = self.pieces.get(self.piece) else {
                break;
            };
            let step = (len - self.offset).min(room - written);
            // SAFETY: within the piece and within the buffer, by the two minima above.
            unsafe {
                std::ptr::copy_nonoverlapping(start.add(self.offset), out.add(written), step)
            };
            written += step;
            self.offset += step;
            if self.offset == len {
                self.piece += 1;
                self.offset = 0;
            }
        }
        written
    }
}

thread_local! {
    /// COPY's callback takes no argument of ours, so the source of the COPY under way stands here.
    static SOURCE: RefCell<Pieces> = RefCell::default();
}

#[pg_guard]
unsafe extern "C-unwind" fn read_source(out: *mut c_void, _min: c_int, max: c_int) -> c_int {
    SOURCE.with_borrow_mut(|source| source.read(out.cast(), usize::try_from(max).unwrap_or(0)))
        as c_int
}

/// Copies a stream of the binary COPY format, given in pieces, into `warehouse.<table>`. Errors of the server come
/// as panics, to be caught by the (sub-)transaction around it.
pub fn copy_in(table: &str, columns: &[&str], pieces: &[&[u8]]) -> Result<u64, Failure> {
    SOURCE.set(Pieces {
        pieces: pieces
            .iter()
            .map(|piece| (piece.as_ptr(), piece.len()))
            .collect(),
        piece: 0,
        offset: 0,
    });
    let name = CString::new(table).map_err(|error| Failure::sql("naming a table", error))?;
    // SAFETY: inside a transaction on the main thread. Everything allocated lives in the transaction's memory; an
    // error unwinds to the caller's guard, which rolls back and releases the relation.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"warehouse".as_ptr(), true);
        let oid = pg_sys::get_relname_relid(name.as_ptr(), schema);
        if oid == pg_sys::InvalidOid {
            return Err(Failure::warehouse_missing());
        }
        let relation = pg_sys::table_open(oid, pg_sys::RowExclusiveLock as pg_sys::LOCKMODE);
        let state = pg_sys::make_parsestate(std::ptr::null_mut());
        pg_sys::addRangeTableEntryForRelation(
            state,
            relation,
            pg_sys::RowExclusiveLock as c_int,
            std::ptr::null_mut(),
            false,
            false,
        );
        let copy = begin(state, relation, names(columns), binary());
        let rows = pg_sys::CopyFrom(copy);
        pg_sys::EndCopyFrom(copy);
        pg_sys::free_parsestate(state);
        pg_sys::table_close(relation, pg_sys::NoLock as pg_sys::LOCKMODE);
        pg_sys::CommandCounterIncrement();
        Ok(rows)
    }
}

#[cfg(feature = "pg13")]
unsafe fn begin(
    state: *mut pg_sys::ParseState,
    relation: pg_sys::Relation,
    columns: *mut pg_sys::List,
    options: *mut pg_sys::List,
) -> pg_sys::CopyState {
    // SAFETY: arguments as BeginCopyFrom wants them.
    unsafe {
        pg_sys::BeginCopyFrom(
            state,
            relation,
            std::ptr::null(),
            false,
            Some(read_source),
            columns,
            options,
        )
    }
}

#[cfg(not(feature = "pg13"))]
unsafe fn begin(
    state: *mut pg_sys::ParseState,
    relation: pg_sys::Relation,
    columns: *mut pg_sys::List,
    options: *mut pg_sys::List,
) -> pg_sys::CopyFromState {
    // SAFETY: arguments as BeginCopyFrom wants them.
    unsafe {
        pg_sys::BeginCopyFrom(
            state,
            relation,
            std::ptr::null_mut(),
            std::ptr::null(),
            false,
            Some(read_source),
            columns,
            options,
        )
    }
}

unsafe fn string(value: &str) -> *mut c_void {
    let value = CString::new(value).unwrap_or_default();
    // SAFETY: makeString keeps the copy made in the current memory context.
    unsafe { pg_sys::makeString(pg_sys::pstrdup(value.as_ptr())).cast() }
}

unsafe fn names(columns: &[&str]) -> *mut pg_sys::List {
    // SAFETY: appends nodes of the current memory context.
    columns
        .iter()
        .fold(std::ptr::null_mut(), |list, column| unsafe {
            pg_sys::lappend(list, string(column))
        })
}

unsafe fn binary() -> *mut pg_sys::List {
    // SAFETY: as above.
    unsafe {
        let name = pg_sys::pstrdup(c"format".as_ptr());
        let option = pg_sys::makeDefElem(name, string("binary").cast(), -1);
        pg_sys::lappend(std::ptr::null_mut(), option.cast())
    }
}
