//! Rules of `TaskWebhook`.

use super::{at, check_reference, check_secret_ref};
use crate::model::{Finding, Resource, code, spec::TaskWebhookSpec};

pub(super) fn check(resource: &Resource, spec: &TaskWebhookSpec, findings: &mut Vec<Finding>) {
    check_reference(resource, "/spec/task_ref", &spec.task_ref, findings);
    let (pointer, secret_ref) = ("/spec/auth/secret_ref", spec.auth.secret_ref.as_str());
    if secret_ref.is_empty() {
        let message = "`spec.auth.secret_ref` is required";
        findings.push(at(resource, code::FIELD_REQUIRED, pointer, message));
    } else {
        check_secret_ref(resource, pointer, Some(secret_ref), findings);
    }
}
