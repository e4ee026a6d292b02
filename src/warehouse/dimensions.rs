//! Natural keys to surrogate keys: from the cache, else looked up as a set, else inserted as a set. Inserts go
//! dimension by dimension in one order and sorted within each, so that workers never wait for each other in a
//! circle; only keys that are truly new reach the insert, so that surrogate keys stay dense.

use std::ops::Range;

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys;

use super::key_cache::KeyCache;
use super::statement::{Statement, get};
use crate::error::Failure;
use crate::event::batch::Batch;
use crate::event::batch::members::{Dimension, Members};
use crate::event::batch::row;

const UNRESOLVED: i32 = i32::MIN;

/// How a dimension's table is addressed. All of it is text of ours, never of an event.
struct Table {
    name: &'static str,
    key: &'static str,
    /// Columns of the natural key.
    natural: &'static [&'static str],
    /// Joins a member `i` to its row `d`.
    on: &'static str,
}

const fn table(dimension: Dimension) -> Table {
    let (name, key, natural, on): (_, _, &[&str], _) = match dimension {
        Dimension::EventType => (
            "dim_event_type",
            "event_type_key",
            &["collection"],
            "d.collection = i.collection",
        ),
        Dimension::Product => (
            "dim_product",
            "product_key",
            &["product_id"],
            "d.product_id = i.product_id AND d.is_current",
        ),
        Dimension::Customer => (
            "dim_customer",
            "customer_key",
            &["identity_type", "identity"],
            "d.identity_type = i.identity_type AND d.identity = i.identity AND d.is_current",
        ),
        Dimension::Device => (
            "dim_device",
            "device_key",
            &["device_id"],
            "d.device_id = i.device_id",
        ),
        Dimension::Browser => (
            "dim_browser",
            "browser_key",
            &["family", "version"],
            "d.family = i.family AND d.version = i.version",
        ),
        Dimension::Os => (
            "dim_os",
            "os_key",
            &["family", "version"],
            "d.family = i.family AND d.version = i.version",
        ),
        Dimension::UserAgent => (
            "dim_user_agent",
            "user_agent_key",
            &["user_agent"],
            "pg_catalog.md5(d.user_agent) = pg_catalog.md5(i.user_agent)",
        ),
        Dimension::Store => (
            "dim_store",
            "store_key",
            &["store_id"],
            "d.store_id = i.store_id AND d.is_current",
        ),
        Dimension::Referrer => (
            "dim_referrer",
            "referrer_key",
            &["referrer_url", "is_internal"],
            "pg_catalog.md5(d.referrer_url) = pg_catalog.md5(i.referrer_url) AND d.is_internal = i.is_internal::boolean",
        ),
    };
    Table {
        name,
        key,
        natural,
        on,
    }
}

/// The statements and the cache of one dimension.
struct Resolver {
    /// Positions of the natural key's columns among the members' columns.
    natural: Vec<usize>,
    find: Statement,
    insert: Statement,
    cache: KeyCache,
}

impl Resolver {
    fn new(dimension: Dimension, capacity: usize) -> Resolver {
        let Table {
            name,
            key,
            natural,
            on,
        } = table(dimension);
        let columns = dimension.columns();
        let arrays = |count: usize| {
            (1..=count)
                .map(|n| format!("pg_catalog.unnest(${n}::text[])"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let cast = |column: &&str| {
            if column.starts_with("is_") {
                format!("i.{column}::boolean")
            } else {
                format!("i.{column}")
            }
        };
        let find = format!(
            "SELECT i.ord, d.{key} FROM ROWS FROM ({}) WITH ORDINALITY AS i ({}, ord) JOIN warehouse.{name} AS d ON {on}",
            arrays(natural.len()),
            natural.join(", "),
        );
        let insert = format!(
            "INSERT INTO warehouse.{name} ({}) SELECT {} FROM ROWS FROM ({}) AS i ({}) ORDER BY {} ON CONFLICT DO NOTHING",
            columns.join(", "),
            columns.iter().map(cast).collect::<Vec<_>>().join(", "),
            arrays(columns.len()),
            columns.join(", "),
            natural
                .iter()
                .map(|column| format!("i.{column} COLLATE \"C\""))
                .collect::<Vec<_>>()
                .join(", "),
        );
        Resolver {
            natural: natural
                .iter()
                .filter_map(|name| columns.iter().position(|column| column == name))
                .collect(),
            find: Statement::new(find, &vec![pg_sys::TEXTARRAYOID; natural.len()]),
            insert: Statement::new(insert, &vec![pg_sys::TEXTARRAYOID; columns.len()]),
            cache: KeyCache::new(capacity),
        }
    }

    fn resolve(
        &mut self,
        members: &Members,
        wanted: impl Iterator<Item = usize>,
        keys: &mut [i32],
    ) -> Result<(), Failure> {
        let mut missing = Vec::new();
        for member in wanted
            .filter(|&member| keys[member] == UNRESOLVED)
            .collect::<Vec<_>>()
        {
            match self.cache.get(members.hashes[member]) {
                Some(key) => keys[member] = key,
                None => missing.push(member),
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        missing.sort_unstable();
        missing.dedup();
        self.find(members, &mut missing, keys)?;
        // Another worker may win the race for a key: its row is visible to the next statement once it has committed,
        // and ON CONFLICT waits for that. A second round is enough unless somebody deletes members meanwhile.
        for _ in 0..3 {
            if missing.is_empty() {
                return Ok(());
            }
            self.insert
                .run(&arguments(members, 0..members.columns.len(), &missing))?;
            self.find(members, &mut missing, keys)?;
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Failure::sql(
                "resolving dimension keys",
                "a member vanished as it was inserted",
            ))
        }
    }

    /// Looks the missing members up and takes those found off the list.
    fn find(
        &mut self,
        members: &Members,
        missing: &mut Vec<usize>,
        keys: &mut [i32],
    ) -> Result<(), Failure> {
        let (asked, cache) = (&*missing, &mut self.cache);
        self.find.each(
            &arguments(members, self.natural.iter().copied(), asked),
            |found| {
                let (ordinal, key): (i64, i32) = (get(found, 1)?, get(found, 2)?);
                let member = asked[ordinal as usize - 1];
                keys[member] = key;
                cache.add_pending(members.hashes[member], key);
                Ok(())
            },
        )?;
        missing.retain(|&member| keys[member] == UNRESOLVED);
        Ok(())
    }
}

fn arguments<'a>(
    members: &Members,
    columns: impl Iterator<Item = usize>,
    chosen: &[usize],
) -> Vec<DatumWithOid<'a>> {
    columns
        .map(|column| {
            chosen
                .iter()
                .map(|&member| members.columns[column][member].clone())
                .collect::<Vec<Option<String>>>()
                .into()
        })
        .collect()
}

/// All dimensions of a worker.
pub struct Dimensions {
    resolvers: Vec<Resolver>,
}

/// Surrogate keys of a batch's members.
#[derive(Clone)]
pub struct Keys([Vec<i32>; Dimension::COUNT]);

impl Keys {
    pub fn unresolved(batch: &Batch) -> Keys {
        Keys(std::array::from_fn(|dimension| {
            vec![UNRESOLVED; batch.members[dimension].hashes.len()]
        }))
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
        }
    }

    /// Finds or makes the keys of all members that these rows refer to.
    pub fn resolve(
        &mut self,
        batch: &Batch,
        rows: Range<usize>,
        keys: &mut Keys,
    ) -> Result<(), Failure> {
        let whole = rows.len() == batch.rows.len();
        for (dimension, resolver) in self.resolvers.iter_mut().enumerate() {
            let (members, keys) = (&batch.members[dimension], &mut keys.0[dimension]);
            if whole {
                resolver.resolve(members, 0..members.hashes.len(), keys)?;
            } else {
                let wanted = batch.rows[rows.clone()]
                    .iter()
                    .filter_map(|row| usize::try_from(row.members[dimension]).ok());
                resolver.resolve(members, wanted, keys)?;
            }
        }
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

    /// Forgets all keys, as when the tables may have been restored or emptied.
    pub fn forget(&mut self) {
        self.resolvers
            .iter_mut()
            .for_each(|resolver| resolver.cache.clear());
    }
}

/// Puts the audit key and the members' keys into the images of these rows.
pub fn put_keys(batch: &mut Batch, rows: Range<usize>, keys: &Keys, audit_key: i64) {
    let mut start = batch.row_start(rows.start);
    for at in &batch.rows[rows] {
        let found: [i32; Dimension::COUNT] = std::array::from_fn(|dimension| {
            let member = at.members[dimension];
            usize::try_from(member).map_or(member, |member| keys.0[dimension][member])
        });
        row::set_keys(&mut batch.image[start..at.end], audit_key, &found);
        start = at.end;
    }
}
