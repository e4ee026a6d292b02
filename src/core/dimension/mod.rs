//! Dimensions: their tables, and the surrogate keys of their members, as a process remembers them.
//!
//! # Layout
//! - [`table`]     each dimension, said once
//! - [`key_cache`] keys by the hash of the natural key
//! - [`earlier`]   keys of earlier versions, which late events refer to

pub mod earlier;
pub mod key_cache;
pub mod table;
