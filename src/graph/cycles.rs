//! References that run in a circle.

use super::links::Links;
use crate::model::{Catalog, Finding, ResourceId, code};
use petgraph::{
    algo::kosaraju_scc,
    stable_graph::{NodeIndex, StableDiGraph},
    visit::EdgeRef,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

/// Circles of references.
#[derive(Debug, Clone, Default)]
pub(super) struct Circles {
    /// Everyone who reaches themselves.
    pub(super) members: Arc<BTreeSet<ResourceId>>,
    /// One finding per group of resources that refer to each other in a circle, with a shortest circle
    /// printed.
    pub(super) findings: Arc<[Finding]>,
}

impl Circles {
    /// The circles that can be reached from `starts`.
    pub(super) fn reached<'a>(
        links: &Links,
        starts: impl IntoIterator<Item = &'a ResourceId>,
        catalog: &Catalog,
    ) -> Self {
        let reached = reach(links, starts.into_iter().cloned().collect());
        let level = |id: &ResourceId| links.outgoing(id).any(|link| link.is_level(id));
        Self::from(links, reached.into_iter().filter(level).collect(), catalog)
    }

    /// Every circle.
    pub(super) fn all(links: &Links, catalog: &Catalog) -> Self {
        Self::from(links, links.level().cloned().collect(), catalog)
    }

    /// The circles that can be reached from `level`, who have a reference that could be part of one.
    fn from(links: &Links, level: Vec<ResourceId>, catalog: &Catalog) -> Self {
        let graph = part(links, level);
        let members = kosaraju_scc(&graph)
            .into_iter()
            .filter(|group| is_circular(&graph, group))
            .flatten()
            .map(|node| graph[node].clone())
            .collect();
        let findings = circles(&graph)
            .iter()
            .filter_map(|path| describe(&graph, path, catalog))
            .collect();
        Self {
            members: Arc::new(members),
            findings,
        }
    }
}

/// What can be reached from `starts`.
fn part(links: &Links, starts: Vec<ResourceId>) -> StableDiGraph<ResourceId, Arc<str>> {
    let circular = reach(links, starts);
    let mut graph = StableDiGraph::new();
    let nodes: HashMap<_, _> = circular
        .iter()
        .map(|id| (id, graph.add_node(id.clone())))
        .collect();
    for (id, from) in &nodes {
        for link in links.outgoing(id) {
            if let Some(to) = nodes.get(&link.to) {
                graph.add_edge(*from, *to, link.pointer.clone());
            }
        }
    }
    graph
}

/// `open` and everything that it leads to.
fn reach(links: &Links, mut open: Vec<ResourceId>) -> HashSet<ResourceId> {
    let mut reached: HashSet<_> = open.iter().cloned().collect();
    while let Some(id) = open.pop() {
        for link in links.outgoing(&id) {
            if reached.insert(link.to.clone()) {
                open.push(link.to.clone());
            }
        }
    }
    reached
}

fn is_circular<N, E>(graph: &StableDiGraph<N, E>, group: &[NodeIndex]) -> bool {
    group.len() > 1 || group.iter().any(|node| graph.contains_edge(*node, *node))
}

/// Of each group of nodes that reach each other, a shortest way from its smallest node back to it.
pub(super) fn circles<N: Ord, E>(graph: &StableDiGraph<N, E>) -> Vec<Vec<NodeIndex>> {
    // Iterative, unlike petgraph's `tarjan_scc`: a long chain must not exhaust the stack.
    kosaraju_scc(graph)
        .iter()
        .filter_map(|group| {
            let start = *group.iter().min_by_key(|node| &graph[**node])?;
            shortest_way_back(graph, start, group)
        })
        .collect()
}

fn describe(
    graph: &StableDiGraph<ResourceId, Arc<str>>,
    path: &[NodeIndex],
    catalog: &Catalog,
) -> Option<Finding> {
    let start = *path.first()?;
    let names: Vec<_> = path
        .iter()
        .map(|node| graph[*node].qualified_name())
        .collect();
    let first = catalog.get(&graph[start])?;
    let places: Vec<_> = path
        .windows(2)
        .filter_map(|step| {
            let edge = graph.edges_connecting(step[0], step[1]).next()?;
            Some(
                catalog
                    .get(&graph[step[0]])?
                    .origin_of(edge.weight())
                    .to_string(),
            )
        })
        .collect();
    let pointer = graph.edges_connecting(path[0], path[1]).next()?.weight();
    let message = format!(
        "{} references run in a circle: {}",
        first.id.kind,
        names.join(" -> ")
    );
    let finding = Finding::new(code::GRAPH_CYCLE, first.origin_of(pointer), message);
    Some(
        finding
            .with_hint(format!("break it at one of: {}", places.join(", ")))
            .on(&first.id),
    )
}

/// Breadth first from `start` to itself, inside the group.
fn shortest_way_back<N: Ord, E>(
    graph: &StableDiGraph<N, E>,
    start: NodeIndex,
    group: &[NodeIndex],
) -> Option<Vec<NodeIndex>> {
    let mut came_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    let inside: BTreeSet<_> = group.iter().copied().collect();
    while let Some(node) = open.pop_front() {
        let mut next: Vec<_> = graph.edges(node).map(|edge| edge.target()).collect();
        next.sort_by_key(|node| &graph[*node]);
        for target in next {
            if target == start {
                let mut path = vec![start, node];
                let mut at = node;
                while at != start {
                    at = *came_from.get(&at)?;
                    path.push(at);
                }
                if node == start {
                    path.truncate(2);
                }
                path.reverse();
                return Some(path);
            }
            if inside.contains(&target) && !came_from.contains_key(&target) {
                came_from.insert(target, node);
                open.push_back(target);
            }
        }
    }
    None
}
