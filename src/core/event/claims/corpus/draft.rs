//! A flawless event, to be spoilt in one respect; and the list that spoilt ones go to.

use super::{BadMessage, Expected};

/// The messages so far.
pub struct Corpus {
    pub messages: Vec<BadMessage>,
    now_seconds: i64,
    drafted: i64,
}

impl Corpus {
    pub fn new(now_seconds: i64) -> Corpus {
        Corpus {
            messages: Vec::new(),
            now_seconds,
            drafted: 0,
        }
    }

    /// A message of any bytes.
    pub fn payload(&mut self, name: &'static str, payload: Option<Vec<u8>>, expected: Expected) {
        self.messages.push(BadMessage {
            name,
            payload,
            expected,
        });
    }

    /// An event that is loaded, with these codes.
    pub fn loaded(
        &mut self,
        name: &'static str,
        codes: &'static [&'static str],
        spoil: impl FnOnce(Draft) -> Draft,
    ) {
        let draft = spoil(self.draft());
        self.payload(name, Some(draft.bytes()), Expected::Loaded(codes));
    }

    /// An event that is kept aside, with these codes.
    pub fn refused(
        &mut self,
        name: &'static str,
        codes: &'static [&'static str],
        spoil: impl FnOnce(Draft) -> Draft,
    ) {
        let draft = spoil(self.draft());
        self.payload(name, Some(draft.bytes()), Expected::Quarantined(codes));
    }

    /// The next flawless event.
    pub fn draft(&mut self) -> Draft {
        self.drafted += 1;
        let seconds = self.now_seconds - 600 - self.drafted;
        let attributes = [
            (
                "id",
                format!("\"bad00000-0000-4000-8000-{:012x}\"", self.drafted),
            ),
            ("api_version", "\"1.0\"".into()),
            ("collection", "\"view_product_detail\"".into()),
            (
                "current_url",
                "\"https://www.example.de/ring-aria.html?alloy=white-375&diamond=sapphire\"".into(),
            ),
            ("device_id", format!("\"bad-device-{}\"", self.drafted)),
            ("email", "\"\"".into()),
            ("ip", "\"81.2.69.77\"".into()),
            ("local_time", "\"2020-06-04 8:20:4\"".into()),
            ("option", "[]".into()),
            ("product_id", "\"96047\"".into()),
            (
                "referer_url",
                "\"https://www.example.org/search?q=ring\"".into(),
            ),
            ("store_id", "\"6\"".into()),
            ("time_stamp", (seconds * 1000).to_string()),
            (
                "user_agent",
                "\"Mozilla/5.0 (X11; Linux x86_64; rv:76.0) Gecko/20100101 Firefox/76.0\"".into(),
            ),
        ];
        Draft {
            attributes: attributes.to_vec(),
            seconds,
        }
    }
}

/// An event's attributes as raw JSON.
pub struct Draft {
    attributes: Vec<(&'static str, String)>,
    /// When it happened.
    pub seconds: i64,
}

impl Draft {
    /// Sets an attribute to raw JSON.
    pub fn with(mut self, key: &'static str, raw: impl Into<String>) -> Draft {
        let raw = raw.into();
        match self.attributes.iter_mut().find(|(known, _)| *known == key) {
            Some(attribute) => attribute.1 = raw,
            None => self.attributes.push((key, raw)),
        }
        self
    }

    /// Adds an attribute that may be there already.
    pub fn again(mut self, key: &'static str, raw: impl Into<String>) -> Draft {
        self.attributes.push((key, raw.into()));
        self
    }

    pub fn without(mut self, key: &'static str) -> Draft {
        self.attributes.retain(|(known, _)| *known != key);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let attributes: Vec<String> = self
            .attributes
            .iter()
            .map(|(key, raw)| format!("\"{key}\":{raw}"))
            .collect();
        format!("{{{}}}", attributes.join(",")).into_bytes()
    }
}
