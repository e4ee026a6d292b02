//! Countries: ISO 3166-1 and Kosovo, which has no code there but the user-assigned XK that shops use.
//!
//! Region and sub-region are those of UN M49 (Latin America and the Caribbean; South America is an intermediate region
//! there). Antarctica has none in M49 and is its own here.

use std::sync::LazyLock;

use super::rows;

/// A country, a dependent territory or another area with a code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    pub alpha2: &'static str,
    pub alpha3: &'static str,
    /// Three digits.
    pub numeric: &'static str,
    pub name: &'static str,
    pub region: &'static str,
    pub sub_region: &'static str,
    /// One of seven.
    pub continent: &'static str,
    /// What is paid with there now; `None` in Antarctica.
    pub currency: Option<&'static str>,
}

/// By alpha-2 code.
static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(|| {
    let mut countries: Vec<Country> = rows(include_str!("countries.tsv"))
        .map(
            |[
                alpha2,
                alpha3,
                numeric,
                name,
                region,
                sub_region,
                continent,
                currency,
            ]| Country {
                alpha2,
                alpha3,
                numeric,
                name,
                region,
                sub_region,
                continent,
                currency: Some(currency).filter(|code| !code.is_empty()),
            },
        )
        .collect();
    countries.sort_unstable_by_key(|country| country.alpha2);
    countries
});

/// All countries, by alpha-2 code.
pub fn countries() -> impl Iterator<Item = Country> {
    COUNTRIES.iter().copied()
}

/// The country of an alpha-2 code in capitals.
pub fn country(alpha2: &str) -> Option<Country> {
    let place = COUNTRIES
        .binary_search_by_key(&alpha2, |country| country.alpha2)
        .ok()?;
    COUNTRIES.get(place).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::currencies::currencies;
    use super::{countries, country};

    #[test]
    fn every_country_is_there_once_and_whole() {
        let lines = include_str!("countries.tsv").lines().count() - 1;
        assert_eq!(countries().count(), lines);
        assert_eq!(lines, 249 + 1, "ISO 3166-1's and Kosovo");
        let mut codes = HashSet::new();
        for country in countries() {
            for code in [country.alpha2, country.alpha3, country.numeric] {
                assert!(codes.insert(code), "{code} twice");
            }
            let is_capital = |code: &str| code.bytes().all(|byte| byte.is_ascii_uppercase());
            assert!(country.alpha2.len() == 2 && is_capital(country.alpha2));
            assert!(country.alpha3.len() == 3 && is_capital(country.alpha3));
            let is_numeric = country.numeric.bytes().all(|byte| byte.is_ascii_digit());
            assert!(country.numeric.len() == 3 && is_numeric, "{country:?}");
            assert!(
                !country.name.is_empty() && country.name == country.name.trim(),
                "{country:?}"
            );
            let known = country
                .currency
                .is_none_or(|code| currencies().any(|currency| currency.code == code));
            assert!(known, "{country:?}");
        }
    }

    #[test]
    fn regions_are_those_of_m49_and_continents_are_seven() {
        let of = |part: fn(super::Country) -> &'static str| {
            countries().map(part).collect::<HashSet<_>>().len()
        };
        assert_eq!(of(|country| country.region), 5 + 1);
        assert_eq!(of(|country| country.sub_region), 17 + 1);
        assert_eq!(of(|country| country.continent), 7);
        for (alpha2, alpha3, numeric, name, region, sub_region, continent, currency) in [
            (
                "DE",
                "DEU",
                "276",
                "Germany",
                "Europe",
                "Western Europe",
                "Europe",
                "EUR",
            ),
            (
                "GB",
                "GBR",
                "826",
                "United Kingdom",
                "Europe",
                "Northern Europe",
                "Europe",
                "GBP",
            ),
            (
                "RS",
                "SRB",
                "688",
                "Serbia",
                "Europe",
                "Southern Europe",
                "Europe",
                "RSD",
            ),
            (
                "CL",
                "CHL",
                "152",
                "Chile",
                "Americas",
                "Latin America and the Caribbean",
                "South America",
                "CLP",
            ),
            (
                "MX",
                "MEX",
                "484",
                "Mexico",
                "Americas",
                "Latin America and the Caribbean",
                "North America",
                "MXN",
            ),
            (
                "CA",
                "CAN",
                "124",
                "Canada",
                "Americas",
                "Northern America",
                "North America",
                "CAD",
            ),
            (
                "AU",
                "AUS",
                "036",
                "Australia",
                "Oceania",
                "Australia and New Zealand",
                "Oceania",
                "AUD",
            ),
            (
                "TR",
                "TUR",
                "792",
                "Türkiye",
                "Asia",
                "Western Asia",
                "Asia",
                "TRY",
            ),
            (
                "VN",
                "VNM",
                "704",
                "Vietnam",
                "Asia",
                "South-eastern Asia",
                "Asia",
                "VND",
            ),
            (
                "ZA",
                "ZAF",
                "710",
                "South Africa",
                "Africa",
                "Sub-Saharan Africa",
                "Africa",
                "ZAR",
            ),
            (
                "XK",
                "XKX",
                "983",
                "Kosovo",
                "Europe",
                "Southern Europe",
                "Europe",
                "EUR",
            ),
        ] {
            let found = country(alpha2).unwrap();
            assert_eq!(
                (
                    found.alpha3,
                    found.numeric,
                    found.name,
                    found.region,
                    found.sub_region,
                    found.continent,
                    found.currency.unwrap()
                ),
                (
                    alpha3, numeric, name, region, sub_region, continent, currency
                )
            );
        }
        let antarctica = country("AQ").unwrap();
        assert_eq!(
            (antarctica.continent, antarctica.currency),
            ("Antarctica", None)
        );
    }

    #[test]
    fn only_codes_of_countries_are_found() {
        for country in countries() {
            assert_eq!(super::country(country.alpha2), Some(country));
        }
        for code in ["", "de", "UK", "EU", "ZZ", "AN", "DEU"] {
            assert_eq!(country(code), None, "{code}");
        }
    }
}
