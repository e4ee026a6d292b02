//! [`Event`]: an accepted message, typed; strings borrow from the payload where nothing had to be mended.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::NaiveDateTime;

use super::choice::Choice;
use super::code::{Code, Codes};
use super::order::OrderLine;
use super::referrer::Page;
use super::traffic::Traffic;
use super::traffic::channel::Channel;
use super::traffic::source::Kind;

/// What becomes of one message.
#[derive(Debug)]
pub enum Outcome<'a> {
    /// Load it; its [`Event::flags`] say what was odd or mended.
    Accepted(Box<Event<'a>>),
    /// Count it and let it go (a tombstone).
    #[allow(
        dead_code,
        reason = "the loader only counts; whoever looks closer asks why"
    )]
    Dropped(Code),
    /// Keep its bytes aside with the reasons; `detail` is a sentence for a person and holds no personal data.
    Quarantined { codes: Codes, detail: String },
}

/// One accepted shop event.
///
/// Text here is clean: valid UTF-8, no NUL. A natural key is trimmed, not empty and at most
/// [`MAX_KEY_BYTES`] long; a longer one is left out with `KEY_TOO_LONG` and stands in `extras`.
#[derive(Debug)]
pub struct Event<'a> {
    /// `id`, else `_id`.
    pub id: Cow<'a, str>,
    /// Microseconds since the Unix epoch, UTC.
    pub time: i64,
    pub collection: Cow<'a, str>,
    pub product_id: Option<Cow<'a, str>>,
    pub store_id: Option<Cow<'a, str>>,
    pub device_id: Option<Cow<'a, str>>,
    pub user_id: Option<Cow<'a, str>>,
    /// Trimmed and in lower case; only a plausible address.
    pub email: Option<Cow<'a, str>>,
    /// The header as it came (clean), at most [`MAX_AGENT_BYTES`].
    pub user_agent: Option<Cow<'a, str>>,
    /// What the header says; of a missing one: unknown everything.
    pub agent: Arc<Agent>,
    pub current_url: Option<Cow<'a, str>>,
    /// The referrer exactly as it came (clean).
    pub referrer_url: Option<Cow<'a, str>>,
    pub referrer: Option<Arc<Referrer>>,
    /// Words searched for on the referring page.
    pub search_term: Option<Cow<'a, str>>,
    /// The page the event happened on.
    pub page: Option<Arc<Page>>,
    /// Where the visit comes from, as if this were its first event.
    pub traffic: Traffic,
    /// The first address of an X-Forwarded list; IPv4-mapped IPv6 is IPv4.
    pub ip: Option<IpAddr>,
    /// ISO 3166-1 alpha-2 of the address's country.
    pub country: Option<[u8; 2]>,
    pub local_time: Option<NaiveDateTime>,
    /// What the event's option attribute chooses.
    pub choices: Vec<Choice>,
    /// Only of a checkout_success.
    pub order_id: Option<Cow<'a, str>>,
    /// The order's lines, likewise.
    pub lines: Vec<OrderLine<'a>>,
    /// A JSON object in text with every attribute that has no place above, `None` when there is none.
    /// PostgreSQL's jsonb accepts it: no `\u0000`, no lone surrogate, no number beyond numeric.
    pub extras: Option<String>,
    /// Warnings and fixes.
    pub flags: Codes,
}

/// Longest natural key, in bytes: it must fit a B-tree beside others.
pub const MAX_KEY_BYTES: usize = 255;
/// Longest user agent that is kept, in bytes; a longer one is cut at a character.
pub const MAX_AGENT_BYTES: usize = 8192;
/// Longest URL that is kept whole in a column, in bytes; a longer one is cut at a character and kept whole in `extras`.
pub const MAX_URL_BYTES: usize = 8192;

/// What a user agent says. Family names are the parser's; unknown = empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Agent {
    pub browser: String,
    pub browser_version: String,
    pub browser_vendor: String,
    pub os: String,
    pub os_version: String,
    pub os_vendor: String,
    pub device_class: DeviceClass,
    pub is_bot: bool,
}

/// Kind of device, as reports name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceClass {
    Desktop,
    Mobile,
    Tablet,
    Tv,
    Bot,
    #[default]
    Other,
}

impl DeviceClass {
    pub fn name(self) -> &'static str {
        match self {
            DeviceClass::Desktop => "desktop",
            DeviceClass::Mobile => "mobile",
            DeviceClass::Tablet => "tablet",
            DeviceClass::Tv => "tv",
            DeviceClass::Bot => "bot",
            DeviceClass::Other => "other",
        }
    }
}

/// A referrer's parts, all lower-cased where the URL standard says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Referrer {
    /// Scheme, host, port and path; no query, fragment or userinfo. At most [`MAX_URL_BYTES`].
    pub url: String,
    /// Empty where the referrer has no host.
    pub host: String,
    /// Registrable domain by the ICANN part of the public suffix list (`glamira.co.uk`); the host where there is none.
    pub registrable_domain: String,
    /// The label before the public suffix equals the shop's own (the label of the event's own host).
    pub is_internal: bool,
    /// What its site is known for.
    pub kind: Kind,
    /// Of a visit that came from here and says no more: a search engine's label, another's registrable domain, or
    /// `(direct)` where it is internal or has no host. In lower case.
    pub source: String,
    pub medium: &'static str,
    pub channel: Channel,
}
