//! What kind of place a visit came from, by the name of its host.

use std::sync::{Arc, LazyLock};

use hashbrown::HashMap;

use super::kind::Kind;
use super::sites;
use crate::text::host;

pub const DIRECT: &str = "(direct)";
pub const NONE: &str = "(none)";

/// A host's kind; of a search engine, or where the list gives it one, also its name.
#[derive(Debug, PartialEq, Eq)]
pub struct Site<'a> {
    pub kind: Kind,
    pub name: Option<&'a str>,
}

impl Site<'_> {
    const OTHER: Site<'static> = Site {
        kind: Kind::Other,
        name: None,
    };
}

/// Most parts of a host name before its domain that [`sites`] tell apart.
const MAX_PARTS: usize = 2;

/// The sites that are known: what an operator edits, and what [`sites`] says of all others.
#[derive(Clone, Debug)]
pub struct Sites(Arc<HashMap<Box<str>, Edited>>);

#[derive(Debug)]
struct Edited {
    kind: Kind,
    /// What a visit from there names as its source; none: the registrable domain.
    source: Option<Box<str>>,
}

/// Those that a table without edits holds.
impl Default for Sites {
    fn default() -> Sites {
        static SEEDED: LazyLock<Sites> = LazyLock::new(|| Sites::of(&seeded()));
        SEEDED.clone()
    }
}

/// The table that nobody edited, as [`Sites::of`] reads it.
pub fn seeded() -> String {
    sites::editable()
        .map(|(domain, kind)| format!("{domain}\t{}\t\n", kind.name()))
        .collect()
}

#[derive(Clone, Copy)]
enum Known {
    Kind(Kind),
    Engine(&'static str),
    Portal,
}

static SITES: LazyLock<HashMap<&str, Known>> = LazyLock::new(|| {
    let lists = [
        (sites::SEARCH, Known::Kind(Kind::Search)),
        (sites::PORTALS, Known::Portal),
        (sites::SOCIAL, Known::Kind(Kind::Social)),
        (sites::VIDEO, Known::Kind(Kind::Video)),
        (sites::SHOPPING, Known::Kind(Kind::Shopping)),
        (sites::EMAIL, Known::Kind(Kind::Email)),
    ];
    let named = lists.into_iter().flat_map(|(names, entry)| {
        names
            .split_ascii_whitespace()
            .map(move |name| (name, entry))
    });
    let engines = sites::ENGINES
        .iter()
        .map(|(host, engine)| (*host, Known::Engine(engine)));
    named.chain(engines).collect()
});

impl Sites {
    /// `table`: a line for each site with its domain, kind and source, parted by tabs.
    pub fn of(table: &str) -> Sites {
        let edited = table.lines().filter_map(|line| {
            let mut cells = line.split('\t');
            let (domain, kind) = (cells.next()?, Kind::named(cells.next()?)?);
            let source = cells.next().filter(|source| !source.is_empty());
            let source = source.map(Box::from);
            Some((Box::from(domain), Edited { kind, source }))
        });
        Sites(Arc::new(edited.collect()))
    }

    /// The site of a host on the web, in lower case.
    pub fn of_host<'a>(&'a self, host: &'a str) -> Site<'a> {
        self.find(host).unwrap_or(Site::OTHER)
    }

    /// The site of an app, or of a host that is no domain's, by its name in lower case.
    pub fn of_app(&self, name: &str) -> Site<'_> {
        if let Some(Edited { kind, source }) = self.0.get(name) {
            return Site {
                kind: *kind,
                name: source.as_deref(),
            };
        }
        match SITES.get(name) {
            Some(Known::Kind(kind)) => Site {
                kind: *kind,
                name: None,
            },
            Some(Known::Engine(engine)) => Site {
                kind: Kind::Search,
                name: Some(engine),
            },
            _ => Site::OTHER,
        }
    }

    /// The kind of a source as someone wrote it, in lower case: a word, a domain, a host or an app.
    pub fn kind(&self, source: &str) -> Kind {
        if let Some(edited) = self.0.get(source) {
            return edited.kind;
        }
        match SITES.get(source) {
            Some(Known::Kind(kind)) => *kind,
            Some(Known::Engine(_) | Known::Portal) => Kind::Search,
            None if source.contains('.') => self.of_host(source).kind,
            None => nickname(source),
        }
    }

    /// Looks for the host, then for what is left without its first parts, each with and without the public suffix.
    fn find<'a>(&'a self, host: &'a str) -> Option<Site<'a>> {
        let domain = host::registrable_domain(host)?;
        let label = domain.split('.').next()?;
        let suffix = domain.len() - label.len();
        let before = host.len() - domain.len();
        let mut start = nth_part_from_the_end(host.get(..before)?, MAX_PARTS);
        loop {
            let name = host.get(start..)?;
            let anywhere = name.get(..name.len() - suffix)?;
            if let Some(Edited { kind, source }) = self.0.get(name).or_else(|| self.0.get(anywhere))
            {
                let engine = (*kind == Kind::Search).then_some(label);
                return Some(Site {
                    kind: *kind,
                    name: source.as_deref().or(engine),
                });
            }
            if let Some(entry) = SITES.get(name).or_else(|| SITES.get(anywhere)) {
                return Some(site(*entry, host.get(..start)?, label));
            }
            if start >= before {
                return None;
            }
            start += name.find('.')? + 1;
        }
    }
}

/// What people write for a site, but no domain's label that could be relied on (`ig.com` is no photo network).
fn nickname(source: &str) -> Kind {
    match source {
        "360" | "alice" | "ask" | "auone" | "avg" | "babylon" | "biglobe" | "centrum"
        | "comcast" | "conduit" | "globo" | "google-play" | "googlemybusiness" | "incredimail"
        | "onet" | "terra" | "ukr" | "virgilio" => Kind::Search,
        "fb" | "google+" | "ig" | "igtv" | "line" | "messenger" | "newsshowcase" | "threads"
        | "vk" | "x" => Kind::Social,
        "disney+" | "ted" | "yt" => Kind::Video,
        "google shopping" | "igshopping" | "googleshopping" => Kind::Shopping,
        "bard" | "claude" | "copilot" | "doubao" | "gemini" | "grok" | "kimi" | "le chat"
        | "meta ai" | "mistral" | "openai" | "phind" | "poe" => Kind::AiAssistant,
        _ => Kind::Other,
    }
}

/// Where the last `count` parts of `a.b.c.` begin.
fn nth_part_from_the_end(parts: &str, count: usize) -> usize {
    parts
        .rmatch_indices('.')
        .nth(count)
        .map_or(0, |(dot, _)| dot + 1)
}

fn site<'a>(entry: Known, before: &str, label: &'a str) -> Site<'a> {
    match entry {
        Known::Kind(kind) => Site {
            kind,
            name: (kind == Kind::Search).then_some(label),
        },
        Known::Engine(engine) => Site {
            kind: Kind::Search,
            name: Some(engine),
        },
        Known::Portal if searches(before) => Site {
            kind: Kind::Search,
            name: Some(label),
        },
        Known::Portal => Site {
            kind: Kind::Other,
            name: None,
        },
    }
}

/// Whether a portal's host is its search engine, by the parts before the domain: `de.search.`, but not `translate.`.
fn searches(parts: &str) -> bool {
    let mut parts = parts.split('.').filter(|part| !part.is_empty());
    let is_neutral = |part: &str| {
        part.len() == 2
            || sites::NEUTRAL.contains(&part.trim_end_matches(|c: char| c.is_ascii_digit()))
            || sites::NEUTRAL.contains(&part)
    };
    parts.clone().any(|part| sites::SEARCHING.contains(&part)) || parts.all(is_neutral)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Kind, Sites, sites};

    fn names() -> impl Iterator<Item = &'static str> {
        [
            sites::SEARCH,
            sites::PORTALS,
            sites::SOCIAL,
            sites::VIDEO,
            sites::SHOPPING,
            sites::EMAIL,
            sites::AI_ASSISTANTS,
            sites::PAYMENT,
        ]
        .into_iter()
        .flat_map(str::split_ascii_whitespace)
        .chain(sites::ENGINES.iter().map(|(host, _)| *host))
    }

    #[test]
    fn a_site_is_listed_once_and_in_lower_case() {
        let mut seen = HashSet::new();
        for name in names() {
            assert!(seen.insert(name), "{name} stands twice");
            assert_eq!(name, name.to_lowercase());
            assert!(name.split('.').all(|part| !part.is_empty()), "{name}");
        }
    }

    #[test]
    fn every_listed_site_can_be_found_on_the_web() {
        for name in names().filter(|name| !is_app(name)) {
            let hosts = [name.to_owned(), format!("{name}.com")];
            let is_found = |host: &String| Sites::default().of_host(host).kind != Kind::Other;
            assert!(hosts.iter().any(is_found), "{name}");
        }
    }

    fn is_app(name: &str) -> bool {
        [
            "com.",
            "org.",
            "de.",
            "ru.",
            "jp.",
            "tv.twitch",
            "xyz.",
            "ai.",
            "net.one97",
        ]
        .iter()
        .any(|start| name.starts_with(start))
    }

    #[test]
    fn a_source_is_known_as_written_by_its_domain_and_by_its_label() {
        for (source, expected) in [
            ("google", Kind::Search),
            ("google.com", Kind::Search),
            ("www.google.co.uk", Kind::Search),
            ("mail.google.com", Kind::Email),
            ("translate.google.com", Kind::Other),
            ("go.mail.ru", Kind::Search),
            ("com.google.android.gm", Kind::Email),
            ("chatgpt", Kind::AiAssistant),
            ("chatgpt.com", Kind::AiAssistant),
            ("gemini", Kind::AiAssistant),
            ("gemini.google.com", Kind::AiAssistant),
            ("copilot.microsoft.com", Kind::AiAssistant),
            ("www.perplexity.ai", Kind::AiAssistant),
            ("claude.ai", Kind::AiAssistant),
            ("claude.fr", Kind::Other),
            ("microsoft.com", Kind::Other),
            ("mistral.fr", Kind::Other),
            ("paypal", Kind::Payment),
            ("pay.amazon.de", Kind::Payment),
            ("pay.google.com", Kind::Payment),
            ("www.amazon.de", Kind::Shopping),
            ("checkout.stripe.com", Kind::Payment),
            ("fb", Kind::Social),
            ("fb.example.com", Kind::Other),
            ("fb.org", Kind::Other),
            ("ig.com.br", Kind::Other),
            ("facebook_ads", Kind::Other),
            ("t.co", Kind::Social),
            ("t.com", Kind::Other),
            ("com", Kind::Other),
            ("a b.c", Kind::Other),
            ("...", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(Sites::default().kind(source), expected, "{source}");
        }
    }

    #[test]
    fn an_edited_list_comes_before_what_is_built_in() {
        let sites = Sites::of(
            "chat.example.com\tai_assistant\texample\nfacebook\tpayment\t\nmaps.google\tother\t\nfind.example.org\tsearch\t\n\
             search.test\tsearch\tTester\nbad line\nx.com\tno kind\t\napp.name.shop\tshopping\t",
        );
        for (host, kind, name) in [
            ("chat.example.com", Kind::AiAssistant, Some("example")),
            ("www.chat.example.com", Kind::AiAssistant, Some("example")),
            ("example.com", Kind::Other, None),
            ("m.facebook.de", Kind::Payment, None),
            ("maps.google.fr", Kind::Other, None),
            ("www.google.fr", Kind::Search, Some("google")),
            ("find.example.org", Kind::Search, Some("example")),
            ("x.com", Kind::Social, None),
            ("chatgpt.com", Kind::Other, None),
            ("www.paypal.com", Kind::Other, None),
        ] {
            let found = sites.of_host(host);
            assert_eq!((found.kind, found.name), (kind, name), "{host}");
        }
        let found = sites.of_app("search.test");
        assert_eq!((found.kind, found.name), (Kind::Search, Some("Tester")));
        assert_eq!(sites.kind("app.name.shop"), Kind::Shopping);
    }

    /// Were each of its parts looked up with all that follows, this would not end.
    #[test]
    fn a_host_of_half_a_million_parts_is_told_at_once() {
        let parts = "a.".repeat(500_000);
        let host = format!("{parts}search.yahoo.com");
        assert_eq!(Sites::default().of_host(&host).name, Some("yahoo"));
        let host = format!("translate.{parts}google.com");
        assert_eq!(Sites::default().of_host(&host).name, None);
    }
}
