//! Rules of `McpServer`.

use super::{at, check_duration, check_secret_ref};
use crate::model::{
    Finding, Resource, code,
    spec::{McpServerSpec, McpTransport},
};

pub(super) fn check(resource: &Resource, spec: &McpServerSpec, findings: &mut Vec<Finding>) {
    let (field, transport, written) = match spec.transport {
        McpTransport::Stdio => ("command", "stdio", &spec.command),
        McpTransport::Http => ("endpoint", "http", &spec.endpoint),
    };
    if written.is_none() {
        let message = format!("`spec.{field}` is required for transport {transport}");
        findings.push(at(resource, code::FIELD_REQUIRED, "/spec", message));
    }
    let secret_ref = spec.auth.secret_ref.as_deref();
    check_secret_ref(resource, "/spec/auth/secretRef", secret_ref, findings);
    for (index, variable) in spec.env.iter().enumerate() {
        let pointer = format!("/spec/env/{index}/secretRef");
        check_secret_ref(resource, &pointer, variable.secret_ref.as_deref(), findings);
        if variable.secret_ref.is_some() && variable.value.is_some() {
            let message = format!(
                "the variable `{}` has both a value and a secret",
                variable.name
            );
            let finding = at(resource, code::FIELD_CONFLICT, &pointer, message);
            findings.push(finding.with_hint("keep one of them"));
        }
    }
    check_duration(
        resource,
        "/spec/reconnect/backoff",
        spec.reconnect.backoff.as_deref(),
        findings,
    );
}
