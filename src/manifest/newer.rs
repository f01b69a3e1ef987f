//! What upstream has since a version that is newer than supported: no typo, and not read.

use crate::model::Kind;

/// Fields by the kind that has them; their names are unique in it.
const FIELDS: [(&str, &[&str]); 7] = [
    (
        "AgentPolicy",
        &["target_agents", "max_child_depth", "max_child_tasks"],
    ),
    (
        "AgentSystem",
        &[
            "delegates",
            "delegate_join",
            "review",
            "completion_review",
            "context_adapter",
            "a2a",
            "condition",
        ],
    ),
    ("Tool", &["cli", "a2a"]),
    ("Memory", &["endpoint_secret_ref"]),
    ("TaskSchedule", &["task_template"]),
    ("TaskWebhook", &["event_id_from_body"]),
    (
        "McpServer",
        &[
            "image",
            "idle_timeout",
            "allowPrivate",
            "resources",
            "default_tool_runtime",
        ],
    ),
];

/// Values by kind and field.
const VALUES: [(&str, &str, &[&str]); 4] = [
    (
        "ModelEndpoint",
        "spec.provider",
        &["bedrock", "aws-bedrock", "aws_bedrock"],
    ),
    ("Tool", "spec.type", &["cli", "a2a"]),
    ("Tool", "spec.runtime.isolation_mode", &["kubernetes"]),
    (
        "TaskWebhook",
        "spec.auth.profile",
        &["hmac", "shared_token"],
    ),
];

/// Required fields that a newer one may stand for: kind, newer field, required field.
const INSTEAD: [(&str, &str, &str); 1] = [("TaskSchedule", "task_template", "spec.task_ref")];

/// What to say of a newer field or value.
pub(super) const HINT: &str = "known upstream, newer than supported";

/// Whether upstream's kind has the field since a newer version.
pub(super) fn is_field(kind: &str, field: &str) -> bool {
    FIELDS
        .iter()
        .any(|(name, fields)| *name == kind && fields.contains(&field))
}

/// Whether upstream's field takes the value, in any letter case, since a newer version.
pub(super) fn is_value(kind: &str, field: &str, value: &str) -> bool {
    VALUES.iter().any(|(name, place, values)| {
        let mut values = values.iter();
        *name == kind && *place == field && values.any(|one| one.eq_ignore_ascii_case(value.trim()))
    })
}

/// The required field that a newer one stands for.
pub(super) fn stands_for(kind: &str, field: &str) -> Option<&'static str> {
    INSTEAD
        .iter()
        .find(|(name, newer, _)| *name == kind && *newer == field)
        .map(|(_, _, required)| *required)
}

/// Why a kind that is known is not read.
pub(super) fn kind(written: &str) -> Option<String> {
    let among = |kinds: &[&'static str]| {
        kinds
            .iter()
            .copied()
            .find(|kind| kind.eq_ignore_ascii_case(written.trim()))
    };
    if let Some(kind) = among(&Kind::NEWER) {
        return Some(format!(
            "kind `{kind}` is known upstream, newer than supported"
        ));
    }
    let kind = among(&Kind::PLANNED)?;
    Some(format!("kind `{kind}` is planned for a later version"))
}
