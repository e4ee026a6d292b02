//! Parameters of a URL as they stand there: cheap to pass over, decoded only when wanted.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use url::form_urlencoded;

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
    /// The name, decoded where it is escaped.
    pub fn name(&self) -> Cow<'a, str> {
        let end = memchr(b'=', self.text.as_bytes()).unwrap_or(self.text.len());
        let name = self.text.get(..end).unwrap_or_default();
        // A link that was escaped for HTML once too often.
        let name = name.strip_prefix("amp;").unwrap_or(name);
        match memchr(b'%', name.as_bytes()) {
            Some(_) => decoded(name).0,
            None => Cow::Borrowed(name),
        }
    }

    /// The value, decoded; what is no UTF-8 then has replacement characters.
    pub fn value(&self) -> Cow<'a, str> {
        decoded(self.text).1
    }
}

fn decoded(text: &str) -> (Cow<'_, str>, Cow<'_, str>) {
    form_urlencoded::parse(text.as_bytes())
        .next()
        .unwrap_or_default()
}

/// The first two letters of some names: most parameters of most URLs are told apart by them.
pub struct Beginnings([u32; 26]);

impl Beginnings {
    pub const fn of<T: Copy>(names: &[(&str, T)]) -> Beginnings {
        let mut seconds = [0; 26];
        mark(&mut seconds, b"amp;");
        let mut at = 0;
        while at < names.len() {
            mark(&mut seconds, names[at].0.as_bytes());
            at += 1;
        }
        Beginnings(seconds)
    }

    /// Whether the parameter may have one of the names; none of them is shorter than two letters.
    pub fn may_have(&self, parameter: Parameter<'_>) -> bool {
        let [first, second, ..] = parameter.text.as_bytes() else {
            return false;
        };
        if *first == b'%' || *second == b'%' {
            return true;
        }
        let seconds = self.0.get(usize::from(letter(*first))).copied();
        let bit = 1u32.checked_shl(u32::from(letter(*second)));
        seconds.unwrap_or_default() & bit.unwrap_or_default() != 0
    }
}

const fn mark(seconds: &mut [u32; 26], name: &[u8]) {
    seconds[letter(name[0]) as usize] |= 1 << letter(name[1]);
}

/// 0 for `a` and `A`; over 25 for what is no letter.
const fn letter(byte: u8) -> u8 {
    byte.to_ascii_lowercase().wrapping_sub(b'a')
}

#[cfg(test)]
mod tests {
    use super::{Beginnings, parameters};

    #[test]
    fn parameters_are_decoded_names_and_values() {
        for (url, expected) in [
            ("/", ""),
            ("/?", ""),
            ("/?a=1&b=2", "a:1 b:2"),
            ("/?a=%C3%BC+x", "a:ü x"),
            ("/?%61b=1&amp;c=2&d", "ab:1 c:2 d:"),
            ("/?a=1=2&=3&&b=?#c=4&d=5", "a:1=2 :3 : b:? c:4 d:5"),
            ("#/x?a=1#b", "a:1#b"),
            ("/?a=%&b=%F&c=%ff", "a:% b:%F c:\u{fffd}"),
        ] {
            let found: Vec<String> = parameters(url)
                .map(|parameter| format!("{}:{}", parameter.name(), parameter.value()))
                .collect();
            assert_eq!(found.join(" "), expected, "{url}");
        }
    }

    #[test]
    fn two_letters_tell_most_parameters_apart() {
        let beginnings = Beginnings::of(&[("gclid", ()), ("utm_source", ())]);
        for (text, expected) in [
            ("gclid=x", true),
            ("GCLID", true),
            ("utm_medium=x", true),
            ("ut", true),
            ("%67clid=x", true),
            ("g%63lid=x", true),
            ("amp;gclid=x", true),
            ("u", false),
            ("gbraid=x", false),
            ("uclid=x", false),
            ("{tm", false),
            ("u\u{e9}", false),
            ("g\0", false),
            ("=gc", false),
        ] {
            let url = format!("?{text}");
            let found = parameters(&url).next().map(|it| beginnings.may_have(it));
            assert_eq!(found, Some(expected), "{text}");
        }
    }
}
