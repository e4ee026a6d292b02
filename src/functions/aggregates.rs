//! Sets of devices and tallies in SQL: sums, unions and what is read out of them.

use pgrx::datum::Internal;
use pgrx::memcxt::PgMemoryContexts;
use pgrx::pg_sys;
use pgrx::prelude::*;
use starsink_core::time::POSTGRES_EPOCH;

use crate::server::failure::Failure;
use starsink_core::aggregate::devices::{self, Devices};
use starsink_core::aggregate::tally::{self, Tally};
use starsink_core::aggregate::union::Union;
use starsink_core::session::cut::views;
use starsink_core::session::path;

/// Adds to the state of an aggregate, which lives as long as its group.
fn grow<T: Default + 'static>(
    mut state: Internal,
    call: pg_sys::FunctionCallInfo,
    add: impl FnOnce(&mut T),
) -> Internal {
    let mut context = std::ptr::null_mut();
    // SAFETY: says whether this is called as an aggregate, and where its memory is.
    if unsafe { pg_sys::AggCheckCallContext(call, &mut context) } == 0 {
        Failure::sql("aggregating", "called outside an aggregate").raise();
    }
    // SAFETY: the state is of one type for one aggregate.
    unsafe {
        PgMemoryContexts::For(context).switch_to(|_| {
            let grown = state.get_or_insert_default::<T>();
            add(grown);
        });
    }
    state
}

#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn device_set_add(
    state: Internal,
    set: Option<&[u8]>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Internal {
    grow::<Union>(state, fcinfo, |union| union.add(set.unwrap_or_default()))
}

#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn device_set_final(state: Internal) -> Option<Vec<u8>> {
    // SAFETY: made by device_set_add.
    unsafe { state.get::<Union>() }.map(Union::stored)
}

#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn device_set_final_count(state: Internal) -> i64 {
    // SAFETY: as above.
    unsafe { state.get::<Union>() }.map_or(0, |union| union.count() as i64)
}

/// Devices of the first set that are not in the second.
#[pg_extern(immutable, parallel_safe)]
fn device_set_minus(first: Option<&[u8]>, second: Option<&[u8]>) -> Vec<u8> {
    devices::minus(first.unwrap_or_default(), second.unwrap_or_default())
}

/// How many devices are in both sets. Many sets are compared with the second one, so it is read once for as long as it
/// stays the same.
#[pg_extern(immutable, parallel_safe)]
fn device_set_common(
    first: Option<&[u8]>,
    second: Option<&[u8]>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> i64 {
    let second = second.unwrap_or_default();
    // SAFETY: the place that the server keeps for what a function remembers between its calls in one query; it is ours
    // alone, and what it points to is dropped with that memory.
    let known = unsafe {
        let info = (*fcinfo).flinfo;
        if (*info).fn_extra.is_null() {
            (*info).fn_extra = PgMemoryContexts::For((*info).fn_mcxt)
                .leak_and_drop_on_delete(Known::default())
                .cast();
        }
        &mut *(*info).fn_extra.cast::<Known>()
    };
    if known.bytes != second {
        known.bytes = second.to_vec();
        let mut only = Union::default();
        only.add(second);
        known.devices = only.united();
    }
    let first = devices::keys(first.unwrap_or_default());
    first.filter(|&key| known.devices.contains(key)).count() as i64
}

/// A set that was read, and what it was read from.
#[derive(Default)]
struct Known {
    bytes: Vec<u8>,
    devices: Devices,
}

#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn tally_add(state: Internal, tally: Option<&[u8]>, fcinfo: pg_sys::FunctionCallInfo) -> Internal {
    grow::<Tally>(state, fcinfo, |sum| {
        sum.add_stored(tally.unwrap_or_default())
    })
}

#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn tally_final(mut state: Internal) -> Option<Vec<u8>> {
    // SAFETY: made by tally_add.
    let stored = unsafe { state.get_mut::<Tally>() }.map(|sum| sum.stored());
    stored.filter(|stored| !stored.is_empty())
}

/// Like tally_entries, but for these keys only; for all keys where the list is NULL.
#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn tally_pick(
    tally: Option<&[u8]>,
    keys: Option<Vec<i32>>,
) -> TableIterator<'static, (name!(key, i64), name!(count, i64))> {
    let tally = tally.unwrap_or_default();
    TableIterator::new(match keys {
        Some(keys) => tally::pick(tally, keys),
        None => counted(tally),
    })
}

/// The keys with the highest counts, highest first, all of them that share the last place; all keys for NULL.
#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn tally_top(
    tally: Option<&[u8]>,
    n: Option<i32>,
) -> TableIterator<'static, (name!(key, i64), name!(count, i64))> {
    let n = n.map(|n| usize::try_from(n).unwrap_or(0));
    TableIterator::new(tally::top(tally.unwrap_or_default(), n))
}

/// The tally with each of the keys counted as the one at the same place of `into`; other keys are left out.
#[pg_extern(immutable, parallel_safe, strict, schema = "starsink_internal")]
fn tally_regroup(tally: &[u8], keys: Vec<i32>, into: Vec<i32>) -> Option<Vec<u8>> {
    let groups = keys.into_iter().zip(into).collect();
    let stored = tally::regroup(tally, groups);
    (!stored.is_empty()).then_some(stored)
}

/// The keys of a tally and their counts.
#[pg_extern(immutable, parallel_safe, strict)]
fn tally_entries(tally: &[u8]) -> TableIterator<'static, (name!(key, i64), name!(count, i64))> {
    TableIterator::new(counted(tally))
}

fn counted(tally: &[u8]) -> Vec<(i64, i64)> {
    tally::entries(tally)
        .filter(|&(_, count)| count != 0)
        .collect()
}

/// The sum of a tally's counts; 0 for NULL.
#[pg_extern(immutable, parallel_safe)]
fn tally_total(tally: Option<&[u8]>) -> i64 {
    tally::entries(tally.unwrap_or_default())
        .map(|(_, count)| count)
        .sum()
}

/// percentile_cont over the keys, each as often as its count says; NULL of nothing.
#[pg_extern(immutable, parallel_safe)]
fn tally_percentile(tally: Option<&[u8]>, fraction: f64) -> Option<f64> {
    let entries: Vec<(i64, i64)> = tally::entries(tally.unwrap_or_default()).collect();
    tally::percentile(&entries, fraction)
}

type SessionView = (
    name!(event_time, TimestampWithTimeZone),
    name!(event_id, String),
    name!(product_key, i32),
    name!(store_key, i32),
    name!(browser_key, i32),
    name!(os_key, i32),
    name!(device_class, &'static str),
    name!(option_combination_key, i32),
    name!(dwell_micros, Option<i64>),
    name!(customization_micros, Option<i64>),
    name!(selections, i32),
);

/// The product views of a session's path, with how long each lasted and how long its customisation took.
#[pg_extern(immutable, parallel_safe, strict)]
fn session_views(
    path: &[u8],
) -> TableIterator<
    'static,
    (
        name!(event_time, TimestampWithTimeZone),
        name!(event_id, String),
        name!(product_key, i32),
        name!(store_key, i32),
        name!(browser_key, i32),
        name!(os_key, i32),
        name!(device_class, &'static str),
        name!(option_combination_key, i32),
        name!(dwell_micros, Option<i64>),
        name!(customization_micros, Option<i64>),
        name!(selections, i32),
    ),
> {
    let hits = path::unpack(path).unwrap_or_default();
    let rows: Vec<SessionView> = views(&hits)
        .into_iter()
        .filter_map(|view| {
            let hit = &hits[view.hit];
            let time = TimestampWithTimeZone::try_from(hit.time - POSTGRES_EPOCH).ok()?;
            Some((
                time,
                hit.id.to_string(),
                hit.product,
                hit.context.store,
                hit.context.browser,
                hit.context.os,
                hit.context.class.name(),
                hit.combination,
                view.dwell,
                view.customization,
                view.selections as i32,
            ))
        })
        .collect();
    TableIterator::new(rows)
}
