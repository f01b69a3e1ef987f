//! A resource as a manifest again, for people and for the API.

use crate::model::{Kind, Resource, Spec};
use serde_json::{Map, Value, json};

/// What stands in place of a secret's value, as upstream prints it.
const REDACTED: &str = "***";

/// The normalised manifest as JSON; a Secret's values are `***`.
pub fn to_json(resource: &Resource) -> Value {
    let mut metadata = Map::new();
    metadata.insert("name".into(), json!(&*resource.id.name));
    metadata.insert("namespace".into(), json!(&*resource.id.namespace));
    if !resource.metadata.labels.is_empty() {
        metadata.insert("labels".into(), json!(resource.metadata.labels));
    }
    if !resource.metadata.annotations.is_empty() {
        metadata.insert("annotations".into(), json!(resource.metadata.annotations));
    }
    json!({
        "apiVersion": resource.id.kind.api_version(),
        "kind": resource.id.kind.as_str(),
        "metadata": metadata,
        "spec": spec(resource),
    })
}

/// The normalised manifest as YAML (in JSON's notation where no other is safe); a Secret's values are `***`.
pub fn to_yaml(resource: &Resource) -> String {
    let manifest = to_json(resource);
    let text = serde_yaml::to_string(&manifest).unwrap_or_default();
    // The writer takes these for line breaks, as YAML 1.1 did, and indents behind them.
    if text.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        return serde_json::to_string_pretty(&manifest).unwrap_or_default();
    }
    text
}

fn spec(resource: &Resource) -> Value {
    let (Kind::Secret, Spec::Secret(secret)) = (resource.id.kind, &resource.spec) else {
        return resource.value();
    };
    let data: Map<_, _> = secret
        .keys()
        .filter(|key| !secret.from_file.contains_key(*key))
        .map(|key| (key.to_owned(), json!(REDACTED)))
        .collect();
    let mut spec = Map::new();
    spec.insert("data".into(), Value::Object(data));
    if !secret.from_file.is_empty() {
        spec.insert("fromFile".into(), json!(secret.from_file));
    }
    if !secret.allowed_hosts.is_empty() {
        spec.insert("allowed_hosts".into(), json!(secret.allowed_hosts));
    }
    Value::Object(spec)
}
