//! A file of data that may stand in a zip archive, as the European Central Bank gives its history.

use std::io::{BufRead, BufReader, Cursor, Error, ErrorKind, Read, Result};

use memchr::memmem;
use zip::ZipArchive;

use super::magic;

/// How a zip archive begins.
const SIGNATURE: &[u8] = b"PK\x03\x04";
/// Most bytes of a file, of an archive, and of what is taken out of it: many times a history of exchange rates.
pub const MAX_BYTES: usize = 64 << 20;
/// How an archive's list of files begins an entry, and most entries: each takes memory before any is read.
const ENTRY: &[u8] = b"PK\x01\x02";
const MAX_ENTRIES: usize = 1_000;

/// What `source` holds: itself, or the first file of the archive that it is. The error is of the kind
/// [`ErrorKind::Unsupported`] where it is something else, and says what.
pub fn content<'a>(mut source: impl BufRead + 'a) -> Result<Box<dyn BufRead + 'a>> {
    let head = source.fill_buf()?;
    if !head.starts_with(SIGNATURE) {
        if head.starts_with(b"\x1f\x8b") || head.starts_with(b"\x28\xb5\x2f\xfd") {
            let reason = "it is compressed. Unpack it, or put it into a zip archive.";
            return Err(Error::new(ErrorKind::Unsupported, reason));
        }
        if let Some(kind) = magic::kind(head) {
            let reason = format!("it is {}. {}", kind.name, kind.remedy);
            return Err(Error::new(ErrorKind::Unsupported, reason));
        }
        return Ok(Box::new(BufReader::new(Limited { source, read: 0 })));
    }
    let archive = limited(source)?;
    if memmem::find_iter(&archive, ENTRY).count() > MAX_ENTRIES {
        let reason = format!("a zip archive of more than {MAX_ENTRIES} files");
        return Err(Error::new(ErrorKind::FileTooLarge, reason));
    }
    let mut archive = ZipArchive::new(Cursor::new(archive))?;
    let file = limited(archive.by_index(0)?)?;
    Ok(Box::new(Cursor::new(file)))
}

fn limited(source: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut source = Limited { source, read: 0 };
    source.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// No more than [`MAX_BYTES`] of something; more is an error, not the end.
struct Limited<R> {
    source: R,
    read: usize,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.source.read(buffer)?;
        self.read += read;
        if self.read > MAX_BYTES {
            let reason = format!("more than {MAX_BYTES} bytes, or a zip archive that holds more");
            return Err(Error::new(ErrorKind::FileTooLarge, reason));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::{MAX_BYTES, content};

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn read(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut text = Vec::new();
        content(bytes)?.read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn an_archive_is_its_first_file_and_anything_else_is_itself() {
        let zipped = archive(&[("../../etc/rates.csv", b"Date,USD\n"), ("b", b"no")]);
        assert_eq!(read(&zipped).unwrap(), b"Date,USD\n");
        assert_eq!(read(b"Date,USD\n").unwrap(), b"Date,USD\n");
        assert_eq!(read(b"").unwrap(), b"");
    }

    #[test]
    fn more_than_a_history_and_anything_else_are_errors() {
        let mut bytes = Vec::new();
        let mut endless = content(std::io::BufReader::new(std::io::repeat(b'x'))).unwrap();
        assert_eq!(
            endless.read_to_end(&mut bytes).unwrap_err().kind(),
            std::io::ErrorKind::FileTooLarge
        );
        let many: Vec<String> = (0..1_001).map(|n| n.to_string()).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert_eq!(
            read(&archive(&many)).unwrap_err().kind(),
            std::io::ErrorKind::FileTooLarge
        );
        assert!(read(&archive(&many[..1_000])).is_ok());
        for bytes in [
            &b"\x1f\x8b\x08"[..],
            b"\xfd7zXZ\0\0",
            b"\xff\xfeD\0",
            b"PAR1",
        ] {
            let error = read(bytes).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::Unsupported, "{error}");
        }
    }

    #[test]
    fn a_broken_an_empty_and_a_swelling_archive_are_errors() {
        let mut cut = archive(&[("a", b"Date,USD\n")]);
        cut.truncate(cut.len() / 2);
        assert!(read(&cut).is_err());
        assert!(read(&archive(&[])).is_err());
        let bomb = archive(&[("a", &vec![0; MAX_BYTES + 1])]);
        assert!(bomb.len() < MAX_BYTES / 100);
        assert_eq!(
            read(&bomb).unwrap_err().kind(),
            std::io::ErrorKind::FileTooLarge
        );
    }
}
