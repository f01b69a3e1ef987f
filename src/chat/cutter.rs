//! Cuts what is whole off the front of a byte stream.

use bytes::{Bytes, BytesMut};

/// A frame, or a line, grew over the limit before it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is larger than {0} bytes")]
pub struct FrameTooLarge(pub usize);

/// What has come of a stream and was not cut off yet; at most `limit` bytes wait for their end.
#[derive(Debug)]
pub(super) struct Cutter {
    buffer: BytesMut,
    /// Bytes at the buffer's start that are known to hold no end.
    searched: usize,
    limit: usize,
}

impl Cutter {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            searched: 0,
            limit,
        }
    }

    /// Takes the next piece of the stream.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// What is whole, if its end is there. `find_end` looks from an index on and says the index behind the end; the last
    /// `overlap` bytes may be part of one, and are looked at again when more has come.
    pub(super) fn next(
        &mut self,
        find_end: impl Fn(&[u8], usize) -> Option<usize>,
        overlap: usize,
    ) -> Result<Option<Bytes>, FrameTooLarge> {
        let end = find_end(&self.buffer, self.searched);
        if end.unwrap_or(self.buffer.len()) > self.limit {
            return Err(FrameTooLarge(self.limit));
        }
        if let Some(end) = end {
            self.searched = 0;
            return Ok(Some(self.buffer.split_to(end).freeze()));
        }
        self.searched = self.buffer.len().saturating_sub(overlap);
        Ok(None)
    }

    /// What came after the last end, if it says something.
    pub(super) fn take_rest(&mut self) -> Option<Bytes> {
        self.searched = 0;
        let rest = self.buffer.split().freeze();
        (!is_blank(&rest)).then_some(rest)
    }
}

/// Whether it is line ends and blanks alone.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace)
}
