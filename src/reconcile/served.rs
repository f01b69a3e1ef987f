//! A revision as it is served.

use super::{opening::OpenedSecrets, parts::Parts, snapshot::Snapshot};
use crate::{
    manifest::{ParsedFile, adopts, parse_file, parse_kept_file},
    model::{Catalog, Digest, Finding, Findings, ResourceId},
    plan::Side,
    providers::Upstream,
    secrets::Opened,
};
use rpds::HashTrieMapSync;
use std::{collections::HashSet, sync::Arc};

/// Everything that serving a revision needs. Immutable.
pub struct Served {
    /// What `x-orloj-revision` carries; `none` before the first.
    pub revision: String,
    /// What its manifests say.
    pub snapshot: Snapshot,
    /// The endpoints, ready or not.
    pub endpoints: HashTrieMapSync<ResourceId, EndpointState>,
    /// Warnings that the revision came with.
    pub findings: Findings,
    /// The config digest.
    pub digest: Digest,
    /// When it went live, in microseconds since 1970 (UTC); 0 for "nothing yet".
    pub since_us: i64,
    /// What the next revision is reviewed against and stored from.
    pub(super) inputs: Inputs,
    /// Opened values, so that the next revision opens only new ones.
    pub(super) opened: OpenedSecrets,
}

/// Where a revision came from.
#[derive(Clone, Default)]
pub(super) struct Inputs {
    pub(super) parts: Parts,
    pub(super) unmanaged: Vec<UnmanagedFile>,
    pub(super) unmanaged_generation: i64,
    /// What this version cannot read of what an older one kept.
    pub(super) unread: Vec<Finding>,
}

impl Inputs {
    /// Leaves out what the source adopts, which makes the set one generation older; returns whom.
    pub(super) fn release_adopted(&mut self) -> Vec<ResourceId> {
        if self.unmanaged.is_empty() {
            return Vec::new();
        }
        let resources = self.parts.files().flat_map(|file| &file.parsed.resources);
        let adopting: HashSet<_> = resources
            .filter(|resource| adopts(resource))
            .map(|resource| &resource.id)
            .collect();
        let (adopted, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unmanaged)
            .into_iter()
            .partition(|file| adopting.contains(&file.id));
        self.unmanaged = kept;
        self.unmanaged_generation += i64::from(!adopted.is_empty());
        adopted.into_iter().map(|file| file.id).collect()
    }
}

/// A resource sent by hand.
#[derive(Clone)]
pub(super) struct UnmanagedFile {
    pub(super) id: ResourceId,
    /// Stands for a path: it names the resource.
    pub(super) path: Arc<str>,
    pub(super) document: Arc<Opened>,
    pub(super) parsed: Arc<ParsedFile>,
}

impl UnmanagedFile {
    /// Parses a kept manifest; its origin names the resource instead of a file.
    pub(super) fn new(id: ResourceId, document: Opened) -> Self {
        Self::read(id, document, parse_file)
    }

    /// As [`Self::new`], for one that is served already.
    pub(super) fn kept(id: ResourceId, document: Opened) -> Self {
        Self::read(id, document, parse_kept_file)
    }

    fn read(id: ResourceId, document: Opened, parse: fn(&Arc<str>, &[u8]) -> ParsedFile) -> Self {
        let name: Arc<str> =
            format!("unmanaged:{}/{}", id.kind.singular(), id.qualified_name()).into();
        let parsed = Arc::new(parse(&name, document.expose_bytes()));
        Self {
            id,
            path: name,
            document: Arc::new(document),
            parsed,
        }
    }
}

/// Whether an endpoint can be called.
#[derive(Clone)]
pub enum EndpointState {
    /// It can.
    Ready {
        /// What calls it.
        upstream: Arc<Upstream>,
        /// Since when it can, in microseconds since 1970 (UTC).
        since_us: i64,
    },
    /// It cannot, for this reason.
    NotReady(Condition),
}

/// Why something does not work although its manifest is valid.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Condition {
    /// A word for programs, such as `SecretNotFound`.
    pub reason: &'static str,
    /// A sentence for people.
    pub message: String,
    /// Since when, in microseconds since 1970 (UTC).
    pub since_us: i64,
}

impl Served {
    /// What is served before the first revision.
    pub fn nothing() -> Self {
        Self {
            revision: "none".to_owned(),
            snapshot: Snapshot::default(),
            endpoints: HashTrieMapSync::new_sync(),
            findings: Findings::default(),
            digest: Catalog::default().digest(),
            since_us: 0,
            inputs: Inputs::default(),
            opened: OpenedSecrets::default(),
        }
    }

    /// Whether any revision is served.
    pub fn is_something(&self) -> bool {
        self.since_us != 0
    }

    /// The commit it came from, if it came from one Git source.
    pub fn commit(&self) -> Option<&crate::source::Commit> {
        self.inputs.parts.only_commit()
    }

    /// The sources it came from by name, each with its commit.
    pub fn commits(&self) -> impl Iterator<Item = (&str, &crate::source::Commit)> {
        let parts = self.inputs.parts.iter();
        parts.filter_map(|part| Some((&*part.name, part.commit()?)))
    }

    /// Why an endpoint cannot be called; `None` if it can.
    pub fn condition(&self, endpoint: &ResourceId) -> Option<&Condition> {
        match self.endpoints.get(endpoint) {
            Some(EndpointState::NotReady(condition)) => Some(condition),
            _ => None,
        }
    }

    /// The revision as the base of a plan.
    pub fn side(&self) -> Side<'_> {
        self.snapshot.side(self.base_name())
    }

    /// How the base of a plan is called: nothing before the first revision.
    pub(super) fn base_name(&self) -> &str {
        if self.is_something() {
            &self.revision
        } else {
            ""
        }
    }
}

/// Counts only: a table is long and holds endpoints with keys.
impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Served")
            .field("revision", &self.revision)
            .field("resources", &self.snapshot.catalog().len())
            .finish_non_exhaustive()
    }
}
