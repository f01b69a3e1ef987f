//! What must hold inside an agent system, checked before anything runs.

use super::{cycles, links::Links};
use crate::model::{Catalog, Finding, Resource, Spec, code, pointer_to, spec::AgentSystemSpec};
use petgraph::graph::DiGraph;
use std::collections::{BTreeSet, HashMap};

/// Checks a resource's graph, if it is a system; its tasks are among those who refer to it.
pub(super) fn check(catalog: &Catalog, links: &Links, resource: &Resource) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Spec::AgentSystem(system) = &resource.spec {
        check_nodes(resource, system, &mut findings);
        findings.extend(check_circle(catalog, links, resource, system));
    }
    findings
}

fn check_nodes(resource: &Resource, system: &AgentSystemSpec, findings: &mut Vec<Finding>) {
    if system.agents.is_empty() {
        let message = format!("{} has no spec.agents", resource.id);
        let origin = resource.origin_of("/spec/agents");
        let finding = Finding::new(code::GRAPH_SYSTEM, origin, message).on(&resource.id);
        findings.push(finding.with_hint("name the agents that it runs"));
        return;
    }
    let listed: BTreeSet<_> = system.agents.iter().map(String::as_str).collect();
    for (name, node) in &system.graph {
        if !listed.contains(name.as_str()) {
            let message = format!("graph node `{name}` is not listed in spec.agents");
            let origin = resource.origin_of_key(&pointer_to("/spec/graph", name));
            findings.push(Finding::new(code::GRAPH_SYSTEM, origin, message).on(&resource.id));
        }
        for (index, edge) in node.edges.iter().enumerate() {
            if !listed.contains(edge.to.as_str()) {
                let message = format!(
                    "graph edge `{name}` -> `{}` leads to no agent of spec.agents",
                    edge.to
                );
                let origin = resource.origin_of(&format!(
                    "{}/edges/{index}/to",
                    pointer_to("/spec/graph", name)
                ));
                findings.push(Finding::new(code::GRAPH_SYSTEM, origin, message).on(&resource.id));
            }
        }
    }
}

/// A circle of hand-overs needs a bound: `max_turns` of the task that runs it.
fn check_circle(
    catalog: &Catalog,
    links: &Links,
    resource: &Resource,
    system: &AgentSystemSpec,
) -> Option<Finding> {
    let users = links.incoming(&resource.id);
    let mut users = users.filter_map(|(from, _)| catalog.get(from));
    let task = users.find(|task| match &task.spec {
        Spec::Task(spec) => spec.max_turns == 0,
        _ => false,
    })?;
    let mut graph = DiGraph::new();
    let mut nodes = HashMap::new();
    for (name, node) in &system.graph {
        for edge in &node.edges {
            let [from, to] = [name, &edge.to].map(|name| {
                *nodes
                    .entry(name.as_str())
                    .or_insert_with(|| graph.add_node(name.as_str()))
            });
            graph.add_edge(from, to, ());
        }
    }
    let groups = cycles::circular_groups(&graph);
    let circles = groups.iter();
    let circle = circles
        .filter_map(|group| cycles::shortest_circle(&graph, group))
        .min()?;
    let names: Vec<_> = circle.iter().map(|node| graph[*node]).collect();
    let message = format!(
        "the hand-overs of {} run in a circle: {}",
        resource.id,
        names.join(" -> ")
    );
    let hint = format!(
        "set `spec.max_turns` above 0 in {} ({})",
        task.id, task.origin
    );
    let origin = resource.origin_of("/spec/graph");
    Some(
        Finding::new(code::GRAPH_CYCLE, origin, message)
            .with_hint(hint)
            .on(&resource.id),
    )
}
