//! Natural keys to surrogate keys: from the cache, else looked up as a set, else inserted as a set. Inserts go
//! dimension by dimension in one order and sorted within each, so that workers never wait for each other in a
//! circle; only keys that are truly new reach the insert, so that surrogate keys stay dense. An event older than the
//! current version of a member gets the version that held at its time.
//!
//! # Layout
//! - [`resolver`]  one dimension: statements and cache
//! - [`bridge`]    the parts of an option combination

mod bridge;
mod resolver;

use std::ops::Range;

use self::bridge::Bridge;
use self::resolver::Resolver;
use crate::server::failure::Failure;
use starsink_core::batch::Batch;
use starsink_core::batch::row;
use starsink_core::dimension::earlier::Earlier;
use starsink_core::dimension::key_cache::Found;
use starsink_core::dimension::table::Dimension;
use starsink_core::event::code::{Code, Codes};

/// All dimensions of a worker.
pub struct Dimensions {
    resolvers: Vec<Resolver>,
    bridge: Bridge,
}

/// Surrogate keys of a batch's members.
#[derive(Clone)]
pub struct Keys {
    members: [Vec<Found>; Dimension::COUNT],
    /// Of rows that belong to an earlier version.
    earlier: Earlier,
    /// Of order lines whose product had an earlier version.
    earlier_products: Earlier,
}

impl Keys {
    pub fn unresolved(batch: &Batch) -> Keys {
        Keys {
            members: std::array::from_fn(|dimension| {
                vec![Found::UNRESOLVED; batch.members[dimension].hashes.len()]
            }),
            earlier: Earlier::default(),
            earlier_products: Earlier::default(),
        }
    }

    /// The key of a member index, which may be a special key itself.
    pub fn of(&self, dimension: Dimension, member: i32) -> i32 {
        usize::try_from(member).map_or(member, |index| self.members[dimension as usize][index].key)
    }

    /// Whether a member of a dimension that tells is inferred.
    fn is_inferred(&self, dimension: Dimension, member: i32) -> bool {
        usize::try_from(member)
            .is_ok_and(|index| self.members[dimension as usize][index].is_inferred)
    }

    /// The product of an order line, at the time of its event.
    pub fn of_line(&self, batch: &Batch, line: usize) -> i32 {
        let earlier = self.earlier_products.of(line).last();
        earlier.map_or_else(
            || self.of(Dimension::Product, batch.lines[line].product),
            |(_, key)| key,
        )
    }

    /// One key of a row.
    pub fn of_row_in(&self, batch: &Batch, row: usize, dimension: Dimension) -> i32 {
        let mut earlier = self.earlier.of(row);
        earlier
            .find(|&(of, _)| of == dimension as usize)
            .map_or_else(
                || self.of(dimension, batch.rows[row].members[dimension as usize]),
                |(_, key)| key,
            )
    }

    /// All keys of one row.
    pub fn of_row(&self, batch: &Batch, row: usize) -> [i32; Dimension::COUNT] {
        let members = &batch.rows[row].members;
        let mut keys: [i32; Dimension::COUNT] =
            std::array::from_fn(|dimension| self.of(Dimension::ALL[dimension], members[dimension]));
        for (dimension, key) in self.earlier.of(row) {
            keys[dimension] = key;
        }
        keys
    }
}

impl Dimensions {
    /// `cache_entries`: keys remembered per dimension, at most twice as many at a moment.
    pub fn new(cache_entries: usize) -> Dimensions {
        Dimensions {
            resolvers: Dimension::ALL
                .iter()
                .map(|&dimension| Resolver::new(dimension, cache_entries))
                .collect(),
            bridge: Bridge::new(),
        }
    }

    /// Finds or makes the keys of all members that these rows and their order lines refer to. `is_optimistic`: as in
    /// [`Resolver::resolve`].
    pub fn resolve(
        &mut self,
        is_optimistic: bool,
        batch: &Batch,
        rows: Range<usize>,
        keys: &mut Keys,
    ) -> Result<(), Failure> {
        let whole = rows.len() == batch.rows.len();
        for (dimension, resolver) in self.resolvers.iter_mut().enumerate() {
            let members = &batch.members[dimension];
            let found = &mut keys.members[dimension];
            let made = if whole {
                resolver.resolve(is_optimistic, members, 0..members.hashes.len(), found)?
            } else {
                let wanted = batch.referred_to(rows.clone(), Dimension::ALL[dimension]);
                resolver.resolve(is_optimistic, members, wanted, found)?
            };
            if dimension == Dimension::OptionCombination as usize && !made.is_empty() {
                self.bridge.insert(batch, &made, keys)?;
            }
        }
        self.find_earlier(batch, rows.clone(), keys)?;
        self.find_earlier_products(batch, rows, keys)
    }

    /// Late events belong to the version of their time.
    fn find_earlier(
        &self,
        batch: &Batch,
        rows: Range<usize>,
        keys: &mut Keys,
    ) -> Result<(), Failure> {
        for (dimension, resolver) in self.resolvers.iter().enumerate() {
            if !resolver.is_versioned {
                continue;
            }
            let found = &keys.members[dimension];
            let late: Vec<(usize, usize)> = rows
                .clone()
                .filter_map(|row| {
                    let at = &batch.rows[row];
                    let member = usize::try_from(at.members[dimension]).ok()?;
                    (at.event_time < found[member].valid_from).then_some((row, member))
                })
                .collect();
            if late.is_empty() {
                continue;
            }
            let asked: Vec<(usize, i64)> = late
                .iter()
                .map(|&(row, member)| (member, batch.rows[row].event_time))
                .collect();
            let found = resolver.find_at(&batch.members[dimension], &asked)?;
            let found = found.into_iter();
            keys.earlier
                .add(found.map(|(index, key)| (late[index].0, dimension, key)));
        }
        Ok(())
    }

    fn find_earlier_products(
        &self,
        batch: &Batch,
        rows: Range<usize>,
        keys: &mut Keys,
    ) -> Result<(), Failure> {
        let found = &keys.members[Dimension::Product as usize];
        let late: Vec<(usize, usize, i64)> = batch
            .lines_of(&rows)
            .filter_map(|index| {
                let line = &batch.lines[index];
                let member = usize::try_from(line.product).ok()?;
                let time = batch.rows[line.row].event_time;
                (time < found[member].valid_from).then_some((index, member, time))
            })
            .collect();
        if late.is_empty() {
            return Ok(());
        }
        let asked: Vec<(usize, i64)> = late
            .iter()
            .map(|&(_, member, time)| (member, time))
            .collect();
        let product = Dimension::Product as usize;
        let found = self.resolvers[product].find_at(&batch.members[product], &asked)?;
        let found = found.into_iter();
        keys.earlier_products
            .add(found.map(|(index, key)| (late[index].0, product, key)));
        Ok(())
    }

    pub fn commit(&mut self) {
        self.resolvers
            .iter_mut()
            .for_each(|resolver| resolver.cache.commit());
    }

    pub fn abort(&mut self) {
        self.resolvers
            .iter_mut()
            .for_each(|resolver| resolver.cache.abort());
    }

    /// Forgets all keys, as when versions changed, or the tables may have been restored or emptied.
    pub fn forget(&mut self) {
        self.resolvers
            .iter_mut()
            .for_each(|resolver| resolver.cache.clear());
    }
}

/// Puts the audit key, the members' keys and what is odd about the members into the images of these rows.
pub fn put_keys(batch: &mut Batch, rows: Range<usize>, keys: &Keys, audit_key: i64) {
    let mut start = batch.row_start(rows.start);
    for at in &batch.rows[rows.clone()] {
        let found: [i32; Dimension::COUNT] = std::array::from_fn(|dimension| {
            keys.of(Dimension::ALL[dimension], at.members[dimension])
        });
        let image = &mut batch.image[start..at.end];
        row::set_keys(image, audit_key, &found);
        let is_unknown = keys.is_inferred(Dimension::Store, at.members[Dimension::Store as usize]);
        row::set_flags(
            image,
            Codes::of(Code::StoreUnknown),
            is_unknown
                .then_some(Code::StoreUnknown)
                .into_iter()
                .collect(),
        );
        start = at.end;
    }
    for row in keys.earlier.places(rows.start, rows.end) {
        let found = keys.of_row(batch, row);
        let (start, end) = (batch.row_start(row), batch.rows[row].end);
        row::set_keys(&mut batch.image[start..end], audit_key, &found);
    }
}
