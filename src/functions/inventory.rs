//! Laying the warehouse out; what it consists of, for the functions that work on its tables and for those who check its rights.

use pgrx::prelude::*;

use crate::layout;
use starsink_core::aggregate::tables::TABLES;

/// Lays out the warehouse: schemas, tables, views, members that the world knows. Idempotent.
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn create_warehouse() {
    if let Err(failure) = layout::create_once_more() {
        failure.raise();
    }
}

/// What create_warehouse() lays out: kind (relation, index or function), schema and name.
#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn warehouse_inventory() -> TableIterator<
    'static,
    (
        name!(kind, &'static str),
        name!(schema_name, &'static str),
        name!(name, String),
    ),
> {
    TableIterator::new(
        layout::inventory()
            .into_iter()
            .map(|laid| (laid.kind, laid.schema, laid.name.into_owned())),
    )
}

/// The tables of warehouse that folds write aggregates to.
#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn aggregate_tables() -> SetOfIterator<'static, String> {
    SetOfIterator::new(TABLES.iter().map(|table| format!("agg_{}", table.name)))
}
