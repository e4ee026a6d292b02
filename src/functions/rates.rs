//! Exchange rates from the European Central Bank's history or any CSV, through the merge of exchange rates.

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::{BufRead, BufReader, Cursor, Error, ErrorKind};
use std::path::Path;

use pgrx::datum::{Date, DatumWithOid};
use pgrx::prelude::*;
use pgrx::{AnyNumeric, pg_sys};

use crate::functions::file::{self, Cancellable};
use crate::layout;
use crate::server::failure::Failure;
use crate::server::statement::{Statement, script};
use starsink_core::world::archive;
use starsink_core::world::currencies::FORMER;
use starsink_core::world::rates::{Rate, RateError, parse_ecb, parse_rows};

/// Loads exchange rates from a file of the server or from the text of one. `ecb`: the history of the European Central
/// Bank; `rows` or `csv`: date, currency, rate and perhaps base, with a header; `auto`: which of the two, its header tells.
/// Orders are valued anew where that changes them.
#[pg_extern(volatile, parallel_unsafe, strict)]
#[search_path(pg_catalog, pg_temp)]
fn load_exchange_rates(
    source: &str,
    format: default!(&str, "'auto'"),
) -> TableIterator<
    'static,
    (
        name!(rates, i64),
        name!(inserted, i64),
        name!(updated, i64),
        name!(unchanged, i64),
        name!(rejected, i64),
        name!(unreadable, i64),
        name!(first_problem, Option<String>),
        name!(revalued, i64),
    ),
> {
    match load(source, format) {
        Ok(row) => TableIterator::once(row),
        Err(failure) => failure.raise(),
    }
}

/// Counts of rates read, inserted, updated, unchanged, refused by the merge and unreadable; the first problem; order
/// lines valued anew.
pub(super) type Loaded = (i64, i64, i64, i64, i64, i64, Option<String>, i64);

/// What was read, column by column.
#[derive(Default)]
struct Columns {
    currencies: Vec<String>,
    days: Vec<Date>,
    rates: Vec<AnyNumeric>,
    problems: i64,
    first_problem: Option<String>,
    /// Codes that are currencies.
    known: HashSet<String>,
}

impl Columns {
    /// None yet. Currencies are those of the warehouse, and those that ISO 4217 had before.
    fn new() -> Result<Columns, Failure> {
        if !layout::exists() {
            return Err(Failure::warehouse_missing());
        }
        let mut known: HashSet<String> = FORMER.iter().map(|&code| code.to_owned()).collect();
        Statement::new(
            "SELECT c.currency_code FROM warehouse.dim_currency AS c WHERE c.currency_key > 0",
            &[],
        )
        .each(&[], |row| {
            known.insert(row.get(1)?);
            Ok(())
        })?;
        Ok(Columns {
            known,
            ..Columns::default()
        })
    }

    fn add(&mut self, item: Result<Rate, RateError>) {
        pgrx::check_for_interrupts!();
        let read = item.map_err(|error| error.to_string()).and_then(row);
        let read = read.and_then(|(currency, day, rate)| {
            if self.known.contains(&currency) {
                return Ok((currency, day, rate));
            }
            Err(format!("{currency} is no currency of ISO 4217, nor one that starsink.merge_currency() has made"))
        });
        match read {
            Ok((currency, day, rate)) => {
                self.currencies.push(currency);
                self.days.push(day);
                self.rates.push(rate);
            }
            Err(problem) => {
                self.problems += 1;
                self.first_problem.get_or_insert(problem);
            }
        }
    }
}

fn row(rate: Rate) -> Result<(String, Date, AnyNumeric), String> {
    use chrono::Datelike;
    if rate.base.as_str() != "EUR" {
        return Err(format!(
            "{}: rates are taken per euro only",
            rate.base.as_str()
        ));
    }
    let day = Date::new(
        rate.day.year(),
        rate.day.month() as u8,
        rate.day.day() as u8,
    )
    .map_err(|error| error.to_string())?;
    let number = AnyNumeric::try_from(rate.per_base.to_string().as_str())
        .map_err(|error| error.to_string())?;
    Ok((rate.currency.as_str().to_owned(), day, number))
}

fn load(source: &str, format: &str) -> Result<Loaded, Failure> {
    // A path has no line breaks; the text of a file has at least one, behind its header.
    let (input, name): (Box<dyn BufRead>, &str) = if source.contains('\n') {
        (Box::new(Cursor::new(source.as_bytes())), "text")
    } else {
        file::may_read()?;
        let opened = file::open(Path::new(source)).map_err(Failure::about_rates);
        let (file, about) = opened?;
        (content(file, &about, source)?, source)
    };
    read(input, format, name)
}

/// What an open file of rates holds.
pub(super) fn content(
    file: File,
    about: &Metadata,
    name: &str,
) -> Result<Box<dyn BufRead>, Failure> {
    let unreadable = |error| Failure::file(name, &error).about_rates();
    if about.len() > archive::MAX_BYTES as u64 {
        let reason = format!("more than {} bytes", archive::MAX_BYTES);
        return Err(unreadable(Error::new(ErrorKind::FileTooLarge, reason)));
    }
    archive::content(BufReader::new(Cancellable(file))).map_err(unreadable)
}

pub(super) fn read(
    mut input: Box<dyn BufRead + '_>,
    format: &str,
    name: &str,
) -> Result<Loaded, Failure> {
    let mut columns = Columns::new()?;
    let unreadable = |error: RateError| Failure::rates(&error.to_string());
    let told = match format {
        "auto" => format_of(&mut input)?,
        format => format,
    };
    match told {
        "ecb" => parse_ecb(input)
            .map_err(unreadable)?
            .for_each(|item| columns.add(item)),
        "rows" | "csv" => parse_rows(input)
            .map_err(unreadable)?
            .for_each(|item| columns.add(item)),
        other => return Err(Failure::rates_format(other)),
    }
    let count = columns.rates.len() as i64;
    let mut row = merge(&columns, name)?;
    row.0 = count;
    row.5 = columns.problems;
    row.6 = columns.first_problem;
    Ok(row)
}

/// The history of the European Central Bank names currencies in its header, rows name their columns.
fn format_of(input: &mut impl BufRead) -> Result<&'static str, Failure> {
    let header = input
        .fill_buf()
        .map_err(|error| Failure::rates(&error.to_string()))?;
    let header = String::from_utf8_lossy(header).to_lowercase();
    let names_columns = header
        .trim_start()
        .lines()
        .next()
        .is_some_and(|line| line.contains("currency"));
    Ok(if names_columns { "rows" } else { "ecb" })
}

fn merge(columns: &Columns, name: &str) -> Result<Loaded, Failure> {
    script(
        "CREATE TEMP TABLE starsink_rates (currency_code text, rate_date date, rate numeric, source text) ON COMMIT DROP",
    )?;
    Statement::new(
        "INSERT INTO pg_temp.starsink_rates SELECT i.*, $4 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) AS i",
        &[pg_sys::TEXTARRAYOID, pg_sys::DATEARRAYOID, pg_sys::NUMERICARRAYOID, pg_sys::TEXTOID],
    )
    .run(&[
        columns.currencies.clone().into(),
        columns.days.clone().into(),
        columns.rates.clone().into(),
        name.into(),
    ])?;
    let mut result = (0, 0, 0, 0, 0, 0, None, 0);
    Statement::new(
        "SELECT inserted, updated, unchanged, rejected FROM starsink.merge_exchange_rate('pg_temp.starsink_rates')",
        &[],
    )
    .each(&[] as &[DatumWithOid<'_>], |row| {
        result = (0, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, 0, None, 0);
        Ok(())
    })?;
    script("DROP TABLE pg_temp.starsink_rates")?;
    if result.1 + result.2 > 0 {
        result.7 = Statement::new("SELECT starsink.revalue_order_lines()", &[])
            .first(&[], |row| row.get::<i64>(1))?
            .unwrap_or_default();
    }
    Ok(result)
}
