//! What stands beside an amount to say its currency, and the form that aliases are keyed by.

use std::sync::LazyLock;

use hashbrown::HashMap;

use crate::world::aliases::aliases;

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

/// The one currency that two tokens name: a sign or an abbreviation, and the code that tells which, as in `$12 CAD`.
pub(super) fn one_of<'a>(before: &'a str, after: &'a str) -> Option<&'a str> {
    let named = |code: &'a str, beside: &str| {
        let is_code = code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic());
        (is_code && (beside.contains(is_sign) || means(beside, &code.to_ascii_uppercase())))
            .then_some(code)
    };
    named(after, before).or_else(|| named(before, after))
}

/// Whether what stands behind a number is a unit to count or measure in, and no currency, ordinal or multiplier.
pub(super) fn is_unit(word: &str) -> bool {
    const OTHERS: [&str; 14] = [
        "K", "ND", "RD", "TH", "DOZEN", "DOZENS", "DZ", "DOZ", "DUTZEND", "MIO", "MLN", "TSD", "E",
        "HUNDRED",
    ];
    let letters = word.strip_suffix('.').unwrap_or(word);
    let token = normal(letters);
    // Dobras of old are written as Hungarians write pieces; one letter measures.
    let is_currency = token.chars().count() > 1 && token != "DB" && TOKENS.contains_key(&*token);
    letters.chars().all(is_letter)
        && letters.chars().count() <= 12
        && !is_currency
        && !OTHERS.contains(&&*token)
}

/// Codes, and the codes that each token means in one country or another.
static TOKENS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut tokens: HashMap<_, Vec<_>> = HashMap::new();
    for alias in aliases() {
        tokens.entry(alias.token).or_default().push(alias.code);
    }
    tokens
});

/// Whether this means that currency anywhere.
fn means(token: &str, code: &str) -> bool {
    TOKENS
        .get(&*normal(token))
        .is_some_and(|codes| codes.contains(&code))
}

/// The code of ISO 4217 that this is, in capitals.
fn code(text: &str) -> Option<&'static str> {
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let (code, meanings) = is_code.then(|| TOKENS.get_key_value(text)).flatten()?;
    meanings.contains(code).then_some(*code)
}

/// The currency's code where one stands beside a sign or an abbreviation, before or behind, apart or glued on: `PEN S/.`,
/// `kr SEK`, `RD$DOP`. Two codes contradict each other. Letters glued to letters make a code only beside what means
/// that currency.
fn code_beside(text: &str) -> Option<&'static str> {
    if let Some(only) = only_code(text)? {
        return Some(only);
    }
    let all = normal(text);
    if TOKENS.contains_key(&*all) {
        return None;
    }
    if let Some(only) = only_code(&all)? {
        return Some(only);
    }
    let (first, last) = (all.get(..3)?, all.get(all.len().checked_sub(3)?..)?);
    let begins = code(first).filter(|code| means(all.get(3..).unwrap_or_default(), code));
    begins.or_else(|| {
        code(last).filter(|code| means(all.get(..all.len() - 3).unwrap_or_default(), code))
    })
}

/// The one code among the words of a text, if there is one; `None` where two contradict each other.
fn only_code(text: &str) -> Option<Option<&'static str>> {
    let mut found = None;
    for word in text.split(|c: char| !c.is_ascii_alphabetic()) {
        if let Some(code) = code(word).filter(|code| found != Some(*code)) {
            if found.is_some() {
                return None;
            }
            found = Some(code);
        }
    }
    Some(found)
}

/// What aliases are keyed by: `AU $` is `AU$`, `kr.` is `KR`, and `PEN S/.` is `PEN`.
pub fn currency_token(text: &str) -> String {
    let beside = if text.len() > 3 {
        code_beside(text)
    } else {
        None
    };
    beside.map_or_else(|| normal(text), str::to_owned)
}

/// Without white space and invisible marks, upper-case, full-width forms as ASCII, no full stop at the end.
fn normal(text: &str) -> String {
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
    use super::{currency_token, is_token, is_unit, one_of};

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
        assert_eq!(one_of("PEN", "S/."), Some("PEN"));
        assert_eq!(one_of("kr", "sek"), Some("sek"));
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
    #[test]
    fn a_code_beside_letters_is_the_currency() {
        for (written, code) in [
            ("PEN S/.", "PEN"),
            ("S/. PEN", "PEN"),
            ("PENS/.", "PEN"),
            ("S/.PEN", "PEN"),
            ("SEK kr", "SEK"),
            ("SEK\u{a0}kr", "SEK"),
            ("kr\u{202f}SEK", "SEK"),
            ("SEKkr", "SEK"),
            ("krSEK", "SEK"),
            ("sek kr", "SEK"),
            ("kr (SEK)", "SEK"),
            ("ISK kr", "ISK"),
            ("DKK kr.", "DKK"),
            ("BOB Bs", "BOB"),
            ("BOB Bs.", "BOB"),
            ("GTQ Q", "GTQ"),
            ("GTQQ", "GTQ"),
            ("CHF Fr.", "CHF"),
            ("CHFFr.", "CHF"),
            ("PAB B/.", "PAB"),
            ("DOP RD$", "DOP"),
            ("RD$DOP", "DOP"),
            ("CAD CA$", "CAD"),
            ("MXN $", "MXN"),
            ("$MXN", "MXN"),
            ("HNL L", "HNL"),
            ("PYG Gs", "PYG"),
            ("KES KSh", "KES"),
            ("CZK Kč", "CZK"),
            ("KčCZK", "CZK"),
            ("PLNzł", "PLN"),
            ("RSD din.", "RSD"),
            ("AED د.إ", "AED"),
            ("AEDد.إ", "AED"),
            ("VES Bs.S", "VES"),
            ("KWD \u{200f}د.ك", "KWD"),
            ("BGN лв.", "BGN"),
            ("EUR EUR", "EUR"),
            ("EUR", "EUR"),
            ("eur", "EUR"),
            ("US Dollar (USD)", "USD"),
        ] {
            assert_eq!(currency_token(written), code, "{written}");
        }
        for (written, token) in [
            ("EUR USD", "EURUSD"),
            ("Euros", "EUROS"),
            ("USDT", "USDT"),
            ("peseta", "PESETA"),
            ("new taiwan dollar", "NEWTAIWANDOLLAR"),
            ("top offer", "TOPOFFER"),
            ("XPEN", "XPEN"),
            ("kr", "KR"),
        ] {
            assert_eq!(currency_token(written), token, "{written}");
        }
    }

    #[test]
    fn units_are_told_from_currencies_and_multipliers() {
        for unit in [
            "Stk", "Stk.", "x", "m", "L", "db", "st", "шт.", "個", "pcs", "Paar",
        ] {
            assert!(is_unit(unit), "{unit}");
        }
        for other in [
            "EUR",
            "kr",
            "Euro",
            "€",
            "k",
            "nd",
            "Dozen",
            "F CFA",
            "S/.",
            "thirteenletters",
        ] {
            assert!(!is_unit(other), "{other}");
        }
    }
}
