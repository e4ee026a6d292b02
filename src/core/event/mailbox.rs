//! E-mail addresses inside other text, in whatever spelling: found, and replaced by what may be kept of them.
//!
//! # What looks like one
//! A word, an at sign, a domain. The domain ends in a public suffix (`anna@example.com.html` is an address and
//! `.html`), or in letters that are no file's ending, all its labels beginning with a letter (`anna@gmail.con`,
//! `anna@mail.intern`): `image@2x.png`, `jquery@3.6.0.min.js`, `user@`, `@font-face` are none. User and password in
//! front of a URL's host are a person's too.

use std::ops::Range;

use memchr::{memchr2_iter, memchr3_iter};
use url::Host;

use crate::text::host::registrable_domain;
use crate::text::spelling::{Letter, letters};

/// Longest word before the at sign, and longest domain after it (RFC 5321).
const MAX_LOCAL: usize = 64;
const MAX_DOMAIN: usize = 255;
/// Most labels of a domain that are looked at.
const MAX_LABELS: usize = 10;
/// Text is looked through in pieces of about so many bytes.
const PIECE: usize = 64 * 1024;

/// An address in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The bytes that are to be replaced.
    pub place: Range<usize>,
    /// In lower case.
    pub address: String,
}

/// Upper bound on the number of at signs, in any spelling. Nearly free where there is none.
pub fn at_signs(text: &[u8]) -> usize {
    let escaped = memchr3_iter(b'@', b'%', b'\\', text).filter(|at| {
        let rest = text.get(at + 1..).unwrap_or_default();
        match text.get(*at) {
            Some(b'%') => is_percent(rest),
            Some(b'\\') => is_digit_or_sign(rest),
            _ => true,
        }
    });
    let others = memchr2_iter(b'#', 0xEF, text).filter(|at| {
        let rest = text.get(*at..).unwrap_or_default();
        let is_entity = |signs: &[&[u8]]| signs.iter().any(|sign| rest.starts_with(sign));
        is_entity(&[
            b"#64;",
            b"#x40;",
            b"#X40;",
            "＠".as_bytes(),
            "﹫".as_bytes(),
        ])
    });
    escaped.count() + others.count()
}

/// After a percent sign: `40`, `2540`, …, or digits that are escaped themselves.
fn is_percent(mut rest: &[u8]) -> bool {
    while let Some(inner) = rest.strip_prefix(b"25") {
        rest = inner;
    }
    rest.starts_with(b"40") || rest.starts_with(b"u0040") || rest.starts_with(b"\\u003")
}

/// After a backslash: an escaped `@`, `%`, `4`, `0` or `#`.
fn is_digit_or_sign(rest: &[u8]) -> bool {
    matches!(
        rest.get(..5),
        Some(b"u0040" | b"u0025" | b"u0034" | b"u0030" | b"u0023")
    )
}

/// All addresses, in order.
pub fn find(text: &str) -> Vec<Mailbox> {
    let mut found = Vec::new();
    let mut start = 0;
    for piece in pieces(text) {
        if at_signs(piece.as_bytes()) > 0 {
            let letters = letters(piece);
            let there = Search { letters: &letters }.all();
            found.extend(there.into_iter().map(|mailbox| Mailbox {
                place: mailbox.place.start + start..mailbox.place.end + start,
                ..mailbox
            }));
        }
        start += piece.len();
    }
    found
}

/// The text with every address replaced; `None` where there is none.
pub fn replaced(text: &str, mut instead: impl FnMut(&Mailbox) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    for mailbox in find(text) {
        if let Some(instead) = instead(&mailbox) {
            out.push_str(text.get(copied..mailbox.place.start).unwrap_or_default());
            out.push_str(&instead);
            copied = mailbox.place.end;
        }
    }
    (copied > 0).then(|| out + text.get(copied..).unwrap_or_default())
}

impl Mailbox {
    /// Every address that these letters may be: `+` may be a space of a form, a domain may be written in ASCII.
    pub fn readings(&self) -> Vec<String> {
        let mut readings = Vec::new();
        let mut rest = self.address.as_str();
        loop {
            readings.extend(spellings(rest));
            match rest.split_once('+') {
                Some((_, after)) if !after.starts_with('@') => rest = after,
                _ => return readings,
            }
        }
    }
}

/// An address as it stands, and with its domain in ASCII where that is another.
pub fn spellings(address: &str) -> impl Iterator<Item = String> + use<> {
    let in_ascii = address.rsplit_once('@').and_then(|(local, domain)| {
        let ascii = Host::parse(domain).ok()?.to_string();
        (ascii != domain).then(|| format!("{local}@{ascii}"))
    });
    [Some(address.to_owned()), in_ascii].into_iter().flatten()
}

/// Long text cut where no address goes on.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let end = if text.len() <= PIECE {
            text.len()
        } else {
            let from = text.ceil_char_boundary(PIECE);
            let rest = text.get(from..).unwrap_or_default();
            let between = |c: char| " &,;\"<>\n".contains(c);
            rest.get(..rest.floor_char_boundary(4096))
                .and_then(|near| near.find(between))
                .map_or(from, |step| from + step + 1)
        };
        let (piece, rest) = text.split_at(end);
        text = rest;
        Some(piece)
    })
}

struct Search<'l> {
    letters: &'l [Letter],
}

impl Search<'_> {
    fn all(&self) -> Vec<Mailbox> {
        let mut found = Vec::new();
        let mut free = 0;
        // Behind the last letter that ends what stands in front of a host.
        let mut word = 0;
        for (at, letter) in self.letters.iter().enumerate() {
            if ends_authority(letter.letter) {
                word = at + 1;
            }
            if at < free || !is_at(letter.letter) {
                continue;
            }
            let place = self
                .credentials(free.max(word), at)
                .or_else(|| self.address(free, at));
            if let Some((range, address)) = place
                && let Some(letters @ [first, ..]) = self.letters.get(range.clone())
            {
                free = range.end;
                let end = letters.last().map_or(first.end, |last| last.end);
                found.push(Mailbox {
                    place: first.start..end,
                    address: address.to_lowercase(),
                });
            }
        }
        found
    }

    /// `user:password` in front of a URL's host, which stays. It begins at `start`.
    fn credentials(&self, start: usize, at: usize) -> Option<(Range<usize>, String)> {
        let is_authority =
            start >= 2 && self.is(start - 1, |c| c == '/') && self.is(start - 2, |c| c == '/');
        if !is_authority || start == at {
            return None;
        }
        let rest = self.letters.get(at..)?;
        let rest = rest.get(..rest.len().min(2 * MAX_DOMAIN))?;
        let end = rest.iter().position(|it| ends_authority(it.letter));
        let rest = rest.get(..end.unwrap_or(rest.len()))?;
        let last = at + rest.iter().rposition(|it| is_at(it.letter))?;
        let user = self.text(start, last);
        let user = user.split(':').next()?;
        let domain = self.text(last + 1, self.domain_end(last + 1));
        let address = if user.contains('@') {
            user.to_owned()
        } else {
            let length = domain_length(&domain)?;
            [user, "@", &self.text(last + 1, last + 1 + length)].concat()
        };
        Some((start..last, address))
    }

    fn address(&self, free: usize, at: usize) -> Option<(Range<usize>, String)> {
        let mut start = at;
        while start > free && self.is(start - 1, is_local) {
            start -= 1;
        }
        if at - start > MAX_LOCAL {
            // Words that a form joined.
            let words = self.letters.get(start..at)?;
            if let Some(plus) = words.iter().rposition(|it| it.letter == '+') {
                start += plus;
            }
        }
        while start < at && !self.is(start, |c| c.is_alphanumeric() || c == '_') {
            start += 1;
        }
        let domain = self.text(at + 1, self.domain_end(at + 1));
        let length = domain_length(&domain).filter(|_| start < at)?;
        let end = at + 1 + length;
        Some((start..end, self.text(start, end)))
    }

    fn domain_end(&self, from: usize) -> usize {
        let rest = self.letters.get(from..).unwrap_or_default();
        let rest = rest.iter().take(MAX_DOMAIN);
        from + rest.take_while(|it| is_domain(it.letter)).count()
    }

    fn is(&self, at: usize, what: impl Fn(char) -> bool) -> bool {
        self.letters.get(at).is_some_and(|it| what(it.letter))
    }

    fn text(&self, from: usize, to: usize) -> String {
        let letters = self.letters.get(from..to).unwrap_or_default();
        letters
            .iter()
            .map(|it| if is_at(it.letter) { '@' } else { it.letter })
            .collect()
    }
}

/// Whether this letter cannot stand in a URL between its slashes and its path.
fn ends_authority(c: char) -> bool {
    c.is_whitespace() || "/?#\"'<>\\".contains(c)
}

fn is_at(c: char) -> bool {
    matches!(c, '@' | '＠' | '﹫')
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Less than RFC 5321 allows: `=`, `/`, `?` and their like stand between an address and what is before it.
fn is_local(c: char) -> bool {
    c.is_alphanumeric() || is_accent(c) || "._+-'%~".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || is_accent(c) || c == '-' || c == '.'
}

/// How much of this is a domain, in letters.
fn domain_length(text: &str) -> Option<usize> {
    // As many letters as there are.
    let lower = text.chars().filter_map(|c| c.to_lowercase().next());
    let lower: String = lower.collect();
    // Where it may end: behind a label, or behind the letters that a label begins with (`anna@example.com-20251123`).
    let (mut ends, mut start, mut last) = (Vec::new(), 0, 0);
    for (place, label) in lower.split('.').take(MAX_LABELS).enumerate() {
        if label.is_empty() || label.starts_with('-') {
            break;
        }
        last = start;
        let is_letter = |c: char| c.is_alphabetic() || is_accent(c);
        let letters = label.find(|c| !is_letter(c)).unwrap_or(label.len());
        if place > 0 && letters > 1 && letters < label.len() {
            ends.push(start + letters);
        }
        if label.ends_with('-') {
            break;
        }
        if place > 0 {
            ends.push(start + label.len());
        }
        start += label.len() + 1;
    }
    let domain = |end: usize| lower.get(..end).unwrap_or_default();
    let known = ends
        .iter()
        .rev()
        .find(|end| registrable_domain(domain(**end)).is_some() && !is_picture(domain(**end)));
    known
        .or_else(|| {
            let of_the_last = ends.iter().rev().take_while(|end| **end > last);
            of_the_last
                .into_iter()
                .find(|end| may_be_a_domain(domain(**end)))
        })
        .copied()
        .and_then(|end| Some(lower.get(..end)?.chars().count()))
}

/// `logo@2x.zip`: the scale of a picture, in a file.
fn is_picture(domain: &str) -> bool {
    domain.split_once('.').is_some_and(|(scale, ending)| {
        let scale = scale.strip_suffix('x').unwrap_or_default();
        let is_number = !scale.is_empty() && scale.bytes().all(|byte| byte.is_ascii_digit());
        is_number && ["zip", "mov", "ai", "ps", "app"].contains(&ending)
    })
}

/// A misspelt suffix, or one of a private network.
fn may_be_a_domain(domain: &str) -> bool {
    const FILES: &str = " avif bmp css csv doc docx eot esm gif gz heic htm html ico jpeg jpg js json jsx jxl less map min mjs mp3 mp4 \
                         ogg otf pdf php png ppt scss svg tar tif tiff ts tsx ttf txt umd vue wasm wav webm webp woff woff2 xls xlsx xml ";
    let ending = domain.rsplit('.').next().unwrap_or_default();
    ending.len() > 1
        && (ending.chars().all(char::is_alphabetic) || ending.starts_with("xn--"))
        && !FILES.split(' ').any(|file| file == ending)
        && domain
            .split('.')
            .all(|label| label.starts_with(char::is_alphabetic))
}

#[cfg(test)]
mod tests;
