//! Who refers to whom.

use super::{
    generated,
    reference::{Reference, references},
};
use crate::model::{Catalog, Kind, Resource, ResourceId};
use rpds::{HashTrieMapSync, RedBlackTreeSetSync};
use std::{collections::BTreeSet, sync::Arc};

/// Who refers, and the pointer of the field that does.
type User = (ResourceId, Arc<str>);

/// A reference as it was linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// JSON pointer of the field that refers.
    pub(super) pointer: Arc<str>,
    /// What it names.
    written: ResourceId,
    /// What it leads to: what it names, or the server that offers it; it may not exist.
    pub(super) to: ResourceId,
}

/// The references of every resource, seen from both ends. Clones share their structure.
#[derive(Debug, Clone)]
pub(super) struct Links {
    outgoing: HashTrieMapSync<ResourceId, Arc<[Link]>>,
    incoming: HashTrieMapSync<ResourceId, RedBlackTreeSetSync<User>>,
    /// What would make a reference lead elsewhere if it came or went, and whose reference.
    watched: RedBlackTreeSetSync<(ResourceId, ResourceId)>,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            outgoing: HashTrieMapSync::new_sync(),
            incoming: HashTrieMapSync::new_sync(),
            watched: RedBlackTreeSetSync::new_sync(),
        }
    }
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
            self.remove_user(&link.to, &(id.clone(), link.pointer.clone()));
            for watched in link.watched() {
                self.watched.remove_mut(&(watched, id.clone()));
            }
        }
        let Some(now) = now else {
            self.outgoing.remove_mut(id);
            return before.is_some();
        };
        for link in &now {
            self.add_user(&link.to, (id.clone(), link.pointer.clone()));
            for watched in link.watched() {
                self.watched.insert_mut((watched, id.clone()));
            }
        }
        self.outgoing.insert_mut(id.clone(), now.into());
        true
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
        links.filter(|link| self.contains(&link.to))
    }

    /// What a resource refers to, whether it exists or not.
    pub(super) fn targets(&self, id: &ResourceId) -> impl Iterator<Item = &ResourceId> {
        let links = self.outgoing.get(id);
        links
            .into_iter()
            .flat_map(|links| links.iter().map(|link| &link.to))
    }

    /// Who refers to a resource, whether it exists or not, and by which field; sorted.
    pub(super) fn incoming(&self, id: &ResourceId) -> impl Iterator<Item = (&ResourceId, &str)> {
        let users = self.incoming.get(id);
        let users = users.into_iter().flat_map(|users| users.iter());
        users.map(|(from, pointer)| (from, &**pointer))
    }

    fn add_user(&mut self, to: &ResourceId, user: User) {
        if let Some(users) = self.incoming.get_mut(to) {
            users.insert_mut(user);
            return;
        }
        let mut users = RedBlackTreeSetSync::new_sync();
        users.insert_mut(user);
        self.incoming.insert_mut(to.clone(), users);
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
    fn of(catalog: &Catalog, reference: Reference) -> Self {
        let written = reference.to;
        let server = match catalog.get(&written) {
            Some(_) => None,
            None => generated::server(catalog, &written),
        };
        let server = server.filter(|server| catalog.get(server).is_some());
        Self {
            pointer: reference.pointer.into(),
            to: server.unwrap_or_else(|| written.clone()),
            written,
        }
    }

    /// What decides between the tool itself and a server that offers it.
    fn watched(&self) -> impl Iterator<Item = ResourceId> {
        let mut servers = generated::servers(&self.written).peekable();
        let itself = servers.peek().map(|_| self.written.clone());
        servers.chain(itself)
    }
}

/// The references of a resource.
fn links(catalog: &Catalog, resource: &Resource) -> Vec<Link> {
    let references = references(resource).into_iter();
    references.map(|one| Link::of(catalog, one)).collect()
}
