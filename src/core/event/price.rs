//! Prices in every notation: `£880.00`, `AU $ 1,234.00`, `1 278,00 €`, `kr 1.234,-`, `١٬٢٣٤٫٥٦ د.إ`.
//!
//! What a lone separator means is told from the digits behind it: three are thousands (`1.234` and `1,234` are 1234, whatever the
//! currency), any other count is decimals. Where `.` and `,` both stand, the last one begins the decimals. What could not be
//! thousands is decimals: `0.123`, `1234.567`. What is not clearly one number is no price.

mod amount;
mod currency;

pub use amount::number;
pub use currency::currency_token;
use rust_decimal::Decimal;

use amount::{amount, is_digit, is_point, negated};
use currency::{is_invisible, is_token, is_unit, one_of, takes_full_stop};

/// An amount, and the currency's name as it stood beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price<'a> {
    pub amount: Decimal,
    pub currency: Option<&'a str>,
}

/// Reads an amount with or without a currency before or behind it; `None` for anything else.
pub fn parse(text: &str) -> Option<Price<'_>> {
    let text = text.trim_matches(is_blank);
    let first = text.find(is_digit)?;
    let (last, digit) = text.char_indices().rfind(|(_, c)| is_digit(*c))?;
    let start = first - leading_point(text.get(..first)?);
    let end = last + digit.len_utf8();
    let (is_negative, before) = signed(text.get(..start)?)?;
    let after = without_ending(text.get(end..)?);
    let currency = match (token(before)?, token(after)?) {
        (Some(before), Some(after)) => Some(one_of(before, after)?),
        (before, after) => before.or(after),
    };
    let figures = text.get(start..end)?;
    let amount = amount(figures).or_else(|| number(figures))?;
    let amount = if is_negative { negated(amount) } else { amount };
    Some(Price { amount, currency })
}

/// A number with a unit behind it, `2 Stk` or `1,5 m`; `None` where that is a currency or multiplies.
pub fn measured(text: &str) -> Option<Decimal> {
    let Price { amount, currency } = parse(text)?;
    let unit = currency.filter(|unit| text.trim_end_matches(is_blank).ends_with(unit))?;
    is_unit(unit).then_some(amount)
}

/// Bytes of a point that begins the decimals of `.75`; that of `kr.75` ends an abbreviation.
fn leading_point(before: &str) -> usize {
    let mut backwards = before.chars().rev();
    match backwards.next() {
        Some(point) if is_point(point) && !backwards.next().is_some_and(takes_full_stop) => {
            point.len_utf8()
        }
        _ => 0,
    }
}

/// The sign, touching what it belongs to, before the currency or before the figures; and what is left.
fn signed(before: &str) -> Option<(bool, &str)> {
    let mut chars = before.chars();
    if let Some(is_negative) = chars.next_back().and_then(sign) {
        return Some((is_negative, chars.as_str()));
    }
    let mut chars = before.chars();
    let Some(is_negative) = chars.next().and_then(sign) else {
        return Some((false, before));
    };
    let rest = chars.as_str();
    (!rest.starts_with(char::is_whitespace)).then_some((is_negative, rest))
}

/// Whether a sign makes negative.
fn sign(c: char) -> Option<bool> {
    match c {
        '-' | '−' | '–' | '－' => Some(true),
        '+' | '＋' => Some(false),
        _ => None,
    }
}

/// Without what says "no cents": `,-`, `.–`, `:-`, `/-`, or a bare point.
fn without_ending(after: &str) -> &str {
    let Some(rest) = after.strip_prefix(|c| is_point(c) || matches!(c, ':' | '/')) else {
        return after;
    };
    let dashes = rest.trim_start();
    let behind = dashes.trim_start_matches(['-', '–', '—', '−', '=']);
    if behind.len() < dashes.len() {
        behind
    } else if after.starts_with(is_point) {
        rest
    } else {
        after
    }
}

/// The currency beside the figures, if there is any; `None` where something else stands there.
fn token(beside: &str) -> Option<Option<&str>> {
    match beside.trim_matches(is_blank) {
        "" => Some(None),
        token => is_token(token).then_some(Some(token)),
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// What is read of a text: amount and currency.
    fn read(text: &str) -> Option<(String, &str)> {
        let price = parse(text)?;
        Some((
            price.amount.normalize().to_string(),
            price.currency.unwrap_or_default(),
        ))
    }

    fn check(cases: &[(&str, &str, &str)]) {
        for (text, amount, currency) in cases {
            assert_eq!(
                read(text),
                Some(((*amount).to_owned(), *currency)),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_separator_is_told_by_the_digits_behind_it() {
        check(&[
            ("0", "0", ""),
            ("5", "5", ""),
            ("1278", "1278", ""),
            ("0001278", "1278", ""),
            ("123456789", "123456789", ""),
            ("880.00", "880", ""),
            ("880,00", "880", ""),
            ("880.5", "880.5", ""),
            ("880,5", "880.5", ""),
            ("1.234", "1234", ""),
            ("1,234", "1234", ""),
            ("12.345", "12345", ""),
            ("12,345", "12345", ""),
            ("123.456", "123456", ""),
            ("999,999", "999999", ""),
            ("100.000", "100000", ""),
            ("1.2345", "1.2345", ""),
            ("1,2345", "1.2345", ""),
            ("34.992001", "34.992001", ""),
            ("1234.5", "1234.5", ""),
            ("1234,56", "1234.56", ""),
            ("1234.567", "1234.567", ""),
            ("1234567,891", "1234567.891", ""),
            ("0.123", "0.123", ""),
            ("0,123", "0.123", ""),
            ("00,123", "0.123", ""),
            ("012.345", "12.345", ""),
            ("0.1", "0.1", ""),
            ("0,00", "0", ""),
            ("0.000", "0", ""),
            (".75", "0.75", ""),
            (",5", "0.5", ""),
            (".750", "0.75", ""),
            ("1.11000000000000009770", "1.1100000000000000977", ""),
        ]);
    }

    #[test]
    fn digits_are_grouped_in_the_ways_of_many_countries() {
        check(&[
            ("1.234,56", "1234.56", ""),
            ("1,234.56", "1234.56", ""),
            ("1.234,5", "1234.5", ""),
            ("1,234.567", "1234.567", ""),
            ("1.234,567", "1234.567", ""),
            ("1.234,5678", "1234.5678", ""),
            ("1.234.567", "1234567", ""),
            ("1,234,567", "1234567", ""),
            ("1.234.567,8", "1234567.8", ""),
            ("1,234,567.89", "1234567.89", ""),
            ("12.345.678.901,23", "12345678901.23", ""),
            ("1.234.56", "1234.56", ""),
            ("1,234,5", "1234.5", ""),
            ("1 278", "1278", ""),
            ("1 278,00", "1278", ""),
            ("1 278.50", "1278.5", ""),
            ("1 234 567", "1234567", ""),
            ("1 234 567,89", "1234567.89", ""),
            ("1 234,567", "1234.567", ""),
            ("1\u{a0}278,00", "1278", ""),
            ("1\u{202f}278,00", "1278", ""),
            ("1\u{2009}278,00", "1278", ""),
            ("1\u{a0}234\u{202f}567", "1234567", ""),
            ("1'278.00", "1278", ""),
            ("1’278.00", "1278", ""),
            ("1'278,50", "1278.5", ""),
            ("1'234'567", "1234567", ""),
            ("1’234’567.8", "1234567.8", ""),
            ("1`278", "1278", ""),
            ("1,23,456.78", "123456.78", ""),
            ("1,23,456", "123456", ""),
            ("12,34,567", "1234567", ""),
            ("1,23,45,678.9", "12345678.9", ""),
        ]);
    }

    #[test]
    fn digits_of_other_scripts_are_digits() {
        check(&[
            ("٨٨٠", "880", ""),
            ("١٬٢٣٤٫٥٦", "1234.56", ""),
            ("١٬٢٣٤", "1234", ""),
            ("١٢٣٤٫٥", "1234.5", ""),
            ("١٫٢٣٤", "1.234", ""),
            ("٫٥٠", "0.5", ""),
            ("١.٢٣٤", "1234", ""),
            ("١٢,٥٠", "12.5", ""),
            ("٣،٥٠", "3.5", ""),
            ("۱۲۳۴", "1234", ""),
            ("۱٬۲۳۴٬۵۶۷", "1234567", ""),
            ("۱۲٬۳۴٬۵۶۷٫۸", "1234567.8", ""),
            ("१,२३,४५६.७८", "123456.78", ""),
            ("৳১,২৩৪", "1234", "৳"),
            ("฿๑,๒๓๔.๕๐", "1234.5", "฿"),
            ("８８０．００", "880", ""),
            ("￥１，２３４", "1234", "￥"),
        ]);
    }

    #[test]
    fn a_currency_stands_before_or_behind() {
        check(&[
            ("£880.00", "880", "£"),
            ("£ 880.00", "880", "£"),
            ("880.00 £", "880", "£"),
            ("880.00£", "880", "£"),
            ("$.75", "0.75", "$"),
            ("AU $ 1,234.00", "1234", "AU $"),
            ("AU $1,234.00", "1234", "AU $"),
            ("1,234.00 AU $", "1234", "AU $"),
            ("AU\u{a0}$ 5", "5", "AU\u{a0}$"),
            ("US$ 12.99", "12.99", "US$"),
            ("NT$ 1,160", "1160", "NT$"),
            ("R$ 1.500,00", "1500", "R$"),
            ("$U 990", "990", "$U"),
            ("1 278,00 €", "1278", "€"),
            ("1\u{a0}278,00\u{a0}€", "1278", "€"),
            ("€1'049,95", "1049.95", "€"),
            ("EUR 12", "12", "EUR"),
            ("12 EUR", "12", "EUR"),
            ("12EUR", "12", "EUR"),
            ("EUR12", "12", "EUR"),
            ("eur 1.234,56", "1234.56", "eur"),
            ("CHF 1'278.00", "1278", "CHF"),
            ("CHF 1’278.00", "1278", "CHF"),
            ("kr 12", "12", "kr"),
            ("kr. 12,50", "12.5", "kr."),
            ("kr.12,50", "12.5", "kr."),
            ("kr.750", "750", "kr."),
            ("kr .75", "0.75", "kr"),
            ("12,50 kr.", "12.5", "kr."),
            ("12 kr", "12", "kr"),
            ("12,50 zł", "12.5", "zł"),
            ("1 299,00 zł", "1299", "zł"),
            ("12 999 Kč", "12999", "Kč"),
            ("12 999 Kc\u{30c}", "12999", "Kc\u{30c}"),
            ("39 900 Ft", "39900", "Ft"),
            ("184,35 lei", "184.35", "lei"),
            ("4.290 RSD", "4290", "RSD"),
            ("5 870 д.е.", "5870", "д.е."),
            ("1.278,00 лв.", "1278", "лв."),
            ("27.00 лв", "27", "лв"),
            ("лв.27,00", "27", "лв."),
            ("90 728.00 руб", "90728", "руб"),
            ("171900 руб.", "171900", "руб."),
            ("10 490 ₽", "10490", "₽"),
            ("60 800 грн.", "60800", "грн."),
            ("1 ден", "1", "ден"),
            ("₺1.234,56", "1234.56", "₺"),
            ("1.234,56 TL", "1234.56", "TL"),
            ("₪ 115", "115", "₪"),
            ("98 ש״ח", "98", "ש״ח"),
            ("98 ש\"ח", "98", "ש\"ח"),
            ("1,234.50 د.إ", "1234.5", "د.إ"),
            ("1,234.50 د.إ.", "1234.5", "د.إ."),
            ("د.إ 1,234", "1234", "د.إ"),
            ("د.إ1,234", "1234", "د.إ"),
            ("د.إ.1,234", "1234", "د.إ."),
            ("١٬٢٣٤٫٥٦ د.إ", "1234.56", "د.إ"),
            ("\u{200f}١٬٢٣٤٫٥٦\u{a0}ر.س.\u{200f}", "1234.56", "ر.س."),
            ("\u{200f}1,234.50\u{a0}₪", "1234.5", "₪"),
            ("20 .د.ب", "20", ".د.ب"),
            ("۸۵۰٬۰۰۰ تومان", "850000", "تومان"),
            ("ریال ۸۵۰۰۰۰", "850000", "ریال"),
            ("45 دينار أردني", "45", "دينار أردني"),
            ("₹1,23,456.78", "123456.78", "₹"),
            ("Rs. 1,306.14", "1306.14", "Rs."),
            ("Rs.500", "500", "Rs."),
            ("रु. 500", "500", "रु."),
            ("ரூ 500", "500", "ரூ"),
            ("රු. 1,250.00", "1250", "රු."),
            ("1 บาท", "1", "บาท"),
            ("¥20,800", "20800", "¥"),
            ("￥20,800", "20800", "￥"),
            ("22000.00元", "22000", "元"),
            ("3,500円", "3500", "円"),
            ("12,000원", "12000", "원"),
            ("₫ 880.000", "880000", "₫"),
            ("Rp 1.550.000", "1550000", "Rp"),
            ("S/. 120", "120", "S/."),
            ("S/.120", "120", "S/."),
            ("B/.75", "75", "B/."),
            ("120 S/", "120", "S/"),
            ("200 so'm", "200", "so'm"),
            ("GH₵ 20", "20", "GH₵"),
            ("12,50 F CFA", "12.5", "F CFA"),
            ("5 New Taiwan dollar", "5", "New Taiwan dollar"),
            (" \t 12 € \n", "12", "€"),
            ("$1,190.00 AUD", "1190", "AUD"),
            ("CAD 12 $", "12", "CAD"),
            ("€ 12,00 EUR", "12", "EUR"),
            ("PEN 12.00 S/.", "12", "PEN"),
            ("12 kr SEK", "12", "kr SEK"),
            ("kr 12 SEK", "12", "SEK"),
            ("GTQ Q 12", "12", "GTQ Q"),
        ]);
    }

    #[test]
    fn a_price_may_end_without_cents() {
        check(&[
            ("1.234,-", "1234", ""),
            ("1.234.-", "1234", ""),
            ("1'234.–", "1234", ""),
            ("1’234.—", "1234", ""),
            ("kr 1.234,-", "1234", "kr"),
            ("1.198,- Kr", "1198", "Kr"),
            ("50,-Kč", "50", "Kč"),
            ("€ 640,", "640", "€"),
            ("₤1700.", "1700", "₤"),
            ("12.€", "12", "€"),
            ("105. –", "105", ""),
            ("99,--", "99", ""),
            ("CHF 86.-", "86", "CHF"),
            ("1 490:-", "1490", ""),
            ("1 490:- kr", "1490", "kr"),
            ("Rs. 500/-", "500", "Rs."),
            ("KSh 1,000/=", "1000", "KSh"),
            ("٥٠٫-", "50", ""),
        ]);
    }

    #[test]
    fn signs_touch_what_they_belong_to() {
        check(&[
            ("-5", "-5", ""),
            ("+5", "5", ""),
            ("-.5", "-0.5", ""),
            ("-£5.00", "-5", "£"),
            ("£-5.00", "-5", "£"),
            ("£ -5.00", "-5", "£"),
            ("+£5.00", "5", "£"),
            ("-1.234,56 €", "-1234.56", "€"),
            ("−12 kr", "-12", "kr"),
            ("CHF-5.00", "-5", "CHF"),
            ("\u{61c}-١٬٢٣٤", "-1234", ""),
            ("-\u{200e}5", "-5", ""),
            ("-0", "0", ""),
        ]);
        for text in [
            "--5", "-+5", "-£-5", "- 5", "- £5", "EUR - 5", "5-", "5 -", "-", "(5)", "+ 5",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn json_numbers_may_come_as_text() {
        check(&[
            ("8.8e2", "880", ""),
            ("8.8E+2", "880", ""),
            ("-1.2345e3", "-1234.5", ""),
            ("12e-1", "1.2", ""),
            ("1.234e0", "1.234", ""),
            ("1278.0", "1278", ""),
            ("1278.0000000000002", "1278.0000000000002", ""),
        ]);
    }

    #[test]
    fn what_is_not_clearly_one_price_is_none() {
        let none = [
            "",
            " ",
            "\u{200f}",
            "€",
            "free",
            "n/a",
            "null",
            "NaN",
            "-",
            ".",
            ",-",
            "%",
            "10-20",
            "10 - 20",
            "10–20",
            "€10–€20",
            "10/20",
            "1x2",
            "3 x 5",
            "1250€60",
            "£5 £6",
            "5,00 € 6,00 €",
            "EUR 5 USD",
            "€5$",
            "12 34",
            "12  345",
            "1 2 3",
            "1 278 00",
            "1'278'00",
            "12 3456",
            "1234 567",
            "1, 234",
            "1 ,234",
            "118, 99 TL",
            "1..2",
            "1,,234",
            "1.,2",
            "..5",
            "$..75",
            ",,5",
            ".75,333",
            ".750.30",
            "1.2.3",
            "1.2.3.4",
            "15.08.2017",
            "2017-08-15",
            "12:50",
            "12.345.6789",
            "1.23.456",
            "12.34.567",
            "123,45,678",
            "1,2,345",
            "1,234.567,89",
            "1.234,567.89",
            "1,234 567",
            "1 234'567",
            "1'234,567.00",
            "1.234'567",
            "1,234.5.6",
            "0.123.456",
            "0,123.45",
            "0 123",
            "012 345",
            "0'123",
            ",234,567",
            "1٫234٫567",
            "1٫2.3",
            "1٫234.5",
            "1,2٬345",
            "12'",
            "12\"",
            "5%",
            "5²",
            "²5",
            "½ 5",
            "Ⅷ 5",
            "5*",
            "5 € *",
            "#5",
            "Price: 5",
            "US$:12.99",
            "5/kg",
            "5 (EUR)",
            "<b>5</b>",
            "5\0",
            "\0",
            "5 pounds and a few pence",
            "abcdefghijklmnopqrstuvwxy 5",
            "1\n278",
            "1\t278",
            "12,-3",
            "12 -kr",
            "e",
            "1e999",
            "1e5e5",
            "1 e 5",
            "1,5e3",
            "12345678901234567890123456789",
            "0.00000000000000000000000000001",
            "٪٥",
        ];
        for text in none {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
