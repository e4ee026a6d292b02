//! The tail: what is committed and not folded yet, folded in memory for a report, with the report's own snapshot. All
//! calls of one statement share what the first of them computed. Its memory is bounded, and given back when the
//! transaction ends.

use starsink_core::time::POSTGRES_EPOCH;
use std::cell::RefCell;
use std::ffi::CStr;

use chrono_tz::Tz;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::{AnyNumeric, IntoDatum, pg_sys};

use crate::fold::budget::Budget;
use crate::fold::change::Change;
use crate::fold::state::State;
use crate::fold::{Reader, rows};
use crate::server::failure::Failure;
use starsink_core::aggregate::cells::{At, Cell, TABLES, Value, row};
use starsink_core::aggregate::contribution::Members;
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

/// Hands the rows of a part of the tail to `put`, value by value in the order of its columns. `part` is the name of an
/// aggregate without `agg_`, or session, session_replaced, order, order_replaced.
pub fn each(part: &str, zone: Tz, mut put: impl FnMut(&[Value<'_>])) -> Result<(), Failure> {
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
        match part {
            "session" => tail.change.sessions.iter().for_each(|new| {
                let mut values = rows::session(new, fold_id, &mut calendar);
                // Readers call this, and may not see addresses.
                values[rows::LANDING_PAGE] = Value::Null;
                let is_bounce = values[rows::ENGAGED] == Value::Bool(false);
                values.insert(rows::ENGAGED + 1, Value::Bool(is_bounce));
                put(&values);
            }),
            "session_replaced" => {
                tail.change
                    .sessions_gone
                    .iter()
                    .for_each(|&((device, is_bot), start)| {
                        put(&[Value::Int(device), Value::Bool(is_bot), Value::Time(start)]);
                    })
            }
            "order" => tail
                .change
                .orders
                .iter()
                .for_each(|order| put(&rows::order(order, fold_id, &mut calendar))),
            "order_replaced" => tail
                .change
                .orders_gone
                .iter()
                .for_each(|id| put(&[Value::Text(id)])),
            name => {
                let place = TABLES.iter().position(|table| table.name == name);
                let place = place
                    .ok_or_else(|| Failure::sql("reading the tail", format!("no part {name}")))?;
                for (at, cell) in &mut tail.cells[place] {
                    let mut scratch = String::new();
                    if let Some(mut values) =
                        row(at, cell, &reader.directory.members.texts, &mut scratch)
                    {
                        values.insert(0, Value::Big(fold_id));
                        put(&values);
                    }
                }
            }
        }
        Ok(())
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

/// Has what a report needed let go of when the transaction ends, however it does.
fn release_at_the_end() {
    thread_local! {
        static REGISTERED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    }
    if !REGISTERED.replace(true) {
        // SAFETY: a callback that lives as long as the library, which is never unloaded.
        unsafe { pg_sys::RegisterXactCallback(Some(release), std::ptr::null_mut()) };
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

/// A value as the server's, in the current memory context.
pub fn datum(value: &Value<'_>) -> Result<Option<pg_sys::Datum>, Failure> {
    Ok(match value {
        Value::Null => None,
        Value::Small(value) => value.into_datum(),
        Value::Int(value) | Value::Date(value) => value.into_datum(),
        Value::Big(value) => value.into_datum(),
        Value::Bool(value) => value.into_datum(),
        Value::Text(value) => value.into_datum(),
        Value::Bytes(value) => value.as_slice().into_datum(),
        Value::Time(value) => TimestampWithTimeZone::try_from(value - POSTGRES_EPOCH)
            .map_err(|_| Failure::sql("converting a time", "out of range"))?
            .into_datum(),
        Value::Numeric(value, decimals) => numeric(*value, *decimals)?.into_datum(),
        Value::Ints(values) => values.clone().into_datum(),
        Value::Numerics(values, decimals) => values
            .iter()
            .map(|&value| numeric(value, *decimals))
            .collect::<Result<Vec<AnyNumeric>, _>>()?
            .into_datum(),
    })
}

fn numeric(value: i128, decimals: u8) -> Result<AnyNumeric, Failure> {
    let scale = 10_u128.pow(u32::from(decimals));
    let (whole, part) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
    let sign = if value < 0 { "-" } else { "" };
    let text = format!(
        "{sign}{whole}.{part:0width$}",
        width = usize::from(decimals)
    );
    AnyNumeric::try_from(text.as_str()).map_err(|error| Failure::sql("converting an amount", error))
}
