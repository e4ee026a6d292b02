//! Payloads that are no object of attributes at all, or an unusual one.

use super::Expected::{Dropped, Quarantined};
use super::draft::Corpus;

pub fn add(corpus: &mut Corpus) {
    corpus.payload("tombstone", None, Dropped("PAYLOAD_TOMBSTONE"));
    corpus.payload("no bytes", Some(Vec::new()), Dropped("PAYLOAD_TOMBSTONE"));

    let broken: [(&'static str, &[u8]); 12] = [
        ("blank", b"   \n"),
        ("a word", b"hello"),
        ("XML", b"<event/>"),
        ("single quotes", b"{'id':'1'}"),
        ("trailing comma", b"{\"id\":\"1\",}"),
        ("NaN", b"{\"id\":NaN}"),
        ("two objects", b"{\"id\":\"1\"}{\"id\":\"2\"}"),
        ("raw NUL in a string", b"{\"id\":\"a\0b\"}"),
        ("raw line feed in a string", b"{\"id\":\"a\nb\"}"),
        ("bad escape", b"{\"id\":\"\\x41\"}"),
        ("escape outside a string", b"{\"id\":\\u00001}"),
        ("escape cut by another", b"{\"id\":\"\\u00\\u000000\"}"),
    ];
    for (name, payload) in broken {
        corpus.payload(
            name,
            Some(payload.to_vec()),
            Quarantined(&["PAYLOAD_NOT_JSON"]),
        );
    }
    let whole = corpus.draft().bytes();
    let half = whole.len() / 2;
    corpus.payload(
        "cut short",
        Some(whole[..half].to_vec()),
        Quarantined(&["PAYLOAD_NOT_JSON"]),
    );
    let without_end = whole[..whole.len() - 1].to_vec();
    corpus.payload(
        "without its last byte",
        Some(without_end),
        Quarantined(&["PAYLOAD_NOT_JSON"]),
    );

    let shapes: [(&'static str, &[u8]); 5] = [
        ("null", b"null"),
        ("an array of events", b"[{\"id\":\"1\"}]"),
        ("a string", b"\"{}\""),
        ("a number", b" 5 "),
        ("true", b"true"),
    ];
    for (name, payload) in shapes {
        corpus.payload(
            name,
            Some(payload.to_vec()),
            Quarantined(&["PAYLOAD_NOT_OBJECT"]),
        );
    }

    let latin: [(&'static str, &[u8]); 4] = [
        ("Latin-1", b"{\"id\":\"M\xfcnchen\"}"),
        ("surrogate in UTF-8", b"{\"id\":\"\xed\xa0\xbd\"}"),
        ("overlong NUL", b"{\"id\":\"\xc0\x80\"}"),
        ("UTF-16", b"\xff\xfe{\0}\0"),
    ];
    for (name, payload) in latin {
        corpus.payload(
            name,
            Some(payload.to_vec()),
            Quarantined(&["PAYLOAD_BAD_UTF8"]),
        );
    }

    let large = corpus
        .draft()
        .with("note", format!("\"{}\"", "x".repeat(5 << 20)));
    corpus.payload(
        "5 MB",
        Some(large.bytes()),
        Quarantined(&["PAYLOAD_TOO_LARGE"]),
    );
    let large_and_broken = vec![b'{'; 600 * 1024];
    corpus.payload(
        "600 kB of brackets",
        Some(large_and_broken),
        Quarantined(&["PAYLOAD_TOO_LARGE"]),
    );

    let arrays = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    corpus.refused("10,000 arrays deep", &["PAYLOAD_TOO_DEEP"], |draft| {
        draft.with("option", arrays)
    });
    let objects = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    corpus.refused("10,000 objects deep", &["PAYLOAD_TOO_DEEP"], |draft| {
        draft.with("note", objects)
    });
    let never_closed = vec![b'['; 10_000];
    corpus.payload(
        "10,000 arrays never closed",
        Some(never_closed),
        Quarantined(&["PAYLOAD_TOO_DEEP"]),
    );
    let allowed = format!("{}{}", "[".repeat(127), "]".repeat(127));
    corpus.loaded("128 deep", &[], |draft| draft.with("note", allowed));
    corpus.loaded("brackets in a string", &[], |draft| {
        draft.with("note", format!("\"{}\"", "[{".repeat(1000)))
    });

    corpus.payload(
        "an empty object",
        Some(b"{}".to_vec()),
        Quarantined(&["ID_MISSING", "TS_MISSING", "COLLECTION_MISSING"]),
    );
    let marked = [b"\xef\xbb\xbf", corpus.draft().bytes().as_slice()].concat();
    corpus.payload(
        "byte order mark",
        Some(marked),
        super::Expected::Loaded(&[]),
    );
    let spaced = [b" \r\n\t", corpus.draft().bytes().as_slice(), b"\n"].concat();
    corpus.payload("space around", Some(spaced), super::Expected::Loaded(&[]));
}
