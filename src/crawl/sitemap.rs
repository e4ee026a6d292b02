//! Sitemaps: the pages a site says it has, in XML, an index of others, or plain text.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

/// The protocol's own bound; what is beyond it is left out.
pub const MAX_ENTRIES: usize = 50_000;

/// What one sitemap lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sitemap {
    pub pages: Vec<String>,
    /// Other sitemaps, of an index.
    pub sitemaps: Vec<String>,
}

/// Reads a sitemap; as far as it goes, where it is broken.
pub fn parse(bytes: &[u8]) -> Sitemap {
    let text = String::from_utf8_lossy(bytes);
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
    // Only the two levels that matter are remembered, however deep it nests.
    let (mut is_index, mut location) = (false, None::<String>);
    while found.pages.len() + found.sitemaps.len() < MAX_ENTRIES {
        let Ok(event) = reader.read_event() else {
            break;
        };
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                b"sitemap" => is_index = true,
                b"url" => is_index = false,
                b"loc" if tag.name().prefix().is_none() => location = Some(String::new()),
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
            Event::End(tag) if tag.local_name().as_ref() == b"loc" => {
                if let Some(address) = location.take().map(|text| text.trim().to_owned()) {
                    if is_index {
                        found.sitemaps.push(address);
                    } else if !address.is_empty() {
                        found.pages.push(address);
                    }
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    found
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
