//! Which IP addresses a crawler may connect to: those of the Internet, and no other.

/// Whether an address is this machine's, a network's own, a cloud's metadata service, reserved, or hides one that is.
pub use crate::world::address::is_special as is_internal;
