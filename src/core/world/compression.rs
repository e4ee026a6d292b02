//! Files as they come: plain, or compressed with gzip or zstd, told by their first bytes and not by their names.
//!
//! Both formats may be cut into pieces that follow each other: members of gzip with zeros behind the last one, as tapes
//! and block devices leave them; frames of zstd with frames to skip among them, as pzstd writes. Anything else behind a
//! piece is an error, as lines might be lost there.

use std::io::{BufRead, BufReader, Chain, Cursor, Error, ErrorKind, Read, Result};

use flate2::bufread::GzDecoder;

use super::magic;

/// Bytes of unpacked text that are held at a time.
const BUFFER: usize = 1 << 17;

/// A file whose first bytes were looked at.
type Seen<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

/// The text of a file. The error is of the kind [`ErrorKind::Unsupported`] where it is something else, and says what.
pub fn text<'a>(source: impl Read + 'a) -> Result<Box<dyn BufRead + 'a>> {
    let (head, source) = head(source)?;
    match head.as_slice() {
        [0x1f, 0x8b, ..] => unpacked(Members::new(source)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            unpacked(zstd::Decoder::with_buffer(source)?)
        }
        head => {
            refuse(head)?;
            Ok(Box::new(without_mark(source, head)?))
        }
    }
}

/// What was packed is text too, or it is refused.
fn unpacked<'a>(source: impl Read + 'a) -> Result<Box<dyn BufRead + 'a>> {
    let (head, source) = head(source)?;
    let again: &[&[u8]] = &[b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"];
    if again.iter().any(|magic| head.starts_with(magic)) {
        return Err(unsupported("compressed twice", "Unpack it once."));
    }
    refuse(&head)?;
    Ok(Box::new(without_mark(source, &head)?))
}

fn refuse(head: &[u8]) -> Result<()> {
    match magic::kind(head) {
        Some(kind) => Err(unsupported(kind.name, kind.remedy)),
        None => Ok(()),
    }
}

fn unsupported(name: &str, remedy: &str) -> Error {
    let stop = if remedy.is_empty() { "" } else { ". " };
    Error::new(
        ErrorKind::Unsupported,
        format!("it is {name}{stop}{remedy}"),
    )
}

/// The first bytes of a file, and the whole of it.
fn head<R: Read>(mut source: R) -> Result<(Vec<u8>, Seen<R>)> {
    let mut head = Vec::new();
    source
        .by_ref()
        .take(magic::LENGTH as u64)
        .read_to_end(&mut head)?;
    let whole = Cursor::new(head.clone()).chain(source);
    Ok((head, BufReader::with_capacity(BUFFER, whole)))
}

/// A byte-order mark of UTF-8 belongs to no line.
fn without_mark<R: BufRead>(mut source: R, head: &[u8]) -> Result<R> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if head.starts_with(MARK) {
        source
            .by_ref()
            .take(MARK.len() as u64)
            .read_exact(&mut [0; MARK.len()])?;
    }
    Ok(source)
}

/// The members of a gzip file, one behind the other.
struct Members<R>(State<R>);

enum State<R> {
    Within(Box<GzDecoder<R>>),
    Done,
}

impl<R: BufRead> Members<R> {
    fn new(source: R) -> Members<R> {
        Members(State::Within(Box::new(GzDecoder::new(source))))
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let State::Within(member) = &mut self.0 {
            let read = member.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            let State::Within(member) = std::mem::replace(&mut self.0, State::Done) else {
                break;
            };
            let mut source = member.into_inner();
            loop {
                let bytes = match source.fill_buf() {
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    bytes => bytes?,
                };
                let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                let rest = bytes.get(zeros).copied();
                source.consume(zeros);
                match rest {
                    Some(0x1f) => {
                        self.0 = State::Within(Box::new(GzDecoder::new(source)));
                        break;
                    }
                    Some(_) => {
                        let what = "something else follows the compressed data";
                        return Err(Error::new(ErrorKind::InvalidData, what));
                    }
                    None if zeros == 0 => return Ok(0),
                    None => {}
                }
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Result, Write};

    use super::text;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zst(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    /// A frame to skip, of one of the sixteen kinds.
    fn skip(kind: u8, bytes: &[u8]) -> Vec<u8> {
        let size = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        [&[0x50 + kind, 0x2a, 0x4d, 0x18][..], &size, bytes].concat()
    }

    fn read(bytes: &[u8]) -> Result<Vec<u8>> {
        let mut read = Vec::new();
        text(bytes)?.read_to_end(&mut read)?;
        Ok(read)
    }

    #[test]
    fn pieces_follow_each_other() {
        let zeros = vec![0; 200_000];
        for (bytes, expected) in [
            (b"a\nb".to_vec(), "a\nb"),
            (b"\xef\xbb\xbfa".to_vec(), "a"),
            (Vec::new(), ""),
            (gz(b"a\nb"), "a\nb"),
            (gz(b"\xef\xbb\xbfa"), "a"),
            (gz(b""), ""),
            ([gz(b"a"), gz(b""), gz(b"\nb")].concat(), "a\nb"),
            ([gz(b"a\n"), zeros.clone()].concat(), "a\n"),
            (
                [gz(b"a\n"), zeros.clone(), gz(b"b"), vec![0]].concat(),
                "a\nb",
            ),
            (zst(b"a\nb"), "a\nb"),
            (zst(b""), ""),
            ([zst(b"a"), zst(b""), zst(b"\nb")].concat(), "a\nb"),
            ([skip(0, b"1234"), zst(b"a")].concat(), "a"),
            (
                [
                    skip(15, &zeros),
                    skip(3, b""),
                    zst(b"a"),
                    skip(7, &zeros),
                    zst(b"\nb"),
                    skip(0, b"x"),
                ]
                .concat(),
                "a\nb",
            ),
            (skip(0, b"1234"), ""),
        ] {
            let read = read(&bytes).map_err(|error| error.to_string());
            assert_eq!(
                read.as_deref(),
                Ok(expected.as_bytes()),
                "{:?}",
                bytes.get(..8)
            );
        }
    }

    #[test]
    fn what_is_broken_is_an_error_and_no_end() {
        let whole = "line\n".repeat(50_000);
        for mut packed in [gz(whole.as_bytes()), zst(whole.as_bytes())] {
            assert!(read(&[packed.clone(), b"garbage".to_vec()].concat()).is_err());
            packed.truncate(packed.len() - 3);
            assert!(read(&packed).is_err(), "cut");
        }
        let mut wrong = gz(b"a\nb");
        let end = wrong.len() - 6;
        wrong[end] ^= 1;
        assert!(read(&wrong).is_err(), "a wrong checksum");
        assert!(read(b"\x1f\x8b\x09nothing").is_err());
    }

    #[test]
    fn what_is_something_else_is_said() {
        for (bytes, what) in [
            (b"BZh91AY&SYxxx".to_vec(), "bzip2"),
            (b"\xfd7zXZ\0\0".to_vec(), "xz"),
            (gz(b"PK\x03\x04"), "zip"),
            (zst(b"\xff\xfe{\0}\0"), "UTF-16"),
            (gz(&gz(b"a")), "twice"),
            (zst(&gz(b"a")), "twice"),
        ] {
            let error = read(&bytes).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains(what), "{error}");
        }
    }
}
