//! Whether values whose ciphertext differs are other values, for whoever can open both.
//!
//! Compared are fingerprints that are keyed and stay in memory; what leaves is the verdict. The plan's digest does
//! not know of it.

use super::{
    SecretVariables,
    opened_secret::OpenedSecret,
    opening::OpenedSecrets,
    secret_files::{SecretFiles, SecretSources},
};
use crate::{
    model::{Catalog, Kind, ResourceId},
    plan::{Change, Plan, ValueVerdict, secrets_to_json},
    secrets::{Keyring, PrintKey},
};
use std::collections::BTreeSet;

/// Says of the sealed values with another ciphertext in a plan from `base` to `head` whether they are other values,
/// as far as `keyring` opens both. Opens what changes, and nothing else.
pub fn tell_values_apart(
    plan: &mut Plan,
    (base, head): (&Catalog, &Catalog),
    keyring: &Keyring,
    key: &PrintKey,
) {
    let differing = plan.changes.iter();
    let differing: Vec<_> = differing
        .filter(|change| change.has_other_ciphertext())
        .collect();
    let former = differing.iter().map(|change| change.former_id());
    let ids: BTreeSet<_> = former
        .chain(differing.iter().map(|change| &change.id))
        .cloned()
        .collect();
    let sources = SecretSources {
        keyring,
        variables: &SecretVariables::default(),
        files: &SecretFiles::default(),
    };
    let mut before = OpenedSecrets::default();
    before.update(base, sources, &ids);
    let mut after = before.clone();
    after.update(head, sources, &ids);
    let sides = Sides {
        before: &before,
        after: &after,
        key,
    };
    for change in &mut plan.changes {
        sides.judge(change);
    }
}

/// What the history says of secrets that were there, as JSON: `secrets` are those of the plan. Empty if there is
/// nothing to say.
pub(super) fn secrets_told(
    mut secrets: Vec<Change>,
    before: &OpenedSecrets,
    after: &OpenedSecrets,
    key: &PrintKey,
) -> String {
    let sides = Sides { before, after, key };
    for change in &mut secrets {
        sides.judge(change);
    }
    let told = secrets_to_json(&secrets);
    told.map_or_else(String::new, |told| told.to_string())
}

/// The opened values before and after.
struct Sides<'a> {
    before: &'a OpenedSecrets,
    after: &'a OpenedSecrets,
    key: &'a PrintKey,
}

impl Sides<'_> {
    fn judge(&self, change: &mut Change) {
        if change.id.kind != Kind::Secret || !change.has_other_ciphertext() {
            return;
        }
        let (was, is) = (change.former_id().clone(), change.id.clone());
        change.judge_values(|key| match key {
            Some(key) => self.value((&was, &is), key),
            None => self.file((&was, &is)),
        });
    }

    /// A value of a secret; `None` unless both sides are open.
    fn value(&self, (was, is): (&ResourceId, &ResourceId), key: &str) -> Option<ValueVerdict> {
        let (before, after) = (self.before.secret(was)?, self.after.secret(is)?);
        let old = if was == is {
            before.print(was, key, self.key)
        } else {
            before.print_in(is, key, self.key)
        };
        let (old, new) = (old?, after.print(is, key, self.key)?);
        Some(if !old.same_as(&new) {
            ValueVerdict::Changed
        } else if before.hosts(key) != after.hosts(key) {
            ValueVerdict::OtherHosts
        } else {
            ValueVerdict::SealedAnew
        })
    }

    /// All that is in a file which is sealed down to its names.
    fn file(&self, (was, is): (&ResourceId, &ResourceId)) -> Option<ValueVerdict> {
        let (before, after) = (self.before.inside(was)?, self.after.inside(is)?);
        if before != after {
            return Some(ValueVerdict::Changed);
        }
        let mut verdicts = after.into_iter().map(|id| self.secret(id));
        verdicts.try_fold(ValueVerdict::SealedAnew, |worst, verdict| {
            Some(worst.max(verdict?))
        })
    }

    /// A secret that is in such a file.
    fn secret(&self, id: &ResourceId) -> Option<ValueVerdict> {
        let (before, after) = (self.before.secret(id)?, self.after.secret(id)?);
        if !before.keys().eq(after.keys()) {
            return Some(ValueVerdict::Changed);
        }
        let mut verdicts = after.keys().map(|key| self.value((id, id), key));
        verdicts.try_fold(same_hosts(before, after), |worst, verdict| {
            Some(worst.max(verdict?))
        })
    }
}

fn same_hosts(before: &OpenedSecret, after: &OpenedSecret) -> ValueVerdict {
    if before.allowed_hosts == after.allowed_hosts {
        ValueVerdict::SealedAnew
    } else {
        ValueVerdict::OtherHosts
    }
}
