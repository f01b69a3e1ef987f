//! Lines of JSON, cut out of a stream.

use super::cutter::{Cutter, FrameTooLarge, is_blank};
use bytes::Bytes;

/// Cuts a byte stream into lines that say something, each with the line end that it came with.
///
/// At most `limit` bytes wait for their line's end. Format: <https://github.com/ndjson/ndjson-spec>; blank lines are
/// passed over.
#[derive(Debug)]
pub struct LineSplitter(Cutter);

impl LineSplitter {
    /// A splitter whose lines have at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(Cutter::new(limit))
    }

    /// Takes the next piece of the stream.
    pub fn push(&mut self, piece: &[u8]) {
        self.0.push(piece);
    }

    /// The next whole line, if its end is there.
    ///
    /// # Errors
    ///
    /// [`FrameTooLarge`] if the line, whole or not yet, exceeds the limit.
    pub fn next_line(&mut self) -> Result<Option<Bytes>, FrameTooLarge> {
        loop {
            match self.0.next(line_end, 0)? {
                Some(line) if is_blank(&line) => {}
                line => return Ok(line),
            }
        }
    }

    /// What came after the last line end, if it says something.
    pub fn take_rest(&mut self) -> Option<Bytes> {
        self.0.take_rest()
    }
}

/// Just behind the first line end from `from` on.
fn line_end(bytes: &[u8], from: usize) -> Option<usize> {
    let end = bytes[from..].iter().position(|byte| *byte == b'\n');
    end.map(|offset| from + offset + 1)
}
