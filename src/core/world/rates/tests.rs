use std::fmt::Write;

use super::{Rate, RateError, parse_ecb, parse_rows};

/// One line for each item, as a person would write it.
fn told(items: Result<impl Iterator<Item = Result<Rate, RateError>>, RateError>) -> String {
    let items = match items {
        Ok(items) => items,
        Err(error) => return format!("no: {error}"),
    };
    items.fold(String::new(), |mut told, item| {
        match item {
            Ok(Rate {
                day,
                base,
                currency,
                per_base,
            }) => writeln!(
                told,
                "{day} 1 {} = {per_base} {}",
                base.as_str(),
                currency.as_str()
            ),
            Err(error) => writeln!(told, "{error}"),
        }
        .unwrap();
        told
    })
}

fn ecb(text: &str) -> String {
    told(parse_ecb(text.as_bytes()))
}

fn rows(text: &str) -> String {
    told(parse_rows(text.as_bytes()))
}

#[test]
fn the_history_of_the_ecb_is_read() {
    assert_eq!(
        ecb("Date,USD,JPY,CYP,GBP,\n\
             2020-06-04,1.1250,122.54,N/A,,\n\
             2020-06-03,1.1220,N/A,N/A,0.89448,\n"),
        "2020-06-04 1 EUR = 1.1250 USD\n\
         2020-06-04 1 EUR = 122.54 JPY\n\
         2020-06-03 1 EUR = 1.1220 USD\n\
         2020-06-03 1 EUR = 0.89448 GBP\n"
    );
}

#[test]
fn spaces_quotes_line_ends_and_byte_order_marks_do_not_matter() {
    let told = "2020-06-04 1 EUR = 1.125 USD\n";
    for text in [
        "Date, USD, \r\n2020-06-04, 1.125, \r\n",
        "\u{feff}Date,USD\n2020-06-04,1.125",
        "\"Date\",\"USD\"\n\"2020-06-04\",\"1.125\"\n\n",
        "date,usd,\n2020-06-04,1.125\n",
    ] {
        assert_eq!(ecb(text), told, "{text:?}");
    }
    for text in [
        "date,currency,rate\n2020-06-04,USD,1.125\n",
        "Rate,Source,Currency,Date\r\n1.125,x,usd,2020-06-04\r\n",
        "\u{feff}date, currency, rate, base\n2020-06-04, USD, 1.125, EUR\n",
        "base,date,currency,rate\n,2020-06-04,USD,1.125",
        "note,date,currency,rate\n\"a, b \"\"c\"\"\",2020-06-04,USD,1.125",
    ] {
        assert_eq!(rows(text), told, "{text:?}");
    }
}

#[test]
fn rows_may_have_another_base() {
    assert_eq!(
        rows("date,base,currency,rate\n2020-06-04,usd,CLP,770.5\n2020-06-04,USD,USD,1.00\n"),
        "2020-06-04 1 USD = 770.5 CLP\n2020-06-04 1 USD = 1.00 USD\n"
    );
}

#[test]
fn what_cannot_be_read_is_told_with_its_line_and_the_rest_is_read() {
    assert_eq!(
        ecb(
            "Date,USD,JPY\n04.06.2020,1.1,1.2\n\n2020-06-04,1,5,7\n2020-06-03,-1.1,1.2\n2020-06-02,1\n"
        ),
        "line 2: expected a date as 2020-06-04, found \"04.06.2020\"\n\
         line 4: expected 3 cells, as in the header\n\
         line 5: expected a number above 0 of at most 28 digits, as 1.0955, found \"-1.1\"\n\
         2020-06-03 1 EUR = 1.2 JPY\n\
         2020-06-02 1 EUR = 1 USD\n"
    );
    let told = rows(
        "date,currency,rate\n\
         2020-02-30,CLP,1\n\
         2020-06-04,Pesos,1\n\
         2020-06-04,CLP,\n\
         2020-06-04,CLP\n\
         2020-06-04,EUR,2\n\
         2020-06-04,CLP,880.25\n",
    );
    assert_eq!(
        told,
        "line 2: expected a date as 2020-06-04, found \"2020-02-30\"\n\
         line 3: expected a currency code of three letters, found \"Pesos\"\n\
         line 4: expected a number above 0 of at most 28 digits, as 1.0955, found nothing\n\
         line 5: expected a number above 0 of at most 28 digits, as 1.0955, found nothing\n\
         line 6: expected 1 for the base itself, found \"2\"\n\
         2020-06-04 1 EUR = 880.25 CLP\n"
    );
}

#[test]
fn a_day_without_a_rate_is_nothing_wrong() {
    let observations = "KEY,FREQ,CURRENCY,CURRENCY_DENOM,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n\
         K,D,USD,EUR,2026-04-02,1.0801,A\nK,D,USD,EUR,2026-04-03,,H\nK,D,USD,EUR,2026-04-06,NaN,M\nK,D,USD,EUR,2026-04-07,1.0822,A\n";
    assert_eq!(
        rows(observations),
        "2026-04-02 1 EUR = 1.0801 USD\n2026-04-07 1 EUR = 1.0822 USD\n"
    );
    for missing in [
        "N/A",
        "n/a",
        "NA",
        "#N/A",
        "NaN",
        "-",
        "–",
        ".",
        "..",
        ":",
        "null",
        "\" N/A \"",
    ] {
        let history = format!("Date,USD,JPY\n2020-06-04,{missing},122.5\n");
        assert_eq!(ecb(&history), "2020-06-04 1 EUR = 122.5 JPY\n", "{missing}");
        let list = format!("date,currency,rate\n2020-06-04,USD,{missing}\n2020-06-05,USD,1.1\n");
        assert_eq!(rows(&list), "2020-06-05 1 EUR = 1.1 USD\n", "{missing}");
    }
    for wrong in ["?", "closed", "--1", "0", "1-", "N/A1"] {
        let history = format!("Date,USD,JPY\n2020-06-04,{wrong},122.5\n");
        assert!(
            ecb(&history).starts_with("line 2: expected a number"),
            "{wrong}"
        );
    }
}

#[test]
fn days_are_read_as_banks_write_them() {
    let daily = "Date, USD, JPY, ISK, \n23 November 2026, 1.0955, 157.35, N/A, \n";
    assert_eq!(
        ecb(daily),
        "2026-11-23 1 EUR = 1.0955 USD\n2026-11-23 1 EUR = 157.35 JPY\n"
    );
    for day in [
        "23 November 2026",
        "23-Nov-2026",
        "23 nov 2026",
        "23-NOV-2026",
        "23/Nov/2026",
        "23. November 2026",
        "\"November 23, 2026\"",
        "Nov 23 2026",
        "23rd November 2026",
        "2026-11-23",
        "2026-11-23T00:00:00Z",
        "2026-11-23 16:00",
        "2026-11-23T16:00:00.000+01:00",
        "\"Nov. 23, 2026\"",
    ] {
        let told = rows(&format!("date,currency,rate\n{day},CLP,1\n"));
        assert_eq!(told, "2026-11-23 1 EUR = 1 CLP\n", "{day}");
    }
    assert_eq!(
        rows("date,currency,rate\n5 May 2026,CLP,1\n1-Sept-2026,CLP,1\n"),
        "2026-05-05 1 EUR = 1 CLP\n2026-09-01 1 EUR = 1 CLP\n"
    );
    for day in [
        "23 Novembre 2026",
        "23 No 2026",
        "23-11-2026",
        "23/11/2026",
        "23 November 26",
        "31 June 2026",
        "0 May 2026",
        "November 2026",
        "23 November",
        "2026-11-23X",
        "2026-11-23T",
        "2026-11",
        "23 November 2026 x",
        "May",
        "1st 1st 2026",
        "20261123",
        "-23 May 2026x",
        "２３ May 2026",
    ] {
        let told = rows(&format!("date,currency,rate\n{day},CLP,1\n"));
        assert!(told.starts_with("line 2: expected a date"), "{day}: {told}");
    }
}

#[test]
fn thousands_may_be_marked_where_that_is_clear() {
    for (cell, expected) in [
        ("\"17,345.50\"", "17345.50"),
        ("\"1,234,567\"", "1234567"),
        ("\"1,234,567.8\"", "1234567.8"),
        ("17'345.50", "17345.50"),
        ("17 345.50", "17345.50"),
        ("17 345", "17345"),
        ("17\u{202f}345.50", "17345.50"),
    ] {
        let told = rows(&format!("date,currency,rate\n2020-06-04,IDR,{cell}\n"));
        assert_eq!(told, format!("2020-06-04 1 EUR = {expected} IDR\n"));
    }
    for cell in [
        "\"1,234\"",
        "\"1,5\"",
        "\"1.234,5\"",
        "\"1,23,456.7\"",
        "\"12345,678.9\"",
        "\",345.5\"",
        "\"1,345.5.5\"",
        "1 2",
        "1'5",
    ] {
        let told = rows(&format!("date,currency,rate\n2020-06-04,IDR,{cell}\n"));
        assert!(
            told.starts_with("line 2: expected a number"),
            "{cell}: {told}"
        );
    }
}

#[test]
fn bytes_that_are_no_text_spoil_their_line_only() {
    let text = b"date,currency,rate\n2020-06-04,\xff\xff\xff,1\n2020-06-04,CLP,880\n";
    assert_eq!(
        told(parse_rows(&text[..])),
        "line 2: expected UTF-8\n2020-06-04 1 EUR = 880 CLP\n"
    );
}

#[test]
fn rates_are_plain_numbers_and_exact() {
    for (cell, is_rate) in [
        ("1", true),
        ("0.000000001", true),
        ("1234567890123456.123456789012", true),
        ("0.00000000000000000000000000001", false),
        ("12345678901234567890123456789.5", false),
        ("0", false),
        ("0.000", false),
        ("+1", false),
        ("1e3", false),
        ("1_000", false),
        ("\"1,5\"", false),
        ("١", false),
        ("NaN", false),
        (".", false),
    ] {
        let told = rows(&format!("date,currency,rate\n2020-06-04,CLP,{cell}\n"));
        assert_eq!(told.starts_with("2020"), is_rate, "{told}");
        assert!(!is_rate || told.contains(&format!(" {cell} ")), "{told}");
    }
    for day in ["2020-6-4", "20200-1-1", "+2020-6-04", "2020/06/04", ""] {
        let told = rows(&format!("date,currency,rate\n{day},CLP,1\n"));
        assert!(told.starts_with("line 2: expected a date"), "{told}");
    }
}

#[test]
fn another_header_is_refused_at_once() {
    for (told, expected) in [
        (
            ecb(""),
            "no: line 1: expected a header with Date and currency codes, found nothing",
        ),
        (
            ecb("USD,JPY\n"),
            "no: line 1: expected the header's first column to be Date, found \"USD\"",
        ),
        (
            ecb("Date,Dollar\n"),
            "no: line 1: expected a currency code in the header, found \"Dollar\"",
        ),
        (
            rows(""),
            "no: line 1: expected a header with date, currency and rate, found nothing",
        ),
        (
            rows("2020-06-04,CLP,880\n"),
            "no: line 1: expected a column date in the header, found \"2020-06-04,CLP,880\"",
        ),
        (
            rows("date;currency;rate\n"),
            "no: line 1: expected a column date in the header, found \"date;currency;rate\"",
        ),
        (
            rows(&format!("\n\n{}", "x".repeat(1000))),
            &format!(
                "no: line 3: expected a column date in the header, found \"{}\"…",
                "x".repeat(40)
            ),
        ),
    ] {
        assert_eq!(told, expected);
    }
}

#[test]
fn endless_lines_end_the_reading() {
    let text = format!(
        "date,currency,rate\n{}\n2020-06-04,CLP,880\n",
        "x".repeat(70_000)
    );
    assert_eq!(
        rows(&text),
        "line 2: expected a line of less than 65536 bytes\n"
    );
}

#[test]
fn a_source_that_fails_ends_the_reading() {
    use std::io::{BufReader, Error, Read, Result};

    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> Result<usize> {
            Err(Error::other("gone"))
        }
    }

    let source = "date,currency,rate\n2020-06-04,CLP,880\n".as_bytes();
    let items: Vec<_> = parse_rows(BufReader::new(source.chain(Failing)))
        .unwrap()
        .collect();
    assert_eq!(items.len(), 2);
    assert!(
        items[0].is_ok()
            && items[1]
                .as_ref()
                .is_err_and(|error| error.reason.contains("gone"))
    );
}
