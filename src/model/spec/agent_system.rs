//! `kind: AgentSystem`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Agents wired together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentSystemSpec {
    /// The agents, in the order they run when there is no graph.
    #[serde(default)]
    #[schemars(extend("examples" = [["research-agent", "writer-agent"]]))]
    pub agents: Vec<String>,
    /// Hand-overs by agent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"research-agent": {"edges": [{"to": "writer-agent"}]}}]))]
    pub graph: BTreeMap<String, GraphNode>,
}

/// Where an agent hands over, and what it waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphNode {
    /// One further agent; the older spelling of `edges`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["writer-agent"]))]
    pub next: Option<String>,
    /// The agents it hands over to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[{"to": "writer-agent"}]]))]
    pub edges: Vec<GraphEdge>,
    /// What it waits for when several hand over to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<GraphJoin>,
}

/// One hand-over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphEdge {
    /// The receiving agent.
    #[schemars(extend("examples" = ["writer-agent"]))]
    pub to: String,
    /// Notes on the hand-over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"stage": "draft"}]))]
    pub labels: BTreeMap<String, String>,
    /// Rules of the hand-over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"when": "always"}]))]
    pub policy: BTreeMap<String, String>,
}

/// What an agent waits for when several hand over to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphJoin {
    /// `wait_for_all` or `quorum`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["wait_for_all", "quorum"]))]
    #[schemars(extend("default" = "wait_for_all"))]
    pub mode: Option<String>,
    /// How many must have handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    #[schemars(extend("examples" = [2]))]
    pub quorum_count: Option<i64>,
    /// How many of a hundred must have handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    #[schemars(extend("examples" = [50]))]
    pub quorum_percent: Option<i64>,
    /// What a failed branch does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["deadletter", "skip", "continue_partial"]))]
    #[schemars(extend("default" = "deadletter"))]
    pub on_failure: Option<String>,
}

impl AgentSystemSpec {
    /// Trims names; `next` becomes the first edge.
    pub fn normalise(&mut self) {
        for agent in &mut self.agents {
            *agent = agent.trim().to_owned();
        }
        for node in self.graph.values_mut() {
            let mut edges = Vec::with_capacity(node.edges.len() + 1);
            if let Some(next) = node.next.take() {
                edges.push(GraphEdge {
                    to: next,
                    ..GraphEdge::default()
                });
            }
            edges.append(&mut node.edges);
            let mut seen = std::collections::BTreeSet::new();
            for mut edge in edges {
                edge.to = edge.to.trim().into();
                if !edge.to.is_empty() && seen.insert(edge.to.to_lowercase()) {
                    node.edges.push(edge);
                }
            }
        }
    }
}
