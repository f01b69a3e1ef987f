//! What is live, for planning against it elsewhere. Secrets leave only as fingerprints of ciphertext.

use crate::{
    model::{Kind, Resource, ResourceId},
    plan::Windows,
    reconcile::Served,
};
use serde_json::{Value, json};

/// The body of `GET /api/v1/live`: what Git manages, normalised.
pub(super) fn live(served: &Served, windows: &Windows) -> Value {
    let managed = served
        .snapshot
        .catalog()
        .iter()
        .filter(|resource| !served.snapshot.unmanaged().contains(&resource.id));
    json!({
        "revision": served.revision,
        "commit": served.commit().map(|commit| commit.id.to_string()),
        "sources": served.commits().map(|(name, commit)| json!({ "name": name, "commit": commit.id.to_string() })).collect::<Vec<_>>(),
        "windows": windows.entries(),
        "resources": managed.map(|resource| export(resource)).collect::<Vec<_>>(),
    })
}

/// The body of `GET /api/v1/graph`.
pub(super) fn graph(served: &Served) -> Value {
    let mut edges = Vec::new();
    for node in served.snapshot.graph().nodes() {
        for (field, to) in served.snapshot.graph().dependencies(node) {
            edges.push(json!({ "from": id(node), "to": id(to), "field": field.to_string() }));
        }
    }
    json!({ "nodes": served.snapshot.graph().nodes().into_iter().map(id).collect::<Vec<_>>(), "edges": edges })
}

fn export(resource: &Resource) -> Value {
    json!({
        "kind": resource.id.kind.as_str(),
        "namespace": &*resource.id.namespace,
        "name": &*resource.id.name,
        "labels": resource.metadata.labels,
        "annotations": resource.metadata.annotations,
        "spec": spec(resource),
        "source": { "file": &*resource.origin.file, "line": resource.origin.span.start.line },
    })
}

/// A clear value's fingerprint could be guessed from, so it does not leave.
fn spec(resource: &Resource) -> Value {
    let mut spec = resource.value();
    if resource.id.kind == Kind::Secret
        && let Some(values) = spec.get_mut("values").and_then(Value::as_object_mut)
    {
        for value in values
            .values_mut()
            .filter(|value| value.get("sealed").or(value.get("file")).is_none())
        {
            *value = json!({ "unknown": true });
        }
    }
    spec
}

fn id(id: &ResourceId) -> Value {
    json!({ "kind": id.kind.as_str(), "namespace": &*id.namespace, "name": &*id.name })
}
