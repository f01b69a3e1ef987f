//! The field that SOPS adds to a document, as it is written.

use super::layout::{FIELD, Layout};
use crate::manifest::{
    node::{Entry, Node},
    written::{
        lines::Lines,
        places::{Place, is_flow},
        rewrite::{RewriteError, place_error},
    },
};
use std::ops::Range;

/// The source of the field, to be put back into the text it was taken from.
pub(super) struct Field {
    /// Its lines; in JSON with the comma in front.
    text: String,
    mac: Range<usize>,
    last_modified: Range<usize>,
}

/// SOPS' entry of a document.
pub(super) fn entry<'n, 't>(document: &'n Node<'t>) -> Option<&'n Entry<'t>> {
    let entry = document.entry(FIELD);
    entry.filter(|entry| entry.value.entries().is_some())
}

impl Field {
    /// The field of a document, and which part of the text it is.
    pub(super) fn of<E>(
        document: &Node<'_>,
        lines: &Lines<'_>,
    ) -> Result<Option<(Self, Range<usize>)>, RewriteError<E>> {
        let Some(entry) = entry(document) else {
            return Ok(None);
        };
        let range = range(document, entry, lines)?;
        let in_flow = is_flow(&entry.value, lines);
        let place = |key: &str| {
            let entry = entry.value.entry(key)?;
            let head = Place::of(entry, in_flow, lines).head;
            let inside = head.start >= range.start && head.end <= range.end;
            inside.then(|| head.start - range.start..head.end - range.start)
        };
        let (Some(mac), Some(last_modified)) = (place("mac"), place("lastmodified")) else {
            let problem = "has no `mac` or `lastmodified` where they can be replaced";
            return Err(place_error(entry.key_span.start.line, problem));
        };
        let field = Self {
            text: lines.slice(range.clone()).to_owned(),
            mac,
            last_modified,
        };
        Ok(Some((field, range)))
    }

    /// The field with another MAC and time.
    pub(super) fn with(&self, mac: &str, last_modified: &str) -> String {
        let slice = |range: Range<usize>| self.text.get(range).unwrap_or_default();
        let quoted = |range: &Range<usize>, text: &str| match slice(range.clone()).chars().next() {
            Some(quote @ ('"' | '\'')) => format!("{quote}{text}{quote}"),
            _ => text.to_owned(),
        };
        let mut new = [
            (&self.mac, quoted(&self.mac, mac)),
            (
                &self.last_modified,
                quoted(&self.last_modified, last_modified),
            ),
        ];
        new.sort_by_key(|(range, _)| range.start);
        let mut out = String::with_capacity(self.text.len());
        let mut at = 0;
        for (range, text) in new {
            out.push_str(slice(at..range.start));
            out.push_str(&text);
            at = range.end;
        }
        out.push_str(slice(at..self.text.len()));
        out
    }
}

/// The lines of the field; in JSON from behind what stands in front of it.
fn range<E>(
    document: &Node<'_>,
    entry: &Entry<'_>,
    lines: &Lines<'_>,
) -> Result<Range<usize>, RewriteError<E>> {
    let key = lines.offset(entry.key_span.start);
    if is_flow(document, lines) {
        let entries = document.entries().unwrap_or_default();
        let number = entries.iter().position(|it| std::ptr::eq(it, entry));
        let before = number.and_then(|number| entries.get(number.checked_sub(1)?));
        let Some(before) = before else {
            let problem =
                "stands in front of the values; it belongs behind them, where `sops` writes it";
            return Err(place_error(entry.key_span.start.line, problem));
        };
        return Ok(flow_end(&before.value, lines)..flow_end(&entry.value, lines));
    }
    let start = lines.line_start(key);
    if !lines.slice(start..key).trim().is_empty() {
        let problem = "stands behind something else in its line";
        return Err(place_error(entry.key_span.start.line, problem));
    }
    let whole = Layout::of(document, lines);
    let end = whole.taken.iter().find(|taken| taken.start == key);
    let end = end.map_or(key, |taken| taken.end);
    Ok(start..lines.next_line(end))
}

/// Where a value in `{…}` or `[…]` ends.
pub(super) fn flow_end(value: &Node<'_>, lines: &Lines<'_>) -> usize {
    let (start, end) = (lines.offset(value.span.start), lines.offset(value.span.end));
    start + lines.slice(start..end).trim_end().len()
}
