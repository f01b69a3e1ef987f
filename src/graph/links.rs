//! The graph itself: who depends on whom, and in which order.

use super::{
    cycles,
    reference::{Reference, references},
    systems,
};
use crate::{
    manifest::did_you_mean,
    model::{Catalog, Finding, Findings, Kind, Resource, ResourceId, code},
    secrets::{environment_names, reserved},
};
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
                match (
                    links.nodes.get(&resource.id),
                    links.nodes.get(&reference.to),
                ) {
                    (Some(from), Some(to)) => {
                        links.graph.add_edge(*from, *to, reference.pointer);
                    }
                    _ if catalog.is_unreadable(&reference.to) => {}
                    _ => findings.push(missing(catalog, resource, &reference, &mut suggestions)),
                }
            }
        }
        if toposort(&links.graph, None).is_err() {
            findings.extend(cycles::find(&links.graph, catalog));
        }
        findings.extend(systems::check(catalog));
        (links, findings)
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

/// Suggestions already made: comparing with every name is dear, and one typo is often repeated.
#[derive(Default)]
struct Suggestions(HashMap<ResourceId, Option<String>>);

/// Names listed in a hint, so that it stays one line.
const MAX_LISTED: usize = 12;

/// Different missing names that get a suggestion; nobody mends more at once.
const MAX_SUGGESTIONS: usize = 100;

impl Suggestions {
    fn find(&mut self, catalog: &Catalog, to: &ResourceId) -> Option<String> {
        if self.0.len() >= MAX_SUGGESTIONS && !self.0.contains_key(to) {
            return None;
        }
        let made = self.0.entry(to.clone());
        made.or_insert_with(|| suggestion(catalog, to)).clone()
    }
}

/// A reference to nothing: an error, or for secrets (which may come from elsewhere) a warning.
fn missing(
    catalog: &Catalog,
    resource: &Resource,
    reference: &Reference,
    suggestions: &mut Suggestions,
) -> Finding {
    let origin = resource.origin_of(&reference.pointer);
    let to = &reference.to;
    if to.kind == Kind::Secret {
        let variables = environment_names(&to.namespace, &to.name);
        let usable = variables.iter().find(|variable| !reserved(variable));
        let set = usable.map(|variable| format!(", or set `{variable}`"));
        let message = format!("no file defines {to}, which {} needs", resource.id);
        let hint = format!(
            "commit it sealed (`orloj secret encrypt`), send it with `orloj create secret`{}; until then the endpoint is not ready",
            set.unwrap_or_default()
        );
        return Finding::new(code::REF_SECRET, origin, message)
            .with_hint(hint)
            .on(&resource.id);
    }
    let message = format!(
        "{} `{}` does not exist in namespace {}",
        to.kind, to.name, to.namespace
    );
    Finding::new(code::REF_MISSING, origin, message)
        .with_hint_if(suggestions.find(catalog, to))
        .on(&resource.id)
}

fn suggestion(catalog: &Catalog, to: &ResourceId) -> Option<String> {
    let here = catalog
        .of_kind(to.kind)
        .filter(|other| other.id.namespace == to.namespace);
    let unreadable = catalog
        .unreadable()
        .filter(|id| id.kind == to.kind && id.namespace == to.namespace);
    let names = here.map(|other| other.id.name.clone());
    let names: Vec<_> = names.chain(unreadable.map(|id| id.name.clone())).collect();
    if let Some(near) = did_you_mean(&to.name, names.iter().map(AsRef::as_ref)) {
        return Some(match catalog.find(to.kind, &to.namespace, near) {
            Some(other) => format!("did you mean `{near}` ({})?", other.origin.file),
            None => format!("did you mean `{near}`?"),
        });
    }
    let elsewhere = catalog
        .of_kind(to.kind)
        .find(|other| other.id.name == to.name);
    if let Some(other) = elsewhere {
        return Some(format!(
            "it exists in another namespace: write `{}/{}`",
            other.id.namespace, to.name
        ));
    }
    let mut other_kind = Kind::ALL.into_iter().filter(|kind| *kind != to.kind);
    other_kind
        .find_map(|kind| catalog.find(kind, &to.namespace, &to.name))
        .map(|other| {
            format!(
                "`{}` is of kind {}; {} is needed here",
                to.name, other.id.kind, to.kind
            )
        })
        .or_else(|| match names.as_slice() {
            [] => Some(format!(
                "there is no {} in namespace {}; add one",
                to.kind, to.namespace
            )),
            some => Some(format!(
                "there are: {}{}",
                some[..some.len().min(MAX_LISTED)].join(", "),
                if some.len() > MAX_LISTED { ", …" } else { "" }
            )),
        })
}
