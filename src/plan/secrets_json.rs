//! What a plan changes of secrets that were there, for whoever keeps it.

use super::{
    change::{Change, FieldChange, Shown},
    json, recipients,
};
use serde_json::{Value, json};

/// As many are named; of the others there is a number.
const MOST_NAMED: usize = 200;

/// The values and recipients that differ of [`super::Plan::secrets`]: what became of each, never what it is. `None`
/// if there is nothing to tell.
pub fn secrets_to_json(secrets: &[Change]) -> Option<Value> {
    let mut all = secrets.iter().flat_map(|change| {
        let told = change.fields.iter().filter(|field| is_told(field));
        told.map(move |field| entry(change, field))
    });
    let named: Vec<_> = all.by_ref().take(MOST_NAMED).collect();
    (!named.is_empty()).then(|| json!({ "changes": named, "more": all.count() }))
}

fn is_told(field: &FieldChange) -> bool {
    matches!(field.shown, Shown::Secret(_)) || recipients::of_file(field).is_some()
}

fn entry(change: &Change, field: &FieldChange) -> Value {
    let mut entry = json::field(field);
    entry["namespace"] = json!(&*change.id.namespace);
    entry["name"] = json!(&*change.id.name);
    entry
}
