//! Where: pages, referrers, user agents.

use super::draft::Corpus;

pub fn add(corpus: &mut Corpus) {
    urls(corpus);
    referrers(corpus);
    agents(corpus);
}

fn urls(corpus: &mut Corpus) {
    for (name, raw) in [
        ("URL with %ZZ", "\"https://www.example.de/%ZZ?alloy=%\""),
        ("URL with a port", "\"https://www.example.de:8443/ring\""),
        ("URL in IDN", "\"https://www.münchen.example/ring\""),
        ("URL with an IP host", "\"http://203.0.113.5/ring\""),
        ("URL without scheme", "\"www.example.de/ring\""),
        ("URL with slashes alone", "\"//www.example.de/ring\""),
        ("URL about:blank", "\"about:blank\""),
        (
            "URL with escaped slashes",
            "\"https:\\/\\/www.example.de\\/ring\"",
        ),
        ("no URL", "null"),
    ] {
        corpus.loaded(name, &[], |draft| draft.with("current_url", raw));
    }
    for (name, raw) in [
        ("URL a word", "\"undefined\""),
        ("URL a path", "\"/ring.html\""),
        ("URL with a broken host", "\"https://exa mple.de/\""),
        ("URL a script", "\"javascript:alert(1)\""),
        ("URL a number", "17"),
    ] {
        corpus.loaded(name, &["URL_INVALID"], |draft| {
            draft.with("current_url", raw)
        });
    }
    for (name, raw) in [
        (
            "URL with a user",
            "\"https://user:secret@www.example.de/ring\"",
        ),
        (
            "URL with an e-mail",
            "\"https://www.example.de/ring?e=a.b%2540example.com\"",
        ),
    ] {
        corpus.loaded(name, &["ADDRESS_MASKED"], |draft| {
            draft.with("current_url", raw)
        });
    }
    let long = format!("\"https://www.example.de/{}\"", "é".repeat(6000));
    corpus.loaded("URL of 12 kB", &[], |draft| draft.with("current_url", long));
}

fn referrers(corpus: &mut Corpus) {
    for (name, raw) in [
        ("referrer an app", "\"android-app://com.example.mail\""),
        ("referrer about:blank", "\"about:blank\""),
        ("referrer blank", "\"\""),
        (
            "referrer of another country",
            "\"https://www.example.co.uk/ring?x=1#y\"",
        ),
    ] {
        corpus.loaded(name, &[], |draft| draft.with("referer_url", raw));
    }
    for name in ["referer", "referrer", "referrer_url"] {
        corpus.loaded(name, &[], |draft| {
            draft
                .without("referer_url")
                .with(name, "\"https://www.example.org/\"")
        });
    }
    for (name, raw) in [
        ("referrer in words", "\"(direct)\""),
        ("referrer HTML", "\"<a href=x>\""),
        ("referrer an object", "{\"url\":\"x\"}"),
    ] {
        corpus.loaded(name, &["REFERRER_INVALID"], |draft| {
            draft.with("referer_url", raw)
        });
    }
}

fn agents(corpus: &mut Corpus) {
    for (name, raw) in [
        ("agent blank", "\"\""),
        ("agent null", "null"),
        ("agent a number", "5"),
    ] {
        corpus.loaded(name, &["UA_EMPTY"], |draft| draft.with("user_agent", raw));
    }
    for (name, raw) in [
        (
            "agent a search engine",
            "\"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)\"",
        ),
        (
            "agent a headless browser",
            "\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/83.0.4103.61 Safari/537.36\"",
        ),
        ("agent a library", "\"python-requests/2.23.0\""),
    ] {
        corpus.loaded(name, &["UA_BOT"], |draft| draft.with("user_agent", raw));
    }
    for (name, raw) in [
        (
            "SQL in an agent",
            "\"'; DROP TABLE warehouse.fact_event; --\"",
        ),
        ("HTML in an agent", "\"<script>alert('x')</script>\""),
        ("COPY marks in an agent", "\"\\\\.\\n\\\\N\\t\\\\\""),
        (
            "an agent of a phone called CUBOT",
            "\"Mozilla/5.0 (Linux; Android 9; CUBOT_P30) Chrome/80.0 Mobile Safari/537.36\"",
        ),
    ] {
        corpus.loaded(name, &[], |draft| draft.with("user_agent", raw));
    }
    let long = format!("\"Mozilla/5.0 ({})\"", "é".repeat(4096));
    corpus.loaded("agent of 8 kB", &[], |draft| draft.with("user_agent", long));
}
