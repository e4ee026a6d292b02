//! What kind of place a visit came from, by the name of its host.

use std::sync::LazyLock;

use hashbrown::HashMap;

use super::sites;
use crate::event::host;

/// What a source is known for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    Search,
    Social,
    Video,
    Shopping,
    /// Webmail, or an app for mail.
    Email,
    /// The shop itself.
    Internal,
    #[default]
    Other,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Search => "search",
            Kind::Social => "social",
            Kind::Video => "video",
            Kind::Shopping => "shopping",
            Kind::Email => "email",
            Kind::Internal => "internal",
            Kind::Other => "other",
        }
    }
}

/// A host's kind; of a search engine also its name.
#[derive(Debug, PartialEq, Eq)]
pub struct Site<'a> {
    pub kind: Kind,
    pub engine: Option<&'a str>,
}

/// Most parts of a host name before its domain that [`sites`] tell apart.
const MAX_PARTS: usize = 2;

#[derive(Clone, Copy)]
enum Entry {
    Kind(Kind),
    Engine(&'static str),
    Portal,
}

static SITES: LazyLock<HashMap<&str, Entry>> = LazyLock::new(|| {
    let lists = [
        (sites::SEARCH, Entry::Kind(Kind::Search)),
        (sites::PORTALS, Entry::Portal),
        (sites::SOCIAL, Entry::Kind(Kind::Social)),
        (sites::VIDEO, Entry::Kind(Kind::Video)),
        (sites::SHOPPING, Entry::Kind(Kind::Shopping)),
        (sites::EMAIL, Entry::Kind(Kind::Email)),
    ];
    let named = lists.into_iter().flat_map(|(names, entry)| {
        names
            .split_ascii_whitespace()
            .map(move |name| (name, entry))
    });
    let engines = sites::ENGINES
        .iter()
        .map(|(host, engine)| (*host, Entry::Engine(engine)));
    named.chain(engines).collect()
});

/// The site of a host on the web, in lower case.
pub fn of_host(host: &str) -> Site<'_> {
    find(host).unwrap_or(Site {
        kind: Kind::Other,
        engine: None,
    })
}

/// The site of an app, by its name in lower case.
pub fn of_app(name: &str) -> Site<'_> {
    match SITES.get(name) {
        Some(Entry::Kind(kind)) => Site {
            kind: *kind,
            engine: None,
        },
        Some(Entry::Engine(engine)) => Site {
            kind: Kind::Search,
            engine: Some(engine),
        },
        _ => Site {
            kind: Kind::Other,
            engine: None,
        },
    }
}

/// The kind of a source as someone wrote it, in lower case: a word, a domain, a host or an app.
pub fn kind(source: &str) -> Kind {
    match SITES.get(source) {
        Some(Entry::Kind(kind)) => *kind,
        Some(Entry::Engine(_) | Entry::Portal) => Kind::Search,
        None if source.contains('.') => of_host(source).kind,
        None => nickname(source),
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
        _ => Kind::Other,
    }
}

/// Looks for the host, then for what is left without its first parts, each with and without the public suffix.
fn find(host: &str) -> Option<Site<'_>> {
    let domain = host::registrable_domain(host)?;
    let label = domain.split('.').next()?;
    let suffix = domain.len() - label.len();
    let before = host.len() - domain.len();
    let mut start = nth_part_from_the_end(host.get(..before)?, MAX_PARTS);
    loop {
        let name = host.get(start..)?;
        let anywhere = name.get(..name.len() - suffix)?;
        if let Some(entry) = SITES.get(name).or_else(|| SITES.get(anywhere)) {
            return Some(site(*entry, host.get(..start)?, label));
        }
        if start >= before {
            return None;
        }
        start += name.find('.')? + 1;
    }
}

/// Where the last `count` parts of `a.b.c.` begin.
fn nth_part_from_the_end(parts: &str, count: usize) -> usize {
    parts
        .rmatch_indices('.')
        .nth(count)
        .map_or(0, |(dot, _)| dot + 1)
}

fn site<'a>(entry: Entry, before: &str, label: &'a str) -> Site<'a> {
    match entry {
        Entry::Kind(kind) => Site {
            kind,
            engine: (kind == Kind::Search).then_some(label),
        },
        Entry::Engine(engine) => Site {
            kind: Kind::Search,
            engine: Some(engine),
        },
        Entry::Portal if searches(before) => Site {
            kind: Kind::Search,
            engine: Some(label),
        },
        Entry::Portal => Site {
            kind: Kind::Other,
            engine: None,
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

    use super::{Kind, kind, of_host, sites};

    fn names() -> impl Iterator<Item = &'static str> {
        [
            sites::SEARCH,
            sites::PORTALS,
            sites::SOCIAL,
            sites::VIDEO,
            sites::SHOPPING,
            sites::EMAIL,
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
            let is_found = |host: &String| of_host(host).kind != Kind::Other;
            assert!(hosts.iter().any(is_found), "{name}");
        }
    }

    fn is_app(name: &str) -> bool {
        ["com.", "org.", "de.", "ru.", "jp.", "tv.twitch", "xyz."]
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
            assert_eq!(kind(source), expected, "{source}");
        }
    }

    /// Were each of its parts looked up with all that follows, this would not end.
    #[test]
    fn a_host_of_half_a_million_parts_is_told_at_once() {
        let parts = "a.".repeat(500_000);
        let host = format!("{parts}search.yahoo.com");
        assert_eq!(of_host(&host).engine, Some("yahoo"));
        let host = format!("translate.{parts}google.com");
        assert_eq!(of_host(&host).engine, None);
    }
}
