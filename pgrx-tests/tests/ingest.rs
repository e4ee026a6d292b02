//! Messages from SQL and from files take the same path and stand in the same books.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::{SOON, events};
use starsink_tests::shop::Event;

/// Writes a file that the server may read.
fn file(pg: &Cluster, name: &str, bytes: &[u8]) -> PathBuf {
    let path = pg.data().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn lines(events: &[Event]) -> Vec<u8> {
    let lines: Vec<&[u8]> = events.iter().map(|event| event.json.as_slice()).collect();
    lines.join(&b'\n')
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// received, loaded, duplicates, dropped, quarantined
fn ingest_file(pg: &Cluster, path: &std::path::Path) -> [i64; 5] {
    let query = format!(
        "SELECT received, loaded, duplicates, dropped, quarantined FROM starsink.ingest_file('{}')",
        path.display()
    );
    let rows = pg.query(&query);
    [0, 1, 2, 3, 4].map(|column| rows[0].get(column))
}

#[test]
fn one_message_from_sql_meets_its_fate_and_stands_in_the_books() {
    let pg = Cluster::builder().start();
    pg.sql("CREATE EXTENSION starsink");
    let event = String::from_utf8(events(51, 1)[0].json.clone()).unwrap();
    let other = format!("{},\"altered\":1}}", event.strip_suffix('}').unwrap());
    let fate =
        |payload: &str| pg.one::<String>(&format!("SELECT starsink.ingest($json${payload}$json$)"));
    pg.sql(&format!(
        "BEGIN; SELECT starsink.ingest($json${event}$json$); ROLLBACK"
    ));
    assert_eq!(fate(&event), "loaded", "what was rolled back is not there");
    assert_eq!(fate(&event), "duplicate");
    assert_eq!(fate(&other), "quarantined");
    assert_eq!(fate("{broken"), "quarantined");
    assert_eq!(fate(""), "dropped");
    let books = ["received", "loaded", "duplicates", "dropped", "quarantined"]
        .map(|column| pg.sum(column, "(sql)"));
    assert_eq!(books, [5, 1, 1, 1, 2]);
    assert_eq!((pg.facts(), pg.quarantined()), (1, 2));
    pg.assert_books();
}

#[test]
fn files_are_read_plain_and_compressed_whatever_their_names() {
    let pg = Cluster::consuming_nothing();
    let events = events(52, 3_000);
    let plain = file(&pg, "plain.jsonl", &lines(&events[..1_000]));
    let gz = file(
        &pg,
        "two-members.jsonl.gz",
        &[
            gzip(&lines(&events[1_000..1_500])),
            gzip(b"\n"),
            gzip(&lines(&events[1_500..2_000])),
        ]
        .concat(),
    );
    let zst = file(
        &pg,
        "no-suffix",
        &zstd::encode_all(lines(&events[2_000..]).as_slice(), 3).unwrap(),
    );
    for path in [&plain, &gz, &zst] {
        assert_eq!(
            ingest_file(&pg, path),
            [1_000, 1_000, 0, 0, 0],
            "{}",
            path.display()
        );
    }
    for path in [&plain, &gz, &zst] {
        assert_eq!(
            ingest_file(&pg, path),
            [1_000, 0, 1_000, 0, 0],
            "{} again",
            path.display()
        );
    }
    assert_eq!(pg.facts(), 3_000);
    assert_eq!(pg.sum("received", "file:no-suffix"), 2_000);
    pg.assert_books();
}

/// A frame of zstd that is to be skipped, as pzstd puts before each of its own.
fn skipped(bytes: &[u8]) -> Vec<u8> {
    let size = (bytes.len() as u32).to_le_bytes();
    [b"\x50\x2a\x4d\x18", &size[..], bytes].concat()
}

#[test]
fn files_in_pieces_are_read_to_their_end_and_others_are_refused_by_name() {
    let pg = Cluster::consuming_nothing();
    let events = events(58, 40);
    let zst = |events: &[Event]| zstd::encode_all(lines(events).as_slice(), 3).unwrap();
    let (newline, zeros) = (zstd::encode_all(&b"\n"[..], 3).unwrap(), vec![0; 20_480]);
    let pieces = [
        ("pz.zst", [skipped(b"size"), zst(&events[..10])].concat()),
        (
            "pieces.zst",
            [
                zst(&events[10..15]),
                skipped(&zeros),
                newline,
                skipped(b""),
                zst(&events[15..20]),
                skipped(b"end"),
            ]
            .concat(),
        ),
        ("padded.gz", [gzip(&lines(&events[20..30])), zeros].concat()),
        (
            "marked.jsonl",
            [&b"\xef\xbb\xbf"[..], &lines(&events[30..40])].concat(),
        ),
    ];
    for (name, bytes) in pieces {
        let path = file(&pg, name, &bytes);
        assert_eq!(ingest_file(&pg, &path), [10, 10, 0, 0, 0], "{name}");
    }
    let wide: Vec<u8> = "{}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let others: [(&str, Vec<u8>, &str); 10] = [
        ("x.bz2", b"BZh91AY&SY\xcd\xd9".to_vec(), "bzip2"),
        ("x.xz", b"\xfd7zXZ\0\0\x04".to_vec(), "xz"),
        ("x.lz4", b"\x04\x22\x4d\x18\x64\x40".to_vec(), "lz4"),
        ("x.zip", b"PK\x03\x04\x14\0".to_vec(), "zip"),
        ("x.7z", b"7z\xbc\xaf\x27\x1c\0\x04".to_vec(), "7z"),
        ("x.Z", b"\x1f\x9d\x90\x7b".to_vec(), "compress"),
        ("x.jsonl", [&b"\xff\xfe"[..], &wide].concat(), "UTF-16"),
        ("y.jsonl", wide, "UTF-16"),
        ("x.parquet", b"PAR1\x15\x04".to_vec(), "Parquet"),
        ("x.tgz", gzip(b"PK\x03\x04"), "zip"),
    ];
    for (name, bytes, what) in others {
        let path = file(&pg, name, &bytes);
        let refusal = pg.refusal(&format!(
            "SELECT * FROM starsink.ingest_file('{}')",
            path.display()
        ));
        assert!(
            refusal.starts_with("0A000 ") && refusal.contains(what),
            "{name}: {refusal}"
        );
    }
    for (name, bytes) in [
        ("cut.gz", gzip(&lines(&events))[..60].to_vec()),
        ("cut.zst", zst(&events)[..60].to_vec()),
        (
            "behind.gz",
            [gzip(&lines(&events)), b"{}".to_vec()].concat(),
        ),
    ] {
        let path = file(&pg, name, &bytes);
        let refusal = pg.refusal(&format!(
            "SELECT * FROM starsink.ingest_file('{}')",
            path.display()
        ));
        assert!(refusal.starts_with("58030 "), "{name}: {refusal}");
    }
    assert_eq!((pg.facts(), pg.quarantined()), (40, 0));
    pg.assert_books();
}

#[test]
fn a_file_without_end_can_be_cancelled_and_what_is_no_file_is_refused() {
    let pg = Cluster::consuming_nothing();
    let pipe = pg.data().join("pipe");
    let made = std::process::Command::new("mkfifo")
        .args(["-m", "666"])
        .arg(&pipe)
        .status();
    assert!(made.unwrap().success());
    std::os::unix::fs::symlink(&pipe, pg.data().join("link")).unwrap();
    for path in [
        pipe,
        pg.data().join("link"),
        "/dev/zero".into(),
        pg.data().join("base"),
    ] {
        for function in ["ingest_file", "load_exchange_rates"] {
            let refusal = pg.refusal(&format!(
                "SET statement_timeout = '5s'; SELECT * FROM starsink.{function}('{}')",
                path.display()
            ));
            assert!(
                refusal.starts_with("58030 ") && refusal.contains("no regular file"),
                "{function} {refusal}"
            );
        }
    }

    // Some 200 GB in one line, which take 10 MB; and as many empty pieces.
    let frame = zstd::encode_all(vec![b'x'; 8 << 20].as_slice(), 3).unwrap();
    let bomb = file(&pg, "bomb.zst", &frame.repeat(25_000));
    let empty = file(&pg, "empty.gz", &gzip(b"").repeat(4_000_000));
    for path in [&bomb, &empty] {
        let refusal = pg.refusal(&format!(
            "SET statement_timeout = '300ms'; SELECT * FROM starsink.ingest_file('{}')",
            path.display()
        ));
        assert!(refusal.starts_with("57014 "), "{refusal}");
    }
    let query = format!("SELECT * FROM starsink.ingest_file('{}')", bomb.display());
    let cancelled = std::thread::scope(|scope| {
        let read = scope.spawn(|| pg.refusal(&query));
        pg.wait_for(
            "SELECT bool_or(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'SELECT * FROM starsink.ingest_file%'",
            SOON,
        );
        read.join().unwrap()
    });
    assert!(cancelled.starts_with("57014 "), "{cancelled}");
    assert_eq!((pg.facts(), pg.quarantined()), (0, 0));
}

#[test]
fn an_endless_line_is_put_aside_in_little_memory_and_the_next_one_is_read() {
    let pg = Cluster::consuming_nothing();
    let event = &events(59, 1)[0].json;
    let line = vec![b'x'; 300 << 20];
    let bytes = [line.as_slice(), b"\n", event].concat();
    let path = file(
        &pg,
        "long.zst",
        &zstd::encode_all(bytes.as_slice(), 1).unwrap(),
    );
    let mut client = pg.connect(pg.database());
    let pid: i32 = client
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    let row = client
        .query_one(
            &format!(
                "SELECT received, loaded, quarantined FROM starsink.ingest_file('{}')",
                path.display()
            ),
            &[],
        )
        .unwrap();
    assert_eq!([0, 1, 2].map(|column| row.get::<_, i64>(column)), [2, 1, 1]);
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let most = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|most| most.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        .unwrap();
    assert!(most < 250 << 10, "{most} kB at the most");
    let kept: String = pg.one("SELECT concat_ws(' ', codes, length(payload) <= 8 * 1024 * 1024 + 1) FROM starsink.quarantine");
    assert_eq!(kept, "{PAYLOAD_TOO_LARGE} t");
}

#[test]
fn a_bad_line_is_put_aside_under_its_number_once() {
    let pg = Cluster::consuming_nothing();
    let events = events(53, 2);
    let bytes = [
        &events[0].json[..],
        b"\r\n\r\n{broken\r\n",
        &events[1].json,
        b"\nnull",
    ]
    .concat();
    let path = file(&pg, "odd.jsonl", &bytes);
    assert_eq!(ingest_file(&pg, &path), [4, 2, 0, 0, 2]);
    assert_eq!(ingest_file(&pg, &path), [4, 0, 4, 0, 0]);
    let aside = pg.query("SELECT kafka_offset, codes, payload FROM starsink.quarantine ORDER BY 1");
    let aside: Vec<(i64, Vec<String>, Vec<u8>)> = aside
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    assert_eq!(aside.len(), 2);
    assert_eq!(
        aside[0],
        (2, vec!["PAYLOAD_NOT_JSON".into()], b"{broken".to_vec())
    );
    assert_eq!(
        aside[1],
        (4, vec!["PAYLOAD_NOT_OBJECT".into()], b"null".to_vec())
    );
    assert_eq!(ingest_file(&pg, &file(&pg, "empty.jsonl", b"")), [0; 5]);
    pg.assert_books();
}

#[test]
fn a_file_is_loaded_whole_or_not_at_all() {
    let pg = Cluster::consuming_nothing();
    let whole = gzip(&lines(&events(54, 25_000)));
    let path = file(&pg, "cut.jsonl.gz", &whole[..whole.len() - 2_000]);
    let refusal = pg.refusal(&format!(
        "SELECT * FROM starsink.ingest_file('{}')",
        path.display()
    ));
    assert!(
        refusal.starts_with("58030") && refusal.contains("cut.jsonl.gz"),
        "{refusal}"
    );
    let path = file(&pg, "whole.jsonl.gz", &whole);
    let refusal = pg.refusal(&format!(
        "SET statement_timeout = '300ms'; SELECT * FROM starsink.ingest_file('{}'), pg_sleep(1)",
        path.display()
    ));
    assert!(refusal.starts_with("57014"), "{refusal}");
    assert_eq!((pg.facts(), pg.quarantined()), (0, 0));
    assert_eq!(pg.one::<i64>("SELECT count(*) FROM starsink.ledger"), 0);
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM starsink.progress_ingest_file"),
        0
    );
    assert_eq!(ingest_file(&pg, &path), [25_000, 25_000, 0, 0, 0]);
    pg.assert_books();
}

#[test]
fn progress_is_seen_from_another_session() {
    let pg = Cluster::consuming_nothing();
    let bytes = lines(&events(55, 60_000));
    let path = file(&pg, "long.jsonl", &bytes);
    std::thread::scope(|scope| {
        let load = scope.spawn(|| ingest_file(&pg, &path));
        pg.wait_for(
            &format!(
                "SELECT bool_or(path = '{}' AND bytes_total = {} AND received >= 10000 AND loaded = received AND percent BETWEEN 10 AND 99)
                 FROM starsink.progress_ingest_file",
                path.display(),
                bytes.len()
            ),
            SOON,
        );
        assert_eq!(load.join().unwrap(), [60_000, 60_000, 0, 0, 0]);
    });
    assert_eq!(
        pg.one::<i64>("SELECT count(*) FROM starsink.progress_ingest_file"),
        0
    );
}

#[test]
fn files_of_the_server_are_for_those_who_may_read_them() {
    let pg = Cluster::consuming_nothing();
    let path = file(&pg, "events.jsonl", &lines(&events(56, 10)));
    let load = format!("SELECT * FROM starsink.ingest_file('{}')", path.display());
    pg.sql("CREATE ROLE operator LOGIN IN ROLE starsink_admin");
    let refusal = pg.refusal_as("operator", &load);
    assert!(
        refusal.starts_with("42501") && refusal.contains("pg_read_server_files"),
        "{refusal}"
    );
    pg.sql("GRANT pg_read_server_files TO operator");
    pg.connect_as("operator", pg.database())
        .batch_execute(&load)
        .unwrap();
    assert_eq!(pg.facts(), 10);
    for (path, words) in [
        ("/no/such/file", ["58P01", "/no/such/file"]),
        ("/tmp", ["58030", "\"/tmp\""]),
    ] {
        let refusal = pg.refusal(&format!("SELECT * FROM starsink.ingest_file('{path}')"));
        assert!(words.iter().all(|word| refusal.contains(word)), "{refusal}");
    }
    pg.assert_books();
}
