//! Text as bytes, whatever it says.
//!
//! # Layout
//! - [`depth`]    how deep a JSON text nests; [`mend`] escapes that no PostgreSQL text can hold
//! - [`spelling`] letters, through whatever escapes they are written in
//! - [`host`]     host names: registrable domains and the label that names a shop
//! - [`hash`]     hashes of texts, and their digits
//! - [`lines`]    lines of a file in bounded memory

pub mod depth;
pub mod hash;
pub mod host;
pub mod lines;
pub mod mend;
pub mod spelling;
