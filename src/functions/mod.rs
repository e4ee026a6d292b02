//! What SQL calls.
//!
//! # Layout
//! - [`state`]    what the workers are doing; settings and codes, for the views
//! - [`server`]   how much WAL there is, when the certificate ends
//! - [`seek`]     offsets by the broker's word, and going there
//! - [`beside`]   what waits for the network, in a thread
//! - [`ingest`]   messages from SQL and from files; [`file`] how files are read
//! - [`redrive`]  messages out of quarantine, and mended there; [`quarantined`] what is told of those that stay
//! - [`enrich`]   the parsers of ingestion for single values
//! - [`forget`]   whether a message or a text names somebody who is to be forgotten
//! - [`jobs`]     schedules, how jobs stand, domains
//! - [`rates`]    exchange rates from files; [`rates_jobs`] as they change there, or at an address
//! - [`fold`]     sessions and aggregates; [`tail`] what is not in them yet; [`aggregates`] sets and tallies in SQL
//! - [`world`]    countries and currencies, for the dimensions that are seeded
//! - [`pages`]    what a product page says, and where pages may be fetched from
//! - [`inventory`] laying the warehouse out, and what it consists of
//! - [`loader`]   this session's loader, and the frame its batches share

mod aggregates;
mod beside;
mod enrich;
mod file;
mod fold;
mod forget;
mod ingest;
mod inventory;
mod jobs;
mod loader;
mod pages;
mod quarantined;
mod rates;
mod rates_jobs;
mod redrive;
mod seek;
mod server;
mod state;
mod tail;
mod world;
