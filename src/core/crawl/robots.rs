//! robots.txt, by RFC 9309: which paths a crawler may ask for, how often, and where the sitemaps are.
//!
//! Only rules end a group's list of user agents; Crawl-delay and other records do not. A Crawl-delay applies to the
//! user agents that the group has named before it.

use std::time::Duration;

use encoding_rs::UTF_8;

/// The size that RFC 9309 requires crawlers to parse at least; the rest is ignored.
const MAX_BYTES: usize = 500 * 1024;
/// Longer Crawl-delays are cut to this many seconds: else the site would hardly ever be visited.
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
    /// Normalised, as paths are before they are compared: `*` is anything, `$` at the end is the end, and the
    /// characters themselves are `%2A` and `%24`.
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
        for line in beginning(text).split(['\n', '\r']) {
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
                    for_all |= value.split_whitespace().next() == Some("*");
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
                            pattern: pattern(value),
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
        let path = normalised(path, b"");
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

/// The text of a file as a server sent it: UTF-8, or what its byte-order mark says; as much of it as is read.
pub fn text(bytes: &[u8]) -> String {
    let (text, _, _) = UTF_8.decode(bytes);
    beginning(&text).replace('\0', "")
}

/// As much as is read, in whole lines: half a path would forbid other pages than the whole one.
fn beginning(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}');
    if text.len() <= MAX_BYTES {
        return text;
    }
    let text = text
        .get(..text.floor_char_boundary(MAX_BYTES))
        .unwrap_or_default();
    let end = text.rfind(['\n', '\r']).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

/// The product token: `starsink` of `starsink/1.0`.
fn token(value: &str) -> &str {
    let end = value.find(|c: char| !(c.is_ascii_alphabetic() || c == '_' || c == '-'));
    value.get(..end.unwrap_or(value.len())).unwrap_or_default()
}

/// A rule's path: `*` anywhere and `$` at the end have a meaning of their own.
fn pattern(value: &str) -> Vec<u8> {
    match value.strip_suffix('$') {
        Some(value) => [normalised(value, b"*").as_slice(), b"$"].concat(),
        None => normalised(value, b"*"),
    }
}

/// A path in one spelling: what need not be encoded is not, everything else but the delimiters of addresses is, and hex
/// digits are capitals. `*` and `$` are encoded too, unless they are `special`.
fn normalised(path: &str, special: &[u8]) -> Vec<u8> {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = bytes
            .get(at + 1..at + 3)
            .filter(|_| byte == b'%')
            .and_then(hex);
        let is_plain = match escaped {
            Some(value) => is_unreserved(value),
            None => is_unreserved(byte) || is_delimiter(byte) || special.contains(&byte),
        };
        match escaped.unwrap_or(byte) {
            value if is_plain => out.push(value),
            value => out.extend(format!("%{value:02X}").bytes()),
        }
        at += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What RFC 3986 reserves, but for `*` and `$`.
fn is_delimiter(byte: u8) -> bool {
    b":/?#[]@!&'()+,;=".contains(&byte)
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

    use super::{MAX_BYTES, Robots, text};

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
        let text = "User-agent: *\nDisallow: /caf%c3%a9\nDisallow: /%7Ejoe\nDisallow: /schmück\nDisallow: /a%2fb\n\
            Disallow: /{x}\nDisallow: /a b\nDisallow: /50%\nDisallow: /q?a=b&c\n";
        for (path, expected) in [
            ("/café", false),
            ("/caf%C3%A9/x", false),
            ("/~joe", false),
            ("/schm%C3%BCck", false),
            ("/a/b", true),
            ("/a%2Fb", false),
            ("/%7Bx%7D", false),
            ("/{x}", false),
            ("/a%20b", false),
            ("/50%25", false),
            ("/50%", false),
            ("/q?a=b&c", false),
            ("/q?a=b%26c", true),
        ] {
            assert_eq!(permit(text, path), expected, "{path}");
        }
    }

    #[test]
    fn a_star_and_a_dollar_that_are_encoded_are_themselves() {
        for (rule, path, expected) in [
            (
                "/path/file-with-a-%2A.html",
                "/path/file-with-a-*.html",
                false,
            ),
            (
                "/path/file-with-a-%2A.html",
                "/path/file-with-a-%2a.html",
                false,
            ),
            (
                "/path/file-with-a-%2A.html",
                "/path/file-with-a-b.html",
                true,
            ),
            ("/path/foo-%24", "/path/foo-$", false),
            ("/path/foo-%24", "/path/foo-$-and-more", false),
            ("/path/foo-%24", "/path/foo-%24", false),
            ("/path/foo-%24", "/path/foo-", true),
            ("/path/foo-%24", "/path/foo-x", true),
            ("/a%24$", "/a$", false),
            ("/a%24$", "/a$b", true),
            ("/a$$", "/a$", false),
            ("/a$$", "/a", true),
            ("/a$b", "/a$b", false),
            ("/a$b", "/a", true),
            ("/a*$b", "/axx%24b", false),
            ("/%2a*", "/*x", false),
            ("/%2a*", "/ax", true),
            ("/*%2A$", "/ab*", false),
            ("/*%2A$", "/ab*c", true),
            ("/a**b", "/axb", false),
            ("/*", "/", false),
            ("*", "/x", false),
            ("*.pdf$", "/x/y.pdf", false),
            ("$", "/x", true),
            ("/$", "/", false),
            ("/$", "/x", true),
            ("/a*$", "/ab", false),
        ] {
            let text = format!("User-agent: *\nDisallow: {rule}\n");
            assert_eq!(permit(&text, path), expected, "{rule} {path}");
        }
    }

    #[test]
    fn no_record_but_a_rule_ends_the_list_of_a_group_s_crawlers() {
        for between in [
            "Crawl-delay: 0",
            "Crawl-delay: nonsense",
            "Request-rate: 1/1",
            "Sitemap: https://a.de/s.xml",
            "Host: a.de",
            "Clean-param: x /y",
            "Noindex: /z",
            "nonsense",
            "# a remark",
            "",
        ] {
            let text =
                format!("User-agent: starsink\n{between}\nUser-agent: other\nDisallow: /private\n");
            assert!(!permit(&text, "/private/x"), "{between}");
            assert!(permit(&text, "/x"), "{between}");
        }
        for rule in ["Disallow: /y", "Allow: /y", "Disallow:", "allow :"] {
            let text =
                format!("User-agent: starsink\n{rule}\nUser-agent: other\nDisallow: /private\n");
            assert!(permit(&text, "/private/x"), "{rule}");
        }
        let text = "User-agent: starsink\nCrawl-delay: 2\n\nUser-agent: *\nCrawl-delay: 9\nDisallow: /private\n\nUser-agent: StarSink\nDisallow: /more";
        let robots = Robots::parse(text, "starsink");
        assert_eq!(robots.crawl_delay, Some(Duration::from_secs(9)));
        assert!(!robots.permit("/private") && !robots.permit("/more"));
        let text = "User-agent: slow\nCrawl-delay: 9\nUser-agent: starsink\nDisallow: /private\n";
        let robots = Robots::parse(text, "starsink");
        assert_eq!(robots.crawl_delay, None, "meant for another");
        assert!(!robots.permit("/private"));
    }

    #[test]
    fn files_are_read_whatever_their_line_ends_and_as_far_as_they_may_be() {
        for text in [
            "User-agent: *\rDisallow: /x\r",
            "\u{feff}User-agent:*\r\nDisallow:/x",
            "\tUSER-AGENT : * # all\n\n\n  disallow\t: /x # no",
            "User-agent: * everyone\nDisallow: /x",
        ] {
            assert!(!permit(text, "/x") && permit(text, "/y"), "{text:?}");
        }
        let begin = format!(
            "User-agent: *\nDisallow: /x\n#{}\n",
            "-".repeat(MAX_BYTES - 50)
        );
        let cut = format!("{begin}Disallow: /long-path-to-nowhere\n");
        assert!(begin.len() < MAX_BYTES && cut.len() > MAX_BYTES);
        assert_eq!(text(cut.as_bytes()).len(), begin.len() - 1);
        let wide: Vec<u8> = "\u{feff}User-agent: *\nDisallow: /x"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(!permit(&text(&wide), "/x"));
        assert!(
            !permit(&cut, "/x") && permit(&cut, "/long"),
            "half a line says nothing"
        );
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
