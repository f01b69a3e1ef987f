//! Who may open a secret's values, where that changes.

use super::change::{FieldChange, FieldOp, Shown};
use crate::{
    model::{Resource, Spec},
    secrets::{Recipient, Sealed},
};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write as _};

/// Where [`Resource::value`] keeps whom a file is sealed for.
const RECIPIENTS: &str = "/spec/recipients/";

/// For whom a value is sealed, where that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recipients {
    /// How many there were.
    pub before: usize,
    /// How many there are.
    pub after: usize,
    /// The public keys that came, sorted; empty unless both sides name theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// Those that went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
}

/// Whom the value of a key is sealed for, if both sides are age values and it differs.
///
/// Their number stands in an age header in clear. Who they are is known where the writer noted it
/// ([`Sealed::recorded_recipients`]), and believed where the note fits the number.
pub(super) fn between(before: &Resource, after: &Resource, key: &str) -> Option<Recipients> {
    let [old, new] = [sealed(before, key)?, sealed(after, key)?];
    let (before, after) = (old.recipient_kinds().len(), new.recipient_kinds().len());
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    if let (Some(old), Some(new)) = (noted(&old), noted(&new)) {
        added.extend(new.difference(&old).cloned());
        removed.extend(old.difference(&new).cloned());
    }
    let differs = before != after || !added.is_empty() || !removed.is_empty();
    differs.then_some(Recipients {
        before,
        after,
        added,
        removed,
    })
}

fn sealed(resource: &Resource, key: &str) -> Option<Sealed> {
    let Spec::Secret(spec) = &resource.spec else {
        return None;
    };
    Sealed::parse(spec.encrypted_data.get(key)?).ok()
}

fn noted(value: &Sealed) -> Option<BTreeSet<String>> {
    let names = value.recorded_recipients()?;
    let keys = names.iter().map(|name| Recipient::parse(name).ok());
    let keys: BTreeSet<_> = keys
        .map(|key| key.map(|key| key.to_string()))
        .collect::<Option<_>>()?;
    (keys.len() == value.recipient_kinds().len()).then_some(keys)
}

/// The recipient of a file that came or went, with its sign.
pub(super) fn of_file(field: &FieldChange) -> Option<(char, &str)> {
    let key = field.pointer.strip_prefix(RECIPIENTS)?;
    let Shown::Values { before, after } = &field.shown else {
        return None;
    };
    let is_listed = |side: &Option<Value>| *side == Some(Value::Bool(true));
    match field.op {
        FieldOp::Add if is_listed(after) => Some(('+', key)),
        FieldOp::Remove if is_listed(before) => Some(('-', key)),
        _ => None,
    }
}

/// The lines below a value's own.
pub(super) fn write(out: &mut String, recipients: &Recipients) {
    let Recipients { before, after, .. } = recipients;
    let _ = writeln!(out, "      recipients {before} -> {after}");
    for key in &recipients.added {
        let _ = writeln!(out, "      + {key}");
    }
    for key in &recipients.removed {
        let _ = writeln!(out, "      - {key}");
    }
}
