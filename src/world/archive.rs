//! A file of data that may stand in a zip archive, as the European Central Bank gives its history.

use std::io::{BufRead, Cursor, Error, ErrorKind, Read, Result};

use zip::ZipArchive;

/// How a zip archive begins.
const SIGNATURE: &[u8] = b"PK\x03\x04";
/// Most bytes of an archive, and of what is taken out of it: many times a history of exchange rates.
pub const MAX_BYTES: usize = 64 << 20;

/// What `source` holds: itself, or the first file of the archive that it is.
pub fn content<'a>(mut source: impl BufRead + 'a) -> Result<Box<dyn BufRead + 'a>> {
    if !source.fill_buf()?.starts_with(SIGNATURE) {
        return Ok(Box::new(source));
    }
    let mut archive = ZipArchive::new(Cursor::new(limited(source)?))?;
    let file = limited(archive.by_index(0)?)?;
    Ok(Box::new(Cursor::new(file)))
}

fn limited(source: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES {
        let reason = format!("more than {MAX_BYTES} bytes, or a zip archive that holds more");
        return Err(Error::new(ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
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
    fn a_broken_an_empty_and_a_swelling_archive_are_errors() {
        let mut cut = archive(&[("a", b"Date,USD\n")]);
        cut.truncate(cut.len() / 2);
        assert!(read(&cut).is_err());
        assert!(read(&archive(&[])).is_ok_and(|bytes| bytes.starts_with(b"PK")));
        let bomb = archive(&[("a", &vec![0; MAX_BYTES + 1])]);
        assert!(bomb.len() < MAX_BYTES / 100);
        assert_eq!(
            read(&bomb).unwrap_err().kind(),
            std::io::ErrorKind::FileTooLarge
        );
    }
}
