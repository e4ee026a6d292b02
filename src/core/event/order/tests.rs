use rust_decimal::Decimal;
use serde_json::json;

use super::{Key, MAX_LINES, OrderLine, lines};
use crate::event::code::{Code, Codes};

fn number(text: &str) -> Option<Decimal> {
    (!text.is_empty()).then(|| text.parse().expect("it is a number"))
}

/// The only line of an order.
fn one(line: &str) -> (OrderLine<'static>, Codes) {
    let cart = format!("[{line}]");
    let mut read = lines(Some(&cart));
    assert_eq!(read.lines.len(), 1, "{line}");
    (read.lines.remove(0).into_owned(), read.codes)
}

#[test]
fn a_line_says_what_how_many_and_for_how_much() {
    let line = r#"{"product_id":96047,"amount":2,"price":"880.00","currency":"£","option":[{"option_id":1}]}"#;
    let (read, codes) = one(line);
    assert_eq!(
        read,
        OrderLine {
            line: 1,
            product_id: Key::Some("96047".into()),
            quantity: number("2"),
            unit_price: number("880.00"),
            currency: Some("£".into()),
            option: Some(r#"[{"option_id":1}]"#.into()),
        }
    );
    assert_eq!(codes, Codes::EMPTY);
    let (bare, codes) = one("{}");
    assert_eq!(
        (bare.product_id, bare.unit_price, bare.currency, bare.option),
        (Key::Absent, None, None, None)
    );
    assert_eq!((bare.quantity, codes), (number("1"), Codes::EMPTY));
}

#[test]
fn the_last_of_duplicate_keys_wins() {
    let (read, _) = one(r#"{"price":"1","price":"2","\u0070roduct_id":1,"product_id":2}"#);
    assert_eq!(
        (read.unit_price, read.product_id),
        (number("2"), Key::Some("2".into()))
    );
    let read = lines(Some(
        r#"{"a":{"price":1},"b":{"price":2},"\u0061":{"price":3}}"#,
    ));
    let prices: Vec<_> = read
        .lines
        .iter()
        .map(|line| (line.line, line.unit_price))
        .collect();
    assert_eq!(prices, [(1, number("3")), (2, number("2"))]);
}

#[test]
fn every_kind_of_price_is_read_or_flagged() {
    let bad = Codes::of(Code::PriceUnparseable);
    let cases: &[(&str, &str, Option<&str>, Codes)] = &[
        (r#""price":"880.00""#, "880", None, Codes::EMPTY),
        (
            r#""price":"1 278,00","currency":"€""#,
            "1278",
            Some("€"),
            Codes::EMPTY,
        ),
        (r#""price":"\u00a3 1.234""#, "1234", Some("£"), Codes::EMPTY),
        (r#""price":"AU $ 5""#, "5", Some("AU $"), Codes::EMPTY),
        (
            r#""price":"£5","currency":" EUR ""#,
            "5",
            Some("EUR"),
            Codes::EMPTY,
        ),
        (
            r#""price":"£5","currency":"""#,
            "5",
            Some("£"),
            Codes::EMPTY,
        ),
        (
            r#""price":"£5","currency":null"#,
            "5",
            Some("£"),
            Codes::EMPTY,
        ),
        (
            r#""price":"£5","currency":"\u20ac""#,
            "5",
            Some("€"),
            Codes::EMPTY,
        ),
        (
            r#""price":"£5","currency":978"#,
            "5",
            Some("978"),
            Codes::EMPTY,
        ),
        (
            r#""price":"£5","currency":["EUR"]"#,
            "5",
            Some(r#"["EUR"]"#),
            Codes::EMPTY,
        ),
        (r#""price":880.125"#, "880.125", None, Codes::EMPTY),
        (r#""price":1.234"#, "1.234", None, Codes::EMPTY),
        (r#""price":8.8e2"#, "880", None, Codes::EMPTY),
        (r#""price":0"#, "0", None, Codes::EMPTY),
        (
            r#""price":null,"currency":"€""#,
            "",
            Some("€"),
            Codes::EMPTY,
        ),
        (r#""price":" ""#, "", None, Codes::EMPTY),
        (r#""price":false"#, "", None, Codes::EMPTY),
        (r#""price":"free","currency":"€""#, "", Some("€"), bad),
        (r#""price":"10-20""#, "", None, bad),
        (r#""price":true"#, "", None, bad),
        (r#""price":["5"]"#, "", None, bad),
        (r#""price":1e99"#, "", None, bad),
    ];
    for (fields, unit_price, currency, codes) in cases {
        let (line, found) = one(&format!("{{{fields}}}"));
        assert_eq!(
            (line.unit_price, line.currency.as_deref(), found),
            (number(unit_price), *currency, *codes),
            "{fields}"
        );
    }
}

#[test]
fn quantities_are_numbers_and_1_when_unsaid() {
    let cases = [
        ("1", "1"),
        ("2.0", "2"),
        ("1.5", "1.5"),
        ("-1", "-1"),
        ("0", "0"),
        ("2e1", "20"),
        ("null", "1"),
        (r#""""#, "1"),
        (r#"" 3 ""#, "3"),
        (r#""1.000""#, "1"),
        (r#""1.0000""#, "1"),
        (r#""1,5""#, "1.5"),
        (r#""٣""#, "3"),
        (r#"{"$numberInt":"2"}"#, "2"),
        (r#"{"$numberDouble":"2.0"}"#, "2"),
    ];
    for (raw, expected) in cases {
        let (line, codes) = one(&format!(r#"{{"amount":{raw}}}"#));
        assert_eq!(
            (line.quantity, codes),
            (number(expected), Codes::EMPTY),
            "{raw}"
        );
    }
}

#[test]
fn a_quantity_that_is_no_plain_number_is_flagged_and_read_where_it_can_be() {
    let cases = [
        (r#""2 Stk""#, "2"),
        (r#""2 Stk.""#, "2"),
        (r#""2x""#, "2"),
        (r#""1,5 m""#, "1.5"),
        (r#""2 pcs""#, "2"),
        (r#""2 db""#, "2"),
        (r#""3 шт.""#, "3"),
        (r#""2\u00a0Stück""#, "2"),
        (r#""two""#, ""),
        (r#""Stk 2""#, ""),
        (r#""2 EUR""#, ""),
        (r#""2 kr""#, ""),
        (r#""2 €""#, ""),
        (r#""2k""#, ""),
        (r#""2nd""#, ""),
        (r#""2 dozen""#, ""),
        (r#""2 or 3""#, ""),
        (r#""1-2""#, ""),
        (r#""1/2""#, ""),
        ("true", ""),
        ("{}", ""),
        ("[1]", ""),
        ("1e99", ""),
        (r#"{"$numberDouble":"NaN"}"#, ""),
        (r#"{"$date":5}"#, ""),
    ];
    for (raw, expected) in cases {
        let (line, codes) = one(&format!(r#"{{"amount":{raw}}}"#));
        assert_eq!(
            (line.quantity, codes),
            (number(expected), Codes::of(Code::AmountUnparseable)),
            "{raw}"
        );
    }
}

#[test]
fn products_are_keys_none_or_unreadable() {
    let key = |id: &'static str| Key::Some(id.into());
    let cases = [
        ("96047", key("96047")),
        ("96047.0", key("96047")),
        (r#"" 96047 ""#, key("96047")),
        (r#""a-1""#, key("a-1")),
        (r#"{"$numberInt":"96047"}"#, key("96047")),
        (
            r#"{"$oid":"5ed8cb25e73652372a131289"}"#,
            key("5ed8cb25e73652372a131289"),
        ),
        ("null", Key::Absent),
        ("false", Key::Absent),
        (r#""""#, Key::Absent),
        ("96047.5", Key::Refused),
        ("{}", Key::Refused),
        ("true", Key::Refused),
        ("[96047]", Key::Refused),
        (r#""undefined""#, Key::Refused),
        (r#""[object Object]""#, Key::Refused),
    ];
    for (raw, expected) in cases {
        let (line, codes) = one(&format!(r#"{{"product_id":{raw}}}"#));
        let flagged = match expected {
            Key::Refused => Codes::of(Code::LineProductInvalid),
            _ => Codes::EMPTY,
        };
        assert_eq!((line.product_id, codes), (expected, flagged), "{raw}");
    }
    let long = "7".repeat(256);
    let (line, codes) = one(&format!(r#"{{"product_id":{long},"currency":"{long}"}}"#));
    assert_eq!(
        (line.product_id, codes),
        (Key::Refused, Codes::of(Code::KeyTooLong))
    );
    assert_eq!(line.currency.as_deref(), long.get(1..));
}

#[test]
fn lines_come_in_an_array_an_object_or_a_string() {
    let found = |raw: &str| {
        let read = lines(Some(raw));
        // What stands between the lines is not passed over in silence.
        assert_eq!(read.codes, Codes::of(Code::LineProductInvalid), "{raw}");
        let lines = read.lines.into_iter().map(OrderLine::into_owned);
        lines
            .map(|line| (line.line, line.product_id))
            .collect::<Vec<_>>()
    };
    let key = |id: &'static str| Key::Some(id.into());
    let expected = [(1, key("7")), (3, key("8"))];
    let array = r#" [ {"product_id":7} , null, {"product_id":"8"}, [{}], 5, "{}" ] "#.trim();
    let object = r#"{"0":{"product_id":7},"1":[],"2":{"product_id":8}}"#;
    assert_eq!(found(array), expected);
    assert_eq!(found(object), expected);
    assert_eq!(found(&json!(array).to_string()), expected);
    assert_eq!(found(&json!(format!(" {object}\n")).to_string()), expected);
    let blank = lines(Some(r#"[null,{"product_id":7},"",false]"#));
    assert_eq!((blank.lines.len(), blank.codes), (1, Codes::EMPTY));
}

#[test]
fn what_is_no_list_has_no_lines_and_says_so() {
    for raw in [
        "[]",
        "{}",
        "null",
        "false",
        r#""""#,
        r#"" ""#,
        r#""[]""#,
        r#""null""#,
        r#""undefined""#,
        r#""\"\"""#,
    ] {
        assert_eq!(lines(Some(raw)), Default::default(), "{raw}");
    }
    assert_eq!(lines(None), Default::default());
    for raw in [
        "5",
        "true",
        r#""[{""#,
        r#""free""#,
        r#"{"product_id":7}"#,
        "[5]",
    ] {
        let read = lines(Some(raw));
        assert_eq!(
            (read.lines.len(), read.codes),
            (0, Codes::of(Code::LineProductInvalid)),
            "{raw}"
        );
    }
}

#[test]
fn text_that_no_database_holds_is_mended_in_a_string_too() {
    let json = json!(r#"[{"product_id":"a\u0000b"}]"#).to_string();
    let read = lines(Some(&json));
    assert_eq!(read.codes, Codes::of(Code::TextMended));
    assert_eq!(
        read.lines.first().map(|line| line.product_id.clone()),
        Some(Key::Some("ab".into()))
    );
}

#[test]
fn lines_have_a_limit_and_depth_does_no_harm() {
    let many = format!("[null{}]", ",{}".repeat(MAX_LINES + 5));
    let read = lines(Some(&many)).lines;
    assert_eq!(
        (read.len(), read.last().map(|line| line.line)),
        (MAX_LINES + 1, Some(2 + MAX_LINES as i32))
    );
    let deep = format!(
        r#"[{{"price":5,"option":{}{}}}]"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(lines(Some(&json!(deep).to_string())).lines.len(), 1);
}
