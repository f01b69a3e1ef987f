//! Where a value stands in its text.

use super::{Source, lines::Lines};
use crate::manifest::node::{Entry, Node};
use std::ops::Range;

/// The place of a value: what follows the key, and for a block scalar the lines below.
pub(super) struct Place {
    /// The scalar itself, or the `|` or `>` of a block scalar with its indicators.
    pub(super) head: Range<usize>,
    /// The lines of a block scalar, from the end of the head's line; empty behind any other scalar, where
    /// a block scalar's lines would begin.
    pub(super) tail: Range<usize>,
    /// Column of the key, from 1.
    pub(super) column: u32,
    /// Whether it stands in `{…}`, where there are no block scalars.
    pub(super) in_flow: bool,
}

impl Place {
    /// The place of the value of `entry`, which is a scalar in a mapping that stands in `{…}` or not.
    pub(super) fn of(entry: &Entry<'_>, in_flow: bool, lines: &Lines<'_>) -> Self {
        let key_end = lines.offset(entry.key_span.end);
        let column = entry.key_span.start.column;
        Self::behind(key_end, column, &entry.value, in_flow, lines)
    }

    /// The place of a scalar behind its key or the dash of a list, which stands in `column`; `key_end` is not
    /// behind the dash.
    pub(super) fn behind(
        key_end: usize,
        column: u32,
        value: &Node<'_>,
        in_flow: bool,
        lines: &Lines<'_>,
    ) -> Self {
        let start = lines.offset(value.span.start);
        let end = lines.offset(value.span.end);
        if let Some(head) = (!in_flow)
            .then(|| block_head(key_end, start, lines))
            .flatten()
        {
            let line_end = lines.line_end(head.end);
            let content = lines.slice(0..end.max(line_end)).trim_end().len();
            return Self {
                head,
                tail: line_end..content.max(line_end),
                column,
                in_flow,
            };
        }
        let end = start + lines.slice(start..end).trim_end().len();
        let line_end = lines.line_end(end);
        Self {
            head: start..end,
            tail: line_end..line_end,
            column,
            in_flow,
        }
    }

    /// Where the value's last line ends, in front of its line break.
    pub(super) fn last_line_end(&self, lines: &Lines<'_>) -> usize {
        lines.line_end(self.tail.end.max(self.head.end))
    }

    pub(super) fn source(&self, lines: &Lines<'_>) -> Source {
        Source {
            head: lines.slice(self.head.clone()).to_owned(),
            tail: lines.slice(self.tail.clone()).to_owned(),
            column: self.column,
        }
    }
}

/// The `|` or `>` of a block scalar with its indicators. The reader places the scalar at its first line.
fn block_head(key_end: usize, start: usize, lines: &Lines<'_>) -> Option<Range<usize>> {
    let text = lines.slice(0..lines.line_end(start));
    let mut at = key_end;
    let mut in_comment = false;
    for (offset, letter) in text.get(key_end..)?.char_indices() {
        at = key_end + offset;
        if at > start {
            return None;
        }
        match letter {
            '\n' | '\r' => in_comment = false,
            _ if in_comment => {}
            '#' => in_comment = true,
            '|' | '>' => break,
            ':' | '-' | ' ' | '\t' => {}
            _ => return None,
        }
    }
    let rest = text.get(at..)?;
    if !rest.starts_with(['|', '>']) {
        return None;
    }
    let indicators = rest[1..]
        .find(|letter: char| !matches!(letter, '0'..='9' | '+' | '-'))
        .unwrap_or(rest.len() - 1);
    Some(at..at + 1 + indicators)
}

/// Whether a mapping is written in `{…}`.
pub(super) fn is_flow(mapping: &Node<'_>, lines: &Lines<'_>) -> bool {
    let start = lines.offset(mapping.span.start);
    lines.slice(start..start + 1) == "{"
}
