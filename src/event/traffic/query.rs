//! Parameters of a URL as they stand there: cheap to pass over, decoded only when wanted.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use url::form_urlencoded;

/// Longest name that means something here, in bytes.
pub const MAX_NAME: usize = 12;

/// One `name=value` of a URL, as written.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a> {
    text: &'a str,
}

/// Parameters of the query, then those of the fragment: single-page shops write `#/?utm_source=…`.
pub fn parameters(url: &str) -> impl Iterator<Item = Parameter<'_>> {
    let (query, fragment) = parts(url);
    let nested = memchr(b'?', fragment.as_bytes()).map_or(0, |mark| mark + 1);
    let fragment = fragment.get(nested..).unwrap_or_default();
    Pieces(query).chain(Pieces(fragment))
}

/// Query and fragment without their marks.
fn parts(url: &str) -> (&str, &str) {
    let Some(mark) = memchr2(b'?', b'#', url.as_bytes()) else {
        return ("", "");
    };
    let rest = url.get(mark + 1..).unwrap_or_default();
    if url.as_bytes().get(mark) == Some(&b'#') {
        return ("", rest);
    }
    rest.split_once('#').unwrap_or((rest, ""))
}

struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Parameter<'a>;

    fn next(&mut self) -> Option<Parameter<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let (text, rest) = match memchr(b'&', self.0.as_bytes()) {
            Some(end) => (self.0.get(..end)?, self.0.get(end + 1..)?),
            None => (self.0, ""),
        };
        self.0 = rest;
        Some(Parameter { text })
    }
}

impl<'a> Parameter<'a> {
    /// The name in lower case, written into `buffer`; empty where it is too long to mean something.
    pub fn name<'b>(&self, buffer: &'b mut [u8; MAX_NAME]) -> &'b [u8] {
        let end = memchr(b'=', self.text.as_bytes()).unwrap_or(self.text.len());
        let written = self.text.get(..end).unwrap_or_default();
        // A link that was escaped for HTML twice.
        let written = written.strip_prefix("amp;").unwrap_or(written);
        if written.len() <= 3 * MAX_NAME && memchr(b'%', written.as_bytes()).is_some() {
            let decoded = form_urlencoded::parse(written.as_bytes()).next();
            return fold(&decoded.unwrap_or_default().0, buffer);
        }
        fold(written, buffer)
    }

    /// The value, decoded; what is no UTF-8 then has replacement characters.
    pub fn value(&self) -> Cow<'a, str> {
        let pair = form_urlencoded::parse(self.text.as_bytes()).next();
        pair.unwrap_or_default().1
    }
}

fn fold<'b>(name: &str, buffer: &'b mut [u8; MAX_NAME]) -> &'b [u8] {
    let Some(folded) = buffer.get_mut(..name.len()) else {
        return &[];
    };
    folded.copy_from_slice(name.as_bytes());
    folded.make_ascii_lowercase();
    folded
}
