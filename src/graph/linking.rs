//! The links of a whole catalog at once.

use super::{
    links::{Link, Links, User},
    reference::references,
};
use crate::model::{Catalog, ResourceId};
use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

impl Links {
    /// What relinking every resource of a catalog one after the other comes to. Each step finds its place
    /// behind the last one, where that searches for it.
    pub(super) fn of(catalog: &Catalog) -> Self {
        let ids: Vec<_> = catalog.iter().map(|resource| &resource.id).collect();
        let numbers: HashMap<&ResourceId, usize> = ids.iter().copied().zip(0..).collect();
        let mut users: Vec<Vec<User>> = vec![Vec::new(); ids.len()];
        let mut elsewhere: BTreeMap<ResourceId, Vec<User>> = BTreeMap::new();
        let mut pointers = Pointers::default();
        let mut all = Self::default();
        for resource in catalog.iter() {
            let id = &resource.id;
            // What is found last is what the link leads to: its number is not looked up again.
            let last = Cell::new(None);
            let find = |id: &ResourceId| {
                last.set(numbers.get(id).copied());
                ids.get(last.get()?).copied()
            };
            let mut links = Vec::new();
            for reference in references(resource) {
                let link = Link::of(reference, find, |text| pointers.share(text), catalog);
                let user = (id.clone(), link.pointer.clone());
                match last.get().and_then(|to| users.get_mut(to)) {
                    Some(users) => users.push(user),
                    None => elsewhere.entry(link.to.clone()).or_default().push(user),
                }
                for watched in link.watched() {
                    all.watched.insert_mut((watched, id.clone()));
                }
                links.push(link);
            }
            all.outgoing.insert_mut(id.clone(), links.into());
        }
        let used = ids.into_iter().cloned().zip(users);
        for (to, users) in used.filter(|(_, users)| !users.is_empty()).chain(elsewhere) {
            all.incoming.insert_mut(to, users.into_iter().collect());
        }
        all
    }
}

/// Pointers seen so far: most resources refer by the same few fields.
#[derive(Default)]
struct Pointers(HashSet<Arc<str>>);

impl Pointers {
    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let pointer: Arc<str> = text.into();
        self.0.insert(pointer.clone());
        pointer
    }
}
