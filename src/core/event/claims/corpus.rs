//! Hostile and odd messages, and what must become of each: what a topic of real shop events holds sooner or later.
//!
//! All data is made up: documentation addresses, example domains, no person.

mod attributes;
mod draft;
mod identities;
mod options;
mod pages;
mod payloads;
mod texts;

use draft::Corpus;

/// One message and its fate.
pub struct BadMessage {
    pub name: &'static str,
    pub payload: Option<Vec<u8>>,
    pub expected: Expected,
}

/// What must become of a message under the default policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Kept aside, with exactly these codes.
    Quarantined(&'static [&'static str]),
    /// Counted and let go, for this reason.
    Dropped(&'static str),
    /// Loaded, with these codes among its own.
    Loaded(&'static [&'static str]),
}

/// The messages, each with an id of its own and a time shortly before now.
pub fn bad_messages(now_seconds: i64) -> Vec<BadMessage> {
    let mut corpus = Corpus::new(now_seconds);
    payloads::add(&mut corpus);
    identities::add(&mut corpus);
    attributes::add(&mut corpus);
    pages::add(&mut corpus);
    options::add(&mut corpus);
    texts::add(&mut corpus);
    corpus.messages
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Expected, bad_messages};
    use crate::event::code::Code;
    use crate::event::event::Outcome;
    use crate::event::policy::Policy;
    use crate::event::reader::Reader;

    const NOW: i64 = 1_900_000_000;

    #[test]
    fn every_message_meets_its_fate() {
        let mut reader = Reader::new(Policy::default());
        for message in bad_messages(NOW) {
            let found = match reader.read(message.payload.as_deref(), NOW * 1_000_000) {
                Outcome::Dropped(code) => ("dropped", vec![code.name()]),
                Outcome::Quarantined { codes, detail } => {
                    assert!(!detail.is_empty(), "{}", message.name);
                    ("quarantined", codes.iter().map(Code::name).collect())
                }
                Outcome::Accepted(event) => {
                    ("loaded", event.flags.iter().map(Code::name).collect())
                }
            };
            let (fate, codes) = match message.expected {
                Expected::Dropped(code) => ("dropped", vec![code]),
                Expected::Quarantined(codes) => ("quarantined", codes.to_vec()),
                Expected::Loaded(codes) => ("loaded", codes.to_vec()),
            };
            assert_eq!(found.0, fate, "{}", message.name);
            assert_eq!(
                found.1.iter().collect::<BTreeSet<_>>(),
                codes.iter().collect::<BTreeSet<_>>(),
                "{}",
                message.name
            );
        }
    }

    #[test]
    fn names_are_distinct_and_there_are_many() {
        let messages = bad_messages(NOW);
        let names: BTreeSet<_> = messages.iter().map(|message| message.name).collect();
        assert_eq!(names.len(), messages.len());
        assert!(messages.len() >= 90, "{}", messages.len());
    }

    #[test]
    fn every_code_of_one_message_alone_occurs() {
        let needs_more_than_the_message = [
            Code::IdReused,
            Code::DupNatural,
            Code::DupSynthetic,
            Code::StoreUnknown,
            Code::PriceUnparseable,
            Code::AmountUnparseable,
            Code::LineProductInvalid,
            Code::LinesTooMany,
            Code::DecodeFailed,
            Code::CurrencyUnknown,
            Code::FxMissing,
            Code::EnrichFailed,
            Code::LoadRefused,
        ];
        let mut found = BTreeSet::new();
        for message in bad_messages(NOW) {
            match message.expected {
                Expected::Dropped(code) => drop(found.insert(code)),
                Expected::Quarantined(codes) | Expected::Loaded(codes) => found.extend(codes),
            }
        }
        for code in Code::ALL {
            assert!(
                found.contains(code.name()) || needs_more_than_the_message.contains(code),
                "{code}"
            );
        }
    }

    #[test]
    fn loaded_messages_have_ids_and_times_of_their_own() {
        let mut reader = Reader::new(Policy::default());
        let mut seen = BTreeSet::new();
        for message in bad_messages(NOW) {
            if let Outcome::Accepted(event) =
                reader.read(message.payload.as_deref(), NOW * 1_000_000)
            {
                assert!(seen.insert(event.id.to_string()), "{}", message.name);
                let age = NOW - event.time / 1_000_000;
                assert!((-3600..86_400).contains(&age), "{}: {age}", message.name);
            }
        }
    }
}
