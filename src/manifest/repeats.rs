//! Keys that become one when they are normalised, of which one value would silently win.

use super::{kinds::Form, node::Node};
use crate::model::{Finding, Kind, Origin, code};
use std::{collections::HashMap, sync::Arc};

/// How the keys of a mapping of the spec are normalised.
#[derive(Clone, Copy)]
enum Keys {
    /// White space around them is left out.
    Trimmed,
    /// That, and letter case does not count.
    Folded,
}

/// Every key that is, normalised, one of those before it.
pub(super) fn check(file: &Arc<str>, form: Form, document: &Node, findings: &mut Vec<Finding>) {
    let (field, keys) = match form {
        Form::Native(Kind::ModelEndpoint) => ("options", Keys::Folded),
        Form::Native(Kind::Secret) => ("stringData", Keys::Trimmed),
        _ => return,
    };
    let spec = document.entry("spec");
    let mapping = spec.and_then(|spec| spec.value.entry(field));
    let entries = mapping.and_then(|mapping| mapping.value.entries());
    let mut first = HashMap::new();
    for entry in entries.into_iter().flatten() {
        let trimmed = entry.key.trim();
        let key = match keys {
            Keys::Trimmed => trimmed.to_owned(),
            Keys::Folded => trimmed.to_lowercase(),
        };
        let before = *first.entry(key.clone()).or_insert(entry);
        // What is written alike is told by YAML's own rules.
        if before.key == entry.key || key.is_empty() {
            continue;
        }
        let message = format!("`spec.{field}` holds the key `{key}` twice, written differently");
        let origin = Origin {
            file: file.clone(),
            span: entry.key_span,
        };
        let finding = Finding::new(code::FIELD_CONFLICT, origin, message);
        let line = before.key_span.start.line;
        findings.push(finding.with_hint(format!("keep one of them; the other is on line {line}")));
    }
}
