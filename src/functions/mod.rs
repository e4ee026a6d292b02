//! What SQL calls.
