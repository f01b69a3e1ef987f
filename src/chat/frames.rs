//! Server-sent events, cut into frames without touching their bytes.

use super::cutter::{Cutter, FrameTooLarge};
use bytes::Bytes;
use std::borrow::Cow;

/// Cuts a byte stream into whole frames, each with the blank line that ends it.
///
/// Frames keep their bytes, so that they can be forwarded as they came. At most `limit` bytes wait for
/// their frame's end.
#[derive(Debug)]
pub struct FrameSplitter(Cutter);

impl FrameSplitter {
    /// A splitter whose frames have at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(Cutter::new(limit))
    }

    /// Takes the next piece of the stream.
    pub fn push(&mut self, piece: &[u8]) {
        self.0.push(piece);
    }

    /// The next whole frame, if its end is there.
    ///
    /// # Errors
    ///
    /// [`FrameTooLarge`] if the frame, whole or not yet, exceeds the limit.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, FrameTooLarge> {
        // A line end may be two bytes and two of them end a frame.
        self.0.next(frame_end, 3)
    }

    /// What came after the last whole frame, if it is more than line ends.
    pub fn take_rest(&mut self) -> Option<Bytes> {
        self.0.take_rest()
    }
}

/// The `data` of a frame, its lines joined; `None` if it has none (a comment, say) or is not UTF-8.
///
/// Format: WHATWG HTML, server-sent events, <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
pub fn frame_data(frame: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(frame).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut data: Option<Cow<'_, str>> = None;
    for line in text.split(['\n', '\r']) {
        let Some(value) = line.strip_prefix("data") else {
            continue;
        };
        let value = match value.strip_prefix(':') {
            Some(value) => value.strip_prefix(' ').unwrap_or(value),
            None if value.is_empty() => value,
            None => continue,
        };
        data = Some(match data {
            None => Cow::Borrowed(value),
            Some(before) => Cow::Owned(format!("{before}\n{value}")),
        });
    }
    data
}

/// Just behind the first blank line that starts at or after `from`'s line.
fn frame_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(offset) = bytes[at..].iter().position(|b| matches!(b, b'\n' | b'\r')) {
        let line_end = after_line_end(bytes, at + offset)?;
        match bytes.get(line_end)? {
            b'\n' => return Some(line_end + 1),
            // Whether `\n` follows the second `\r` is not known yet at the buffer's end; it is then
            // left for the next frame, where a leading line end means nothing.
            b'\r' => {
                let lf = bytes.get(line_end + 1) == Some(&b'\n');
                return Some(line_end + 1 + usize::from(lf));
            }
            _ => at = line_end,
        }
    }
    None
}

/// Just behind the line end at `at`; `None` if a `\r` ends the bytes and `\n` could follow.
fn after_line_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes[at] == b'\n' {
        return Some(at + 1);
    }
    bytes
        .get(at + 1)
        .map(|next| at + 1 + usize::from(*next == b'\n'))
}
