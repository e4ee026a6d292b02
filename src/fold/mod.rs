//! The fold: committed batches into sessions, orders, attribution and aggregates. What it changes is computed from
//! what is committed and not folded, by the same code for good (in the steward's transaction) and for a report (in
//! memory, with the report's snapshot): that is the tail.
//!
//! # Layout
//! - [`state`]     how far the aggregates are
//! - [`facts`]     what came since; [`members`], [`sessions`], [`orders`] what it meets
//! - [`change`]    what that changes
//! - [`rows`], [`copy_rows`], [`write`]  the rows, their binary form, and writing them
//! - [`tail`]      the same for a report, within a [`budget`] of memory

pub mod budget;
pub mod change;
pub mod copy_rows;
pub mod facts;
pub mod members;
pub mod orders;
pub mod rows;
pub mod sessions;
pub mod state;
pub mod tail;
pub mod write;

use std::collections::BTreeSet;

use chrono_tz::Tz;

use self::budget::Budget;
use self::change::Change;
use self::facts::{Facts, News};
use self::members::Directory;
use self::orders::Orders;
use self::sessions::Sessions;
use self::state::{State, States};
use crate::server::failure::Failure;
use starsink_core::session::cut::Bounds;
use starsink_core::time::calendar::Calendar;

/// What a process needs to look at news.
pub struct Reader {
    pub states: States,
    pub directory: Directory,
    facts: Facts,
    sessions: Sessions,
    orders: Orders,
    bounds: Bounds,
    pub budget: Budget,
}

impl Reader {
    pub fn new() -> Reader {
        Reader {
            states: States::new(),
            directory: Directory::new(),
            facts: Facts::new(),
            sessions: Sessions::new(),
            orders: Orders::new(),
            bounds: Bounds::USUAL,
            budget: Budget::unlimited(),
        }
    }

    /// What batches above `settled` and up to `to` that are not folded change.
    pub fn change(
        &mut self,
        state: &State,
        settled: i64,
        to: i64,
        calendar: &mut Calendar,
    ) -> Result<Change, Failure> {
        let news = self.news(state, settled, to)?;
        change::change(self, news, calendar)
    }

    /// The same of the batches that are there whole, and the others.
    pub fn change_of_whole(
        &mut self,
        state: &State,
        settled: i64,
        to: i64,
        calendar: &mut Calendar,
    ) -> Result<(Change, BTreeSet<i64>), Failure> {
        let mut news = self.news(state, settled, to)?;
        let loaded = self.states.loaded(settled, to)?;
        let held = news.hold_back(&state.folded, &loaded);
        Ok((change::change(self, news, calendar)?, held))
    }

    fn news(&mut self, state: &State, settled: i64, to: i64) -> Result<News, Failure> {
        self.bounds = crate::settings::session_bounds();
        self.directory.begin()?;
        let directory = &self.directory;
        self.facts.news(
            &state.folded,
            settled,
            to,
            &|kind| directory.acts(kind),
            &self.budget,
        )
    }

    pub fn state(&self, zone: Tz) -> Result<State, Failure> {
        self.states.newest(zone)
    }
}
