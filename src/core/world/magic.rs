//! What the first bytes of a file say it is, where that is no text to be read line by line.

/// Number of first bytes needed to tell.
pub const LENGTH: usize = 512;

/// What a file is, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub name: &'static str,
    /// How to make text of it; empty where the name says it all.
    pub remedy: &'static str,
}

const TEXT: &str = "Convert it to UTF-8: iconv -f UTF-16 -t UTF-8.";
const TABLE: &str = "Export it as JSON lines.";

/// Beginnings, what they are, and what makes text of them.
const BEGINNINGS: [(&[u8], &str, &str); 34] = [
    (b"BZh", "compressed with bzip2", "Unpack it: bzip2 -d."),
    (b"\xfd7zXZ\0", "compressed with xz", "Unpack it: xz -d."),
    (
        b"\x04\x22\x4d\x18",
        "compressed with lz4",
        "Unpack it: lz4 -d.",
    ),
    (
        b"\x02\x21\x4c\x18",
        "compressed with lz4",
        "Unpack it: lz4 -d.",
    ),
    (b"LZIP", "compressed with lzip", "Unpack it: lzip -d."),
    (
        b"\x89LZO\0\r\n\x1a\n",
        "compressed with lzop",
        "Unpack it: lzop -d.",
    ),
    (
        b"\x5d\0\0",
        "compressed with lzma",
        "Unpack it: xz -d --format=lzma.",
    ),
    (
        b"\x1f\x9d",
        "compressed with compress",
        "Unpack it: gzip -d.",
    ),
    (b"\x1f\xa0", "compressed with LZH", "Unpack it: gzip -d."),
    (b"\x1f\x1e", "compressed with pack", "Unpack it: gzip -d."),
    (
        b"\xff\x06\0\0sNaPpY",
        "compressed with Snappy",
        "Unpack it.",
    ),
    (b"\x78\x01", "compressed with zlib", "Unpack it."),
    (b"\x78\x5e", "compressed with zlib", "Unpack it."),
    (b"\x78\x9c", "compressed with zlib", "Unpack it."),
    (b"\x78\xda", "compressed with zlib", "Unpack it."),
    (b"PK\x03\x04", "a zip archive", "Unpack it: unzip -p."),
    (b"PK\x05\x06", "a zip archive", "Unpack it: unzip -p."),
    (b"PK\x07\x08", "a zip archive", "Unpack it: unzip -p."),
    (
        b"7z\xbc\xaf\x27\x1c",
        "a 7z archive",
        "Unpack it: 7z x -so.",
    ),
    (b"Rar!\x1a\x07", "a rar archive", "Unpack it: unrar p."),
    (b"MSCF\0\0\0\0", "a cabinet archive", "Unpack it."),
    (b"\xff\xfe\0\0", "text in UTF-32", TEXT),
    (b"\0\0\xfe\xff", "text in UTF-32", TEXT),
    (b"\xff\xfe", "text in UTF-16", TEXT),
    (b"\xfe\xff", "text in UTF-16", TEXT),
    (b"PAR1", "a Parquet file", TABLE),
    (b"Obj\x01", "an Avro file", TABLE),
    (b"ORC", "an ORC file", TABLE),
    (b"ARROW1\0\0", "an Arrow file", TABLE),
    (b"SEQ\x06", "a Hadoop sequence file", TABLE),
    (b"SQLite format 3\0", "an SQLite database", TABLE),
    (b"PGDMP", "a dump of PostgreSQL", "Restore it: pg_restore."),
    (b"PGCOPY\n\xff\r\n\0", "a binary COPY", "COPY it as text."),
    (b"%PDF-", "a PDF file", ""),
];

/// What a file is by its first bytes; `None` where it may be text.
pub fn kind(head: &[u8]) -> Option<Kind> {
    let beginning = BEGINNINGS
        .iter()
        .find(|(beginning, name, _)| {
            head.starts_with(beginning) && (*name != "compressed with bzip2" || is_bzip2(head))
        })
        .map(|(_, name, remedy)| Kind { name, remedy });
    beginning.or_else(|| {
        let is_tar = head.get(257..262) == Some(b"ustar");
        is_tar
            .then_some(Kind {
                name: "a tar archive",
                remedy: "Unpack it: tar -xO.",
            })
            .or_else(|| wide(head))
    })
}

/// The blocks of bzip2 begin with pi, an empty file with its square root.
fn is_bzip2(head: &[u8]) -> bool {
    head.get(3)
        .is_some_and(|level| matches!(level, b'1'..=b'9'))
        && matches!(
            head.get(4..10),
            Some(b"\x31\x41\x59\x26\x53\x59" | b"\x17\x72\x45\x38\x50\x90")
        )
}

/// UTF-16 without a byte-order mark: every other byte of the first characters is zero.
fn wide(head: &[u8]) -> Option<Kind> {
    let is_wide = match head.get(..4)? {
        [0, a, 0, b] | [a, 0, b, 0] => a.is_ascii_graphic() && (b.is_ascii() && *b != 0),
        _ => false,
    };
    is_wide.then_some(Kind {
        name: "text in UTF-16",
        remedy: TEXT,
    })
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn other_files_are_told_by_their_first_bytes() {
        let mut tar = vec![b'a'; 512];
        tar.splice(257..262, *b"ustar");
        let cases: [(&[u8], &str); 14] = [
            (b"BZh91AY&SY\xcd\xd9", "compressed with bzip2"),
            (b"BZh9\x17\x72\x45\x38\x50\x90", "compressed with bzip2"),
            (b"\xfd7zXZ\0\0\x04", "compressed with xz"),
            (b"\x04\x22\x4d\x18\x64", "compressed with lz4"),
            (b"PK\x03\x04\x14", "a zip archive"),
            (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7z archive"),
            (b"\x1f\x9d\x90", "compressed with compress"),
            (b"\xff\xfe{\0", "text in UTF-16"),
            (b"\xfe\xff\0{", "text in UTF-16"),
            (b"{\0\"\0", "text in UTF-16"),
            (b"\0{\0\n", "text in UTF-16"),
            (b"PAR1\x15\x04", "a Parquet file"),
            (b"Obj\x01\x04\x16", "an Avro file"),
            (&tar, "a tar archive"),
        ];
        for (head, expected) in cases {
            assert_eq!(kind(head).map(|kind| kind.name), Some(expected), "{head:?}");
        }
    }

    #[test]
    fn text_is_text() {
        let cases: [&[u8]; 9] = [
            b"",
            b"{",
            b"{}\n",
            b"\n\n{}",
            b"BZh is no JSON",
            b"\xef\xbb\xbf{}",
            b"[1]",
            b"x,y",
            b"\0\0\0\0",
        ];
        for head in cases {
            assert_eq!(kind(head), None, "{head:?}");
        }
    }
}
