//! Robots by the words in their user agent, for those that the parser of user agents does not know.

/// Words of crawlers, monitors, previews, headless browsers and HTTP libraries, in lower case.
const WORDS: &[&str] = &[
    "crawl",
    "spider",
    "slurp",
    "scrap",
    "headless",
    "phantomjs",
    "puppeteer",
    "playwright",
    "selenium",
    "lighthouse",
    "pagespeed",
    "pingdom",
    "gtmetrix",
    "uptime",
    "monitor",
    "archive.org",
    "ia_archiver",
    "wayback",
    "facebookexternalhit",
    "facebookcatalog",
    "bingpreview",
    "google web preview",
    "google favicon",
    "google-",
    "googleother",
    "mediapartners",
    "feedfetcher",
    "apis-google",
    "embedly",
    "whatsapp/",
    "skypeuripreview",
    "vkshare",
    "validator",
    "checker",
    "scanner",
    "nmap",
    "nikto",
    "sqlmap",
    "masscan",
    "zgrab",
    "nutch",
    "heritrix",
    "httrack",
    "curl/",
    "wget/",
    "libwww",
    "lwp::",
    "python-",
    "python/",
    "aiohttp",
    "httpx/",
    "urllib",
    "scrapy",
    "go-http-client",
    "java/",
    "okhttp/",
    "apache-httpclient",
    "httpclient",
    "axios/",
    "node-fetch",
    "undici",
    "got (",
    "superagent",
    "postman",
    "insomnia",
    "guzzle",
    "php/",
    "ruby",
    "mechanize",
    "faraday",
    "winhttp",
    "powershell",
    "dataprovider",
    "netcraft",
    "qualys",
    "yandex.com/",
    "bubing",
    "ahrefs",
    "semrush",
    "screaming frog",
    "ptst/",
    "dareboost",
    "rigor",
    "site24x7",
    "statuscake",
    "datadog",
    "newrelic",
    "catchpoint",
    "cloudflare-",
    "chatgpt",
    "gptbot",
    "claude",
    "perplexity",
    "anthropic",
    "openai",
    "ccbot",
    "bytespider",
];

/// Whether the user agent, in lower case, is a robot's.
pub fn is_bot(lower: &str) -> bool {
    names_a_bot(lower) || WORDS.iter().any(|word| lower.contains(word))
}

/// `bot`, other than in the name of a phone maker.
fn names_a_bot(lower: &str) -> bool {
    lower
        .match_indices("bot")
        .any(|(at, _)| !lower.get(..at).unwrap_or_default().ends_with("cu"))
}

#[cfg(test)]
mod tests {
    use super::is_bot;

    #[test]
    fn robots_give_themselves_away() {
        for header in [
            "mozilla/5.0 (compatible; ahrefsbot/6.1; +http://ahrefs.com/robot/)",
            "mozilla/5.0 (x11; linux x86_64) applewebkit/537.36 (khtml, like gecko) headlesschrome/83.0.4103.61 safari/537.36",
            "python-requests/2.23.0",
            "facebookexternalhit/1.1",
            "bot",
        ] {
            assert!(is_bot(header), "{header}");
        }
    }

    #[test]
    fn people_are_no_robots() {
        for header in [
            "mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) chrome/83.0.4103.61 safari/537.36",
            "mozilla/5.0 (linux; android 9; cubot_p30) applewebkit/537.36 (khtml, like gecko) chrome/80.0.3987.99 mobile safari/537.36",
            "mozilla/5.0 (iphone; cpu iphone os 13_5 like mac os x) applewebkit/605.1.15 (khtml, like gecko) mobile/15e148 [fban/fbios;fbav/272.0]",
            "",
        ] {
            assert!(!is_bot(header), "{header}");
        }
    }
}
