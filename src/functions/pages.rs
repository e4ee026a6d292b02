//! What a product page says, and where pages may be fetched from.

use pgrx::AnyNumeric;
use pgrx::datum::JsonB;
use pgrx::heap_tuple::PgHeapTuple;
use pgrx::prelude::*;

use crate::server::failure::Failure;
use crate::settings::Crawl;
use crate::worker::crawler::queue;
use starsink_core::crawl::extract::{self, Page};
use starsink_core::crawl::hosts::Place;

/// What a product page says: the same code as the crawler's, never an error for bad content.
#[pg_extern(immutable, parallel_safe, requires = ["types"])]
fn extract_product(
    html: Option<&str>,
    url: default!(Option<&str>, "NULL"),
) -> Option<pgrx::composite_type!('static, "starsink.product_page")> {
    let url = url.unwrap_or("about:blank");
    let page = extract::page(html?, url)?;
    match row(&page) {
        Ok(row) => Some(row),
        Err(failure) => failure.raise(),
    }
}

fn row(page: &Page) -> Result<PgHeapTuple<'static, pgrx::AllocatedByRust>, Failure> {
    let mut row = PgHeapTuple::new_composite_type("starsink.product_page").map_err(unmade)?;
    let mut set = |name: &str, value: Option<String>| row.set_by_name(name, value).map_err(unmade);
    for (name, value) in queue::attributes(page) {
        set(name, value)?;
    }
    let price = page.product.price.map(|price| price.to_string());
    let price = price.and_then(|price| AnyNumeric::try_from(price.as_str()).ok());
    row.set_by_name("price", price).map_err(unmade)?;
    for (name, value) in queue::lists(page) {
        row.set_by_name(name, JsonB(value)).map_err(unmade)?;
    }
    Ok(row)
}

fn unmade(error: impl std::fmt::Display) -> Failure {
    Failure::sql("making a row", error)
}

/// A page's address as the crawler keeps it; no address where the text is none.
#[pg_extern(
    stable,
    parallel_restricted,
    security_definer,
    schema = "starsink_internal"
)]
#[search_path(pg_catalog, pg_temp)]
fn crawl_place(
    url: &str,
) -> TableIterator<
    'static,
    (
        name!(url, Option<String>),
        name!(host, Option<String>),
        name!(is_allowed, bool),
    ),
> {
    let Some(place) = Place::parse(url) else {
        return TableIterator::once((None, None, false));
    };
    match queue::allowed_hosts(&Crawl::current()) {
        Ok(hosts) => {
            let is_allowed = hosts.permit(&place.url);
            TableIterator::once((Some(place.url), Some(place.host), is_allowed))
        }
        Err(failure) => failure.raise(),
    }
}
