//! A plan as JSON for programs.

use super::{
    change::{Change, FieldChange, Shown},
    ordered::Plan,
    unserved,
};
use serde_json::{Map, Value, json};

/// Version of the format; the minor part grows when fields are added.
const FORMAT_VERSION: &str = "1.0";

/// The plan as a JSON document. `validated_only` names the kinds of its changes that nothing acts on.
pub fn to_json(plan: &Plan) -> Value {
    json!({
        "format_version": FORMAT_VERSION,
        "generator": { "name": "orloj", "version": env!("CARGO_PKG_VERSION") },
        "plan_digest": plan.digest.to_string(),
        "status": if plan.is_empty() { "no_changes" } else { "changes" },
        "base": { "revision": plan.base },
        "head": { "revision": plan.head },
        "summary": plan.totals(),
        "changes": plan.changes.iter().enumerate().map(change).collect::<Vec<_>>(),
        "routes": plan.routes,
        "validated_only": unserved::kinds(plan).iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
    })
}

fn change((index, change): (usize, &Change)) -> Value {
    json!({
        "id": id(&change.id),
        "actions": [change.action],
        "order": index + 1,
        "source": { "file": &*change.origin.file, "line": change.origin.span.start.line },
        "fields": change.fields.iter().map(field).collect::<Vec<_>>(),
        "affects": change.affects.iter().map(id).collect::<Vec<_>>(),
    })
}

fn id(id: &crate::model::ResourceId) -> Value {
    json!({ "kind": id.kind.as_str(), "namespace": &*id.namespace, "name": &*id.name })
}

fn field(field: &FieldChange) -> Value {
    let mut out = Map::new();
    out.insert("path".into(), json!(field.pointer));
    out.insert("op".into(), json!(field.op));
    match &field.shown {
        Shown::Values { before, after } => {
            out.extend(before.clone().map(|value| ("before".into(), value)));
            out.extend(after.clone().map(|value| ("after".into(), value)));
        }
        Shown::Secret(words) => {
            out.insert("sensitive".into(), json!(true));
            out.insert("value_state".into(), json!(words));
        }
    }
    out.extend(field.line.map(|line| ("line".into(), json!(line))));
    Value::Object(out)
}
