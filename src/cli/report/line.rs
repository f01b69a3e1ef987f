//! A line of a file as it may be shown.

use super::sensitive::{holds_password, may_hold_secrets, names_credential};
use crate::manifest::holds_credential;
use std::borrow::Cow;

/// Longer lines are machine-made; they are not shown.
const MAX_LINE_BYTES: usize = 2000;

/// What stands in place of a value.
const HIDDEN: &str = "***";

/// A file's lines as they may be shown; looked through once, however many of them are.
pub(super) struct Lines<'a> {
    lines: Vec<&'a str>,
    may_hold_secrets: bool,
}

impl<'a> Lines<'a> {
    /// The lines of a file.
    pub(super) fn of(file: &'a str) -> Self {
        Self {
            lines: file.lines().collect(),
            may_hold_secrets: may_hold_secrets(file),
        }
    }

    /// Line `number` (from 1), without what may be a secret's value; `None` if there is no such line or it is
    /// too long or holds what looks like a credential.
    pub(super) fn shown(&self, number: usize, code: &str) -> Option<Cow<'a, str>> {
        let line = *self.lines.get(number.checked_sub(1)?)?;
        if line.len() > MAX_LINE_BYTES || holds_credential(line) || holds_password(line) {
            return None;
        }
        if code.starts_with("E-SECRET") || self.may_hold_secrets || names_credential(line) {
            return Some(Cow::Owned(hide_value(line)));
        }
        Some(Cow::Borrowed(line))
    }
}

/// Keeps a key and what opens a block; a value becomes `***`.
fn hide_value(line: &str) -> String {
    let body = line.trim_start_matches([' ', '-']);
    let indent = &line[..line.len() - body.len()];
    let Some((key, value)) = body.split_once(':') else {
        let nothing = body.trim().is_empty() || body.starts_with('#');
        return if nothing {
            line.to_owned()
        } else {
            format!("{indent}{HIDDEN}")
        };
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'');
    if !key.trim_end().chars().all(plain) {
        return format!("{indent}{HIDDEN}");
    }
    let harmless = indent.is_empty() && matches!(key, "kind" | "apiVersion");
    let opens = matches!(value.trim(), "" | "|" | "|-" | "|+" | ">" | ">-" | ">+");
    if harmless || opens {
        line.to_owned()
    } else {
        format!("{indent}{key}: {HIDDEN}")
    }
}

/// The byte range of the characters `from..to` (columns from 1) in a line; at least one character wide
/// where the line has one.
pub(super) fn byte_range(line: &str, from: usize, to: usize) -> std::ops::Range<usize> {
    let at = |column: usize| {
        line.char_indices()
            .nth(column.saturating_sub(1))
            .map_or(line.len(), |(byte, _)| byte)
    };
    let start = at(from);
    start..at(to.max(from + 1)).max(start)
}
