//! Robots, by the words in their user agent: crawlers, monitors, previews, headless browsers and HTTP libraries.

use std::ops::Range;
use std::sync::LazyLock;

use super::user_agent::words::Words;

#[derive(Clone, Copy, Debug)]
enum Sign {
    /// Only robots say so.
    Robot,
    /// Programs say so, and some browsers too.
    Program,
    /// A person's browser, phone or television says so, and many a robot that hides.
    Browser,
    /// Browsers begin so, and robots that hide.
    Mozilla,
    /// With a browser that is not named: robots that do not hide well.
    Compatible,
    /// Where a browser runs.
    Platform,
}

static SIGNS: LazyLock<Words<Sign>> = LazyLock::new(|| Words::new(WORDS));

#[rustfmt::skip]
const WORDS: &[(Sign, &[&str])] = &[
    // What robots are.
    (Sign::Robot, &[
        "bot|", "bots|", "botify", "crawl", "spider", "scrap", "slurp", "archive", "checker", "linkcheck", "validator", "scanning", "|scanner",
        "vulnerab", "monitor", "uptime", "prober", "fetcher", "indexer", "indexing", "harvest", "survey", "|audit", "analyz", "inspector",
        "extractor", "grabber", "verifier", "verification", "|seo|", "parser", "research", "transcoder", "synthetic", "resolver", "optimizer",
        "prerender", "web preview", "uripreview", "urlpreview", "url preview", "link preview", "linkpreview", "preview service",
    ]),
    // Where to complain about them: no browser names a page or a mailbox.
    (Sign::Robot, &["http://", "https://", "|www.", "mailto:", "@gmail", ".com|", ".ai/", ".io/"]),
    // Browsers without a person.
    (Sign::Robot, &[
        "headless", "phantomjs", "puppeteer", "playwright", "selenium", "webdriver", "cypress/", "rendertron", "lighthouse", "pagespeed",
        "ptst/", "gtmetrix", "dareboost", "rigor", "silktide", "hotjar", "collapsify",
    ]),
    // Libraries and tools.
    (Sign::Robot, &[
        "|curl", "|wget", "libwww-perl", "|lwp::", "python-", "python/", "aiohttp", "httpx/", "urllib", "go-http", "okhttp", "httpclient",
        "http-client", "node-fetch", "undici", "superagent", "mechanize", "winhttp", "powershell", "postman", "insomnia", "httrack", "nutch",
        "heritrix", "wordpress", "nmap|", "nikto", "sqlmap", "masscan", "zgrab", "openvas", "acunetix", "nessus", "burp", "wappalyzer",
    ]),
    // Services by their names.
    (Sign::Robot, &[
        "facebookexternalhit", "facebookcatalog", "meta-external", "bingpreview", "google-", "-google|", "google favicon", "google page",
        "google web", "google image", "googleother", "googleimageproxy", "mediapartners", "yahoomailproxy", "yandex.com", "yeti/",
        "sogou web", "teoma", "daumoa", "qwantify", "feedly", "newsblur", "embedly", "iframely", "slack-img", "vkshare", "snapchat/ads",
        "w3c_", "chatgpt", "openai", "claude", "anthropic", "perplexity", "bytespider", "manus-user", "ahrefs", "semrush", "screaming frog",
        "siteimprove", "securityheaders", "hardenize", "dataprovider", "datanyze", "netcraft", "qualys", "bubing", "pingdom", "site24x7",
        "statuscake", "datadog", "newrelic", "catchpoint", "cloudflare-", "appinsights", "watchtowr", "outbrain", "adbeat", "attracta",
        "linktiger", "sindup",
    ]),
    (Sign::Program, &[
        "http", "whatsapp", "|java/", "|java|", "ruby", "|php", "|perl|", "python", "libwww", "node", "client", "server", "library", "service",
        "webhook", "|api|", "agent|", "proxy", "download", "search", "scan", "fetch", "index", "check", "audit", "|test", "tools",
        "|rss", "feed", "news", "copier", "copy", "sucker",
    ]),
    (Sign::Browser, &[
        "opera", "applewebkit", "gecko/", "ucweb", "ucbrowser", "netfront", "up.browser", "up.link", "midp", "dalvik", "maui",
        "android", "iphone", "ipad", "ipod", "symbian", "series60", "windows ce", "blackberry", "nokia", "samsung", "sonyericsson", "motorola",
        "docomo", "foma;", "ddipocket", "jig browser", "|brew", "avantgo", "|lg-", "|lge", "|sie-", "|sec-", "|mot-", "|wap", "cfnetwork", "playstation", "libhttp", "lynx", "links", "w3m", "mosaic",
        "dillo", "amaya", "iceweasel", "sleipnir", "aweb/", "nook browser", "gog galaxy",
    ]),
    (Sign::Mozilla, &["mozilla/"]),
    (Sign::Compatible, &["(compatible"]),
    (Sign::Platform, &[
        "windows", "win9", "winnt", "win32", "win16", "macintosh", "mac os", "mac_", "linux", "x11", "msie", "konqueror", "khtml", "gecko", "bsd",
        "sunos", "irix", "hp-ux", "os/2", "beos", "haiku", "amiga", "webtv", "palm", "psp", "nintendo", "mobile", "tablet", "galeon", "netscape", "risc os",
        "dreamcast", "hiptop", "|dtv", "aoltv",
    ]),
];

/// Whether a robot sent the header.
pub fn is_bot(header: &str) -> bool {
    let device = android_device(header);
    let mut said = 0_u32;
    for (sign, start, _) in SIGNS.find(header) {
        let is_name = || device.contains(&start) || is_cubot(header, start);
        match sign {
            Sign::Robot if is_name() => {}
            Sign::Robot => return true,
            sign => said |= 1 << sign as u32,
        }
    }
    let says = |sign: Sign| said & (1 << sign as u32) != 0;
    if says(Sign::Browser) {
        false
    } else if says(Sign::Mozilla) {
        !says(Sign::Platform) && (says(Sign::Compatible) || !header.contains('('))
    } else {
        says(Sign::Program) || is_product(header)
    }
}

/// The header without the name of its device, where what was taken for a browser's name stands in there and reads like
/// a robot's: to be read once more.
pub fn without_device(header: &str, browser: &str) -> Option<String> {
    let device = android_device(header);
    let is_robot = SIGNS
        .find(browser)
        .any(|(sign, ..)| matches!(sign, Sign::Robot));
    let is_device = header
        .get(device.clone())
        .is_some_and(|device| device.contains(browser));
    if !is_robot || !is_device {
        return None;
    }
    Some([header.get(..device.start)?, header.get(device.end..)?].concat())
}

/// Where an Android browser names the device, its first comment: there are phones called Bot, Spider and Ruby.
fn android_device(header: &str) -> Range<usize> {
    let mut depth = 0_u32;
    let start = header.find('(').unwrap_or(header.len());
    let rest = header.get(start..).unwrap_or_default();
    let end = rest.bytes().position(|byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let comment = end.and_then(|end| rest.get(..end)).unwrap_or_default();
    let says = |word: &str| {
        let mut windows = comment.as_bytes().windows(word.len());
        windows.any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    };
    let is_device = (says("android") || says("andr0id")) && !says("compatible;");
    start..start + if is_device { comment.len() } else { 0 }
}

/// A maker of phones, whose name apps repeat outside the first comment.
fn is_cubot(header: &str, bot: usize) -> bool {
    let before = header.as_bytes().get(bot.saturating_sub(2)..bot);
    before.is_some_and(|before| before.eq_ignore_ascii_case(b"cu"))
}

/// One product and its version, and nothing else: a program that does not pretend to be a browser.
fn is_product(header: &str) -> bool {
    let Some((name, version)) = header.split_once('/') else {
        return false;
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || " _.:+-".contains(c);
    let version = version.strip_prefix('v').unwrap_or(version);
    !name.is_empty()
        && name.chars().all(is_name)
        && version.starts_with(|c: char| c.is_ascii_digit())
        && version.chars().all(|c| is_name(c) && c != ' ')
}

#[cfg(test)]
mod tests {
    use super::is_bot;

    #[test]
    fn robots_give_themselves_away() {
        for header in [
            "mozilla/5.0 (compatible; ahrefsbot/6.1; +http://ahrefs.com/robot/)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/83.0.4103.61 Safari/537.36",
            "Mozilla/5.0 (compatible; Nobody)",
            "Mozilla/5.0 (Linux; Android 9; Pixel 3) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0 Mobile Safari/537.36 SomeSpider/1.0",
            "Mozilla/5.0 (compatible; SomeBot/1.0; Android)",
            "python-requests/2.23.0",
            "facebookexternalhit/1.1",
            "Some Client",
            "SomeProgram/v1.2-beta",
            "bot",
        ] {
            assert!(is_bot(header), "{header}");
        }
    }

    #[test]
    fn people_are_no_robots() {
        for header in [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.61 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 9; CUBOT_P30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.99 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 9; XBot(2) Spider Build/A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0 Mobile Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 13_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/272.0]",
            "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/76.0 Cubot-App robotics",
            "Nokia6300/2.0 (05.50) Profile/MIDP-2.0 client",
            "Mozilla/5.0 (ééé)",
            "'; DROP TABLE fact_event; --",
            "/1",
            "a/b",
            "",
        ] {
            assert!(!is_bot(header), "{header}");
        }
    }
}
