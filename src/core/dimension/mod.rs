//! Surrogate keys of dimension members, as a process remembers them.
//!
//! # Layout
//! - [`key_cache`] keys by the hash of the natural key
//! - [`earlier`]   keys of earlier versions, which late events refer to

pub mod earlier;
pub mod key_cache;
