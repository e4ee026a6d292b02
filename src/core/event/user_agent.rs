//! What a user agent says: browser, system, kind of device, and whether a robot sent it.

mod device;
mod family;
#[cfg(test)]
mod tests;
mod vendor;
pub mod words;

use std::borrow::Cow;
use std::sync::Arc;

use woothee::parser::Parser;

use super::bot;
use super::cache::Cache;
use super::event::{Agent, DeviceClass};
use family::Family;

const MAX_AGENTS: usize = 16_384;
/// Longest part of a header that is read, in bytes: nobody's browser says more, and reading costs time.
const MAX_READ_BYTES: usize = 2048;
/// Longest name or version that is believed, in bytes.
const MAX_WORD_BYTES: usize = 64;
/// What woothee says where it does not know.
const UNKNOWN: &str = "UNKNOWN";

/// Reads user agents, and remembers what it read.
#[derive(Debug)]
pub struct Agents {
    read: Cache<Arc<Agent>>,
    unknown: Arc<Agent>,
}

impl Default for Agents {
    fn default() -> Agents {
        Agents {
            read: Cache::new(MAX_AGENTS),
            unknown: Arc::default(),
        }
    }
}

impl Agents {
    pub fn read(&mut self, header: &str) -> Arc<Agent> {
        self.read.get(header, |header| Arc::new(parse(header)))
    }

    /// The agent of an event that has none.
    pub fn unknown(&self) -> Arc<Agent> {
        Arc::clone(&self.unknown)
    }
}

/// Reads one user agent. The first takes longer than any other: it makes the tables ready.
pub fn parse(header: &str) -> Agent {
    let header = start(header, MAX_READ_BYTES);
    let is_bot = bot::is_bot(header);
    let mut browser = family::browser(header);
    let os = family::system(header);
    let unnamed = match &browser {
        Some(family) if !is_bot => bot::without_device(header, &family.name),
        _ => None,
    };
    if let Some(header) = &unnamed {
        browser = family::browser(header);
    }
    let is_known = browser.is_some() && os.is_some();
    let second = if is_known {
        None
    } else {
        Parser::new().parse(header)
    };
    let second = second
        .filter(|second| is_bot || second.category != "crawler")
        .unwrap_or_default();
    let (browser, browser_version) = match browser {
        Some(family) => words(family),
        None => (word(second.name), word(second.version)),
    };
    let (os, os_version) = match os {
        Some(family) => words(family),
        None => (word(second.os), word(&second.os_version)),
    };
    Agent {
        browser_vendor: vendor::of_browser(&browser).to_owned(),
        os_vendor: vendor::of_system(&os).to_owned(),
        browser,
        browser_version,
        os,
        os_version,
        device_class: if is_bot {
            DeviceClass::Bot
        } else {
            device::class(header)
        },
        is_bot,
    }
}

/// Name and version.
fn words(family: Family<'_>) -> (String, String) {
    let version = match (family.major, family.minor) {
        (Some(major), Some(minor)) => Cow::Owned(format!("{major}.{minor}")),
        (Some(major), None) => major,
        (None, _) => Cow::Borrowed(""),
    };
    (word(&family.name), word(&version))
}

fn word(text: &str) -> String {
    if text == UNKNOWN {
        return String::new();
    }
    start(text, MAX_WORD_BYTES).trim().to_owned()
}

fn start(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes))
        .unwrap_or_default()
}
