//! Opening the secrets of a revision.

use crate::{
    model::{Catalog, ClearText, Digest, Finding, Kind, Resource, ResourceId, Spec, code},
    secrets::{Keyring, OpenError, Opened, Sealed},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// The opened values of every secret of a catalog.
#[derive(Default)]
pub(super) struct OpenedSecrets {
    /// By secret, then by key.
    values: HashMap<ResourceId, BTreeMap<String, Arc<Opened>>>,
    /// Keys whose values stayed closed, by secret.
    closed: HashMap<ResourceId, Vec<String>>,
    /// By the digest of the ciphertext.
    pub(super) cache: HashMap<Digest, Arc<Opened>>,
}

impl OpenedSecrets {
    /// The keys and values of a secret that the catalog defines.
    pub(super) fn of(&self, id: &ResourceId) -> Option<&BTreeMap<String, Arc<Opened>>> {
        self.values.get(id)
    }

    /// The first of `keys` whose value stayed closed.
    pub(super) fn closed<'k>(&self, id: &ResourceId, keys: &[&'k str]) -> Option<&'k str> {
        let closed = self.closed.get(id)?;
        keys.iter()
            .find(|key| closed.iter().any(|closed| closed == *key))
            .copied()
    }
}

/// Opens every value of every secret; those in `known` are not opened again.
///
/// All are tried: a value that does not open is a finding, and the others are still opened.
pub(super) fn open_secrets(
    catalog: &Catalog,
    keyring: &Keyring,
    known: &HashMap<Digest, Arc<Opened>>,
) -> (OpenedSecrets, Vec<Finding>) {
    let mut opened = OpenedSecrets::default();
    let mut findings = Vec::new();
    for resource in catalog.of_kind(Kind::Secret) {
        let Spec::Secret(spec) = &resource.spec else {
            continue;
        };
        let mut values = BTreeMap::new();
        for (key, clear) in &spec.data {
            values.insert(key.clone(), Arc::new(take_over(clear)));
        }
        for (key, armored) in &spec.encrypted_data {
            let digest = Digest::of_bytes(armored.as_bytes());
            let value = match known.get(&digest) {
                Some(value) => Ok(value.clone()),
                None => open_one(keyring, armored).map(Arc::new),
            };
            match value {
                Ok(value) => {
                    opened.cache.insert(digest, value.clone());
                    values.insert(key.clone(), value);
                }
                Err(problem) => {
                    let closed = opened.closed.entry(resource.id.clone());
                    closed.or_default().push(key.clone());
                    findings.push(not_opened(resource, key, &problem));
                }
            }
        }
        opened.values.insert(resource.id.clone(), values);
    }
    (opened, findings)
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
