//! One dimension: its statements and its cache.

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::pg_sys;

use crate::server::failure::Failure;
use crate::server::statement::Statement;
use crate::server::time::timestamp;
use starsink_core::batch::members::Members;
use starsink_core::dimension::key_cache::{Found, KeyCache};
use starsink_core::dimension::table::{Column, Dimension, Role, Table};

pub struct Resolver {
    pub is_versioned: bool,
    flags_inferred: bool,
    /// Positions of the natural key's columns among the members' columns.
    natural: Vec<usize>,
    find: Statement,
    find_at: Option<Statement>,
    /// Fails where a member is there after all: for batches that can be tried again another way.
    insert_new: Statement,
    insert: Statement,
    pub cache: KeyCache,
}

impl Resolver {
    pub fn new(dimension: Dimension, capacity: usize) -> Resolver {
        let table = dimension.table();
        let texts = |count: usize| vec![pg_sys::TEXTARRAYOID; count];
        let natural: Vec<usize> = (0..table.columns.len())
            .filter(|&place| table.columns[place].role != Role::Attribute)
            .collect();
        let find_at = table.is_versioned.then(|| {
            let mut types = texts(natural.len());
            types.push(pg_sys::TIMESTAMPTZARRAYOID);
            Statement::new(find_at(table), &types)
        });
        let insert =
            |on_conflict| Statement::new(insert(table, on_conflict), &texts(table.columns.len()));
        Resolver {
            is_versioned: table.is_versioned,
            flags_inferred: table.flags_inferred,
            find: Statement::new(find(table), &texts(natural.len())),
            find_at,
            natural,
            insert_new: insert(""),
            insert: insert(" ON CONFLICT DO NOTHING"),
            cache: KeyCache::new(capacity),
        }
    }

    /// Finds or makes the keys of the wanted members; returns those that had to be made. `is_optimistic`: nobody else makes
    /// members of these now, and if somebody does, the batch is tried again without that belief, which costs more.
    pub fn resolve(
        &mut self,
        is_optimistic: bool,
        members: &Members,
        wanted: impl Iterator<Item = usize>,
        keys: &mut [Found],
    ) -> Result<Vec<usize>, Failure> {
        let mut missing = Vec::new();
        for member in wanted {
            if keys[member].is_resolved() {
                continue;
            }
            match self.cache.get(members.hashes[member]) {
                Some(found) => keys[member] = found,
                None => missing.push(member),
            }
        }
        if missing.is_empty() {
            return Ok(missing);
        }
        missing.sort_unstable();
        missing.dedup();
        self.find(members, &mut missing, keys)?;
        // In the order of the natural keys, as everybody inserts: this prevents deadlocks.
        missing.sort_unstable_by(|&a, &b| {
            self.natural_key(members, a)
                .cmp(self.natural_key(members, b))
        });
        let made = missing.clone();
        // Another worker may win the race for a key: its row is visible to the next statement once it has committed,
        // and ON CONFLICT waits for that. A second round is enough unless somebody deletes members meanwhile.
        for _ in 0..3 {
            if missing.is_empty() {
                return Ok(made);
            }
            self.insert(is_optimistic, members, &mut missing, keys)?;
            self.find(members, &mut missing, keys)?;
        }
        if missing.is_empty() {
            Ok(made)
        } else {
            Err(Failure::sql(
                "resolving dimension keys",
                "a member vanished as it was inserted",
            ))
        }
    }

    fn natural_key<'m>(
        &'m self,
        members: &'m Members,
        member: usize,
    ) -> impl Iterator<Item = Option<&'m str>> {
        self.natural
            .iter()
            .map(move |&column| members.columns[column][member].as_deref())
    }

    /// Inserts the missing members. If all of them were new, their keys come back in the order they went in; else
    /// they stay on the list.
    fn insert(
        &mut self,
        is_optimistic: bool,
        members: &Members,
        missing: &mut Vec<usize>,
        keys: &mut [Found],
    ) -> Result<(), Failure> {
        let mut minted = Vec::with_capacity(missing.len());
        let insert = if is_optimistic {
            &self.insert_new
        } else {
            &self.insert
        };
        insert.each(
            &arguments(members, 0..members.columns.len(), missing),
            |row| {
                minted.push(row.get(1)?);
                Ok(())
            },
        )?;
        if minted.len() == missing.len() {
            for (member, key) in missing.drain(..).zip(minted) {
                let found = Found {
                    key,
                    valid_from: i64::MIN,
                    is_inferred: self.flags_inferred,
                };
                keys[member] = found;
                remember(&mut self.cache, members.hashes[member], found);
            }
        }
        Ok(())
    }

    /// Looks the missing members' current rows up and takes those found off the list.
    fn find(
        &mut self,
        members: &Members,
        missing: &mut Vec<usize>,
        keys: &mut [Found],
    ) -> Result<(), Failure> {
        if missing.is_empty() {
            return Ok(());
        }
        let (asked, cache) = (&*missing, &mut self.cache);
        self.find.each(
            &arguments(members, self.natural.iter().copied(), asked),
            |row| {
                let ordinal: i64 = row.get(1)?;
                let found = Found {
                    key: row.get(2)?,
                    valid_from: row.get(3)?,
                    is_inferred: row.get(4)?,
                };
                let member = asked[ordinal as usize - 1];
                keys[member] = found;
                remember(cache, members.hashes[member], found);
                Ok(())
            },
        )?;
        missing.retain(|&member| !keys[member].is_resolved());
        Ok(())
    }

    /// Keys of the versions that held at other times than now: (position in `asked`, key) for (member, time) pairs.
    pub fn find_at(
        &self,
        members: &Members,
        asked: &[(usize, i64)],
    ) -> Result<Vec<(usize, i32)>, Failure> {
        let Some(statement) = &self.find_at else {
            return Ok(Vec::new());
        };
        let chosen: Vec<usize> = asked.iter().map(|&(member, _)| member).collect();
        let times: Vec<TimestampWithTimeZone> = asked
            .iter()
            .map(|&(_, time)| timestamp(time))
            .collect::<Result<_, _>>()?;
        let mut arguments = arguments(members, self.natural.iter().copied(), &chosen);
        arguments.push(times.into());
        let mut found = Vec::new();
        statement.each(&arguments, |row| {
            let ordinal: i64 = row.get(1)?;
            found.push((ordinal as usize - 1, row.get(2)?));
            Ok(())
        })?;
        Ok(found)
    }
}

/// An inferred member that is told from others is looked up again by the next batch: somebody may complete it meanwhile,
/// by a merge or by hand.
fn remember(cache: &mut KeyCache, hash: u128, found: Found) {
    if !found.is_inferred {
        cache.add_pending(hash, found);
    }
}

fn arrays(count: usize) -> String {
    (1..=count)
        .map(|n| format!("pg_catalog.unnest(${n}::text[])"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn joined(
    columns: impl Iterator<Item = &'static Column>,
    each: impl Fn(&Column) -> String,
    with: &str,
) -> String {
    columns.map(each).collect::<Vec<_>>().join(with)
}

/// The natural key.
fn natural(table: &'static Table) -> impl Iterator<Item = &'static Column> {
    let columns = table.columns.iter();
    columns.filter(|column| column.role != Role::Attribute)
}

fn name(column: &Column) -> String {
    column.name.to_owned()
}

/// A text of a member `i` as the column's type.
fn value(column: &Column) -> String {
    match column.sql_type {
        "text" => format!("i.{}", column.name),
        other => format!("i.{}::{other}", column.name),
    }
}

/// Joins a member `i` to its rows `d`.
fn on(table: &'static Table) -> String {
    let same = |column: &Column| match column.role {
        Role::Hashed => format!("pg_catalog.md5(d.{0}) = pg_catalog.md5(i.{0})", column.name),
        _ => format!("d.{} = {}", column.name, value(column)),
    };
    joined(natural(table), same, " AND ")
}

/// Ordinal, key, since when the current version holds, in microseconds since the Unix epoch, and whether it is inferred.
fn find(table: &'static Table) -> String {
    let (current, since) = if table.is_versioned {
        (
            " AND d.is_current",
            "CASE WHEN d.valid_from > '-infinity' THEN (EXTRACT(epoch FROM d.valid_from) * 1000000)::bigint \
             ELSE (-9223372036854775808)::bigint END",
        )
    } else {
        ("", "(-9223372036854775808)::bigint")
    };
    let is_inferred = if table.flags_inferred {
        "d.is_inferred"
    } else {
        "false"
    };
    format!(
        "SELECT i.ord, d.{}, {since}, {is_inferred} FROM ROWS FROM ({}) WITH ORDINALITY AS i ({}, ord) JOIN warehouse.{} AS d ON {}{current}",
        table.key,
        arrays(natural(table).count()),
        joined(natural(table), name, ", "),
        table.name,
        on(table),
    )
}

fn find_at(table: &'static Table) -> String {
    let count = natural(table).count();
    format!(
        "SELECT i.ord, d.{} FROM ROWS FROM ({}, pg_catalog.unnest(${})) WITH ORDINALITY AS i ({}, at, ord) \
         JOIN warehouse.{} AS d ON {} AND d.valid_from <= i.at AND i.at < d.valid_to",
        table.key,
        arrays(count),
        count + 1,
        joined(natural(table), name, ", "),
        table.name,
        on(table),
    )
}

fn insert(table: &'static Table, on_conflict: &str) -> String {
    let names = joined(table.columns.iter(), name, ", ");
    format!(
        "INSERT INTO warehouse.{} ({names}) SELECT {} FROM ROWS FROM ({}) AS i ({names}){on_conflict} RETURNING {}",
        table.name,
        joined(table.columns.iter(), value, ", "),
        arrays(table.columns.len()),
        table.key,
    )
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
