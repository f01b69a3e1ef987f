//! The graph itself: who depends on whom, and in which order.

use super::{
    cycles, generated,
    missing::{Suggestions, missing},
    reference::{Reference, references},
    systems, templates, unserved,
};
use crate::model::{Catalog, Finding, Findings, Kind, Resource, ResourceId, code};
use petgraph::{
    Direction,
    algo::toposort,
    stable_graph::{NodeIndex, StableDiGraph},
    visit::EdgeRef,
};
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap},
};

/// Who depends on whom. An edge runs from a dependent to its dependency and carries the pointer of the
/// field that refers.
#[derive(Debug, Clone, Default)]
pub struct DependencyGraph {
    graph: StableDiGraph<ResourceId, String>,
    nodes: HashMap<ResourceId, NodeIndex>,
}

impl DependencyGraph {
    /// Links a catalog; every missing reference and every cycle is a finding.
    pub fn build(catalog: &Catalog) -> (Self, Findings) {
        let mut links = Self::default();
        let mut findings = Findings::default();
        let mut suggestions = Suggestions::default();
        for resource in catalog.iter() {
            let node = links.graph.add_node(resource.id.clone());
            links.nodes.insert(resource.id.clone(), node);
        }
        for resource in catalog.iter() {
            for reference in references(resource) {
                if !links.add(catalog, resource, &reference)
                    && !catalog.is_unreadable(&reference.to)
                {
                    findings.push(missing(catalog, resource, &reference, &mut suggestions));
                }
            }
        }
        if toposort(&links.graph, None).is_err() {
            findings.extend(cycles::find(&links.graph, catalog));
        }
        findings.extend(systems::check(catalog));
        findings.extend(templates::check(catalog));
        findings.extend(unserved::note(catalog));
        findings.extend(links.unused_secrets(catalog));
        (links, findings)
    }

    /// Draws the edge of a reference; says whether what it names exists.
    fn add(&mut self, catalog: &Catalog, resource: &Resource, reference: &Reference) -> bool {
        let server = generated::server(catalog, &reference.to);
        let to = self.nodes.get(&reference.to);
        let to = to.or_else(|| self.nodes.get(server.as_ref()?));
        let (Some(from), Some(to)) = (self.nodes.get(&resource.id), to) else {
            return server.is_some();
        };
        self.graph.add_edge(*from, *to, reference.pointer.clone());
        true
    }

    /// Secrets that nothing refers to: a credential that lies around, or a reference that is misspelt.
    ///
    /// Where there are only secrets, what uses them is elsewhere.
    fn unused_secrets(&self, catalog: &Catalog) -> Vec<Finding> {
        if catalog.iter().all(|one| one.id.kind == Kind::Secret) {
            return Vec::new();
        }
        let unused = catalog.of_kind(Kind::Secret).filter(|secret| {
            let node = self.nodes.get(&secret.id);
            node.is_some_and(|node| {
                let mut uses = self.graph.edges_directed(*node, Direction::Incoming);
                uses.next().is_none()
            })
        });
        unused
            .map(|secret| {
                let message = format!("nothing refers to {}", secret.id);
                let origin = secret.origin_of("/metadata/name");
                let finding = Finding::new(code::SECRET_UNUSED, origin, message);
                finding
                    .with_hint("name it where it is needed (`auth.secretRef`), or remove it")
                    .on(&secret.id)
            })
            .collect()
    }

    /// Every resource, dependencies before dependents; equals are sorted by kind, namespace and name.
    ///
    /// Members of a cycle come last, sorted.
    pub fn order(&self) -> Vec<ResourceId> {
        let mut waiting: HashMap<NodeIndex, usize> = HashMap::new();
        let mut ready = BinaryHeap::new();
        for node in self.graph.node_indices() {
            let dependencies = self.graph.edges_directed(node, Direction::Outgoing).count();
            waiting.insert(node, dependencies);
            if dependencies == 0 {
                ready.push(Reverse((self.graph[node].clone(), node)));
            }
        }
        let mut order = Vec::with_capacity(self.graph.node_count());
        while let Some(Reverse((id, node))) = ready.pop() {
            order.push(id);
            waiting.remove(&node);
            for edge in self.graph.edges_directed(node, Direction::Incoming) {
                if let Some(left) = waiting.get_mut(&edge.source()) {
                    *left -= 1;
                    if *left == 0 {
                        ready.push(Reverse((self.graph[edge.source()].clone(), edge.source())));
                    }
                }
            }
        }
        let mut circular: Vec<_> = waiting
            .keys()
            .map(|node| self.graph[*node].clone())
            .collect();
        circular.sort();
        order.extend(circular);
        order
    }

    /// What a resource refers to directly: the field's pointer and the resource, sorted.
    pub fn dependencies(&self, id: &ResourceId) -> Vec<(&str, &ResourceId)> {
        self.neighbours(id, Direction::Outgoing)
    }

    /// What refers to a resource directly: the field's pointer and the resource, sorted.
    pub fn dependents(&self, id: &ResourceId) -> Vec<(&str, &ResourceId)> {
        self.neighbours(id, Direction::Incoming)
    }

    /// Everything that depends on a resource, directly or through others.
    pub fn blast_radius(&self, id: &ResourceId) -> BTreeSet<ResourceId> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<_> = self.nodes.get(id).copied().into_iter().collect();
        while let Some(node) = open.pop() {
            for edge in self.graph.edges_directed(node, Direction::Incoming) {
                if reached.insert(self.graph[edge.source()].clone()) {
                    open.push(edge.source());
                }
            }
        }
        reached.remove(id);
        reached
    }

    /// All resources, sorted.
    pub fn nodes(&self) -> BTreeSet<&ResourceId> {
        self.nodes.keys().collect()
    }

    fn neighbours(&self, id: &ResourceId, direction: Direction) -> Vec<(&str, &ResourceId)> {
        let Some(node) = self.nodes.get(id) else {
            return Vec::new();
        };
        let edges = self.graph.edges_directed(*node, direction);
        let mut found: Vec<_> = edges
            .map(|edge| {
                let other = if direction == Direction::Outgoing {
                    edge.target()
                } else {
                    edge.source()
                };
                (edge.weight().as_str(), &self.graph[other])
            })
            .collect();
        found.sort_by(|a, b| (a.1, a.0).cmp(&(b.1, b.0)));
        found
    }
}
