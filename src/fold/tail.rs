//! The tail: what is committed and not folded yet, folded in memory for a report, with the report's own snapshot. All
//! calls of one statement share what the first of them computed. Its memory is bounded, and given back when the
//! transaction ends.

use std::cell::RefCell;
use std::ffi::CStr;

use chrono_tz::Tz;
use pgrx::pg_sys;

use crate::fold::budget::Budget;
use crate::fold::change::Change;
use crate::fold::state::State;
use crate::fold::{Reader, rows};
use crate::server::failure::Failure;
use starsink_core::aggregate::cells::{At, Cell, Value};
use starsink_core::aggregate::contribution::Members;
use starsink_core::aggregate::tables::{TABLES, row};
use starsink_core::time::calendar::Calendar;

/// What tells one moment from another: the snapshot, and the command within the transaction.
type Moment = (u32, u32, u32, Vec<u32>, Vec<u32>);

struct Tail {
    moment: Moment,
    state: State,
    change: Change,
    /// The cells of each table.
    cells: Vec<Vec<(At, Cell)>>,
}

#[derive(Default)]
struct Desk {
    reader: Option<Reader>,
    tail: Option<Tail>,
}

thread_local! {
    static DESK: RefCell<Desk> = RefCell::default();
}

/// Settings of the server that make its plans look rows up, whatever the statistics say: the tail is small.
const PLANS: [(&CStr, &CStr); 5] = [
    (c"enable_seqscan", c"off"),
    (c"enable_hashjoin", c"off"),
    (c"enable_mergejoin", c"off"),
    (c"plan_cache_mode", c"force_generic_plan"),
    (c"jit", c"off"),
];

/// What a report asks the tail for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Cells of the aggregate at this place of [`TABLES`].
    Cells(usize),
    Sessions,
    Orders,
    /// Keys of the sessions and orders that the tail changes.
    SessionsReplaced,
    OrdersReplaced,
}

impl Part {
    /// The part that adds to this table of the warehouse, or takes its place.
    pub fn of(table: &str, is_replaced: bool) -> Option<Part> {
        match (table, is_replaced) {
            ("fact_session", false) => Some(Part::Sessions),
            ("fact_session", true) => Some(Part::SessionsReplaced),
            ("fact_order", false) => Some(Part::Orders),
            ("fact_order", true) => Some(Part::OrdersReplaced),
            (name, false) => {
                let name = name.strip_prefix("agg_")?;
                let place = TABLES.iter().position(|table| table.name == name)?;
                Some(Part::Cells(place))
            }
            _ => None,
        }
    }

    /// Columns of the table, as [`each`] gives their values. Those that are not among them are NULL.
    pub fn columns(self) -> Vec<&'static str> {
        match self {
            Part::Cells(place) => TABLES[place].names().collect(),
            Part::Sessions => rows::SESSION.into_iter().chain(["is_bounce"]).collect(),
            Part::Orders => rows::ORDER.to_vec(),
            Part::SessionsReplaced => vec!["device_key", "is_bot", "session_start"],
            Part::OrdersReplaced => vec!["order_id"],
        }
    }
}

/// Hands the rows of a part of the tail to `put`, value by value in the order of its columns.
pub fn each(
    part: Part,
    zone: Tz,
    mut put: impl FnMut(&[Value<'_>]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    DESK.with_borrow_mut(|desk| {
        let moment = moment();
        if desk.tail.as_ref().is_none_or(|tail| tail.moment != moment) {
            desk.tail = None;
            release_at_the_end();
            let reader = desk.reader.get_or_insert_with(Reader::new);
            reader.budget = Budget::new(crate::settings::tail_memory());
            desk.tail = Some(compute(reader, zone, moment)?);
        }
        let (Some(tail), Some(reader)) = (&mut desk.tail, &desk.reader) else {
            return Ok(());
        };
        let fold_id = tail.state.fold_id + 1;
        let mut calendar = Calendar::new(tail.state.zone);
        let change = &tail.change;
        match part {
            Part::Sessions => change.sessions.iter().try_for_each(|new| {
                let mut values = rows::session(new, fold_id, &mut calendar);
                // Readers call this, and may not see addresses.
                values[rows::LANDING_PAGE] = Value::Null;
                values.push(Value::Bool(values[rows::ENGAGED] == Value::Bool(false)));
                put(&values)
            }),
            Part::SessionsReplaced => {
                let mut gone = change.sessions_gone.iter();
                gone.try_for_each(|&((device, is_bot), start)| {
                    put(&[Value::Int(device), Value::Bool(is_bot), Value::Time(start)])
                })
            }
            Part::Orders => {
                let mut orders = change.orders.iter();
                orders.try_for_each(|order| put(&rows::order(order, fold_id, &mut calendar)))
            }
            Part::OrdersReplaced => {
                let mut gone = change.orders_gone.iter();
                gone.try_for_each(|id| put(&[Value::Text(id)]))
            }
            Part::Cells(place) => {
                let texts = &reader.directory.members.texts;
                tail.cells[place].iter_mut().try_for_each(|(at, cell)| {
                    row(at, cell, fold_id, texts, &mut String::new())
                        .map_or(Ok(()), |values| put(&values))
                })
            }
        }
    })
}

/// The zone that aggregates are cut in.
pub fn zone(setting: Tz) -> Result<Tz, Failure> {
    DESK.with_borrow_mut(|desk| {
        Ok(desk
            .reader
            .get_or_insert_with(Reader::new)
            .state(setting)?
            .zone)
    })
}

/// Whether all batches up to this number are folded.
pub fn is_folded_up_to(number: i64, setting: Tz) -> Result<bool, Failure> {
    DESK.with_borrow_mut(|desk| {
        let reader = desk.reader.get_or_insert_with(Reader::new);
        Ok(reader.state(setting)?.folded.floor() >= number)
    })
}

fn compute(reader: &mut Reader, zone: Tz, moment: Moment) -> Result<Tail, Failure> {
    let plans = Plans::set();
    let state = reader.state(zone)?;
    let mut calendar = Calendar::new(state.zone);
    let late = reader.states.late(&state.folded)?;
    let settled = state.folded.settled(&late.batches, late.rolled_up);
    let mut change = reader.change(&state, settled, i64::MAX, &mut calendar)?;
    drop(plans);
    let mut cells: Vec<Vec<(At, Cell)>> = TABLES.iter().map(|_| Vec::new()).collect();
    for (at, cell) in std::mem::take(&mut change.cells.0) {
        cells[at.2.table()].push((at, cell));
    }
    Ok(Tail {
        moment,
        state,
        change,
        cells,
    })
}

/// What is not worth giving back to the system.
const LITTLE: usize = 8 << 20;

/// Has the tail's memory freed when the transaction ends, by commit or abort.
fn release_at_the_end() {
    thread_local! {
        static REGISTERED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    }
    if !REGISTERED.replace(true) {
        // SAFETY: callbacks that live as long as the library, which is never unloaded.
        unsafe {
            pg_sys::RegisterXactCallback(Some(release), std::ptr::null_mut());
            pg_sys::RegisterSubXactCallback(Some(forget), std::ptr::null_mut());
        }
    }
}

/// What a sub-transaction wrote is gone with it, though the snapshot after it looks like that before.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn forget(
    event: pg_sys::SubXactEvent::Type,
    _own: pg_sys::SubTransactionId,
    _parent: pg_sys::SubTransactionId,
    _argument: *mut std::ffi::c_void,
) {
    if event == pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB {
        DESK.with(|desk| {
            if let Ok(mut desk) = desk.try_borrow_mut() {
                desk.tail = None;
            }
        });
    }
}

/// Calls nothing of the server, as it may be in the middle of an abort.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn release(
    event: pg_sys::XactEvent::Type,
    _argument: *mut std::ffi::c_void,
) {
    use pg_sys::XactEvent::{XACT_EVENT_ABORT, XACT_EVENT_COMMIT, XACT_EVENT_PREPARE};
    if !matches!(
        event,
        XACT_EVENT_COMMIT | XACT_EVENT_ABORT | XACT_EVENT_PREPARE
    ) {
        return;
    }
    DESK.with(|desk| {
        let Ok(mut desk) = desk.try_borrow_mut() else {
            return;
        };
        desk.tail = None;
        let Some(reader) = &mut desk.reader else {
            return;
        };
        let used = std::mem::replace(&mut reader.budget, Budget::unlimited()).used();
        if used > LITTLE {
            reader.directory.members = Members::default();
            give_back();
        }
    });
}

/// Both allocators keep what was freed, ours and the server's: for a session that waits for its next report it is too much.
fn give_back() {
    // Of the allocator that the library is built with.
    unsafe extern "C" {
        fn mi_collect(force: bool);
    }
    // SAFETY: returns free memory to the system, of this thread's heap.
    unsafe { mi_collect(true) };
    #[cfg(target_env = "gnu")]
    // SAFETY: the same for the C library's.
    unsafe {
        libc::malloc_trim(0)
    };
}

fn moment() -> Moment {
    // SAFETY: main thread; a statement has an active snapshot, whose arrays are as long as it says.
    unsafe {
        let snapshot = &*pg_sys::GetActiveSnapshot();
        let ids = |start: *const pg_sys::TransactionId, count: usize| -> Vec<u32> {
            (0..count).map(|place| xid(*start.add(place))).collect()
        };
        (
            xid(snapshot.xmin),
            xid(snapshot.xmax),
            snapshot.curcid,
            ids(snapshot.xip, snapshot.xcnt as usize),
            ids(
                snapshot.subxip,
                usize::try_from(snapshot.subxcnt).unwrap_or(0),
            ),
        )
    }
}

fn xid(id: pg_sys::TransactionId) -> u32 {
    id.into()
}

/// The settings above, until dropped; an error on the way leaves them to the transaction's end.
struct Plans(i32);

impl Plans {
    fn set() -> Plans {
        // SAFETY: known settings with valid values, undone at the nesting level's end.
        unsafe {
            let level = pg_sys::NewGUCNestLevel();
            for (name, value) in PLANS {
                pg_sys::set_config_option(
                    name.as_ptr(),
                    value.as_ptr(),
                    pg_sys::GucContext::PGC_USERSET,
                    pg_sys::GucSource::PGC_S_SESSION,
                    pg_sys::GucAction::GUC_ACTION_SAVE,
                    true,
                    0,
                    false,
                );
            }
            Plans(level)
        }
    }
}

impl Drop for Plans {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: the level begun above.
            unsafe { pg_sys::AtEOXact_GUC(true, self.0) }
        }
    }
}
