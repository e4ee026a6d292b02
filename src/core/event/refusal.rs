//! [`Refusal`]: why a message is kept aside.

use super::code::{Code, Codes};
use super::event::Outcome;

/// The reasons that keep a message from being loaded; all that were found, not the first alone.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    pub codes: Codes,
    /// A sentence for a person; never holds the message's content.
    pub detail: String,
}

impl Refusal {
    pub fn new(code: Code, detail: impl Into<String>) -> Refusal {
        Refusal {
            codes: Codes::of(code),
            detail: detail.into(),
        }
    }

    pub fn add(&mut self, code: Code, detail: &str) {
        self.codes.insert(code);
        if !self.detail.is_empty() {
            self.detail.push_str("; ");
        }
        self.detail.push_str(detail);
    }

    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }
}

impl From<Refusal> for Outcome<'_> {
    fn from(refusal: Refusal) -> Self {
        Outcome::Quarantined {
            codes: refusal.codes,
            detail: refusal.detail,
        }
    }
}
