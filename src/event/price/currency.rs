//! What stands beside an amount to say its currency, and the form that aliases are keyed by.

/// Longest name of a currency, in characters; a longer text is a sentence.
const MAX_CHARS: usize = 24;
/// `US $` has one, `New Taiwan dollar` two.
const MAX_SPACES: usize = 2;

/// Whether the trimmed text can name a currency: letters of any script or a currency sign, as `AU $`, `kr.` or `د.إ`.
pub(super) fn is_token(text: &str) -> bool {
    let (mut chars, mut spaces) = (0, 0);
    let mut names_something = false;
    let mut previous = None;
    for c in text.chars() {
        chars += 1;
        let fits = match c {
            '.' => previous.is_none_or(takes_full_stop),
            '/' | '\'' | '’' | '"' | '״' | '׳' => previous.is_some_and(is_letter),
            c if c.is_whitespace() => {
                spaces += 1;
                true
            }
            c if is_letter(c) || is_sign(c) => {
                names_something = true;
                true
            }
            '\u{300}'..='\u{36f}' => true,
            c => is_invisible(c),
        };
        if !fits || chars > MAX_CHARS || spaces > MAX_SPACES {
            return false;
        }
        previous = Some(c);
    }
    names_something
}

/// Whether a full stop behind this character ends an abbreviation, as in `kr.` and `S/.`.
pub(super) fn takes_full_stop(c: char) -> bool {
    is_letter(c) || c == '/'
}

/// The one currency that two tokens name: a sign and the code that tells which, as in `$12 CAD`.
pub(super) fn one_of<'a>(before: &'a str, after: &'a str) -> Option<&'a str> {
    let is_code = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic());
    if before.contains(is_sign) && is_code(after) {
        Some(after)
    } else if is_code(before) && after.contains(is_sign) {
        Some(before)
    } else {
        None
    }
}

/// What aliases are keyed by: `AU $` is `AU$`, `kr.` is `KR`.
///
/// Without white space and invisible marks, upper-case, full-width forms as ASCII, no full stop at the end.
pub fn currency_token(text: &str) -> String {
    let visible = text
        .chars()
        .filter(|c| !c.is_whitespace() && !is_invisible(*c));
    let mut token: String = visible
        .map(half_width)
        .flat_map(char::to_uppercase)
        .collect();
    token.truncate(token.trim_end_matches('.').len());
    token
}

/// The vowel signs of Indic and South-East Asian scripts are not all alphabetic, but are part of words.
fn is_letter(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' => true,
        c if c.is_ascii() => false,
        '\u{900}'..='\u{17ff}' => !c.is_numeric(),
        c => c.is_alphabetic() && !c.is_numeric(),
    }
}

fn is_sign(c: char) -> bool {
    matches!(
        c,
        '$' | '¢'..='¥'
            | '\u{58f}'
            | '\u{60b}'
            | '\u{7fe}'..='\u{7ff}'
            | '\u{20a0}'..='\u{20cf}'
            | '\u{a838}'
            | '\u{fdfc}'
            | '\u{fe69}'
            | '\u{ff04}'
            | '\u{ffe0}'..='\u{ffe1}'
            | '\u{ffe5}'..='\u{ffe6}'
    )
}

/// Marks of direction, joiners and the like, which right-to-left prices are full of.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{fe69}' => '$',
        '\u{ffe0}' => '¢',
        '\u{ffe1}' => '£',
        '\u{ffe5}' => '¥',
        '\u{ffe6}' => '₩',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::{currency_token, is_token, one_of};

    #[test]
    fn spellings_of_a_currency_have_one_key() {
        let cases: &[(&str, &[&str])] = &[
            ("AU$", &["AU $", "au$", " AU\u{a0}$ ", "ＡＵ＄", "Au﹩"]),
            ("KR", &["kr", "kr.", "Kr", "KR.", "ｋｒ．"]),
            ("€", &["€", " €\t"]),
            ("£", &["£", "￡"]),
            ("¥", &["¥", "￥"]),
            ("₩", &["₩", "￦"]),
            ("¢", &["¢", "￠"]),
            ("KČ", &["Kč", "kč"]),
            ("ZŁ", &["zł", "ZŁ.", "z ł"]),
            ("Д.Е", &["д.е.", "Д. Е."]),
            ("ЛВ", &["лв.", "лв"]),
            ("د.إ", &["د.إ", "د.إ.", "\u{200f}د.إ.\u{200f}"]),
            ("S/", &["S/.", "s/"]),
            ("", &["", " ", "\u{200e}", "."]),
        ];
        for (key, spellings) in cases {
            for spelling in *spellings {
                assert_eq!(currency_token(spelling), *key, "{spelling:?}");
            }
        }
    }

    #[test]
    fn names_of_currencies_are_told_from_other_text() {
        let names = [
            "$",
            "US $",
            "AU$",
            "$U",
            "$b",
            "C$",
            "R$",
            "E£",
            "GH₵",
            "S/.",
            "B/.",
            "F CFA",
            "so'm",
            "U.S. $",
            "Kč",
            "zł",
            "kr.",
            "д.е.",
            "د.إ",
            ".د.ب",
            "ש״ח",
            "ש\"ח",
            "元",
            "บาท",
            "रु.",
            "ரூ",
            "රුපියල්",
            "ብር",
            "ლ",
            "دينار أردني",
            "New Taiwan dollar",
            "Kc\u{30c}",
            "ر.\u{200f}ع",
        ];
        for name in names {
            assert!(is_token(name), "{name:?}");
        }
        let others = [
            "",
            ".",
            "/",
            "'",
            "\"",
            "-",
            "$.",
            "kr..",
            "€:",
            "10",
            "m²",
            "Ⅷ",
            "५",
            "%",
            "(EUR)",
            "a*b",
            "#",
            "\u{30c}",
            "\u{200f}",
            "\0",
            "🙂",
            "the price that you pay",
            "abcdefghijklmnopqrstuvwxy",
        ];
        for other in others {
            assert!(!is_token(other), "{other:?}");
        }
    }

    #[test]
    fn a_code_says_which_currency_a_sign_means() {
        assert_eq!(one_of("$", "CAD"), Some("CAD"));
        assert_eq!(one_of("EUR", "€"), Some("EUR"));
        for (before, after) in [
            ("$", "€"),
            ("EUR", "USD"),
            ("from", "EUR"),
            ("$", "kr."),
            ("$", "лв"),
        ] {
            assert_eq!(one_of(before, after), None, "{before} {after}");
        }
    }
}
