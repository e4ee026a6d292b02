//! Currencies: ISO 4217, and those that were given up since 2015, which older events have.

use super::rows;

/// A currency, or another unit that has a code: gold, a fund, none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    pub code: &'static str,
    pub name: &'static str,
    /// The shortest that English texts use: many share `$`. The code where there is none.
    pub symbol: &'static str,
    /// Digits after the point, as ISO 4217 has them; `None` for what is not divided, such as gold.
    pub minor_units: Option<u8>,
}

/// Codes that ISO 4217 gave up before that, and that the European Central Bank's history has rates of.
pub const FORMER: [&str; 9] = [
    "CYP", "EEK", "LTL", "LVL", "MTL", "ROL", "SIT", "SKK", "TRL",
];

/// All currencies, by code.
pub fn currencies() -> impl Iterator<Item = Currency> {
    rows(include_str!("currencies.tsv")).map(|[code, name, symbol, minor_units]| Currency {
        code,
        name,
        symbol,
        minor_units: minor_units.parse().ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::currencies;

    #[test]
    fn every_currency_is_there_once_and_whole() {
        let all: Vec<_> = currencies().collect();
        assert_eq!(
            all.len(),
            include_str!("currencies.tsv").lines().count() - 1
        );
        assert!(all.len() > 170);
        assert!(all.is_sorted_by(|a, b| a.code < b.code));
        for currency in all {
            let is_capital = currency.code.bytes().all(|byte| byte.is_ascii_uppercase());
            assert!(currency.code.len() == 3 && is_capital, "{currency:?}");
            assert!(!currency.name.is_empty() && !currency.symbol.is_empty());
            assert!(
                currency.minor_units.is_some() || currency.code.starts_with('X'),
                "{currency:?}"
            );
        }
    }

    #[test]
    fn names_symbols_and_minor_units_are_the_usual_ones() {
        for (code, name, symbol, minor_units) in [
            ("EUR", "Euro", "€", Some(2)),
            ("GBP", "British Pound", "£", Some(2)),
            ("AUD", "Australian Dollar", "$", Some(2)),
            ("SEK", "Swedish Krona", "kr", Some(2)),
            ("PLN", "Polish Zloty", "zł", Some(2)),
            ("CHF", "Swiss Franc", "CHF", Some(2)),
            ("CLP", "Chilean Peso", "$", Some(0)),
            ("JPY", "Japanese Yen", "¥", Some(0)),
            ("KWD", "Kuwaiti Dinar", "KWD", Some(3)),
            ("BGN", "Bulgarian Lev", "BGN", Some(2)),
            ("HRK", "Croatian Kuna", "kn", Some(2)),
            ("XAU", "Gold", "XAU", None),
        ] {
            let currency = currencies().find(|currency| currency.code == code).unwrap();
            assert_eq!(
                (currency.name, currency.symbol, currency.minor_units),
                (name, symbol, minor_units)
            );
        }
    }
}
