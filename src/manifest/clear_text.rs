//! Secrets in clear text.

use crate::model::{Finding, Resource, Spec, code, pointer_to};

/// What secrets in clear text mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClearTextPolicy {
    /// They refuse the revision: the rule for Git.
    #[default]
    Refuse,
    /// They are warned about: `--allow-plaintext-secrets`.
    Warn,
}

pub(super) fn clear_text_finding(resource: &Resource, policy: ClearTextPolicy) -> Option<Finding> {
    let Spec::Secret(secret) = &resource.spec else {
        return None;
    };
    let key = secret.data.keys().next()?;
    let code = match policy {
        ClearTextPolicy::Refuse => code::SECRET_PLAINTEXT,
        ClearTextPolicy::Warn => code::SECRET_PLAINTEXT_ALLOWED,
    };
    let pointer = [
        pointer_to("/spec/stringData", key),
        pointer_to("/spec/data", key),
    ];
    let pointer = pointer
        .iter()
        .find(|pointer| resource.positions.contains(pointer));
    let origin = resource.origin_of(pointer.map_or("/spec", String::as_str));
    let message = format!("{} is written in clear text", resource.id);
    let hint = match policy {
        ClearTextPolicy::Refuse => {
            "seal it: `orloj secret encrypt --in-place FILE`; whoever can read the repository has the value, so replace it too"
        }
        ClearTextPolicy::Warn => "seal it: `orloj secret encrypt --in-place FILE`",
    };
    Some(
        Finding::new(code, origin, message)
            .with_hint(hint)
            .on(&resource.id),
    )
}
