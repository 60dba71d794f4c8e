//! The lines of a file, with their numbers.

use std::io::{BufRead, Read as _};

use bkjs_core::db::BadLine;

/// The longest line, in bytes: no record of any product is larger, and what is no text must not fill the memory.
const LONGEST: u64 = 64 << 20;

/// A line that is not empty.
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: u64,
    /// Its text without its end, or why it is none.
    pub(super) text: Result<String, BadLine>,
}

/// Reads lines and knows where it is.
pub(super) struct Lines<R> {
    from: R,
    /// Lines read.
    pub(super) number: u64,
    /// Bytes read.
    pub(super) offset: u64,
}

impl<R: BufRead> Lines<R> {
    /// The lines of what is at the end of `number` lines of `offset` bytes.
    pub(super) fn new(from: R, number: u64, offset: u64) -> Self {
        Self { from, number, offset }
    }

    /// The next line that is not empty; none at the end.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Line>> {
        loop {
            let mut bytes = Vec::new();
            let read = self.from.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)? as u64;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.offset += read;
            let whole = bytes.ends_with(b"\n") || read < LONGEST;
            if !whole {
                self.offset += skip_line(&mut self.from)?;
                let reason = format!("the line is longer than {LONGEST} bytes");
                return Ok(Some(self.line(Err(BadLine { column: 1, reason }))));
            }
            let text = match String::from_utf8(bytes) {
                Ok(text) => Ok(text),
                Err(error) => {
                    let good = error.utf8_error().valid_up_to();
                    let before = String::from_utf8_lossy(&error.as_bytes()[..good]).chars().count();
                    Err(BadLine { column: before + 1, reason: "this is not UTF-8".into() })
                }
            };
            match text {
                Ok(text) if text.trim().is_empty() => {}
                Ok(mut text) => {
                    text.truncate(text.trim_end_matches(['\n', '\r']).len());
                    return Ok(Some(self.line(Ok(text))));
                }
                bad => return Ok(Some(self.line(bad))),
            }
        }
    }

    fn line(&self, text: Result<String, BadLine>) -> Line {
        Line { number: self.number, text }
    }
}

/// Reads to the end of the line; how many bytes that were.
fn skip_line(from: &mut impl BufRead) -> std::io::Result<u64> {
    let mut skipped = 0;
    loop {
        let piece = from.fill_buf()?;
        let end = piece.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(piece.len(), |end| end + 1);
        from.consume(length);
        skipped += length as u64;
        if end.is_some() || length == 0 {
            return Ok(skipped);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// Number, text or the place of the mistake, and the bytes read with it.
    fn all(bytes: impl std::io::Read) -> Vec<(u64, Result<String, usize>, u64)> {
        let mut lines = Lines::new(BufReader::with_capacity(7, bytes), 0, 0);
        let mut all = Vec::new();
        while let Some(line) = lines.next().expect("reads") {
            all.push((line.number, line.text.map_err(|bad| bad.column), lines.offset));
        }
        all
    }

    #[test]
    fn empty_lines_count_and_are_left_out() {
        let read = all(&b"{}\r\n\n  \n[1,\xc3\xa9]\nend"[..]);
        let expected = [(1, "{}", 4), (4, "[1,é]", 15), (5, "end", 18)];
        assert_eq!(read, expected.map(|(number, text, offset)| (number, Ok(text.to_owned()), offset)));
        assert_eq!(all(&b""[..]), []);
    }

    #[test]
    fn what_is_no_text_is_one_bad_line() {
        assert_eq!(all(&b"\xc3\xa9\xff\nb\n"[..]), [(1, Err(2), 4), (2, Ok("b".into()), 6)]);
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let long = std::io::repeat(b'x').take(LONGEST + 10).chain(&b"\nb"[..]);
        assert_eq!(all(long), [(1, Err(1), LONGEST + 11), (2, Ok("b".into()), LONGEST + 12)]);
    }
}
