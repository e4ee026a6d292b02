//! The message: from the bytes of one Kafka record to a typed, validated shop event.
//!
//! Owns what an event *is*; knows nothing of PostgreSQL, of Kafka's client or of threads, so that it can be
//! tested, fuzzed and timed on its own. Content never makes it fail: every input has an [`event::Outcome`].
//!
//! # Layout
//! - [`reader`]     [`reader::Reader`]: one message in, one [`event::Outcome`] out
//! - [`policy`]     limits and privacy, as the settings say; [`limits`] those that nobody sets
//! - [`code`]       the validation codes, and [`code::Codes`], a set of them; [`refusal`] says why in words
//! - [`event`]      [`event::Event`], what the warehouse needs of an accepted message
//! - [`decode`]     bytes -> attributes, borrowed where nothing has to be mended; [`attribute`] lists the known ones
//! - [`number`]     what PostgreSQL or a parser could not take: huge numbers
//! - [`value`], [`scalar`]  what an attribute can hold, and how its raw JSON is read; [`extras`] the object of all that has no column
//! - [`extended`], [`nothing`]  values as MongoDB wraps them; words that stand for no value
//! - [`validate`]   attributes -> [`event::Event`], or the codes that refuse it: what happened, who and where
//! - [`identity`], [`collection`], [`time_stamp`], [`local_time`], [`option`], [`email`], [`address`]  one rule each
//! - [`url`], [`referrer`]  pages, and the page before
//! - [`choice`]     what the shopper chose of a jewel's alloy and stones, one by one
//! - [`price`], [`order`]  amounts and currencies in every notation; the lines of an order
//! - [`traffic`]    where a visit came from: source, medium, campaign, channel
//! - [`country_of_ip`]  the visitor's country, from a database file
//! - [`user_agent`], [`bot`]  browser, system and device; robots
//! - [`cache`]      what was made of a text before
//! - [`privacy`]    what may be kept of an e-mail and an IP address
//! - [`masking`]    addresses taken out of everything else; [`mailbox`] finds them
//! - [`mention`]    whether a message is about somebody who is to be forgotten

pub mod address;
pub mod attribute;
pub mod bot;
pub mod cache;
pub mod choice;
#[cfg(any(test, feature = "claims"))]
pub mod claims;
pub mod code;
pub mod collection;
pub mod country_of_ip;
pub mod decode;
pub mod email;
#[allow(clippy::module_inception)] // the message itself, within all that is about messages
pub mod event;
pub mod extended;
pub mod extras;
pub mod identity;
pub mod limits;
pub mod local_time;
pub mod mailbox;
pub mod masking;
pub mod mention;
pub mod nothing;
pub mod number;
pub mod option;
pub mod order;
pub mod policy;
pub mod price;
pub mod privacy;
pub mod reader;
pub mod referrer;
pub mod refusal;
pub mod scalar;
pub mod time_stamp;
pub mod traffic;
pub mod url;
pub mod user_agent;
pub mod validate;
pub mod value;
