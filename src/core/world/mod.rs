//! The world's facts: what dimensions are seeded with, and what a shop's currency token or domain means.
//!
//! Owns tables and their reading; knows nothing of PostgreSQL, so that it can be tested on its own. The `.tsv` files
//! are written by `tables.mjs` from public data (Unicode CLDR under `LICENSE-CLDR`, ISO 4217, the public suffix list).
//!
//! # Layout
//! - [`address`]    IP addresses of the Internet, and those for special purposes
//! - [`countries`]  ISO 3166 countries with the UN's regions
//! - [`currencies`] ISO 4217 currencies
//! - [`aliases`]    what shops write for a currency
//! - [`domain`]     the country that a host name belongs to
//! - [`rates`]      files of exchange rates; [`archive`] what they may be packed in
//! - [`compression`] files of messages, plain or compressed; [`magic`] what other files are

pub mod address;
pub mod aliases;
pub mod archive;
pub mod compression;
pub mod countries;
pub mod currencies;
pub mod domain;
pub mod magic;
pub mod rates;

/// The rows of a table of tab-separated values, without its header.
fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().skip(1).filter_map(|line| {
        let mut cells = line.split('\t');
        let mut row = [""; N];
        for cell in &mut row {
            *cell = cells.next()?;
        }
        cells.next().is_none().then_some(row)
    })
}
