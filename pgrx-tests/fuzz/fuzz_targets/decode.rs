//! Any bytes through the reader: what must hold of every payload is asserted, and nothing may panic or recurse.
//!
//! Run it from `pgrx-tests`: `cargo +nightly fuzz run decode fuzz/corpus/decode fuzz/seeds/decode -- -max_total_time=60`
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use starsink_core::event::{claims, reader::Reader};

thread_local! {
    static READER: RefCell<Reader> = RefCell::new(Reader::new(claims::policy()));
}

fuzz_target!(|payload: &[u8]| {
    READER.with_borrow_mut(|reader| claims::check(reader, Some(payload)));
});
