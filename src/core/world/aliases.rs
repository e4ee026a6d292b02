//! What shops write for a currency: codes, signs, abbreviations and words, some of which only the store's country tells.
//!
//! Tokens are in the form in which they are compared: without white space and invisible marks, in capitals, full-width
//! characters as the usual ones, no full stop at the end. The alias of the store's country comes before the one of no country.

use std::collections::HashSet;

use super::currencies::currencies;
use super::rows;

/// A token, the country where it means this currency (`None`: anywhere else), and the currency's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alias {
    pub token: &'static str,
    pub country: Option<&'static str>,
    pub code: &'static str,
}

/// What CLDR does not know: the meaning of a shared sign where no country tells, and how people write. It comes before
/// CLDR's where both know a token.
const WRITTEN: &[(&str, &str, &str)] = &[
    // Signs that many share.
    ("$", "", "USD"),
    ("U$", "", "USD"),
    ("U$S", "", "USD"),
    ("C$", "", "CAD"),
    ("CAN$", "", "CAD"),
    ("CDN$", "", "CAD"),
    ("COL$", "", "COP"),
    ("£", "", "GBP"),
    ("РСД", "", "RSD"),
    ("¥", "", "JPY"),
    ("₩", "", "KRW"),
    ("₱", "", "PHP"),
    ("₨", "", "INR"),
    ("₨", "LK", "LKR"),
    ("₨", "MU", "MUR"),
    ("₨", "NP", "NPR"),
    ("₨", "PK", "PKR"),
    ("₨", "SC", "SCR"),
    ("RS", "", "INR"),
    ("R", "", "ZAR"),
    // Abbreviations and words in Latin letters.
    ("BS", "VE", "VES"),
    ("DH", "AE", "AED"),
    ("DH", "MA", "MAD"),
    ("DHS", "", "AED"),
    ("DHS", "MA", "MAD"),
    ("EURO", "", "EUR"),
    ("EUROS", "", "EUR"),
    ("FR", "", "CHF"),
    ("FRS", "", "CHF"),
    ("SFR", "", "CHF"),
    ("GRN", "", "UAH"),
    ("HRN", "", "UAH"),
    ("KC", "", "CZK"),
    ("KRONOR", "", "SEK"),
    ("SKR", "", "SEK"),
    ("LE", "EG", "EGP"),
    ("LEI", "MD", "MDL"),
    ("LEV", "", "BGN"),
    ("LEVA", "", "BGN"),
    ("LV", "", "BGN"),
    ("P", "PH", "PHP"),
    ("QR", "QA", "QAR"),
    ("RMB", "", "CNY"),
    ("RUR", "", "RUB"),
    ("SR", "SA", "SAR"),
    ("TK", "BD", "BDT"),
    ("YTL", "", "TRY"),
    ("VNĐ", "", "VND"),
    ("Đ", "", "VND"),
    // Words in other scripts.
    ("ЕВРО", "", "EUR"),
    ("ΕΥΡΩ", "", "EUR"),
    ("ΕΥΡΏ", "", "EUR"),
    ("ДИН", "", "RSD"),
    ("ДЕНАР", "", "MKD"),
    ("ЛЕВ", "", "BGN"),
    ("ЛЕВА", "", "BGN"),
    ("ЛЕЙ", "", "RON"),
    ("ЛЕЙ", "MD", "MDL"),
    ("Р", "", "RUB"),
    ("Р", "BY", "BYN"),
    ("РУБ", "BY", "BYN"),
    ("РУБЛЕЙ", "", "RUB"),
    ("СОМ", "TJ", "TJS"),
    ("СУМ", "", "UZS"),
    ("ТГ", "", "KZT"),
    ("ТЕНГЕ", "", "KZT"),
    ("ש״ח", "", "ILS"),
    ("ש\"ח", "", "ILS"),
    ("שח", "", "ILS"),
    ("درهم", "", "AED"),
    ("درهم", "MA", "MAD"),
    ("ريال", "", "SAR"),
    ("ريال", "OM", "OMR"),
    ("ريال", "QA", "QAR"),
    ("ريال", "YE", "YER"),
    ("جنيه", "", "EGP"),
    ("บาท", "", "THB"),
    ("元", "", "CNY"),
    ("元", "HK", "HKD"),
    ("元", "TW", "TWD"),
    ("人民币", "", "CNY"),
    ("円", "", "JPY"),
    ("원", "", "KRW"),
];

/// All aliases: each token at most once for each country and once for none.
pub fn aliases() -> impl Iterator<Item = Alias> {
    let codes = currencies().map(|currency| (currency.code, "", currency.code));
    let tokens = rows(include_str!("currency_tokens.tsv"));
    let mut seen = HashSet::new();
    codes
        .chain(WRITTEN.iter().copied())
        .chain(tokens.map(|[token, country, code]| (token, country, code)))
        .filter(move |(token, country, _)| seen.insert((*token, *country)))
        .map(|(token, country, code)| Alias {
            token,
            country: Some(country).filter(|country| !country.is_empty()),
            code,
        })
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::super::countries::country;
    use super::super::currencies::currencies;
    use super::{WRITTEN, aliases, rows};

    /// The form in which tokens are compared.
    fn normal(token: &str) -> String {
        let token: String = token
            .chars()
            .filter(|c| !c.is_whitespace())
            .filter(|c| !matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'))
            .map(|c| match c {
                '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap(),
                '﹩' => '$',
                '￠' => '¢',
                '￡' => '£',
                '￥' => '¥',
                '￦' => '₩',
                c => c,
            })
            .flat_map(char::to_uppercase)
            .collect();
        token.trim_end_matches('.').to_owned()
    }

    #[test]
    fn tokens_are_normal_codes_and_countries_known() {
        let codes: HashSet<_> = currencies().map(|currency| currency.code).collect();
        let mut seen = HashSet::new();
        for alias in aliases() {
            assert_eq!(normal(alias.token), alias.token, "{alias:?}");
            assert!(!alias.token.is_empty());
            assert!(codes.contains(alias.code), "{alias:?}");
            assert!(
                alias.country.is_none_or(|code| country(code).is_some()),
                "{alias:?}"
            );
            assert!(seen.insert((alias.token, alias.country)), "{alias:?} twice");
            // A code means itself wherever it is written.
            assert!(
                !codes.contains(alias.token) || alias.token == alias.code,
                "{alias:?}"
            );
        }
        assert!(seen.len() > 700);
        let tokens = rows::<3>(include_str!("currency_tokens.tsv")).count();
        assert_eq!(
            tokens,
            include_str!("currency_tokens.tsv").lines().count() - 1
        );
    }

    #[test]
    fn what_is_written_by_hand_adds_something() {
        let derived: HashMap<_, _> = rows(include_str!("currency_tokens.tsv"))
            .map(|[token, country, code]| ((token, country), code))
            .collect();
        let mut seen = HashSet::new();
        for (token, country, code) in WRITTEN {
            assert!(seen.insert((token, country)), "{token} twice");
            assert_ne!(derived.get(&(*token, *country)), Some(code), "{token}");
            assert!(
                currencies().all(|currency| currency.code != *token),
                "{token}"
            );
        }
    }

    #[test]
    fn the_country_of_the_store_tells_what_a_token_means() {
        let meanings: HashMap<_, _> = aliases()
            .map(|alias| ((alias.token, alias.country), alias.code))
            .collect();
        let meaning = |written: &str, country: &'static str| {
            let token = normal(written);
            meanings
                .get(&(token.as_str(), Some(country)))
                .or_else(|| meanings.get(&(token.as_str(), None)))
                .copied()
        };
        for (written, country, code) in [
            ("$", "", Some("USD")),
            ("$", "US", Some("USD")),
            ("$", "CA", Some("CAD")),
            ("$", "AU", Some("AUD")),
            ("$", "MX", Some("MXN")),
            ("$", "CL", Some("CLP")),
            ("$", "CO", Some("COP")),
            ("$", "NZ", Some("NZD")),
            ("$", "SG", Some("SGD")),
            ("$", "DE", Some("USD")),
            ("AU $", "", Some("AUD")),
            ("NZ $", "", Some("NZD")),
            ("CA $", "", Some("CAD")),
            ("US\u{a0}$", "", Some("USD")),
            ("Ｕ＄", "", Some("USD")),
            ("MXN $", "", Some("MXN")),
            ("HK$", "", Some("HKD")),
            ("NT$", "", Some("TWD")),
            ("kr", "SE", Some("SEK")),
            ("kr.", "DK", Some("DKK")),
            ("kr", "NO", Some("NOK")),
            ("kr", "IS", Some("ISK")),
            ("kr", "", None),
            ("£", "", Some("GBP")),
            ("£", "GI", Some("GIP")),
            ("€", "DE", Some("EUR")),
            ("eur", "", Some("EUR")),
            ("Euro", "", Some("EUR")),
            ("Fr.", "CH", Some("CHF")),
            ("CHF", "", Some("CHF")),
            ("zł", "", Some("PLN")),
            ("Kč", "", Some("CZK")),
            ("Ft", "", Some("HUF")),
            ("lei", "RO", Some("RON")),
            ("lei", "MD", Some("MDL")),
            ("kn", "HR", Some("HRK")),
            ("лв.", "BG", Some("BGN")),
            ("лв", "", Some("BGN")),
            ("дин.", "RS", Some("RSD")),
            ("din.", "RS", Some("RSD")),
            ("RSD", "RS", Some("RSD")),
            ("ден.", "MK", Some("MKD")),
            ("₫", "VN", Some("VND")),
            ("đ", "VN", Some("VND")),
            ("₱", "PH", Some("PHP")),
            ("R$", "BR", Some("BRL")),
            ("R", "ZA", Some("ZAR")),
            ("S/.", "PE", Some("PEN")),
            ("د.إ", "AE", Some("AED")),
            ("د.إ.\u{200f}", "AE", Some("AED")),
            ("د.ك.", "KW", Some("KWD")),
            ("руб.", "RU", Some("RUB")),
            ("₽", "", Some("RUB")),
            ("₺", "", Some("TRY")),
            ("TL", "TR", Some("TRY")),
            ("грн.", "UA", Some("UAH")),
            ("₴", "", Some("UAH")),
            ("¥", "JP", Some("JPY")),
            ("¥", "CN", Some("CNY")),
            ("￥", "CN", Some("CNY")),
            ("円", "JP", Some("JPY")),
            ("元", "CN", Some("CNY")),
            ("₩", "KR", Some("KRW")),
            ("₹", "IN", Some("INR")),
            ("Rs.", "LK", Some("LKR")),
            ("₪", "IL", Some("ILS")),
            ("RM", "MY", Some("MYR")),
            ("Rp", "ID", Some("IDR")),
            ("฿", "TH", Some("THB")),
            ("₸", "KZ", Some("KZT")),
            ("XXXX", "", None),
            ("", "", None),
        ] {
            assert_eq!(meaning(written, country), code, "{written} {country}");
        }
    }
}
