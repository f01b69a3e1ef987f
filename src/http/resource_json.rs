//! A resource in Orloj's shape: the manifest and its status.

use crate::{
    manifest,
    model::{Kind, Resource},
    reconcile::Served,
};
use serde_json::{Value, json};

/// The manifest (a secret's values are `***`) with `status`.
pub(super) fn resource(resource: &Resource, served: &Served) -> Value {
    let mut out = manifest::to_json(resource);
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
    out
}
