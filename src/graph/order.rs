//! In which order things happen: dependencies before dependents.

use super::DependencyGraph;
use crate::model::ResourceId;
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap},
};

impl DependencyGraph {
    /// Every resource, dependencies before dependents; equals are sorted by kind, namespace and name.
    ///
    /// Members of a cycle come last, sorted.
    pub fn order(&self) -> Vec<ResourceId> {
        self.order_of(&self.links.nodes().cloned().collect())
    }

    /// Some resources in that order; who the graph does not know is left out.
    ///
    /// Costs what there is between them: references lead to lower layers, which come first anyway, so only
    /// what they reach within their own layer is looked at.
    pub fn order_of(&self, some: &BTreeSet<ResourceId>) -> Vec<ResourceId> {
        let part = self.within_layers(some);
        let mut waiting = HashMap::new();
        let mut ready = BinaryHeap::new();
        for id in &part {
            let links = self.links.outgoing(id);
            let count = links.filter(|link| part.contains(&link.to)).count();
            if count == 0 {
                ready.push(Reverse(id));
            } else {
                waiting.insert(id, count);
            }
        }
        let mut order = Vec::with_capacity(some.len());
        while let Some(Reverse(id)) = ready.pop() {
            if some.contains(id) {
                order.push(id.clone());
            }
            for (from, _) in self.links.incoming(id) {
                if let Some(left) = waiting.get_mut(from) {
                    *left -= 1;
                    if *left == 0 {
                        waiting.remove(from);
                        ready.extend(part.get(from).map(Reverse));
                    }
                }
            }
        }
        let mut circular: Vec<_> = waiting
            .into_keys()
            .filter(|id| some.contains(*id))
            .collect();
        circular.sort();
        order.extend(circular.into_iter().cloned());
        order
    }

    /// Known resources and what they reach without leaving their layer downwards.
    fn within_layers(&self, some: &BTreeSet<ResourceId>) -> BTreeSet<ResourceId> {
        let known = some.iter().filter(|id| self.links.contains(id));
        let mut part: BTreeSet<_> = known.cloned().collect();
        let mut open: Vec<_> = part.iter().cloned().collect();
        while let Some(id) = open.pop() {
            for link in self.links.outgoing(&id) {
                if link.to.kind >= id.kind && part.insert(link.to.clone()) {
                    open.push(link.to.clone());
                }
            }
        }
        part
    }
}
