//! Folding for good: one transaction for what changes and how far the aggregates are then.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;

use crate::fold::change::Change;
use crate::fold::copy_rows::Rows;
use crate::fold::state::{State, Work};
use crate::fold::{Reader, rows};
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use crate::server::time::timestamp;
use starsink_core::aggregate::tables::{TABLES, row};
use starsink_core::time::calendar::Calendar;

/// Target number of events in a fold: enough to save work, few enough for memory.
const EVENTS: i64 = 200_000;
/// How long one transaction goes on folding.
const PATIENCE: Duration = Duration::from_secs(5);

pub struct Folder {
    reader: Reader,
    lock: Statement,
    reset: Statement,
    has_dropped_facts: Statement,
    summarise: Statement,
    /// A zone that could not be adopted, and was reported.
    refused: Option<Tz>,
    /// Incomplete batches that are left unfolded, and were reported.
    held: BTreeSet<i64>,
    sessions_gone: Statement,
    orders_gone: Statement,
    shares_gone: Statement,
    days: Statement,
    /// Batches to look at together.
    batches: i64,
}

impl Folder {
    pub fn new() -> Folder {
        Folder {
            reader: Reader::new(),
            lock: Statement::new(
                "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('starsink.fold'), 0)",
                &[],
            ),
            reset: Statement::new("SELECT starsink.forget_folds()", &[]),
            has_dropped_facts: Statement::new("SELECT starsink_internal.has_dropped_facts()", &[]),
            summarise: Statement::new("SELECT starsink_internal.summarise_facts(false)", &[]),
            refused: None,
            held: BTreeSet::new(),
            sessions_gone: Statement::new(
                "DELETE FROM warehouse.fact_session AS s USING ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) AS i (device, bot, start) \
                 WHERE s.device_key = i.device AND s.is_bot = i.bot AND s.session_start = i.start",
                &[
                    pg_sys::INT4ARRAYOID,
                    pg_sys::BOOLARRAYOID,
                    pg_sys::TIMESTAMPTZARRAYOID,
                ],
            ),
            orders_gone: Statement::new(
                "DELETE FROM warehouse.fact_order WHERE order_id = ANY ($1)",
                &[pg_sys::TEXTARRAYOID],
            ),
            shares_gone: Statement::new(
                "DELETE FROM warehouse.fact_attribution WHERE order_id = ANY ($1)",
                &[pg_sys::TEXTARRAYOID],
            ),
            days: Statement::new(
                "INSERT INTO starsink.fold_day (fold_id, day) SELECT $1, date '2000-01-01' + d FROM pg_catalog.unnest($2) AS d",
                &[pg_sys::INT8OID, pg_sys::INT4ARRAYOID],
            ),
            batches: 64,
        }
    }

    /// Folds what is committed, all of it or for as long as a transaction should last. Returns the events folded.
    pub fn fold(&mut self, zone: Tz, is_whole: bool) -> Result<i64, Failure> {
        needs_read_committed()?;
        self.lock.run(&[])?;
        let began = Instant::now();
        let mut events = 0;
        loop {
            let (folded, is_done) = self.fold_once(zone)?;
            events += folded;
            if is_done || (!is_whole && began.elapsed() > PATIENCE) {
                return Ok(events);
            }
        }
    }

    /// Forgets all that was ever folded: the next folds make it anew.
    pub fn reset(&mut self) -> Result<(), Failure> {
        needs_read_committed()?;
        self.lock.run(&[])?;
        self.reset.run(&[])
    }

    /// The zone to cut days in: the one in use stays where aggregates cannot be made anew for another.
    fn zone(&mut self, folded: Tz, wanted: Tz) -> Result<Tz, Failure> {
        if folded == wanted {
            return Ok(wanted);
        }
        let mut has_dropped = false;
        self.has_dropped_facts.each(&[], |row| {
            has_dropped = row.get(1)?;
            Ok(())
        })?;
        if !has_dropped {
            return Ok(wanted);
        }
        if self.refused != Some(wanted) {
            self.refused = Some(wanted);
            pgrx::log!(
                "starsink: reports stay in the time zone {}: aggregates cannot be made anew for {}, as retention dropped events that they \
                 count; starsink.forget_folds(dropped_too => true) makes what is left anew",
                folded.name(),
                wanted.name()
            );
        }
        Ok(folded)
    }

    fn fold_once(&mut self, wanted: Tz) -> Result<(i64, bool), Failure> {
        let began = Instant::now();
        let reach = self.reader.states.reach()?;
        let snapshot = Snapshot::latest();
        let state = self.reader.state(wanted)?;
        let zone = self.zone(state.zone, wanted)?;
        if state.zone != zone {
            pgrx::log!(
                "starsink: the reporting time zone is {} now: sessions and aggregates are made anew",
                zone.name()
            );
            drop(snapshot);
            self.reset.run(&[])?;
            // Again, with a snapshot that shows it.
            return Ok((0, false));
        }
        if reach.last <= state.folded.high && state.folded.gaps.is_empty() {
            return Ok((0, true));
        }
        let xmin = self.reader.states.xmin()?;
        let late = self.reader.states.late(&state.folded)?;
        let settled = state.folded.settled(&late.batches, late.rolled_up);
        // What a long transaction left behind is folded in portions, too: `to` may be below what is folded already.
        let to = reach.last.min(settled.saturating_add(self.batches));
        let is_done = to >= reach.last;
        if to > state.folded.high {
            self.summarise.run(&[])?;
        }
        let mut calendar = Calendar::new(zone);
        let (mut change, held) = self
            .reader
            .change_of_whole(&state, settled, to, &mut calendar)?;
        drop(snapshot);
        // A batch that only had duplicates left no event.
        let others = late.batches.range(..=to).filter(|n| !held.contains(n));
        change.batches.extend(others);
        let folded = state
            .folded
            .after(to, &change.batches, &held, xmin, reach.next_xid);
        self.tell_held(held);
        let is_news = change.events > 0
            || !change.orders.is_empty()
            || folded.high > state.folded.high + 1_000;
        self.batches = match change.events {
            0..EVENTS if !is_done && change.events < EVENTS / 2 => (self.batches * 2).min(1 << 30),
            events if events > EVENTS * 2 => (self.batches / 2).max(1),
            _ => self.batches,
        };
        if is_news || folded.gaps.len() < state.folded.gaps.len() || !is_done {
            let events = change.events;
            let next = State {
                fold_id: state.fold_id + 1,
                folded,
                zone,
            };
            self.write(change, &next, &mut calendar, began)?;
            return Ok((events, is_done));
        }
        Ok((0, is_done))
    }

    fn tell_held(&mut self, held: BTreeSet<i64>) {
        if let Some(number) = held.difference(&self.held).next() {
            pgrx::warning!(
                "starsink: {} batches are not folded, {number} among them: fewer of their events are in fact_event than the ledger says they \
                 loaded. Reports count what is there; a batch is folded once it is whole, or as it is when the ledger does not tell it from \
                 others any more, after a day",
                held.len()
            );
        }
        self.held = held;
    }

    fn write(
        &self,
        mut change: Change,
        state: &State,
        calendar: &mut Calendar,
        began: Instant,
    ) -> Result<(), Failure> {
        let fold_id = state.fold_id;
        if !change.sessions_gone.is_empty() {
            let gone = &change.sessions_gone;
            let starts: Vec<TimestampWithTimeZone> = gone
                .iter()
                .map(|&(_, start)| timestamp(start))
                .collect::<Result<_, _>>()?;
            self.sessions_gone.run(&[
                gone.iter()
                    .map(|((device, _), _)| *device)
                    .collect::<Vec<i32>>()
                    .into(),
                gone.iter()
                    .map(|((_, bot), _)| *bot)
                    .collect::<Vec<bool>>()
                    .into(),
                starts.into(),
            ])?;
        }
        let ids = |ids: &[Box<str>]| ids.iter().map(|id| id.to_string()).collect::<Vec<String>>();
        if !change.orders_gone.is_empty() {
            self.orders_gone.run(&[ids(&change.orders_gone).into()])?;
        }
        if !change.shares_gone.is_empty() {
            self.shares_gone.run(&[ids(&change.shares_gone).into()])?;
        }
        let mut sessions = Rows::new(rows::SESSION.to_vec());
        for new in &change.sessions {
            sessions.add(&rows::session(new, fold_id, calendar));
        }
        sessions.write("fact_session")?;
        let mut orders = Rows::new(rows::ORDER.to_vec());
        for order in &change.orders {
            orders.add(&rows::order(order, fold_id, calendar));
        }
        orders.write("fact_order")?;
        let mut shares = Rows::new(rows::SHARE.to_vec());
        for (order, of) in &change.shares {
            of.iter()
                .for_each(|share| shares.add(&rows::share(order, share, fold_id)));
        }
        shares.write("fact_attribution")?;
        let written = self.write_cells(&mut change, fold_id)?;
        let work = Work {
            events: change.events,
            sessions: change.sessions.len() as i64,
            orders: change.orders.len() as i64,
            rows: written,
            ms: began.elapsed().as_secs_f64() * 1000.0,
        };
        self.reader.states.insert(state, &work)
    }

    fn write_cells(&self, change: &mut Change, fold_id: i64) -> Result<i64, Failure> {
        let texts = &self.reader.directory.members.texts;
        let mut tables: Vec<Rows> = TABLES
            .iter()
            .map(|table| Rows::new(table.names().collect()))
            .collect();
        let (mut written, mut days) = (0, std::collections::BTreeSet::new());
        for (at, cell) in &mut change.cells.0 {
            let mut scratch = String::new();
            if let Some(values) = row(at, cell, fold_id, texts, &mut scratch) {
                tables[at.2.table()].add(&values);
                written += 1;
                days.insert(at.0);
            }
        }
        for (rows, table) in tables.into_iter().zip(&TABLES) {
            rows.write(&format!("agg_{}", table.name))?;
        }
        if !days.is_empty() {
            let days: Vec<i32> = days.into_iter().collect();
            self.days.run(&[fold_id.into(), days.into()])?;
        }
        Ok(written)
    }
}

/// An older snapshot cannot tell which batches are still to commit.
fn needs_read_committed() -> Result<(), Failure> {
    // SAFETY: a plain global of the server.
    if unsafe { pg_sys::XactIsoLevel } >= pg_sys::XACT_REPEATABLE_READ as i32 {
        return Err(Failure::fold_needs_read_committed());
    }
    Ok(())
}

/// A snapshot of now, active until it is dropped; an error on the way leaves it to the transaction's end.
struct Snapshot;

impl Snapshot {
    fn latest() -> Snapshot {
        // SAFETY: inside a transaction of READ COMMITTED.
        unsafe {
            pg_sys::CommandCounterIncrement();
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        }
        Snapshot
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: pops what was pushed above.
            unsafe { pg_sys::PopActiveSnapshot() }
        }
    }
}
