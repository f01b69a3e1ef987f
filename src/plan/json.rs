//! A plan as JSON for programs.

use super::{
    change::{Action, Change, FieldChange, Shown, Suggestion},
    egress::Egress,
    ordered::Plan,
    unserved,
    windows::Closed,
};
use crate::manifest::shown_name;
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
        "credential_egress": plan.egress.iter().map(egress).collect::<Vec<_>>(),
        "schedule": plan.schedule.as_ref().map(schedule),
        "moved_suggestions": plan.suggestions.iter().map(suggestion).collect::<Vec<_>>(),
        "validated_only": unserved::kinds(plan).iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
    })
}

fn change((index, change): (usize, &Change)) -> Value {
    let mut out = json!({
        "id": id(&change.id),
        "actions": actions(change),
        "cause": cause(change.action),
        "order": index + 1,
        "source": { "file": &*change.origin.file, "line": change.origin.span.start.line },
        "fields": change.fields.iter().map(field).collect::<Vec<_>>(),
        "affects": change.affects.iter().map(id).collect::<Vec<_>>(),
    });
    if let (Some(moved), Some(out)) = (&change.moved, out.as_object_mut()) {
        let entry = &moved.entry;
        out.insert("previous_id".into(), id(&moved.from));
        let entry = json!({ "file": &*entry.file, "line": entry.span.start.line });
        out.insert("moved_by".into(), entry);
    }
    out
}

/// What happens to a resource; one that moves may differ too.
fn actions(change: &Change) -> Vec<Action> {
    let also = change.action == Action::Move && !change.fields.is_empty();
    [change.action]
        .into_iter()
        .chain(also.then_some(Action::Update))
        .collect()
}

/// Why it happens.
const fn cause(action: Action) -> &'static str {
    match action {
        Action::Create => "added",
        Action::Update => "edited",
        Action::Delete => "removed",
        Action::Move => "moved_block",
    }
}

/// The window that a plan waits for, and the time when it goes live (RFC 3339, UTC).
fn schedule(closed: &Closed) -> Value {
    json!({
        "window": &*closed.window,
        "earliest": closed.opens.map(|opens| opens.to_string()),
    })
}

/// A secret that would be sent to another host.
fn egress(egress: &Egress) -> Value {
    let mut secret = id(&egress.secret);
    secret["name"] = json!(shown_name(&egress.secret.name));
    json!({
        "endpoint": id(&egress.endpoint),
        "secret": secret,
        "file": egress.file.as_deref().map(shown_name),
        "new_host": egress.host,
        "known_hosts": egress.known,
        "source": { "file": &*egress.origin.file, "line": egress.origin.span.start.line },
        "message": egress.sentence(),
    })
}

fn suggestion(suggestion: &Suggestion) -> Value {
    json!({ "from": suggestion.from.to_string(), "to": suggestion.to.to_string() })
}

fn id(id: &crate::model::ResourceId) -> Value {
    json!({ "kind": id.kind.as_str(), "namespace": &*id.namespace, "name": &*id.name })
}

/// One field that differs.
pub(super) fn field(field: &FieldChange) -> Value {
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
    let recipients = field.recipients.as_ref();
    out.extend(recipients.map(|recipients| ("recipients".into(), json!(recipients))));
    out.extend(field.line.map(|line| ("line".into(), json!(line))));
    Value::Object(out)
}
