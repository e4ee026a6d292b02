//! What the world knows, for the tables that are seeded: countries, currencies and what is written for them, sites.

use pgrx::prelude::*;

use starsink_core::event::traffic::sites;
use starsink_core::world;

/// Countries of ISO 3166-1 with their regions by UN M49.
#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn iso_countries() -> TableIterator<
    'static,
    (
        name!(alpha2, &'static str),
        name!(alpha3, &'static str),
        name!(numeric_code, &'static str),
        name!(name, &'static str),
        name!(region, &'static str),
        name!(sub_region, &'static str),
        name!(continent, &'static str),
    ),
> {
    TableIterator::new(world::countries::countries().map(|country| {
        (
            country.alpha2,
            country.alpha3,
            country.numeric,
            country.name,
            country.region,
            country.sub_region,
            country.continent,
        )
    }))
}

/// Currencies of ISO 4217.
#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn iso_currencies() -> TableIterator<
    'static,
    (
        name!(code, &'static str),
        name!(name, &'static str),
        name!(symbol, &'static str),
        name!(minor_units, Option<i16>),
    ),
> {
    TableIterator::new(world::currencies::currencies().map(|currency| {
        (
            currency.code,
            currency.name,
            currency.symbol,
            currency.minor_units.map(i16::from),
        )
    }))
}

/// What shops write for currencies, in the stores of one country or of all.
#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn currency_aliases() -> TableIterator<
    'static,
    (
        name!(token, &'static str),
        name!(country_code, Option<&'static str>),
        name!(currency_code, &'static str),
    ),
> {
    TableIterator::new(
        world::aliases::aliases().map(|alias| (alias.token, alias.country, alias.code)),
    )
}

/// What starsink.site begins with: AI assistants and payment providers.
#[pg_extern(immutable, parallel_safe, schema = "starsink_internal")]
fn known_sites() -> TableIterator<'static, (name!(domain, &'static str), name!(kind, &'static str))>
{
    TableIterator::new(sites::editable().map(|(domain, kind)| (domain, kind.name())))
}
