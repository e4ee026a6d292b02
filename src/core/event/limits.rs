//! How long texts may be.

/// Longest natural key, in bytes: it must fit a B-tree beside others.
pub const MAX_KEY_BYTES: usize = 255;
/// Longest user agent that is kept, in bytes; a longer one is cut at a character.
pub const MAX_AGENT_BYTES: usize = 8192;
/// Longest URL that is kept whole in a column, in bytes; a longer one is cut at a character and kept whole in `extras`.
pub const MAX_URL_BYTES: usize = 8192;
