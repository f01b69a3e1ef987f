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
    check_duration(
        resource,
        "/spec/retry/backoff",
        spec.retry.backoff.as_deref(),
        findings,
    );
    check_duration(
        resource,
        "/spec/message_retry/backoff",
        spec.message_retry.backoff.as_deref(),
        findings,
    );
    check_duration(
        resource,
        "/spec/message_retry/max_backoff",
        spec.message_retry.max_backoff.as_deref(),
        findings,
    );
}
