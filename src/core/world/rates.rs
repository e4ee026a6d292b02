//! Exchange rates as files have them: the European Central Bank's history, and rows of date, currency and rate.
//!
//! A row or a cell that cannot be read is an item of its own with its line and the reason, and reading goes on after it.
//! A cell that says that there is no rate, as `N/A` on a holiday, is none and no error.
//!
//! Days are written `2026-11-23`, with a time behind or not, or with the month in English: `23 November 2026`. Days that
//! other countries read as others, `04.06.2020` or `6/4/20`, are errors. Marks of thousands may stand where they cannot
//! be decimals: `17,345.50`.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::io::{BufRead, Read};
use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;

const EURO: CurrencyCode = CurrencyCode(*b"EUR");
/// Most of a cell that a message shows, in characters.
const MAX_SHOWN: usize = 40;
/// Most bytes of a line: what is longer is no such file.
const MAX_LINE: u64 = 65_536;

/// Three capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CurrencyCode([u8; 3]);

impl CurrencyCode {
    fn parse(text: &str) -> Option<CurrencyCode> {
        let code: [u8; 3] = text.as_bytes().try_into().ok()?;
        let is_code = code.iter().all(u8::is_ascii_alphabetic);
        is_code.then(|| CurrencyCode(code.map(|byte| byte.to_ascii_uppercase())))
    }

    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// What one unit of the base was worth in a currency on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub day: NaiveDate,
    pub base: CurrencyCode,
    pub currency: CurrencyCode,
    /// Units of the currency for one of the base; above 0.
    pub per_base: Decimal,
}

/// Why a line is no rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateError {
    /// From 1.
    pub line: u64,
    pub reason: String,
}

impl Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for RateError {}

/// Reads the history of the European Central Bank: a column for each currency, a row for each day, base EUR.
/// Fails when the header is another one.
pub fn parse_ecb<R: BufRead>(source: R) -> Result<EcbRates<R>, RateError> {
    let mut rows = Rows::new(source);
    rows.header("Date and currency codes")?;
    let columns = rows
        .row()
        .enumerate()
        .map(|(place, name)| match (place, name) {
            (0, name) if name.eq_ignore_ascii_case("date") => Ok(None),
            (0, name) => Err(expected("the header's first column to be Date", name)),
            (_, "") => Ok(None),
            (_, name) => CurrencyCode::parse(name)
                .map(Some)
                .ok_or_else(|| expected("a currency code in the header", name)),
        })
        .collect::<Result<_, _>>()
        .map_err(|reason| rows.error(reason))?;
    Ok(EcbRates {
        rows,
        columns,
        day: None,
        next: 0,
    })
}

/// What columns of rows are called: by us, and by the data service of the European Central Bank.
const DATE: &[&str] = &["date", "TIME_PERIOD"];
const CURRENCY: &[&str] = &["currency"];
const RATE: &[&str] = &["rate", "OBS_VALUE"];
const BASE: &[&str] = &["base", "CURRENCY_DENOM"];

/// Reads rows of `date`, `currency`, `rate` and, where it is not EUR, `base`, in the order that the header says; other
/// columns are left alone. Fails when the header lacks one of them.
pub fn parse_rows<R: BufRead>(source: R) -> Result<RowRates<R>, RateError> {
    let mut rows = Rows::new(source);
    rows.header("date, currency and rate")?;
    let place = |names: &[&str]| {
        rows.row()
            .position(|cell| names.iter().any(|name| cell.eq_ignore_ascii_case(name)))
    };
    let required = |names: &[&str]| {
        let ours = names.first().copied().unwrap_or_default();
        let missing = || expected(&format!("a column {ours} in the header"), rows.line());
        place(names).ok_or_else(|| rows.error(missing()))
    };
    // Observations may be without a value; a row of one's own that has none is unfinished.
    let may_lack_rate = place(&["rate"]).is_none();
    Ok(RowRates {
        date: required(DATE)?,
        currency: required(CURRENCY)?,
        rate: required(RATE)?,
        base: place(BASE),
        may_lack_rate,
        rows,
    })
}

/// The rates of the ECB's history, in the file's order.
pub struct EcbRates<R> {
    rows: Rows<R>,
    /// The currency of each column, `None` for the date and for what the trailing comma adds.
    columns: Vec<Option<CurrencyCode>>,
    /// Of the row at hand.
    day: Option<NaiveDate>,
    /// The column to read next.
    next: usize,
}

impl<R: BufRead> Iterator for EcbRates<R> {
    type Item = Result<Rate, RateError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(day) = self.day else {
                match self.rows.read()? {
                    Ok(()) => {}
                    Err(error) => return Some(Err(error)),
                }
                match self.rows.day(0) {
                    Ok(day) => self.day = Some(day),
                    Err(error) => return Some(Err(error)),
                }
                if self.rows.cells.len() > self.columns.len() {
                    self.day = None;
                    let count = self.columns.len();
                    let reason = format!("expected {count} cells, as in the header");
                    return Some(Err(self.rows.error(reason)));
                }
                self.next = 1;
                continue;
            };
            let Some(column) = self.columns.get(self.next) else {
                self.day = None;
                continue;
            };
            let place = self.next;
            self.next += 1;
            let (Some(currency), cell) = (*column, self.rows.cell(place)) else {
                continue;
            };
            if !cell.is_empty() && !is_missing(cell) {
                return Some(self.rows.rate(place).map(|per_base| Rate {
                    day,
                    base: EURO,
                    currency,
                    per_base,
                }));
            }
        }
    }
}

/// The rates of rows, in the file's order.
pub struct RowRates<R> {
    rows: Rows<R>,
    date: usize,
    currency: usize,
    rate: usize,
    base: Option<usize>,
    /// Whether a row may have no rate.
    may_lack_rate: bool,
}

impl<R: BufRead> RowRates<R> {
    fn has_no_rate(&self) -> bool {
        match self.rows.cell(self.rate) {
            "" => self.may_lack_rate && self.rows.cells.len() > self.rate,
            cell => is_missing(cell),
        }
    }

    fn rate(&self) -> Result<Rate, RateError> {
        let rate = Rate {
            day: self.rows.day(self.date)?,
            base: match self.base {
                Some(place) if !self.rows.cell(place).is_empty() => self.rows.currency(place)?,
                _ => EURO,
            },
            currency: self.rows.currency(self.currency)?,
            per_base: self.rows.rate(self.rate)?,
        };
        if rate.base == rate.currency && rate.per_base != Decimal::ONE {
            let reason = expected("1 for the base itself", self.rows.cell(self.rate));
            return Err(self.rows.error(reason));
        }
        Ok(rate)
    }
}

impl<R: BufRead> Iterator for RowRates<R> {
    type Item = Result<Rate, RateError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.rows.read()? {
                Ok(()) if self.has_no_rate() => {}
                read => return Some(read.and_then(|()| self.rate())),
            }
        }
    }
}

/// Lines of comma-separated values: the one at hand, and its cells as what they should be.
struct Rows<R> {
    source: R,
    text: String,
    cells: Vec<Range<usize>>,
    /// Of the line at hand, from 1.
    number: u64,
    is_broken: bool,
}

impl<R: BufRead> Rows<R> {
    fn new(source: R) -> Rows<R> {
        Rows {
            source,
            text: String::new(),
            cells: Vec::new(),
            number: 0,
            is_broken: false,
        }
    }

    fn header(&mut self, columns: &str) -> Result<(), RateError> {
        self.read().unwrap_or_else(|| {
            let reason = format!("expected a header with {columns}, found nothing");
            Err(self.error(reason))
        })
    }

    /// Goes to the next line that is not blank; `None` at the end.
    fn read(&mut self) -> Option<Result<(), RateError>> {
        while !self.is_broken {
            let mut bytes = std::mem::take(&mut self.text).into_bytes();
            bytes.clear();
            let read = (&mut self.source)
                .take(MAX_LINE)
                .read_until(b'\n', &mut bytes);
            self.number += 1;
            let reason = match (read, String::from_utf8(bytes)) {
                (Ok(0), _) => return None,
                (Ok(read), Ok(text)) if (read as u64) < MAX_LINE => {
                    self.text = text;
                    if self.line().is_empty() {
                        continue;
                    }
                    self.split();
                    return Some(Ok(()));
                }
                (Ok(read), Err(_)) if (read as u64) < MAX_LINE => "expected UTF-8".to_owned(),
                (Ok(_), _) => {
                    self.is_broken = true;
                    format!("expected a line of less than {MAX_LINE} bytes")
                }
                (Err(error), _) => {
                    self.is_broken = true;
                    error.to_string()
                }
            };
            return Some(Err(self.error(reason)));
        }
        None
    }

    /// Finds the cells. Commas in quotation marks part nothing.
    fn split(&mut self) {
        self.cells.clear();
        let (mut start, mut is_quoted) = (0, false);
        for (place, byte) in self.text.bytes().enumerate() {
            match byte {
                b'"' => is_quoted = !is_quoted,
                b',' if !is_quoted => {
                    self.cells.push(start..place);
                    start = place + 1;
                }
                _ => {}
            }
        }
        self.cells.push(start..self.text.len());
    }

    /// The line, without what marks its end or the start of the file.
    fn line(&self) -> &str {
        self.text.trim_start_matches('\u{feff}').trim()
    }

    fn row(&self) -> impl Iterator<Item = &str> {
        (0..self.cells.len()).map(|place| self.cell(place))
    }

    fn error(&self, reason: String) -> RateError {
        RateError {
            line: self.number,
            reason,
        }
    }

    /// A cell that a short row lacks is empty.
    fn cell(&self, place: usize) -> &str {
        let cell = self
            .cells
            .get(place)
            .and_then(|at| self.text.get(at.clone()));
        let cell = cell
            .unwrap_or_default()
            .trim_start_matches('\u{feff}')
            .trim();
        let unquoted = cell
            .strip_prefix('"')
            .and_then(|cell| cell.strip_suffix('"'));
        unquoted.unwrap_or(cell).trim()
    }

    fn day(&self, place: usize) -> Result<NaiveDate, RateError> {
        let cell = self.cell(place);
        day(cell).ok_or_else(|| self.error(expected("a date as 2020-06-04", cell)))
    }

    fn currency(&self, place: usize) -> Result<CurrencyCode, RateError> {
        let cell = self.cell(place);
        CurrencyCode::parse(cell)
            .ok_or_else(|| self.error(expected("a currency code of three letters", cell)))
    }

    fn rate(&self, place: usize) -> Result<Decimal, RateError> {
        let cell = self.cell(place);
        let plain = ungrouped(cell);
        let is_plain = plain
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        Decimal::from_str_exact(&plain)
            .ok()
            .filter(|rate| is_plain && *rate > Decimal::ZERO)
            .ok_or_else(|| {
                self.error(expected(
                    "a number above 0 of at most 28 digits, as 1.0955",
                    cell,
                ))
            })
    }
}

/// Whether a cell says that there is no rate.
fn is_missing(cell: &str) -> bool {
    const WORDS: [&str; 7] = ["N/A", "#N/A", "NA", "n.a.", "NaN", "null", "none"];
    WORDS.iter().any(|word| cell.eq_ignore_ascii_case(word))
        || matches!(cell, "-" | "--" | "–" | "—" | "." | ".." | ":" | "…")
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A day as ISO 8601 writes it, a time behind it or not; or with the month's name, or three letters of it.
fn day(text: &str) -> Option<NaiveDate> {
    if let Some((date, rest)) = text.split_at_checked(10)
        && text.starts_with(|c: char| c.is_ascii_digit())
        && date.as_bytes().get(4) == Some(&b'-')
    {
        let is_time = rest.strip_prefix(['T', ' ']).is_some_and(|time| {
            time.len() >= 5
                && time.starts_with(|c: char| c.is_ascii_digit())
                && time.bytes().all(|byte| {
                    byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'+' | b'-' | b'Z')
                })
        });
        let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok();
        return date.filter(|_| rest.is_empty() || is_time);
    }
    let mut words = text
        .split([' ', '-', '/', ',', '.'])
        .filter(|word| !word.is_empty());
    let words = [
        words.next()?,
        words.next()?,
        words.next()?,
        words.next().unwrap_or_default(),
    ];
    let (day, month, year) = match words {
        [day, month, year, ""] if month.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            (day, month, year)
        }
        [month, day, year, ""] => (day, month, year),
        _ => return None,
    };
    let month = month.to_ascii_lowercase();
    let number = MONTHS
        .iter()
        .position(|name| month.len() >= 3 && name.starts_with(&month))?;
    let day = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|ending| day.strip_suffix(ending))
        .unwrap_or(day);
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_day =
        (1..=2).contains(&day.len()) && year.len() == 4 && are_digits(day) && are_digits(year);
    NaiveDate::from_ymd_opt(
        year.parse().ok().filter(|_| is_day)?,
        number as u32 + 1,
        day.parse().ok()?,
    )
}

/// A number without its marks of thousands, where those can be nothing else: before a point, or more than one of them.
fn ungrouped(cell: &str) -> Cow<'_, str> {
    let (whole, decimals) = match cell.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (cell, None),
    };
    let Some(mark) = whole
        .chars()
        .find(|c| matches!(c, ',' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}'))
    else {
        return Cow::Borrowed(cell);
    };
    let mut groups = whole.split(mark);
    let first = groups.next().unwrap_or_default();
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_clear = mark != ',' || decimals.is_some() || whole.matches(mark).count() > 1;
    let are_thousands = (1..=3).contains(&first.len())
        && are_digits(first)
        && groups.all(|group| group.len() == 3 && are_digits(group));
    if !is_clear || !are_thousands {
        return Cow::Borrowed(cell);
    }
    let mut plain = whole.replace(mark, "");
    if let Some(decimals) = decimals {
        plain.push('.');
        plain.push_str(decimals);
    }
    Cow::Owned(plain)
}

fn expected(what: &str, found: &str) -> String {
    match found {
        "" => format!("expected {what}, found nothing"),
        found => {
            let shown: String = found.chars().take(MAX_SHOWN).collect();
            let rest = if shown.len() < found.len() { "…" } else { "" };
            format!("expected {what}, found {shown:?}{rest}")
        }
    }
}

#[cfg(test)]
mod tests;
