//! Opening the secrets of a revision.

use super::cores;
use crate::{
    model::{
        Catalog, ClearText, Digest, Finding, FindingsBy, Kind, Resource, ResourceId, SortedSet,
        Spec, code, spec::SecretSpec,
    },
    secrets::{Keyring, OpenError, Opened, Sealed},
};
use rpds::HashTrieMapSync;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// Below this many secrets, threads cost more than they save.
const SECRETS_PER_THREAD: usize = 8;

/// The same of sealed values.
const VALUES_PER_THREAD: usize = 8;

/// The opened values of every secret of a catalog. Clones share their structure.
#[derive(Clone)]
pub(super) struct OpenedSecrets {
    secrets: HashTrieMapSync<ResourceId, Arc<OpenedSecret>>,
    /// Secrets with a value that stayed closed.
    closed: SortedSet<ResourceId>,
    findings: FindingsBy<ResourceId>,
    /// Values for the next update to take over.
    ahead: Ahead,
}

/// Opened values by the digest of their ciphertext.
pub(super) type Ahead = Arc<HashMap<Digest, Arc<Opened>>>;

/// Opens the sealed values of resources that are in no catalog yet; one that stays closed is left out.
pub(super) fn open_ahead<'r>(
    keyring: &Keyring,
    resources: impl Iterator<Item = &'r Resource>,
) -> Ahead {
    let sealed = resources.filter_map(|resource| match &resource.spec {
        Spec::Secret(spec) => Some(spec.encrypted_data.values()),
        _ => None,
    });
    let opened = cores::map(sealed.flatten().collect(), VALUES_PER_THREAD, |armored| {
        let opened = open_one(keyring, armored).ok()?;
        Some((digest_of(armored), Arc::new(opened)))
    });
    Arc::new(opened.into_iter().flatten().collect())
}

/// The values of one secret.
#[derive(Default)]
struct OpenedSecret {
    values: BTreeMap<String, Value>,
    /// Keys whose values stayed closed.
    closed: Vec<String>,
}

struct Value {
    /// Of the ciphertext; `None` for clear text.
    sealed: Option<Digest>,
    opened: Arc<Opened>,
}

impl Default for OpenedSecrets {
    fn default() -> Self {
        Self {
            secrets: HashTrieMapSync::new_sync(),
            closed: SortedSet::default(),
            findings: FindingsBy::default(),
            ahead: Ahead::default(),
        }
    }
}

impl OpenedSecrets {
    /// None yet, and values for the first update to take over.
    pub(super) fn after(ahead: Ahead) -> Self {
        Self {
            ahead,
            ..Self::default()
        }
    }

    /// Whether the catalog defines a secret.
    pub(super) fn contains(&self, id: &ResourceId) -> bool {
        self.secrets.contains_key(id)
    }

    /// A value of a secret that the catalog defines.
    pub(super) fn value(&self, id: &ResourceId, key: &str) -> Option<&Opened> {
        let value = self.secrets.get(id)?.values.get(key)?;
        Some(&value.opened)
    }

    /// The first of `keys` whose value stayed closed.
    pub(super) fn closed<'k>(&self, id: &ResourceId, keys: &[&'k str]) -> Option<&'k str> {
        let closed = &self.secrets.get(id)?.closed;
        keys.iter()
            .find(|key| closed.iter().any(|closed| closed == *key))
            .copied()
    }

    /// One finding for each value that stayed closed.
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
            if findings.is_empty() {
                self.closed.remove_mut(id);
            } else {
                self.closed.insert_mut(id.clone());
            }
            self.findings.set(id.clone(), findings);
            self.secrets.insert_mut(id.clone(), Arc::new(secret));
        }
        self.ahead = Ahead::default();
        secrets
    }

    /// All values of a secret, and a finding for each that stays closed.
    fn open_secret<'r>(
        &self,
        keyring: &Keyring,
        resource: &'r Resource,
        spec: &SecretSpec,
    ) -> (&'r ResourceId, OpenedSecret, Vec<Finding>) {
        let mut opened = OpenedSecret::default();
        let mut findings = Vec::new();
        for (key, clear) in &spec.data {
            let value = Value {
                sealed: None,
                opened: Arc::new(take_over(clear)),
            };
            opened.values.insert(key.clone(), value);
        }
        for (key, armored) in &spec.encrypted_data {
            match self.open(&resource.id, key, keyring, armored) {
                Ok(value) => drop(opened.values.insert(key.clone(), value)),
                Err(problem) => {
                    opened.closed.push(key.clone());
                    findings.push(not_opened(resource, key, &problem));
                }
            }
        }
        (&resource.id, opened, findings)
    }

    fn open(
        &self,
        id: &ResourceId,
        key: &str,
        keyring: &Keyring,
        armored: &str,
    ) -> Result<Value, String> {
        let digest = digest_of(armored);
        let sealed = Some(digest);
        let before = self
            .secrets
            .get(id)
            .and_then(|secret| secret.values.get(key));
        let before = before.filter(|before| before.sealed == sealed);
        let before = before.map(|before| &before.opened);
        let opened = match before.or_else(|| self.ahead.get(&digest)) {
            Some(opened) => opened.clone(),
            None => Arc::new(open_one(keyring, armored)?),
        };
        Ok(Value { sealed, opened })
    }
}

fn digest_of(armored: &str) -> Digest {
    Digest::of_bytes(armored.as_bytes())
}

fn take_over(clear: &ClearText) -> Opened {
    Opened::new(clear.expose().to_vec())
}

fn open_one(keyring: &Keyring, armored: &str) -> Result<Opened, String> {
    let sealed = Sealed::parse(armored).map_err(|error| error.to_string())?;
    keyring
        .open(&sealed)
        .map_err(|error: OpenError| error.to_string())
}

fn not_opened(resource: &Resource, key: &str, problem: &str) -> Finding {
    let origin = resource.origin_of_key(&format!("/spec/encryptedData/{key}"));
    let message = format!(
        "the value `{key}` of {} stays closed: {problem}",
        resource.id
    );
    let hint = "start the daemon with the `--age-key-file` of one of its recipients, or seal the value again for a key the daemon holds";
    Finding::new(code::SECRET_OPEN, origin, message)
        .with_hint(hint)
        .on(&resource.id)
}
