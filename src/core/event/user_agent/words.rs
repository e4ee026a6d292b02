//! Words in a text, wherever they stand and however they are written, all found in one pass.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Words that each are a sign of something.
///
/// A word is ASCII in lower case; `|` at its start or end asks that no letter stands before or after it.
#[derive(Debug)]
pub struct Words<S: 'static> {
    signs: &'static [(S, &'static [&'static str])],
    /// `None` only where the tables are no tables.
    finder: Option<AhoCorasick>,
    words: Vec<Word>,
}

#[derive(Debug)]
struct Word {
    sign: usize,
    is_start: bool,
    is_end: bool,
}

impl<S: Copy> Words<S> {
    pub fn new(signs: &'static [(S, &'static [&'static str])]) -> Words<S> {
        let of_sign = |(sign, (_, words)): (usize, &(S, &'static [&'static str]))| {
            words
                .iter()
                .map(move |word| (sign, *word))
                .collect::<Vec<_>>()
        };
        let all: Vec<(usize, &str)> = signs.iter().enumerate().flat_map(of_sign).collect();
        let finder = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(all.iter().map(|(_, word)| word.trim_matches('|')));
        let words = all
            .iter()
            .map(|(sign, word)| Word {
                sign: *sign,
                is_start: word.starts_with('|'),
                is_end: word.ends_with('|'),
            })
            .collect();
        Words {
            signs,
            finder: finder.ok(),
            words,
        }
    }

    /// The sign of each word that stands in the text, and where the word begins and ends.
    pub fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (S, usize, usize)> + 'a {
        let found = self
            .finder
            .iter()
            .flat_map(move |finder| finder.find_overlapping_iter(text));
        found.filter_map(move |found| {
            let word = self.words.get(found.pattern().as_usize())?;
            let is_whole = (!word.is_start || !is_letter(text, found.start().checked_sub(1)))
                && (!word.is_end || !is_letter(text, Some(found.end())));
            let (sign, _) = self.signs.get(word.sign)?;
            is_whole.then_some((*sign, found.start(), found.end()))
        })
    }
}

fn is_letter(text: &str, at: Option<usize>) -> bool {
    at.and_then(|at| text.as_bytes().get(at))
        .is_some_and(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn words_are_found_wherever_they_stand() {
        const SIGNS: &[(char, &[&str])] =
            &[('a', &["|tab", "tablet"]), ('b', &["tv|"]), ('c', &["|x|"])];
        let words = Words::new(SIGNS);
        for (text, expected) in [
            ("Tablet", "aa"),
            ("stablet", "a"),
            ("tab", "a"),
            ("GigaTV 4", "b"),
            ("TVs", ""),
            ("x, 1x1, éxé; ax xa", "ccc"),
            ("", ""),
        ] {
            let found: String = words.find(text).map(|(sign, ..)| sign).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
