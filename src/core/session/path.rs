//! A session's hits packed into bytes, and out of them again. Version byte first; then for each hit: the time since
//! the one before, what it is, its id (16 bytes of a UUID that is written as UUIDs are), its context where that changed,
//! and the product and options of those that have them.

use super::hit::{Acts, Context, Hit, NOT_APPLICABLE};
use crate::event::event::DeviceClass;
use crate::varint;

const VERSION: u8 = 1;
const UUID: u8 = 64;
const SAME_CONTEXT: u8 = 128;

const CLASSES: [DeviceClass; 6] = [
    DeviceClass::Desktop,
    DeviceClass::Mobile,
    DeviceClass::Tablet,
    DeviceClass::Tv,
    DeviceClass::Bot,
    DeviceClass::Other,
];

fn has_product(acts: Acts) -> bool {
    acts.has(Acts::VIEW) || acts.is_selection()
}

pub fn pack(hits: &[Hit]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + hits.len() * 24);
    out.push(VERSION);
    let (mut time, mut context) = (0_i64, None);
    for hit in hits {
        varint::put_signed(&mut out, hit.time.wrapping_sub(time));
        time = hit.time;
        let uuid = uuid(&hit.id);
        let is_same = context == Some(hit.context);
        let mut head = hit.acts.0 & Acts::ALL;
        head |= if uuid.is_some() { UUID } else { 0 };
        head |= if is_same { SAME_CONTEXT } else { 0 };
        out.push(head);
        match uuid {
            Some(bytes) => out.extend(bytes),
            None => {
                varint::put(&mut out, hit.id.len() as u64);
                out.extend(hit.id.as_bytes());
            }
        }
        if !is_same {
            context = Some(hit.context);
            let Context {
                store,
                browser,
                os,
                class,
            } = hit.context;
            for key in [store, browser, os] {
                varint::put_signed(&mut out, i64::from(key));
            }
            out.push(
                CLASSES
                    .iter()
                    .position(|&known| known == class)
                    .unwrap_or(5) as u8,
            );
        }
        if has_product(hit.acts) {
            varint::put_signed(&mut out, i64::from(hit.product));
        }
        if hit.acts.has(Acts::VIEW) {
            varint::put_signed(&mut out, i64::from(hit.combination));
        }
    }
    out
}

/// `None` where the bytes are no path.
pub fn unpack(bytes: &[u8]) -> Option<Vec<Hit>> {
    let (&VERSION, mut rest) = bytes.split_first()? else {
        return None;
    };
    let mut hits = Vec::new();
    let (mut time, mut context) = (0_i64, None);
    while !rest.is_empty() {
        time = time.wrapping_add(varint::take_signed(&mut rest)?);
        let head = take(&mut rest, 1)?[0];
        let id = if head & UUID != 0 {
            written(take(&mut rest, 16)?)
        } else {
            let length = usize::try_from(varint::take(&mut rest)?).ok()?;
            std::str::from_utf8(take(&mut rest, length)?).ok()?.into()
        };
        if head & SAME_CONTEXT == 0 {
            let (store, browser, os) = (key(&mut rest)?, key(&mut rest)?, key(&mut rest)?);
            let class = *CLASSES.get(usize::from(take(&mut rest, 1)?[0]))?;
            context = Some(Context {
                store,
                browser,
                os,
                class,
            });
        }
        let acts = Acts(head & Acts::ALL);
        hits.push(Hit {
            time,
            id,
            acts,
            context: context?,
            product: if has_product(acts) {
                key(&mut rest)?
            } else {
                NOT_APPLICABLE
            },
            combination: if acts.has(Acts::VIEW) {
                key(&mut rest)?
            } else {
                NOT_APPLICABLE
            },
            origin: None,
        });
    }
    Some(hits)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn key(rest: &mut &[u8]) -> Option<i32> {
    i32::try_from(varint::take_signed(rest)?).ok()
}

const DASHES: [usize; 4] = [8, 13, 18, 23];

/// The 16 bytes of a UUID in its usual form, lower case: they sort as their text does.
fn uuid(id: &str) -> Option<[u8; 16]> {
    let text = id.as_bytes();
    if text.len() != 36 {
        return None;
    }
    let mut out = [0; 16];
    let mut digits = 0;
    for (place, &letter) in text.iter().enumerate() {
        if DASHES.contains(&place) {
            if letter != b'-' {
                return None;
            }
            continue;
        }
        let value = match letter {
            b'0'..=b'9' => letter - b'0',
            b'a'..=b'f' => letter - b'a' + 10,
            _ => return None,
        };
        out[digits / 2] = out[digits / 2] << 4 | value;
        digits += 1;
    }
    Some(out)
}

fn written(bytes: &[u8]) -> Box<str> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(36);
    for &byte in bytes {
        if DASHES.contains(&out.len()) {
            out.push('-');
        }
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hit() -> impl Strategy<Value = Hit> {
        let id = prop_oneof![
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "[0-9A-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "\\PC{1,40}"
        ];
        let context = (-3_i32..50, -3_i32..3, -3_i32..3, 0_usize..6);
        let times = prop_oneof![0_i64..4_000_000_000_000_000, Just(-1), Just(0)];
        (times, id, 0_u8..64, context, any::<i32>(), any::<i32>()).prop_map(
            |(time, id, acts, (store, browser, os, class), product, combination)| {
                let acts = Acts(acts);
                let class = CLASSES[class];
                Hit {
                    time,
                    id: id.into(),
                    acts,
                    context: Context {
                        store,
                        browser,
                        os,
                        class,
                    },
                    product: if has_product(acts) {
                        product
                    } else {
                        NOT_APPLICABLE
                    },
                    combination: if acts.has(Acts::VIEW) {
                        combination
                    } else {
                        NOT_APPLICABLE
                    },
                    origin: None,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out(hits in prop::collection::vec(hit(), 0..20)) {
            prop_assert_eq!(unpack(&pack(&hits)), Some(hits));
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..80), hits in prop::collection::vec(hit(), 1..4), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            unpack(&bytes);
            let mut spoilt = pack(&hits);
            let place = at.index(spoilt.len());
            spoilt[place] = byte;
            unpack(&spoilt);
            unpack(&spoilt[..place]);
        }
    }
}
