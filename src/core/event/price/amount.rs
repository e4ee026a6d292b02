//! Figures -> amount: which separator groups the digits, and which one begins the decimals.

use rust_decimal::Decimal;

/// As many digits as a [`Decimal`] always holds.
const MAX_DIGITS: u32 = 28;
const TOO_LARGE: i128 = 10_i128.pow(MAX_DIGITS);
/// So many digits in groups of two, and decimals.
const MAX_GROUPS: usize = 16;

/// What stands between digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// `.` and `,` group in one country and begin the decimals in another.
    Point,
    Comma,
    /// `'`, spaces and the Arabic thousands separator only group.
    Apostrophe,
    Space,
    ArabicComma,
    /// The Arabic decimal separator never groups.
    ArabicPoint,
}

impl Mark {
    fn of(c: char) -> Option<Mark> {
        match c {
            '.' | '．' => Some(Mark::Point),
            ',' | '，' | '،' => Some(Mark::Comma),
            '\'' | '’' | '‘' | 'ʼ' | '′' | '´' | '`' => Some(Mark::Apostrophe),
            ' ' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
                Some(Mark::Space)
            }
            '٬' => Some(Mark::ArabicComma),
            '٫' => Some(Mark::ArabicPoint),
            _ => None,
        }
    }
}

/// Digits in a row, and the mark before them.
#[derive(Clone, Copy)]
struct Group {
    mark: Mark,
    digits: u32,
}

/// Whether a decimal separator without digits before or behind it can be this character: `.75`, `12,-`.
pub(super) fn is_point(c: char) -> bool {
    matches!(
        Mark::of(c),
        Some(Mark::Point | Mark::Comma | Mark::ArabicPoint)
    )
}

pub(super) fn is_digit(c: char) -> bool {
    digit(c).is_some()
}

/// A decimal digit: ASCII, Arabic-Indic, Persian, Devanagari, Bengali, Thai or full-width.
fn digit(c: char) -> Option<u32> {
    let zero = match c {
        '0'..='9' => '0',
        c if c.is_ascii() => return None,
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{966}'..='\u{96f}' => '\u{966}',
        '\u{9e6}'..='\u{9ef}' => '\u{9e6}',
        '\u{e50}'..='\u{e59}' => '\u{e50}',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        _ => return None,
    };
    Some(u32::from(c) - u32::from(zero))
}

/// Digits and separators alone; `None` where they are not one number.
pub(super) fn amount(figures: &str) -> Option<Decimal> {
    let mut groups = [Group {
        mark: Mark::Space,
        digits: 0,
    }; MAX_GROUPS];
    let mut last = 0;
    let mut value = 0;
    for c in figures.chars() {
        match digit(c) {
            Some(digit) => {
                value = with_digit(value, digit)?;
                groups.get_mut(last)?.digits += 1;
            }
            None => {
                last += 1;
                groups.get_mut(last)?.mark = Mark::of(c)?;
            }
        }
    }
    let begins_with_zero = figures.chars().next().and_then(digit) == Some(0);
    let scale = decimals(groups.get(..=last)?, begins_with_zero)?;
    scaled(value, i64::from(scale))
}

/// How many of the digits are decimals; `None` where the groups are not those of one number.
fn decimals(groups: &[Group], begins_with_zero: bool) -> Option<u32> {
    let [first, middle @ .., last] = groups else {
        return Some(0);
    };
    let grouping = middle.first().map(|group| group.mark);
    if middle.iter().any(|group| Some(group.mark) != grouping) {
        return None;
    }
    let can_be_thousands = (1..=3).contains(&first.digits) && !begins_with_zero;
    let begins_decimals = match (last.mark, grouping) {
        (Mark::ArabicPoint, _) => true,
        (Mark::Apostrophe | Mark::Space | Mark::ArabicComma, _) => false,
        (Mark::Point | Mark::Comma, None) => last.digits != 3 || !can_be_thousands,
        (Mark::Point | Mark::Comma, Some(mark)) => mark != last.mark || last.digits < 3,
    };
    let (grouped, scale) = match begins_decimals {
        true => (middle, last.digits),
        false => (groups.get(1..)?, 0),
    };
    let is_number = grouped.is_empty() || (can_be_thousands && are_thousands(*first, grouped));
    is_number.then_some(scale)
}

/// Groups of three; or, as in India, of two and at last one of three.
fn are_thousands(first: Group, rest: &[Group]) -> bool {
    let Some((last, inner)) = rest.split_last() else {
        return true;
    };
    let is_indian = || {
        matches!(last.mark, Mark::Comma | Mark::ArabicComma)
            && first.digits <= 2
            && inner.iter().all(|group| group.digits == 2)
    };
    rest.iter()
        .all(|group| group.mark == last.mark && group.mark != Mark::ArabicPoint)
        && last.digits == 3
        && (inner.iter().all(|group| group.digits == 3) || is_indian())
}

/// A number as JSON and programs write it: a point always begins the decimals. `+` and leading zeros may stand.
pub fn number(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (is_negative, unsigned) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (unsigned, ""),
    };
    if whole.is_empty() {
        return None;
    }
    let mut value = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        value = with_digit(value, char::from(byte).to_digit(10)?)?;
    }
    let scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
    let amount = scaled(value, scale)?;
    Some(if is_negative { negated(amount) } else { amount })
}

/// A digit more, while there are not too many.
fn with_digit(value: i128, digit: u32) -> Option<i128> {
    Some(value * 10 + i128::from(digit)).filter(|value| *value < TOO_LARGE)
}

fn scaled(value: i128, scale: i64) -> Option<Decimal> {
    if value == 0 {
        return Some(Decimal::ZERO);
    }
    let zeros = u32::try_from(-scale.min(0))
        .ok()
        .filter(|zeros| *zeros < MAX_DIGITS)?;
    let value = Some(value * 10i128.pow(zeros)).filter(|value| *value < TOO_LARGE)?;
    Decimal::try_from_i128_with_scale(value, u32::try_from(scale.max(0)).ok()?).ok()
}

/// Zero has no sign.
pub(super) fn negated(amount: Decimal) -> Decimal {
    if amount.is_zero() { amount } else { -amount }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::{amount, number};

    #[test]
    fn programs_write_a_point_before_decimals_only() {
        let cases: &[(&str, &str)] = &[
            ("0", "0"),
            ("880.0", "880.0"),
            ("880.125", "880.125"),
            ("1.234", "1.234"),
            ("8.8e2", "880"),
            ("8.8E+2", "880"),
            ("88000e-2", "880.00"),
            ("-12.5", "-12.5"),
            ("+12", "12"),
            ("007", "7"),
            ("-0.0", "0"),
            ("0e999", "0"),
            ("1e27", "1000000000000000000000000000"),
            ("1e-28", "0.0000000000000000000000000001"),
            ("1278.0000000000002", "1278.0000000000002"),
        ];
        for (text, expected) in cases {
            assert_eq!(
                number(text).map(|number| number.to_string()),
                Some((*expected).to_owned()),
                "{text}"
            );
        }
        let others = [
            "",
            "-",
            "+",
            "--1",
            ".5",
            "5.",
            "1,5",
            "1_0",
            "1 0",
            "0x1",
            "NaN",
            "inf",
            "1e",
            "1e+",
            "e5",
            "1e5.0",
            "1e1e1",
            "1.2.3",
            "١",
            "1e28",
            "1e-29",
            "1e999",
            "1e-999",
            "1e9999999999",
            "12345678901234567890123456789",
        ];
        for text in others {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn the_most_that_fits_is_read_and_no_more() {
        let most = "9".repeat(28);
        assert_eq!(amount(&most), Decimal::from_str_exact(&most).ok());
        assert_eq!(number(&most), amount(&most));
        assert_eq!(amount(&format!("{most}9")), None);
        let small = format!("0,{}1", "0".repeat(27));
        assert_eq!(amount(&small), Some(Decimal::new(1, 28)));
        assert_eq!(amount(&small.replace(',', ",0")), None);
        assert_eq!(amount(&"1,".repeat(100)), None);
    }
}
