//! Sitemaps: the pages a site says it has, in XML, an index of others, or plain text.
//!
//! A prefix is only a name: what counts is the namespace. The first element's is taken for the sitemap's, whatever it
//! is called, as sites misspell it; the protocol's own is always one. Addresses in other namespaces (of images, videos,
//! other languages) are no pages.

use std::borrow::Cow;

use encoding_rs::UTF_8;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// The protocol's own bound; what is beyond it is left out.
pub const MAX_ENTRIES: usize = 50_000;

/// Declarations of namespaces in force at a time beyond this number are not looked at: no sitemap has as many.
const MAX_DECLARATIONS: usize = 32;
/// The protocol's own namespace.
const PROTOCOL: &[u8] = b"http://www.sitemaps.org/schemas/sitemap/0.9";

/// What one sitemap lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sitemap {
    pub pages: Vec<String>,
    /// Other sitemaps, of an index.
    pub sitemaps: Vec<String>,
}

/// Reads a sitemap; as far as it goes, where it is broken.
pub fn parse(bytes: &[u8]) -> Sitemap {
    // By its byte-order mark it may be UTF-16.
    let (text, _, _) = UTF_8.decode(bytes);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') {
        xml(text)
    } else {
        lines(text)
    }
}

fn lines(text: &str) -> Sitemap {
    let is_address = |line: &&str| line.starts_with("http://") || line.starts_with("https://");
    Sitemap {
        pages: text
            .lines()
            .map(str::trim)
            .filter(is_address)
            .take(MAX_ENTRIES)
            .map(str::to_owned)
            .collect(),
        sitemaps: Vec::new(),
    }
}

fn xml(text: &str) -> Sitemap {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let mut found = Sitemap::default();
    let mut spaces = Namespaces::default();
    // Only the levels that matter are remembered, however deep it nests.
    let (mut entry, mut location) = (Entry::None, None::<String>);
    let mut is_index = false;
    while found.pages.len() + found.sitemaps.len() < MAX_ENTRIES {
        let Ok(event) = reader.read_event() else {
            break;
        };
        match event {
            Event::Start(tag) if spaces.begin(&tag) => match tag.local_name().as_ref() {
                name @ (b"sitemap" | b"url") => {
                    (entry, is_index) = (Entry::Open, name == b"sitemap");
                }
                b"loc" if entry != Entry::Told => location = Some(String::new()),
                _ => {}
            },
            Event::Text(piece) => add(&mut location, piece.decode().ok()),
            Event::CData(piece) => add(&mut location, piece.decode().ok()),
            Event::GeneralRef(name) => {
                let named = name.decode().unwrap_or_default();
                let meant = match named.as_ref() {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => name.resolve_char_ref().ok().flatten(),
                };
                add(&mut location, meant.map(|c| Cow::Owned(c.to_string())));
            }
            Event::End(tag) => {
                spaces.end();
                match tag.local_name().as_ref() {
                    b"loc" => {
                        let address = location.take().map(|text| text.trim().to_owned());
                        if let Some(address) = address.filter(|address| !address.is_empty()) {
                            if entry == Entry::Open {
                                entry = Entry::Told;
                            }
                            if is_index {
                                found.sitemaps.push(address);
                            } else {
                                found.pages.push(address);
                            }
                        }
                    }
                    b"sitemap" | b"url" => entry = Entry::None,
                    _ => {}
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    found
}

/// Whether a page's entry is open, and has said where the page is: what follows is of something else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    None,
    Open,
    Told,
}

/// The namespaces in force. Few are remembered, so that a file of declarations costs no more than another.
#[derive(Default)]
struct Namespaces {
    /// Of the first element.
    own: Option<Vec<u8>>,
    depth: usize,
    /// Where each was declared, its prefix, and its name.
    declared: Vec<(usize, Vec<u8>, Vec<u8>)>,
}

impl Namespaces {
    /// Goes into an element; whether it is of the sitemap's namespace.
    fn begin(&mut self, tag: &BytesStart<'_>) -> bool {
        self.depth += 1;
        let mut attributes = tag.attributes();
        attributes.with_checks(false);
        for attribute in attributes.flatten() {
            let Some(prefix) = attribute.key.as_ref().strip_prefix(b"xmlns") else {
                continue;
            };
            let prefix = match prefix {
                [] => prefix,
                [b':', prefix @ ..] => prefix,
                _ => continue,
            };
            if self.declared.len() < MAX_DECLARATIONS {
                let name = attribute.value.trim_ascii().to_vec();
                self.declared.push((self.depth, prefix.to_vec(), name));
            }
        }
        let name = tag.name();
        let prefix = name.prefix().map_or(&b""[..], |prefix| prefix.into_inner());
        let namespace = self
            .declared
            .iter()
            .rfind(|(_, declared, _)| declared == prefix)
            // A prefix that nobody declared is as good a name.
            .map_or(prefix, |(_, _, name)| name);
        match &self.own {
            Some(own) => own == namespace || namespace == PROTOCOL,
            None => {
                self.own = Some(namespace.to_vec());
                true
            }
        }
    }

    fn end(&mut self) {
        let depth = self.depth;
        self.declared.retain(|(declared, _, _)| *declared < depth);
        self.depth = depth.saturating_sub(1);
    }
}

fn add(location: &mut Option<String>, piece: Option<Cow<'_, str>>) {
    if let (Some(location), Some(piece)) = (location, piece)
        && location.len() + piece.len() <= 4096
    {
        location.push_str(&piece);
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn pages_and_indexes_are_read() {
        let text = br#"<?xml version="1.0"?><urlset xmlns="x" xmlns:image="y">
            <url><loc> https://a.de/?a=1&amp;b=2 </loc><image:image><image:loc>https://a.de/i.jpg</image:loc></image:image></url>
            <url><loc><![CDATA[https://a.de/b]]></loc></url><url><loc>https://a.de/&#x63;</loc></url></urlset>"#;
        assert_eq!(
            parse(text).pages,
            ["https://a.de/?a=1&b=2", "https://a.de/b", "https://a.de/c"]
        );
        let index =
            parse(b"<sitemapindex><sitemap><loc>https://a.de/1.xml</loc></sitemap></sitemapindex>");
        assert_eq!(
            (index.pages.len(), index.sitemaps),
            (0, vec!["https://a.de/1.xml".to_owned()])
        );
        assert_eq!(
            parse("\u{feff}https://a.de/x\nnonsense\nhttp://a.de/y\n".as_bytes())
                .pages
                .len(),
            2
        );
    }

    #[test]
    fn a_prefix_is_only_a_name() {
        const OWN: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";
        for text in [
            format!("<sit:urlset xmlns:sit='{OWN}'><sit:url><sit:loc>https://a.de/p</sit:loc></sit:url></sit:urlset>"),
            format!("<?xml version='1.0'?><!-- x --><sm:urlset xmlns:sm=\"{OWN}\"><sm:url><sm:loc>https://a.de/p</sm:loc><sm:lastmod>2026</sm:lastmod></sm:url></sm:urlset>"),
            format!("<urlset xmlns='{OWN}' xmlns:x='{OWN}'><x:url><x:loc>https://a.de/p</x:loc></x:url></urlset>"),
            format!("<urlset xmlns='x'><sm:url xmlns:sm='{OWN}'><sm:loc>https://a.de/p</sm:loc></sm:url></urlset>"),
            // Misspelt, older, or never declared.
            "<urlset xmlns='https://sitemap.org/schemas/0.9/'><url><loc>https://a.de/p</loc></url></urlset>".to_owned(),
            "<g:urlset xmlns:g='http://www.google.com/schemas/sitemap/0.84'><g:url><g:loc>https://a.de/p</g:loc></g:url></g:urlset>".to_owned(),
            "<sm:urlset><sm:url><sm:loc>https://a.de/p</sm:loc></sm:url></sm:urlset>".to_owned(),
            "<urlset><url><loc>https://a.de/p</loc></url></urlset>".to_owned(),
            // Other namespaces have addresses too: by prefix, as their own default, before and behind the page's.
            format!("<sm:urlset xmlns:sm='{OWN}' xmlns:image='i'><sm:url><image:image><image:loc>https://a.de/i</image:loc></image:image><sm:loc>https://a.de/p</sm:loc></sm:url></sm:urlset>"),
            format!("<urlset xmlns='{OWN}'><url><image xmlns='i'><loc>https://a.de/i</loc></image><loc>https://a.de/p</loc></url></urlset>"),
            format!("<urlset xmlns='{OWN}'><url><video:video xmlns:video='v'><video:player_loc>https://a.de/v</video:player_loc><video:loc>https://a.de/w</video:loc></video:video><loc>https://a.de/p</loc></url></urlset>"),
            format!("<urlset xmlns='{OWN}' xmlns:loc='l'><url><loc:loc>https://a.de/i</loc:loc><loc>https://a.de/p</loc></url></urlset>"),
            "<urlset><url><loc>https://a.de/p</loc><image><loc>https://a.de/i</loc></image></url></urlset>".to_owned(),
        ] {
            assert_eq!(parse(text.as_bytes()).pages, ["https://a.de/p"], "{text}");
        }
        let index = format!(
            "<sm:sitemapindex xmlns:sm='{OWN}'><sm:sitemap><sm:loc>https://a.de/s.xml</sm:loc></sm:sitemap><sm:sitemap><sm:loc>https://a.de/t.xml</sm:loc></sm:sitemap></sm:sitemapindex>"
        );
        let index = parse(index.as_bytes());
        assert_eq!(
            (index.pages.len(), index.sitemaps),
            (
                0,
                vec![
                    "https://a.de/s.xml".to_owned(),
                    "https://a.de/t.xml".to_owned()
                ]
            )
        );
        let wide: Vec<u8> = "\u{feff}<urlset><url><loc>https://a.de/p</loc></url></urlset>"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(parse(&wide).pages, ["https://a.de/p"]);
    }

    #[test]
    fn declarations_without_end_cost_no_more_than_other_text() {
        let nested: String = (0..100_000)
            .map(|n| format!("<a xmlns:n{n}='x'>"))
            .collect();
        let wide: String = (0..100_000).map(|n| format!(" xmlns:n{n}='x'")).collect();
        for text in [
            format!("<urlset>{nested}<url><loc>https://a.de/p</loc></url>"),
            format!(
                "<urlset{wide}>{}<url><loc>https://a.de/p</loc></url>",
                "<b:c/><d:e></d:e>".repeat(100_000)
            ),
        ] {
            assert_eq!(parse(text.as_bytes()).pages, ["https://a.de/p"]);
        }
    }

    #[test]
    fn broken_ones_are_read_as_far_as_they_go() {
        assert_eq!(
            parse(b"<urlset><url><loc>https://a.de/x</loc></url><url><loc>https://a").pages,
            ["https://a.de/x"]
        );
        assert_eq!(parse(b"").pages.len(), 0);
        assert_eq!(parse(&[0xff, 0xfe, 0x00]).pages.len(), 0);
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><urlset><url><loc>https://a.de/&b;</loc></url></urlset>"#;
        assert_eq!(parse(bomb.as_bytes()).pages, ["https://a.de/"]);
        let deep = "<a>".repeat(100_000) + "<loc>https://a.de/</loc>";
        assert_eq!(parse(deep.as_bytes()).pages.len(), 1);
    }
}
