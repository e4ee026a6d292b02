//! What an event is: its id, its time, its collection.

use super::draft::Corpus;

pub fn add(corpus: &mut Corpus) {
    ids(corpus);
    times(corpus);
    collections(corpus);
}

fn ids(corpus: &mut Corpus) {
    corpus.refused("no id", &["ID_MISSING"], |draft| draft.without("id"));
    corpus.refused("id null", &["ID_MISSING"], |draft| draft.with("id", "null"));
    corpus.refused("id blank", &["ID_MISSING"], |draft| {
        draft.with("id", "\"  \"").with("_id", "\"\"")
    });
    corpus.refused("id an array", &["ID_MISSING"], |draft| {
        draft.with("id", "[1]")
    });
    let long = format!("\"{}\"", "i".repeat(256));
    corpus.refused("id of 256 bytes", &["ID_INVALID"], |draft| {
        draft.with("id", long)
    });
    corpus.loaded("id no UUID", &["ID_INVALID"], |draft| {
        draft.with("id", "\"bad id no UUID\"")
    });
    corpus.loaded("id a number", &["ID_INVALID"], |draft| {
        draft.with("id", "4711001")
    });
    corpus.loaded("id a float", &["ID_INVALID"], |draft| {
        draft.with("id", "4711002.0")
    });
    corpus.loaded("id in upper case", &[], |draft| {
        draft.with("id", "\"BAD00000-0000-4000-9000-ABCDEF000001\"")
    });
    corpus.loaded("replay with an old _id", &[], |draft| {
        draft.with("_id", "{\"$oid\":\"5ed8b02f4a3f2c0001a1b2c3\"}")
    });
    corpus.loaded("_id alone", &["ID_INVALID"], |draft| {
        draft
            .without("id")
            .with("_id", "{\"$oid\":\"5ed8b02f4a3f2c0001a1b2c4\"}")
    });
    corpus.loaded("id blank, _id there", &[], |draft| {
        draft
            .with("id", "\"\"")
            .with("_id", "\"bad00000-0000-4000-9000-000000000002\"")
    });
    corpus.loaded("duplicate keys", &[], |draft| {
        draft
            .with("id", "\"bad id that loses\"")
            .again("id", "\"bad00000-0000-4000-9000-000000000003\"")
            .again("store_id", "\"7\"")
    });
    corpus.loaded("escaped key", &[], |draft| {
        draft
            .without("id")
            .again("\\u0069d", "\"bad00000-0000-4000-9000-000000000004\"")
    });
}

fn times(corpus: &mut Corpus) {
    corpus.refused("no time", &["TS_MISSING"], |draft| {
        draft.without("time_stamp")
    });
    for (name, raw) in [
        ("time null", "null"),
        ("time blank", "\"\""),
        ("time false", "false"),
    ] {
        corpus.refused(name, &["TS_MISSING"], |draft| draft.with("time_stamp", raw));
    }
    for (name, raw) in [
        ("time -1", "-1"),
        ("time 0", "0"),
        ("time in words", "\"yesterday\""),
        ("time in ISO 8601", "\"2020-06-04T08:20:04Z\""),
        ("time NaN", "\"NaN\""),
        ("time 1e300", "1e300"),
        ("time of 20 digits", "99999999999999999999"),
        ("time an object", "{\"date\":1591266092000}"),
    ] {
        corpus.refused(name, &["TS_UNPARSEABLE"], |draft| {
            draft.with("time_stamp", raw)
        });
    }
    corpus.refused("time in two hours", &["TS_FUTURE"], |draft| {
        let later = draft.seconds + 600 + 7200;
        draft.with("time_stamp", (later * 1000).to_string())
    });
    corpus.refused("time in the year 3000", &["TS_FUTURE"], |draft| {
        draft.with("time_stamp", "32503680000000")
    });
    corpus.refused("time in 1999", &["TS_TOO_OLD"], |draft| {
        draft.with("time_stamp", "946684799")
    });
    corpus.refused("time 1 second", &["TS_TOO_OLD"], |draft| {
        draft.with("time_stamp", "1")
    });
    for (name, factor) in [
        ("seconds", 1),
        ("microseconds", 1_000_000),
        ("nanoseconds", 1_000_000_000),
    ] {
        corpus.loaded(name, &["TS_UNIT_FIXED"], |draft| {
            let time = draft.seconds * factor;
            draft.with("time_stamp", time.to_string())
        });
    }
    corpus.loaded("milliseconds in a string", &["TS_UNIT_FIXED"], |draft| {
        let time = format!("\"{}000\"", draft.seconds);
        draft.with("time_stamp", time)
    });
    corpus.loaded("seconds in a string", &["TS_UNIT_FIXED"], |draft| {
        let time = format!("\" {} \"", draft.seconds);
        draft.with("time_stamp", time)
    });
    corpus.loaded("seconds with a fraction", &["TS_UNIT_FIXED"], |draft| {
        let time = format!("{}.123456", draft.seconds);
        draft.with("time_stamp", time)
    });
    corpus.loaded("half an hour ahead", &[], |draft| {
        let time = draft.seconds + 600 + 1800;
        draft.with("time_stamp", (time * 1000).to_string())
    });
}

fn collections(corpus: &mut Corpus) {
    corpus.refused("no collection", &["COLLECTION_MISSING"], |draft| {
        draft.without("collection")
    });
    corpus.refused("collection blank", &["COLLECTION_MISSING"], |draft| {
        draft.with("collection", "\" \"")
    });
    corpus.refused("collection an object", &["COLLECTION_MISSING"], |draft| {
        draft.with("collection", "{}")
    });
    corpus.loaded("collection unknown", &["COLLECTION_UNKNOWN"], |draft| {
        draft.with("collection", "\"view_moon\"")
    });
    corpus.loaded("collection in capitals", &["COLLECTION_UNKNOWN"], |draft| {
        draft.with("collection", "\"CHECKOUT\"")
    });
    let long = format!("\"{}\"", "ç".repeat(200));
    corpus.loaded(
        "collection of 400 bytes",
        &["COLLECTION_UNKNOWN", "KEY_TOO_LONG"],
        |draft| draft.with("collection", long),
    );
    corpus.refused(
        "all wrong at once",
        &["ID_MISSING", "TS_UNPARSEABLE", "COLLECTION_MISSING"],
        |draft| {
            draft
                .without("id")
                .with("time_stamp", "\"?\"")
                .with("collection", "null")
        },
    );
}
