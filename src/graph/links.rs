//! Who refers to whom.

use super::{
    field::Field,
    generated,
    reference::{Reference, references},
};
use crate::model::{Catalog, Kind, Resource, ResourceId, SortedMap, SortedSet};
use std::{collections::BTreeSet, sync::Arc};

/// Who refers, and the field that does.
pub(super) type User = (ResourceId, Field);

/// A reference as it was linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// The field that refers.
    pub(super) field: Field,
    /// What it names, if that is not what it leads to.
    written: Option<Box<ResourceId>>,
    /// What it leads to: what it names, or the server that offers it; it may not exist.
    pub(super) to: ResourceId,
    /// Whether what it leads to exists.
    pub(super) exists: bool,
}

/// The references of every resource, seen from both ends. Clones share their structure.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    pub(super) outgoing: SortedMap<ResourceId, Arc<[Link]>>,
    pub(super) incoming: SortedMap<ResourceId, SortedSet<User>>,
    /// What would make a reference lead elsewhere if it came or went, and whose reference.
    pub(super) watched: SortedSet<(ResourceId, ResourceId)>,
}

impl Links {
    /// Links a resource anew, or takes it out if the catalog lacks it; says whether that changed anything.
    pub(super) fn relink(&mut self, catalog: &Catalog, id: &ResourceId) -> bool {
        let now = catalog.get(id).map(|resource| links(catalog, resource));
        let before = self.outgoing.get(id).cloned();
        if before.as_deref() == now.as_deref() {
            return false;
        }
        for link in before.iter().flat_map(|links| links.iter()) {
            self.remove_user(&link.to, &(id.clone(), link.field));
            for watched in link.watched() {
                self.watched.remove_mut(&(watched, id.clone()));
            }
        }
        let Some(now) = now else {
            self.outgoing.remove_mut(id);
            return before.is_some();
        };
        for link in &now {
            self.add_user(&link.to, (id.clone(), link.field));
            for watched in link.watched() {
                self.watched.insert_mut((watched, id.clone()));
            }
        }
        self.outgoing.insert_mut(id.clone(), now.into());
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.outgoing.is_empty() && self.incoming.is_empty()
    }

    pub(super) fn contains(&self, id: &ResourceId) -> bool {
        self.outgoing.contains_key(id)
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &ResourceId> {
        self.outgoing.keys()
    }

    /// What a resource refers to and exists, in field order.
    pub(super) fn outgoing(&self, id: &ResourceId) -> impl Iterator<Item = &Link> {
        let links = self.outgoing.get(id);
        let links = links.into_iter().flat_map(|links| links.iter());
        links.filter(|link| link.exists)
    }

    /// What a resource refers to, whether it exists or not.
    pub(super) fn targets(&self, id: &ResourceId) -> impl Iterator<Item = &ResourceId> {
        let links = self.outgoing.get(id);
        links
            .into_iter()
            .flat_map(|links| links.iter().map(|link| &link.to))
    }

    /// Whether a resource refers to something that does not exist.
    pub(super) fn targets_missing(&self, id: &ResourceId) -> bool {
        let links = self.outgoing.get(id);
        links.is_some_and(|links| links.iter().any(|link| !link.exists))
    }

    /// The secrets that a resource refers to and that do not exist.
    pub(super) fn missing_secrets(
        &self,
        catalog: &Catalog,
        id: &ResourceId,
    ) -> BTreeSet<ResourceId> {
        let targets = self.targets(id).filter(|to| to.kind == Kind::Secret);
        let missing = targets.filter(|to| catalog.get(to).is_none() && !catalog.is_unreadable(to));
        missing.cloned().collect()
    }

    /// Who refers to a resource, whether it exists or not, and by which field; sorted.
    pub(super) fn incoming(&self, id: &ResourceId) -> impl Iterator<Item = (&ResourceId, Field)> {
        let users = self.incoming.get(id);
        let users = users.into_iter().flat_map(SortedSet::iter);
        users.map(|(from, field)| (from, *field))
    }

    fn add_user(&mut self, to: &ResourceId, user: User) {
        if let Some(users) = self.incoming.get_mut(to) {
            users.insert_mut(user);
            return;
        }
        self.incoming
            .insert_mut(to.clone(), SortedSet::from_iter([user]));
    }

    fn remove_user(&mut self, to: &ResourceId, user: &User) {
        let Some(users) = self.incoming.get_mut(to) else {
            return;
        };
        users.remove_mut(user);
        if users.is_empty() {
            self.incoming.remove_mut(to);
        }
    }

    /// Whose reference would lead elsewhere if `id` came or went.
    fn watching(&self, id: &ResourceId) -> impl Iterator<Item = &ResourceId> {
        let least = (id.clone(), ResourceId::new(Kind::ALL[0], "", ""));
        let id = id.clone();
        self.watched
            .range(least..)
            .take_while(move |(other, _)| *other == id)
            .map(|(_, from)| from)
    }

    /// Everyone whose links or findings may be others when `id` is: itself, what it refers to, and what
    /// refers to it.
    pub(super) fn around(&self, id: &ResourceId, into: &mut BTreeSet<ResourceId>) {
        into.extend(self.targets(id).cloned());
        into.extend(self.incoming(id).map(|(from, _)| from.clone()));
        into.extend(self.watching(id).cloned());
        into.insert(id.clone());
    }
}

impl Link {
    /// The link of a reference, where `find` gives the identity of a resource as the catalog holds it.
    pub(super) fn of<'c>(
        reference: Reference,
        find: impl Fn(&ResourceId) -> Option<&'c ResourceId>,
        catalog: &Catalog,
    ) -> Self {
        let field = reference.field;
        if let Some(to) = find(&reference.to) {
            return Self {
                field,
                written: None,
                to: to.clone(),
                exists: true,
            };
        }
        let server = generated::server(catalog, &reference.to);
        match server.as_ref().and_then(find) {
            Some(server) => Self {
                field,
                written: Some(Box::new(reference.to)),
                to: server.clone(),
                exists: true,
            },
            None => Self {
                field,
                written: None,
                to: reference.to,
                exists: false,
            },
        }
    }

    /// What decides between the tool itself and a server that offers it.
    pub(super) fn watched(&self) -> impl Iterator<Item = ResourceId> {
        let written = self.written.as_deref().unwrap_or(&self.to);
        let mut servers = generated::servers(written).peekable();
        let itself = servers.peek().map(|_| written.clone());
        servers.chain(itself)
    }
}

/// The references of a resource.
fn links(catalog: &Catalog, resource: &Resource) -> Vec<Link> {
    let find = |id: &ResourceId| catalog.get(id).map(|there| &there.id);
    let references = references(resource).into_iter();
    references.map(|one| Link::of(one, find, catalog)).collect()
}
