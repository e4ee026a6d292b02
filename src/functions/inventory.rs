//! What the warehouse consists of, for the functions that work on its tables and for those who check its rights.

use pgrx::prelude::*;

use crate::layout;
use starsink_core::aggregate::cells::TABLES;

/// What create_warehouse() lays out: kind (relation, index or function), schema and name.
#[pg_extern(immutable, parallel_safe)]
fn warehouse_inventory() -> TableIterator<
    'static,
    (
        name!(kind, &'static str),
        name!(schema_name, &'static str),
        name!(name, &'static str),
    ),
> {
    TableIterator::new(
        layout::inventory()
            .into_iter()
            .map(|laid| (laid.kind, laid.schema, laid.name)),
    )
}

/// The tables of warehouse that folds write aggregates to.
#[pg_extern(immutable, parallel_safe)]
fn aggregate_tables() -> SetOfIterator<'static, String> {
    SetOfIterator::new(TABLES.iter().map(|table| format!("agg_{}", table.name)))
}
