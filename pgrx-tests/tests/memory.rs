//! What a batch says it holds is what it holds: a bound on memory is one, whatever a message is made of.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use starsink_core::batch::{Batch, Frame, Origin};
use starsink_core::event::policy::Policy;
use starsink_core::event::reader::Reader;

/// The system's allocator, and how many bytes it has given out.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller says.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NOW: i64 = 1_591_266_092_000_000;

fn message(number: usize, rest: &str) -> String {
    format!(
        r#"{{"id":"{number}","collection":"checkout_success","time_stamp":1591266000,"order_id":"o-{number}",{rest}}}"#
    )
}

/// So many of them, made by their number.
fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

#[test]
fn what_messages_multiply_is_counted() {
    type Make = fn(usize) -> String;
    let kinds: &[(&str, Make)] = &[
        ("plain events", |n| message(n, r#""device_id":"d""#)),
        ("empty lines", |n| {
            message(
                n,
                &format!(r#""cart_products":[{}]"#, list(1000, |_| "{}".into())),
            )
        }),
        ("lines with figures", |n| {
            let line = |_| r#"{"amount":"1","price":"1.5 EUR"}"#.to_owned();
            message(n, &format!(r#""cart_products":[{}]"#, list(900, line)))
        }),
        ("a product for each line", |n| {
            let line = |line| format!(r#"{{"product_id":"p{n}-{line}"}}"#);
            message(n, &format!(r#""cart_products":[{}]"#, list(1000, line)))
        }),
        ("an alloy for each line", |n| {
            let line = |line| format!(r#"{{"option":{{"alloy":"{n}x{line}"}}}}"#);
            message(n, &format!(r#""cart_products":[{}]"#, list(1000, line)))
        }),
        ("many stones for each line", |n| {
            let stone = |line: usize, stone: usize| {
                format!(r#"{{"option_label":"stone2","value_label":"{n}.{line}.{stone}"}}"#)
            };
            let line = |line| {
                format!(
                    r#"{{"option":[{}]}}"#,
                    list(20, |number| stone(line, number))
                )
            };
            message(n, &format!(r#""cart_products":[{}]"#, list(100, line)))
        }),
        ("new members throughout", |n| {
            message(
                n,
                &format!(
                    r#""device_id":"d{n}","product_id":"p{n}","user_id_db":"{n}","store_id":"s{n}","user_agent":"a{n}","referer_url":"https://h{n}.example/{n}","current_url":"https://x.de/?utm_source=s{n}&utm_campaign=c{n}","option":{{"alloy":"a{n}","diamond":"d{n}"}}"#
                ),
            )
        }),
        ("names of extras", |n| {
            message(n, &list(500, |name| format!(r#""k{name}":0"#)))
        }),
        ("what is put aside", |_| "{".to_owned()),
        ("orders of a line too many", |n| {
            message(
                n,
                &format!(r#""cart_products":[{}]"#, list(1001, |_| "{}".into())),
            )
        }),
    ];
    for (kind, make) in kinds {
        let mut frame = Frame::new("topic", &Policy::default(), 1);
        let mut reader = Reader::new(Policy::default());
        let count = 300_000 / make(0).len().max(200);
        let messages: Vec<String> = (0..count).map(make).collect();
        // The reader's caches are its own, and bounded.
        for message in &messages {
            reader.read(Some(message.as_bytes()), NOW);
        }
        let before = HELD.load(Ordering::Relaxed);
        let mut batch = Batch::new();
        let span = batch.span(0, 0);
        for (offset, message) in messages.iter().enumerate() {
            let origin = Origin {
                partition: 0,
                offset: offset as i64,
                time_ms: -1,
                key: None,
                payload: Some(message.as_bytes()),
            };
            batch.add(&mut frame, &mut reader, span, &origin, NOW);
        }
        let held = HELD.load(Ordering::Relaxed) - before;
        let said = batch.bytes();
        // Vectors and tables that grow have up to as much again in reserve.
        assert!(
            said * 5 / 2 >= held && said <= held * 2,
            "{kind}: says {said}, holds {held}"
        );
        assert_eq!(batch.messages(), count);
    }
}
