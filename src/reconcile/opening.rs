//! Opening the secrets of a revision.

use super::{
    cores,
    inside::{self, Inside},
    opened_file::{OpenedFiles, open_files},
    opened_secret::{OpenedSecret, Stale},
    secret_files::{SecretFiles, SecretSources},
};
use crate::{
    model::{Catalog, Finding, Findings, FindingsBy, Kind, Resource, ResourceId, SortedSet, Spec},
    secrets::{Keyring, Opened},
};
use rpds::HashTrieMapSync;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// Below this many secrets, threads cost more than they save.
const SECRETS_PER_THREAD: usize = 8;

/// The opened values of every secret of a catalog. Clones share their structure.
#[derive(Clone)]
pub struct OpenedSecrets {
    secrets: HashTrieMapSync<ResourceId, Arc<OpenedSecret>>,
    /// Secrets with a value that stayed closed.
    closed: SortedSet<ResourceId>,
    /// Secrets with a value that comes from a file.
    of_files: SortedSet<ResourceId>,
    findings: FindingsBy<ResourceId>,
    /// What was found in files whose names are sealed too.
    inside: Inside,
    /// Secrets for the next update to take values over from.
    ahead: Ahead,
    /// Secrets that the next update opens.
    put_off: Arc<BTreeSet<ResourceId>>,
}

/// Secrets that were opened before they were in a catalog.
pub(super) type Ahead = Arc<HashMap<ResourceId, OpenedSecret>>;

/// Opens the secrets of `sent` among resources that are in no catalog yet, but those that a file seals together. What
/// is to be said of them is said when they are.
pub(super) fn open_ahead<'r>(
    keyring: &Keyring,
    resources: impl Iterator<Item = &'r Resource>,
    sent: &HashSet<ResourceId>,
) -> Ahead {
    let secrets = resources.filter_map(|resource| match &resource.spec {
        Spec::Secret(spec) if spec.file.is_none() && sent.contains(&resource.id) => {
            Some((resource, spec))
        }
        _ => None,
    });
    // Files of the operator's are read when it is known what is served.
    let (no_files, unread) = (OpenedFiles::default(), SecretFiles::default());
    let opened = cores::map(secrets.collect(), SECRETS_PER_THREAD, |(resource, spec)| {
        let (secret, _) = OpenedSecret::open((keyring, &unread), resource, spec, (&no_files, None));
        (resource.id.clone(), secret)
    });
    Arc::new(opened.into_iter().collect())
}

impl Default for OpenedSecrets {
    fn default() -> Self {
        Self {
            secrets: HashTrieMapSync::new_sync(),
            closed: SortedSet::default(),
            of_files: SortedSet::default(),
            findings: FindingsBy::default(),
            inside: Inside::default(),
            ahead: Ahead::default(),
            put_off: Arc::default(),
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

    /// Leaves secrets for the next update to open.
    pub(super) fn put_off(&mut self, secrets: BTreeSet<ResourceId>) {
        self.put_off = Arc::new(secrets);
    }

    /// Whether any secret was left for the next update.
    pub(super) fn has_put_off(&self) -> bool {
        !self.put_off.is_empty()
    }

    /// Whether a file that is sealed down to its names was opened.
    pub(super) fn is_opened_file(&self, id: &ResourceId) -> bool {
        self.inside.contains(id)
    }

    /// Whether the catalog, or a sealed file of it, defines a secret.
    pub(super) fn contains(&self, id: &ResourceId) -> bool {
        self.secrets.contains_key(id) || self.put_off.contains(id)
    }

    /// A value of a secret that the catalog defines.
    pub(super) fn value(&self, id: &ResourceId, key: &str) -> Option<&Opened> {
        self.secrets.get(id)?.value(key)
    }

    /// The hosts that a value may be sent to, as its manifest says and as was sealed with it; an empty list has
    /// them all.
    pub(super) fn hosts(&self, id: &ResourceId, key: &str) -> [&[String]; 2] {
        match self.secrets.get(id) {
            Some(secret) => [&secret.allowed_hosts, secret.hosts(key)],
            None => [&[], &[]],
        }
    }

    /// A secret with its opened values.
    pub(super) fn secret(&self, id: &ResourceId) -> Option<&OpenedSecret> {
        Some(&**self.secrets.get(id)?)
    }

    /// The secrets in a file that is sealed down to its names; `None` if not all of it is open.
    pub(super) fn inside(&self, file: &ResourceId) -> Option<BTreeSet<&ResourceId>> {
        let is_open = self.secret(file)?.closed.is_empty();
        self.inside.of(file).filter(|_| is_open)
    }

    /// Why the first of `keys` that stayed closed did.
    pub(super) fn closed(&self, id: &ResourceId, keys: &[&str]) -> Option<&str> {
        let closed = &self.secrets.get(id)?.closed;
        keys.iter()
            .find_map(|key| closed.get(*key).map(String::as_str))
    }

    /// Why the file of the first of `keys` that has none gives no value.
    pub(super) fn absent(&self, id: &ResourceId, keys: &[&str]) -> Option<&str> {
        self.secrets.get(id)?.absent(keys)
    }

    /// That a value goes on although its file gives none any more.
    pub(super) fn stale(&self, id: &ResourceId, key: &str) -> Option<&Stale> {
        self.secrets.get(id)?.stale(key)
    }

    /// The secrets of whose files one may say something else now.
    pub(super) fn with_moved_files(&self, files: &SecretFiles) -> BTreeSet<ResourceId> {
        let of_files = self.of_files.iter();
        let moved = of_files.filter(|id| {
            let secret = self.secrets.get(*id);
            secret.is_some_and(|secret| secret.has_moved_files(files))
        });
        moved.cloned().collect()
    }

    /// Whether a secret has the very values that it has in `other`.
    pub(super) fn has_values_of(&self, other: &Self, id: &ResourceId) -> bool {
        match (self.secrets.get(id), other.secrets.get(id)) {
            (Some(one), Some(other)) => one.has_values_of(other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// What happened to the files of a secret since it was as in `before`.
    pub(super) fn news(&self, before: &Self, id: &ResourceId) -> Vec<String> {
        match (self.secrets.get(id), before.secrets.get(id)) {
            (Some(one), Some(before)) => one.news(before),
            _ => Vec::new(),
        }
    }

    /// What is to be said of one secret.
    pub(super) fn findings_of(&self, id: &ResourceId) -> impl Iterator<Item = &Finding> {
        self.findings.of(id)
    }

    /// An error for each value that stayed closed, and warnings about others.
    pub fn findings(&self) -> &Findings {
        self.findings.all()
    }

    /// Opens the values of the secrets that changed on the way to `catalog`, and of those that stayed closed
    /// or were put off so far; a ciphertext that is the same is not opened again. Returns the secrets that may have another
    /// value now.
    ///
    /// All are tried: a value that does not open is a finding, and the others are still opened.
    pub fn update(
        &mut self,
        catalog: &Catalog,
        sources: SecretSources<'_>,
        changed: &BTreeSet<ResourceId>,
    ) -> BTreeSet<ResourceId> {
        let SecretSources {
            keyring,
            variables,
            files: mounted,
        } = sources;
        let secrets = changed.iter().filter(|id| id.kind == Kind::Secret);
        let put_off = std::mem::take(&mut self.put_off);
        let waiting = self.closed.iter().chain(put_off.iter());
        let mut secrets: BTreeSet<_> = secrets.chain(waiting).cloned().collect();
        let disturbed = self.inside.disturbed(&secrets);
        secrets.extend(disturbed.iter().cloned());
        let present = secrets.iter().filter_map(|id| {
            let resource = catalog.get(id)?;
            match &resource.spec {
                Spec::Secret(spec) => Some((&**resource, spec)),
                _ => None,
            }
        });
        let (opaque, named): (Vec<_>, Vec<_>) = present.partition(|(_, spec)| spec.is_opaque());
        let all = opaque.iter().chain(&named);
        let wanted = all.filter_map(|(resource, spec)| {
            let file = spec.file.as_deref()?;
            let before = self.secrets.get(&resource.id);
            let is_known = before.is_some_and(|before| before.has_file(file));
            (!is_known || disturbed.contains(&resource.id)).then_some(file)
        });
        let files = open_files(keyring, wanted);
        let opened = cores::map(named, SECRETS_PER_THREAD, |(resource, spec)| {
            let before = self.secrets.get(&resource.id).map(|before| &**before);
            let before = (&files, before.or_else(|| self.ahead.get(&resource.id)));
            let (opened, mut findings) =
                OpenedSecret::open((keyring, mounted), resource, spec, before);
            findings.extend(variables.differs(resource, |key| opened.value(key)));
            (&resource.id, opened, findings)
        });
        let mut opened = opened.into_iter().peekable();
        self.ahead = Ahead::default();
        let is_opaque = |id: &ResourceId| opaque.iter().any(|(resource, _)| resource.id == *id);
        let mut touched = BTreeSet::new();
        for id in &secrets {
            match opened.next_if(|(opened, ..)| *opened == id) {
                Some((_, secret, findings)) => self.set(id, secret, findings),
                None if is_opaque(id) => {}
                None => touched.extend(self.forget(id, catalog)),
            }
        }
        for (resource, _) in opaque.iter().filter(|(resource, spec)| {
            let file = spec.file.as_ref();
            file.is_some_and(|file| files.contains_key(&file.digest))
                && catalog.get(&resource.id).is_some()
        }) {
            touched.extend(self.look_into(resource, &files, keyring, catalog));
        }
        touched.append(&mut secrets);
        touched
    }

    fn set(&mut self, id: &ResourceId, secret: OpenedSecret, findings: Vec<Finding>) {
        if secret.closed.is_empty() {
            self.closed.remove_mut(id);
        } else {
            self.closed.insert_mut(id.clone());
        }
        if secret.has_files() {
            self.of_files.insert_mut(id.clone());
        } else {
            self.of_files.remove_mut(id);
        }
        self.findings.set(id.clone(), findings);
        self.secrets.insert_mut(id.clone(), Arc::new(secret));
    }

    /// Drops a secret and what was inside of it if it stands for a file; returns the latter.
    fn forget(&mut self, id: &ResourceId, catalog: &Catalog) -> Vec<ResourceId> {
        let inside = self.inside.remove(id);
        // Who is defined by name now has an entry of its own.
        let gone = inside.iter().filter(|id| catalog.get(id).is_none());
        for id in gone.chain([id]) {
            self.secrets.remove_mut(id);
            self.closed.remove_mut(id);
            self.of_files.remove_mut(id);
            self.findings.set(id.clone(), Vec::new());
        }
        inside
    }

    /// Opens the secrets inside of a file whose names are sealed too; returns those that were and are.
    fn look_into(
        &mut self,
        resource: &Resource,
        files: &OpenedFiles,
        keyring: &Keyring,
        catalog: &Catalog,
    ) -> Vec<ResourceId> {
        let mut touched = self.forget(&resource.id, catalog);
        let looked = inside::look(resource, files, keyring);
        let mut findings = looked.findings;
        let mut ids = Vec::new();
        for (id, secret) in looked.secrets {
            if catalog.get(&id).is_some() || self.secrets.contains_key(&id) {
                findings.push(inside::defined_twice(resource, &id, catalog));
                continue;
            }
            self.secrets.insert_mut(id.clone(), Arc::new(secret));
            ids.push(id);
        }
        self.set(&resource.id, looked.file, findings);
        if looked.is_open {
            self.inside.insert(resource.id.clone(), ids.clone());
        }
        touched.extend(ids);
        touched
    }
}
