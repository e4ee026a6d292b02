//! HTML as a flat list of nodes, made from the tokens of a parser that browsers' authors wrote. Nothing
//! here recurses, however deep a page nests, and the time it may take is bounded.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer,
};

/// An end tag ends an element no further up than this, and text is gathered from no more nodes.
const MAX_REACH: usize = 4096;
/// A tag that implies an end does so no further up than this.
const MAX_IMPLIED: usize = 32;
/// More nodes are not looked at.
const MAX_NODES: usize = 500_000;
/// A page that takes longer is read as far as it got.
pub const MAX_TIME: Duration = Duration::from_secs(5);
/// Bytes between two looks at the clock.
const STEP: usize = 16 * 1024;

/// An element, or a piece of text where `name` is empty.
#[derive(Debug, Default)]
pub struct Node {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub parent: Option<usize>,
    /// The nodes of this element's subtree stand between its own place and this one.
    pub end: usize,
}

impl Node {
    /// An attribute's value; empty where it has none.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// Whether one of an attribute's words is this one, whatever its case.
    pub fn has_word(&self, attribute: &str, word: &str) -> bool {
        self.attribute(attribute).is_some_and(|value| {
            value
                .split_whitespace()
                .any(|known| known.eq_ignore_ascii_case(word))
        })
    }
}

/// A page's nodes in the order they begin.
#[derive(Debug, Default)]
pub struct Document {
    pub nodes: Vec<Node>,
}

impl Document {
    pub fn parse(html: &str) -> Document {
        let tokenizer = Tokenizer::new(Sink(RefCell::default()), Default::default());
        let deadline = Instant::now() + MAX_TIME;
        let mut rest = html;
        while !rest.is_empty() && Instant::now() < deadline {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(STEP.min(rest.len())));
            rest = after;
            let input = BufferQueue::default();
            input.push_back(StrTendril::from(piece));
            while !input.is_empty() {
                let _ = tokenizer.feed(&input);
            }
        }
        tokenizer.end();
        let mut builder = tokenizer.sink.0.take();
        while builder.close() {}
        Document {
            nodes: builder.nodes,
        }
    }

    /// Elements of this name, with their places.
    pub fn elements<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (usize, &'a Node)> {
        self.nodes
            .iter()
            .enumerate()
            .filter(move |(_, node)| node.name == name)
    }

    /// What stands within an element, its own place left out.
    pub fn within(&self, at: usize) -> std::ops::Range<usize> {
        at + 1..self.nodes.get(at).map_or(at + 1, |node| node.end)
    }

    /// The text within an element that readers see.
    pub fn text(&self, at: usize) -> String {
        let mut text = String::new();
        let mut skipped = 0;
        for place in self.within(at).take(MAX_REACH) {
            let Some(node) = self.nodes.get(place).filter(|_| place >= skipped) else {
                continue;
            };
            match node.name.as_str() {
                "script" | "style" | "template" | "noscript" => skipped = node.end,
                "" => text.push_str(&node.text),
                "b" | "i" | "em" | "strong" | "span" | "a" | "sup" | "sub" | "small" | "font"
                | "bdi" => {}
                _ => text.push(' '),
            }
        }
        text
    }

    /// The text as it stands: of a script.
    pub fn source(&self, at: usize) -> String {
        self.within(at)
            .filter_map(|place| self.nodes.get(place))
            .map(|node| node.text.as_str())
            .collect()
    }
}

/// The text of a piece of HTML without its tags.
pub fn plain(html: &str) -> String {
    let mut document = Document::parse(html);
    let end = document.nodes.len() + 1;
    document.nodes.insert(0, Node::default());
    for node in document.nodes.iter_mut().skip(1) {
        node.end += 1;
    }
    if let Some(root) = document.nodes.first_mut() {
        root.end = end;
    }
    document.text(0)
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    /// Places of the open elements.
    open: Vec<usize>,
}

struct Sink(RefCell<Builder>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut builder = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => builder.add_text(&text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return builder.begin(&tag),
            Token::TagToken(tag) => builder.finish(&tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Builder {
    fn add_text(&mut self, text: &str) {
        let parent = self.open.last().copied();
        let last = self.nodes.len().wrapping_sub(1);
        match self.nodes.last_mut() {
            Some(node) if node.name.is_empty() && node.parent == parent && node.end == last + 1 => {
                node.text.push_str(text)
            }
            _ => self.add(Node {
                text: text.to_owned(),
                ..Node::default()
            }),
        }
    }

    fn add(&mut self, mut node: Node) {
        if self.nodes.len() < MAX_NODES {
            node.parent = self.open.last().copied();
            node.end = self.nodes.len() + 1;
            self.nodes.push(node);
        }
    }

    fn begin(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        self.close_implied(name);
        self.add(Node {
            name: name.to_owned(),
            attributes: tag
                .attrs
                .iter()
                .map(|attribute| {
                    (
                        attribute.name.local.to_string(),
                        attribute.value.to_string(),
                    )
                })
                .collect(),
            ..Node::default()
        });
        if !is_void(name) && self.nodes.len() < MAX_NODES {
            self.open.push(self.nodes.len() - 1);
        }
        match name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => {
                TokenSinkResult::RawData(RawKind::Rawtext)
            }
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            "plaintext" => TokenSinkResult::Plaintext,
            _ => TokenSinkResult::Continue,
        }
    }

    fn finish(&mut self, name: &str) {
        let mut reach = self.open.iter().rev().take(MAX_REACH);
        if reach.any(|at| self.is(*at, name)) {
            while self.open.last().is_some_and(|at| !self.is(*at, name)) {
                self.close();
            }
            self.close();
        }
    }

    /// Ends what a tag ends without saying so.
    fn close_implied(&mut self, name: &str) {
        let (ended, within): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol", "menu"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl"]),
            "option" | "optgroup" => (&["option"], &["select", "datalist"]),
            "td" | "th" => (&["td", "th"], &["table", "tr"]),
            "tr" => (&["tr"], &["table"]),
            "body" => (&["head"], &["html"]),
            "p" | "div" | "ul" | "ol" | "dl" | "table" | "section" | "article" | "nav" | "form"
            | "h1" | "h2" | "h3" | "h4" | "main" | "aside" | "header" | "footer" => (
                &["p"],
                &[
                    "body", "div", "td", "li", "section", "article", "main", "button", "object",
                ],
            ),
            _ => return,
        };
        let reach: Vec<usize> = self.open.iter().rev().take(MAX_IMPLIED).copied().collect();
        for at in reach {
            if ended.iter().any(|ended| self.is(at, ended)) {
                while self.open.last().is_some_and(|last| *last != at) {
                    self.close();
                }
                self.close();
                return;
            }
            if within.iter().any(|within| self.is(at, within)) {
                return;
            }
        }
    }

    fn is(&self, at: usize, name: &str) -> bool {
        self.nodes.get(at).is_some_and(|node| node.name == name)
    }

    fn close(&mut self) -> bool {
        let end = self.nodes.len();
        let Some(node) = self.open.pop().and_then(|at| self.nodes.get_mut(at)) else {
            return false;
        };
        node.end = end;
        true
    }
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Document, plain};

    #[test]
    fn elements_nest_as_browsers_see_them() {
        let page = Document::parse(
            "<!doctype html><title>A &amp; B</title><ul><li>one<li><b>two</b> &euro;</ul><p>x<div>y</div><script>if (a < b) '</p>'</script><br>z",
        );
        let names: Vec<&str> = page
            .nodes
            .iter()
            .map(|node| node.name.as_str())
            .filter(|name| !name.is_empty())
            .collect();
        assert_eq!(
            names,
            ["title", "ul", "li", "li", "b", "p", "div", "script", "br"]
        );
        let texts = |name: &str| -> Vec<String> {
            page.elements(name).map(|(at, _)| page.text(at)).collect()
        };
        assert_eq!(texts("li"), ["one", "two €"]);
        assert_eq!(
            (texts("title"), texts("p")),
            (vec!["A & B".to_owned()], vec!["x".to_owned()])
        );
        let (script, _) = page.elements("script").next().unwrap();
        assert_eq!(page.source(script), "if (a < b) '</p>'");
    }

    #[test]
    fn tags_go_and_references_are_read() {
        for (html, text) in [
            ("Ring &amp; <b>Gold</b>", "Ring & Gold"),
            ("<script>alert(1)</script>Ring", "Ring"),
            ("a<br>b", "a b"),
            ("5 < 6", "5 < 6"),
            ("", ""),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }

    #[test]
    fn hostile_pages_end_soon() {
        let begin = Instant::now();
        for html in [
            "<div>".repeat(400_000),
            "<b><p>".repeat(200_000),
            "<table><tr><td>".repeat(100_000),
            format!(
                "<a {}>",
                (0..300_000).map(|n| format!("a{n} ")).collect::<String>()
            ),
            "</div>".repeat(500_000),
            "<!--".repeat(100_000),
            "<li>".repeat(300_000),
        ] {
            let page = Document::parse(&html);
            assert!(page.nodes.iter().all(|node| node.end <= page.nodes.len()));
        }
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "{:?}",
            begin.elapsed()
        );
        let deep = format!("{}<h1>Ring</h1>", "<div>".repeat(1_000));
        let page = Document::parse(&deep);
        assert_eq!(
            page.elements("h1")
                .map(|(at, _)| page.text(at))
                .next()
                .as_deref(),
            Some("Ring")
        );
    }
}
