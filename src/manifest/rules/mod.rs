//! What a schema cannot say about one resource alone.

mod agent;
mod agent_system;
mod api_key;
mod mcp_server;
mod memory;
mod model_alias;
mod model_catalog;
mod model_endpoint;
mod secret;
mod task;
mod task_schedule;
mod task_webhook;
mod tool;
mod tool_approval;
mod tool_permission;

use super::kinds::Form;
use crate::model::{Code, Finding, Resource, SecretRef, Spec, code, parse_go_duration};

/// Names that upstream's paths behind a resource use (`/v1/agents/NAME/logs`), refused there too.
const RESERVED_NAMES: [&str; 6] = ["status", "logs", "exec", "scale", "proxy", "binding"];

/// Checks one resource; what needs other resources is checked in `graph` and `routing`.
pub(super) fn check(resource: &Resource, form: Form, findings: &mut Vec<Finding>) {
    if RESERVED_NAMES.contains(&&*resource.id.name) {
        let message = format!("`{}` is a path of the resource API", resource.id.name);
        let finding = at(resource, code::FIELD_RESERVED, "/metadata/name", message);
        findings.push(finding.with_hint("give the resource another name"));
    }
    match &resource.spec {
        Spec::Secret(spec) => secret::check(resource, spec, findings),
        Spec::ModelEndpoint(spec) => model_endpoint::check(resource, form, spec, findings),
        Spec::ModelAlias(spec) => model_alias::check(resource, spec, findings),
        Spec::ModelCatalog(spec) => model_catalog::check(resource, spec, findings),
        Spec::ApiKey(spec) => api_key::check(resource, spec, findings),
        Spec::Agent(spec) => agent::check(resource, spec, findings),
        Spec::Task(spec) => task::check(resource, spec, findings),
        Spec::AgentSystem(spec) => agent_system::check(resource, spec, findings),
        Spec::Tool(spec) => tool::check(resource, spec, findings),
        Spec::Memory(spec) => memory::check(resource, spec, findings),
        Spec::McpServer(spec) => mcp_server::check(resource, spec, findings),
        Spec::ToolPermission(spec) => tool_permission::check(resource, spec, findings),
        Spec::ToolApproval(spec) => tool_approval::check(resource, spec, findings),
        Spec::TaskSchedule(spec) => task_schedule::check(resource, spec, findings),
        Spec::TaskWebhook(spec) => task_webhook::check(resource, spec, findings),
        Spec::AgentPolicy(_) | Spec::AgentRole(_) | Spec::Worker(_) => {}
    }
}

/// A finding at a field of the resource.
fn at(resource: &Resource, code: Code, pointer: &str, message: impl Into<String>) -> Finding {
    Finding::new(code, resource.origin_of(pointer), message).on(&resource.id)
}

/// Checks that a field is a duration.
fn check_duration(
    resource: &Resource,
    pointer: &str,
    text: Option<&str>,
    findings: &mut Vec<Finding>,
) {
    if let Some(text) = text
        && parse_go_duration(text).is_none()
    {
        let field = dotted(pointer);
        let message = format!("`{field}` is not a duration: \"{text}\"");
        let hint = "write a number and a unit, such as `30s`, `1m30s` or `250ms`";
        findings.push(at(resource, code::FIELD_FORMAT, pointer, message).with_hint(hint));
    }
}

/// `/spec/auth/secretRef` as people write it.
fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

/// Checks that a field that is set names a secret.
fn check_secret_ref(
    resource: &Resource,
    pointer: &str,
    text: Option<&str>,
    findings: &mut Vec<Finding>,
) {
    if text.is_some_and(|text| SecretRef::parse(text).is_none()) {
        let message = format!("`{}` names no secret", dotted(pointer));
        let hint = "write `name`, `ns/name`, `name:key` or `ns/name:key`";
        findings.push(at(resource, code::FIELD_FORMAT, pointer, message).with_hint(hint));
    }
}

/// Checks that a field names a resource: `name` or `ns/name`, neither of them empty.
fn check_reference(resource: &Resource, pointer: &str, text: &str, findings: &mut Vec<Finding>) {
    if text.split('/').count() > 2 || text.split('/').any(|part| part.trim().is_empty()) {
        let field = dotted(pointer);
        let (code, message) = if text.is_empty() {
            (code::FIELD_REQUIRED, format!("`{field}` is required"))
        } else {
            let message = format!("`{field}` names nothing: \"{text}\"");
            (code::FIELD_FORMAT, message)
        };
        let finding = at(resource, code, pointer, message);
        findings.push(finding.with_hint("write `name` or `ns/name`"));
    }
}
