//! What a schema cannot say about one resource alone.

mod agent;
mod agent_system;
mod model_alias;
mod model_endpoint;
mod secret;
mod task;

use super::kinds::Form;
use crate::model::{Code, Finding, Resource, Spec, code, parse_go_duration};

/// Checks one resource; what needs other resources is checked in `graph` and `routing`.
pub(super) fn check(resource: &Resource, form: Form, findings: &mut Vec<Finding>) {
    match &resource.spec {
        Spec::Secret(spec) => secret::check(resource, spec, findings),
        Spec::ModelEndpoint(spec) => model_endpoint::check(resource, form, spec, findings),
        Spec::ModelAlias(spec) => model_alias::check(resource, spec, findings),
        Spec::Agent(spec) => agent::check(resource, spec, findings),
        Spec::Task(spec) => task::check(resource, spec, findings),
        Spec::AgentSystem(spec) => agent_system::check(resource, spec, findings),
        Spec::AgentPolicy(_) => {}
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
        let field = pointer.trim_start_matches('/').replace('/', ".");
        let message = format!("`{field}` is not a duration: \"{text}\"");
        let hint = "write a number and a unit, such as `30s`, `1m30s` or `250ms`";
        findings.push(at(resource, code::FIELD_FORMAT, pointer, message).with_hint(hint));
    }
}
