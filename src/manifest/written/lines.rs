//! Places of a text in bytes.

use crate::model::Position;
use std::ops::Range;

/// Where the lines of a text begin.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = match byte {
                b'\n' => true,
                // As for YAML, a CR alone ends a line too.
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            if ends {
                starts.push(at + 1);
            }
        }
        Self { text, starts }
    }

    /// The place in bytes; the end of the line if the line is shorter.
    pub(super) fn offset(&self, position: Position) -> usize {
        let line = usize::try_from(position.line.max(1)).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(line - 1).copied() else {
            return self.text.len();
        };
        let rest = self.text.get(start..).unwrap_or_default();
        let skipped = usize::try_from(position.column.max(1) - 1).unwrap_or(usize::MAX);
        let end = self.line_end(start);
        let found = rest.char_indices().nth(skipped).map(|(at, _)| start + at);
        found.unwrap_or(self.text.len()).min(end)
    }

    /// Where the line of `offset` ends, in front of its line break.
    pub(super) fn line_end(&self, offset: usize) -> usize {
        let rest = self.text.get(offset..).unwrap_or_default();
        offset + rest.find(['\n', '\r']).unwrap_or(rest.len())
    }

    /// Where the line of `offset` begins.
    pub(super) fn line_start(&self, offset: usize) -> usize {
        let at = self.starts.partition_point(|start| *start <= offset);
        self.starts.get(at.saturating_sub(1)).copied().unwrap_or(0)
    }

    /// Where the line behind that of `offset` begins.
    pub(super) fn next_line(&self, offset: usize) -> usize {
        let at = self.starts.partition_point(|start| *start <= offset);
        self.starts.get(at).copied().unwrap_or(self.text.len())
    }

    /// The text in a range.
    pub(super) fn slice(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or_default()
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// How the text ends its lines.
    pub(super) fn line_break(&self) -> &'static str {
        if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }
}
