//! Who a resource is and what people noted on it.

use super::node::Node;
use crate::model::{Code, Finding, Metadata, Origin, PROTECT_ANNOTATION, code};
use serde::Deserialize as _;
use std::sync::Arc;

/// Reads `metadata`, which passed its schema; `None` if name or namespace cannot be one.
pub(super) fn read_metadata(
    file: &Arc<str>,
    node: &Node,
    findings: &mut Vec<Finding>,
) -> Option<Metadata> {
    let entry = node.entry("metadata")?;
    let metadata: Metadata = Metadata::deserialize(&entry.value).ok()?;
    let mut check = |key: &str, name: &str| -> bool {
        let Err(error) = crate::model::check_name(name) else {
            return true;
        };
        let span = entry
            .value
            .entry(key)
            .map_or(entry.key_span, |entry| entry.value.span);
        let origin = Origin {
            file: file.clone(),
            span,
        };
        // Of its length the schema has spoken too.
        findings.retain(|one| one.code != code::FIELD_RANGE || one.origin != origin);
        findings.push(Finding::new(
            code::FIELD_NAME,
            origin,
            format!("`metadata.{key}` {error}"),
        ));
        false
    };
    let name_ok = check("name", metadata.name.trim());
    let namespace = metadata
        .namespace
        .as_deref()
        .map(str::trim)
        .filter(|namespace| !namespace.is_empty());
    let namespace_ok = namespace.is_none_or(|namespace| check("namespace", namespace));
    findings.extend(check_protect(file, node, &metadata));
    (name_ok && namespace_ok).then_some(metadata)
}

/// An annotation that is meant to protect and does not is worse than none.
fn check_protect(file: &Arc<str>, node: &Node, metadata: &Metadata) -> Option<Finding> {
    let value = metadata.annotations.get(PROTECT_ANNOTATION)?;
    let code: Code = code::FIELD_ENUM;
    (value != "true" && value != "false").then(|| {
        let annotations = node
            .entry("metadata")
            .and_then(|entry| entry.value.entry("annotations"));
        let span = annotations.and_then(|entry| entry.value.entry(PROTECT_ANNOTATION));
        let span = span.map_or(node.span, |entry| entry.value.span);
        let message = format!("annotation `{PROTECT_ANNOTATION}` must be \"true\" or \"false\"");
        Finding::new(
            code,
            Origin {
                file: file.clone(),
                span,
            },
            message,
        )
    })
}
