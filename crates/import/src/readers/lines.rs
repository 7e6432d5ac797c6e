//! Which line comes next, when lines may be longer than memory?

use super::SAVE_AS_UTF8;
use std::io::{BufRead, Read};

/// Lines longer than this are not read: no event and no row may be so long.
pub(super) const LINE_BYTES_MAX: usize = 1 << 20;

/// What [`Lines::next_line`] found.
pub(super) enum Line {
    Text(String),
    Bad(String),
    End,
}

/// Reads text line by line in bounded memory.
pub(super) struct Lines {
    reader: Box<dyn BufRead>,
    buffer: Vec<u8>,
    pub(super) line: u64,
}

impl Lines {
    pub(super) fn new(reader: Box<dyn BufRead>) -> Self {
        Self { reader, buffer: Vec::new(), line: 0 }
    }

    /// The next line that is not blank, without its end.
    pub(super) fn next_line(&mut self) -> std::io::Result<Line> {
        loop {
            self.buffer.clear();
            let limit = LINE_BYTES_MAX as u64 + 1;
            let n = self.reader.by_ref().take(limit).read_until(b'\n', &mut self.buffer)?;
            if n == 0 {
                return Ok(Line::End);
            }
            self.line += 1;
            if n > LINE_BYTES_MAX && self.buffer.last() != Some(&b'\n') {
                self.skip_line()?;
                return Ok(Line::Bad(format!("the line is longer than {LINE_BYTES_MAX} bytes")));
            }
            match std::str::from_utf8(self.buffer.trim_ascii()) {
                Ok("") => {}
                Ok(text) => return Ok(Line::Text(text.to_owned())),
                Err(error) => {
                    let byte = error.valid_up_to() + 1;
                    return Ok(Line::Bad(format!("byte {byte} of the line is not UTF-8: {SAVE_AS_UTF8}")));
                }
            }
        }
    }

    fn skip_line(&mut self) -> std::io::Result<()> {
        loop {
            let chunk = self.reader.fill_buf()?;
            match chunk.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    self.reader.consume(end + 1);
                    return Ok(());
                }
                None if chunk.is_empty() => return Ok(()),
                None => {
                    let n = chunk.len();
                    self.reader.consume(n);
                }
            }
        }
    }
}
