//! Any bytes through the reader: what must hold of every payload is asserted, and nothing may panic or recurse.
//!
//! Run it from `pgrx-tests`: `cargo +nightly fuzz run decode fuzz/corpus/decode fuzz/seeds/decode -- -max_total_time=60`
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;

#[path = "../../../src/event/mod.rs"]
#[allow(dead_code)]
mod event;
#[path = "../../src/event_claims.rs"]
mod event_claims;

thread_local! {
    static READER: RefCell<event::reader::Reader> = RefCell::new(event::reader::Reader::new(event_claims::policy()));
}

fuzz_target!(|payload: &[u8]| {
    READER.with_borrow_mut(|reader| event_claims::check(reader, Some(payload)));
});
