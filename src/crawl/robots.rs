//! robots.txt, by RFC 9309: which paths a crawler may ask for, how often, and where the sitemaps are.

use std::time::Duration;

/// What RFC 9309 asks to be read at least, and no more is.
pub const MAX_BYTES: usize = 500 * 1024;
/// A site that asks for longer waits would be visited never.
const LONGEST_DELAY: f64 = 3600.0;

/// What one robots.txt says to one crawler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Robots {
    rules: Vec<Rule>,
    pub crawl_delay: Option<Duration>,
    pub sitemaps: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allows: bool,
    /// Normalised, as paths are before they are compared.
    pattern: Vec<u8>,
}

/// Rules of one kind of group: those for this crawler by name, or for all.
#[derive(Default)]
struct Group {
    is_there: bool,
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

impl Robots {
    /// Reads a file for the crawler of this name. Groups for the same name are one; without any, those for `*` hold.
    pub fn parse(text: &str, name: &str) -> Robots {
        let (mut mine, mut all) = (Group::default(), Group::default());
        let (mut for_me, mut for_all, mut in_rules) = (false, false, false);
        let mut sitemaps = Vec::new();
        let text = text.trim_start_matches('\u{feff}');
        let end = text.floor_char_boundary(MAX_BYTES);
        for line in text.get(..end).unwrap_or_default().split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            let key = key.trim().to_ascii_lowercase();
            match key.as_str() {
                "user-agent" => {
                    if std::mem::take(&mut in_rules) {
                        (for_me, for_all) = (false, false);
                    }
                    for_all |= value == "*";
                    for_me |= token(value).eq_ignore_ascii_case(name);
                    mine.is_there |= for_me;
                    all.is_there |= for_all;
                }
                "allow" | "disallow" => {
                    in_rules = true;
                    // A rule without a path says nothing.
                    if !value.is_empty() {
                        let rule = Rule {
                            allows: key == "allow",
                            pattern: normalised(value),
                        };
                        if for_me {
                            mine.rules.push(rule.clone());
                        }
                        if for_all {
                            all.rules.push(rule);
                        }
                    }
                }
                "crawl-delay" => {
                    in_rules = true;
                    let delay = value.parse::<f64>().ok().filter(|delay| *delay >= 0.0);
                    let delay =
                        delay.map(|delay| Duration::from_secs_f64(delay.min(LONGEST_DELAY)));
                    if for_me {
                        mine.crawl_delay = delay.or(mine.crawl_delay);
                    }
                    if for_all {
                        all.crawl_delay = delay.or(all.crawl_delay);
                    }
                }
                // Belongs to no group, and ends none.
                "sitemap" => sitemaps.push(value.to_owned()),
                _ => {}
            }
        }
        let group = if mine.is_there { mine } else { all };
        Robots {
            rules: group.rules,
            crawl_delay: group.crawl_delay,
            sitemaps,
        }
    }

    /// Whether a path with its query may be asked for: the longest pattern decides, allowing before disallowing.
    pub fn permit(&self, path: &str) -> bool {
        let path = normalised(path);
        if path == b"/robots.txt" {
            return true;
        }
        self.rules
            .iter()
            .filter(|rule| matches(&rule.pattern, &path))
            .max_by_key(|rule| (rule.pattern.len(), rule.allows))
            .is_none_or(|rule| rule.allows)
    }
}

/// The product token: `starsink` of `starsink/1.0`.
fn token(value: &str) -> &str {
    let end = value.find(|c: char| !(c.is_ascii_alphabetic() || c == '_' || c == '-'));
    value.get(..end.unwrap_or(value.len())).unwrap_or_default()
}

/// Octets outside ASCII are percent-encoded, what need not be encoded is not, and hex digits are capitals.
fn normalised(path: &str) -> Vec<u8> {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = bytes
            .get(at + 1..at + 3)
            .filter(|_| byte == b'%')
            .and_then(hex);
        match escaped {
            Some(value)
                if value.is_ascii_alphanumeric() || matches!(value, b'-' | b'.' | b'_' | b'~') =>
            {
                out.push(value)
            }
            Some(value) => out.extend(format!("%{value:02X}").bytes()),
            None if byte.is_ascii_graphic() => out.push(byte),
            None => out.extend(format!("%{byte:02X}").bytes()),
        }
        at += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

fn hex(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    text.bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u8::from_str_radix(text, 16).ok())?
}

/// `*` stands for anything, `$` at the end for the end; else a pattern is a beginning.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (pattern, to_the_end) = match pattern.split_last() {
        Some((b'$', rest)) => (rest, true),
        _ => (pattern, false),
    };
    let mut parts = pattern.split(|byte| *byte == b'*').peekable();
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else {
        return false;
    };
    if parts.peek().is_none() {
        return !to_the_end || rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if to_the_end && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match memchr::memmem::find(rest, part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Robots;

    fn permit(text: &str, path: &str) -> bool {
        Robots::parse(text, "starsink").permit(path)
    }

    #[test]
    fn the_longest_pattern_decides() {
        let text = "User-Agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c$\nDisallow: /*.pdf$\nDisallow: /*?sort=\nAllow: /same\nDisallow: /same\nDisallow:\n";
        for (path, expected) in [
            ("/", true),
            ("/a", false),
            ("/abc", false),
            ("/a/b", true),
            ("/a/b/c", false),
            ("/a/b/cd", true),
            ("/x.pdf", false),
            ("/x.pdf?y", true),
            ("/rings?sort=price", false),
            ("/rings?page=2", true),
            ("/same/x", true),
            ("/robots.txt", true),
        ] {
            assert_eq!(permit(text, path), expected, "{path}");
        }
    }

    #[test]
    fn groups_for_the_crawler_come_before_those_for_all() {
        let text = "user-agent: other\nuser-agent: StarSink/2.0\ndisallow: /mine # why\ncrawl-delay: 2.5\n\nSitemap: https://a.de/s.xml\nuser-agent: *\ndisallow: /\n\nuser-agent: starsink\ndisallow: /more\n";
        let robots = Robots::parse(text, "starsink");
        for (path, expected) in [("/x", true), ("/mine", false), ("/more/x", false)] {
            assert_eq!(robots.permit(path), expected, "{path}");
        }
        assert_eq!(robots.crawl_delay, Some(Duration::from_millis(2500)));
        assert_eq!(robots.sitemaps, ["https://a.de/s.xml"]);
        assert!(!Robots::parse(text, "another").permit("/x"));
        assert!(Robots::parse(text, "other").permit("/more"));
    }

    #[test]
    fn escapes_are_compared_by_what_they_say() {
        let text = "User-agent: *\nDisallow: /caf%c3%a9\nDisallow: /%7Ejoe\nDisallow: /schmück\nDisallow: /a%2fb\n";
        for (path, expected) in [
            ("/café", false),
            ("/caf%C3%A9/x", false),
            ("/~joe", false),
            ("/schm%C3%BCck", false),
            ("/a/b", true),
            ("/a%2Fb", false),
        ] {
            assert_eq!(permit(text, path), expected, "{path}");
        }
    }

    #[test]
    fn nonsense_allows_and_a_bomb_is_quick() {
        for text in [
            "",
            "<html>404</html>",
            "Disallow: /",
            "user-agent\ndisallow",
            "\u{feff}",
            "user-agent: *\nallow",
        ] {
            assert!(permit(text, "/x"), "{text}");
        }
        assert!(!permit("\u{feff}User-agent: *\r\nDisallow: /x\r\n", "/x"));
        let bomb = format!("User-agent: *\nDisallow: /{}b\n", "a*".repeat(100_000));
        assert!(permit(&bomb, &format!("/{}", "a".repeat(2000))));
        let robots = Robots::parse(
            "User-agent: *\nCrawl-delay: NaN\nCrawl-delay: 1e300",
            "starsink",
        );
        assert_eq!(robots.crawl_delay, Some(Duration::from_secs(3600)));
    }
}
