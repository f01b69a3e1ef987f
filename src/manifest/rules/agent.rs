//! Rules of `Agent`.

use super::{at, check_duration};
use crate::{
    manifest::did_you_mean,
    model::{Finding, Resource, code, spec::AgentSpec},
};

/// What an agent may do with its memory; each may be written as `memory.OP` too.
const MEMORY_OPERATIONS: [&str; 5] = ["read", "write", "search", "list", "ingest"];

pub(super) fn check(resource: &Resource, spec: &AgentSpec, findings: &mut Vec<Finding>) {
    if spec.model_ref.is_empty() {
        let message = "`spec.model_ref` is required";
        findings.push(at(
            resource,
            code::FIELD_REQUIRED,
            "/spec/model_ref",
            message,
        ));
    }
    check_duration(
        resource,
        "/spec/limits/timeout",
        spec.limits.timeout.as_deref(),
        findings,
    );
    for (index, operation) in spec.memory.allow.iter().enumerate() {
        let name = operation.trim().trim_start_matches("memory.");
        if !MEMORY_OPERATIONS.contains(&name) {
            let message = format!("`{operation}` is not a memory operation");
            let hint = did_you_mean(name, MEMORY_OPERATIONS).map_or_else(
                || format!("they are: {}", MEMORY_OPERATIONS.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            let pointer = format!("/spec/memory/allow/{index}");
            findings.push(at(resource, code::FIELD_ENUM, &pointer, message).with_hint(hint));
        }
    }
    if !spec.memory.allow.is_empty() && spec.memory.reference.is_none() {
        let message = "`spec.memory.ref` is required when `spec.memory.allow` is set";
        findings.push(at(resource, code::FIELD_REQUIRED, "/spec/memory", message));
    }
    if spec.execution.profile.as_deref() == Some("contract")
        && spec.execution.tool_sequence.is_empty()
    {
        let message =
            "`spec.execution.tool_sequence` is required when `spec.execution.profile` is contract";
        findings.push(at(
            resource,
            code::FIELD_REQUIRED,
            "/spec/execution",
            message,
        ));
    }
}
