//! Words of a value, made comparable across spellings: lower case, no accents, digits apart from letters.

/// The letters in lower case without their accents; `ß`, `æ` and `œ` are two letters.
pub fn plain(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .flat_map(char::to_lowercase)
        .flat_map(|letter| {
            let (first, second) = without_accent(letter);
            first.into_iter().chain(second)
        })
}

fn without_accent(letter: char) -> (Option<char>, Option<char>) {
    let plain = match letter {
        _ if letter.is_ascii() => letter,
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì'..='ï' | 'ī' | 'į' | 'ı' => 'i',
        'ľ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ŕ' | 'ř' => 'r',
        'ś' | 'ş' | 'š' | 'ș' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ß' => return (Some('s'), Some('s')),
        'æ' => return (Some('a'), Some('e')),
        'œ' => return (Some('o'), Some('e')),
        // Accents that stand apart from their letters.
        '\u{300}'..='\u{36f}' => return (None, None),
        _ => letter,
    };
    (Some(plain), None)
}

/// Words and numbers of a plain text, in order. A decimal number is one of them: `18k` is two, `0.925` is one.
pub fn words(plain: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = plain.trim_start_matches(is_between);
    while let Some(first) = rest.chars().next() {
        let end = if first.is_ascii_digit() {
            number_end(rest)
        } else {
            rest.find(|letter: char| is_between(letter) || letter.is_ascii_digit())
                .unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after.trim_start_matches(is_between);
    }
    words
}

fn is_between(letter: char) -> bool {
    !letter.is_alphanumeric()
}

fn number_end(text: &str) -> usize {
    let digits = |from: usize| {
        text.bytes()
            .skip(from)
            .take_while(u8::is_ascii_digit)
            .count()
    };
    let whole = digits(0);
    match text.as_bytes().get(whole) {
        Some(b'.' | b',') if digits(whole + 1) > 0 => whole + 1 + digits(whole + 1),
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::{plain, words};

    #[test]
    fn spellings_become_alike() {
        for (text, expected) in [
            ("Weißgold", "weissgold"),
            ("ROSÉ Rose\u{301}", "rose rose"),
            ("Żółte złoto", "zolte zloto"),
            ("sølv / Vitt Gull", "solv / vitt gull"),
            ("Œuvre", "oeuvre"),
            ("золото", "золото"),
        ] {
            assert_eq!(plain(text).collect::<String>(), expected, "{text}");
        }
    }

    #[test]
    fn words_and_numbers_part() {
        let cases: &[(&str, &[&str])] = &[
            ("white_rose-585", &["white", "rose", "585"]),
            ("585er weissgold", &["585", "er", "weissgold"]),
            ("14kt", &["14", "kt"]),
            ("pt950", &["pt", "950"]),
            ("0.925 1,5. 7", &["0.925", "1,5", "7"]),
            ("375/1000", &["375", "1000"]),
            (" -'- ", &[]),
            ("", &[]),
            ("é٣x5é", &["é٣x", "5", "é"]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), *expected, "{text}");
        }
    }
}
