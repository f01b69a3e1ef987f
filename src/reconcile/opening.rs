//! Opening the secrets of a revision.

use super::{cores, opened_secret::OpenedSecret};
use crate::{
    model::{
        Catalog, Finding, FindingsBy, Kind, Resource, ResourceId, SortedSet, Spec, spec::SecretSpec,
    },
    secrets::{Keyring, Opened},
};
use rpds::HashTrieMapSync;
use std::{collections::BTreeSet, sync::Arc};

/// Below this many secrets, threads cost more than they save.
const SECRETS_PER_THREAD: usize = 8;

/// The opened values of every secret of a catalog. Clones share their structure.
#[derive(Clone)]
pub(super) struct OpenedSecrets {
    secrets: HashTrieMapSync<ResourceId, Arc<OpenedSecret>>,
    /// Secrets with a value that stayed closed.
    closed: SortedSet<ResourceId>,
    findings: FindingsBy<ResourceId>,
}

impl Default for OpenedSecrets {
    fn default() -> Self {
        Self {
            secrets: HashTrieMapSync::new_sync(),
            closed: SortedSet::default(),
            findings: FindingsBy::default(),
        }
    }
}

impl OpenedSecrets {
    /// Whether the catalog defines a secret.
    pub(super) fn contains(&self, id: &ResourceId) -> bool {
        self.secrets.contains_key(id)
    }

    /// A value of a secret that the catalog defines.
    pub(super) fn value(&self, id: &ResourceId, key: &str) -> Option<&Opened> {
        self.secrets.get(id)?.value(key)
    }

    /// Why the first of `keys` that stayed closed did.
    pub(super) fn closed(&self, id: &ResourceId, keys: &[&str]) -> Option<&str> {
        let closed = &self.secrets.get(id)?.closed;
        keys.iter()
            .find_map(|key| closed.get(*key).map(String::as_str))
    }

    /// An error for each value that stayed closed, and warnings about others.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter()
    }

    /// Opens the values of the secrets that changed on the way to `catalog`, and of those that stayed closed
    /// so far; a ciphertext that is the same is not opened again. Returns the secrets that may have another
    /// value now.
    ///
    /// All are tried: a value that does not open is a finding, and the others are still opened.
    pub(super) fn update(
        &mut self,
        catalog: &Catalog,
        keyring: &Keyring,
        changed: &BTreeSet<ResourceId>,
    ) -> BTreeSet<ResourceId> {
        let secrets = changed.iter().filter(|id| id.kind == Kind::Secret);
        let secrets: BTreeSet<_> = secrets.chain(self.closed.iter()).cloned().collect();
        let present = secrets.iter().filter_map(|id| {
            let resource = catalog.get(id)?;
            match &resource.spec {
                Spec::Secret(spec) => Some((&**resource, spec)),
                _ => None,
            }
        });
        let opened = cores::map(present.collect(), SECRETS_PER_THREAD, |(resource, spec)| {
            self.open_secret(keyring, resource, spec)
        });
        let mut opened = opened.into_iter().peekable();
        for id in &secrets {
            let Some((_, secret, findings)) = opened.next_if(|(opened, ..)| *opened == id) else {
                self.secrets.remove_mut(id);
                self.closed.remove_mut(id);
                self.findings.set(id.clone(), Vec::new());
                continue;
            };
            if secret.closed.is_empty() {
                self.closed.remove_mut(id);
            } else {
                self.closed.insert_mut(id.clone());
            }
            self.findings.set(id.clone(), findings);
            self.secrets.insert_mut(id.clone(), Arc::new(secret));
        }
        secrets
    }

    /// All values of a secret, and what is to be said about them.
    fn open_secret<'r>(
        &self,
        keyring: &Keyring,
        resource: &'r Resource,
        spec: &SecretSpec,
    ) -> (&'r ResourceId, OpenedSecret, Vec<Finding>) {
        let before = self.secrets.get(&resource.id).map(|before| &**before);
        let (opened, findings) = OpenedSecret::open(keyring, resource, spec, before);
        (&resource.id, opened, findings)
    }
}
