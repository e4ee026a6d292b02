//! [`Reader`]: one message in, one [`Outcome`] out.

use super::code::{Code, Codes};
use super::decode;
use super::event::{Event, Outcome};
use super::mend;
use super::policy::Policy;
use super::referrer::Links;
use super::refusal::Refusal;
use super::user_agent::Agents;
use super::validate::Validation;

/// Reads messages by one policy, with caches of its own: one per thread.
#[derive(Debug)]
pub struct Reader {
    policy: Policy,
    agents: Agents,
    links: Links,
    /// The last payload that had to be mended; events borrow from it.
    mended: String,
}

impl Reader {
    pub fn new(policy: Policy) -> Reader {
        Reader {
            policy,
            agents: Agents::new(),
            links: Links::new(),
            mended: String::new(),
        }
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Decodes and validates one payload; `now` is in microseconds since the Unix epoch. Never fails, never panics.
    pub fn read<'a>(&'a mut self, payload: Option<&'a [u8]>, now: i64) -> Outcome<'a> {
        match payload {
            None | Some([]) => Outcome::Dropped(Code::PayloadTombstone),
            Some(payload) => match self.event(payload, now) {
                Ok(event) => Outcome::Accepted(event),
                Err(refusal) => refusal.into(),
            },
        }
    }

    fn event<'a>(&'a mut self, payload: &'a [u8], now: i64) -> Result<Box<Event<'a>>, Refusal> {
        let mut text = decode::text(payload, &self.policy)?;
        let mut flags = Codes::EMPTY;
        if let Some(mended) = mend::mended(text) {
            flags.insert(Code::TextMended);
            self.mended = mended;
            text = &self.mended;
        }
        let attributes = decode::attributes(text)?;
        Validation::new(attributes, flags, &self.policy).event(
            &mut self.agents,
            &mut self.links,
            now,
        )
    }
}
