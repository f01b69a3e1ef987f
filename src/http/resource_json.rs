//! A resource in Orloj's shape: the manifest and its status.

use super::status_json;
use crate::{
    manifest,
    model::{Kind, Resource, Spec},
    reconcile::{ConditionSort, Served},
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The manifest (a secret's values are `***`) with `status`.
///
/// `version` is that of a resource that was sent by hand.
pub(super) fn resource(resource: &Resource, served: &Served, version: Option<i64>) -> Value {
    let mut out = manifest::to_json(resource);
    if let Some(version) = version {
        out["metadata"]["resourceVersion"] = json!(version.to_string());
    }
    let by_hand = served.snapshot.unmanaged().contains(&resource.id);
    let condition = served.condition(&resource.id);
    let phase = match (resource.id.kind, condition) {
        (_, Some(_)) => "NotReady",
        (Kind::Task, None) => "Pending",
        (kind, None) if !kind.is_served() => "Pending",
        _ => "Ready",
    };
    out["status"] = json!({
        "phase": phase,
        "managedBy": if by_hand { "api" } else { "git" },
        "source": resource.origin.to_string(),
    });
    if !resource.id.kind.is_served() {
        out["status"]["reason"] = json!("NotServed");
        out["status"]["message"] = json!("validated, and not served by this version");
    }
    if let Some(condition) = condition {
        out["status"]["reason"] = json!(condition.reason);
        out["status"]["message"] = json!(condition.message);
        out["status"]["lastError"] = json!(condition.message);
    }
    let conditions = served.conditions(&resource.id);
    if !conditions.is_empty() {
        let conditions = conditions.iter().map(status_json::condition);
        out["status"]["conditions"] = conditions.collect();
    }
    if condition.is_none()
        && let Some(trouble) = conditions
            .iter()
            .find(|condition| !condition.holds && condition.sort == ConditionSort::Reachable)
    {
        // It can be called, and the last call showed that this is of no use.
        out["status"]["phase"] = json!("Unreachable");
        out["status"]["reason"] = json!(trouble.reason);
        out["status"]["message"] = json!(trouble.message);
        out["status"]["lastError"] = json!(trouble.message);
    }
    if let Some(moment) = expired(resource) {
        out["status"]["phase"] = json!("Expired");
        out["status"]["reason"] = json!("Expired");
        out["status"]["message"] = json!(format!("refused since {moment}"));
    }
    out
}

/// When a key ended, if it has.
fn expired(resource: &Resource) -> Option<&str> {
    let Spec::ApiKey(spec) = &resource.spec else {
        return None;
    };
    let text = spec.expires_at.as_deref()?;
    let moment: Timestamp = text.parse().ok()?;
    (moment <= Timestamp::now()).then_some(text)
}
