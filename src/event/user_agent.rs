//! What a user agent says: browser, system, kind of device, and whether a robot sent it.

use std::sync::Arc;

use woothee::parser::{Parser, WootheeResult};

use super::bot;
use super::cache::Cache;
use super::event::{Agent, DeviceClass};

const MAX_AGENTS: usize = 16_384;
/// Longest name or version that is believed, in bytes.
const MAX_WORD_BYTES: usize = 64;
const UNKNOWN: &str = "UNKNOWN";

/// Reads user agents, and remembers what it read.
#[derive(Debug)]
pub struct Agents {
    read: Cache<Arc<Agent>>,
    unknown: Arc<Agent>,
}

impl Default for Agents {
    fn default() -> Agents {
        Agents {
            read: Cache::new(MAX_AGENTS),
            unknown: Arc::default(),
        }
    }
}

impl Agents {
    pub fn read(&mut self, header: &str) -> Arc<Agent> {
        self.read.get(header, |header| Arc::new(parse(header)))
    }

    /// The agent of an event that has none.
    pub fn unknown(&self) -> Arc<Agent> {
        Arc::clone(&self.unknown)
    }
}

/// Reads one user agent.
pub fn parse(header: &str) -> Agent {
    let found = Parser::new().parse(header).unwrap_or_default();
    let lower = header.to_ascii_lowercase();
    let is_bot = found.category == "crawler" || bot::is_bot(&lower);
    Agent {
        browser: word(found.name),
        browser_version: word(found.version),
        browser_vendor: word(found.vendor),
        os: word(found.os),
        os_version: word(&found.os_version),
        os_vendor: os_vendor(found.os).to_owned(),
        device_class: if is_bot {
            DeviceClass::Bot
        } else {
            device_class(&lower, &found)
        },
        is_bot,
    }
}

fn word(text: &str) -> String {
    if text == UNKNOWN {
        return String::new();
    }
    let end = text.floor_char_boundary(MAX_WORD_BYTES);
    text.get(..end).unwrap_or_default().trim().to_owned()
}

fn os_vendor(os: &str) -> &'static str {
    match os {
        "iPhone" | "iPad" | "iPod" | "iOS" | "Mac OSX" | "Mac OS Classic" => "Apple",
        "Android" | "ChromeOS" => "Google",
        "BlackBerry" | "BlackBerry10" => "BlackBerry",
        "Firefox OS" => "Mozilla",
        _ if os.starts_with("Windows") || os == "Xbox 360" || os == "Xbox One" => "Microsoft",
        _ if os.starts_with("PlayStation") => "Sony",
        _ if os.starts_with("Nintendo") => "Nintendo",
        _ => "",
    }
}

/// `lower` is the user agent in lower case.
fn device_class(lower: &str, found: &WootheeResult<'_>) -> DeviceClass {
    const TV: &[&str] = &[
        "smart-tv",
        "smarttv",
        "smart tv",
        "appletv",
        "apple tv",
        "googletv",
        "android tv",
        "hbbtv",
        "web0s",
        "webos.tv",
        "netcast",
        "netrange",
        "bravia",
        "crkey",
        "roku",
        "viera",
        "aftb",
        "aftt",
        "aftm",
        "aftss",
        "tizen; tv",
        "opera tv",
        "large screen",
        "dtv",
    ];
    const TABLET: &[&str] = &[
        "ipad", "tablet", "kindle", "silk/", "playbook", "sm-t", "nexus 7", "nexus 9", "nexus 10",
    ];
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(TV) || (lower.contains("tizen") && lower.contains(" tv ")) {
        DeviceClass::Tv
    } else if is_tablet(lower, says(TABLET)) {
        DeviceClass::Tablet
    } else {
        match found.category {
            "smartphone" | "mobilephone" => DeviceClass::Mobile,
            "pc" => DeviceClass::Desktop,
            "appliance" => DeviceClass::Other,
            _ if says(&["mobile", "iphone", "ipod"]) => DeviceClass::Mobile,
            _ if says(&["windows nt", "macintosh", "x11;", "cros "]) => DeviceClass::Desktop,
            _ => DeviceClass::Other,
        }
    }
}

/// A tablet says so, or runs Android and does not claim to be mobile. `Tablet PC` is a Windows of old.
fn is_tablet(lower: &str, says_so: bool) -> bool {
    let is_android =
        lower.contains("android") && !lower.contains("mobile") && !lower.contains("mobi ");
    let is_windows = lower.contains("windows nt");
    (says_so || is_android) && !is_windows
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Agents, parse};
    use crate::event::event::{Agent, DeviceClass};

    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.61 Safari/537.36";

    #[test]
    fn browser_and_system_are_named() {
        let agent = parse(CHROME);
        let expected = Agent {
            browser: "Chrome".into(),
            browser_version: "83.0.4103.61".into(),
            browser_vendor: "Google".into(),
            os: "Windows 10".into(),
            os_version: "NT 10.0".into(),
            os_vendor: "Microsoft".into(),
            device_class: DeviceClass::Desktop,
            is_bot: false,
        };
        assert_eq!(agent, expected);
    }

    #[test]
    fn devices_are_told_apart() {
        let cases: &[(&str, DeviceClass)] = &[
            (CHROME, DeviceClass::Desktop),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15",
                DeviceClass::Desktop,
            ),
            (
                "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; Tablet PC 2.0; rv:11.0) like Gecko",
                DeviceClass::Desktop,
            ),
            (
                "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:76.0) Gecko/20100101 Firefox/76.0",
                DeviceClass::Desktop,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 13_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1 Mobile/15E148 Safari/604.1",
                DeviceClass::Mobile,
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; SM-G973F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0.4044.138 Mobile Safari/537.36",
                DeviceClass::Mobile,
            ),
            (
                "Mozilla/5.0 (Linux; Android 9; CUBOT_P30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.99 Mobile Safari/537.36",
                DeviceClass::Mobile,
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 12_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1",
                DeviceClass::Tablet,
            ),
            (
                "Mozilla/5.0 (Linux; Android 9; SM-T510) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.60 Safari/537.36",
                DeviceClass::Tablet,
            ),
            (
                "Mozilla/5.0 (SMART-TV; Linux; Tizen 5.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/5.0 TV Safari/538.1",
                DeviceClass::Tv,
            ),
            (
                "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/53.0.2785.34 Safari/537.36",
                DeviceClass::Tv,
            ),
            (
                "Mozilla/5.0 (Linux; Android 9; BRAVIA 4K GB) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0 Safari/537.36",
                DeviceClass::Tv,
            ),
            (
                "Mozilla/5.0 (PlayStation 4 7.51) AppleWebKit/605.1.15 (KHTML, like Gecko)",
                DeviceClass::Other,
            ),
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                DeviceClass::Bot,
            ),
            ("curl/7.68.0", DeviceClass::Bot),
            ("x'; DROP TABLE fact_event; --", DeviceClass::Other),
            ("", DeviceClass::Other),
        ];
        for (header, expected) in cases {
            assert_eq!(parse(header).device_class, *expected, "{header}");
        }
    }

    #[test]
    fn hostile_headers_make_short_words() {
        let header = format!(
            "Mozilla/5.0 (X11; FreeBSD {}; rv:1) Gecko Firefox/{}",
            "x".repeat(4000),
            "1".repeat(4000)
        );
        let agent = parse(&header);
        for word in [
            agent.browser,
            agent.browser_version,
            agent.os,
            agent.os_version,
        ] {
            assert!(word.len() <= 64, "{word}");
        }
    }

    #[test]
    fn the_same_header_is_the_same_agent() {
        let mut agents = Agents::default();
        assert!(Arc::ptr_eq(&agents.read(CHROME), &agents.read(CHROME)));
        assert_eq!(*agents.unknown(), Agent::default());
    }
}
