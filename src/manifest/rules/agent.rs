//! Rules of `Agent`.

use super::{at, check_duration};
use crate::{
    manifest::did_you_mean,
    model::{
        Finding, Resource, code,
        spec::{AgentSpec, ExecutionProfile},
    },
};
use serde_json::Value;

/// What an agent may do with its memory; each may be written as `memory.OP` too.
const MEMORY_OPERATIONS: [&str; 5] = ["read", "write", "search", "list", "ingest"];

/// Deepest nesting of an output schema, as upstream.
const MAX_OUTPUT_SCHEMA_DEPTH: usize = 10;

/// Largest output schema in bytes of its JSON (64 KiB), as upstream.
const MAX_OUTPUT_SCHEMA_BYTES: usize = 64 * 1024;

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
        if !MEMORY_OPERATIONS.contains(&operation.as_str()) {
            let message = format!("`{operation}` is not a memory operation");
            let hint = did_you_mean(operation, MEMORY_OPERATIONS).map_or_else(
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
    if spec.execution.profile == ExecutionProfile::Contract
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
    if let Some(schema) = &spec.execution.output_schema {
        check_output_schema(resource, schema, findings);
    }
}

fn check_output_schema(resource: &Resource, schema: &Value, findings: &mut Vec<Finding>) {
    let pointer = "/spec/execution/output_schema";
    let field = "`spec.execution.output_schema`";
    let problem = if schema.get("type").is_none() {
        format!("{field} must be a JSON Schema with a `type`")
    } else if schema.to_string().len() > MAX_OUTPUT_SCHEMA_BYTES {
        format!("{field} may have at most {MAX_OUTPUT_SCHEMA_BYTES} bytes")
    } else if depth(schema) > MAX_OUTPUT_SCHEMA_DEPTH {
        format!("{field} may nest at most {MAX_OUTPUT_SCHEMA_DEPTH} levels")
    } else {
        return;
    };
    findings.push(at(resource, code::FIELD_FORMAT, pointer, problem));
}

/// Levels of lists and mappings; the reader bounds them.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
