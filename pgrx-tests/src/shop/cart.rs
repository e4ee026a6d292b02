//! Options and prices, in the shapes and spellings that drift through a real shop's events.

use super::catalogue::{ALLOYS, Catalogue, Product, STONES};
use super::dice::Dice;
use super::origin::put;
use super::page::number;
use super::stores::{Money, Store};
use super::visitor::Choice;

/// Writes the value of `option` in one of the shapes it comes in; that it may be absent is the caller's affair.
pub(super) fn option(
    out: &mut Vec<u8>,
    scratch: &mut Vec<u8>,
    product: &Product,
    choice: Choice,
    blank: bool,
    is_varied: bool,
    dice: &mut Dice,
) {
    match dice.below(100) {
        0..54 => entries(out, product, choice, blank, is_varied, dice),
        54..83 => by_label(out, choice, blank, dice),
        83..89 => put(out, "\"\""),
        89..94 => put(out, "null"),
        _ => {
            scratch.clear();
            entries(scratch, product, choice, blank, is_varied, dice);
            out.push(b'"');
            for byte in scratch.iter() {
                if *byte == b'"' {
                    out.push(b'\\');
                }
                out.push(*byte);
            }
            out.push(b'"');
        }
    }
}

/// `[{"option_label":"alloy","option_id":"332084","value_label":"white-375","value_id":"3279318"}, …]`
fn entries(
    out: &mut Vec<u8>,
    product: &Product,
    choice: Choice,
    blank: bool,
    is_varied: bool,
    dice: &mut Dice,
) {
    const SECOND: [&str; 8] = [
        "stone2",
        "stone 2",
        "stonetow",
        "stone/diamonds",
        "shapediamond",
        "pearl",
        "Kollektion",
        "stone3",
    ];
    put(out, "[");
    entry(
        out,
        "alloy",
        product.option_id,
        ALLOYS[usize::from(choice.alloy)],
        u32::from(choice.alloy),
        blank,
        dice,
    );
    let stones = if is_varied { 3 } else { product.stones };
    for stone in 0..stones {
        put(out, ",");
        let label = if stone == 0 {
            "diamond"
        } else {
            SECOND[usize::from(stone - 1) + dice.index(7)]
        };
        let value = if is_varied {
            dice.index(STONES.len()) as u32
        } else {
            (u32::from(choice.stone) + u32::from(stone)) % STONES.len() as u32
        };
        entry(
            out,
            label,
            product.option_id + 1 + u32::from(stone),
            STONES[value as usize],
            40 + value,
            blank,
            dice,
        );
    }
    put(out, "]");
}

fn entry(
    out: &mut Vec<u8>,
    label: &str,
    option: u32,
    value: &str,
    value_id: u32,
    blank: bool,
    dice: &mut Dice,
) {
    put(out, "{\"option_label\":\"");
    put(out, label);
    // Ids come as strings, and as integers from the cart.
    let quote = if dice.percent(80) { "\"" } else { "" };
    for (name, id) in [
        ("\",\"option_id\":", option),
        (",\"value_id\":", option * 7 + value_id),
    ] {
        put(out, name);
        put(out, quote);
        number(out, u64::from(id));
        put(out, quote);
    }
    put(out, ",\"value_label\":\"");
    if !blank {
        put(out, value);
    }
    put(out, "\"");
    if label != "alloy" && dice.percent(25) {
        put(
            out,
            ",\"quality\":\"AAA\",\"quality_label\":\"Best quality\"",
        );
    }
    put(out, "}");
}

/// `{"alloy":"","diamond":""}`
fn by_label(out: &mut Vec<u8>, choice: Choice, blank: bool, dice: &mut Dice) {
    let blank = blank || dice.percent(30);
    put(out, "{\"alloy\":\"");
    put(
        out,
        if blank {
            ""
        } else {
            ALLOYS[usize::from(choice.alloy)]
        },
    );
    put(out, "\",\"diamond\":\"");
    put(
        out,
        if blank {
            ""
        } else {
            STONES[usize::from(choice.stone)]
        },
    );
    put(out, "\"}");
}

/// `[{"product_id":96047,"amount":1,"price":"880.00","currency":"£","option":[…]}]`
pub(super) fn products(
    out: &mut Vec<u8>,
    cart: &[Choice],
    store: &Store,
    catalogue: &Catalogue,
    dice: &mut Dice,
) {
    put(out, "[");
    for (place, choice) in cart.iter().enumerate() {
        let product = catalogue.get(choice.product);
        put(
            out,
            if place > 0 {
                ",{\"product_id\":"
            } else {
                "{\"product_id\":"
            },
        );
        number(out, u64::from(product.id));
        put(out, ",\"amount\":");
        number(out, u64::from(choice.amount));
        put(out, ",\"price\":\"");
        price(out, product, store);
        put(out, "\",\"currency\":\"");
        put(out, store.currency);
        put(out, "\",\"option\":");
        entries(out, product, *choice, false, false, dice);
        put(out, "}");
    }
    put(out, "]");
}

/// As the country writes it: `1 278,00`.
pub(super) fn price(out: &mut Vec<u8>, product: &Product, store: &Store) {
    let units = (f64::from(product.price) * store.rate) as u64;
    let (group, decimal) = match store.money {
        Money::Plain => ("", "."),
        Money::Comma => (",", "."),
        Money::Dot => (".", ","),
        Money::Space => (" ", ","),
        Money::Apostrophe => ("'", "."),
    };
    grouped(out, units, group);
    put(out, decimal);
    put(out, "00");
}

fn grouped(out: &mut Vec<u8>, units: u64, group: &str) {
    let (thousands, rest) = (units / 1_000, units % 1_000);
    if thousands == 0 {
        return number(out, rest);
    }
    grouped(out, thousands, group);
    put(out, group);
    // The group keeps its leading zeros.
    out.extend([rest / 100, rest / 10 % 10, rest % 10].map(|digit| b'0' + digit as u8));
}
