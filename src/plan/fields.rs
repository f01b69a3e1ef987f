//! Which fields of two versions of a resource differ.

use super::{
    change::{FieldChange, FieldOp, Shown},
    recipients,
    values::{CIPHERTEXT_CHANGED, SECRET_VALUES, is_sealed_file, key_of},
};
use crate::manifest::without_credentials;
use crate::model::{Kind, Resource, ResourceId, Spec, spec::SecretSpec};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Compares two versions of a resource; either may be absent.
pub(super) fn compare(before: Option<&Resource>, after: Option<&Resource>) -> Vec<FieldChange> {
    let secret = before
        .or(after)
        .is_some_and(|resource| resource.id.kind == Kind::Secret);
    let mut walk = Walk {
        secret,
        base: before,
        head: after,
        fields: Vec::new(),
    };
    let called = after.or(before).map(|resource| &resource.id);
    let (old, new) = (
        before.map(|resource| comparable(resource, called)),
        after.map(|resource| comparable(resource, called)),
    );
    walk.compare(&mut String::new(), old.as_ref(), new.as_ref());
    walk.fields
}

/// What of a resource counts: its notes and its normalised spec, as if it were `called` so.
fn comparable(resource: &Resource, called: Option<&ResourceId>) -> Value {
    let mut spec = resource.value();
    if let (Spec::Secret(secret), Some(called)) = (&resource.spec, called)
        && *called != resource.id
    {
        rename_fingerprints(&mut spec, secret, called);
    }
    json!({
        "metadata": {
            "labels": resource.metadata.labels,
            "annotations": resource.metadata.annotations,
        },
        "spec": spec,
    })
}

/// The fingerprints of clear values hold only for one identity.
fn rename_fingerprints(spec: &mut Value, secret: &SecretSpec, called: &ResourceId) {
    let renamed = secret.to_redacted_value(&called.to_string());
    let values = spec.get_mut("values").and_then(Value::as_object_mut);
    for (key, value) in values.into_iter().flatten() {
        if value.get("clear").is_some()
            && let Some(renamed) = renamed.get("values").and_then(|values| values.get(key))
        {
            value.clone_from(renamed);
        }
    }
}

struct Walk<'a> {
    secret: bool,
    base: Option<&'a Resource>,
    head: Option<&'a Resource>,
    fields: Vec<FieldChange>,
}

impl Walk<'_> {
    /// Mappings are compared by key; lists of equal length by item, others as a whole.
    fn compare(&mut self, pointer: &mut String, before: Option<&Value>, after: Option<&Value>) {
        if before == after {
            return;
        }
        let length = pointer.len();
        match (before, after) {
            (Some(Value::Object(old)), Some(Value::Object(new)))
                if !self.is_secret_value(pointer) =>
            {
                for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
                    push_token(pointer, key);
                    self.compare(pointer, old.get(key), new.get(key));
                    pointer.truncate(length);
                }
            }
            (None, Some(Value::Object(new))) if !self.is_secret_value(pointer) => {
                for (key, value) in new {
                    push_token(pointer, key);
                    self.compare(pointer, None, Some(value));
                    pointer.truncate(length);
                }
            }
            (Some(Value::Object(old)), None) if !self.is_secret_value(pointer) => {
                for (key, value) in old {
                    push_token(pointer, key);
                    self.compare(pointer, Some(value), None);
                    pointer.truncate(length);
                }
            }
            (Some(Value::Array(old)), Some(Value::Array(new))) if old.len() == new.len() => {
                for (index, (old, new)) in old.iter().zip(new).enumerate() {
                    push_token(pointer, &index.to_string());
                    self.compare(pointer, Some(old), Some(new));
                    pointer.truncate(length);
                }
            }
            _ => self.push(pointer, before, after),
        }
    }

    fn is_secret_value(&self, pointer: &str) -> bool {
        self.secret && pointer.starts_with(SECRET_VALUES)
    }

    fn push(&mut self, pointer: &str, before: Option<&Value>, after: Option<&Value>) {
        let op = match (before, after) {
            (None, _) => FieldOp::Add,
            (_, None) => FieldOp::Remove,
            _ => FieldOp::Replace,
        };
        let shown = if self.is_secret_value(pointer) {
            Shown::Secret(secret_words(before, after))
        } else if self.secret && is_sealed_file(pointer, op) {
            Shown::Secret(CIPHERTEXT_CHANGED)
        } else {
            Shown::Values {
                before: before.map(showable),
                after: after.map(showable),
            }
        };
        self.fields.push(FieldChange {
            pointer: pointer.to_owned(),
            op,
            shown,
            line: self.line(pointer),
            recipients: self.recipients(pointer),
        });
    }

    /// For whom the value of a key is sealed now, if that differs.
    fn recipients(&self, pointer: &str) -> Option<recipients::Recipients> {
        let token = pointer.strip_prefix(SECRET_VALUES)?;
        recipients::between(self.base?, self.head?, &key_of(token))
    }

    /// The line of a field that was written; defaults have none.
    fn line(&self, pointer: &str) -> Option<u32> {
        let head = self.head?;
        let written = match pointer.strip_prefix(SECRET_VALUES) {
            Some(key) => ["encryptedData", "fromFile", "stringData", "data"]
                .map(|field| format!("/spec/{field}/{key}"))
                .into_iter()
                .find(|pointer| head.positions.contains(pointer))?,
            None => pointer.to_owned(),
        };
        head.positions
            .contains(&written)
            .then(|| head.origin_of_key(&written).span.start.line)
    }
}

/// A value without what looks like a credential in it, such as one that was written where a Secret is named: plans go
/// into logs and comments.
fn showable(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_credentials(text).into_owned()),
        Value::Array(items) => items.iter().map(showable).collect(),
        Value::Object(fields) => {
            let shown = fields.iter().map(|(name, value)| {
                let name = without_credentials(name).into_owned();
                (name, showable(value))
            });
            shown.collect()
        }
        other => other.clone(),
    }
}

/// What happened to a secret's value, as far as it can be known without a key.
fn secret_words(before: Option<&Value>, after: Option<&Value>) -> &'static str {
    let sealed = |value: &Value| value.get("sealed").is_some();
    let unknown = |value: &Value| value.get("unknown").is_some();
    let file = |value: &Value| value.get("file").is_some();
    match (before, after) {
        (None, Some(after)) if file(after) => "added, from a file of the daemon's",
        (Some(before), Some(after)) if file(before) && file(after) => {
            "from another file of the daemon's"
        }
        (Some(before), Some(after)) if file(after) => {
            if sealed(before) {
                "from a file of the daemon's, was sealed"
            } else {
                "from a file of the daemon's, was clear text"
            }
        }
        (Some(before), Some(after)) if file(before) => {
            if sealed(after) {
                "sealed, was from a file of the daemon's"
            } else {
                "in clear text, was from a file of the daemon's"
            }
        }
        (None, Some(after)) if sealed(after) => "added, sealed",
        (None, _) => "added, in clear text",
        (_, None) => "removed",
        (Some(before), Some(after)) if unknown(before) || unknown(after) => {
            "cannot be compared: clear text is not sent"
        }
        (Some(before), Some(after)) if sealed(before) && sealed(after) => CIPHERTEXT_CHANGED,
        (Some(_), Some(after)) if sealed(after) => "sealed, was clear text",
        (Some(before), Some(_)) if sealed(before) => "in clear text, was sealed",
        _ => "changed, in clear text",
    }
}

fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
}
