//! References that run in a circle.

use super::{field::Field, links::Links};
use crate::model::{Catalog, Finding, Findings, ResourceId, code};
use petgraph::{
    algo::kosaraju_scc,
    graph::{DiGraph, NodeIndex},
    visit::EdgeRef,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque, hash_map::Entry},
    sync::Arc,
};

/// Circles of references.
#[derive(Debug, Clone, Default)]
pub(super) struct Circles {
    /// Everyone who reaches themselves.
    pub(super) members: Arc<BTreeSet<ResourceId>>,
    /// One finding per group of resources that refer to each other in a circle, with a shortest circle
    /// printed.
    pub(super) findings: Findings,
}

/// Part of the links: who refers to whom, by which field.
type Part<'a> = DiGraph<&'a ResourceId, Field>;

impl Circles {
    /// The circles that can be reached from `starts`.
    pub(super) fn reached<'a>(
        links: &'a Links,
        starts: impl IntoIterator<Item = &'a ResourceId>,
        catalog: &Catalog,
    ) -> Self {
        let graph = part(links, starts);
        let groups = circular_groups(&graph);
        let members = groups.iter().flatten().map(|node| graph[*node].clone());
        let findings = groups.iter().filter_map(|group| {
            let path = shortest_circle(&graph, group)?;
            describe(&graph, &path, catalog)
        });
        Self {
            members: Arc::new(members.collect()),
            findings: findings.collect(),
        }
    }
}

/// `starts` and everything that they lead to; each reference is looked at once.
fn part<'a>(links: &'a Links, starts: impl IntoIterator<Item = &'a ResourceId>) -> Part<'a> {
    let mut graph = DiGraph::new();
    let mut nodes = HashMap::new();
    let mut open = Vec::new();
    for id in starts {
        node(&mut graph, &mut nodes, &mut open, id);
    }
    while let Some((id, from)) = open.pop() {
        for link in links.outgoing(id) {
            let to = node(&mut graph, &mut nodes, &mut open, &link.to);
            graph.add_edge(from, to, link.field);
        }
    }
    graph
}

/// The node of `id`; it is still `open` if nothing led to it before.
fn node<'a>(
    graph: &mut Part<'a>,
    nodes: &mut HashMap<&'a ResourceId, NodeIndex>,
    open: &mut Vec<(&'a ResourceId, NodeIndex)>,
    id: &'a ResourceId,
) -> NodeIndex {
    match nodes.entry(id) {
        Entry::Occupied(known) => *known.get(),
        Entry::Vacant(unknown) => {
            let node = *unknown.insert(graph.add_node(id));
            open.push((id, node));
            node
        }
    }
}

/// The groups of nodes that reach each other and themselves.
pub(super) fn circular_groups<N, E>(graph: &DiGraph<N, E>) -> Vec<Vec<NodeIndex>> {
    // Iterative, unlike petgraph's `tarjan_scc`: a long chain must not exhaust the stack.
    let mut groups = kosaraju_scc(graph);
    groups.retain(|group| is_circular(graph, group));
    groups
}

fn is_circular<N, E>(graph: &DiGraph<N, E>, group: &[NodeIndex]) -> bool {
    group.len() > 1 || group.iter().any(|node| graph.contains_edge(*node, *node))
}

/// A shortest way from the smallest node of a group back to it.
pub(super) fn shortest_circle<N: Ord, E>(
    graph: &DiGraph<N, E>,
    group: &[NodeIndex],
) -> Option<Vec<NodeIndex>> {
    let start = *group.iter().min_by_key(|node| &graph[**node])?;
    shortest_way_back(graph, start, group)
}

fn describe(graph: &Part<'_>, path: &[NodeIndex], catalog: &Catalog) -> Option<Finding> {
    let start = *path.first()?;
    let names: Vec<_> = path
        .iter()
        .map(|node| graph[*node].qualified_name())
        .collect();
    let first = catalog.get(graph[start])?;
    let places: Vec<_> = path
        .windows(2)
        .filter_map(|step| {
            let edge = graph.edges_connecting(step[0], step[1]).next()?;
            Some(
                catalog
                    .get(graph[step[0]])?
                    .origin_of(&edge.weight().to_string())
                    .to_string(),
            )
        })
        .collect();
    let field = graph.edges_connecting(path[0], path[1]).next()?.weight();
    let message = format!(
        "{} references run in a circle: {}",
        first.id.kind,
        names.join(" -> ")
    );
    let finding = Finding::new(
        code::GRAPH_CYCLE,
        first.origin_of(&field.to_string()),
        message,
    );
    Some(
        finding
            .with_hint(format!("break it at one of: {}", places.join(", ")))
            .on(&first.id),
    )
}

/// Breadth first from `start` to itself, inside the group.
fn shortest_way_back<N: Ord, E>(
    graph: &DiGraph<N, E>,
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
