//! Numbers below 0 that count as if they were not set, as upstream: probably not what was meant.

use super::{
    kinds::Form,
    node::{Data, Node, Scalar},
};
use crate::model::{Finding, Kind, Origin, code};
use std::sync::Arc;

/// A field of `spec`, and what a number below 0 means there.
type Field = (&'static [&'static str], &'static str);

const NO_BUDGET: &str = "sets no budget";

fn fields(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Agent => &[(&["limits", "max_steps"], "counts as 10")],
        Kind::AgentPolicy => &[(&["max_tokens_per_run"], NO_BUDGET)],
        Kind::Task => &[
            (&["retry", "max_attempts"], "counts as 1"),
            (
                &["message_retry", "max_attempts"],
                "counts as that of `retry`",
            ),
        ],
        Kind::Tool => &[(&["runtime", "retry", "max_attempts"], "counts as 1")],
        Kind::TaskSchedule => &[
            (&["starting_deadline_seconds"], "counts as 300"),
            (&["successful_history_limit"], "counts as 10"),
            (&["failed_history_limit"], "counts as 3"),
        ],
        Kind::Worker => &[(&["max_concurrent_tasks"], "counts as 1")],
        Kind::McpServer => &[(&["reconnect", "max_attempts"], "counts as 3")],
        _ => &[],
    }
}

/// One warning for each such number of a document.
pub(super) fn check(file: &Arc<str>, form: Form, document: &Node, findings: &mut Vec<Finding>) {
    for (path, means) in fields(form.kind()) {
        let mut node = document.entry("spec").map(|entry| &entry.value);
        for key in *path {
            node = node
                .and_then(|node| node.entry(key))
                .map(|entry| &entry.value);
        }
        let Some(node) = node.filter(|node| is_negative(node)) else {
            continue;
        };
        let message = format!("`spec.{}` is below 0 and {means}", path.join("."));
        let origin = Origin {
            file: file.clone(),
            span: node.span,
        };
        let hint = if *means == NO_BUDGET {
            "write a number above 0, or leave it out for no budget"
        } else {
            "leave it out for the default"
        };
        findings.push(Finding::new(code::FIELD_NEGATIVE, origin, message).with_hint(hint));
    }
}

fn is_negative(node: &Node) -> bool {
    let Data::Scalar { scalar, .. } = &node.data else {
        return false;
    };
    match scalar {
        Scalar::Signed(number) => *number < 0,
        _ => false,
    }
}
