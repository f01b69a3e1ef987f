//! The one form of "desired": every resource of a revision.

use super::{
    Digest, Kind, Moves, Resource, ResourceId, fingerprint::Fingerprint, sorted::SortedMap,
    sorted::SortedSet,
};
use std::sync::Arc;

/// The resources of one revision, sorted by identity.
///
/// Clones share their structure: the catalog of the next commit costs what the commit changed.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    resources: SortedMap<ResourceId, Arc<Resource>>,
    /// Defined, and not readable; only in catalogs that are refused.
    unreadable: SortedSet<ResourceId>,
    /// What is called otherwise now; of no account for what is served.
    moves: Arc<Moves>,
    fingerprint: Fingerprint,
}

impl Catalog {
    /// Adds or replaces a resource.
    pub fn insert(&mut self, resource: Arc<Resource>) {
        let last = self.resources.last();
        let is_last = last.is_none_or(|(last, _)| *last < resource.id);
        // In their order, as they come first, none is looked for.
        if !is_last && let Some(before) = self.resources.get(&resource.id) {
            self.fingerprint.remove(&before.digest);
        }
        self.fingerprint.insert(resource.digest);
        self.resources.insert_mut(resource.id.clone(), resource);
    }

    /// Takes a resource out; says whether it was there.
    pub fn remove(&mut self, id: &ResourceId) -> bool {
        if let Some(before) = self.resources.get(id) {
            self.fingerprint.remove(&before.digest);
        }
        self.resources.remove_mut(id)
    }

    /// Finds a resource.
    pub fn get(&self, id: &ResourceId) -> Option<&Arc<Resource>> {
        self.resources.get(id)
    }

    /// Finds a resource by its parts.
    pub fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Arc<Resource>> {
        self.resources.get(&ResourceId::new(kind, namespace, name))
    }

    /// All resources, sorted by kind in layer order, namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources.values()
    }

    /// All resources of a kind, sorted by namespace and name.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources
            .range(ResourceId::new(kind, "", "")..)
            .map(|(_, resource)| resource)
            .take_while(move |resource| resource.id.kind == kind)
    }

    /// All resources of a kind in a namespace, sorted by name.
    pub fn of_kind_in(&self, kind: Kind, namespace: &str) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources
            .range(ResourceId::new(kind, namespace, "")..)
            .map(|(_, resource)| resource)
            .take_while(move |one| one.id.kind == kind && *one.id.namespace == *namespace)
    }

    /// Whether there is nothing of another kind.
    pub fn is_only(&self, kind: Kind) -> bool {
        let (first, last) = (self.resources.first(), self.resources.last());
        first.is_none_or(|(id, _)| id.kind == kind) && last.is_none_or(|(id, _)| id.kind == kind)
    }

    /// Notes a resource whose manifest has errors, so that references to it are not reported too.
    pub fn insert_unreadable(&mut self, id: ResourceId) {
        self.unreadable.insert_mut(id);
    }

    /// Takes that note back.
    pub fn remove_unreadable(&mut self, id: &ResourceId) {
        self.unreadable.remove_mut(id);
    }

    /// The resources whose manifests have errors, sorted.
    pub fn unreadable(&self) -> impl Iterator<Item = &ResourceId> {
        self.unreadable.iter()
    }

    /// Whether a resource is defined by a manifest that has errors.
    pub fn is_unreadable(&self, id: &ResourceId) -> bool {
        self.unreadable.contains(id)
    }

    /// Says what is called otherwise now.
    pub fn set_moves(&mut self, moves: Moves) {
        self.moves = Arc::new(moves);
    }

    /// What is called otherwise now.
    pub fn moves(&self) -> &Moves {
        &self.moves
    }

    /// How many resources.
    pub fn len(&self) -> usize {
        self.resources.size()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// The config digest: equal wherever the same resources are served.
    pub fn digest(&self) -> Digest {
        self.fingerprint.digest()
    }
}

impl FromIterator<Arc<Resource>> for Catalog {
    fn from_iter<I: IntoIterator<Item = Arc<Resource>>>(resources: I) -> Self {
        let mut catalog = Self::default();
        for resource in resources {
            catalog.insert(resource);
        }
        catalog
    }
}
