//! Rules of `Memory`.

use super::check_secret_ref;
use crate::model::{Finding, Resource, spec::MemorySpec};

pub(super) fn check(resource: &Resource, spec: &MemorySpec, findings: &mut Vec<Finding>) {
    let secret_ref = spec.auth.secret_ref.as_deref();
    check_secret_ref(resource, "/spec/auth/secretRef", secret_ref, findings);
}
