//! Lines of a file, one after the other, in as much memory as the longest that is wanted takes.

use std::io::{BufRead, ErrorKind, Result};

use memchr::memchr;

/// Reads a line without its end into `line`; false at the end of the file. Of a longer one the first `most` bytes are
/// kept, and one more, which says that it is longer; the rest is read past.
pub fn next(source: &mut impl BufRead, line: &mut Vec<u8>, most: usize) -> Result<bool> {
    line.clear();
    let (mut any, mut is_cut) = (false, false);
    loop {
        let bytes = match source.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            bytes => bytes?,
        };
        if bytes.is_empty() {
            break;
        }
        any = true;
        let end = memchr(b'\n', bytes);
        let piece = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        let room = (most + 1).saturating_sub(line.len());
        line.extend_from_slice(piece.get(..room).unwrap_or(piece));
        is_cut |= piece.len() > room;
        let read = piece.len() + usize::from(end.is_some());
        source.consume(read);
        if end.is_some() {
            break;
        }
    }
    while !is_cut && line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(any)
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read, Result, repeat};

    use super::next;

    fn lines(source: impl Read, most: usize) -> Result<Vec<String>> {
        let mut source = BufReader::with_capacity(3, source);
        let (mut line, mut lines) = (Vec::new(), Vec::new());
        while next(&mut source, &mut line, most)? {
            lines.push(String::from_utf8_lossy(&line).into_owned());
        }
        Ok(lines)
    }

    #[test]
    fn a_longer_line_is_cut_and_read_past() {
        let told = |text: &str| lines(text.as_bytes(), 5).unwrap();
        assert_eq!(told("a\r\nbc\n\n\nd"), ["a", "bc", "", "", "d"]);
        assert_eq!(told(""), [""; 0]);
        assert_eq!(told("\n"), [""]);
        assert_eq!(
            told("12345\n123456\n123456789\nx\n"),
            ["12345", "123456", "123456", "x"]
        );
        assert_eq!(told("123456789"), ["123456"]);
        assert_eq!(told("12345\r\nx"), ["12345", "x"]);
    }

    #[test]
    fn an_endless_line_takes_no_more_memory_than_the_longest() {
        let mut source = BufReader::new(repeat(b'x').take(1 << 28).chain(&b"\nnext"[..]));
        let mut line = Vec::new();
        assert!(next(&mut source, &mut line, 1000).unwrap());
        assert_eq!(line.len(), 1001);
        assert!(line.capacity() < 10_000);
        assert!(next(&mut source, &mut line, 1000).unwrap());
        assert_eq!(line, b"next");
    }
}
