//! Lines of JSON, cut out of a stream.

use super::FrameTooLarge;
use bytes::{Bytes, BytesMut};

/// Cuts a byte stream into lines that say something, each with the line end that it came with.
///
/// At most `limit` bytes wait for their line's end. Format: <https://github.com/ndjson/ndjson-spec>; blank lines are
/// passed over.
#[derive(Debug)]
pub struct LineSplitter {
    buffer: BytesMut,
    /// Bytes at the buffer's start that are known to hold no line's end.
    searched: usize,
    limit: usize,
}

impl LineSplitter {
    /// A splitter whose lines have at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            searched: 0,
            limit,
        }
    }

    /// Takes the next piece of the stream.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole line, if its end is there.
    ///
    /// # Errors
    ///
    /// [`FrameTooLarge`] if the line, whole or not yet, exceeds the limit.
    pub fn next_line(&mut self) -> Result<Option<Bytes>, FrameTooLarge> {
        loop {
            let rest = &self.buffer[self.searched..];
            let end = rest.iter().position(|byte| *byte == b'\n');
            let end = end.map(|offset| self.searched + offset + 1);
            if end.unwrap_or(self.buffer.len()) > self.limit {
                return Err(FrameTooLarge(self.limit));
            }
            let Some(end) = end else {
                self.searched = self.buffer.len();
                return Ok(None);
            };
            self.searched = 0;
            let line = self.buffer.split_to(end).freeze();
            if !is_blank(&line) {
                return Ok(Some(line));
            }
        }
    }

    /// What came after the last line end, if it says something.
    pub fn take_rest(&mut self) -> Option<Bytes> {
        self.searched = 0;
        let rest = self.buffer.split().freeze();
        (!is_blank(&rest)).then_some(rest)
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}
