//! Rules of `ToolApproval`.

use super::{at, check_duration, check_reference};
use crate::model::{Finding, Resource, code, spec::ToolApprovalSpec};

pub(super) fn check(resource: &Resource, spec: &ToolApprovalSpec, findings: &mut Vec<Finding>) {
    check_reference(resource, "/spec/task_ref", &spec.task_ref, findings);
    if spec.tool.is_empty() {
        let message = "`spec.tool` is required";
        findings.push(at(resource, code::FIELD_REQUIRED, "/spec/tool", message));
    }
    check_duration(resource, "/spec/ttl", spec.ttl.as_deref(), findings);
}
