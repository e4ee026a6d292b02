//! Text as a person would read it: what JSON, addresses and HTML escape is undone, layer by layer, and each letter
//! remembers which bytes wrote it. For text that is rarely there; nothing here is made for the hot path.

/// Layers of escapes that are undone; nobody writes more.
const MAX_LAYERS: usize = 6;

/// One letter, and the bytes `start..end` that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    pub letter: char,
    pub start: usize,
    pub end: usize,
}

/// The letters of a text in any mixture of spellings.
pub fn letters(text: &str) -> Vec<Letter> {
    let mut letters: Vec<Letter> = text
        .char_indices()
        .map(|(start, letter)| Letter {
            letter,
            start,
            end: start + letter.len_utf8(),
        })
        .collect();
    for _ in 0..MAX_LAYERS {
        match unescaped(&letters) {
            Some(plainer) => letters = plainer,
            None => break,
        }
    }
    letters
}

/// One layer fewer; `None` where there is none.
fn unescaped(letters: &[Letter]) -> Option<Vec<Letter>> {
    let mut plain = Vec::with_capacity(letters.len());
    let mut was_escaped = false;
    let mut at = 0;
    while let Some(first) = letters.get(at) {
        let rest = letters.get(at..).unwrap_or_default();
        let length = match first.letter {
            '%' => percent(rest, &mut plain),
            '\\' => backslash(rest, &mut plain),
            '&' => entity(rest, &mut plain),
            _ => 0,
        };
        was_escaped |= length > 0;
        if length == 0 {
            plain.push(*first);
        }
        at += length.max(1);
    }
    was_escaped.then_some(plain)
}

/// A run of `%XX`, which is UTF-8, or else Latin-1; or `%uXXXX`.
fn percent(rest: &[Letter], plain: &mut Vec<Letter>) -> usize {
    if let Some(unit) = is(rest, 1, 'u').then(|| number(rest, 2, 4, 16)).flatten() {
        push(plain, rest, 6, char::from_u32(unit));
        return 6;
    }
    let mut bytes = Vec::new();
    while is(rest, bytes.len() * 3, '%') {
        match number(rest, bytes.len() * 3 + 1, 2, 16).and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => bytes.push(byte),
            None => break,
        }
    }
    let mut read = 0;
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            let run = rest.get(read * 3..).unwrap_or_default();
            push(plain, run, letter.len_utf8() * 3, Some(letter));
            read += letter.len_utf8();
        }
        for byte in chunk.invalid() {
            let run = rest.get(read * 3..).unwrap_or_default();
            push(plain, run, 3, Some(char::from(*byte)));
            read += 1;
        }
    }
    bytes.len() * 3
}

/// What a backslash begins in JSON.
fn backslash(rest: &[Letter], plain: &mut Vec<Letter>) -> usize {
    let Some(next) = rest.get(1) else {
        return 0;
    };
    if next.letter != 'u' {
        let letter = match next.letter {
            '"' | '\\' | '/' => next.letter,
            'b' | 'f' | 'n' | 'r' | 't' => ' ',
            _ => return 0,
        };
        push(plain, rest, 2, Some(letter));
        return 2;
    }
    let Some(high) = number(rest, 2, 4, 16) else {
        return 0;
    };
    if let (0xD800..=0xDBFF, true, true) = (high, is(rest, 6, '\\'), is(rest, 7, 'u'))
        && let Some(low @ 0xDC00..=0xDFFF) = number(rest, 8, 4, 16)
    {
        let letter = char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
        push(plain, rest, 12, letter);
        return 12;
    }
    push(plain, rest, 6, char::from_u32(high));
    6
}

/// A letter by its number in HTML, or an ampersand.
fn entity(rest: &[Letter], plain: &mut Vec<Letter>) -> usize {
    const MAX_DIGITS: usize = 7;
    if !is(rest, 1, '#') {
        let is_ampersand = "&amp;".chars().enumerate().all(|(at, c)| is(rest, at, c));
        if is_ampersand {
            push(plain, rest, 5, Some('&'));
        }
        return if is_ampersand { 5 } else { 0 };
    }
    let (from, radix) = if is(rest, 2, 'x') || is(rest, 2, 'X') {
        (3, 16)
    } else {
        (2, 10)
    };
    let digits = rest.iter().skip(from).take(MAX_DIGITS);
    let digits = digits.take_while(|it| it.letter.is_digit(radix)).count();
    if digits == 0 || !is(rest, from + digits, ';') {
        return 0;
    }
    let length = from + digits + 1;
    let letter = number(rest, from, digits, radix).and_then(char::from_u32);
    push(plain, rest, length, letter);
    length
}

fn is(letters: &[Letter], at: usize, wanted: char) -> bool {
    letters.get(at).is_some_and(|it| it.letter == wanted)
}

fn number(letters: &[Letter], from: usize, digits: usize, radix: u32) -> Option<u32> {
    let digits = letters.get(from..from + digits)?;
    digits.iter().try_fold(0u32, |number, digit| {
        number
            .checked_mul(radix)?
            .checked_add(digit.letter.to_digit(radix)?)
    })
}

/// One letter that the first `length` letters wrote.
fn push(plain: &mut Vec<Letter>, rest: &[Letter], length: usize, letter: Option<char>) {
    if let Some([first, .., last]) = rest.get(..length) {
        plain.push(Letter {
            letter: letter.unwrap_or(char::REPLACEMENT_CHARACTER),
            start: first.start,
            end: last.end,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn every_layer_is_undone() {
        for (text, plain) in [
            ("a@b", "a@b"),
            ("a%40b", "a@b"),
            ("a%2540b", "a@b"),
            ("a%25252540b", "a@b"),
            (r"a\u0040b", "a@b"),
            (r"a\\u0040b", "a@b"),
            (r"a\\\\u0040b", "a@b"),
            (r"\u0061\u0025\u00340", "a@"),
            ("a%u0040b", "a@b"),
            ("a&#64;b&#x40;c&amp;#64;d", "a@b@c@d"),
            ("%C3%BC%FC%c3", "üüÃ"),
            (r"\ud83d\ude00", "\u{1f600}"),
            (r"\ud83d", "\u{fffd}"),
            (r#"{\"a\":\"b\/\n\"}"#, "{\"a\":\"b/ \"}"),
            ("100% &# &#; &x; \\x \\", "100% &# &#; &x; \\x \\"),
            ("%", "%"),
            ("%4", "%4"),
        ] {
            let found: String = letters(text).iter().map(|it| it.letter).collect();
            assert_eq!(found, plain, "{text}");
        }
    }

    #[test]
    fn a_letter_knows_its_bytes() {
        let text = "ü%2540%C3%BC";
        let spans: Vec<&str> = letters(text)
            .iter()
            .filter_map(|it| text.get(it.start..it.end))
            .collect();
        assert_eq!(spans, ["ü", "%2540", "%C3%BC"]);
    }
}
