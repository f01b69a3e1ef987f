//! Files that SOPS sealed, as text: with their values in clear, sealed again, and for other recipients.
//!
//! [`open`] gives the text with its values and comments in clear and without SOPS' own field, and remembers what
//! stood there. [`seal`] makes a sealed text of that text as it is now: what did not change gets its ciphertext back,
//! the rest is sealed as the file says, and the field returns with a new MAC. [`set_recipients`] changes only whom
//! the data key is for. Whatever is not asked to change stays byte for byte, and each result is read again before
//! anybody gets it.

mod comments;
mod field;
mod layout;
mod opening;
mod recipients;
mod sealing;
mod verify;

pub use opening::{OpenedText, open};
pub use recipients::{NewRecipients, recipients_line, set_recipients};
pub use sealing::{SealedText, seal};

use super::{
    lines::Lines,
    places::{Place, is_flow},
    rewrite::RewriteError,
    scalars::{self, Written, quoted},
};
use crate::{
    manifest::{
        loader::load,
        node::{Data, Node},
        text::read_text,
    },
    secrets::{Opened, SopsFormat, SopsKind, SopsScalar},
};
use layout::Layout;
use std::{ops::Range, sync::Arc};

/// Whether a text has SOPS' field.
pub fn is_sealed(file: &Arc<str>, bytes: &[u8]) -> bool {
    let Ok(text) = read_text(file, bytes) else {
        return false;
    };
    let documents = load(file, text).documents;
    documents.iter().any(|it| field::entry(it).is_some())
}

/// Whether every document of a sealed file is a Secret, or does not say what it is.
pub fn may_be_secrets(file: &Arc<str>, bytes: &[u8]) -> bool {
    let Ok(text) = read_text(file, bytes) else {
        return false;
    };
    let kind = |document: &Node<'_>| {
        let kind = document.entry("kind")?.value.as_text()?.to_owned();
        Some(kind)
    };
    let is_secret = |kind: String| kind == "Secret" || crate::secrets::SopsFile::is_value(&kind);
    let documents = load(file, text).documents;
    documents.iter().all(|it| kind(it).is_some_and(is_secret))
}

/// The documents of a text that is read without a finding.
fn documents<'t, E>(file: &Arc<str>, text: &'t str) -> Result<Vec<Node<'t>>, RewriteError<E>> {
    let loaded = load(file, text);
    if loaded.findings.is_empty() {
        Ok(loaded.documents)
    } else {
        Err(RewriteError::Text(loaded.findings))
    }
}

/// The parts of the text that the documents stand in, from separator to separator.
fn parts(
    documents: &[Node<'_>],
    layouts: &[Layout<'_, '_, '_>],
    lines: &Lines<'_>,
) -> Vec<Range<usize>> {
    let mut parts = Vec::with_capacity(documents.len());
    let mut start = 0;
    for (document, layout) in documents.iter().zip(layouts) {
        let taken = layout.taken.last().map_or(0, |taken| taken.end);
        let is_block = matches!(document.data, Data::Mapping(_)) && !is_flow(document, lines);
        let last = if is_block {
            taken
        } else {
            lines.offset(document.span.end)
        };
        let mut end = lines.next_line(last.max(start));
        while end < lines.len() {
            let line = lines.slice(end..lines.line_end(end));
            if line.starts_with("---") || line.starts_with("...") {
                break;
            }
            end = lines.next_line(end);
        }
        parts.push(start..end);
        start = end;
    }
    parts
}

/// How values in clear are written.
struct Style {
    format: SopsFormat,
    line_break: &'static str,
    /// How many spaces deeper what belongs to a key stands.
    step: u32,
}

impl Style {
    fn of(documents: &[Node<'_>], format: SopsFormat, lines: &Lines<'_>) -> Self {
        let field = documents.iter().find_map(field::entry);
        let step = field.map_or(2, |field| {
            let column = field.value.span.start.column;
            column.saturating_sub(field.key_span.start.column)
        });
        Self {
            format,
            line_break: lines.line_break(),
            step: step.clamp(2, 8),
        }
    }

    /// A value in clear, where a sealed one stood; `None` if it is not text.
    fn clear(&self, scalar: &SopsScalar, place: &Place) -> Option<Written> {
        if let Some(plain) = scalar.plain(self.format) {
            return Some(Written::inline(text(&plain)?.to_owned()));
        }
        if self.format == SopsFormat::Json || scalar.kind != SopsKind::Text {
            return Some(Written::inline(quoted(text(&scalar.value)?)));
        }
        let deeper = Place {
            head: place.head.clone(),
            tail: place.tail.clone(),
            // Lines of a block stand two deeper than its column.
            column: place.column + self.step - 2,
            in_flow: place.in_flow,
        };
        scalars::clear(&scalar.value, &deeper, self.line_break)
    }
}

fn text(value: &Opened) -> Option<&str> {
    std::str::from_utf8(value.expose_bytes()).ok()
}
