//! What may have been meant by references to secrets that no file defines.
//!
//! Findings about secrets are made around what changed, and these hints depend on every name there is. So they
//! are kept by the secret that is missing, and whoever refers to one whose hint changed is checked again.

use super::missing::{MAX_SUGGESTIONS, names_beside, nearest};
use crate::model::{Catalog, ResourceId, SortedMap};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// Which secrets are missing, and hints for the first [`MAX_SUGGESTIONS`] of them. Clones share their structure.
#[derive(Debug, Clone, Default)]
pub(super) struct SecretHints {
    /// How many resources refer to each secret that is missing.
    missing: SortedMap<ResourceId, usize>,
    /// The missing secrets that a resource refers to, each once.
    by_user: SortedMap<ResourceId, Arc<BTreeSet<ResourceId>>>,
    hints: Arc<BTreeMap<ResourceId, String>>,
}

impl SecretHints {
    /// Notes which missing secrets a resource refers to now; says whether that changed anything.
    pub(super) fn note(&mut self, user: &ResourceId, missing: BTreeSet<ResourceId>) -> bool {
        let before = self.by_user.get(user).cloned().unwrap_or_default();
        if *before == missing {
            return false;
        }
        for secret in before.difference(&missing) {
            let left = self.missing.get(secret).map_or(0, |count| count - 1);
            if left == 0 {
                self.missing.remove_mut(secret);
            } else {
                self.missing.insert_mut(secret.clone(), left);
            }
        }
        for secret in missing.difference(&before) {
            let count = self.missing.get(secret).map_or(0, |count| *count);
            self.missing.insert_mut(secret.clone(), count + 1);
        }
        if missing.is_empty() {
            self.by_user.remove_mut(user);
        } else {
            self.by_user.insert_mut(user.clone(), Arc::new(missing));
        }
        true
    }

    /// Looks anew for what may have been meant; returns the secrets of which it says something else now.
    pub(super) fn look_again(&mut self, catalog: &Catalog) -> Vec<ResourceId> {
        let mut beside = HashMap::new();
        let missing = self.missing.keys().take(MAX_SUGGESTIONS);
        let hints = missing.filter_map(|id| {
            let names = beside.entry(&id.namespace);
            let names = names.or_insert_with(|| names_beside(catalog, id));
            Some((id.clone(), nearest(catalog, id, names)?))
        });
        let hints: BTreeMap<_, _> = hints.collect();
        let either = self.hints.keys().chain(hints.keys());
        let differing = either.filter(|id| self.hints.get(*id) != hints.get(*id));
        let differing = differing.cloned().collect();
        self.hints = Arc::new(hints);
        differing
    }

    /// What may have been meant by a secret.
    pub(super) fn get(&self, secret: &ResourceId) -> Option<&String> {
        self.hints.get(secret)
    }
}
