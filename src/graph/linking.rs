//! The links of a whole catalog at once.

use super::{
    cycles::circular_groups,
    links::{Link, Links, User},
    reference::references,
};
use crate::model::{Catalog, ResourceId};
use petgraph::graph::{DiGraph, NodeIndex};
use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap},
};

impl Links {
    /// What relinking every resource of a catalog one after the other comes to, and who is in a circle of
    /// references. Each step finds its place behind the last one, where that searches for it.
    pub(super) fn of(catalog: &Catalog) -> (Self, Vec<ResourceId>) {
        let ids: Vec<_> = catalog.iter().map(|resource| &resource.id).collect();
        let numbers: HashMap<&ResourceId, usize> = ids.iter().copied().zip(0..).collect();
        let mut users: Vec<Vec<User>> = vec![Vec::new(); ids.len()];
        let mut elsewhere: BTreeMap<ResourceId, Vec<User>> = BTreeMap::new();
        // Only numbers: no name is looked up again to find the circles.
        let mut graph = DiGraph::<(), ()>::new();
        let nodes: Vec<NodeIndex> = ids.iter().map(|_| graph.add_node(())).collect();
        let mut all = Self::default();
        for (from, resource) in nodes.iter().zip(catalog.iter()) {
            let id = &resource.id;
            // What is found last is what the link leads to: its number is not looked up again.
            let last = Cell::new(None);
            let find = |id: &ResourceId| {
                last.set(numbers.get(id).copied());
                ids.get(last.get()?).copied()
            };
            let mut links = Vec::new();
            for reference in references(resource) {
                let link = Link::of(reference, find, catalog);
                let user = (id.clone(), link.field);
                match last
                    .get()
                    .and_then(|to| nodes.get(to).zip(users.get_mut(to)))
                {
                    Some((to, users)) => {
                        users.push(user);
                        graph.add_edge(*from, *to, ());
                    }
                    None => elsewhere.entry(link.to.clone()).or_default().push(user),
                }
                for watched in link.watched() {
                    all.watched.insert_mut((watched, id.clone()));
                }
                links.push(link);
            }
            all.outgoing.insert_mut(id.clone(), links.into());
        }
        let circular = circular_groups(&graph).into_iter().flatten();
        let circular = circular.filter_map(|node| ids.get(node.index()).copied().cloned());
        let circular = circular.collect();
        let used = ids.into_iter().cloned().zip(users);
        for (to, users) in used.filter(|(_, users)| !users.is_empty()).chain(elsewhere) {
            all.incoming.insert_mut(to, users.into_iter().collect());
        }
        (all, circular)
    }
}
