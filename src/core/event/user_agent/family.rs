//! Families and versions of browsers and operating systems, by the tables of the project uap-core.

use std::borrow::Cow;
use std::sync::LazyLock;

use ua_parser::{os, user_agent};

/// The tables become some 600 regular expressions: milliseconds, spent by who reads the first header.
static BROWSERS: LazyLock<Option<user_agent::Extractor<'static>>> = LazyLock::new(browsers);
static SYSTEMS: LazyLock<Option<os::Extractor<'static>>> = LazyLock::new(systems);

/// Browsers that the table takes for what they are built on: they come before it, in the form of its rows.
const EARLIER_BROWSERS: &str = "\
(Ya(?:Search)?Browser)/(\\d+)(?:\\.(\\d+)|)\tYandex Browser
(Quark)/(\\d+)(?:\\.(\\d+)|)
(LG Browser)/(\\d+)(?:\\.(\\d+)|)
(MicroMessenger)/(\\d+)\\.(\\d+)\tWeChat Browser
(OPR)/(\\d+)\\.(\\d+).*HbbTV/\tOpera
^(Opera)/.*HbbTV/.*Version/(\\d+)\\.(\\d+)\tOpera
(SamsungBrowser)/(\\d+)\\.(\\d+).*HbbTV/\tSamsung Internet
(Chrome)/(\\d+)\\.(\\d+).*HbbTV/\tChrome
HbbTV/.* (SamsungBrowser)/(\\d+)\\.(\\d+)\tSamsung Internet
HbbTV/.* (Chrome)/(\\d+)\\.(\\d+)\tChrome
^mozilla/5\\.0 .* (edg)/(\\d+)\\.(\\d+)\tEdge
^mozilla/5\\.0 \\(linux; .*android.* (chrome)/(\\d+)\\.(\\d+).* mobile \tChrome Mobile
^mozilla/5\\.0 .* (chrome)/(\\d+)\\.(\\d+)\tChrome
";
/// Systems likewise.
const EARLIER_SYSTEMS: &str = "\
(HarmonyOS)(?:[ /](\\d+)(?:\\.(\\d+)|)|)
(VIDAA)(?:/(\\d+)(?:\\.(\\d+)|)|)
(OpenHarmony)(?:[ /](\\d+)(?:\\.(\\d+)|)|)
Andr0id (\\d+)(?:\\.(\\d+)|)\tAndroid\t$1\t$2
^mozilla/5\\.0 \\(linux; (?:u; |)android (\\d+)(?:\\.(\\d+)|)\tAndroid\t$1\t$2
(TiVo) ?OS/(\\d+)(?:\\.(\\d+)|)\tTiVo OS\t$2\t$3
(ViziOS)/(\\d+)(?:\\.(\\d+)|)
RokuBrowser/\tRoku
[ (;](OS/2|AmigaOS|MorphOS|BeOS|Haiku|RISC OS|IRIX)
pr\\(UCBrowser.{0,20};ov\\((\\d+)_(\\d+)\tiOS\t$1\t$2
";

/// A family by uap-core's name, and what is known of its version.
#[derive(Debug, PartialEq, Eq)]
pub struct Family<'a> {
    pub name: Cow<'a, str>,
    pub major: Option<Cow<'a, str>>,
    pub minor: Option<Cow<'a, str>>,
}

pub fn browser(header: &str) -> Option<Family<'_>> {
    let found = BROWSERS.as_ref()?.extract(header)?;
    Some(Family {
        name: found.family,
        major: found.major.map(Cow::Borrowed),
        minor: found.minor.map(Cow::Borrowed),
    })
}

pub fn system(header: &str) -> Option<Family<'_>> {
    let found = SYSTEMS.as_ref()?.extract(header)?;
    Some(Family {
        name: found.os,
        major: found.major,
        minor: found.minor,
    })
}

fn browsers() -> Option<user_agent::Extractor<'static>> {
    let parsers = rows(EARLIER_BROWSERS)
        .chain(rows(include_str!("browsers.tsv")))
        .map(|[regex, family, major, minor]| user_agent::Parser {
            regex: regex.unwrap_or_default(),
            family_replacement: family,
            v1_replacement: major,
            v2_replacement: minor,
            ..Default::default()
        });
    user_agent::Builder::new()
        .push_all(parsers)
        .ok()?
        .build()
        .ok()
}

fn systems() -> Option<os::Extractor<'static>> {
    let parsers = rows(EARLIER_SYSTEMS)
        .chain(rows(include_str!("systems.tsv")))
        .map(|[regex, family, major, minor]| os::Parser {
            regex: regex.unwrap_or_default(),
            os_replacement: family,
            os_v1_replacement: major,
            os_v2_replacement: minor,
            ..Default::default()
        });
    os::Builder::new().push_all(parsers).ok()?.build().ok()
}

fn rows(table: &'static str) -> impl Iterator<Item = [Option<Cow<'static, str>>; 4]> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut parts = line.split('\t');
            [(); 4].map(|()| {
                parts
                    .next()
                    .filter(|part| !part.is_empty())
                    .map(Cow::Borrowed)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::{BROWSERS, SYSTEMS, browser, rows, system};

    #[test]
    fn the_tables_are_tables() {
        assert!(BROWSERS.is_some() && SYSTEMS.is_some());
        for table in [include_str!("browsers.tsv"), include_str!("systems.tsv")] {
            assert!(rows(table).count() > 200);
            assert!(rows(table).all(|row| row[0].is_some()));
            assert!(
                table
                    .lines()
                    .all(|line| line.split('\t').count() <= 4 && !line.ends_with(' ')),
                "an editor was here"
            );
        }
    }

    #[test]
    fn what_a_browser_is_built_on_is_not_its_family() {
        for (header, family, version) in [
            (
                "Chrome/78.0 Quark/6.0.8.236 Mobile Safari/537.36",
                "Quark",
                Some("6"),
            ),
            (
                "Chrome/78.0 YaSearchBrowser/20.74 Mobile",
                "Yandex Browser",
                Some("20"),
            ),
            (
                "Chr0me/53.0 Safari/537.36 LG Browser/8.00.00(LGE)",
                "LG Browser",
                Some("8"),
            ),
        ] {
            let found = browser(header).map(|found| (found.name.into_owned(), found.major));
            assert_eq!(
                found,
                Some((family.to_owned(), version.map(Into::into))),
                "{header}"
            );
        }
        for (header, family, version) in [
            (
                "Mozilla/5.0 (Linux; Android 12; HarmonyOS; GRL-AL10)",
                "HarmonyOS",
                None,
            ),
            (
                "Mozilla/5.0 (Linux; VIDAA/6.0) AppleWebKit",
                "VIDAA",
                Some("6"),
            ),
            (
                "dv(iPh7,1);pr(UCBrowser/11.3.5.1203);ov(12_5_6);",
                "iOS",
                Some("12"),
            ),
        ] {
            let found = system(header).map(|found| (found.name.into_owned(), found.major));
            assert_eq!(
                found,
                Some((family.to_owned(), version.map(Into::into))),
                "{header}"
            );
        }
    }
}
