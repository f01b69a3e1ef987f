//! Fields of `metadata` that the server sets: they are accepted and ignored, so that an exported manifest can be
//! committed, and what no server wrote there is a mistake.

use super::node::Node;
use crate::model::{Finding, Origin, code};
use jiff::Timestamp;
use std::sync::Arc;

/// A field, whether a text is one of its values, and what these are.
type Field = (&'static str, fn(&str) -> bool, &'static str);

const FIELDS: [Field; 2] = [
    ("resourceVersion", is_counter, "a whole number, such as `7`"),
    (
        "createdAt",
        is_time,
        "a time such as `2026-01-31T08:00:00Z` (RFC 3339)",
    ),
];

/// One warning for each that does not have its form.
pub(super) fn check(file: &Arc<str>, document: &Node, findings: &mut Vec<Finding>) {
    let Some(metadata) = document.entry("metadata") else {
        return;
    };
    for (field, is_one, what) in FIELDS {
        let Some(entry) = metadata.value.entry(field) else {
            continue;
        };
        let text = entry.value.as_text().map(str::trim).unwrap_or_default();
        if text.is_empty() || is_one(text) {
            continue;
        }
        let message = format!("`metadata.{field}` is not {what}");
        let origin = Origin {
            file: file.clone(),
            span: entry.value.span,
        };
        let finding = Finding::new(code::FIELD_SERVER, origin, message);
        findings.push(finding.with_hint("the server sets it; leave it out"));
    }
}

fn is_counter(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_time(text: &str) -> bool {
    let separated = text.as_bytes().get(10);
    separated.is_some_and(|byte| byte.eq_ignore_ascii_case(&b'T'))
        && text.parse::<Timestamp>().is_ok()
}
