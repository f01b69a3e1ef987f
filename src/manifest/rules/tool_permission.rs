//! Rules of `ToolPermission`.

use super::at;
use crate::model::{
    Finding, Resource, code,
    spec::{ApplyMode, ToolPermissionSpec},
};

pub(super) fn check(resource: &Resource, spec: &ToolPermissionSpec, findings: &mut Vec<Finding>) {
    if spec.apply_mode == Some(ApplyMode::Scoped) && spec.target_agents.is_empty() {
        let message = "`spec.target_agents` is required when `spec.apply_mode` is scoped";
        let hint = "name the agents, or write `apply_mode: global`";
        let finding = at(resource, code::FIELD_REQUIRED, "/spec/apply_mode", message);
        findings.push(finding.with_hint(hint));
    }
}
