//! What forgetting somebody asks of a message or a text, by the parsers of ingestion. Not for everybody: these tell by
//! trying whether a hash is that of an address.

use std::cell::RefCell;

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::load::knowledge;
use starsink_core::event::email;
use starsink_core::event::mailbox::spellings;
use starsink_core::event::mention::Wanted;
use starsink_core::event::privacy::hash_email;
use starsink_core::text::hash::hex;

thread_local! {
    /// The key of the hashes, with the start of the statement that read it.
    static KEY: RefCell<Option<(i64, Vec<u8>)>> = const { RefCell::new(None) };
}

fn with_key<R>(body: impl FnOnce(&[u8]) -> R) -> R {
    // SAFETY: reads a variable of this process.
    let now = unsafe { pg_sys::GetCurrentStatementStartTimestamp() };
    let known = KEY.take().filter(|(since, _)| *since == now);
    let (_, key) = KEY.with_borrow_mut(|place| {
        place
            .insert(known.unwrap_or_else(|| match knowledge::email_key() {
                Ok(key) => (now, key),
                Err(failure) => failure.raise(),
            }))
            .clone()
    });
    body(&key)
}

/// Whether a message is about somebody: one of these attributes holds one of these ids, or an address with one of these
/// hashes stands anywhere.
#[pg_extern(stable, strict, schema = "starsink_internal")]
fn names_person(
    message: &[u8],
    attributes: Vec<String>,
    ids: Vec<String>,
    hashes: Vec<String>,
) -> bool {
    let wanted = |key: &[u8]| {
        Wanted {
            attributes: &attributes,
            ids: &ids,
            hashes: &hashes,
            key,
        }
        .is_in(message)
    };
    if hashes.is_empty() {
        return wanted(&[]);
    }
    with_key(wanted)
}

/// The text with addresses of these hashes, and the hashes, replaced; NULL where it has none.
#[pg_extern(stable, strict, schema = "starsink_internal")]
fn without_addresses(written: &str, hashes: Vec<String>, instead: &str) -> Option<String> {
    with_key(|key| {
        Wanted {
            attributes: &[],
            ids: &[],
            hashes: &hashes,
            key,
        }
        .without(written, instead)
    })
}

/// The keyed hashes of an e-mail address in all spellings of its domain; none where the text is no address.
#[pg_extern(stable, strict, schema = "starsink_internal")]
fn address_hashes(address: &str) -> Vec<String> {
    let Some(address) = email::normalised(address.into()) else {
        return Vec::new();
    };
    with_key(|key| {
        spellings(&address)
            .map(|address| hex(&hash_email(key, &address)))
            .collect()
    })
}
