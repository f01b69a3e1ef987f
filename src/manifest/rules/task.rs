//! Rules of `Task`.

use super::{at, check_duration};
use crate::model::{
    Finding, Resource, code,
    spec::{TaskMode, TaskSpec},
};

pub(super) fn check(resource: &Resource, spec: &TaskSpec, findings: &mut Vec<Finding>) {
    if spec.mode == TaskMode::Run && spec.system.is_none() {
        let message = "`spec.system` is required for a task that runs";
        let hint = "name an AgentSystem, or write `mode: template`";
        findings.push(at(resource, code::FIELD_REQUIRED, "/spec", message).with_hint(hint));
    }
    for (pointer, text) in [
        ("/spec/retry/backoff", &spec.retry.backoff),
        ("/spec/message_retry/backoff", &spec.message_retry.backoff),
        (
            "/spec/message_retry/max_backoff",
            &spec.message_retry.max_backoff,
        ),
    ] {
        // What is taken over from `retry` is reported there.
        if resource.positions.contains(pointer) {
            check_duration(resource, pointer, text.as_deref(), findings);
        }
    }
}
