//! How values are written.

use super::places::Place;
use crate::{
    manifest::node::{Scalar, resolve_plain},
    secrets::Opened,
};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// What is written in a place: its head and its tail.
pub(super) struct Written {
    pub(super) head: Zeroizing<String>,
    pub(super) tail: Zeroizing<String>,
}

impl Written {
    pub(super) fn inline(head: String) -> Self {
        Self {
            head: Zeroizing::new(head),
            tail: Zeroizing::default(),
        }
    }
}

/// Armor: as a block scalar where there are any, so that it is read and compared line by line.
pub(super) fn sealed(armor: &str, place: &Place, line_break: &str) -> Written {
    if place.in_flow {
        return Written::inline(quoted(&format!("{}\n", armor.trim())));
    }
    block("|", armor.trim(), place, line_break)
}

/// Clear text, as plain as it can be.
pub(super) fn clear(value: &Opened, place: &Place, line_break: &str) -> Option<Written> {
    let text = std::str::from_utf8(value.expose_bytes()).ok()?;
    if is_plain(text) {
        return Some(Written::inline(text.to_owned()));
    }
    if place.in_flow || !fits_block(text) {
        return Some(Written::inline(quoted(text)));
    }
    Some(match text.strip_suffix('\n') {
        Some(lines) => block("|", lines, place, line_break),
        None => block("|-", text, place, line_break),
    })
}

fn block(head: &str, text: &str, place: &Place, line_break: &str) -> Written {
    let indent = " ".repeat(usize::try_from(place.column).unwrap_or(1) + 1);
    let lines = text.lines().count();
    let room = text.len() + lines * (indent.len() + line_break.len());
    let mut tail = Zeroizing::new(String::with_capacity(room));
    for line in text.lines() {
        tail.push_str(line_break);
        if !line.is_empty() {
            tail.push_str(&indent);
            tail.push_str(line);
        }
    }
    Written {
        head: Zeroizing::new(head.to_owned()),
        tail,
    }
}

/// Whether YAML reads the word as text, whatever stands around it.
fn is_plain(text: &str) -> bool {
    let safe =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+' | '=');
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(safe)
        && resolve_plain(text) == Scalar::Text
        // What older readers take for yes or no.
        && !matches!(text.to_ascii_lowercase().as_str(), "yes" | "no" | "on" | "off" | "y" | "n")
}

/// Whether a block scalar gives back exactly this text of several lines.
fn fits_block(text: &str) -> bool {
    let lines = text.strip_suffix('\n').unwrap_or(text);
    lines.contains('\n')
        && !lines.starts_with([' ', '\t', '\n'])
        && !lines.ends_with('\n')
        && lines.lines().all(|line| line.trim_end() == line)
        && lines
            .chars()
            .all(|c| c == '\n' || c == '\t' || !is_special(c))
}

fn is_special(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A double-quoted scalar that YAML and JSON read alike.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 6 + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_special(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
