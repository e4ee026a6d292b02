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
use super::traffic::referral::Referrer;

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
/// [`MAX_KEY_BYTES`](super::limits::MAX_KEY_BYTES) long; a longer one is left out with `KEY_TOO_LONG` and stands in `extras`.
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
    /// The header as it came (clean), at most [`MAX_AGENT_BYTES`](super::limits::MAX_AGENT_BYTES).
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
