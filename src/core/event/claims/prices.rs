//! Claims about prices: what a country writes is read back, and nothing is too odd to be looked at.

use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::event::order;
use crate::event::price::{currency_token, number, parse};

/// How a country groups digits and begins decimals.
#[derive(Clone, Copy, Debug)]
struct Style {
    grouping: &'static str,
    point: &'static str,
    zero: char,
    is_indian: bool,
}

const STYLES: &[Style] = &[
    style(",", ".", '0'),
    style(".", ",", '0'),
    style(" ", ",", '0'),
    style(" ", ".", '0'),
    style("\u{a0}", ",", '0'),
    style("\u{202f}", ",", '0'),
    style("\u{2009}", ".", '0'),
    style("'", ".", '0'),
    style("’", ".", '0'),
    style("’", ",", '0'),
    style("٬", "٫", '٠'),
    style("٬", "٫", '۰'),
    style("٬", ".", '0'),
    style(",", ".", '０'),
    style(",", ".", '०'),
    Style {
        is_indian: true,
        ..style(",", ".", '०')
    },
    Style {
        is_indian: true,
        ..style(",", ".", '0')
    },
];

const fn style(grouping: &'static str, point: &'static str, zero: char) -> Style {
    Style {
        grouping,
        point,
        zero,
        is_indian: false,
    }
}

impl Style {
    fn written(&self, amount: &Decimal) -> String {
        let plain = amount.to_string();
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut out = String::new();
        for (at, digit) in whole.chars().enumerate() {
            let left = whole.len() - at;
            let begins_group = match self.is_indian {
                true => left >= 3 && left % 2 == 1,
                false => left.is_multiple_of(3),
            };
            if at > 0 && begins_group {
                out.push_str(self.grouping);
            }
            out.push(self.digit(digit));
        }
        if !fraction.is_empty() {
            out.push_str(self.point);
            out.extend(fraction.chars().map(|digit| self.digit(digit)));
        }
        out
    }

    fn digit(&self, digit: char) -> char {
        let shifted = u32::from(digit) - u32::from('0') + u32::from(self.zero);
        char::from_u32(shifted).expect("scripts have ten digits")
    }
}

/// Currencies, with what may stand between them and the figures.
fn currency() -> impl Strategy<Value = (&'static str, &'static str)> {
    let names = vec![
        "",
        "£",
        "€",
        "AU $",
        "R$",
        "EUR",
        "kr",
        "kr.",
        "zł",
        "Kč",
        "лв.",
        "д.е.",
        "د.إ",
        "₹",
        "ש״ח",
        "元",
        "บาท",
        "S/.",
    ];
    let gaps = vec!["", " ", "\u{a0}", "\u{202f}", "\u{200f}"];
    (prop::sample::select(names), prop::sample::select(gaps))
        .prop_map(|(name, gap)| (name, if name.is_empty() { "" } else { gap }))
}

/// Text that is nearly a price.
fn nearly() -> impl Strategy<Value = String> {
    let parts = vec![
        "1", "23", "456", "0", "١٢", "५", "７", ".", ",", "'", " ", "\u{a0}", "٫", "٬", "-", "+",
        "−", "–", "€", "AU $", "kr.", "د.إ", "e", "E2", ":", "/", "\"", "\\", "\0", "\u{200f}",
        "²", "%", "\n",
    ];
    prop::collection::vec(prop::sample::select(parts), 0..12).prop_map(|parts| parts.concat())
}

fn check(text: &str) {
    if let Some(price) = parse(text) {
        assert!(!price.amount.is_sign_negative() || !price.amount.is_zero());
        if let Some(currency) = price.currency {
            assert!(text.contains(currency) && currency.trim() == currency);
            assert!(!currency.contains(char::is_numeric), "{text:?}");
            assert!(!currency_token(currency).is_empty(), "{text:?}");
        }
    }
    // A price is a price in blanks, and read twice the same.
    let padded = format!("\u{a0}\u{200e}{text} \t");
    assert_eq!(parse(&padded), parse(text), "{text:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_a_country_writes_is_read_back(
        style in prop::sample::select(STYLES), (name, gap) in currency(), is_before in any::<bool>(), is_negative in any::<bool>(),
        digits in 0i64..10_000_000_000_000, size in 0u32..13, scale in 0u32..6,
    ) {
        let amount = Decimal::new(digits / 10i64.pow(size), scale);
        // A point is taken for thousands where three digits stand behind it and nothing else groups.
        prop_assume!(scale != 3 || style.point == "٫" || amount < Decimal::ONE || amount >= Decimal::from(1000));
        let figures = style.written(&amount);
        let sign = if is_negative { "-" } else { "" };
        let text = match is_before {
            true => format!("{sign}{name}{gap}{figures}"),
            false => format!("{sign}{figures}{gap}{name}"),
        };
        let expected = if is_negative { -amount } else { amount };
        let price = parse(&text);
        prop_assert_eq!(price.map(|price| price.amount), Some(expected), "{:?}", text);
        prop_assert_eq!(price.and_then(|price| price.currency).unwrap_or_default(), name, "{:?}", text);
    }

    #[test]
    fn a_program_s_number_is_read_back(digits in any::<i64>(), scale in 0u32..=28, float in any::<f32>()) {
        let amount = Decimal::new(digits, scale);
        prop_assert_eq!(number(&amount.to_string()), Some(amount));
        prop_assert_eq!(number(&format!("{digits}e-{scale}")), Some(amount));
        if let Some(read) = number(&format!("{float:e}")) {
            prop_assert_eq!(read.to_string().parse::<f32>(), Ok(float));
        }
    }

    #[test]
    fn any_text_is_looked_at(text in any::<String>(), nearly in nearly()) {
        check(&text);
        check(&nearly);
        let key = currency_token(&text);
        prop_assert_eq!(currency_token(&key), key.clone());
        prop_assert!(!key.contains(char::is_whitespace) && !key.ends_with('.'));
    }

    #[test]
    fn any_cart_is_looked_at(price in nearly(), amount in nearly(), raw in any::<String>(), keyed in any::<bool>()) {
        let line = serde_json::json!({"product_id": amount, "amount": amount, "price": price, "currency": raw});
        let cart = if keyed { serde_json::json!({"0": line, "1": 5}) } else { serde_json::json!([line, 5]) };
        let json = cart.to_string();
        let read = order::lines(Some(&json));
        prop_assert_eq!(read.lines.len(), 1);
        prop_assert_eq!(read.lines[0].unit_price, parse(&price).map(|price| price.amount));
        let in_a_string = serde_json::json!(json).to_string();
        if !json.contains("\\u0000") {
            prop_assert_eq!(order::lines(Some(&in_a_string)), read);
        }
        order::lines(Some(&raw));
    }
}
