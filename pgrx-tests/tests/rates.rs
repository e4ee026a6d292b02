//! Exchange rates that come by themselves: from a file of the server, and from an address.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::SOON;
use starsink_tests::web::Web;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

#[test]
fn rates_are_read_from_the_file_when_it_changes() {
    let pg = Cluster::without_jobs();
    pg.sql("CREATE ROLE olga LOGIN IN ROLE starsink_admin");
    let file = pg.data().join("rates.csv");
    fs::write(&file, "date,currency,rate\n2026-11-02,USD,1.10\n").unwrap();
    pg.alter_system("starsink.exchange_rates_file", file.display());
    pg.reload();
    pg.wait_for(
        "SELECT current_setting('starsink.exchange_rates_file') <> ''",
        SOON,
    );
    let olga = || -> i64 {
        let mut client = pg.connect_as("olga", pg.database());
        client
            .query_one("SELECT starsink.run_job('exchange_rates')", &[])
            .unwrap()
            .get(0)
    };
    assert_eq!((olga(), olga()), (1, 0));
    fs::write(
        &file,
        "date,currency,rate\n2026-11-02,USD,1.10\n2026-11-03,USD,1.20\n",
    )
    .unwrap();
    pg.sql("SELECT starsink.schedule_job('exchange_rates', '1 s'), starsink.enable_job('exchange_rates')");
    pg.wait_for(
        "SELECT starsink.convert_currency(1.2, 'USD', '2026-11-03') = 1",
        SOON,
    );
    pg.sql("SELECT starsink.disable_job('exchange_rates')");
    fs::remove_file(&file).unwrap();
    let refusal = pg.refusal("SELECT starsink.run_job('exchange_rates')");
    assert!(
        refusal.starts_with("58P01 could not read file"),
        "{refusal}"
    );
}

/// Writes a history in an archive, changed so many seconds from now: a web server tells whole seconds.
fn write_history(path: &Path, text: &str, seconds: u64) {
    let mut archive = ZipWriter::new(File::create(path).unwrap());
    archive
        .start_file("eurofxref-hist.csv", SimpleFileOptions::default())
        .unwrap();
    archive.write_all(text.as_bytes()).unwrap();
    let file = archive.finish().unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(seconds))
        .unwrap();
}

fn ask(pg: &Cluster, url: &str) {
    pg.alter_system("starsink.exchange_rates_url", url);
    pg.reload();
    pg.wait_for(
        &format!("SELECT current_setting('starsink.exchange_rates_url') = '{url}'"),
        SOON,
    );
}

#[test]
fn rates_are_fetched_from_an_address_when_its_answer_changes() {
    let (pg, web) = (Cluster::without_jobs(), Web::start());
    assert_eq!(pg.run_job("exchange_rates_url"), 0, "no address");
    let history = web.file("history.zip");
    write_history(&history, "Date,USD,JPY,\n2026-11-02,1.10,N/A,\n", 0);
    ask(&pg, &web.url("history.zip"));
    assert_eq!(pg.run_job("exchange_rates_url"), 1);
    assert_eq!(pg.run_job("exchange_rates_url"), 0);
    assert_eq!((web.answered(200), web.answered(304)), (1, 1));
    // The same text with another time is answered in full, and not loaded again.
    write_history(&history, "Date,USD,JPY,\n2026-11-02,1.10,N/A,\n", 2);
    assert_eq!(pg.run_job("exchange_rates_url"), 0);
    assert_eq!(pg.run_job("exchange_rates_url"), 0);
    assert_eq!((web.answered(200), web.answered(304)), (2, 2));
    write_history(
        &history,
        "Date,USD,JPY,\n2026-11-03,1.20,180,\n2026-11-02,1.10,N/A,\n",
        4,
    );
    pg.sql("SELECT starsink.schedule_job('exchange_rates_url', '1 s'), starsink.enable_job('exchange_rates_url')");
    pg.wait_for(
        "SELECT starsink.convert_currency(1.2, 'USD', '2026-11-03') = 1",
        SOON,
    );
    pg.sql("SELECT starsink.disable_job('exchange_rates_url')");
    let message: String = pg.one(
        "SELECT message FROM starsink.job_runs WHERE name = 'exchange_rates_url' AND rows = 2 LIMIT 1",
    );
    assert_eq!(
        message,
        "127.0.0.1: 3 rates, 2 new, 0 changed, 0 order lines revalued"
    );
    // The columns of the European Central Bank's data service, at another address.
    fs::write(
        web.file("data"),
        "KEY,FREQ,CURRENCY,CURRENCY_DENOM,TIME_PERIOD,OBS_VALUE,TITLE\nx,D,CHF,EUR,2026-11-03,0.94,\"Swiss franc, Euro\"\n",
    )
    .unwrap();
    ask(&pg, &web.url("data"));
    assert_eq!(pg.run_job("exchange_rates_url"), 1);
}

#[test]
fn an_address_without_rates_is_an_error_that_says_why() {
    let (pg, web) = (Cluster::without_jobs(), Web::start());
    let refusal = |url: &str| {
        ask(&pg, url);
        pg.refusal("SELECT starsink.run_job('exchange_rates_url')")
    };
    let missing = refusal(&web.url("missing.csv?key=hidden"));
    assert!(
        missing.starts_with(
            "08006 could not get exchange rates from host \"127.0.0.1\": it answered 404"
        ) && !missing.contains("hidden"),
        "{missing}"
    );
    fs::write(web.file("page"), "<html>Welcome</html>").unwrap();
    let page = refusal(&web.url("page"));
    assert!(
        page.starts_with("22023 these are no exchange rates"),
        "{page}"
    );
    fs::write(web.file("cut.zip"), b"PK\x03\x04 and no more").unwrap();
    let cut = refusal(&web.url("cut.zip"));
    assert!(
        cut.starts_with("08006 could not get exchange rates"),
        "{cut}"
    );
    // One that takes the connection and says nothing holds nobody longer than they like.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    ask(
        &pg,
        &format!("http://{}/rates", silent.local_addr().unwrap()),
    );
    let began = Instant::now();
    let given_up = pg
        .refusal("SET statement_timeout = '300ms'; SELECT starsink.run_job('exchange_rates_url')");
    assert!(given_up.starts_with("57014"), "{given_up}");
    assert!(began.elapsed() < Duration::from_secs(5));
    let refused = pg.refusal(
        "ALTER SYSTEM SET starsink.exchange_rates_url = 'https://olga:hidden@rates.example/'",
    );
    assert!(
        refused.starts_with("22023 invalid value") && !refused.contains("hidden"),
        "{refused}"
    );
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM warehouse.fact_exchange_rate"),
        0
    );
}

#[test]
fn a_file_of_rates_is_a_regular_one_of_bounded_size_that_says_what_it_is() {
    let pg = Cluster::without_jobs();
    let pipe = pg.data().join("pipe");
    let made = std::process::Command::new("mkfifo")
        .args(["-m", "666"])
        .arg(&pipe)
        .status();
    assert!(made.unwrap().success());
    let bomb = pg.data().join("bomb.zip");
    let mut archive = ZipWriter::new(File::create(&bomb).unwrap());
    archive
        .start_file("rates.csv", SimpleFileOptions::default())
        .unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..200 {
        archive.write_all(&zeros).unwrap();
    }
    archive.finish().unwrap();
    let long = pg.data().join("long.csv");
    let file = File::create(&long).unwrap();
    file.set_len(1 << 40).unwrap();
    let packed = pg.data().join("rates.csv.gz");
    fs::write(&packed, b"\x1f\x8b\x08\0\0").unwrap();
    for (path, expected) in [
        (&pipe, "58030 "),
        (&bomb, "58030 "),
        (&long, "58030 "),
        (&packed, "0A000 "),
    ] {
        let refusal = pg.refusal(&format!(
            "SET statement_timeout = '20s'; SELECT * FROM starsink.load_exchange_rates('{}')",
            path.display()
        ));
        assert!(refusal.starts_with(expected), "{refusal}");
        pg.alter_system("starsink.exchange_rates_file", path.display());
        pg.reload();
        pg.wait_for(
            &format!(
                "SELECT current_setting('starsink.exchange_rates_file') = '{}'",
                path.display()
            ),
            SOON,
        );
        let refusal =
            pg.refusal("SET statement_timeout = '20s'; SELECT starsink.run_job('exchange_rates')");
        assert!(refusal.starts_with(expected), "{refusal}");
    }
    let row = &pg.query(
        "SELECT rates, inserted, rejected + unreadable FROM starsink.load_exchange_rates(E'Date, USD, JPY, ISK, \\n23 November 2026, 1.0955, 157.35, N/A, \\n')",
    )[0];
    assert_eq!([0, 1, 2].map(|column| row.get::<_, i64>(column)), [2, 2, 0]);
    let row = &pg.query(
        "SELECT rates, inserted, rejected + unreadable FROM starsink.load_exchange_rates(E'CURRENCY,TIME_PERIOD,OBS_VALUE,OBS_STATUS\\nUSD,2026-04-02,1.0801,A\\nUSD,2026-04-03,,H\\n', 'rows')",
    )[0];
    assert_eq!([0, 1, 2].map(|column| row.get::<_, i64>(column)), [1, 1, 0]);
}

#[test]
fn the_format_is_told_by_the_header_and_a_code_that_is_no_currency_is_refused() {
    let pg = Cluster::without_jobs();
    let load = |arguments: &str| -> (i64, i64, Option<String>) {
        let row = &pg.query(&format!(
            "SELECT inserted, unreadable + rejected, first_problem FROM starsink.load_exchange_rates({arguments})"
        ))[0];
        (row.get(0), row.get(1), row.get(2))
    };
    let rows = "E'date,currency,rate\\n2026-11-20,GBP,0.84\\n'";
    let history = "E'Date,USD,CYP,\\n2026-11-20,1.1,0.58,\\n'";
    assert_eq!(load(rows), (1, 0, None));
    assert_eq!(
        load(history),
        (2, 0, None),
        "also what was given up long ago"
    );
    assert_eq!(load(&format!("{rows}, 'csv'")), (0, 0, None));
    let (inserted, refused, problem) =
        load("E'date,currency,rate\\n2026-11-20,QQQ,2\\n2026-11-20,CHF,0.94\\n'");
    assert_eq!((inserted, refused), (1, 1));
    assert!(
        problem
            .as_deref()
            .is_some_and(|problem| problem.starts_with("QQQ is no currency of ISO 4217")),
        "{problem:?}"
    );
    let (inserted, refused, problem) = load("E'Date,ZZZ,SEK\\n2026-11-20,2,11\\n'");
    assert_eq!((inserted, refused), (1, 1));
    assert!(
        problem
            .as_deref()
            .is_some_and(|problem| problem.starts_with("ZZZ ")),
        "{problem:?}"
    );
    assert_eq!(
        pg.one::<i64>(
            "SELECT count(*) FROM warehouse.dim_currency WHERE currency_code IN ('QQQ', 'ZZZ')"
        ),
        0
    );
    // One that somebody has made is one.
    pg.sql("CREATE TABLE made AS SELECT 'QQQ' AS currency_code; SELECT starsink.merge_currency('made')");
    assert_eq!(
        load("E'date,currency,rate\\n2026-11-20,QQQ,2\\n'"),
        (1, 0, None)
    );
    for (arguments, words) in [
        (
            "'/nowhere/rates.csv'",
            ["58P01 could not read file", "date,currency,rate"],
        ),
        (
            "'date,currency,rate'",
            ["58P01 could not read file", "or the text of one"],
        ),
        (
            &*format!("{rows}, 'xml'"),
            ["22023 unknown format", "auto (by the header), ecb"],
        ),
        (
            "E'Datum;Kurs\\n1;2\\n'",
            [
                "22023 these are no exchange rates",
                "'auto' tells them apart",
            ],
        ),
    ] {
        let refusal = pg.refusal(&format!(
            "SELECT * FROM starsink.load_exchange_rates({arguments})"
        ));
        assert!(
            refusal.starts_with(words[0])
                && refusal.contains(words[1])
                && !refusal.contains("JSON"),
            "{arguments}: {refusal}"
        );
    }
    // Run by hand before there is anything to ask, the jobs say so.
    for setting in ["exchange_rates_file", "exchange_rates_url"] {
        let job = setting.trim_end_matches("_file");
        let said = pg.said_to("postgres", &format!("SELECT starsink.run_job('{job}')"));
        assert!(
            said.contains(&format!("NOTICE:  starsink.{setting} is not set")),
            "{said}"
        );
    }
}
