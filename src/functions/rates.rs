//! Exchange rates from the European Central Bank's history or any CSV, through the merge of exchange rates.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor};
use std::time::UNIX_EPOCH;

use pgrx::datum::{Date, DatumWithOid};
use pgrx::prelude::*;
use pgrx::{AnyNumeric, pg_sys};

use super::ingest::may_read_files;
use crate::error::Failure;
use crate::settings;
use crate::warehouse::statement::{Statement, get};
use crate::warehouse::transaction;
use crate::world::rates::{Rate, RateError, parse_ecb, parse_rows};

/// Loads exchange rates from a file of the server or from the text of one. `ecb`: the history of the European Central
/// Bank; `rows`: date, currency, rate and perhaps base, with a header. Orders are valued anew where that changes them.
#[pg_extern(volatile, parallel_unsafe, strict)]
#[search_path(pg_catalog, pg_temp)]
fn load_exchange_rates(
    source: &str,
    format: default!(&str, "'ecb'"),
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

/// Loads the file of `starsink.exchange_rates_file` if its time or size is not what it was at the last load.
#[pg_extern(security_definer, volatile, parallel_unsafe, requires = ["roles"])]
#[search_path(pg_catalog, pg_temp)]
fn refresh_exchange_rates() -> i64 {
    match transaction::unconfined(refresh) {
        Ok(count) => count,
        Err(failure) => failure.raise(),
    }
}

fn refresh() -> Result<i64, Failure> {
    let Some(path) = settings::exchange_rates_file() else {
        return Ok(0);
    };
    let name = path.to_string_lossy();
    let unreadable = |error: std::io::Error| Failure::file(&name, &error);
    let file = File::open(&path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    let modified = about
        .modified()
        .map_err(unreadable)?
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros());
    let mark = format!("{} {modified} {name}", about.len());
    let last = Spi::get_one::<String>("SELECT starsink.job_mark('exchange_rates')")?;
    if last.as_deref() == Some(mark.as_str()) {
        return Ok(0);
    }
    let mut input = BufReader::new(file);
    // The history of the European Central Bank names currencies in its header, rows name their columns.
    let header = String::from_utf8_lossy(input.fill_buf().map_err(unreadable)?).to_lowercase();
    let format = if header
        .lines()
        .next()
        .is_some_and(|line| line.contains("currency"))
    {
        "rows"
    } else {
        "ecb"
    };
    let loaded = read(Box::new(input), format, &name)?;
    Statement::new(
        "INSERT INTO starsink.job_mark (name, mark) VALUES ('exchange_rates', $1)",
        &[pg_sys::TEXTOID],
    )
    .run(&[mark.into()])?;
    let (rates, inserted, updated, _, rejected, unreadable, problem, revalued) = loaded;
    let mut words = format!(
        "{name}: {rates} rates, {inserted} new, {updated} changed, {revalued} order lines revalued"
    );
    if let Some(problem) = problem {
        words.push_str(&format!(
            "; {} refused, the first: {problem}",
            rejected + unreadable
        ));
    }
    Statement::new("SELECT starsink.say($1)", &[pg_sys::TEXTOID]).run(&[words.into()])?;
    Ok(inserted + updated)
}

type Loaded = (i64, i64, i64, i64, i64, i64, Option<String>, i64);

/// What was read, column by column.
#[derive(Default)]
struct Columns {
    currencies: Vec<String>,
    days: Vec<Date>,
    rates: Vec<AnyNumeric>,
    problems: i64,
    first_problem: Option<String>,
}

impl Columns {
    fn add(&mut self, item: Result<Rate, RateError>) {
        let read = item.map_err(|error| error.to_string()).and_then(row);
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
        may_read_files()?;
        let file = File::open(source).map_err(|error| Failure::file(source, &error))?;
        (Box::new(BufReader::new(file)), source)
    };
    read(input, format, name)
}

fn read(input: Box<dyn BufRead + '_>, format: &str, name: &str) -> Result<Loaded, Failure> {
    let mut columns = Columns::default();
    let unreadable = |error: RateError| Failure::rates(&error.to_string());
    match format {
        "ecb" => parse_ecb(input)
            .map_err(unreadable)?
            .for_each(|item| columns.add(item)),
        "rows" => parse_rows(input)
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

fn merge(columns: &Columns, name: &str) -> Result<Loaded, Failure> {
    Spi::run(
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
        result = (0, get(row, 1)?, get(row, 2)?, get(row, 3)?, get(row, 4)?, 0, None, 0);
        Ok(())
    })?;
    Spi::run("DROP TABLE pg_temp.starsink_rates")?;
    if result.1 + result.2 > 0 {
        result.7 =
            Spi::get_one::<i64>("SELECT starsink.revalue_order_lines()")?.unwrap_or_default();
    }
    Ok(result)
}
