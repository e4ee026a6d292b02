use std::cell::Cell;

use super::{Batch, Frame, Origin};
use crate::event::code::{Code, Codes};
use crate::event::policy::Policy;
use crate::event::reader::Reader;

const NOW: i64 = 1_591_266_092_000_000;

fn origin(offset: i64, payload: &str) -> Origin<'_> {
    Origin {
        partition: 0,
        offset,
        time_ms: -1,
        key: Some(b"key"),
        payload: Some(payload.as_bytes()),
    }
}

#[test]
fn a_message_that_the_reader_chokes_on_is_put_aside_and_its_neighbours_are_loaded() {
    let payload = |id: &str| {
        format!(
            r#"{{"id":"{id}","collection":"checkout_success","time_stamp":1591266000,"order_id":"o","cart_products":[{{"product_id":"{id}","option":{{"alloy":"{id}"}}}}]}}"#
        )
    };
    let (mut frame, mut reader) = (
        Frame::new("topic", &Policy::default(), 1),
        Reader::new(Policy::default()),
    );
    let (one, bad, other) = (payload("1"), payload("2"), payload("3"));
    let mut expected = Batch::new();
    let span = expected.span(0, 0);
    expected.add(&mut frame, &mut reader, span, &origin(0, &one), NOW);
    expected.add(&mut frame, &mut reader, span, &origin(2, &other), NOW);

    let mut batch = Batch::new();
    let span = batch.span(0, 0);
    batch.add(&mut frame, &mut reader, span, &origin(0, &one), NOW);
    let came = Cell::new(false);
    batch.messages += 1;
    batch.spans[span].receive(&origin(1, &bad));
    batch.guarded(span, &origin(1, &bad), |batch| {
        // It may come to any place of what a message makes.
        batch.messages -= 1;
        batch.spans[span].received -= 1;
        batch.add(&mut frame, &mut reader, span, &origin(1, &bad), NOW);
        batch.image.push(1);
        came.set(true);
        panic!("the decoder's fault");
    });
    assert!(came.get());
    batch.add(&mut frame, &mut reader, span, &origin(2, &other), NOW);

    assert_eq!((batch.messages(), batch.rows.len()), (3, 2));
    assert_eq!(batch.image, expected.image_at(&[0, 2]));
    assert_eq!(batch.event_id(1), "3");
    let lines: Vec<_> = batch.lines.iter().map(|line| line.row).collect();
    assert_eq!(lines, [0, 1]);
    let chosen = batch.lines[1].combination as usize;
    assert_eq!(batch.combinations[chosen].len(), 1);
    assert_eq!(batch.rejected.len(), 1);
    let aside = &batch.rejected[0];
    assert_eq!(aside.codes, Codes::of(Code::DecodeFailed));
    assert_eq!(aside.payload.as_deref(), Some(bad.as_bytes()));
    assert_eq!(
        (batch.spans[span].quarantined, batch.spans[span].loaded()),
        (1, 2)
    );
    // Re-driven beside others, it is an event like any.
    batch.add(&mut frame, &mut reader, span, &origin(3, &bad), NOW);
    assert_eq!(batch.rows.len(), 3);
}

impl Batch {
    /// The images of all rows.
    fn image_at(&self, offsets: &[i64]) -> Vec<u8> {
        let rows = (0..self.rows.len()).filter(|&row| offsets.contains(&self.rows[row].offset));
        rows.flat_map(|row| self.row_image(row).to_vec()).collect()
    }
}
