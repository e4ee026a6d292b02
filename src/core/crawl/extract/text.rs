//! One value of a page, as it can be kept.

use rust_decimal::Decimal;

use crate::crawl::markup::plain;
use crate::event::price::{self, currency_token};

/// Longer texts are no names.
const MAX_CHARS: usize = 500;

/// Text without tags, references, control characters and needless space; `None` if nothing is left.
pub fn clean(text: &str) -> Option<String> {
    let text = if text.contains(['<', '&']) {
        plain(text)
    } else {
        text.to_owned()
    };
    let mut out = String::new();
    let mut length = 0;
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        let chars = word.chars().count();
        if length + chars >= MAX_CHARS {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        length += chars + 1;
    }
    (!out.is_empty()).then_some(out)
}

/// An address, made absolute.
pub fn address(text: &str, base: &str) -> Option<String> {
    let url = url::Url::parse(base).ok()?.join(text.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.as_str().len() <= 2000).then(|| url.into())
}

/// A price as written, with the currency beside it; a price of nothing is none.
pub fn amount(text: &str) -> Option<(Decimal, Option<String>)> {
    let price = price::parse(text)?;
    (price.amount > Decimal::ZERO).then(|| (price.amount, price.currency.map(currency_token)))
}

/// A price as machines write it: a lone point begins the decimals, however many there are. Two marks are read as people
/// write them.
pub fn machine_amount(text: &str) -> Option<(Decimal, Option<String>)> {
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let last = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let figures = text.get(first..last)?;
    let decimals = figures.split_once('.').map(|(_, decimals)| decimals);
    let is_lone = |decimals: &&str| {
        decimals.len() == 3
            && figures
                .bytes()
                .filter(|byte| !byte.is_ascii_digit())
                .count()
                == 1
    };
    if decimals.filter(is_lone).is_none() {
        return amount(text);
    }
    // Four digits behind a point are no group of thousands to anybody.
    let longer = [text.get(..last)?, "0", text.get(last..)?].concat();
    let (mut amount, currency) = amount(&longer)?;
    amount.rescale(3);
    Some((amount, currency))
}

/// A code of ISO 4217, or another way to write a currency.
pub fn currency(text: &str) -> Option<String> {
    let token = currency_token(&clean(text)?);
    (!token.is_empty() && token.chars().count() <= 12).then_some(token)
}

/// female, male or unisex, in the words of several languages; anything else as it is written.
pub fn gender(text: &str) -> Option<String> {
    let text = clean(text)?;
    let word = text
        .rsplit(['/', '#'])
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let known = match word.as_str() {
        "female" | "woman" | "women" | "womens" | "women's" | "ladies" | "for her" | "damen"
        | "frau" | "frauen" | "weiblich" | "femme" | "femmes" | "féminin" | "mujer" | "mujeres"
        | "femenino" | "donna" | "donne" | "femminile" | "dames" | "vrouw" | "dam" => "female",
        "male" | "man" | "men" | "mens" | "men's" | "gentlemen" | "for him" | "herren" | "herr"
        | "mann" | "männer" | "männlich" | "homme" | "hommes" | "masculin" | "hombre"
        | "hombres" | "masculino" | "uomo" | "uomini" | "maschile" | "heren" => "male",
        "unisex" | "all" | "mixte" => "unisex",
        _ => return Some(text),
    };
    Some(known.to_owned())
}

/// A category's path as written: `Rings > Engagement`.
pub fn path(text: &str) -> Vec<String> {
    let text = clean(text).unwrap_or_default();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number of some taxonomy.
        return Vec::new();
    }
    text.replace(" / ", ">")
        .split(['>', '›', '»', '|'])
        .filter_map(clean)
        .collect()
}

/// The word behind the last slash of an address of schema.org: `InStock`.
pub fn term(text: &str) -> Option<String> {
    let text = clean(text)?;
    let word = text.rsplit(['/', '#', ':']).next()?.trim();
    (!word.is_empty()).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{address, amount, clean, currency, gender, machine_amount, path, term};

    #[test]
    fn values_are_cleaned() {
        for (text, expected) in [
            ("  Ring \n\t Gold ", Some("Ring Gold")),
            ("Ring &amp; Gold", Some("Ring & Gold")),
            ("<script>alert(1)</script><b>Ring</b>", Some("Ring")),
            ("a\0b\u{1}c", Some("a b c")),
            (" \u{a0} ", None),
            ("5 < 6", Some("5 < 6")),
        ] {
            assert_eq!(clean(text).as_deref(), expected, "{text}");
        }
        assert!(clean(&"word ".repeat(10_000)).unwrap().len() <= 500);
    }

    #[test]
    fn a_point_of_machines_begins_the_decimals() {
        let read = |text| {
            machine_amount(text)
                .map(|(amount, currency)| (amount.to_string(), currency.unwrap_or_default()))
        };
        for (text, expected, currency) in [
            ("12.500", "12.500", ""),
            ("140.000", "140.000", ""),
            ("1.234", "1.234", ""),
            ("0.500", "0.500", ""),
            ("1278.500", "1278.500", ""),
            ("49.00", "49.00", ""),
            ("49", "49", ""),
            ("12.500 KWD", "12.500", "KWD"),
            ("EUR 140.000", "140.000", "EUR"),
            ("49.9000", "49.9000", ""),
            // What breaks the rule is read as people write it.
            ("1,278.50", "1278.50", ""),
            ("1.234,56", "1234.56", ""),
            ("1,278.500", "1278.500", ""),
            ("1.234.567", "1234567", ""),
            ("1.234.567,89 €", "1234567.89", "€"),
            ("49,90", "49.90", ""),
            ("1,278", "1278", ""),
            ("1 278,00 kr", "1278.00", "KR"),
            ("1'278.50", "1278.50", ""),
        ] {
            assert_eq!(
                read(text),
                Some((expected.to_owned(), currency.to_owned())),
                "{text}"
            );
        }
        for text in ["", "0.000", "ask", "1.2.3 or 4.500", "-", "."] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn every_kind_of_value_is_read() {
        assert_eq!(
            address("/a.jpg", "https://a.de/x/y").as_deref(),
            Some("https://a.de/a.jpg")
        );
        assert_eq!(address("javascript:x", "https://a.de/"), None);
        let read = |text| {
            amount(text).map(|(amount, currency)| {
                (amount.normalize().to_string(), currency.unwrap_or_default())
            })
        };
        assert_eq!(read("1.278,50 €"), Some(("1278.5".into(), "€".into())));
        assert_eq!(read("0.00"), None);
        assert_eq!(currency("eur").as_deref(), Some("EUR"));
        for (text, expected) in [
            ("https://schema.org/Female", "female"),
            ("Herren", "male"),
            ("Kinder", "Kinder"),
        ] {
            assert_eq!(gender(text).as_deref(), Some(expected));
        }
        assert_eq!(
            path("Schmuck &gt; Ringe › Verlobung"),
            ["Schmuck", "Ringe", "Verlobung"]
        );
        assert_eq!(path("188"), [""; 0]);
        assert_eq!(
            term("http://schema.org/InStock").as_deref(),
            Some("InStock")
        );
    }
}
