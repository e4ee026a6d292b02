//! [`Reader`]: one message in, one [`Outcome`] out.

use std::time::Instant;

use super::code::{Code, Codes};
use super::country_of_ip::Watched;
use super::decode;
use super::event::{Event, Outcome};
use super::masking;
use super::policy::Policy;
use super::referrer::Links;
use super::refusal::Refusal;
use super::traffic::source::Sites;
use super::user_agent::Agents;
use super::validate::Validation;
use crate::text::mend;

/// Reads messages by one policy, with caches of its own: one per thread.
#[derive(Debug)]
pub struct Reader {
    policy: Policy,
    agents: Agents,
    links: Links,
    countries: Option<Watched>,
    /// The last payload that had to be mended; events borrow from it.
    mended: String,
    /// The last payload that had to be masked.
    masked: String,
}

impl Reader {
    pub fn new(policy: Policy) -> Reader {
        let path = &policy.geoip_database;
        let countries = (!path.as_os_str().is_empty()).then(|| Watched::new(path.clone()));
        let links = Links::new(policy.store_labels.clone(), Sites::of(&policy.sites));
        Reader {
            policy,
            agents: Agents::default(),
            links,
            countries,
            mended: String::new(),
            masked: String::new(),
        }
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Takes in what changed outside, to be called now and then; returns what the operator should know, once.
    pub fn refresh(&mut self) -> Option<String> {
        let countries = self.countries.as_mut()?;
        countries.refreshed(Instant::now());
        countries.take_error()
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
        let mut attributes = decode::attributes(text)?;
        if masking::may_be_needed(text, &attributes.known, &self.policy)
            && let Some(masked) = masking::masked(text, &self.policy)
        {
            flags.insert(Code::AddressMasked);
            self.masked = masked;
            attributes = decode::attributes(&self.masked)?;
        }
        Validation::new(attributes, flags, &self.policy).event(
            &mut self.agents,
            &mut self.links,
            self.countries.as_ref().and_then(Watched::current),
            now,
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Reader;
    use crate::event::code::Code;
    use crate::event::event::Outcome;
    use crate::event::policy::Policy;

    /// The id and the extras of a plain event with these attributes.
    fn read(attributes: Value) -> (String, Value) {
        let mut event = json!({"id": "1", "collection": "checkout", "time_stamp": 1_591_266_092});
        if let (Some(event), Some(more)) = (event.as_object_mut(), attributes.as_object()) {
            event.extend(more.clone());
        }
        let payload = event.to_string();
        let mut reader = Reader::new(Policy::default());
        match reader.read(Some(payload.as_bytes()), 1_591_266_092_000_000) {
            Outcome::Accepted(event) => {
                let extras = event.extras.as_deref().map(serde_json::from_str);
                let extras = extras.transpose().expect("extras are JSON");
                (event.id.into_owned(), extras.unwrap_or_default())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_has_no_column_or_does_not_fit_it_is_kept() {
        let (long_key, long_url) = (
            "k".repeat(256),
            format!("https://example.de/{}", "x".repeat(9000)),
        );
        let kept = [
            json!({"api_version": "1.0", "note": {"a": [1, null]}, "": ""}),
            json!({"local_time": "yesterday"}),
            json!({"local_time": 5}),
            json!({"product_id": 1.5}),
            json!({"store_id": [6]}),
            json!({"device_id": long_key}),
            json!({"user_id_db": long_key}),
            json!({"user_agent": 5}),
            json!({"current_url": long_url}),
            json!({"current_url": 17}),
            json!({"referer": long_url}),
            json!({"referrer": ["x"]}),
            json!({"order_id": ""}),
            json!({"order_id": 12.0}),
            json!({"option": []}),
            json!({"option": null}),
            json!({"option": "a word"}),
        ];
        for attributes in kept {
            assert_eq!(read(attributes.clone()).1, attributes);
        }
    }

    #[test]
    fn what_has_a_column_is_not_kept_twice() {
        let taken = json!({
            "product_id": "1", "store_id": 6, "device_id": "d", "user_id_db": "", "email": "shopper@example.com", "ip": "203.0.113.7",
            "local_time": "2020-06-04 8:2:4", "current_url": "no URL", "referer_url": "https://example.org/", "user_agent": "x",
        });
        assert_eq!(read(taken).1, Value::Null);
    }

    #[test]
    fn one_spelling_is_taken_and_the_others_are_kept() {
        let oid = json!({"$oid": "5ed8b02f4a3f2c0001a1b2c3"});
        let cases = [
            (json!({"id": "1", "_id": oid}), "1", json!({"_id": oid})),
            (
                json!({"id": " ", "_id": oid}),
                "5ed8b02f4a3f2c0001a1b2c3",
                Value::Null,
            ),
            (json!({"id": [1], "_id": "2"}), "2", json!({"id": [1]})),
            (json!({"_id": null}), "1", Value::Null),
            (
                json!({"referer_url": "https://a.example/", "referer": "https://b.example/"}),
                "1",
                json!({"referer": "https://b.example/"}),
            ),
            (
                json!({"referrer": "https://a.example/", "referrer_url": ""}),
                "1",
                Value::Null,
            ),
        ];
        for (attributes, id, extras) in cases {
            assert_eq!(
                read(attributes.clone()),
                (id.to_owned(), extras),
                "{attributes}"
            );
        }
    }

    #[test]
    fn a_database_that_cannot_be_read_fails_public_addresses() {
        let policy = Policy {
            geoip_database: "/nowhere/country.mmdb".into(),
            ..Policy::default()
        };
        for (policy, ip, fails) in [
            (&policy, "8.8.8.8", true),
            (&policy, "10.0.0.1", false),
            (&policy, "", false),
            (&Policy::default(), "8.8.8.8", false),
        ] {
            let event =
                json!({"id": "1", "collection": "checkout", "time_stamp": 1_591_266_092, "ip": ip});
            let mut reader = Reader::new(policy.clone());
            assert_eq!(
                reader.refresh().is_some(),
                policy.geoip_database.is_absolute()
            );
            match reader.read(Some(event.to_string().as_bytes()), 1_591_266_092_000_000) {
                Outcome::Accepted(event) => {
                    assert_eq!(event.flags.contains(Code::EnrichFailed), fails, "{ip}");
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn json_in_a_string_is_kept_as_json() {
        let (_, extras) = read(json!({"option": "[{\"option_id\":1}]"}));
        assert_eq!(extras, json!({"option": [{"option_id": 1}]}));
    }
}
